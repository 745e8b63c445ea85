"""HDF5 files, read in a process of its own.

Where a file is damaged or forged, the HDF5 library may search it for ever, end the
process, or take gigabytes for a file of kilobytes. So nothing else of this package
opens such a file to read it: `reader.py` sends the bytes to a process that runs
`child.py`, and gets plain numbers and texts back, or a sentence. Files are written with
h5py, where their content is known.
"""

"""Reads all of an HDF5 file and says whether that ends: see `hdf5.check_hdf5`.

Where a file is damaged, the HDF5 library may search it for ever, or end the process.
This file is run by its path, in a process of its own, with the file to read.
"""

import faulthandler
import os
import sys
from pathlib import Path
from typing import Any

import h5py

# The time limit: far beyond what any honest file takes.
SECONDS, BYTES_A_SECOND = 1.5, 1_000_000


def main(path: Path) -> None:
    """Read every data set; what goes wrong is a sentence on standard error."""
    with Path(os.devnull).open("w") as nowhere:
        limit = SECONDS + path.stat().st_size / BYTES_A_SECOND
        faulthandler.dump_traceback_later(limit, exit=True, file=nowhere)
        try:
            with h5py.File(path, "r") as file:
                file.visititems(read)
        except Exception as error:  # a damaged file raises anything
            sys.exit(" ".join(str(error).split()))
        faulthandler.cancel_dump_traceback_later()


def read(name: str, entry: Any) -> None:
    """Read an entry that holds data."""
    if isinstance(entry, h5py.Dataset):
        entry[()]


if __name__ == "__main__":
    main(Path(sys.argv[1]))

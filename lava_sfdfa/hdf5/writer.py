"""HDF5 files of our own."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any


def write_hdf5(path: Path, fill: Callable[[Any], None]) -> None:
    """Write a file that `fill` fills, which gets it open.

    It is made in memory: of a full disk the HDF5 library makes an error of its own, and
    another one when the file is closed. Errors: OSError, as Python has them.
    """
    import h5py  # to write alone: files are read by a process of its own

    memory = io.BytesIO()
    with h5py.File(memory, "w") as file:
        fill(file)
    path.write_bytes(memory.getbuffer())

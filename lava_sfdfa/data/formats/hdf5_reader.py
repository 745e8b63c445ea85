"""Recordings in HDF5, read in a process of its own, which can be ended.

Where a file is damaged, the HDF5 library may search it for ever, and nothing in the
same process can stop it. This file is run by its path: it reads the content of an HDF5
file from standard input and writes its arrays to standard output as an npz file.
"""

import faulthandler
import io
import os
import sys
from pathlib import Path
from typing import Any

import h5py
import numpy as np

# The time limit: far beyond what any honest file takes, which is in memory by then.
SECONDS, BYTES_A_SECOND = 1.0, 1_000_000


def main() -> None:
    """Read, and write the arrays; what goes wrong is a sentence on standard error."""
    content = sys.stdin.buffer.read()
    with Path(os.devnull).open("w") as nowhere:
        limit = SECONDS + len(content) / BYTES_A_SECOND
        faulthandler.dump_traceback_later(limit, exit=True, file=nowhere)
        try:
            with h5py.File(io.BytesIO(content), "r") as file:
                arrays = recordings(file)
        except Exception as error:  # a damaged file raises anything
            sys.exit(" ".join(str(error).split()))
        faulthandler.cancel_dump_traceback_later()
    np.savez(sys.stdout.buffer, **arrays)


def recordings(file: Any) -> dict[str, Any]:
    """`labels`; and of `times` and `units` all values, and how many a recording has."""
    labels = dataset(file, "labels")[()]
    if labels.dtype.hasobject:
        raise ValueError(f"labels holds {labels.dtype}, not numbers")
    arrays = {"labels": labels}
    for name in ("times", "units"):
        rows = dataset(file, f"spikes/{name}")
        kind = h5py.check_vlen_dtype(rows.dtype)
        if rows.ndim != 1 or kind is None or np.dtype(kind).kind not in "iuf":
            raise ValueError(f"spikes/{name} is not an array of numbers a recording")
        values = rows[()]
        arrays[name] = np.concatenate([np.zeros(0, kind), *values])
        arrays[f"n_{name}"] = np.array([len(row) for row in values], np.int64)
    return arrays


def dataset(file: Any, name: str) -> Any:
    """A data set of the file. Errors: ValueError for none."""
    if not isinstance(file.get(name), h5py.Dataset):
        raise ValueError(f"there is no data set {name}")
    return file[name]


if __name__ == "__main__":
    main()

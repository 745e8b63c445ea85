"""Recordings of the Spiking Heidelberg Digits: `shd_train.h5` and `shd_test.h5`.

HDF5 with `spikes/times` (seconds) and `spikes/units` (0 to 699), an array a
recording, and `labels` (0 to 19); Cramer et al., doi 10.1109/TNNLS.2020.3044364.
"""

import gzip
import io
import subprocess
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from lava_sfdfa.data.classes import checked_labels
from lava_sfdfa.data.recordings import recording
from lava_sfdfa.data.samples import Dataset, Recordings, check_labels, gather, split
from lava_sfdfa.data.sources import find
from lava_sfdfa.errors import InputError
from lava_sfdfa.types import Array

N_UNITS, N_CLASSES = 700, 20
READER = Path(__file__).with_name("hdf5_reader.py")


def load_shd(name: str, data_dir: Path | None) -> Dataset:
    """The Spiking Heidelberg Digits, packed with gzip as published, or unpacked.

    Errors: InputError for a file that is missing, damaged or something else.
    """
    parts = [read_shd(path) for path in find(name, data_dir)]
    return split(name, (N_UNITS,), N_CLASSES, *parts)


def read_shd(path: Path) -> Recordings:
    """The recordings of one file. Errors: InputError."""
    try:
        content = path.read_bytes()
        if path.suffix == ".gz":
            content = gzip.decompress(content)
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(
            f"{path}: cannot be read ({error}); it is truncated or damaged, fetch it "
            "again"
        ) from None
    arrays = _arrays(content, path)
    labels = checked_labels(arrays["labels"], f"{path}: labels")
    if labels.dtype.kind != "i":
        raise InputError(f"{path}: labels holds texts; it must hold integers")
    check_labels(labels, N_CLASSES, f"{path}: labels")
    n_times, n_units = len(arrays["n_times"]), len(arrays["n_units"])
    if not n_times == n_units == len(labels):
        raise InputError(
            f"{path}: has {n_times} arrays of times, {n_units} of units and "
            f"{len(labels)} labels; they have to be equal; fetch it again"
        )
    return gather(_recordings(arrays, path), labels, N_UNITS)


def _arrays(content: bytes, path: Path) -> dict[str, Array]:
    """The arrays of an HDF5 file, see `hdf5_reader`. Errors: InputError."""
    reader = [sys.executable, str(READER)]
    done = subprocess.run(reader, input=content, capture_output=True, check=False)
    if done.returncode:
        words = done.stderr.decode(errors="replace").strip().splitlines()
        reason = words[-1] if words else "the HDF5 library does not get through it"
        raise InputError(
            f"{path}: cannot be read ({reason}); it has to be an HDF5 file with "
            "spikes/times, spikes/units and labels; fetch it again"
        )
    with np.load(io.BytesIO(done.stdout)) as arrays:
        return dict(arrays)


def _recordings(arrays: dict[str, Array], path: Path) -> Iterator[tuple[Array, Array]]:
    times, units = (
        np.split(arrays[name], np.cumsum(arrays[f"n_{name}"])[:-1])
        for name in ("times", "units")
    )
    for sample, pair in enumerate(zip(times, units, strict=True)):
        yield recording(*pair, N_UNITS, 1e6, f"{path}: sample {sample}")

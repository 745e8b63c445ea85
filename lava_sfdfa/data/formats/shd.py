"""Recordings of the Spiking Heidelberg Digits: `shd_train.h5` and `shd_test.h5`.

HDF5 with `spikes/times` (seconds) and `spikes/units` (0 to 699), an array a
recording, and `labels` (0 to 19); Cramer et al., doi 10.1109/TNNLS.2020.3044364.
"""

import gzip
import io
import zlib
from pathlib import Path

import h5py
import numpy as np

from lava_sfdfa.data.samples import Dataset, Recordings, check_labels, gather, split
from lava_sfdfa.data.sources import find
from lava_sfdfa.errors import InputError
from lava_sfdfa.types import Array

N_UNITS, N_CLASSES = 700, 20


def load_shd(name: str, data_dir: Path | None) -> Dataset:
    """The Spiking Heidelberg Digits, packed with gzip as published, or unpacked.

    Errors: InputError for a file that is missing, damaged or something else.
    """
    parts = [read_shd(path) for path in find(name, data_dir)]
    return split(name, (N_UNITS,), N_CLASSES, *parts)


def read_shd(path: Path) -> Recordings:
    """The recordings of one file."""
    try:
        packed = path.suffix == ".gz"
        source = io.BytesIO(gzip.decompress(path.read_bytes())) if packed else path
        with h5py.File(source, "r") as file:
            times, units = file["spikes/times"][:], file["spikes/units"][:]
            labels = file["labels"][:].astype(np.int64)
    except (OSError, EOFError, KeyError, zlib.error) as error:
        raise InputError(
            f"{path}: cannot be read ({error}); it has to be an HDF5 file with "
            "spikes/times, spikes/units and labels; fetch it again"
        ) from None
    check_labels(labels, N_CLASSES, str(path))
    if not len(times) == len(units) == len(labels):
        raise InputError(
            f"{path}: has {len(times)} arrays of times, {len(units)} of units and "
            f"{len(labels)} labels; they have to be equal; fetch it again"
        )
    recordings = (_recording(*pair, path) for pair in zip(times, units, strict=True))
    return gather(recordings, labels, N_UNITS)


def _recording(times: Array, units: Array, path: Path) -> tuple[Array, Array]:
    if len(times) != len(units) or (len(units) and units.max() >= N_UNITS):
        raise InputError(
            f"{path}: has a recording of {len(times)} times and {len(units)} units, "
            f"or a unit beyond {N_UNITS - 1}; it is damaged, fetch it again"
        )
    time_us = np.rint(times.astype(np.float64) * 1e6).astype(np.int32)
    order = np.argsort(time_us, kind="stable")
    return time_us[order], units[order]

"""Recordings of the Spiking Heidelberg Digits: `shd_train.h5` and `shd_test.h5`.

HDF5 with `spikes/times` (seconds) and `spikes/units` (0 to 699), an array a
recording, and `labels` (0 to 19); Cramer et al., doi 10.1109/TNNLS.2020.3044364.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from lava_sfdfa.data.classes import checked_labels
from lava_sfdfa.data.recordings import recording
from lava_sfdfa.data.samples import Dataset, Recordings, check_labels, gather, split
from lava_sfdfa.data.sources import find
from lava_sfdfa.errors import InputError
from lava_sfdfa.hdf5.reader import Group, Rows, read_file
from lava_sfdfa.types import Array

N_UNITS, N_CLASSES = 700, 20
REMEDY = (
    "it is damaged or something else; it has to be an HDF5 file with spikes/times, "
    "spikes/units and labels; fetch it again"
)


def load_shd(name: str, data_dir: Path | None) -> Dataset:
    """The Spiking Heidelberg Digits, packed with gzip as published, or unpacked.

    Errors: InputError for a file that is missing, damaged or something else.
    """
    parts = [read_shd(path) for path in find(name, data_dir)]
    return split(name, (N_UNITS,), N_CLASSES, *parts)


def read_shd(path: Path) -> Recordings:
    """The recordings of one file. Errors: InputError."""
    file = read_file(path, "cannot be read", REMEDY)
    try:
        labels, times, units = _labels(file), _rows(file, "times"), _rows(file, "units")
    except LookupError as error:
        raise InputError(f"{path}: cannot be read ({error}); {REMEDY}") from None
    labels = checked_labels(labels, f"{path}: labels")
    if labels.dtype.kind != "i":
        raise InputError(f"{path}: labels holds texts; it must hold integers")
    check_labels(labels, N_CLASSES, f"{path}: labels")
    n_times, n_units = len(times.lengths), len(units.lengths)
    if not n_times == n_units == len(labels):
        raise InputError(
            f"{path}: has {n_times} arrays of times, {n_units} of units and "
            f"{len(labels)} labels; they have to be equal; fetch it again"
        )
    return gather(_recordings(times, units, path), labels, N_UNITS)


def _labels(file: Group) -> Array:
    labels = np.asarray(file.value("labels"))
    if labels.dtype.hasobject:
        raise LookupError("labels holds texts, not numbers")
    return labels


def _rows(file: Group, name: str) -> Rows:
    rows = file.get(f"spikes/{name}")
    if rows is None:
        raise LookupError(f"there is no data set spikes/{name}")
    if not isinstance(rows, Rows):
        raise LookupError(f"spikes/{name} is not an array of numbers a recording")
    return rows


def _recordings(times: Rows, units: Rows, path: Path) -> Iterator[tuple[Array, Array]]:
    pairs = zip(_split(times), _split(units), strict=True)
    for sample, (time_s, index) in enumerate(pairs):
        yield recording(time_s, index, N_UNITS, 1e6, f"{path}: sample {sample}")


def _split(rows: Rows) -> list[Array]:
    return np.split(rows.values, np.cumsum(rows.lengths)[:-1])

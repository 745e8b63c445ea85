"""Recordings of one's own as arrays, one recording after the other."""

import math
from itertools import pairwise

import numpy as np

from lava_sfdfa.data.formats.events import EventPart, dataset_of_events
from lava_sfdfa.data.reading import Reading
from lava_sfdfa.data.recordings import inputs_of, recording
from lava_sfdfa.data.samples import Dataset
from lava_sfdfa.errors import InputError
from lava_sfdfa.types import Array

LAST_SECOND = 50  # no recording ends after so few microseconds
EMPTY = np.zeros(0, np.int32), np.zeros(0, np.uint16)
_OF_A_PART = ("time_us", "index", "offset", "y")
EVENT_ARRAYS = (
    "shape",
    *(f"{name}_{part}" for part in ("train", "test") for name in _OF_A_PART),
)


def load_event_arrays(
    arrays: dict[str, Array], where: str, name: str, reading: Reading | None
) -> Dataset:
    """A data set of arrays named as in `EVENT_ARRAYS`, see `load_npz`.

    where: what messages call them. Errors: InputError.
    """
    shape = inputs_of(arrays["shape"], f"{where}: shape")
    n_inputs = math.prod(shape)
    parts = [_part(arrays, part, n_inputs, where) for part in ("train", "test")]
    return dataset_of_events(name, shape, parts, reading)


def _part(arrays: dict[str, Array], part: str, n_inputs: int, where: str) -> EventPart:
    time_us, index, offset = (
        arrays[f"{name}_{part}"] for name in ("time_us", "index", "offset")
    )
    _check_offset(offset, f"{where}: offset_{part}")
    for name, array in (("time_us", time_us), ("index", index)):
        if array.shape != (offset[-1],):
            raise InputError(
                f"{where}: {name}_{part} has the shape {array.shape}; it must be "
                f"({offset[-1]},), since offset_{part} ends there"
            )
    _check_unit(time_us, f"{where}: time_us_{part}")
    recordings = [
        recording(
            time_us[a:b], index[a:b], n_inputs, 1.0, f"{where}: sample {n} of {part}"
        )
        if a < b
        else EMPTY  # a small file may say that there are millions
        for n, (a, b) in enumerate(pairwise(offset.tolist()))
    ]
    return EventPart(recordings, arrays[f"y_{part}"], f"{where}: y_{part}")


def _check_unit(time_us: Array, where: str) -> None:
    """Errors: InputError for times with fractions that all lie below 50, which are
    seconds."""
    if time_us.dtype.kind != "f":
        return
    finite = time_us[np.isfinite(time_us)]
    fraction = finite[finite != np.rint(finite)]
    if fraction.size and finite.max() < LAST_SECOND:
        raise InputError(
            f"{where} holds {fraction[0]:g}, and all of it lies below {LAST_SECOND}; "
            "times are microseconds since the recording began, so multiply seconds by "
            "1,000,000"
        )


def _check_offset(offset: Array, where: str) -> None:
    """Errors: InputError for what does not rise from 0."""
    if offset.ndim != 1 or offset.dtype.kind not in "iu" or not offset.size:
        raise InputError(
            f"{where} has the shape {offset.shape} and holds {offset.dtype}; it has to "
            "be a list of integers, one more than there are recordings"
        )
    if offset[0] != 0 or (offset[1:] < offset[:-1]).any():
        raise InputError(
            f"{where} does not begin with 0, or falls; it says where each recording "
            "begins in the list of events"
        )

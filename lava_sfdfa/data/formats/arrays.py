"""Data of one's own, as arrays: samples of any kind, or recordings of events."""

import dataclasses
import math

import numpy as np

from lava_sfdfa.config import Kind
from lava_sfdfa.data.classes import Classes
from lava_sfdfa.data.reading import Reading, check_length, check_shape, reading_of
from lava_sfdfa.data.samples import (
    Dataset,
    Recordings,
    choose_test,
    choose_validation,
    split,
)
from lava_sfdfa.errors import InputError
from lava_sfdfa.types import Array

SAMPLE_ARRAYS = ("x_train", "y_train", "x_test", "y_test")
_OF_A_PART = ("time_us", "index", "offset", "y")
EVENT_ARRAYS = (
    "shape",
    *(f"{name}_{part}" for part in ("train", "test") for name in _OF_A_PART),
)
TEST_SHARE = 0.2  # of samples that come without a test part
NAME = "arrays"  # of a data set that is no file


def load_arrays(
    data: tuple[Array, ...], kind: Kind | None = None, reading: Reading | None = None
) -> Dataset:
    """Samples in memory: x and y, of which a fifth is held out as the test part (always
    the same samples), or x_train, y_train, x_test and y_test.

    x: (n, features), (n, height, width) or (n, channels, length); y: (n,), integers or
    texts; reading: of a network that shall take them. Errors: InputError.
    """
    if len(data) not in (2, 4):
        raise InputError(
            f"data has {len(data)} arrays; it must be (x, y), or (x_train, y_train, "
            "x_test, y_test)"
        )
    arrays = dict(zip(SAMPLE_ARRAYS, map(np.asarray, data), strict=False))
    return dataset_of_arrays(arrays, "data", NAME, kind, reading)


def dataset_of_arrays(
    arrays: dict[str, Array],
    where: str,
    name: str,
    kind: Kind | None = None,
    reading: Reading | None = None,
) -> Dataset:
    """A data set of arrays named as in `SAMPLE_ARRAYS` or `EVENT_ARRAYS`.

    where: what messages call them; without a test part, a fifth is held out. Errors:
    InputError.
    """
    if "x_train" not in arrays:
        return _dataset_of_events(arrays, where, name, reading)
    x, y = _samples(arrays, "train", where)
    if "x_test" in arrays:
        x_test, y_test = _samples(arrays, "test", where)
    else:
        stay, held = choose_test(len(x), TEST_SHARE)
        x, y, x_test, y_test = x[stay], y[stay], x[held], y[held]
    rest, held = choose_validation(name, len(x), len(x_test))
    if x.ndim == x_test.ndim == 2 and x.shape[1] != x_test.shape[1]:
        raise InputError(
            f"{where}: x_train has samples of {x.shape[1:]}, x_test of "
            f"{x_test.shape[1:]}; they have to be equal"
        )
    if reading is None:
        classes = Classes.of(y, f"{where}: y_train")
        reading = reading_of(x[rest], classes, f"{where}: x_train", kind)
    train = reading.samples(x, y, f"{where}: x_train", f"{where}: y_train")
    test = reading.samples(x_test, y_test, f"{where}: x_test", f"{where}: y_test")
    return Dataset(
        name,
        reading.input_shape,
        max(2, len(reading.classes.names)),
        train=train.take(rest),
        validation=train.take(held),
        test=test,
        reading=reading,
    )


def _samples(arrays: dict[str, Array], part: str, where: str) -> tuple[Array, Array]:
    """x and y of a part, of one length. Errors: InputError."""
    x, y = arrays[f"x_{part}"], arrays[f"y_{part}"]
    check_shape(x, f"{where}: x_{part}")
    check_length(y, len(x), f"{where}: y_{part}")
    return x, y


def _dataset_of_events(
    arrays: dict[str, Array], where: str, name: str, reading: Reading | None
) -> Dataset:
    """Recordings of events; classes are named as in `_read`."""
    shape = tuple(arrays["shape"].ravel().tolist())
    if reading is None:
        classes = Classes.of(arrays["y_train"], f"{where}: y_train")
        notes = (classes.note,) if classes.note else ()
        reading = Reading("events", shape, classes, notes=notes)
    parts = []
    for part in ("train", "test"):
        numbers = reading.classes.numbers(arrays[f"y_{part}"], f"{where}: y_{part}")
        parts.append(_recordings({**arrays, f"y_{part}": numbers}, part, where))
    n_classes = max(2, len(reading.classes.names))
    return dataclasses.replace(split(name, shape, n_classes, *parts), reading=reading)


def _recordings(arrays: dict[str, Array], part: str, where: str) -> Recordings:
    time_us, index, offset = (
        _integers(arrays[f"{name}_{part}"], f"{where}: {name}_{part}")
        for name in ("time_us", "index", "offset")
    )
    labels, shape = arrays[f"y_{part}"], tuple(arrays["shape"].ravel().tolist())
    n_inputs = math.prod(shape)
    check_length(labels, len(offset) - 1, f"{where}: y_{part}")
    if not len(time_us) == len(index) == offset[-1] or offset[0] != 0:
        raise InputError(
            f"{where}: offset_{part} goes from {offset[0]} to {offset[-1]}; there are "
            f"{len(time_us)} times and {len(index)} inputs, so it has to go from 0 to "
            "their number"
        )
    if (np.diff(offset) < 0).any() or (time_us < 0).any() or (index < 0).any():
        raise InputError(
            f"{where}: offset_{part} falls, or a time or an input is negative; write "
            "recordings one after the other, times in microseconds from 0"
        )
    if len(index) and index.max() >= n_inputs:
        raise InputError(
            f"{where}: index_{part} has the input {index.max()}; shape {shape} allows "
            f"0 to {n_inputs - 1}"
        )
    kind = np.uint16 if n_inputs <= 2**16 else np.int32
    return Recordings(
        time_us.astype(np.int32),
        index.astype(kind),
        offset.astype(np.int64),
        labels.astype(np.int64),
        n_inputs,
    )


def _integers(array: Array, where: str) -> Array:
    if array.ndim != 1 or not np.issubdtype(array.dtype, np.integer):
        raise InputError(
            f"{where} has the shape {array.shape} and holds {array.dtype}; it has to "
            "be a list of integers"
        )
    return array

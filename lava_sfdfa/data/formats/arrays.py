"""Data of one's own, as arrays: samples of any kind, or recordings of events."""

import dataclasses
import math
from typing import NamedTuple

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
VALIDATION_ARRAYS = ("x_val", "y_val")
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
    called: dict[str, str] | None = None,
) -> Dataset:
    """A data set of arrays named as in `SAMPLE_ARRAYS` or `EVENT_ARRAYS`.

    where, called: what messages call them, and each of them; without a test part, a
    fifth is held out, and without x_val and y_val a tenth. Errors: InputError.
    """
    if "x_train" not in arrays:
        return _dataset_of_events(arrays, where, name, reading)
    parts = _parts(
        arrays, {key: f"{where}: {(called or {}).get(key, key)}" for key in arrays}
    )
    train, test = parts["train"], parts["test"]
    if "val" in parts:
        rest = np.arange(len(train.x))
    else:
        rest, held = choose_validation(name, len(train.x), len(test.x))
    if train.x.ndim == test.x.ndim == 2 and train.x.shape[1] != test.x.shape[1]:
        raise InputError(
            f"{train.where} has samples of {train.x.shape[1:]}, {test.where} of "
            f"{test.x.shape[1:]}; they have to be equal"
        )
    if reading is None:
        classes = Classes.of(train.y, train.where_y)
        reading = reading_of(train.x[rest], classes, train.where, kind)
    samples = {part: reading.samples(*parts[part]) for part in parts}
    if "val" not in parts:
        samples["val"] = samples["train"].take(held)
    return Dataset(
        name,
        reading.input_shape,
        max(2, len(reading.classes.names)),
        train=samples["train"].take(rest),
        validation=samples["val"],
        test=samples["test"],
        reading=reading,
    )


class _Part(NamedTuple):
    """Samples and labels of a part, and what messages call them."""

    x: Array
    y: Array
    where: str
    where_y: str


def _parts(arrays: dict[str, Array], titles: dict[str, str]) -> dict[str, _Part]:
    """train, test, and val where it is there. Errors: InputError."""
    parts = {}
    for part in ("train", "val", "test"):
        x, y = f"x_{part}", f"y_{part}"
        if x in arrays:
            parts[part] = _Part(arrays[x], arrays[y], titles[x], titles[y])
            check_shape(arrays[x], titles[x])
            check_length(arrays[y], len(arrays[x]), titles[y])
    if "test" not in parts:
        train = parts["train"]
        stay, held = choose_test(len(train.x), TEST_SHARE)
        parts["train"] = train._replace(x=train.x[stay], y=train.y[stay])
        parts["test"] = train._replace(x=train.x[held], y=train.y[held])
    return parts


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

"""Data of one's own as arrays: samples of any kind, but recordings of events."""

from typing import NamedTuple

import numpy as np

from lava_sfdfa.config import Kind
from lava_sfdfa.data.classes import Classes
from lava_sfdfa.data.reading import (
    Reading,
    array_of,
    check_length,
    check_samples,
    guessed_kind,
    reading_of,
    samples_of,
)
from lava_sfdfa.data.samples import Dataset, choose_test, choose_validation
from lava_sfdfa.errors import InputError
from lava_sfdfa.types import Array

SAMPLE_ARRAYS = ("x_train", "y_train", "x_test", "y_test")
VALIDATION_ARRAYS = ("x_val", "y_val")
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
    called = {"x_train": "x", "y_train": "y"} if len(data) == 2 else {}
    arrays = {}
    for name, values in zip(SAMPLE_ARRAYS, data, strict=False):
        where = f"data: {called.get(name, name)}"
        if name.startswith("x"):
            arrays[name] = samples_of(values, where, reading.kind if reading else kind)
        else:
            arrays[name] = array_of(values, where)
    return dataset_of_arrays(arrays, "data", NAME, kind, reading, called)


def dataset_of_arrays(
    arrays: dict[str, Array],
    where: str,
    name: str,
    kind: Kind | None = None,
    reading: Reading | None = None,
    called: dict[str, str] | None = None,
) -> Dataset:
    """A data set of arrays named as in `SAMPLE_ARRAYS` and `VALIDATION_ARRAYS`.

    where, called: what messages call them, and each of them; without a test part, a
    fifth is held out, and without x_val and y_val a tenth. Errors: InputError.
    """
    titles = {key: f"{where}: {(called or {}).get(key, key)}" for key in arrays}
    if reading is not None:
        kind = reading.kind
    elif kind is None:
        kind = guessed_kind(arrays["x_train"], titles["x_train"])
    parts = _parts(arrays, titles, kind)
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


def _parts(
    arrays: dict[str, Array], titles: dict[str, str], kind: Kind
) -> dict[str, _Part]:
    """train, test, and val where it is there. Errors: InputError, with the numbers of
    samples that the caller knows."""
    parts = {}
    for part in ("train", "val", "test"):
        x, y = f"x_{part}", f"y_{part}"
        if x in arrays:
            parts[part] = _Part(arrays[x], arrays[y], titles[x], titles[y])
            check_samples(arrays[x], titles[x], kind)
            check_length(arrays[y], len(arrays[x]), titles[y])
    if "test" not in parts:
        train = parts["train"]
        stay, held = choose_test(len(train.x), TEST_SHARE)
        parts["train"] = train._replace(x=train.x[stay], y=train.y[stay])
        parts["test"] = train._replace(x=train.x[held], y=train.y[held])
    return parts

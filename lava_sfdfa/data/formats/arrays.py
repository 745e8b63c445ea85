"""Data of one's own, as arrays: images, or recordings of events."""

import math
from typing import Any

import numpy as np

from lava_sfdfa.data.samples import (
    Dataset,
    Images,
    Recordings,
    check_labels,
    hold_out,
    split,
)
from lava_sfdfa.errors import InputError
from lava_sfdfa.types import Array

IMAGE_ARRAYS = ("x_train", "y_train", "x_test", "y_test")
_OF_A_PART = ("time_us", "index", "offset", "y")
EVENT_ARRAYS = (
    "shape",
    *(f"{name}_{part}" for part in ("train", "test") for name in _OF_A_PART),
)
MOST_CLASSES = 65_536
TEST_SHARE = 0.2  # of samples that come without a test part
NAME = "arrays"  # of a data set that is no file


def load_arrays(data: tuple[Array, ...]) -> Dataset:
    """Images in memory: x and y, of which a fifth is held out as the test part (always
    the same samples), or x_train, y_train, x_test and y_test.

    x: (n, ..), uint8, or floats in 0..1; y: (n,), integers from 0. Errors: InputError.
    """
    if len(data) not in (2, 4):
        raise InputError(
            f"data has {len(data)} arrays; it must be (x, y), or (x_train, y_train, "
            "x_test, y_test)"
        )
    arrays = dict(zip(IMAGE_ARRAYS, map(np.asarray, data), strict=False))
    return dataset_of_arrays(arrays, "data", NAME, TEST_SHARE if len(data) == 2 else 0)


def to_images(x: Any, y: Any, shape: tuple[int, ...], n_classes: int) -> Images:
    """Samples in memory for a network that takes `shape` and knows `n_classes`.

    x: (n, *shape), or flat; y: (n,), integers, or None. Errors: InputError.
    """
    x = np.asarray(x)
    if x.ndim < 2 or math.prod(x.shape[1:]) != math.prod(shape):
        raise InputError(
            f"x has the shape {x.shape}; the network takes (samples, "
            f"{', '.join(map(str, shape))})"
        )
    labels = np.zeros(len(x), np.int64) if y is None else np.asarray(y)
    arrays = {"x_train": x, "y_train": labels}
    images, _ = _images(arrays, "train", "data")
    if y is not None:
        _count_classes(labels, "y")
        check_labels(images.labels, n_classes, "y")
    return images


def dataset_of_arrays(
    arrays: dict[str, Array], where: str, name: str, test_share: float = 0.0
) -> Dataset:
    """A data set of arrays named as in `IMAGE_ARRAYS` or `EVENT_ARRAYS`.

    where: what messages call them; test_share: of the training part, to hold out as the
    test part where there is none. Errors: InputError.
    """
    read = _images if "x_train" in arrays else _recordings
    parts, shapes, n_classes = [], [], 0
    for part in ("train",) if test_share else ("train", "test"):
        labels = arrays[f"y_{part}"]
        samples, shape = read(arrays, part, where)
        n_classes = n_classes or _count_classes(labels, f"{where}: y_{part}")
        check_labels(labels, n_classes, f"{where}: y_{part}")
        parts.append(samples)
        shapes.append(shape)
    if shapes[0] != shapes[-1]:
        raise InputError(
            f"{where}: x_train has images of {shapes[0]}, x_test of {shapes[1]}; "
            "they have to be equal"
        )
    if test_share:
        parts = hold_out(parts[0], test_share)
    return split(name, shapes[0], n_classes, *parts)


def _count_classes(labels: Array, where: str) -> int:
    if not np.issubdtype(labels.dtype, np.integer):
        raise InputError(f"{where} holds {labels.dtype}; classes have to be integers")
    n_classes = max(int(labels.max(initial=0)) + 1, 2)
    if n_classes > MOST_CLASSES:
        raise InputError(
            f"{where} has the label {n_classes - 1}; allowed is up "
            f"to {MOST_CLASSES - 1}; number the classes from 0"
        )
    return n_classes


def _check_labels_shape(labels: Array, n: int, part: str, where: str) -> None:
    if labels.shape != (n,):
        raise InputError(
            f"{where}: y_{part} has the shape {labels.shape}; it must be ({n},), since "
            f"the part has {n} samples"
        )


def _images(
    arrays: dict[str, Array], part: str, where: str
) -> tuple[Images, tuple[int, ...]]:
    images, labels = arrays[f"x_{part}"], arrays[f"y_{part}"]
    if images.ndim < 2 or 0 in images.shape:
        raise InputError(
            f"{where}: x_{part} has the shape {images.shape}; it has to be "
            "(samples, height, width) or (samples, inputs), none of them 0"
        )
    _check_labels_shape(labels, len(images), part, where)
    pixels = to_bytes(images.reshape(len(images), -1), f"{where}: x_{part}")
    return Images(pixels, labels.astype(np.int64)), images.shape[1:]


def _recordings(
    arrays: dict[str, Array], part: str, where: str
) -> tuple[Recordings, tuple[int, ...]]:
    time_us, index, offset = (
        _integers(arrays[f"{name}_{part}"], f"{where}: {name}_{part}")
        for name in ("time_us", "index", "offset")
    )
    labels, shape = arrays[f"y_{part}"], tuple(arrays["shape"].ravel().tolist())
    n_inputs = math.prod(shape)
    _check_labels_shape(labels, len(offset) - 1, part, where)
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
    samples = Recordings(
        time_us.astype(np.int32),
        index.astype(kind),
        offset.astype(np.int64),
        labels.astype(np.int64),
        n_inputs,
    )
    return samples, shape


def _integers(array: Array, where: str) -> Array:
    if array.ndim != 1 or not np.issubdtype(array.dtype, np.integer):
        raise InputError(
            f"{where} has the shape {array.shape} and holds {array.dtype}; it has to "
            "be a list of integers"
        )
    return array


def to_bytes(images: Array, where: str) -> Array:
    """Pixels as uint8: bytes as they are, integers 0..255, or floats 0..1."""
    if images.dtype == np.uint8:
        return images
    if np.issubdtype(images.dtype, np.floating):
        bad = ~np.isfinite(images)
        if bad.any():
            raise InputError(
                f"{where}: sample {int(np.argwhere(bad)[0, 0])} holds NaN or infinity; "
                "pixels have to be 0..255 as uint8, or 0..1 as floats"
            )
        top, images = 1.0, images.astype(np.float64)
    elif np.issubdtype(images.dtype, np.integer):
        top = 255.0
    else:
        raise InputError(f"{where}: holds {images.dtype}; pixels have to be uint8")
    if images.min() < 0 or images.max() > top:
        raise InputError(
            f"{where}: has pixels from {images.min()} to {images.max()}; allowed are "
            "0..255 as uint8, or 0..1 as floats"
        )
    return np.rint(images * (255 / top)).astype(np.uint8)

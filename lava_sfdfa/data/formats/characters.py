"""MNIST and its kin: grey images of 28 by 28 pixels, in idx files or as arrays."""

from pathlib import Path

import numpy as np

from lava_sfdfa.data.formats.arrays import SAMPLE_ARRAYS
from lava_sfdfa.data.formats.idx import read_idx
from lava_sfdfa.data.formats.npz import arrays_of, open_npz
from lava_sfdfa.data.samples import Dataset, Images, check_labels, split
from lava_sfdfa.data.sources import find
from lava_sfdfa.errors import InputError
from lava_sfdfa.types import Array

SHAPE = (28, 28)
CLASSES = {
    "mnist": 10,
    "fashion-mnist": 10,
    "kmnist": 10,
    "emnist-balanced": 47,
    "emnist-byclass": 62,
    "emnist-bymerge": 47,
    "emnist-letters": 26,
    "emnist-digits": 10,
    "emnist-mnist": 10,
}
FIRST_LABEL = {"emnist-letters": 1}  # of the file; 0 elsewhere


def load_characters(name: str, data_dir: Path | None) -> Dataset:
    """A set of `CLASSES`, from its files or from one of Keras.

    Errors: InputError for files that are missing, wrong or do not fit.
    """
    paths = find(name, data_dir)
    if len(paths) == 1:
        arrays = _read_npz(paths[0], *SAMPLE_ARRAYS)
        places = [f"{paths[0]}: {array}" for array in SAMPLE_ARRAYS]
    else:
        arrays, places = [_read(path) for path in paths], list(map(str, paths))
    train = _part(name, arrays[:2], places[:2])
    return split(name, SHAPE, CLASSES[name], train, _part(name, arrays[2:], places[2:]))


def _read(path: Path) -> Array:
    return _read_npz(path, "arr_0")[0] if path.suffix == ".npz" else read_idx(path)


def _read_npz(path: Path, *names: str) -> list[Array]:
    with open_npz(path) as file:
        return arrays_of(file, names, path)


def _part(name: str, arrays: list[Array], places: list[str]) -> Images:
    """Images and labels that fit together. places: what messages call the two."""
    images, labels = arrays
    if images.shape[1:] != SHAPE or images.dtype != np.uint8:
        raise InputError(
            f"{places[0]}: has images of {images.shape[1:]} {images.dtype}; {name} has "
            f"{SHAPE} uint8"
        )
    if labels.ndim != 1 or labels.dtype.kind not in "iu":
        raise InputError(
            f"{places[1]}: has the shape {labels.shape} and holds {labels.dtype}; it "
            "must be a list of integers"
        )
    if len(images) != len(labels):
        raise InputError(
            f"{places[0]} has {len(images)} images, but {places[1]} has {len(labels)} "
            "labels; fetch both again"
        )
    labels = labels.astype(np.int64) - FIRST_LABEL.get(name, 0)
    check_labels(labels, CLASSES[name], places[1])
    return Images(images.reshape(len(images), -1), labels)

"""Images in idx files: MNIST, Fashion-MNIST, EMNIST."""

import gzip
import math
import zlib
from pathlib import Path

import numpy as np

from lava_sfdfa.data.samples import Dataset, Images, check_labels, split
from lava_sfdfa.errors import InputError
from lava_sfdfa.types import Array

IDX_SHAPE = (28, 28)


def load_idx(
    name: str, folder: Path, names: tuple[str, ...], n_classes: int
) -> Dataset:
    """Images and labels from four idx files.

    names: of the training images, training labels, test images and test labels, as
    published. Errors: InputError for files that are missing, wrong or do not fit.
    """
    train_x, train_y, test_x, test_y = (
        read_idx(find_file(name, folder, file)) for file in names
    )
    parts = []
    for images, labels, files in (
        (train_x, train_y, names[:2]),
        (test_x, test_y, names[2:]),
    ):
        if images.shape[1:] != IDX_SHAPE or labels.ndim != 1:
            raise InputError(
                f"{folder / files[0]}: has images of {images.shape[1:]}; {name} has "
                f"{IDX_SHAPE}"
            )
        if len(images) != len(labels):
            raise InputError(
                f"{folder}: {files[0]} has {len(images)} images, but {files[1]} has "
                f"{len(labels)} labels; fetch both again"
            )
        check_labels(labels, n_classes, str(folder / files[1]))
        pixels = images.reshape(len(images), -1)
        parts.append(Images(pixels, labels.astype(np.int64)))
    return split(name, IDX_SHAPE, n_classes, *parts)


def find_file(name: str, folder: Path, file: str) -> Path:
    """The file as published, or unpacked."""
    for path in (folder / file, folder / file.removesuffix(".gz")):
        if path.is_file():
            return path
    raise InputError(
        f"{name}: {file} is not in {folder}; run `lava-sfdfa data fetch {name}`, or "
        f"give the folder that holds {name}/ with --data-dir"
    )


def read_idx(path: Path) -> Array:
    """An array of unsigned bytes from an idx file, packed with gzip or not.

    Errors: InputError for a file that cannot be read, is truncated, or is none.
    """
    try:
        content = path.read_bytes()
        if path.suffix == ".gz":
            content = gzip.decompress(content)
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(
            f"{path}: cannot be unpacked ({error}); it is truncated or damaged, "
            "fetch it again"
        ) from None
    if len(content) < 4 or content[:3] != b"\x00\x00\x08":
        raise InputError(
            f"{path}: is not an idx file of unsigned bytes; it begins with "
            f"{content[:4].hex()!r}, allowed is '000008' and the number of axes"
        )
    n_axes = content[3]
    head = 4 + 4 * n_axes
    sizes = content[4:head].ljust(4 * n_axes, b"\xff")  # cut off: impossibly large
    shape = tuple(int(size) for size in np.frombuffer(sizes, ">u4"))
    expected = head + math.prod(shape)
    if len(content) != expected:
        raise InputError(
            f"{path}: has {len(content)} bytes, but its head says {expected}; it is "
            "truncated or damaged, fetch it again"
        )
    return np.frombuffer(content, np.uint8, offset=head).reshape(shape)

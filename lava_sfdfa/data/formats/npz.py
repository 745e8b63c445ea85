"""Data of one's own in a file: an npz file of arrays."""

import contextlib
import math
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any, Literal

import numpy as np

from lava_sfdfa.config import Kind
from lava_sfdfa.data.formats.arrays import (
    SAMPLE_ARRAYS,
    VALIDATION_ARRAYS,
    dataset_of_arrays,
)
from lava_sfdfa.data.formats.event_arrays import EVENT_ARRAYS, load_event_arrays
from lava_sfdfa.data.reading import Reading
from lava_sfdfa.data.samples import Dataset
from lava_sfdfa.errors import InputError
from lava_sfdfa.foreign import beginning, check_limit, reading
from lava_sfdfa.types import Array

# Our name of each array, and that in the file, for each kind of file.
EVENTS = {name: name for name in EVENT_ARRAYS}
SAMPLES = {name: name for name in SAMPLE_ARRAYS}
WITHOUT_TEST = {"x_train": "x", "y_train": "y"}
MEDMNIST = {
    f"{ours}_{part}": f"{part}_{theirs}"
    for part in ("train", "val", "test")
    for ours, theirs in (("x", "images"), ("y", "labels"))
}
REMEDY = "it is truncated, damaged or something else; write it with numpy.savez"
HEADS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


def load_npz(
    path: Path, kind: Kind | None = None, reading: Reading | None = None
) -> Dataset:
    """Samples or recordings, training and test, from a file that `numpy.savez` wrote.

    Samples: x_train, y_train, x_test, y_test, and x_val, y_val where the file has a
    validation part; x and y alone, of which a fifth is held out as the test part; or
    the names of MedMNIST, such as train_images. Recordings: for each part, such as
    train, `time_us_train` (n_events,) microseconds, `index_train` (n_events,) the
    input of each event, `offset_train` (n + 1,) where each recording begins, and
    y_train (n,); and `shape`, that of the inputs. kind, reading: as in `load_arrays`.
    Errors: InputError.
    """
    with open_npz(path) as file:
        called = _called(names_of(file))
        read = arrays_of(file, list(called.values()), path)
    arrays = dict(zip(called, read, strict=True))
    if called is EVENTS and kind not in (None, "events"):
        raise InputError(f"{path}: holds recordings; kind must be events, not {kind}")
    if called is EVENTS:
        return load_event_arrays(arrays, str(path), path.name, reading)
    return dataset_of_arrays(arrays, str(path), path.name, kind, reading, called)


def _called(names: list[str]) -> dict[str, str]:
    """What the arrays of a file are called, by our names."""
    if "time_us_train" in names:
        return EVENTS
    if "train_images" in names:
        return MEDMNIST
    if "x" in names and "x_train" not in names:
        return WITHOUT_TEST
    if "x_val" in names:
        return SAMPLES | {name: name for name in VALIDATION_ARRAYS}
    return SAMPLES


@contextlib.contextmanager
def open_npz(path: Path) -> Iterator[zipfile.ZipFile]:
    """The file, open for `arrays_of`. Errors: InputError for a file that is none."""
    if not path.is_file():
        found = "is a folder" if path.is_dir() else "there is no such file"
        raise InputError(f"{path}: {found}; give a file that numpy.savez wrote")
    with reading(f"{path}: is not a readable npz file", REMEDY):
        file = zipfile.ZipFile(path)
    with file:
        yield file


def names_of(file: zipfile.ZipFile) -> list[str]:
    """The names of the arrays in the file."""
    return [name.removesuffix(".npy") for name in file.namelist()]


def arrays_of(file: zipfile.ZipFile, names: Sequence[str], path: Path) -> list[Array]:
    """Arrays of the file. Errors: InputError where one is missing, is damaged or holds
    Python objects, and where they are larger than the limit."""
    entries = dict(zip(names_of(file), file.infolist(), strict=True))
    missing = [name for name in names if name not in entries]
    if missing:
        raise InputError(
            f"{path}: lacks {', '.join(missing)}; it has to hold {', '.join(names)}, "
            f"and it holds {', '.join(entries) or 'nothing'}"
        )
    check_limit(sum(entries[name].file_size for name in names), f"{path}: the content")
    return [_array(file, entries[name], f"{path}: {name}") for name in names]


def _array(file: zipfile.ZipFile, entry: zipfile.ZipInfo, where: str) -> Array:
    """An array, of which nothing is unpacked before its size is known to be right."""
    with reading(f"{where} cannot be read", REMEDY), file.open(entry) as stream:
        dtype, shape, order = _head(stream)
        _check_type(dtype, where)
        size = math.prod(shape) * dtype.itemsize
        if size != entry.file_size - stream.tell() or not dtype.itemsize:
            raise ValueError(
                f"its head says {shape} of {dtype}, which it does not hold"
            )
        content = beginning(stream, size)
        return np.ndarray(shape, dtype, content, order=order)


def _head(
    stream: IO[bytes],
) -> tuple[np.dtype[Any], tuple[int, ...], Literal["C", "F"]]:
    """Type, shape and order of an array. Errors: ValueError."""
    version = np.lib.format.read_magic(stream)
    if version not in HEADS:  # the third is for records with names beyond Latin-1
        raise ValueError(f"its format has the version {version}")
    shape, is_fortran, dtype = HEADS[version](stream)
    return dtype, shape, "F" if is_fortran else "C"


def _check_type(dtype: np.dtype[Any], where: str) -> None:
    """Refuse what is neither numbers nor texts. Errors: InputError."""
    if dtype.kind in "biufcSU":
        return
    held = f"{dtype!s:.40}, which is not read"
    if dtype.hasobject:  # they would have to be unpickled
        held = "Python objects, which are not read, since that can run code"
    raise InputError(
        f"{where} holds {held}; write numbers or texts of one type, such as "
        "x.astype(float) or x.astype(str)"
    )

"""Data of one's own in a file: an npz file of arrays."""

import contextlib
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

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
        called = _called(file.files)
        read = arrays_of(file, list(called.values()), path)
    arrays = dict(zip(called, read, strict=True))
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
def open_npz(path: Path) -> Iterator[Any]:
    """The arrays of a file by name. Errors: InputError for a file that is none."""
    try:
        with path.open("rb") as handle, _loaded(handle) as file:
            yield file
    except FileNotFoundError:
        raise InputError(f"{path}: there is no such file") from None
    except (
        OSError,
        EOFError,
        ValueError,
        RuntimeError,  # encrypted
        NotImplementedError,  # an unknown compression
        zipfile.BadZipFile,
        zlib.error,
    ) as error:
        raise InputError(
            f"{path}: is not a readable npz file ({error}); it is truncated, damaged "
            "or something else; write it with numpy.savez"
        ) from None


def _loaded(handle: BinaryIO) -> Any:
    """The file of numpy. Errors: ValueError where it holds one array alone."""
    loaded = np.load(handle, allow_pickle=False)
    if not isinstance(loaded, np.lib.npyio.NpzFile):
        raise ValueError("it holds one array without a name")
    return loaded


def arrays_of(file: Any, names: Sequence[str], path: Path) -> list[Array]:
    """Arrays of the file. Errors: InputError where one is missing, or holds Python
    objects."""
    missing = [name for name in names if name not in file.files]
    if missing:
        raise InputError(
            f"{path}: lacks {', '.join(missing)}; it has to hold {', '.join(names)}, "
            f"and it holds {', '.join(file.files) or 'nothing'}"
        )
    return [_array(file, name, path) for name in names]


def _array(file: Any, name: str, path: Path) -> Array:
    try:
        array: Array = file[name]
    except ValueError as error:
        if "pickle" not in str(error) and "Object arrays" not in str(error):
            raise
        raise InputError(  # they would have to be unpickled
            f"{path}: {name} holds Python objects, which are not read, since that can "
            "run code; write numbers or texts of one type, such as "
            f"{name}.astype(float) or {name}.astype(str)"
        ) from None
    return array

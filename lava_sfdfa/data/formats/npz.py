"""Data of one's own in a file: an npz file of arrays."""

import zipfile
import zlib
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from lava_sfdfa.config import Kind
from lava_sfdfa.data.formats.arrays import (
    EVENT_ARRAYS,
    SAMPLE_ARRAYS,
    dataset_of_arrays,
)
from lava_sfdfa.data.reading import Reading
from lava_sfdfa.data.samples import Dataset
from lava_sfdfa.errors import InputError
from lava_sfdfa.types import Array


def load_npz(
    path: Path, kind: Kind | None = None, reading: Reading | None = None
) -> Dataset:
    """Samples or recordings, training and test, from a file that `numpy.savez` wrote.

    Samples: x_train, y_train, x_test, y_test. Recordings: for each part, such as
    train, `time_us_train` (n_events,) microseconds, `index_train` (n_events,) the
    input of each event, `offset_train` (n + 1,) where each recording begins, and
    y_train (n,); and `shape`, that of the inputs. kind, reading: as in `load_arrays`.
    Errors: InputError.
    """
    return dataset_of_arrays(_read_npz(path), str(path), path.name, kind, reading)


def _loaded(handle: BinaryIO) -> Any:
    """The file of numpy. Errors: ValueError where it holds one array alone."""
    loaded = np.load(handle, allow_pickle=False)
    if not isinstance(loaded, np.lib.npyio.NpzFile):
        raise ValueError("it holds one array without a name")
    return loaded


def _array(file: Any, name: str, path: Path) -> Array:
    """An array of the file. Errors: InputError for one of Python objects, which would
    have to be unpickled."""
    try:
        array: Array = file[name]
    except ValueError as error:
        if "pickle" not in str(error) and "Object arrays" not in str(error):
            raise
        raise InputError(
            f"{path}: {name} holds Python objects, which are not read, since that can "
            "run code; write numbers or texts of one type, such as "
            f"{name}.astype(float) or {name}.astype(str)"
        ) from None
    return array


def _read_npz(path: Path) -> dict[str, Array]:
    try:
        with path.open("rb") as handle, _loaded(handle) as file:
            is_events = "time_us_train" in file.files
            wanted = EVENT_ARRAYS if is_events else SAMPLE_ARRAYS
            missing = [name for name in wanted if name not in file.files]
            if missing:
                raise InputError(
                    f"{path}: lacks {', '.join(missing)}; it has to hold "
                    f"{', '.join(wanted)}"
                )
            return {name: _array(file, name, path) for name in wanted}
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

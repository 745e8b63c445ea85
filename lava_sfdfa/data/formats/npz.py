"""Data of one's own: an npz file with images or with recordings of events."""

import math
import zipfile
import zlib
from pathlib import Path

import numpy as np

from lava_sfdfa.data.samples import Dataset, Images, Recordings, check_labels, split
from lava_sfdfa.errors import InputError

NPZ_ARRAYS = ("x_train", "y_train", "x_test", "y_test")
_OF_A_PART = ("time_us", "index", "offset", "y")
EVENT_ARRAYS = (
    "shape",
    *(f"{name}_{part}" for part in ("train", "test") for name in _OF_A_PART),
)
MOST_CLASSES = 65_536


def load_npz(path: Path) -> Dataset:
    """Images or recordings, training and test, from a file that `numpy.savez` wrote.

    Images: x_train, y_train, x_test, y_test. Recordings: for each part, such as
    train, `time_us_train` (n_events,) microseconds, `index_train` (n_events,) the
    input of each event, `offset_train` (n + 1,) where each recording begins, and
    y_train (n,); and `shape`, that of the inputs. Errors: InputError.
    """
    arrays = _read_npz(path)
    read = _images if "x_train" in arrays else _recordings
    parts, shapes, n_classes = [], [], 0
    for part in ("train", "test"):
        labels = arrays[f"y_{part}"]
        samples, shape = read(arrays, part, path)
        n_classes = n_classes or _count_classes(labels, f"{path}: y_{part}")
        check_labels(labels, n_classes, f"{path}: y_{part}")
        parts.append(samples)
        shapes.append(shape)
    if shapes[0] != shapes[1]:
        raise InputError(
            f"{path}: x_train has images of {shapes[0]}, x_test of {shapes[1]}; "
            "they have to be equal"
        )
    return split(path.name, shapes[0], n_classes, *parts)


def _count_classes(labels: np.ndarray, where: str) -> int:
    if not np.issubdtype(labels.dtype, np.integer):
        raise InputError(f"{where} holds {labels.dtype}; classes have to be integers")
    n_classes = max(int(labels.max(initial=0)) + 1, 2)
    if n_classes > MOST_CLASSES:
        raise InputError(
            f"{where} has the label {n_classes - 1}; allowed is up "
            f"to {MOST_CLASSES - 1}; number the classes from 0"
        )
    return n_classes


def _check_labels_shape(labels: np.ndarray, n: int, part: str, path: Path) -> None:
    if labels.shape != (n,):
        raise InputError(
            f"{path}: y_{part} has the shape {labels.shape}; the part has {n} samples, "
            f"so it has to be ({n},)"
        )


def _images(arrays, part: str, path: Path) -> tuple[Images, tuple[int, ...]]:
    images, labels = arrays[f"x_{part}"], arrays[f"y_{part}"]
    if images.ndim < 2 or 0 in images.shape:
        raise InputError(
            f"{path}: x_{part} has the shape {images.shape}; it has to be "
            "(samples, height, width) or (samples, inputs), none of them 0"
        )
    _check_labels_shape(labels, len(images), part, path)
    pixels = _to_bytes(images.reshape(len(images), -1), f"{path}: x_{part}")
    return Images(pixels, labels.astype(np.int64)), images.shape[1:]


def _recordings(arrays, part: str, path: Path) -> tuple[Recordings, tuple[int, ...]]:
    time_us, index, offset = (
        _integers(arrays[f"{name}_{part}"], f"{path}: {name}_{part}")
        for name in ("time_us", "index", "offset")
    )
    labels, shape = arrays[f"y_{part}"], tuple(arrays["shape"].ravel().tolist())
    n_inputs = math.prod(shape)
    _check_labels_shape(labels, len(offset) - 1, part, path)
    if not len(time_us) == len(index) == offset[-1] or offset[0] != 0:
        raise InputError(
            f"{path}: offset_{part} goes from {offset[0]} to {offset[-1]}; there are "
            f"{len(time_us)} times and {len(index)} inputs, so it has to go from 0 to "
            "their number"
        )
    if (np.diff(offset) < 0).any() or (time_us < 0).any() or (index < 0).any():
        raise InputError(
            f"{path}: offset_{part} falls, or a time or an input is negative; write "
            "recordings one after the other, times in microseconds from 0"
        )
    if len(index) and index.max() >= n_inputs:
        raise InputError(
            f"{path}: index_{part} has the input {index.max()}; shape {shape} allows "
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


def _integers(array: np.ndarray, where: str) -> np.ndarray:
    if array.ndim != 1 or not np.issubdtype(array.dtype, np.integer):
        raise InputError(
            f"{where} has the shape {array.shape} and holds {array.dtype}; it has to "
            "be a list of integers"
        )
    return array


def _read_npz(path: Path) -> dict[str, np.ndarray]:
    try:
        with path.open("rb") as handle, np.load(handle, allow_pickle=False) as file:
            if not isinstance(file, np.lib.npyio.NpzFile):
                raise ValueError("it holds one array without a name")
            is_events = "time_us_train" in file.files
            wanted = EVENT_ARRAYS if is_events else NPZ_ARRAYS
            missing = [name for name in wanted if name not in file.files]
            if missing:
                raise InputError(
                    f"{path}: lacks {', '.join(missing)}; it has to hold "
                    f"{', '.join(wanted)}"
                )
            return {name: file[name] for name in wanted}
    except FileNotFoundError:
        raise InputError(f"{path}: there is no such file") from None
    except (
        OSError,
        EOFError,
        ValueError,
        AttributeError,  # a lone array cannot be closed
        RuntimeError,  # encrypted
        NotImplementedError,  # an unknown compression
        zipfile.BadZipFile,
        zlib.error,
    ) as error:
        raise InputError(
            f"{path}: is not a readable npz file ({error}); it is truncated, damaged "
            "or something else; write it with numpy.savez"
        ) from None


def _to_bytes(images: np.ndarray, where: str) -> np.ndarray:
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

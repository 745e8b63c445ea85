"""Recordings of N-MNIST: a folder or zip of `Train/<label>/<index>.bin` and `Test`.

An event has five bytes: x, y, then one bit of polarity and 23 bits of time in
microseconds, high byte first (Orchard et al. 2015, doi 10.3389/fnins.2015.00437).
"""

import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from lava_sfdfa.data import layouts
from lava_sfdfa.data.layouts import of_system
from lava_sfdfa.data.samples import Dataset, Recordings, gather, split
from lava_sfdfa.errors import InputError
from lava_sfdfa.types import Array

SENSOR = (2, 34, 34)  # polarity, y, x
N_INPUTS = 2 * 34 * 34
EVENT_BYTES = 5
PARTS = ("Train", "Test")


def load_nmnist(name: str, data_dir: Path | None) -> Dataset:
    """N-MNIST: the folders Train and Test, or zip files that hold them.

    Errors: InputError where a part is missing and for a damaged recording.
    """
    places = layouts.folders(name, data_dir)
    folder = next((place for place in places if _has_recordings(place)), None)
    if folder is None:
        wanted = "Train/<label>/<index>.bin, or a zip file that holds it,"
        raise layouts.not_found(name, data_dir, wanted)
    train, test = (read_nmnist(name, folder, part) for part in PARTS)
    return split(name, SENSOR, 10, train, test)


def read_nmnist(name: str, folder: Path, part: str) -> Recordings:
    """One part, Train or Test, with its recordings in the order of their indices."""
    files = _files(folder, part)
    if not files:
        raise InputError(
            f"{name}: {folder} holds no {part}/<label>/<index>.bin, neither as files "
            f"nor in a zip file, but {layouts.holds(folder)}; run `lava-sfdfa data "
            f"fetch {name}`"
        )
    paths = sorted(files, key=lambda path: (path.name, path.parent.name))
    labels = np.array([int(path.parent.name) for path in paths])
    recordings = (
        decode(_content(files[path], path), f"{folder / path}") for path in paths
    )
    return gather(recordings, labels, N_INPUTS)


def _content(read: Callable[[], bytes], path: Path) -> bytes:
    try:
        return read()
    except (OSError, zipfile.BadZipFile, RuntimeError) as error:
        raise InputError(
            f"{path}: cannot be read ({error}); it is damaged, fetch it again"
        ) from None


def decode(content: bytes, where: str) -> tuple[Array, Array]:
    """Times in microseconds and inputs of a recording, in the order of time.

    Input of an event: `(polarity * 34 + y) * 34 + x`. Errors: InputError.
    """
    if len(content) % EVENT_BYTES:
        raise InputError(
            f"{where}: has {len(content)} bytes, which is no multiple of "
            f"{EVENT_BYTES}; it is truncated or damaged, fetch it again"
        )
    event = np.frombuffer(content, np.uint8).reshape(-1, EVENT_BYTES).astype(np.int32)
    x, y = event[:, 0], event[:, 1]
    if len(event) and max(x.max(), y.max()) >= SENSOR[1]:
        raise InputError(
            f"{where}: has an event at ({x.max()}, {y.max()}); the sensor has "
            f"{SENSOR[1]} by {SENSOR[2]} pixels; it is damaged, fetch it again"
        )
    time_us = (event[:, 2] & 127) << 16 | event[:, 3] << 8 | event[:, 4]
    index = ((event[:, 2] >> 7) * SENSOR[1] + y) * SENSOR[2] + x
    order = np.argsort(time_us, kind="stable")
    return time_us[order], index[order]


def _has_recordings(folder: Path) -> bool:
    return (folder / PARTS[0]).is_dir() or bool(_zip_files(folder))


def _zip_files(folder: Path) -> list[Path]:
    return sorted(p for p in folder.glob("*.zip") if not of_system(p.name))


def _files(folder: Path, part: str) -> dict[Path, Callable[[], bytes]]:
    """Recordings by `part/label/index.bin`, and how each is read."""
    readers: dict[Path, Callable[[], bytes]] = {
        path.relative_to(folder): path.read_bytes
        for path in folder.glob(f"{part}/[0-9]/*.bin")
        if not of_system(path.name)
    }
    if readers:
        return readers
    for path in _zip_files(folder):
        try:
            archive = zipfile.ZipFile(path)
        except (OSError, zipfile.BadZipFile) as error:
            raise InputError(
                f"{path}: is not a readable zip file ({error}); it is truncated or "
                "damaged, fetch it again"
            ) from None
        for entry in map(Path, archive.namelist()):
            if entry.match(f"{part}/[0-9]/*.bin") and not of_system(str(entry)):
                readers[entry] = partial(archive.read, entry.as_posix())
    return readers

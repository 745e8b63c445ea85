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
from lava_sfdfa.foreign import (
    DAMAGED,
    beginning,
    check_limit,
    first_bytes,
    reading,
)
from lava_sfdfa.types import Array

SENSOR = (2, 34, 34)  # polarity, y, x
N_INPUTS = 2 * 34 * 34
EVENT_BYTES = 5
PARTS = ("Train", "Test")
RECORDING_MOST = 2**22  # bytes; the largest of the published ones has 38,650
PACKED_MOST = 16  # bytes of a recording to a byte of the zip file; published: 1.2
DAMAGE = "cannot be read", DAMAGED


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
    recordings = (decode(files[path](), f"{folder / path}") for path in paths)
    return gather(recordings, labels, N_INPUTS)


def decode(content: bytes | bytearray, where: str) -> tuple[Array, Array]:
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


def _files(folder: Path, part: str) -> dict[Path, Callable[[], bytes | bytearray]]:
    """Recordings by `part/label/index.bin`, and how each is read."""
    readers: dict[Path, Callable[[], bytes | bytearray]] = {
        path.relative_to(folder): partial(_read_file, path)
        for path in folder.glob(f"{part}/[0-9]/*.bin")
        if not of_system(path.name)
    }
    if readers:
        return readers
    for path in _zip_files(folder):
        with reading(f"{path}: is not a readable zip file", DAMAGED):
            archive = zipfile.ZipFile(path)
        for entry in _entries(archive, part, path):
            where = Path(entry.filename)
            readers[where] = partial(_read_entry, archive, entry, f"{path}: {where}")
    return readers


def _entries(archive: zipfile.ZipFile, part: str, path: Path) -> list[zipfile.ZipInfo]:
    """The recordings of a part. Errors: InputError where they are far larger than the
    zip file, which real ones are not."""
    entries = [
        entry
        for entry in archive.infolist()
        if Path(entry.filename).match(f"{part}/[0-9]/*.bin")
        and not of_system(entry.filename)
    ]
    size = sum(entry.file_size for entry in entries)
    if size > PACKED_MOST * path.stat().st_size:
        check_limit(size, f"{path}: the content")
    return entries


def _read_file(path: Path) -> bytearray:
    content = first_bytes(path, RECORDING_MOST + 1, *DAMAGE)
    return _checked_size(content, str(path))


def _read_entry(
    archive: zipfile.ZipFile, entry: zipfile.ZipInfo, where: str
) -> bytearray:
    with reading(f"{where}: {DAMAGE[0]}", DAMAGE[1]), archive.open(entry) as file:
        content = beginning(file, RECORDING_MOST + 1)
    return _checked_size(content, where)


def _checked_size(content: bytearray, where: str) -> bytearray:
    if len(content) > RECORDING_MOST:
        raise InputError(
            f"{where}: has more than {RECORDING_MOST:,} bytes, and a recording has "
            "some 20,000; it is damaged, fetch it again"
        )
    return content

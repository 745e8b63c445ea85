"""Data sets by name, from a file, or in memory."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lava_sfdfa.config import Kind
from lava_sfdfa.data.formats.arrays import NAME, load_arrays
from lava_sfdfa.data.formats.bundled import load_digits, load_yin_yang
from lava_sfdfa.data.formats.characters import CLASSES, load_characters
from lava_sfdfa.data.formats.event_lists import is_tonic, load_event_lists, load_tonic
from lava_sfdfa.data.formats.nmnist import load_nmnist
from lava_sfdfa.data.formats.npz import load_npz
from lava_sfdfa.data.formats.shd import load_shd
from lava_sfdfa.data.reading import Reading
from lava_sfdfa.data.samples import Dataset
from lava_sfdfa.data.sources import NAMES, emnist_split
from lava_sfdfa.data.spikes import are_of_sensor
from lava_sfdfa.errors import InputError, unknown_choice

# How each published set is read, from its name and the folder of the user.
READERS: dict[str, Callable[[str, Path | None], Dataset]] = {
    "digits": lambda name, data_dir: load_digits(),
    "yin-yang": lambda name, data_dir: load_yin_yang(),
    **dict.fromkeys(CLASSES, load_characters),
    "nmnist": load_nmnist,
    "shd": load_shd,
}

RECORDED = ("nmnist", "shd")  # sets of recordings


def load_dataset(
    name: str,
    data_dir: Path | None = None,
    kind: Kind | None = None,
    reading: Reading | None = None,
) -> Dataset:
    """A data set by name, or from an `.npz` file.

    name: `emnist` is the one split of EMNIST that is there. data_dir: folder of the
    files of a published set, or that holds one for each set, see `layouts`; where it
    is not given, the cache that `data fetch` fills. kind, reading: of a file, as in
    `load_arrays`. Errors: InputError for an unknown name, and for a file that is
    missing, truncated or not what it should be.
    """
    if name == "emnist":
        name = emnist_split(data_dir)
    if name.endswith(".npz"):
        dataset = load_npz(Path(name), kind, reading)
    elif name in READERS:
        dataset = READERS[name](name, data_dir)
    elif name == NAME:
        raise InputError(
            "the network was trained on arrays in memory, which are in no file; give "
            "the data set it shall read"
        )
    else:
        choices = [*NAMES, "a file that ends in .npz"]
        raise InputError(unknown_choice("the data set", name, choices))
    return dataclasses.replace(dataset, source=name)


def as_dataset(
    data: Any,
    data_dir: Path | None = None,
    kind: Kind | None = None,
    reading: Reading | None = None,
) -> Dataset:
    """What a Python caller may give as data, as a data set.

    data: a name, the path of an `.npz` file, a tuple of arrays as `load_arrays` takes
    it, recordings as `load_event_lists` does, a data set of tonic or two, or a
    `Dataset`; kind, reading: of files and arrays. Errors: InputError.
    """
    if isinstance(data, Dataset):
        return data
    if isinstance(data, (str, Path)):
        return load_dataset(str(data), data_dir, kind, reading)
    if is_tonic(data):
        data = (data,)
    if isinstance(data, (tuple, list)):
        dataset = _in_memory(tuple(data), kind, reading)
        return dataclasses.replace(dataset, source=NAME)
    raise InputError(
        f"data is a {type(data).__name__}; it must be a name, the path of an .npz "
        "file, (x, y), (x_train, y_train, x_test, y_test), a data set of tonic, or a "
        "Dataset"
    )


def _in_memory(
    data: tuple[Any, ...], kind: Kind | None, reading: Reading | None
) -> Dataset:
    if len(data) in (1, 2) and all(map(is_tonic, data)):
        return load_tonic(data, reading)
    if kind == "events" or (data and are_of_sensor(data[0])):
        return load_event_lists(data, reading)
    return load_arrays(data, kind, reading)

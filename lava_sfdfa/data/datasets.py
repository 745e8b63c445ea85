"""Data sets by name."""

from pathlib import Path

from lava_sfdfa.data.formats.bundled import load_digits, load_yin_yang
from lava_sfdfa.data.formats.idx import load_idx
from lava_sfdfa.data.formats.nmnist import load_nmnist
from lava_sfdfa.data.formats.npz import load_npz
from lava_sfdfa.data.formats.shd import load_shd
from lava_sfdfa.data.samples import Dataset
from lava_sfdfa.data.sources import EMNIST_FILES, IDX_FILES, NAMES, folder_of
from lava_sfdfa.errors import InputError, unknown_choice


def load_dataset(name: str, data_dir: Path | None = None) -> Dataset:
    """A data set by name, or from an `.npz` file.

    data_dir: folder that holds a folder for each published set; where it is not
    given, the cache that `data fetch` fills. Errors: InputError for an unknown
    name, and for a file that is missing, truncated or not what it should be.
    """
    folder = folder_of(name, data_dir)
    if name.endswith(".npz"):
        return load_npz(Path(name))
    if name == "digits":
        return load_digits()
    if name == "yin-yang":
        return load_yin_yang()
    if name in ("mnist", "fashion-mnist"):
        return load_idx(name, folder, IDX_FILES, 10)
    if name == "emnist-balanced":
        return load_idx(name, folder, EMNIST_FILES, 47)
    if name == "nmnist":
        return load_nmnist(name, folder)
    if name == "shd":
        return load_shd(name, folder)
    raise InputError(
        unknown_choice("the data set", name, NAMES) + ", or a file that ends in .npz"
    )

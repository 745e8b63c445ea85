"""Where the files of a published data set lie: folders and names that tools give them.

torchvision unpacks into `MNIST/raw`, tonic into `NMNIST`, Keras and EMNIST's archive
have folders of their own, and some sites write `.idx` for `-idx`. All are looked for in
the folder that the user names, and below it.
"""

from collections.abc import Iterable
from pathlib import Path

from lava_sfdfa.errors import InputError
from lava_sfdfa.files import user_cache

EMNIST_SPLITS = ("balanced", "byclass", "bymerge", "letters", "digits", "mnist")
# Folders of a set: ours, then those of other tools.
FOLDERS = {
    "mnist": ("mnist", "MNIST"),
    "fashion-mnist": ("fashion-mnist", "FashionMNIST"),
    "kmnist": ("kmnist", "KMNIST"),
    "nmnist": ("nmnist", "NMNIST"),
    "shd": ("shd", "SHD"),
    **{
        f"emnist-{split}": (f"emnist-{split}", "emnist", "EMNIST")
        for split in EMNIST_SPLITS
    },
}
INSIDE = ("", "raw", "gzip")  # of torchvision, and of EMNIST's archive
SHOWN = 5  # names in a sentence


def base_folder(data_dir: Path | None) -> Path:
    """The folder that holds a folder for each set."""
    return user_cache() / "data" if data_dir is None else data_dir


def own_folder(name: str, data_dir: Path | None) -> Path:
    """The folder of a set that is downloaded."""
    return base_folder(data_dir) / name


def folders(name: str, data_dir: Path | None) -> list[Path]:
    """Where the files of a set may be, the likeliest first."""
    base = base_folder(data_dir)
    places = [base / own for own in FOLDERS[name]]
    if not _is_of_another(name, base):
        places.append(base)
    return [place / inside for place in places for inside in INSIDE]


def _is_of_another(name: str, base: Path) -> bool:
    """Whether a folder is named as that of another set, whose files may have the same
    names: MNIST is not read from the folder FashionMNIST."""
    base = base.resolve()
    own = base.parent.name if base.name in INSIDE else base.name
    known = {folder for names in FOLDERS.values() for folder in names}
    return own in known and own not in FOLDERS[name]


def found(name: str, data_dir: Path | None, files: Iterable[str]) -> dict[str, Path]:
    """Which of the files of a set are here, in the folder that has most of them."""
    here = [
        {file: path for file in files if (path := _in_folder(folder, file))}
        for folder in folders(name, data_dir)
    ]
    return max(here, key=len)


def _in_folder(folder: Path, file: str) -> Path | None:
    """A published file in a folder, packed or not, under any of its names."""
    plain = file.removesuffix(".gz")
    dotted = plain.replace("-idx", ".idx")
    names = [file, f"{dotted}.gz", plain, dotted]
    if file.endswith(".zip"):  # those of N-MNIST hold a folder, train.zip Train
        names = [file, file.removesuffix(".zip").title()]
    paths = (folder / name for name in names)
    return next((path for path in paths if path.exists()), None)


def not_found(name: str, data_dir: Path | None, wanted: str) -> InputError:
    """The error where a set is not here; wanted: what was looked for."""
    base = base_folder(data_dir)
    seen = next((f for f in folders(name, data_dir) if f.is_dir()), base)
    return InputError(
        f"{name}: {wanted} is neither in {base} nor below it in "
        f"{' or '.join(FOLDERS[name])}; {seen} {holds(seen)}; run `lava-sfdfa data "
        f"fetch {name}`, or give the folder of the files with --data-dir"
    )


def holds(folder: Path) -> str:
    """What is in a folder, in words."""
    try:
        names = sorted(path.name for path in folder.iterdir())
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    names = [name for name in names if not of_system(name)]
    if not names:
        return "is empty"
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"holds {', '.join(names[:SHOWN])}{more}"


def of_system(path: str) -> bool:
    """Whether a path inside a data set is none of its files, but one that an operating
    system adds: ._name, .DS_Store, __MACOSX."""
    return any(part.startswith((".", "__MACOSX")) for part in Path(path).parts)

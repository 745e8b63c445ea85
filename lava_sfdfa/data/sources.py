"""Where the files of published data sets are, and whether they are here and right."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from lava_sfdfa.errors import InputError, unknown_choice
from lava_sfdfa.files import user_cache
from lava_sfdfa.results import Result

IDX_FILES = (
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
)
EMNIST_FILES = tuple(
    f"emnist-balanced-{part}-{kind}-ubyte.gz"
    for part in ("train", "test")
    for kind in ("images-idx3", "labels-idx1")
)


@dataclass(frozen=True)
class Source:
    """Where a published data set is.

    files: their names and MD5 checksums, None where none is published for a file;
    urls: of the files, or where to get them by hand (`by_hand`).
    """

    title: str
    files: dict[str, str | None]
    urls: tuple[str, ...]
    by_hand: bool = False


def _idx(title: str, url: str, checksums: tuple[str, ...]) -> Source:
    files: dict[str, str | None] = dict(zip(IDX_FILES, checksums, strict=True))
    return Source(title, files, tuple(url + file for file in IDX_FILES))


MENDELEY = "https://data.mendeley.com/public-files/datasets/468j46mzdv/files/"
SOURCES = {
    "mnist": _idx(
        "MNIST, LeCun et al.",
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        (
            "f68b3c2dcbeaaa9fbdd348bbdeb94873",
            "d53e105ee54ea40749a09fcbcd1e9432",
            "9fb629c4189551a2d022fa330f9573f3",
            "ec29112dd5afa0611ce80d1b7f02629c",
        ),
    ),
    "fashion-mnist": _idx(
        "Fashion-MNIST, Xiao et al. (MIT)",
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        (
            "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
            "25c81989df183df01b3e8a0aad5dffbe",
            "bef4ecab320f06d8554ea6380940ec79",
            "bb300cfdad3c16e7a12a480ee83cd310",
        ),
    ),
    "emnist-balanced": Source(
        "EMNIST balanced, Cohen et al.",
        dict.fromkeys(EMNIST_FILES),
        ("https://www.nist.gov/itl/products-and-services/emnist-dataset",),
        by_hand=True,
    ),
    "nmnist": Source(
        "N-MNIST, Orchard et al., recordings",
        {
            "train.zip": "20959b8e626244a1b502305a9e6e2031",
            "test.zip": "69ca8762b2fe404d9b9bad1103e97832",
        },
        (
            MENDELEY + "39c25547-014b-4137-a934-9d29fa53c7a0/file_downloaded",
            MENDELEY + "05a4d654-7e03-4c15-bdfa-9bb2bcbea494/file_downloaded",
        ),
    ),
    "shd": Source(
        "Spiking Heidelberg Digits, Cramer et al., recordings",
        dict.fromkeys(("shd_train.h5.gz", "shd_test.h5.gz")),
        (
            "https://zenkelab.org/datasets/shd_train.h5.gz",
            "https://zenkelab.org/datasets/shd_test.h5.gz",
        ),
        by_hand=True,
    ),
}
BUNDLED = {
    "digits": "handwritten digits 8x8 (UCI, with scikit-learn)",
    "yin-yang": "Yin-Yang, Kriener et al., generated",
}
NAMES = (*BUNDLED, *SOURCES)


def folder_of(name: str, data_dir: Path | None) -> Path:
    """The folder of a published data set."""
    return (user_cache() / "data" if data_dir is None else data_dir) / name


@dataclass(frozen=True)
class FileState(Result):
    """A file of a published data set: its checksums, published and found."""

    file: str
    md5: str | None
    found: str | None
    state: str  # as in `DatasetState`


@dataclass(frozen=True)
class DatasetState(Result):
    """Whether a data set is here.

    state: bundled, generated, present (all checksums right), unchecked (there, but no
    checksum is published), unpacked (used as it is, not checked), missing or damaged.
    """

    name: str
    title: str
    state: str
    files: list[FileState]


def describe(name: str, data_dir: Path | None) -> DatasetState:
    """Whether a data set is here, file by file. Errors: InputError for no such name."""
    if name in BUNDLED:
        state = "bundled" if name == "digits" else "generated"
        return DatasetState(name, BUNDLED[name], state, [])
    if name not in SOURCES:
        raise InputError(unknown_choice("the data set", name, NAMES))
    folder, source = folder_of(name, data_dir), SOURCES[name]
    files = [_file_state(folder / file, md5) for file, md5 in source.files.items()]
    states = {file.state for file in files}
    worst = ("damaged", "missing", "unpacked", "unchecked", "present")
    state = next(state for state in worst if state in states)
    return DatasetState(name, source.title, state, files)


def _file_state(path: Path, expected: str | None) -> FileState:
    md5 = _md5(path) if path.is_file() else None
    if md5 is None:
        state = "unpacked" if _unpacked(path).exists() else "missing"
    elif expected is None:
        state = "unchecked"
    else:
        state = "present" if md5 == expected else "damaged"
    return FileState(str(path), expected, md5, state)


def _unpacked(path: Path) -> Path:
    """What unpacking a published file gives: a zip file of N-MNIST gives a folder."""
    plain = path.with_suffix("")
    return plain.with_name(plain.name.title()) if path.suffix == ".zip" else plain


def _md5(path: Path) -> str:
    try:
        return hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None

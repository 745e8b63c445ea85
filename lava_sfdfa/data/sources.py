"""Where the files of published data sets are, and whether they are here and right."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from lava_sfdfa.data import layouts
from lava_sfdfa.errors import InputError, unknown_choice
from lava_sfdfa.results import Result

IDX_FILES = (
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
)
PIECE = 2**20  # bytes that are read at a time
KMNIST_ARRAYS = tuple(
    f"kmnist-{part}-{what}.npz"
    for part in ("train", "test")
    for what in ("imgs", "labels")
)


def emnist_files(split: str) -> tuple[str, ...]:
    """The files of a split of EMNIST, in the order of `IDX_FILES`."""
    return tuple(
        f"emnist-{split}-{part}-{kind}-ubyte.gz"
        for part in ("train", "test")
        for kind in ("images-idx3", "labels-idx1")
    )


@dataclass(frozen=True)
class Source:
    """Where a published data set is.

    files: their names and MD5 checksums, None where none is published for a file;
    urls: of the files, or where to get them by hand (`by_hand`); sizes: of the files in
    bytes, or the most that they may have (`are_limits`); others: files in which the
    same samples are spread as arrays of numpy.
    """

    title: str
    files: dict[str, str | None]
    urls: tuple[str, ...]
    sizes: tuple[int, ...] = ()
    are_limits: bool = False
    by_hand: bool = False
    others: tuple[str, ...] = ()


def _idx(
    title: str,
    url: str,
    published: tuple[tuple[str, int], ...],
    others: tuple[str, ...] = (),
) -> Source:
    """Four idx files; published: of each the checksum and the size."""
    checksums, sizes = zip(*published, strict=True)
    files: dict[str, str | None] = dict(zip(IDX_FILES, checksums, strict=True))
    urls = tuple(url + file for file in IDX_FILES)
    return Source(title, files, urls, sizes, others=others)


def _emnist(split: str) -> Source:
    return Source(
        f"EMNIST {split}, Cohen et al.",
        dict.fromkeys(emnist_files(split)),
        ("https://www.nist.gov/itl/products-and-services/emnist-dataset",),
        by_hand=True,
    )


# The sizes of MNIST and Fashion-MNIST are of files with these checksums, and those of
# KMNIST stand in the lists of TensorFlow Datasets. Those of N-MNIST are not known here:
# 1,100 of its recordings take 16.5 kB each as zip, so 60,000 take 1.0 GB, and 10,000
# take 0.17 GB; twice as much is allowed.
NMNIST_MOST = (2_000_000_000, 340_000_000)
MENDELEY = "https://data.mendeley.com/public-files/datasets/468j46mzdv/files/"
SOURCES = {
    "mnist": _idx(
        "MNIST, LeCun et al.",
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        (
            ("f68b3c2dcbeaaa9fbdd348bbdeb94873", 9_912_422),
            ("d53e105ee54ea40749a09fcbcd1e9432", 28_881),
            ("9fb629c4189551a2d022fa330f9573f3", 1_648_877),
            ("ec29112dd5afa0611ce80d1b7f02629c", 4542),
        ),
        others=("mnist.npz",),  # of Keras
    ),
    "fashion-mnist": _idx(
        "Fashion-MNIST, Xiao et al. (MIT)",
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        (
            ("8d4fb7e6c68d591d4c3dfef9ec88bf0d", 26_421_880),
            ("25c81989df183df01b3e8a0aad5dffbe", 29_515),
            ("bef4ecab320f06d8554ea6380940ec79", 4_422_102),
            ("bb300cfdad3c16e7a12a480ee83cd310", 5148),
        ),
    ),
    "kmnist": _idx(
        "Kuzushiji-MNIST, Clanuwat et al. (CC BY-SA 4.0)",
        "http://codh.rois.ac.jp/kmnist/dataset/kmnist/",
        (
            ("bdb82020997e1d708af4cf47b453dcf7", 18_165_135),
            ("e144d726b3acfaa3e44228e80efcd344", 29_497),
            ("5c965bf0a639b31b8f53240b1b52f4d7", 3_041_136),
            ("7320c461ea6c1c855c0b718fb2a4b134", 5120),
        ),
        others=KMNIST_ARRAYS,
    ),
    **{f"emnist-{split}": _emnist(split) for split in layouts.EMNIST_SPLITS},
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
        NMNIST_MOST,
        are_limits=True,
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
    source = SOURCES[name]
    found = layouts.found(name, data_dir, source.files)
    others = layouts.found(name, data_dir, source.others)
    if source.others and not found and len(others) == len(source.others):
        files = [_file_state(path, path.name, None) for path in others.values()]
    else:
        own = layouts.own_folder(name, data_dir)
        folder = next((path.parent for path in found.values()), own)
        files = [
            _file_state(found.get(file, folder / file), file, md5)
            for file, md5 in source.files.items()
        ]
    states = {file.state for file in files}
    worst = ("damaged", "missing", "unpacked", "unchecked", "present")
    state = next(state for state in worst if state in states)
    return DatasetState(name, source.title, state, files)


def find(name: str, data_dir: Path | None) -> list[Path]:
    """The files of a set in the order of `Source.files`, or those of `Source.others`.

    Errors: InputError where some are missing.
    """
    source = SOURCES[name]
    published = layouts.found(name, data_dir, source.files)
    others = layouts.found(name, data_dir, source.others)
    if len(published) == len(source.files):
        return list(published.values())
    if source.others and len(others) == len(source.others):
        return list(others.values())
    wanted = next(file for file in source.files if file not in published)
    if source.others and not published:
        wanted += f" (or {', '.join(source.others)})"
    raise layouts.not_found(name, data_dir, wanted)


def emnist_split(data_dir: Path | None) -> str:
    """The name of the one split of EMNIST that is here. Errors: InputError."""
    names = [f"emnist-{split}" for split in layouts.EMNIST_SPLITS]
    here = [
        name for name in names if layouts.found(name, data_dir, SOURCES[name].files)
    ]
    if not here:
        raise layouts.not_found(names[0], data_dir, "emnist-SPLIT-train-images-idx3")
    if len(here) > 1:
        raise InputError(
            f"emnist: {layouts.base_folder(data_dir)} holds several splits; say which "
            f"is meant: {', '.join(here)}"
        )
    return here[0]


def _file_state(path: Path, published: str, expected: str | None) -> FileState:
    """path: where the file is, or should be; published: its name as published."""
    is_packed = path.suffix == Path(published).suffix
    md5 = md5_of(path) if is_packed and path.is_file() else None
    if not is_packed:
        state = "unpacked"
    elif md5 is None:
        state = "missing"
    elif expected is None:
        state = "unchecked"
    else:
        state = "present" if md5 == expected else "damaged"
    return FileState(str(path), expected, md5, state)


def md5_of(path: Path) -> str:
    """The MD5 of a file, in hexadecimal. Errors: InputError if it cannot be read."""
    digest = hashlib.md5(usedforsecurity=False)
    try:
        with path.open("rb") as file:
            while piece := file.read(PIECE):
                digest.update(piece)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    return digest.hexdigest()

"""Data sets: where they come from, what they must look like, how they are split.

All become flat images of 8 bits. The validation part is taken from the training
part, always the same samples; the test part is never used to choose anything.
"""

import gzip
import hashlib
import math
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lava_sfdfa import fixedpoint as fp
from lava_sfdfa.compiled import user_cache
from lava_sfdfa.config import unknown_choice
from lava_sfdfa.errors import InputError

IDX_FILES = (
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
)
IDX_SHAPE = (28, 28)
NPZ_ARRAYS = ("x_train", "y_train", "x_test", "y_test")
YIN_YANG_SEEDS = {"train": 42, "test": 40}  # of the published splits; 41: validation
YIN_YANG_SIZES = {"train": 5000, "test": 1000}
TEST_SHARE_DIGITS = 0.2
MOST_CLASSES = 65_536
VALIDATION_SHARE, VALIDATION_MOST = 0.1, 5000


@dataclass(frozen=True)
class Source:
    """Where the files of a published data set are, and their MD5 checksums."""

    title: str
    url: str
    files: dict[str, str]


SOURCES = {
    "mnist": Source(
        "MNIST, LeCun et al.",
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        dict(
            zip(
                IDX_FILES,
                (
                    "f68b3c2dcbeaaa9fbdd348bbdeb94873",
                    "d53e105ee54ea40749a09fcbcd1e9432",
                    "9fb629c4189551a2d022fa330f9573f3",
                    "ec29112dd5afa0611ce80d1b7f02629c",
                ),
                strict=True,
            )
        ),
    ),
    "fashion-mnist": Source(
        "Fashion-MNIST, Xiao et al. (MIT)",
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        dict(
            zip(
                IDX_FILES,
                (
                    "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
                    "25c81989df183df01b3e8a0aad5dffbe",
                    "bef4ecab320f06d8554ea6380940ec79",
                    "bb300cfdad3c16e7a12a480ee83cd310",
                ),
                strict=True,
            )
        ),
    ),
}
BUNDLED = {
    "digits": "handwritten digits 8x8 (UCI, with scikit-learn)",
    "yin-yang": "Yin-Yang, Kriener et al., generated",
}
NAMES = (*BUNDLED, *SOURCES)


@dataclass(frozen=True)
class Samples:
    """Images and their classes."""

    images: np.ndarray  # (n, n_inputs) uint8
    labels: np.ndarray  # (n,) int64

    def __len__(self) -> int:
        return len(self.labels)

    def first(self, limit: int | None) -> "Samples":
        """The first `limit` samples, or all."""
        return Samples(self.images[:limit], self.labels[:limit])


@dataclass(frozen=True)
class Dataset:
    """A data set, split; `shape` is that of one image, `name` never a path."""

    name: str
    shape: tuple[int, ...]
    n_classes: int
    train: Samples
    validation: Samples
    test: Samples

    @property
    def digest(self) -> str:
        """SHA-256 of all samples and labels, in hexadecimal."""
        found = hashlib.sha256()
        for part in (self.train, self.validation, self.test):
            found.update(np.ascontiguousarray(part.images).tobytes())
            found.update(part.labels.astype("<i8").tobytes())
        return found.hexdigest()


def load_dataset(name: str, data_dir: Path | None = None) -> Dataset:
    """A data set by name, or from an `.npz` file.

    data_dir: folder that holds a folder for each published set; where it is not
    given, the cache that `data fetch` fills. Errors: InputError for an unknown
    name, and for a file that is missing, truncated or not what it should be.
    """
    if name.endswith(".npz"):
        return _load_npz(Path(name))
    if name == "digits":
        return _load_digits()
    if name == "yin-yang":
        return _load_yin_yang()
    if name in SOURCES:
        return _load_idx(name, folder_of(name, data_dir))
    raise InputError(
        unknown_choice("the data set", name, NAMES) + ", or a file that ends in .npz"
    )


def folder_of(name: str, data_dir: Path | None) -> Path:
    """The folder of a published data set."""
    return (user_cache() / "data" if data_dir is None else data_dir) / name


def _split(name, shape, n_classes, train: Samples, test: Samples) -> Dataset:
    """Hold out the validation part: a fixed choice, whatever the seed."""
    n_validation = min(round(len(train) * VALIDATION_SHARE), VALIDATION_MOST)
    if n_validation == 0 or len(test) == 0:
        raise InputError(
            f"{name}: has {len(train)} training and {len(test)} test samples; "
            "allowed are at least 6 and 1"
        )
    order = shuffled(0, fp.RANDOM_SPLIT, 0, len(train))
    held, rest = order[:n_validation], order[n_validation:]
    return Dataset(
        name,
        tuple(shape),
        n_classes,
        Samples(train.images[rest], train.labels[rest]),
        Samples(train.images[held], train.labels[held]),
        test,
    )


def shuffled(seed: int, purpose: int, epoch: int, count: int) -> np.ndarray:
    """A permutation of `count` numbers, the same on every machine: int64."""
    keys = fp.draw_many(seed, purpose, epoch, 0, count)
    return np.argsort(keys, kind="stable")


# --- bundled and generated --------------------------------------------------------


def _load_digits() -> Dataset:
    from sklearn.datasets import load_digits  # slow to import

    pixels, labels = load_digits(return_X_y=True)  # 0..16
    images = np.rint(pixels * (255 / 16)).astype(np.uint8)
    labels = labels.astype(np.int64)
    order = shuffled(0, fp.RANDOM_SPLIT, 1, len(labels))
    n_test = round(len(labels) * TEST_SHARE_DIGITS)
    test, train = order[:n_test], order[n_test:]
    return _split(
        "digits",
        (8, 8),
        10,
        Samples(images[train], labels[train]),
        Samples(images[test], labels[test]),
    )


def _load_yin_yang() -> Dataset:
    parts = {}
    for part, seed in YIN_YANG_SEEDS.items():
        features, labels = yin_yang(YIN_YANG_SIZES[part], seed)
        parts[part] = Samples(np.rint(features * 255).astype(np.uint8), labels)
    return _split("yin-yang", (4,), 3, parts["train"], parts["test"])


def yin_yang(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Points of the Yin-Yang set (Kriener et al., arXiv 2102.08211).

    Returns features (count, 4) float64, `x, y, 1-x, 1-y` in [0, 1], and labels
    (count,) int64: 0 yin, 1 yang, 2 dot. Seeds 42, 41 and 40 give the published
    training, validation and test parts, bit for bit.
    """
    generator = np.random.RandomState(seed)
    features, labels = np.empty((count, 4)), np.empty(count, np.int64)
    for sample in range(count):
        goal = generator.randint(3)
        while True:
            x, y = generator.rand(2)
            inside = np.hypot(x - 0.5, y - 0.5) <= 0.5
            if inside and _yin_yang_class(x, y) == goal:
                break
        features[sample] = x, y, 1 - x, 1 - y
        labels[sample] = goal
    return features, labels


def _yin_yang_class(x: float, y: float) -> int:
    right, left = np.hypot(x - 0.75, y - 0.5), np.hypot(x - 0.25, y - 0.5)
    if right < 0.1 or left < 0.1:
        return 2
    yang = right <= 0.1 or 0.1 < left <= 0.25 or (y > 0.5 and right > 0.25)
    return 1 if yang else 0


# --- idx files --------------------------------------------------------------------


def _load_idx(name: str, folder: Path) -> Dataset:
    train_x, train_y, test_x, test_y = (
        read_idx(_find(name, folder, file)) for file in IDX_FILES
    )
    parts = []
    for images, labels, files in (
        (train_x, train_y, IDX_FILES[:2]),
        (test_x, test_y, IDX_FILES[2:]),
    ):
        if images.shape[1:] != IDX_SHAPE or labels.ndim != 1:
            raise InputError(
                f"{folder / files[0]}: has images of {images.shape[1:]}; {name} has "
                f"{IDX_SHAPE}"
            )
        if len(images) != len(labels):
            raise InputError(
                f"{folder}: {files[0]} has {len(images)} images, but {files[1]} has "
                f"{len(labels)} labels; fetch both again"
            )
        check_labels(labels, 10, str(folder / files[1]))
        parts.append(Samples(images.reshape(len(images), -1), labels.astype(np.int64)))
    return _split(name, IDX_SHAPE, 10, *parts)


def _find(name: str, folder: Path, file: str) -> Path:
    """The file as published, or unpacked."""
    for path in (folder / file, folder / file.removesuffix(".gz")):
        if path.is_file():
            return path
    raise InputError(
        f"{name}: {file} is not in {folder}; run `lava-sfdfa data fetch {name}`, or "
        f"give the folder that holds {name}/ with --data-dir"
    )


def read_idx(path: Path) -> np.ndarray:
    """An array of unsigned bytes from an idx file, packed with gzip or not.

    Errors: InputError for a file that cannot be read, is truncated, or is none.
    """
    try:
        content = path.read_bytes()
        if path.suffix == ".gz":
            content = gzip.decompress(content)
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(
            f"{path}: cannot be unpacked ({error}); it is truncated or damaged, "
            "fetch it again"
        ) from None
    if len(content) < 4 or content[:3] != b"\x00\x00\x08":
        raise InputError(
            f"{path}: is not an idx file of unsigned bytes; it begins with "
            f"{content[:4].hex()!r}, allowed is '000008' and the number of axes"
        )
    n_axes = content[3]
    head = 4 + 4 * n_axes
    sizes = content[4:head].ljust(4 * n_axes, b"\xff")  # cut off: impossibly large
    shape = tuple(int(size) for size in np.frombuffer(sizes, ">u4"))
    expected = head + math.prod(shape)
    if len(content) != expected:
        raise InputError(
            f"{path}: has {len(content)} bytes, but its head says {expected}; it is "
            "truncated or damaged, fetch it again"
        )
    return np.frombuffer(content, np.uint8, offset=head).reshape(shape)


# --- npz files --------------------------------------------------------------------


def _load_npz(path: Path) -> Dataset:
    arrays = _read_npz(path)
    parts, shapes = [], []
    n_classes = 0
    for part in ("train", "test"):
        images, labels = arrays[f"x_{part}"], arrays[f"y_{part}"]
        if images.ndim < 2 or 0 in images.shape:
            raise InputError(
                f"{path}: x_{part} has the shape {images.shape}; it has to be "
                "(samples, height, width) or (samples, inputs), none of them 0"
            )
        if labels.shape != (len(images),):
            raise InputError(
                f"{path}: y_{part} has the shape {labels.shape}; x_{part} has "
                f"{len(images)} samples, so it has to be ({len(images)},)"
            )
        if not np.issubdtype(labels.dtype, np.integer):
            raise InputError(
                f"{path}: y_{part} holds {labels.dtype}; classes have to be integers"
            )
        n_classes = n_classes or max(int(labels.max()) + 1, 2)
        if n_classes > MOST_CLASSES:
            raise InputError(
                f"{path}: y_{part} has the label {n_classes - 1}; allowed is up "
                f"to {MOST_CLASSES - 1}; number the classes from 0"
            )
        check_labels(labels, n_classes, f"{path}: y_{part}")
        pixels = _to_bytes(images.reshape(len(images), -1), f"{path}: x_{part}")
        parts.append(Samples(pixels, labels.astype(np.int64)))
        shapes.append(images.shape[1:])
    if shapes[0] != shapes[1]:
        raise InputError(
            f"{path}: x_train has images of {shapes[0]}, x_test of {shapes[1]}; "
            "they have to be equal"
        )
    return _split(path.name, shapes[0], n_classes, *parts)


def _read_npz(path: Path) -> dict[str, np.ndarray]:
    try:
        with path.open("rb") as handle, np.load(handle, allow_pickle=False) as file:
            if not isinstance(file, np.lib.npyio.NpzFile):
                raise ValueError("it holds one array without a name")
            missing = [name for name in NPZ_ARRAYS if name not in file.files]
            if missing:
                raise InputError(
                    f"{path}: lacks {', '.join(missing)}; it has to hold "
                    f"{', '.join(NPZ_ARRAYS)}"
                )
            return {name: file[name] for name in NPZ_ARRAYS}
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


def check_labels(labels: np.ndarray, n_classes: int, where: str) -> None:
    """Refuse labels outside 0 .. n_classes - 1, naming the first."""
    bad = np.flatnonzero((labels < 0) | (labels >= n_classes))
    if bad.size:
        raise InputError(
            f"{where}: sample {bad[0]} has the label {labels[bad[0]]}; the classes "
            f"are 0 to {n_classes - 1}"
        )


# --- state of the files -----------------------------------------------------------


def describe(name: str, data_dir: Path | None) -> dict:
    """Files of a data set, their checksums and their state, as plain data.

    state: bundled, generated, present (all checksums right), unpacked (used as it is,
    not checked), missing or damaged.
    """
    if name in BUNDLED:
        state = "bundled" if name == "digits" else "generated"
        return {"name": name, "title": BUNDLED[name], "state": state, "files": []}
    if name not in SOURCES:
        raise InputError(unknown_choice("the data set", name, NAMES))
    folder = folder_of(name, data_dir)
    files = []
    for file, expected in SOURCES[name].files.items():
        path = folder / file
        found = _md5(path) if path.is_file() else None
        if found is None:
            state = "unpacked" if path.with_suffix("").is_file() else "missing"
        else:
            state = "present" if found == expected else "damaged"
        files.append(
            {"file": str(path), "md5": expected, "found": found, "state": state}
        )
    states = {entry["state"] for entry in files}
    worst = next(
        s for s in ("damaged", "missing", "unpacked", "present") if s in states
    )
    title = SOURCES[name].title
    return {"name": name, "title": title, "state": worst, "files": files}


def _md5(path: Path) -> str:
    try:
        return hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None

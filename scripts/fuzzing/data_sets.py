"""Files of data and settings: valid ones, and what reads them."""

from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from fuzzing.formats import (
    hdf5_bytes,
    idx_bytes,
    idx_tree,
    npy_bytes,
    opened_npy,
    toml_bytes,
    zip_bytes,
)
from fuzzing.mutations import Tree, mutated_tree
from fuzzing.reader import Case
from lava_sfdfa.config import Config, read_config
from lava_sfdfa.data.datasets import as_dataset
from lava_sfdfa.data.encoding import encode
from lava_sfdfa.data.samples import Dataset
from lava_sfdfa.data.sources import IDX_FILES
from lava_sfdfa.errors import InputError
from lava_sfdfa.presets import named_config


def samples(n: int = 30) -> tuple[Any, ...]:
    """A table of two classes with names."""
    rng = np.random.RandomState(0)
    y = np.arange(n) % 2
    return rng.rand(n, 3) + y[:, None], np.array(["yes", "no"])[y]


def images(n: int = 30) -> tuple[Any, ...]:
    """Images of 4 by 4 and their classes."""
    rng = np.random.RandomState(0)
    y = np.arange(n) % 3
    return (rng.rand(n, 4, 4) * 255 * (y[:, None, None] + 1) / 3).astype(np.uint8), y


def take(data: Dataset) -> None:
    """Encode samples of a data set as its training would."""
    config = named_config(data.name, kind=data.kind)
    for part in (data.train, data.validation, data.test):
        encode(part.first(3), config)


def idx_trees(folder: Path) -> list[Tree]:
    """MNIST with ten samples."""
    x = np.arange(10 * 28 * 28).reshape(10, 28, 28).astype(np.uint8)
    y = np.arange(10).astype(np.uint8)
    return [dict(zip(IDX_FILES, map(idx_tree, (x, y, x[:3], y[:3])), strict=True))]


def encode_idx(rng: Random, tree: Tree) -> Case:
    """The files of MNIST; now and then one has more axes than numpy, or far more
    content than its head says."""
    kept = {name: parts for name, parts in tree.items() if name in IDX_FILES}
    if kept and rng.random() < 0.02:
        parts = rng.choice(list(kept.values()))
        if isinstance(parts, dict) and rng.random() < 0.5:
            n = rng.choice((33, 64, 255))
            parts |= {"axes": n, "shape": [rng.choice((0, 1))] * n, "data": b"x"}
        elif isinstance(parts, dict):
            parts["data"] = bytes(10**7)
    return {name: idx_bytes(parts) for name, parts in kept.items()}


def encode_npz(rng: Random, tree: Tree) -> Case:
    """An npz file; now and then the head of an array is damaged too."""
    tree = dict(tree)
    name = rng.choice(list(tree))
    if rng.random() < 0.3 and isinstance(tree[name], np.ndarray):
        tree[name] = mutated_tree(rng, opened_npy(tree[name]))
    files = {f"{name}.npy": npy_bytes(value) for name, value in tree.items()}
    return {"mine.npz": zip_bytes(rng, files)}


def npz_trees(folder: Path) -> list[Tree]:
    """Images, a table, and a file with x and y alone."""
    x, y = images()
    table, names = samples()
    parts = {"x_train": x, "y_train": y, "x_test": x[:6], "y_test": y[:6]}
    series = {"x": np.random.RandomState(0).rand(20, 2, 12), "y": y[:20]}
    med = {f"{part}_{what}": v for part in ("train", "val", "test")
           for what, v in (("images", x), ("labels", y[:, None]))}  # fmt: skip
    return [parts, {"x": table, "y": names}, series, med]


def event_trees(folder: Path) -> list[Tree]:
    """Recordings one after the other, in whole microseconds and as floats."""
    trees = []
    for kind in (np.int64, np.float64):
        tree: dict[str, Any] = {"shape": np.array([2, 3])}
        for part, count in (("train", 20), ("test", 6)):
            tree |= {
                f"time_us_{part}": (np.arange(2 * count) * 1000).astype(kind),
                f"index_{part}": np.arange(2 * count) % 6,
                f"offset_{part}": np.arange(0, 2 * count + 1, 2),
                f"y_{part}": np.arange(count) % 3,
            }
        trees.append(tree)
    return trees


def memory_trees(folder: Path) -> list[Tree]:
    """Recordings in memory: times, places and polarities of each, and labels."""
    rng = np.random.RandomState(0)
    tree: dict[str, Any] = {"y": np.arange(12) % 2}
    for number in range(12):
        tree[f"{number:02}"] = np.stack(
            [np.sort(rng.randint(10_000, size=5)), rng.randint(4, size=5)]
        )
    return [tree]


def read_memory(folder: Path) -> None:
    """Give recordings to the interface of Python, as structured arrays."""
    kinds = [("t", "i8"), ("x", "i8"), ("p", "i8")]
    try:
        file = dict(np.load(folder / "mine.npz", allow_pickle=False))
    except Exception as error:  # numpy's part, which is not ours here
        raise InputError(f"numpy: {error}") from None
    x: list[Any] = []
    for name, value in file.items():
        if name == "y":
            continue
        try:
            rows = np.zeros(value.shape[1], [(n, value.dtype) for n, _ in kinds])
            rows["t"], rows["x"] = value
            x.append(rows)
        except (ValueError, IndexError, TypeError, AttributeError):
            x.append(value)
    take(as_dataset((x, file.get("y"))))


def nmnist_trees(folder: Path) -> list[Tree]:
    """Recordings of N-MNIST in zip files."""
    trees: dict[str, Any] = {}
    for part, count in (("Train", 12), ("Test", 4)):
        event = bytes([3, 5, 128, 0, 10, 33, 33, 0, 1, 0])
        trees[f"{part.lower()}.zip"] = {
            f"{part}/{n % 10}/{n:05}.bin": event * (n % 4) for n in range(count)
        }
    return [trees]


def encode_nmnist(rng: Random, tree: Tree) -> Case:
    """Two zip files, or the same recordings as files; a recording may be a zip file."""
    case: Case = {}
    for name, files in tree.items():
        held = {
            n: v if isinstance(v, bytes) else str(v).encode() for n, v in files.items()
        }
        if rng.random() < 0.05:
            held["Train/1/00001.bin"] = zip_bytes(rng, dict(held))
        if rng.random() < 0.001:
            held["Train/1/00001.bin"] = bytes(5 * 10**6)
        if rng.random() < 0.05:
            case |= {n: v for n, v in held.items() if _is_plain(n)}
        else:
            case[name if _is_plain(name) else "x.zip"] = zip_bytes(rng, held)
    return case


def _is_plain(name: str) -> bool:
    """Whether a name stays in its folder."""
    parts = name.split("/")
    return (
        name.isprintable()
        and name.isascii()
        and all(0 < len(part) < 100 and part.strip(".") for part in parts)
    )


def shd_trees(folder: Path) -> list[Tree]:
    """Recordings of the Spiking Heidelberg Digits."""
    rng = np.random.RandomState(0)
    rows = [rng.randint(1, 5) for _ in range(12)]
    return [
        {
            "spikes": {
                "times": [np.sort(rng.rand(n)).astype(np.float16) for n in rows],
                "units": [rng.randint(700, size=n).astype(np.uint16) for n in rows],
            },
            "labels": np.arange(12, dtype=np.uint8) % 20,
        }
    ]


def encode_shd(rng: Random, tree: Tree) -> Case:
    """Both files, of which the first is damaged."""
    whole = hdf5_bytes(Random(0), shd_trees(Path())[0], False)
    return {"shd_train.h5": hdf5_bytes(rng, tree, False), "shd_test.h5": whole}


def toml_trees(folder: Path) -> list[Tree]:
    """Settings of a training."""
    return [
        {
            "dataset": "digits", "hidden": [30, 20], "epochs": 3, "seed": 5,
            "learning_rate": 0.02, "feedback": "sfdfa", "wake": True, "window_s": 0.1,
            "tau_synapse_s": 0.1, "tau_membrane_s": 0.2, "steps": 32,
        }
    ]  # fmt: skip


def encode_toml(rng: Random, tree: Tree) -> Case:
    """A file of settings, or one that nests far too deep or has far too many digits."""
    text = toml_bytes(tree)
    if rng.random() < 0.05:
        deep, digits = rng.choice((5, 500, 50_000)), rng.choice((20, 400, 5000))
        text += rng.choice(
            (
                b"\nepochs = " + b"[" * deep, b"\nepochs." + b"a." * deep + b"b = 1",
                b"\nhidden = " + b"{a = " * deep, b"\nepochs = 0x" + b"f" * digits,
                b"\nseed = " + b"9" * digits, b"\nlearning_rate = 0x" + b"f" * digits,
                b"\nlearning_rate = " + b"9" * digits, b"\n[" + b"a." * deep + b"b]",
                b"\nhidden = [" + b"1," * deep + b"]", b"\n[[hidden]]\n[[hidden]]",
            )
        )  # fmt: skip
    return {"run.toml": text}


def read_toml(folder: Path) -> Config:
    """The configuration that a file asks for."""
    values = read_config(folder / "run.toml")
    return named_config(values.pop("dataset", "digits"), **values)

"""The readers: small valid files of each, how they are damaged, and what reads them.

A case is the files of a folder by name. Trees of trained networks and plans carry their
digest again after they were damaged, so that what is behind the digest is reached.
"""

import functools
import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import h5py
import numpy as np

import lava_sfdfa
from fuzzing.formats import (
    LINKS,
    PLACEHOLDER,
    hdf5_bytes,
    idx_bytes,
    idx_tree,
    npy_bytes,
    opened_npy,
    signed_artifact,
    toml_bytes,
    zip_bytes,
)
from fuzzing.mutations import Tree, copied, mutated_bytes, mutated_tree
from lava_sfdfa.config import Config, read_config
from lava_sfdfa.data.datasets import as_dataset, load_dataset
from lava_sfdfa.data.encoding import encode
from lava_sfdfa.data.samples import Dataset
from lava_sfdfa.data.sources import IDX_FILES
from lava_sfdfa.deploy.compiler import noise
from lava_sfdfa.deploy.exchange.exchange import foreign_artifact, read_network
from lava_sfdfa.deploy.mapping.graph import Mode
from lava_sfdfa.deploy.plan.files import ARRAYS_NAME, JSON_NAME, read_plan
from lava_sfdfa.deploy.plan.plan import PlanContent
from lava_sfdfa.deploy.plan.report import text_report
from lava_sfdfa.deploy.run.simulate import Simulator
from lava_sfdfa.engine.engine import Engine
from lava_sfdfa.errors import InputError
from lava_sfdfa.hdf5.reader import read_bytes
from lava_sfdfa.model import Model
from lava_sfdfa.network.artifact import Artifact, load_artifact
from lava_sfdfa.network.content import NAME
from lava_sfdfa.presets import named_config
from lava_sfdfa.reference.artifact import load_float
from lava_sfdfa.reference.config import paper_config
from lava_sfdfa.training.display import Silence
from lava_sfdfa.training.floating import evaluate_float, train_float

Case = dict[str, bytes]
TRIES = 10  # mutations that a format cannot hold before the plain bytes are damaged


@dataclass
class Reader:
    """One reader.

    make: writes valid files into a folder and gives their trees; encode: a tree as the
    files of a case; read: reads and uses what is in a folder; hdf5: whether trees may
    have links; limit_s: what a case may take, with the limit of the process for HDF5.
    """

    make: Callable[[Path], list[Tree]]
    encode: Callable[[Random, Tree], Case]
    read: Callable[[Path], Any]
    hdf5: bool = False
    trees: list[Tree] = field(default_factory=list)
    valid: list[Case] = field(default_factory=list)

    @property
    def limit_s(self) -> float:
        """What a case may take: 2 s, and as much again for the process of HDF5."""
        return 4.0 if self.hdf5 else 2.0

    def prepare(self) -> None:
        """Make the valid files. Errors: AssertionError where one cannot be read."""
        with tempfile.TemporaryDirectory() as folder:
            self.trees = self.make(Path(folder))
        self.valid = [self.encode(Random(0), copied(tree)) for tree in self.trees]
        for case in self.valid:
            with tempfile.TemporaryDirectory() as folder:
                write(Path(folder), case)
                self.read(Path(folder))

    def case(self, name: str, seed: int, number: int) -> Case:
        """The case of a number: the same for the same seed and files."""
        rng = Random(f"{name} {seed} {number}")
        if rng.random() < 0.7:
            for _ in range(TRIES):
                try:
                    return self._damaged(rng, self._from_tree(rng), 0.1)
                except Exception:  # no file can hold it
                    continue
        return self._damaged(rng, dict(rng.choice(self.valid)), 1.0)

    def _from_tree(self, rng: Random) -> Case:
        tree = mutated_tree(rng, rng.choice(self.trees))
        if self.hdf5 and rng.random() < 0.03:
            holder = rng.choice(
                [tree, *(v for v in tree.values() if isinstance(v, dict))]
            )
            holder["x"] = rng.choice(LINKS)
        return self.encode(rng, tree)

    def _damaged(self, rng: Random, case: Case, share: float) -> Case:
        """With one file damaged in its bytes, in so many of the cases."""
        if case and rng.random() < share:
            chosen = rng.choice(list(case))
            others = [c[chosen] for c in self.valid if chosen in c]
            case[chosen] = mutated_bytes(rng, case[chosen], others)
        return case


def write(folder: Path, case: Case) -> None:
    """The files of a case."""
    for name, content in case.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


# --- networks ----------------------------------------------------------------------

SMALL: dict[str, Any] = {"hidden": [3], "epochs": 1, "steps": 16}


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


@functools.cache
def models() -> list[Model]:
    """A network of images, and one of a table with two hidden layers."""
    settings = {**SMALL, "weight_init": 2.0, "threshold_hidden": 0.1}
    return [
        lava_sfdfa.train(images(), **settings),
        lava_sfdfa.train(samples(), **{**settings, "hidden": [3, 2]}),
    ]


def use(artifact: Artifact) -> None:
    """Show what an artifact holds, classify a sample, and learn one."""
    Model(artifact).info().to_json()
    engine = Engine(artifact.network, artifact.rates, artifact.n_learned)
    part = encode(noise(artifact).train.first(1), artifact.config)
    engine.classify(part.events)
    if not artifact.no_rule:
        engine.learn(part.events, part.labels, np.array([0]))
        engine.network()


def file_tree(group: Any, attributes: bool) -> Tree:
    """What an open HDF5 file holds, as `hdf5_bytes` writes it."""
    tree: dict[str, Any] = {}
    for name, entry in group.items():
        is_group = isinstance(entry, h5py.Group)
        tree[name] = file_tree(entry, attributes) if is_group else entry[()]
    if attributes:
        for name, value in group.attrs.items():
            tree[name] = value.item() if isinstance(value, np.generic) else value
    return tree


def artifact_trees(folder: Path) -> list[Tree]:
    """Artifacts with a placeholder for the digest."""
    trees = []
    for model in models():
        model.save(folder / NAME)
        with h5py.File(folder / NAME) as file:
            trees.append({**file_tree(file, True), "digest": PLACEHOLDER})
    return trees


def encode_artifact(rng: Random, tree: Tree) -> Case:
    """The file of an artifact of either kind."""
    return {NAME: signed_artifact(rng, tree)}


def read_artifact(folder: Path) -> None:
    """Read and use an artifact."""
    use(load_artifact(folder / NAME))


def float_trees(folder: Path) -> list[Tree]:
    """Networks in floating point, of digits and of two hidden layers."""
    trees = []
    data = as_dataset(images())
    for hidden in ((3,), (3, 2)):
        config = paper_config("arrays", hidden=hidden, epochs=1, batch=5)
        train_float(data, config, folder, Silence())
        with h5py.File(folder / NAME) as file:
            trees.append({**file_tree(file, True), "digest": PLACEHOLDER})
    return trees


def read_float(folder: Path) -> None:
    """Read a network in floating point and classify samples."""
    artifact = load_float(folder / NAME)
    if artifact is None:
        return read_artifact(folder)
    artifact.digest, artifact.source, artifact.sizes  # noqa: B018
    json.dumps({name: np.asarray(c).tolist() for name, c in artifact.record.items()})
    data = noise(artifact)  # type: ignore[arg-type]
    if len(artifact.shape) and np.prod(artifact.shape) == artifact.sizes[0]:
        data = Dataset(data.name, artifact.shape, 1, data.train, data.train, data.train)
        evaluate_float(artifact, data, 2)
    return None


# --- plans -------------------------------------------------------------------------


def plan_trees(folder: Path) -> list[Tree]:
    """Plans for inference and learning, on both chips."""
    trees = []
    image, table = models()
    cases: list[tuple[Model, Mode, str]] = [
        (image, "learning", "oheo-gulch"),
        (table, "inference", "oheo-gulch"),
        (image, "inference", "kapoho-bay"),
    ]
    for model, mode, board in cases:
        plan = model.compile(board=board, mode=mode)
        plan.save(folder)
        facts = json.loads((folder / JSON_NAME).read_text())
        facts["digest"] = PLACEHOLDER
        trees.append({"facts": facts, "arrays": dict(plan.content.arrays)})
    return trees


def encode_plan(rng: Random, tree: Tree) -> Case:
    """Both files of a plan, with the digest of what they hold."""
    facts = tree.get("facts", {})
    arrays = hdf5_bytes(rng, tree.get("arrays", {}), False)
    text = json.dumps(facts)
    if isinstance(facts, dict) and facts.get("digest") == PLACEHOLDER:
        try:
            held = json.loads(text)
            for name in ("format", "version", "digest"):
                held.pop(name, None)
            digest = PlanContent(held, read_bytes(arrays, "x", "x").entries).digest
            text = text.replace(PLACEHOLDER, digest)
        except Exception:  # refused before the digest is looked at
            pass
    return {JSON_NAME: text.encode("utf-8", "replace"), ARRAYS_NAME: arrays}


def run_plan(folder: Path) -> None:
    """Read a plan, say what it holds, and run a sample as it is placed."""
    content = read_plan(folder)
    plan = lava_sfdfa.load_plan(folder)
    text_report(plan.report)
    simulator = Simulator(content)
    grey = noise(content).train.first(1)  # type: ignore[arg-type]
    part = encode(grey, content.config)
    if content.mode == "learning":
        simulator.learn(part.events, part.labels, np.array([0]))
    else:
        simulator.classify(part.events, np.array([0]))


# --- files of other tools -----------------------------------------------------------


def exchanged(folder: Path, name: str) -> Tree:
    """The tree of a network in the format of another tool."""
    path = folder / name
    models()[0].export(path)
    with h5py.File(path) as file:
        return file_tree(file, False)


def foreign_graph() -> Tree:
    """A graph of NIR that another tool made."""
    ones = np.ones(4)
    cuba = {
        "type": b"CubaLIF", "tau_syn": 5e-4 * ones, "tau_mem": 2e-3 * ones,
        "r": 20 * ones, "v_leak": 0 * ones, "v_reset": 0 * ones,
        "v_threshold": 1.5 * ones, "w_in": 5 * ones,
    }  # fmt: skip
    lif = {"type": b"LIF", "tau": 2e-3 * ones, "r": 20 * ones, "v_leak": 0 * ones,
           "v_reset": 0 * ones, "v_threshold": 1.5 * ones}  # fmt: skip
    rng = np.random.RandomState(0)
    nodes = {
        "input": {"type": b"Input", "shape": np.array([6])},
        "a": {"type": b"Linear", "weight": rng.normal(size=(4, 6))},
        "b": cuba,
        "c": {"type": b"Affine", "weight": rng.normal(size=(4, 4)), "bias": 0 * ones},
        "d": lif,
        "output": {"type": b"Output", "shape": np.array([4])},
    }
    names = list(nodes)
    edges = np.array(list(pairwise(names)), "S")
    return {
        "version": b"1.0.8",
        "node": {"type": b"NIRGraph", "nodes": nodes, "edges": edges},
    }


def nir_trees(folder: Path) -> list[Tree]:
    """A graph of ours, where the package nir is there, and one of another tool."""
    try:
        return [foreign_graph(), exchanged(folder, "a.nir")]
    except lava_sfdfa.BackendError:
        return [foreign_graph()]


def read_foreign(path: Path, format_: Any) -> None:
    """Import a network and use it."""
    imported = read_network(path, format_, 1e-4)
    use(imported.own or foreign_artifact(imported, None, {}))


# --- data --------------------------------------------------------------------------


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
        except (ValueError, IndexError, TypeError):
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


READERS: dict[str, Reader] = {
    "artifact": Reader(artifact_trees, encode_artifact, read_artifact, hdf5=True),
    "float": Reader(float_trees, encode_artifact, read_float, hdf5=True),
    "plan": Reader(plan_trees, encode_plan, run_plan, hdf5=True),
    "netx": Reader(
        lambda folder: [exchanged(folder, "a.net")],
        lambda rng, tree: {"a.net": hdf5_bytes(rng, tree, False)},
        lambda folder: read_foreign(folder / "a.net", "netx"),
        hdf5=True,
    ),
    "nir": Reader(
        nir_trees,
        lambda rng, tree: {"a.nir": hdf5_bytes(rng, tree, False)},
        lambda folder: read_foreign(folder / "a.nir", "nir"),
        hdf5=True,
    ),
    "idx": Reader(idx_trees, encode_idx, lambda f: take(load_dataset("mnist", f))),
    "npz": Reader(
        npz_trees, encode_npz, lambda f: take(load_dataset(str(f / "mine.npz")))
    ),
    "nmnist": Reader(
        nmnist_trees, encode_nmnist, lambda f: take(load_dataset("nmnist", f))
    ),
    "shd": Reader(
        shd_trees, encode_shd, lambda f: take(load_dataset("shd", f)), hdf5=True
    ),
    "toml": Reader(toml_trees, encode_toml, read_toml),
    "events": Reader(
        event_trees, encode_npz, lambda f: take(load_dataset(str(f / "mine.npz")))
    ),
    "memory": Reader(memory_trees, encode_npz, read_memory),
}

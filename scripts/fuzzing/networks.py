"""Files of networks and plans, of ours and of other tools: valid ones, and their use.

Trees of artifacts and plans carry their digest again after they were damaged, so that
what is behind the digest is reached.
"""

import functools
import json
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import h5py
import numpy as np

import lava_sfdfa
from fuzzing.data_sets import images, samples
from fuzzing.formats import (
    PLACEHOLDER,
    hdf5_bytes,
    signed_artifact,
)
from fuzzing.mutations import Tree
from fuzzing.reader import Case
from lava_sfdfa.data.datasets import as_dataset
from lava_sfdfa.data.encoding import encode
from lava_sfdfa.data.samples import Dataset
from lava_sfdfa.deploy.compiler import noise
from lava_sfdfa.deploy.exchange.exchange import foreign_artifact, read_network
from lava_sfdfa.deploy.mapping.graph import Mode
from lava_sfdfa.deploy.plan.files import ARRAYS_NAME, JSON_NAME, read_plan
from lava_sfdfa.deploy.plan.plan import PlanContent
from lava_sfdfa.deploy.plan.report import text_report
from lava_sfdfa.deploy.run.simulate import Simulator
from lava_sfdfa.engine.encode import encode_for
from lava_sfdfa.engine.engine import Engine
from lava_sfdfa.hdf5.reader import read_bytes
from lava_sfdfa.model import Model
from lava_sfdfa.network.artifact import Artifact, load_artifact
from lava_sfdfa.network.content import NAME
from lava_sfdfa.reference.artifact import load_float
from lava_sfdfa.reference.config import paper_config
from lava_sfdfa.training.display import Silence
from lava_sfdfa.training.floating import evaluate_float, train_float

# --- artifacts ----------------------------------------------------------------------

SMALL: dict[str, Any] = {"hidden": [3], "epochs": 1, "steps": 16}


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
    part = encode_for(artifact.network, noise(artifact).train.first(1), artifact.config)
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


def foreign_images() -> Tree:
    """A netx file with a layer of each kind."""
    cuba = {
        "type": b"CUBA", "iDecay": 4096, "vDecay": 128, "vThMant": 40, "refDelay": 1,
        "gradedSpike": False,
    }  # fmt: skip
    window = {"padding": np.zeros(2, np.int64), "dilation": np.ones(2, np.int64)}
    rng = np.random.RandomState(0)

    def some(*shape: int) -> Any:
        return rng.randint(-40, 60, shape).astype(np.float32)

    layers = [
        {"type": b"input", "shape": np.array([2, 6, 5]), "weight": 64.0, "bias": 1.0},
        {
            "type": b"conv", "shape": np.array([4, 4, 4]), "groups": 2, **window,
            "kernelSize": np.array([3, 2]), "stride": np.ones(2, np.int64),
            "weight": some(4, 1, 3, 2), "bias": some(4),
        },
        {
            "type": b"pool", "shape": np.array([4, 2, 2]), **window, "stride": 2,
            "kernelSize": np.array([2, 2]), "weight": np.full((2, 2), 64.0),
        },
        {"type": b"flatten", "shape": np.array([16, 1, 1])},
        {"type": b"dense", "shape": np.array([5]), "weight": some(5, 16)},
        {"type": b"dense", "shape": np.array([3]), "weight": some(3, 5)},
    ]  # fmt: skip
    for layer in layers:
        if layer["type"] != b"flatten":
            layer["neuron"] = dict(cuba)
    return {
        "layer": {str(number): layer for number, layer in enumerate(layers)},
        "simulation": {"Ts": 1, "tSample": 16},
    }


def nir_trees(folder: Path) -> list[Tree]:
    """A graph of ours, where the package nir is there, and one of another tool."""
    try:
        return [foreign_graph(), exchanged(folder, "a.nir")]
    except lava_sfdfa.BackendError:
        return [foreign_graph()]


def read_foreign(path: Path, format_: Any) -> None:
    """Import a network and use it."""
    imported = read_network(path, format_)
    use(imported.own or foreign_artifact(imported, None, {}))

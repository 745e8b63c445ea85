"""NIR graphs, out and in, with the package nir."""

import dataclasses
import json
import re
from itertools import pairwise

import h5py
import nir
import numpy as np
import pytest
from small import random_samples, small_config, small_network

from lava_sfdfa.data.events import Events
from lava_sfdfa.deploy.exchange.exchange import read_network
from lava_sfdfa.deploy.exchange.nir import make_graph, write_nir
from lava_sfdfa.deploy.exchange.nir_layers import read_nir
from lava_sfdfa.deploy.exchange.nir_step import STEP_S
from lava_sfdfa.deploy.exchange.use_alone import for_use_alone
from lava_sfdfa.engine.engine import Engine
from lava_sfdfa.engine.front import through_front
from lava_sfdfa.errors import InputError
from lava_sfdfa.network.artifact import Artifact
from lava_sfdfa.network.frozen import FrozenLayer, dense_layer, dense_weights


@pytest.fixture
def artifact():
    """After some learning, so that nothing is at its start value."""
    config = small_config(hidden=(12, 8))
    engine = Engine(small_network(config))
    events, labels = random_samples(config, 12)
    engine.learn(events, labels, np.arange(12))
    rates = tuple(state.rate.copy() for state in engine.states[:-1])
    record = {"train_accuracy": np.array([0.25]), "val_accuracy": np.array([0.5])}
    return Artifact(config, "0", (4, 5), engine.network(), rates, 12, record, {"a": 1})


def same(a: FrozenLayer, b: FrozenLayer) -> bool:
    """Whether two layers are one, however a dense one calls the image that it reads."""
    numbers = [(x.du, x.dv, x.vth, x.n_pre, *x.biases) for x in (a, b)]
    return np.array_equal(dense_weights(a), dense_weights(b)) and (
        numbers[0] == numbers[1]
    )


def test_our_graph_comes_back_with_the_same_digest(tmp_path, artifact):
    write_nir(tmp_path / "a.nir", artifact)
    for step_s in (STEP_S, 1e-3):  # that of other tools does not matter
        imported = read_network(tmp_path / "a.nir", "nir", step_s)
        assert imported.own.digest == artifact.digest and imported.notes == []
        assert imported.own.provenance == artifact.provenance


def test_a_network_for_use_alone_comes_back(tmp_path, artifact):
    layers = artifact.network.as_frozen
    alone = for_use_alone(layers, artifact.config, None, "nobody told it how")
    write_nir(tmp_path / "a.nir", alone)
    own = read_network(tmp_path / "a.nir", "nir", STEP_S).own
    assert own.digest == alone.digest and own.no_rule == "nobody told it how"


def with_metadata(path, change):
    """The file after a change of what our metadata say."""
    with h5py.File(path, "r+") as file:
        said = json.loads(file["node/metadata/lava_sfdfa"][()])
        change(said)
        del file["node/metadata/lava_sfdfa"]
        file["node/metadata/lava_sfdfa"] = json.dumps(said)
    return read_network(path, "nir", STEP_S)


def layer_said(number, **changes):
    return lambda said: said["content"]["layers"][str(number)].update(changes)


DAMAGED = "they are damaged, or of another version"
FLAT = {"dtype": "<i4", "values": [1, 2]}


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda said: said.pop("step_s"), "'step_s' is missing"),
        (lambda said: said.update(step_s=1), "step_s is 1, not 0.0001"),
        (lambda said: said.pop("digest"), "'digest' is missing"),
        (lambda said: said.update(content=3), DAMAGED),
        (lambda said: said["content"].pop("config"), "'config' is missing"),
        (lambda said: said["content"].pop("n_learned"), "'n_learned' is missing"),
        (
            lambda said: said["content"]["layers"].pop("2"),
            "they have 2 layers, the gra",
        ),
        (
            lambda said: said["content"]["config"].update(seed=-1),
            "seed must be between",
        ),
        (lambda said: said["content"]["config"].update(who=1), "not 'who'"),
        (
            lambda said: said["content"]["network"].update(steps="9"),
            "steps must be an i",
        ),
        (lambda said: said["content"]["network"].update(steps=9), "below steps, 9"),
        (
            lambda said: said["content"]["network"].update(loss="x"),
            "loss must be one of",
        ),
        (
            lambda said: said["content"].update(n_learned=-2),
            "n_learned must be between",
        ),
        (layer_said(0, impulse=999), "impulse has 999"),
        (layer_said(0, impulse=1.5), "impulse must be an integer"),
        (layer_said(0, x1_tau=0), "x1_tau must be between"),
        (
            layer_said(0, rate=FLAT),
            r"rate must be int32 of the shape \(12\)",
        ),
        (layer_said(0, feedback=FLAT), "feedback must be int8 of the shape"),
        (layer_said(0, feedback={"dtype": "x", "values": []}), DAMAGED),
        (layer_said(1, tag_scale=[1, 2]), "tag_scale must be int64"),
        (lambda said: said.update(provenance={"dataset": 3}), "provenance must be"),
    ],
)
def test_metadata_that_are_not_whole_are_not_used(change, why, tmp_path, artifact):
    write_nir(tmp_path / "a.nir", artifact)
    imported = with_metadata(tmp_path / "a.nir", change)
    assert imported.own is None and len(imported.notes) == 1
    assert re.search(rf"do not describe this graph \(.*{why}", imported.notes[0])
    assert all(map(same, imported.layers, artifact.network.as_frozen))


def test_other_weights_in_our_graph_are_taken_as_they_are(tmp_path, artifact):
    path = tmp_path / "a.nir"
    write_nir(path, artifact)
    with h5py.File(path, "r+") as file:
        file["node/nodes/linear1/weight"][0, 0] += 1
    imported = read_network(path, "nir", STEP_S)
    assert imported.notes == [
        "the graph was changed since its export; it is taken as it is now"
    ]
    change = imported.own.network.layers[1].weights - artifact.network.layers[1].weights
    assert change[0, 0] == 1 and np.count_nonzero(change) == 1


def test_the_graph_is_the_network_in_euler_steps(artifact):
    """Our recursion by the equations of NIR: u and v, one step of 0.1 ms each."""
    graph = make_graph(artifact)
    for number, layer in enumerate(artifact.network.layers):
        lif = graph.nodes[f"lif{number}"]
        np.testing.assert_array_equal(
            graph.nodes[f"linear{number}"].weight, layer.weights
        )
        current, voltage = 7.0, 11.0
        new_current = current + STEP_S / lif.tau_syn * (-current + lif.w_in * 3.0)
        new_voltage = voltage + STEP_S / lif.tau_mem * (-voltage + lif.r * new_current)
        # float64 throughout; the products are below 100, so 1e-9 is far above rounding
        u = current * (4096 - layer.du - 1) / 4096 + 3.0
        np.testing.assert_allclose(new_current, u, rtol=1e-9)
        v = voltage * (4096 - layer.dv) / 4096 + u
        np.testing.assert_allclose(new_voltage, v, rtol=1e-9)
        assert (lif.v_threshold == layer.vth).all() and (lif.v_reset == 0).all()


def foreign(weights=None, second=None, **changes):
    """A graph as another tool writes it: floats, an Affine with bias 0, a Flatten."""
    rng = np.random.RandomState(0)
    ones = np.ones(4)
    values = {
        "tau_syn": 5e-3 * ones, "tau_mem": 20e-3 * ones, "r": 20 * ones,
        "v_leak": 0 * ones, "v_threshold": 1.5 * ones, "w_in": 5 * ones, **changes,
    }  # fmt: skip
    weights = rng.normal(size=(4, 6)) if weights is None else weights
    last = nir.CubaLIF(**{name: value[:2] for name, value in values.items()})
    nodes = {
        "input": nir.Input({"input": np.array([6])}),
        "a": nir.Affine(weights, np.zeros(4)),
        "b": nir.CubaLIF(**values),
        "c": nir.Linear(rng.normal(size=(2, 4))),
        "d": second or last,
        "output": nir.Output({"output": np.array([2])}),
    }
    names = list(nodes)
    return nir.NIRGraph(nodes, list(pairwise(names)))


def test_a_foreign_graph_is_rounded_to_eight_bits(tmp_path):
    """1 ms steps: the gain (1/5 * 5) * (1/20 * 20) is 1, the largest weight is 127."""
    graph = foreign()
    nir.write(tmp_path / "a.nir", graph)
    layers, metadata, notes = read_nir(tmp_path / "a.nir", step_s=1e-3)
    weights = graph.nodes["a"].weight
    scale = 127 / np.abs(weights).max()
    wanted = np.rint(weights * scale)
    np.testing.assert_array_equal(dense_weights(layers[0]), wanted)
    assert metadata == {} and len(notes) == 2 and "rounded to 8 bits" in notes[0]
    assert (layers[0].du, layers[0].dv) == (round(4096 / 5) - 1, round(4096 / 20))
    assert layers[0].vth == round(1.5 * scale)


def test_a_foreign_graph_of_integers_is_kept(tmp_path):
    weights = np.random.RandomState(1).randint(-128, 128, (4, 6)).astype(float)
    nir.write(tmp_path / "a.nir", foreign(weights, v_threshold=300 * np.ones(4)))
    layers, _, notes = read_nir(tmp_path / "a.nir", step_s=1e-3)
    np.testing.assert_array_equal(dense_weights(layers[0]), weights)
    assert layers[0].vth == 300 and len(notes) == 1


@pytest.mark.parametrize(
    ("graph", "sentence"),
    [
        (lambda: foreign(v_reset=np.ones(4)), "node 'b': v_reset is from 1 to 1"),
        (
            lambda: foreign(tau_syn=np.arange(1, 5) * 1e-3),
            "node 'b': tau_syn is from 0.001 to 0.004; allowed is one for all",
        ),
        (
            lambda: foreign(tau_syn=1e-4 * np.ones(4)),
            "node 'b': tau_syn is 0.0001 s; allowed is a step or more, 0.001 s",
        ),
    ],
)
def test_what_cannot_be_taken_over_is_named(graph, sentence, tmp_path):
    nir.write(tmp_path / "a.nir", graph())
    with pytest.raises(InputError, match=sentence):
        read_nir(tmp_path / "a.nir", step_s=1e-3)


def test_loops_and_other_files_are_refused(tmp_path):
    graph = foreign()
    graph.nodes["loop"] = nir.Linear(np.ones((4, 4)))
    graph.edges += [("b", "loop"), ("loop", "b")]
    nir.write(tmp_path / "a.nir", graph)
    with pytest.raises(InputError, match="node 'b' is recurrent: its output comes"):
        read_nir(tmp_path / "a.nir")
    (tmp_path / "b.nir").write_text("no graph")
    with pytest.raises(InputError, match="cannot be read as a NIR graph"):
        read_nir(tmp_path / "b.nir")


def test_layers_survive_a_tool_that_forgets_the_metadata(tmp_path, artifact):
    write_nir(tmp_path / "a.nir", artifact)
    graph = nir.read(tmp_path / "a.nir")
    graph.metadata = {}
    nir.write(tmp_path / "b.nir", graph)
    layers, metadata, notes = read_nir(tmp_path / "b.nir")
    assert (
        metadata == {} and len(notes) == 1 and "the time step is 0.0001 s" in notes[0]
    )
    assert all(map(same, layers, artifact.network.as_frozen))


# --- frozen layers ----------------------------------------------------------------


def kernel(*shape):
    return np.random.RandomState(sum(shape)).randint(-40, 70, shape).astype(np.int8)


def bias(n):
    return (np.arange(-2, n - 2) * 640).astype(np.int32)


def fronts():
    """Frozen layers for samples of 6 x 8 in two channels, which end in 20 neurons."""
    last = FrozenLayer(kernel(20, 3, 4, 4), (3, 4, 4), 1023, 100, 90, bias(20))
    grouped = FrozenLayer(
        kernel(4, 3, 3, 1), (6, 8, 2), 4095, 0, 90, bias(4), (2, 2), (1, 1),
        groups=2, channels_first=True,
    )  # fmt: skip
    plain = FrozenLayer(kernel(4, 3, 3, 2), (6, 8, 2), 4095, 205, 300, None, (2, 2),
                        (1, 1))  # fmt: skip
    return {
        "convolution with channels first, dense": (grouped, last),
        "convolution with channels last": (
            plain, dataclasses.replace(last, bias=np.zeros(20, np.int32))
        ),
        "dense layers": (
            dense_layer(kernel(30, 96), 500, 90, 200),
            dense_layer(kernel(20, 30), 4095, 0, 200, bias(20)),
        ),
        "dense of an image": (
            FrozenLayer(kernel(20, 6, 8, 2), (6, 8, 2), 4095, 9, 200,
                        channels_first=True),
        ),
        "convolution, learning layers": (
            FrozenLayer(kernel(5, 5, 5, 2), (6, 8, 2), 900, 9, 700, dilation=(1, 1),
                        padding=(0, 0), stride=(1, 2), channels_first=True),
        ),
    }  # fmt: skip


@pytest.mark.parametrize("name", fronts())
def test_a_network_with_frozen_layers_comes_back(name, tmp_path):
    """The same digest by the metadata; the same spikes without them."""
    front = fronts()[name]
    config = small_config(hidden=(12,))
    network = small_network(config, n_inputs=front[-1].n_post)
    first = dataclasses.replace(network.layers[0], bias=bias(12))
    network = dataclasses.replace(
        network, front=front, layers=(first, network.layers[1])
    )
    rates = (np.zeros(12, np.int32),)
    whole = Artifact(config, "0", (2, 6, 8), network, rates, 0, {}, {"a": 1})
    path = tmp_path / "a.nir"
    write_nir(path, whole)
    imported = read_network(path, "nir")
    assert imported.own is not None and imported.notes == []
    assert imported.own.digest == whole.digest
    nir.read(path)  # its own checks of shapes
    graph = nir.read(path)
    graph.metadata = {}
    nir.write(tmp_path / "b.nir", graph)
    layers, _, _ = read_nir(tmp_path / "b.nir")
    x = np.random.RandomState(0).rand(5, 24, 2, 6, 8) < 0.2
    for number in range(len(layers)):
        sent = [
            through_front(which[: number + 1], as_events(shown), 24)
            for which, shown in (
                (network.as_frozen, in_order(x, front[0])), (layers, x)
            )
        ]  # fmt: skip
        assert sent[0].counts.sum() > 20
        np.testing.assert_array_equal(sent[0].counts, sent[1].counts)
        for sample in range(5):
            np.testing.assert_array_equal(
                np.sort(sent[0].inputs_of(sample)), np.sort(sent[1].inputs_of(sample))
            )


def in_order(x, first):
    """Samples as a network is shown them: a convolution may count channels last."""
    if first.channels_first or first.is_dense:
        return x
    return np.moveaxis(x, 2, 4)


def as_events(x):
    x = x.reshape(*x.shape[:2], -1)
    counts = x.sum(axis=2).astype(np.int32)
    offset = np.concatenate([[0], np.cumsum(counts.sum(axis=1))]).astype(np.int64)
    return Events(np.nonzero(x)[2].astype(np.uint16), counts, offset, x.shape[2])


def test_what_nir_cannot_say_is_refused(artifact):
    layer = dataclasses.replace(artifact.network.layers[0], du=9, dv=0)
    network = dataclasses.replace(
        artifact.network, layers=(layer, *artifact.network.layers[1:])
    )
    with pytest.raises(InputError, match="layer 0 has dv 0 and du 9"):
        make_graph(dataclasses.replace(artifact, network=network))


def test_neurons_are_of_the_simplest_kind(artifact):
    first, second, last = artifact.network.layers
    layers = (
        dataclasses.replace(first, du=4095),
        dataclasses.replace(second, du=4095, dv=0), last,
    )  # fmt: skip
    network = dataclasses.replace(artifact.network, layers=layers)
    nodes = make_graph(dataclasses.replace(artifact, network=network)).nodes
    kinds = [type(nodes[f"lif{number}"]).__name__ for number in range(3)]
    assert kinds == ["LIF", "IF", "CubaLIF"]

"""NIR files as other tools and accidents make them; h5py alone writes and reads them.

What the package nir writes and what it reads of ours: `extras/test_nir.py`.
"""

from itertools import pairwise

import h5py
import numpy as np
import pytest
from command_line import call, last_json
from nir_graphs import write

import lava_sfdfa as ls
from lava_sfdfa.deploy.exchange.nir_layers import read_nir
from lava_sfdfa.errors import InputError
from lava_sfdfa.network.frozen import dense_weights

ZEROS, ONES = np.zeros(4), np.ones(4)
CUBA = {
    "type": "CubaLIF", "tau_syn": 5e-4 * ONES, "tau_mem": 2e-3 * ONES, "r": 20 * ONES,
    "v_leak": ZEROS, "v_reset": ZEROS, "v_threshold": 1.5 * ONES, "w_in": 5 * ONES,
}  # fmt: skip
LIF = {
    "type": "LIF", "tau": 2e-3 * ONES, "r": 20 * ONES, "v_leak": ZEROS,
    "v_reset": ZEROS, "v_threshold": 1.5 * ONES,
}  # fmt: skip


def graph(**changes):
    """Nodes of a graph of 6-4-4 in steps of 0.1 ms; a change is a node, or
    `node__field`, and None takes it out."""
    rng = np.random.RandomState(0)
    nodes = {
        "input": {"type": "Input", "shape": np.array([6])},
        "a": {"type": "Linear", "weight": rng.normal(size=(4, 6))},
        "b": dict(CUBA),
        "c": {"type": "Affine", "weight": rng.normal(size=(4, 4)), "bias": ZEROS},
        "d": dict(CUBA),
        "output": {"type": "Output", "shape": np.array([4])},
    }
    for name, value in changes.items():
        node, _, field = name.partition("__")
        where, key = (nodes[node], field) if field else (nodes, node)
        where[key] = value
        if value is None:
            del where[key]
    return nodes


def test_a_plain_lif_is_a_cuba_lif_that_forgets_its_current(tmp_path):
    """1/20 of v is lost in a step, and 20 * 1/20 of the input enters it."""
    nodes = graph(b=LIF, d=LIF)
    first, _ = read_nir(write(tmp_path, nodes))[0]
    scale = 127 / np.abs(nodes["a"]["weight"]).max()
    wanted = np.rint(nodes["a"]["weight"] * scale)
    np.testing.assert_array_equal(dense_weights(first), wanted)
    assert (first.du, first.dv, first.vth) == (4095, 205, round(1.5 * scale))


def test_a_plain_lif_spikes_as_its_equation_says(tmp_path):
    """Whole weights, so that nothing is rounded but the decay of v, which is exact."""
    weights = np.random.RandomState(1).randint(-40, 90, (4, 6)).astype(float)
    exact = {**LIF, "tau": 1.6e-3 * ONES, "r": 16 * ONES, "v_threshold": 70 * ONES}
    nodes = graph(a__weight=weights, b=exact, d=exact)
    layer = read_nir(write(tmp_path, nodes))[0][0]
    np.testing.assert_array_equal(dense_weights(layer), weights)
    assert (layer.dv, layer.vth) == (256, 70)
    spikes = np.random.RandomState(2).rand(50, 6) < 0.3
    v, kept, found, wanted = np.zeros(4), np.zeros(4, np.int64), [], []
    for step in spikes:
        v += 1 / 16 * (16 * (weights @ step) - v)
        wanted.append(v > 70)
        v[v > 70] = 0
        # Lava's LIF: u is the input alone, since (4096 - du - 1) / 4096 is 0
        u = (dense_weights(layer).astype(np.int64) @ step) << 6
        kept = np.sign(kept) * (np.abs(kept) * (4096 - layer.dv) >> 12) + u
        found.append(kept > layer.vth << 6)
        kept[kept > layer.vth << 6] = 0
    assert np.sum(wanted) > 10
    np.testing.assert_array_equal(found, wanted)


def test_a_membrane_without_memory_gets_the_most_that_the_chip_holds(tmp_path):
    layers, _, notes = read_nir(write(tmp_path, graph(b__tau_mem=1e-4 * ONES)))
    assert layers[0].dv == 4095
    assert any("node 'b': dv 4096 became 4095, the most" in note for note in notes)


def test_a_high_threshold_takes_bits_from_the_weights(tmp_path):
    """127 units of the largest weight would put the threshold beyond its 17 bits."""
    nodes = graph(b__v_threshold=3000 * ONES)
    largest = np.abs(nodes["a"]["weight"]).max()
    layers, _, notes = read_nir(write(tmp_path, nodes))
    assert layers[0].vth == 131071
    assert (
        np.abs(dense_weights(layers[0])).max() == round(131071 / 3000 * largest) < 127
    )
    assert "the most that the chip holds; is the step" in notes[1]


@pytest.mark.parametrize("shape", [[64, 1, 4], [1, 1, 4], [4], [2, 2]])
def test_the_shape_of_the_output_may_name_batch_and_time(shape, tmp_path):
    assert len(read_nir(write(tmp_path, graph(output__shape=np.array(shape))))[0]) == 2


def with_value(shape, value):
    values = np.ones(shape)
    values.flat[-1] = value
    return values


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"a__weight": with_value((4, 6), np.nan)}, "node 'a': weight holds nan, in 1"),
        ({"a__weight": with_value((4, 6), -np.inf)}, "node 'a': weight holds -inf"),
        ({"a__weight": np.zeros((0, 6))}, r"node 'a': weight has the shape \(0, 6\)"),
        ({"a__weight": "heavy"}, "node 'a': weight holds text; allowed are numbers"),
        ({"a__weight": None}, "node 'a': weight is missing, which a Linear must have"),
        (
            {"a__weight": np.ones((2, 4, 6))},
            r"node 'a': weight has the shape \(2, 4, 6",
        ),
        (
            {"a__weight": np.ones((4, 5))},
            "node 'a': weight has the shape .* but 6 input",
        ),
        (
            {"c__weight": np.ones((4, 5))},
            "node 'c': weight has the shape .* but 4 input",
        ),
        ({"c__bias": np.ones(3)}, r"node 'c': bias has the shape \(3,\); allowed is"),
        ({"c__bias": 1e5 * ONES, "d__r": 1e5 * ONES}, "node 'c': the threshold is"),
        ({"c__bias": with_value(4, np.nan)}, "node 'c': bias holds nan"),
        ({"b__tau_syn": ZEROS}, "node 'b': tau_syn is 0 s; allowed is a step or more"),
        ({"b__tau_syn": -ONES}, "node 'b': tau_syn is -1 s; allowed is a step or more"),
        (
            {"b__tau_syn": 5 * ONES},
            "node 'b': du of tau_syn is -1; the chip holds 0 to",
        ),
        ({"b__tau_mem": np.inf * ONES}, "node 'b': tau_mem holds inf"),
        ({"b__tau_mem": 1e-5 * ONES}, "tau_mem is 1e-05 s; .* with --step"),
        (
            {"b__tau_mem": np.ones(3)},
            r"node 'b': tau_mem has the shape \(3,\), but the",
        ),
        (
            {"b__tau_mem": np.arange(1, 5)},
            "node 'b': tau_mem is from 1 to 4; allowed is",
        ),
        (
            {"b__v_threshold": ZEROS},
            "node 'b': v_threshold is 0; allowed is more than 0",
        ),
        ({"b__v_threshold": -ONES}, "node 'b': v_threshold is -1; allowed is more"),
        (
            {"b__v_threshold": 1e-320 * ONES},
            "v_threshold is 1e-320; allowed is more than 0, and 1e-100 at least",
        ),
        (
            {"a__weight": np.full((4, 6), -1e308)},
            r"node 'a': weight holds -1e\+308, .* finite numbers up to 1e\+100",
        ),
        (
            {"b__r": 1e60 * ONES, "a__weight": np.full((4, 6), 1e60)},
            r"node 'a': weight times .* holds .*; allowed are finite numbers",
        ),
        (
            {"b__v_threshold": 1e7 * ONES},
            "node 'a': the threshold is .* times the larg",
        ),
        ({"b__v_reset": -ONES}, "node 'b': v_reset is from -1 to -1; allowed is 0"),
        ({"b__type": None}, "node 'b': type is missing"),
        ({"b__type": "Delay"}, "node 'b' is a Delay, which cannot be taken over here"),
        (
            {"b": {**LIF, "type": "LI"}},
            "node 'b' is a LI, which sends values and no spikes to the next node",
        ),
        ({"input__shape": "six"}, "node 'input': shape holds text"),
    ],
)
def test_hostile_numbers_are_a_sentence(changes, sentence, tmp_path):
    path = write(tmp_path, graph(**changes))
    with pytest.raises(InputError, match=sentence):
        read_nir(path)
    result = call("import", path, "--out", tmp_path / "out")
    assert result.exit_code == 2 and result.stderr.startswith("error: ")
    assert len(result.stderr.strip().splitlines()) == 1


CHAIN = list(pairwise(graph()))


@pytest.mark.parametrize(
    ("edges", "sentence"),
    [
        ([*CHAIN, ("b", "x")], "the edge from 'b' to 'x' names the node 'x', which is"),
        (
            [*CHAIN, ("d", "c")],
            "node 'c' is recurrent: its output comes back to it by 'd'; .* without",
        ),
        ([*CHAIN, ("b", "b")], "node 'b' is recurrent: its .* to it by itself; layers"),
        ([*CHAIN, ("a", "c")], "the graph branches: node 'a' leads to 'b' and 'c'"),
        (
            [*CHAIN, ("output", "input")],
            "node 'a' is recurrent: its .* by 'b', 'c' and 3 more",
        ),
        ([*CHAIN[:2], *CHAIN[3:]], "nodes 'c' and 'input' follow no other"),
        ([*CHAIN[:1], ("b", "c"), ("c", "b"), *CHAIN[4:]], "node 'b' is recurrent"),
        (
            [("input", "a"), ("a", "output"), ("b", "c"), ("c", "d"), ("d", "b")],
            "node 'b' is recurrent: its output comes back to it by 'c' and 'd'",
        ),
        ([("a", "b", "c")], "cannot be read as a NIR graph"),
    ],
)
def test_what_is_no_chain_is_a_sentence(edges, sentence, tmp_path):
    with pytest.raises(InputError, match=sentence):
        read_nir(write(tmp_path, graph(), edges))


def test_the_order_of_edges_does_not_matter(tmp_path):
    layers = read_nir(write(tmp_path, graph(), CHAIN[::-1]))[0]
    assert [(layer.n_post, layer.n_pre) for layer in layers] == [(4, 6), (4, 4)]


def test_files_that_are_no_graph_are_a_sentence(tmp_path):
    path = tmp_path / "a.nir"
    path.write_text("no graph")
    with pytest.raises(InputError, match="cannot be read as a NIR graph"):
        read_nir(path)
    for entry in ("node", "node/nodes", "node/nodes/a", "other"):
        with h5py.File(path, "w") as file:
            file[entry] = 1
        with pytest.raises(InputError, match="NIR graph|type is missing"):
            read_nir(path)
    with pytest.raises(InputError, match="the graph has no nodes"):
        with h5py.File(path, "w") as file:
            file.create_group("node/nodes")
            file["node/edges"] = np.zeros((0, 2), "S1")
        read_nir(path)


def test_a_single_layer_is_for_use_alone(tmp_path):
    path, out = write(tmp_path, graph(c=None, d=None)), tmp_path / "out"
    found = last_json(call("import", path, "--out", out, "--json"))
    assert found["layers"] == [6, 4]
    assert "and the file has one" in found["notes"][-1]
    model = ls.load(out)
    assert len(model.predict(np.full((3, 6), 200, np.uint8))) == 3
    result = call("train", "--resume", "--out", out, "--dataset", "digits")
    assert result.exit_code == 2 and "cannot learn" in result.stderr


def test_all_limits_are_named_at_once(tmp_path):
    changes = {
        "a__weight": with_value((4, 6), np.nan), "b__v_reset": -ONES,
        "d__tau_mem": np.arange(1, 5),
    }  # fmt: skip
    with pytest.raises(InputError) as error:
        read_nir(write(tmp_path, graph(**changes)))
    text = str(error.value)
    for part in (
        "node 'a': weight holds nan",
        "node 'b': v_reset",
        "node 'd': tau_mem",
    ):
        assert text.count(part) == 1
    assert text.count(str(tmp_path)) == 1


def test_more_limits_than_a_sentence_holds_are_counted(tmp_path):
    nodes = {f"node{number}": {"type": "Delay", "delay": 1} for number in range(30)}
    with pytest.raises(
        InputError, match=r"node 'node0' is a Delay, .*; and \d+ more$"
    ) as e:
        read_nir(write(tmp_path, nodes))
    text = str(e.value)
    shown = text.count("is a Delay")
    assert 1 <= shown < 30 and text.endswith(f"; and {30 - shown} more")
    assert len(text) <= 480

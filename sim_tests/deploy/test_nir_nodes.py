"""Every kind of node against its equations: plain floats, forward Euler, spike for
spike. Weights are whole, so that nothing is rounded on the way in."""

import numpy as np
import pytest
from nir_graphs import STEP_S, linear, noise, simulate, write

import lava_sfdfa as ls
from lava_sfdfa.chip import widths
from lava_sfdfa.data.datasets import load_dataset
from lava_sfdfa.deploy.exchange.nir_layers import read_nir
from lava_sfdfa.deploy.exchange.outputs import dense_outputs
from lava_sfdfa.engine.engine import Engine
from lava_sfdfa.engine.front import through_front
from lava_sfdfa.errors import InputError
from lava_sfdfa.network.frozen import dense_weights

PAIR, NO_PAD = np.array([2, 2]), np.array([0, 0])


def whole(*shape, low=-20, high=40):
    rng = np.random.RandomState(100 * shape[0] + shape[1])
    return rng.randint(low, high, shape).astype(float)


def input_(*shape):
    return {"type": "Input", "shape": np.array(shape)}


def if_(shape, threshold=50.0):
    return {
        "type": "IF", "r": np.ones(shape), "v_reset": np.zeros(shape),
        "v_threshold": np.broadcast_to(threshold, shape).astype(float),
    }  # fmt: skip


def lif(shape, threshold=50.0, leak=0.0, steps=16):
    """tau and r so that a spike adds its weight to v."""
    ones = np.ones(shape)
    return {
        "type": "LIF", "tau": steps * STEP_S * ones, "r": steps * ones,
        "v_leak": leak * ones, "v_reset": 0 * ones,
        "v_threshold": np.broadcast_to(threshold, shape).astype(float),
    }  # fmt: skip


def cuba(shape, threshold=200.0):
    ones = np.ones(shape)
    return {
        "type": "CubaLIF", "tau_syn": 4 * STEP_S * ones, "tau_mem": 16 * STEP_S * ones,
        "r": 16 * ones, "w_in": 4 * ones, "v_leak": 0 * ones, "v_reset": 0 * ones,
        "v_threshold": threshold * ones,
    }  # fmt: skip


def dense(n_post, n_pre, bias=None):
    if bias is None:
        return {"type": "Linear", "weight": whole(n_post, n_pre)}
    return {"type": "Affine", "weight": whole(n_post, n_pre), "bias": bias}


def conv(n_out, n_in, size=3, **changes):
    values = {
        "type": "Conv2d", "weight": whole(n_out, n_in, size, size, low=-10, high=20),
        "bias": np.zeros(n_out), "stride": np.array([1, 1]), "padding": NO_PAD,
        "dilation": np.array([1, 1]), "groups": 1, **changes,
    }  # fmt: skip
    return values


def pool(kind="SumPool2d", **changes):
    return {
        "type": kind,
        "kernel_size": PAIR,
        "stride": PAIR,
        "padding": NO_PAD,
        **changes,
    }


def flatten(*shape):
    sizes = {"input_type": np.array(shape)} if shape else {}
    return {"type": "Flatten", "start_dim": 0, "end_dim": -1, **sizes}


GRAPHS = {
    "dense IF": ((6,), [dense(5, 6), if_(5), dense(4, 5), if_(4)]),
    "dense LIF": ((6,), [dense(5, 6), lif(5), dense(4, 5), lif(4)]),
    "dense CubaLIF": ((6,), [dense(5, 6), cuba(5), dense(4, 5), cuba(4)]),
    "biases": ((6,), [dense(5, 6, np.arange(-2.0, 3.0)), if_(5), dense(4, 5), if_(4)]),
    "leak": ((6,), [dense(5, 6), lif(5, leak=160.0), dense(4, 5), if_(4)]),
    "convolution": (
        (2, 6, 6),
        [conv(4, 2), if_((4, 4, 4)), flatten(), dense(5, 64), lif(5)],
    ),
    "all of a convolution": (
        (2, 8, 7),
        [
            conv(4, 1, stride=np.array([2, 1]), padding=np.array([1, 2]), groups=2,
                 dilation=np.array([1, 2]), bias=np.arange(4.0)),
            if_((4, 4, 7)), flatten(4, 4, 7), dense(5, 112), if_(5),
        ],
    ),
    "one padding and stride for both": (
        (1, 5, 5),
        [conv(2, 1, stride=2, padding=1, dilation=1), if_((2, 3, 3)), flatten(),
         dense(3, 18), if_(3)],
    ),
    "padding same": (
        (2, 5, 6),
        [conv(3, 2, 4, padding="same"), if_((3, 5, 6)), flatten(), dense(3, 90),
         if_(3)],
    ),
    "pool then convolution": (
        (2, 8, 8),
        [conv(4, 2, padding=np.array([1, 1])), if_((4, 8, 8)), pool(),
         conv(3, 4, padding=np.array([1, 1])), if_((3, 4, 4)), pool(), flatten(),
         dense(5, 12), if_(5)],
    ),
    "pool at the input": (
        (2, 6, 6),
        [pool(), flatten(2, 3, 3), dense(4, 18), lif(4), dense(3, 4), lif(3)],
    ),
    "mean pool": (
        (2, 4, 4),
        [pool("AvgPool2d"), conv(4, 2, weight=4 * whole(4, 2, 2, 2)),
         if_((4, 1, 1), 20.0), flatten(), dense(3, 4), if_(3)],
    ),
    "columns": (
        (2, 9),
        [
            {"type": "Conv1d", "weight": whole(3, 2, 3), "bias": np.zeros(3),
             "stride": 2, "padding": 1, "dilation": 1, "groups": 1},
            if_((3, 5)), flatten(), dense(4, 15), if_(4),
        ],
    ),
    "scale": (
        (6,),
        [dense(5, 6), {"type": "Scale", "scale": np.array([1.0, 2, 1, 2, 1])}, if_(5),
         dense(4, 5), if_(4)],
    ),
    "thresholds by channel": (
        (2, 4, 4),
        [conv(2, 2), if_((2, 2, 2), np.array([[[50.0]], [[100.0]]])), flatten(),
         dense(3, 8), if_(3, np.array([100.0, 50.0, 50.0]))],
    ),
    "neurons at the input": ((4,), [if_(4, 1.0), dense(3, 4), lif(3)]),
    "convolution at the end": (
        (2, 5, 5), [conv(2, 2), if_((2, 3, 3)), conv(2, 2, 2), lif((2, 2, 2), 30.0)]
    ),
}  # fmt: skip


def graph(name):
    shape, nodes = GRAPHS[name]
    return {
        "input": input_(*shape), **{f"n{k:02}": node for k, node in enumerate(nodes)},
        "output": {"type": "Output", "shape": np.array([1])},
    }  # fmt: skip


@pytest.mark.parametrize("name", GRAPHS)
def test_spikes_are_those_of_the_equations(name, tmp_path):
    shape, nodes = GRAPHS[name][0], graph(name)
    layers = dense_outputs(read_nir(write(tmp_path, nodes))[0])
    spikes, events = noise(6, 40, int(np.prod(shape)), 0.2)
    wanted = [simulate(nodes, sample, shape) for sample in spikes]
    assert len(layers) == len(wanted[0])
    for number, layer in enumerate(layers):
        found = through_front(layers[: number + 1], events, 40)
        n_spikes = 0
        for sample, sent in enumerate(wanted):
            by_channel = sent[number].reshape(40, -1) > 0
            if number < len(layers) - 1:  # ours count channels last
                rows, columns, channels = layer.output_shape
                by_place = by_channel.reshape(40, channels, rows, columns)
                by_channel = np.moveaxis(by_place, 1, 3).reshape(40, -1)
            np.testing.assert_array_equal(found.dense(sample, 40), by_channel)
            n_spikes += by_channel.sum()
        assert n_spikes > 20


def test_shapes_that_are_not_named_are_found(tmp_path):
    """Older files name none in Flatten, and newer ones none in Input."""
    nodes = graph("convolution")
    wanted, _, _ = read_nir(write(tmp_path, nodes))
    nodes["n00"]["input_shape"] = np.array([6, 6])
    nodes["input"] = {"type": "Input"}
    found, _, _ = read_nir(write(tmp_path, nodes))
    for a, b in zip(wanted, found, strict=True):
        np.testing.assert_array_equal(dense_weights(a), dense_weights(b))
    nodes["n00"]["input_shape"] = None
    with pytest.raises(InputError, match=r"'n00': input_shape is not known; name the"):
        read_nir(write(tmp_path, nodes))
    del nodes["n00"]["input_shape"]


def test_a_graph_inside_is_unpacked(tmp_path):
    nodes = graph("dense IF")
    wanted, _, _ = read_nir(write(tmp_path, nodes))
    inner = {"in": input_(6), "a": nodes["n00"], "b": nodes["n01"],
             "out": {"type": "Output", "shape": np.array([5])}}  # fmt: skip
    outer = {"input": nodes["input"], "block": None, "c": nodes["n02"],
             "d": nodes["n03"], "output": nodes["output"]}  # fmt: skip
    found, _, _ = read_nir(write(tmp_path, outer, inside={"block": inner}))
    for a, b in zip(wanted, found, strict=True):
        np.testing.assert_array_equal(a.kernel, b.kernel)
    inner["a"] = {**inner["a"], "weight": np.full((5, 6), np.nan)}
    with pytest.raises(InputError, match=r"node 'block\.a': weight holds nan"):
        read_nir(write(tmp_path, outer, inside={"block": inner}))


# --- outputs without spikes -------------------------------------------------------


@pytest.mark.parametrize("end", ["LI", "sum"])
def test_outputs_without_spikes_classify_by_v(end, tmp_path):
    """The largest v at the end, but where the best two are within a twentieth; and v
    stays below the threshold, even with every input on in every step."""
    nodes = {"input": input_(30), "a": dense(20, 30), "b": if_(20, 300.0)}
    nodes["c"] = {
        "type": "Linear",
        "weight": np.random.RandomState(1).normal(size=(4, 20)),
    }
    if end == "LI":
        tau = 40 * STEP_S * np.ones(4)
        nodes["d"] = {"type": "LI", "tau": tau, "r": 40 * np.ones(4),
                      "v_leak": np.zeros(4)}  # fmt: skip
    path = write(tmp_path, nodes)
    model = ls.import_network(path)
    assert "cannot learn" in model.notes[-1]
    network = model.artifact.network
    assert network.layers[-1].vth == widths.THRESHOLD.maximum
    spikes, events = noise(40, 60, 30, 0.3)
    found = Engine(network).scores(events)
    equations = {**nodes, "d": nodes.get("d") or if_(4, np.inf)}
    n_clear = 0
    for sample, x in enumerate(spikes):
        shown = np.concatenate([x, np.zeros((4, 30), bool)])  # of 64 steps
        v = simulate(equations, shown, (30,))
        if end == "sum":
            sent = np.concatenate([np.zeros((1, 20)), v[0][:-1]])
            v = [sent.sum(axis=0) @ nodes["c"]["weight"].T]
        last = v[-1][-1] if end == "LI" else v[-1]
        second, first = np.sort(last)[-2:]
        if first - second > 0.05 * np.ptp(last):
            assert np.argmax(found[sample]) == np.argmax(last)
            n_clear += 1
    assert n_clear > 25
    _, full = noise(1, 64, 30, 2.0)
    assert 0 < np.abs(Engine(network).scores(full)).max() < 0.25


def test_outputs_without_spikes_cannot_learn(tmp_path):
    nodes = {"input": input_(64), "a": dense(20, 64), "b": if_(20),
             "c": dense(10, 20)}  # fmt: skip
    model = ls.import_network(write(tmp_path, nodes), data="digits")
    assert "its outputs never spike; the rule learns from" in model.artifact.no_rule
    with pytest.raises(InputError, match="its outputs never spike"):
        model.learn(np.zeros((1, 64)), [0])


# --- the time step ----------------------------------------------------------------


def steps_note(nodes, folder, step_s=None):
    layers, _, notes = read_nir(write(folder, nodes), step_s)
    return layers, [note for note in notes if "time step" in note]


@pytest.mark.parametrize("step_s", [1e-3, 1e-4, 5e-3, 2.5e-4])
def test_the_step_is_that_of_which_r_is_made(step_s, tmp_path):
    nodes = graph("dense CubaLIF")
    for node in nodes.values():
        for field in ("tau_syn", "tau_mem"):
            if field in node:
                node[field] = node[field] * step_s / STEP_S
    layers, notes = steps_note(nodes, tmp_path)
    assert (layers[0].du, layers[0].dv) == (1023, 256)
    assert f"the time step is {step_s:.4g} s, since r and w_in" in notes[0]
    assert steps_note(nodes, tmp_path, step_s)[1] == []
    _, notes = steps_note(nodes, tmp_path, step_s / 2)
    assert f"as --step says, although the file tells {step_s:.4g} s" in notes[0]
    for node in nodes.values():
        for field in ("tau_syn", "tau_mem"):
            if field in node:
                node[field] = node[field] / step_s * STEP_S


def test_a_step_that_nodes_do_not_agree_on_is_not_taken(tmp_path):
    nodes = graph("dense LIF")
    nodes["n01"] = {**nodes["n01"], "r": nodes["n01"]["r"] / 10}
    _, notes = steps_note(nodes, tmp_path)
    assert "is 0.0001 s, the default, since the file does not tell it" in notes[0]


def test_rockpools_r_tells_the_step(tmp_path):
    nodes = graph("dense LIF")
    for name in ("n01", "n03"):
        tau = 20e-3 * np.ones(len(nodes[name]["r"]))
        nodes[name] = {**nodes[name], "tau": tau, "r": 20 * np.exp(-1 / 20) * tau / tau}
    layers, notes = steps_note(nodes, tmp_path)
    assert "the time step is 0.001 s" in notes[0] and layers[0].dv == 205


# --- what is refused --------------------------------------------------------------


def bad(name, **changes):
    nodes = graph(name)
    for key, value in changes.items():
        node, _, field = key.partition("__")
        nodes[node] = {**nodes[node], field: value}
    return nodes


@pytest.mark.parametrize(
    ("nodes", "sentence"),
    [
        (bad("dense IF", n01__v_reset=np.ones(5)), "'n01': v_reset is from 1 to 1"),
        (
            bad("dense LIF", n01__tau=np.arange(1, 6) * 1e-3),
            "'n01': tau is from 0.001 to 0.005; allowed is one for all neurons",
        ),
        (
            bad("convolution", n01__v_threshold=np.arange(64.0).reshape(4, 4, 4) + 1),
            "'n01': v_threshold is from 1 to 64 and differs within a channel",
        ),
        (
            bad("convolution", n00__weight=whole(4, 3, 3, 3)),
            "'n00': weight takes 3 channels, but 2 come",
        ),
        (bad("convolution", n00__groups=3), "'n00': groups is 3"),
        (bad("convolution", n00__stride=np.array([0, 1])), "'n00': stride is 0, 1"),
        (bad("convolution", n00__padding="mirror"), "'n00': padding is 'mirror'"),
        (
            bad("convolution", n00__input_shape=np.array([7, 7])),
            r"'n00': input_shape is \(7, 7\), but an image of 2 x 6 x 6 comes",
        ),
        (bad("convolution", n03__weight=whole(5, 63)), "but 64 inputs lead to it"),
        (bad("convolution", n00__weight=whole(4, 2, 9, 9)), "does not fit the image"),
        (
            bad("pool then convolution", n02__kernel_size=np.array([3, 3])),
            "'n03' behind 'n02': has a padding that would reach rows of the image",
        ),
        (
            bad("scale", n01__scale=np.ones(4)),
            r"'n01': scale has the shape \(4,\)",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_taken_over_is_named(nodes, sentence, tmp_path):
    with pytest.raises(InputError, match=sentence):
        read_nir(write(tmp_path, nodes))


# --- in use -----------------------------------------------------------------------


def image_graph():
    """8 x 8 images to 10 classes, of which the last two layers are dense."""
    return {
        "input": input_(1, 8, 8), "a": conv(4, 1, padding=np.array([1, 1])),
        "b": lif((4, 8, 8), 30.0), "c": pool(), "d": flatten(4, 4, 4),
        "e": dense(30, 64), "f": lif(30, 60.0), "g": dense(10, 30), "h": lif(10, 100.0),
    }  # fmt: skip


def test_the_dense_layers_above_convolutions_learn(tmp_path):
    path = write(tmp_path, image_graph())
    alone = ls.import_network(path, data=None)
    model = ls.import_network(path, data="digits")
    assert model.artifact.no_rule == "" and len(model.artifact.network.front) == 1
    assert model.config.hidden == (30,)
    assert alone.artifact.digest == model.artifact.digest  # digits is what fits
    data = load_dataset("digits")
    before = model.evaluate().accuracy
    front = model.artifact.network.front[0].kernel.copy()
    for _ in range(2):
        model.learn(data.train.images.reshape(-1, 8, 8), data.train.labels)
    assert model.evaluate().accuracy > before + 0.2
    np.testing.assert_array_equal(model.artifact.network.front[0].kernel, front)


def test_outputs_alone_learn_above_convolutions(tmp_path):
    nodes = image_graph()
    del nodes["e"], nodes["f"]
    nodes["g"] = dense(10, 64)
    model = ls.import_network(write(tmp_path, nodes), data="digits")
    assert model.artifact.no_rule == "" and model.config.hidden == ()
    data = load_dataset("digits")
    before = model.evaluate().accuracy
    for _ in range(2):
        model.learn(data.train.images.reshape(-1, 8, 8), data.train.labels)
    assert model.evaluate().accuracy > before + 0.2
    model.save(tmp_path / "out")
    assert ls.load(tmp_path / "out").digest == model.digest


def test_a_network_of_convolutions_is_used_alone(tmp_path):
    model = ls.import_network(write(tmp_path, graph("convolution")))
    assert model.config.hidden == () and model.artifact.sizes == (72, 64, 5)
    assert "the dense layer after the convolutions can learn" in model.notes[-1]
    model.save(tmp_path / "out")
    again = ls.load(tmp_path / "out")
    assert again.digest == model.digest
    x = np.random.RandomState(3).randint(0, 256, (20, 72)).astype(np.uint8)
    np.testing.assert_array_equal(again.scores(x), model.scores(x))
    assert again.scores(x).max() > 1


def test_the_naive_pool_and_convolution_are_right():
    """By hand, since all above is compared with them."""
    x = np.arange(9.0).reshape(1, 1, 3, 3)
    fields = pool(kernel_size=np.array([2, 2]), stride=np.array([1, 1]))
    assert linear(fields, x).ravel().tolist() == [8, 12, 20, 24]
    fields = conv(1, 1, 2)
    fields["weight"][:] = [[[[1, 0], [0, -1]]]]
    assert linear(fields, x).ravel().tolist() == [-4, -4, -4, -4]

"""Frozen layers on Lava: stock connections, and neurons that equal stock `LIF`."""

import dataclasses

import numpy as np
import pytest
from small import (
    frozen_conv,
    frozen_dense,
    network_above,
    random_samples,
    small_config,
)

import lava_sfdfa as ls
from lava_sfdfa.chip.protocol import Schedule
from lava_sfdfa.engine.engine import Engine
from lava_sfdfa.engine.front import through_front
from lava_sfdfa.errors import CheckError
from lava_sfdfa.model import Model
from lava_sfdfa.network.frozen import bias_parts, dense_layer, dense_weights
from lava_sfdfa.processes.engine import LavaEngine
from lava_sfdfa.processes.verify import count_mismatches

pytest.importorskip("lava.proc.dense", reason="lava-nc is not installed")

from lava.magma.core.run_conditions import RunSteps
from lava.magma.core.run_configs import Loihi2SimCfg
from lava.proc.conv.models import PyConvModelFixed
from lava.proc.conv.process import Conv
from lava.proc.dense.models import PyDenseModelBitAcc
from lava.proc.lif.models import PyLifModelBitAcc
from lava.proc.lif.process import LIF
from lava.proc.monitor.process import Monitor
from lava_models import make_model, step

from lava_sfdfa.processes.front import (
    FrozenProcesses,
    connect_frozen,
    is_held,
    make_synapses,
)
from lava_sfdfa.processes.frozen_neuron.models import FrozenNeuronModel
from lava_sfdfa.processes.frozen_neuron.process import FrozenNeuron
from lava_sfdfa.processes.network import LavaNetwork, make_input

IMAGE = (5, 4, 2)
N_INPUTS = 40


def conv_front():
    """Stride, padding, dilation, groups, inputs by channel; then a dense layer."""
    first = frozen_conv(1, IMAGE, 4, (3, 2), padding=(1, 2), channels_first=True)
    second = frozen_conv(
        2, first.output_shape, 6, (2, 3), stride=(2, 1), dilation=(1, 2), groups=2
    )
    return first, second, frozen_dense(3, second.n_post, 20)


def run_above(front, n_samples=2, **changes):
    config = small_config(**changes)
    network = network_above(config, front)
    samples = random_samples(config, n_samples, front[0].n_pre)
    return network, samples


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"rounding": "shared", "hidden": (10, 8)},
        {"eligibility": "recursive", "hidden": (10, 8)},
        {"eligibility": "recursive", "rounding": "shared", "feedback": "symmetric"},
        {"hidden": ()},
    ],
)
def test_lava_equals_the_engine(changes):
    front = conv_front()
    assert front[0].output_shape != front[0].input_shape and front[-1].is_dense
    network, samples = run_above(front, **changes)
    result = count_mismatches(network, *samples)
    assert result["mismatches"] == 0, result["first_mismatch"]
    for name in ("spikes", "weights_changed", "tags_changed"):
        assert result[name] > 0, name
    assert (result["feedback_changed"] > 0) == (network.n_hidden > 0)
    assert len(result["frozen_spikes"]) == 3 and min(result["frozen_spikes"]) > 20
    depth = len(network.layers)
    assert result["steps"] == 2 * (24 + depth - 1 + 6)


def changed(network, number, **changes):
    """The network with another frozen layer."""
    front = list(network.front)
    front[number] = dataclasses.replace(front[number], **changes)
    return dataclasses.replace(network, front=tuple(front))


@pytest.fixture
def on_lava(monkeypatch):
    """Give Lava another network than the engine."""

    def give(change):
        class Other(LavaNetwork):
            def __init__(self, network, *rest):
                super().__init__(change(network), *rest)

        monkeypatch.setattr("lava_sfdfa.processes.verify.LavaNetwork", Other)

    return give


def one_weight(network):
    kernel = network.front[1].kernel.copy()
    kernel[2, 1, 0, 1] += 1
    return changed(network, 1, kernel=kernel)


def without_bias(network):
    layers = (dataclasses.replace(network.layers[0], bias=None), *network.layers[1:])
    return dataclasses.replace(network, layers=layers)


@pytest.mark.parametrize(
    ("fault", "where"),
    [
        (one_weight, "frozen layer 1, u"),
        (lambda network: changed(network, 2, bias=None), "frozen layer 2, v"),
        (without_bias, "layer 0, v"),
    ],
)
def test_an_error_in_one_integer_is_found(fault, where, on_lava):
    network, samples = run_above(conv_front(), 1)
    on_lava(fault)
    result = count_mismatches(network, *samples)
    assert result["mismatches"] > 0
    assert f", {where}: " in result["first_mismatch"]


def test_the_engine_on_lava_is_the_engine():
    """It is given what the frozen layers send, as a training gives it."""
    network, (events, labels) = run_above(conv_front(), 3)
    sent = through_front(network.front, events, network.steps)
    order, states = np.array([0, 2, 1]), []
    for engine in (Engine(network), LavaEngine(network)):
        engine.learn(sent, labels, order)
        states.append((engine.network(), engine.states))
        engine.close()
    (own, own_states), (lava, lava_states) = states
    assert own.front == lava.front == network.front
    for a, b, before in zip(own.layers, lava.layers, network.layers, strict=True):
        np.testing.assert_array_equal(a.weights, b.weights)
        np.testing.assert_array_equal(a.bias, b.bias)
        assert (a.weights != before.weights).any()
    for a, b in zip(own_states, lava_states, strict=True):
        np.testing.assert_array_equal(a.counts, b.counts)


def test_in_floating_point_the_front_is_the_same_integers():
    """And the biases above it work: nearly the same spikes in the first sample."""
    network, (events, labels) = run_above(conv_front(), 1)
    spikes, u = [], []
    for model in ("fixed_pt", "floating_pt"):
        source = make_input(network, events, labels)
        with LavaNetwork(network, source, model=model) as lava:
            lava.run(network.steps)
            u.append([state["u"][0].copy() for state in lava.front_state])
            spikes.append(lava.state[0]["n_spikes"][0].copy())
    for fixed, floating in zip(*u, strict=True):
        assert fixed.any()
        np.testing.assert_array_equal(fixed, floating)
    assert spikes[0].sum() > 20
    assert abs(spikes[0] - spikes[1]).sum() < 0.1 * spikes[0].sum()


# --- trained networks -------------------------------------------------------------


@pytest.fixture(scope="module")
def random_front():
    """A network on digits with random weights, whose first layer is a convolution."""
    conv = frozen_conv(1, (8, 8, 1), 3, (3, 3), stride=(2, 2), vth=400, bias=None)
    base = ls.train("digits", hidden=[12], epochs=1, limit=60)
    network = network_above(small_config(steps=base.config.steps), (conv,), 10)
    return Model(dataclasses.replace(base.artifact, network=network))


OPTIONS = {"hidden": [10], "epochs": 1, "limit": 8, "freeze": 2}


def test_training_on_lava_ends_with_the_same_digest(random_front):
    own, lava = (
        ls.train("digits", front=random_front, backend=backend, **OPTIONS)
        for backend in ("cpu", "lava")
    )
    assert own.digest == lava.digest
    assert own.artifact.sizes == (64, 27, 12, 10, 10)
    assert sum(own.result.spikes_per_sample) > 0


def test_verify_of_a_network_above_frozen_layers(random_front):
    model = ls.train("digits", front=random_front, **OPTIONS)
    found = model.verify(2)
    assert found.mismatches == 0, found.first_mismatch
    assert found.layers == [64, 27, 12, 10, 10]
    assert len(found.frozen_spikes) == 2 and min(found.frozen_spikes) > 10
    assert found.to_json()["frozen_spikes"] == found.frozen_spikes


def test_a_front_that_is_silent_proves_nothing(random_front):
    """The layers above it spike from their biases."""
    quiet = changed(random_front.artifact.network, 0, vth=2**17 - 1)
    model = Model(dataclasses.replace(random_front.artifact, network=quiet))
    with pytest.raises(CheckError, match="frozen layer 0 sends no spike in 1 samples"):
        model.verify(1)


# --- against stock Lava -----------------------------------------------------------


@pytest.mark.parametrize(
    ("parameters", "size"),
    [
        ({"du": 400, "dv": 200, "vth": 300}, 500),
        ({"du": 0, "dv": 0, "vth": 2**17 - 1}, 200_000),  # u and v overflow
        ({"du": 4095, "dv": 4095, "vth": 0}, 3),
    ],
)
def test_frozen_neurons_equal_stock_lif_while_a_sample_is_presented(parameters, size):
    """u, v and spikes; otherwise they rest, and begin anew with every sample."""
    n, schedule, rng = 40, Schedule(steps=100, n_hidden=1), np.random.default_rng(size)
    mantissa, exponent = bias_parts(rng.integers(-500, 500, n).astype(np.int32) * 16)
    bias = {"bias_mant": mantissa, "bias_exp": exponent}
    own = make_model(
        FrozenNeuron(shape=(n,), schedule=schedule, **parameters, **bias),
        FrozenNeuronModel,
    )
    n_spikes, most, rested = 0, 0, 0
    for number in range(3 * schedule.period):
        in_sample = number % schedule.period
        if in_sample == 0:
            stock = make_model(LIF(shape=(n,), **parameters, **bias), PyLifModelBitAcc)
        a_in = rng.integers(-size, 2 * size, n)
        step(own, a_in=a_in)
        if in_sample >= schedule.steps:
            rested += 1
            for values in (own.u, own.v, own.spikes, own.s_out.value):
                assert not values.any()
            continue
        step(stock, a_in=a_in)
        np.testing.assert_array_equal(own.u, stock.u)
        np.testing.assert_array_equal(own.v, stock.v)
        np.testing.assert_array_equal(own.s_out.value, stock.s_out.value)
        np.testing.assert_array_equal(own.spikes, stock.s_out.value)
        n_spikes, most = n_spikes + own.spikes.sum(), max(most, abs(own.v).max())
    assert n_spikes > 20 and rested == 3 * 7
    assert size < 2**17 or most == 2**23 - 1


def test_a_front_of_stock_processes_alone_sends_the_same():
    """One presentation from rest, with `LIF` of Lava: spike for spike."""
    front = conv_front()
    config = small_config()
    events, labels = random_samples(config, 1, N_INPUTS)
    network = network_above(config, front)
    below = source = make_input(network, events, labels)
    monitors = []
    for layer in front:
        mantissa, exponent = bias_parts(layer.biases)
        parameters = {"du": layer.du, "dv": layer.dv, "vth": layer.vth}
        neurons = LIF(
            shape=(layer.n_post,), bias_mant=mantissa, bias_exp=exponent, **parameters
        )
        connect_frozen(
            below.s_out, layer, FrozenProcesses(make_synapses(layer), neurons)
        )
        monitors.append(Monitor())
        monitors[-1].probe(neurons.s_out, network.steps)
        below = neurons
    source.run(RunSteps(network.steps), Loihi2SimCfg(select_tag="fixed_pt"))
    found = [next(iter(next(iter(m.get_data().values())).values())) for m in monitors]
    source.stop()
    for number, spikes in enumerate(found):
        expected = through_front(front[: number + 1], events, network.steps)
        assert spikes.shape == (network.steps, front[number].n_post)
        np.testing.assert_array_equal(spikes, expected.dense(0, network.steps))
        assert 20 < spikes.sum() < 0.9 * spikes.size


@pytest.mark.parametrize(
    "geometry",
    [
        {},
        {"stride": (2, 3), "padding": (3, 1)},
        {"dilation": (2, 3), "groups": 2},
        {"groups": 4, "padding": (0, 2), "stride": (1, 2), "dilation": (3, 1)},
    ],
)
def test_stock_conv_is_the_matrix_of_the_layer_a_step_later(geometry):
    layer = frozen_conv(5, (9, 7, 4), 8, (3, 2), **geometry)
    made = make_synapses(layer)
    assert isinstance(made, Conv) and made.output_shape == layer.output_shape
    model, weights = make_model(made, PyConvModelFixed), dense_weights(layer)
    rng, before = np.random.default_rng(1), np.zeros(layer.n_pre, np.int64)
    for _ in range(4):
        spikes = rng.random(layer.n_pre) < 0.4
        step(model, s_in=spikes.reshape(layer.input_shape).astype(np.int32))
        expected = weights.astype(np.int64) @ before
        np.testing.assert_array_equal(model.a_out.value.ravel(), expected)
        before = spikes.astype(np.int64)
    assert np.count_nonzero(expected) > 10


@pytest.mark.parametrize(
    "weights", [[[-128, 127, -1]], [[-128, -128, -1]], [[1, 3, 5]]]
)
def test_stock_dense_computes_with_just_the_weights(weights):
    """Also with odd ones, and where all of them have one sign."""
    layer = dense_layer(np.array(weights, np.int8), 0, 0, 0)
    model = make_model(make_synapses(layer), PyDenseModelBitAcc)
    for _ in range(2):
        step(model, s_in=np.ones(3, np.int32))
    assert model.a_out.value.tolist() == [sum(weights[0])]


def test_where_stock_conv_cannot_hold_the_geometry_it_is_a_dense():
    """Its numbers are 8 bits: 130 groups would be -126."""
    layer = frozen_conv(5, (3, 3, 130), 130, (3, 3), groups=130, padding=(1, 1))
    assert not is_held(layer) and not layer.is_dense
    assert is_held(frozen_conv(5, (3, 3, 130), 130, (3, 3), groups=65))
    model = make_model(make_synapses(layer), PyDenseModelBitAcc)
    spikes = np.random.default_rng(1).random(layer.n_pre) < 0.3
    for _ in range(2):
        step(model, s_in=spikes.astype(np.int32))
    expected = dense_weights(layer).astype(np.int64) @ spikes
    np.testing.assert_array_equal(model.a_out.value, expected)
    wrong = Conv(
        weight=layer.kernel.astype(np.int32), input_shape=layer.input_shape,
        padding=(1, 1), groups=130,
    )  # fmt: skip
    model = make_model(wrong, PyConvModelFixed)
    assert model.groups.tolist() == [-126]

"""Layers of another tool as an artifact that learns."""

import dataclasses
from itertools import pairwise

import numpy as np
import pytest

from lava_sfdfa.data.datasets import load_dataset
from lava_sfdfa.data.encoding import encode
from lava_sfdfa.deploy.exchange.import_layers import import_layers
from lava_sfdfa.engine.engine import Engine
from lava_sfdfa.errors import InputError
from lava_sfdfa.network.artifact import check_learns
from lava_sfdfa.network.frozen import dense_layer, dense_weights
from lava_sfdfa.presets import named_config

CONFIG = named_config("digits", hidden=(20,), steps=32)


@pytest.fixture(scope="module")
def data():
    return load_dataset("digits")


def layers_of(*sizes, du=1023, dv=123, vth=300):
    rng = np.random.RandomState(0)
    return tuple(
        dense_layer(rng.randint(-60, 70, (n_post, n_pre)).astype(np.int8), du, dv, vth)
        for n_pre, n_post in pairwise(sizes)
    )


def test_the_integers_are_kept(data):
    layers = layers_of(64, 20, 10)
    network = import_layers(layers, CONFIG, data).network
    for got, wanted in zip(network.layers, layers, strict=True):
        np.testing.assert_array_equal(got.weights, dense_weights(wanted))
        assert (got.du, got.dv, got.vth) == (1023, 123, 300)
        assert got.feedback.shape[0] == wanted.n_post and not got.feedback.any()


def test_the_rule_has_the_filters_of_the_neurons(data):
    """du 1023 keeps 3/4 of u a step, dv 123 keeps 3973/4096 of v."""
    layer = import_layers(layers_of(64, 20, 10), CONFIG, data).network.layers[0]
    np.testing.assert_allclose(np.exp(-1 / layer.x2_tau), 0.75, rtol=1e-12)
    np.testing.assert_allclose(np.exp(-1 / layer.x1_tau), 3973 / 4096, rtol=1e-12)


@pytest.mark.parametrize(("du", "dv"), [(4095, 409), (99, 2000), (0, 4095), (900, 0)])
def test_all_decays_can_learn(du, dv, data):
    """No memory in u or none lost in v, a membrane faster than its synapse."""
    artifact = import_layers(layers_of(64, 20, 10, du=du, dv=dv, vth=60), CONFIG, data)
    layer = artifact.network.layers[0]
    assert layer.x1_tau > layer.x2_tau > 0 and (layer.du, layer.dv) == (du, dv)
    part, engine = encode(data.train.first(60), CONFIG), Engine(artifact.network)
    engine.learn(part.events, part.labels, np.arange(60))
    changed = [
        (a.weights != b.weights).sum()
        for a, b in zip(engine.network().layers, artifact.network.layers, strict=True)
    ]
    assert min(changed) > 20


def test_homeostasis_keeps_the_firing_it_came_with(data):
    artifact = import_layers(layers_of(64, 20, 10), CONFIG, data)
    part = encode(data.train.first(200), CONFIG)
    _, spikes = Engine(artifact.network).classify(part.events)
    # Rates have 16 fraction bits, so the mean is within one of them.
    mean = spikes[0] / 200 / 20
    assert mean > 0.2
    assert artifact.config.target_rate == pytest.approx(mean, abs=2**-16)
    assert artifact.rates[0].mean() / 2**16 == pytest.approx(mean, abs=2**-16)


def test_what_does_not_fit_is_refused(data):
    for sizes, sentence in (
        ((63, 20, 10), "63 inputs and 10 outputs, but digits has 64 pixels"),
        ((64, 20, 9), "64 inputs and 9 outputs"),
    ):
        with pytest.raises(InputError, match=sentence):
            import_layers(layers_of(*sizes), CONFIG, data)


@pytest.mark.parametrize(
    ("neuron", "reason"),
    [
        (
            {"du": 2, "dv": 0},
            "layer 0 has du 2 and dv 0, by which u and v decay equally",
        ),
        ({"du": 409, "dv": 410, "vth": 64}, "layer 0 has du 409 and dv 410"),
        ({"vth": 0}, "layer 0 has the threshold 0"),
    ],
)
def test_what_no_rule_fits_is_for_use_alone(neuron, reason, data):
    layers = layers_of(64, 20, 10, **neuron)
    artifact = import_layers(layers, CONFIG, data)
    assert artifact.no_rule.startswith(reason)
    for got, wanted in zip(artifact.network.layers, layers, strict=True):
        np.testing.assert_array_equal(got.weights, dense_weights(wanted))
        assert (got.du, got.dv, got.vth) == (wanted.du, wanted.dv, wanted.vth)
    with pytest.raises(InputError, match=f"the network cannot learn: {reason}"):
        check_learns(artifact)


def test_a_hidden_threshold_of_zero_leaves_no_rule(data):
    first, _, last = layers_of(64, 20, 20, 10)
    middle = dataclasses.replace(layers_of(20, 20)[0], vth=0)
    config = dataclasses.replace(CONFIG, hidden=(20, 20))
    artifact = import_layers((first, middle, last), config, data)
    assert artifact.no_rule == "layer 1 has the threshold 0; the rule needs one above"


def test_without_a_rule_nothing_changes(data):
    """Its constants are 0: not even an engine that is told to could learn."""
    artifact = import_layers(layers_of(64, 20, 10, du=409, dv=410), CONFIG, data)
    part, engine = encode(data.train.first(60), CONFIG), Engine(artifact.network)
    engine.learn(part.events, part.labels, np.arange(60))
    assert engine.classify(part.events)[1].min() > 60
    for a, b in zip(engine.network().layers, artifact.network.layers, strict=True):
        np.testing.assert_array_equal(a.weights, b.weights)


def test_layers_may_differ(data):
    first, last = layers_of(64, 20, 10)
    last = dataclasses.replace(last, du=500, dv=50, vth=777)
    network = import_layers((first, last), CONFIG, data).network
    assert (network.layers[1].du, network.layers[1].vth) == (500, 777)
    assert network.layers[1].x1_tau > network.layers[0].x1_tau


def test_layers_bring_the_range_of_their_weights(data):
    rules = []
    for hidden_range in (1.0, 0.25):
        config = dataclasses.replace(CONFIG, hidden_range=hidden_range)
        layer = import_layers(layers_of(64, 20, 10), config, data).network.layers[0]
        rules.append((layer.rule, layer.error_gain, layer.homeostasis_gain))
    assert rules[0] == rules[1]

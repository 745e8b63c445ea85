"""What every layer holds after every step: it ends as the engine's own sample does."""

import numpy as np
import pytest
from small import random_samples, small_config, small_network

from lava_sfdfa.engine.engine import Engine
from lava_sfdfa.engine.state import make_parameters
from lava_sfdfa.engine.timeline import Timeline


@pytest.mark.parametrize("rounding", ["synapse", "shared"])
def test_the_last_step_is_that_of_the_engine(rounding):
    config = small_config(hidden=(12, 9), rounding=rounding)
    network = small_network(config)
    events, labels = random_samples(config, 12)
    engine, other = Engine(network), Engine(network)
    for one in (engine, other):  # so that its random numbers are not the first ones
        one.learn(events, labels, np.arange(10))
    raster = other.raster(events, 10)
    timeline = Timeline(engine, events, labels, 10)
    other.learn(events, labels, np.array([10]))
    n_spikes = n_tags = 0
    for layer in range(3):
        shown = [timeline.at(step, layer) for step in range(network.steps)]
        steps, neurons = raster[layer]
        spikes = np.array([state["spikes"] for state in shown])
        n_spikes += len(steps)
        np.testing.assert_array_equal(np.argwhere(spikes), np.array([steps, neurons]).T)
        sample = other.sample(layer)
        n_tags += np.count_nonzero(sample.tags)
        np.testing.assert_array_equal(shown[-1]["tag_1"], sample.tags)
        np.testing.assert_array_equal(shown[-1]["n_spikes"], sample.counts)
    assert n_spikes > 20 and n_tags > 50


def test_the_last_rise_is_the_most_that_a_current_adds_to_a_voltage():
    network = small_network(small_config())
    layer, most = network.layers[0], 0.0
    keep_u, keep_v = 1 - (layer.du + 1) / 4096, 1 - layer.dv / 4096
    for n_steps in range(1, network.steps + 1):
        added = [keep_u**k * keep_v ** (n_steps - k) for k in range(1, n_steps + 1)]
        most = max(most, sum(added))
    found = make_parameters(network, 0, 1.0).last_rise
    assert 1 < most < network.steps
    assert found == pytest.approx(most, rel=1e-12)  # sums of floats in another order

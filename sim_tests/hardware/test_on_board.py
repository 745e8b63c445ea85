"""On a Loihi 2 board: `pytest --target board`. Skipped, with the reason, without one.

Everything is compared with the simulator, bit for bit; see `scripts/board/`.
"""

import dataclasses

import numpy as np
import pytest
from small import random_samples, small_config, small_network

from lava_sfdfa.data.datasets import load_dataset
from lava_sfdfa.data.encoding import Part, encode
from lava_sfdfa.deploy.run import board
from lava_sfdfa.deploy.run.board_learning import learning_processes, missing_models
from lava_sfdfa.engine.engine import Engine
from lava_sfdfa.network.quantise import quantise
from lava_sfdfa.network.real import build_network
from lava_sfdfa.presets import named_config

# Lava, what it imports and what Intel adds to it warn of much that is not ours.
pytestmark = pytest.mark.filterwarnings("default")


@pytest.fixture(autouse=True)
def reachable():
    missing = board.board_software()
    if missing:
        pytest.skip(f"no board can be reached: {missing}")


def ignore(done, total):
    pass


def classify(network, part):
    """Classes and figures of a board, after a look that the comparison says something:
    one step later it would fail."""
    classes, found = board.classify_on_board(network, part, ignore)
    assert found["output_spikes"] > len(part)
    return classes, found


def trained_on_digits():
    """A network of 64-30-10 after 15 epochs, and 20 other samples."""
    config = named_config("digits", hidden=(30,), steps=32)
    data = load_dataset("digits")
    train, test = encode(data.train, config), encode(data.test.first(20), config)
    engine = Engine(quantise(build_network(config, 64, 10), config))
    engine.learn(train.events, train.labels, np.tile(np.arange(len(train)), 15))
    return engine.network(), test


def test_a_node_is_selected():
    assert board.select_node()


def test_output_spikes_are_the_simulators():
    network, part = trained_on_digits()
    classes, found = classify(network, part)
    assert found["mismatches"] == 0
    # The board cannot show v, by which the engine decides between equal counts.
    engine = Engine(network)
    wanted, _ = engine.classify(part.events)
    alone = [is_alone(engine.raster(part.events, i)[-1][1]) for i in range(len(part))]
    assert sum(alone) >= 10
    np.testing.assert_array_equal(classes[alone], wanted[alone])
    assert np.mean(wanted[alone] == part.labels[alone]) > 0.5


def is_alone(neurons):
    """Whether one output has spiked more often than all others."""
    counts = np.sort(np.bincount(neurons, minlength=2))
    return counts[-1] > counts[-2]


def test_three_layers():
    config = small_config(hidden=(12, 9))
    events, labels = random_samples(config, 5)
    _, found = classify(small_network(config), Part(events, labels))
    assert found["mismatches"] == 0


@pytest.mark.parametrize(("du", "dv"), [(0, 1), (4095, 4095), (100, 4095)])
def test_the_limits_of_decays_and_weights(du, dv):
    """Odd weights and both ends of 8 bits, with decays at both ends of 12."""
    config = small_config()
    events, labels = random_samples(config, 5)
    network = small_network(config)
    rng = np.random.RandomState(1)
    layers = []
    for layer in network.layers:
        weights = rng.choice(
            [-128, -127, -1, 1, 126, 127], layer.weights.shape, p=[0.1] * 4 + [0.3] * 2
        )
        changes = {"weights": weights.astype(np.int8), "du": du, "dv": dv, "vth": 150}
        layers.append(dataclasses.replace(layer, **changes))
    network = dataclasses.replace(network, layers=tuple(layers))
    _, found = classify(network, Part(events, labels))
    assert found["mismatches"] == 0


def test_a_sample_leaves_nothing_behind():
    """Shown again after another one, it gives the same spikes."""
    config = small_config()
    events, _ = random_samples(config, 2)
    again = dataclasses.replace(
        events,
        index=np.concatenate([events.index, events.index[: events.offset[1]]]),
        counts=np.concatenate([events.counts, events.counts[:1]]),
        offset=np.append(events.offset, events.offset[-1] + events.offset[1]),
    )
    network = small_network(config)
    raw = board.read_spikes(network, again, ignore)
    spikes = board.match_spikes(network, again, raw).spikes
    assert spikes[0].sum() > 0 and (spikes[0] != spikes[1]).any()
    np.testing.assert_array_equal(spikes[0], spikes[2])


def test_learning():
    """Runs once somebody has models of the neurons for the chip."""
    config = small_config()
    part = Part(*random_samples(config, 2))
    needs = missing_models(learning_processes(small_network(config), part))
    if needs:
        pytest.skip(f"a board still needs models of {', '.join(needs)}")
    raise AssertionError(
        "there are models now: compare a learned sample with the engine"
    )

"""The engine against the network on Lava, every integer of every step."""

import dataclasses

import numpy as np
import pytest
from small import random_samples, small_config, small_network

from lava_sfdfa.data.datasets import load_dataset
from lava_sfdfa.data.encoding import encode
from lava_sfdfa.engine.engine import Engine
from lava_sfdfa.engine.timeline import Timeline
from lava_sfdfa.network.quantise import quantise
from lava_sfdfa.network.real import build_network
from lava_sfdfa.presets import named_config
from lava_sfdfa.processes.network import LavaNetwork, make_input
from lava_sfdfa.processes.verify import count_mismatches

pytest.importorskip("lava.proc.dense", reason="lava-nc is not installed")


QUIET = 0.8  # neurons are woken


def check(result, feedback="sfdfa"):
    """No mismatch; and much of everything happened."""
    assert result["mismatches"] == 0, result["first_mismatch"]
    for name in ("spikes", "weights_changed", "tags_changed"):
        assert result[name] > 0, name
    assert (result["feedback_changed"] > 0) == (feedback != "random")


def run_small(n_samples, **changes):
    config = small_config(**changes)
    network = small_network(config)
    return count_mismatches(network, *random_samples(config, n_samples))


@pytest.mark.parametrize(
    ("hidden", "changes"),
    [
        ((12,), {}),
        ((10, 8), {"rounding": "shared"}),
        ((10,), {"eligibility": "recursive"}),
        ((10, 8), {"feedback": "symmetric"}),
        ((8,), {"feedback": "random", "rounding": "shared"}),
        ((12,), {"threshold_hidden": QUIET}),
        ((12,), {"threshold_hidden": QUIET, "eligibility": "recursive"}),
    ],
)
def test_lava_equals_the_engine(hidden, changes):
    result = run_small(4, hidden=hidden, **changes)
    check(result, changes.get("feedback", "sfdfa"))
    assert result["steps"] == 4 * (24 + len(hidden) + 6)


def test_a_woken_neuron_that_does_not_learn_is_found(monkeypatch):
    """Where Lava wakes nobody, the comparison fails: it is not trivial."""
    pytest.importorskip("lava.proc.dense", reason="lava-nc is not installed")
    from lava_sfdfa.processes.lif import Phases

    monkeypatch.setattr(Phases, "wake", lambda self, silent: None)
    assert run_small(2, threshold_hidden=QUIET)["mismatches"] > 0


@pytest.mark.slow
@pytest.mark.parametrize("rounding", ["synapse", "shared"])
@pytest.mark.parametrize("eligibility", ["trace", "recursive"])
@pytest.mark.parametrize("feedback", ["sfdfa", "random", "symmetric"])
@pytest.mark.parametrize("hidden", [(12,), (10, 8), (8, 7, 6)])
def test_lava_equals_the_engine_in_all_modes(hidden, feedback, eligibility, rounding):
    result = run_small(
        8, hidden=hidden, feedback=feedback, eligibility=eligibility, rounding=rounding
    )
    check(result, feedback)


def run_data(name, n_samples, data_dir=None, **changes):
    config = named_config(name, **changes)
    data = load_dataset(name, data_dir)
    part = encode(data.train.first(n_samples), config)
    real = build_network(config, data.train.images.shape[1], data.n_classes)
    return count_mismatches(quantise(real, config), part.events, part.labels)


@pytest.mark.slow
@pytest.mark.parametrize("eligibility", ["trace", "recursive"])
@pytest.mark.parametrize("feedback", ["sfdfa", "random", "symmetric"])
def test_digits_over_20_samples(feedback, eligibility):
    changes = {"feedback": feedback, "eligibility": eligibility}
    check(run_data("digits", 20, hidden=(32,), **changes), feedback)


@pytest.mark.slow
@pytest.mark.parametrize("feedback", ["sfdfa", "random", "symmetric"])
def test_two_hidden_layers_over_5_samples(feedback):
    """Thresholds low enough that all layers of a new network spike and learn."""
    lively = {"threshold_hidden": 0.3, "threshold_output": 0.3, "learning_rate": 0.1}
    lively |= {"weight_init": 1.5, "weight_limit": 3.0}
    check(run_data("digits", 5, hidden=(40, 24), feedback=feedback, **lively), feedback)


@pytest.mark.slow
def test_mnist_over_2_samples(data_dir):
    check(run_data("mnist", 2, data_dir, hidden=(100,)))


def test_an_error_in_one_integer_is_found():
    """One weight of one layer, one higher on Lava than in the engine."""
    config = small_config()
    network = small_network(config)
    weights = network.layers[0].weights.copy()
    weights[3, 4] += 1
    layer = dataclasses.replace(network.layers[0], weights=weights)
    other = dataclasses.replace(network, layers=(layer, network.layers[1]))
    events, labels = random_samples(config, 1)
    timeline = Timeline(Engine(network), events, labels, 0)
    with LavaNetwork(other, make_input(other, events, labels), read_steps=(0,)) as lava:
        lava.run(1)
        wrong = lava.state[0]["weights"][0] != timeline.at(0, 0)["weights"]
    assert np.argwhere(wrong).tolist() == [[3, 4]]


def test_timeline_follows_the_schedule():
    """Weights of the outputs change in the error step, others a step later."""
    config = small_config(hidden=(10, 8), seed=2)
    network = small_network(config)
    events, labels = random_samples(config, 12)
    engine, schedule = Engine(network), network.schedule
    when = {
        ("weights", 2): {schedule.error},
        ("weights", 1): {schedule.commit},
        ("weights", 0): {schedule.commit},
        ("rate", 0): {schedule.commit},
        ("feedback", 1): {schedule.feedback},
        ("error", 2): {schedule.error, schedule.rest},
    }
    seen = {key: set() for key in when}
    for sample in range(len(events)):
        timeline = Timeline(engine, events, labels, sample)
        for name, layer in when:
            states = [timeline.at(step, layer)[name] for step in range(network.period)]
            seen[name, layer] |= {
                step
                for step in range(1, network.period)
                if (states[step] != states[step - 1]).any()
            }
        assert timeline.tags_changed() > 0
        assert (timeline.at(schedule.rest, 0)["v"] == 0).all()
        assert (timeline.at(schedule.reset[0], 0)["tag_1"] == 0).all()
    assert seen == when

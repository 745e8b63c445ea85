"""The engine against the plain implementation in `oracle.py`, integer for integer."""

import dataclasses

import numpy as np
import pytest
from oracle import Oracle
from small import quiet_config, random_samples, small_config, small_network

from lava_sfdfa.engine.engine import Engine
from lava_sfdfa.network.rule import Rule

N_SAMPLES = 20
# A third layer takes half a minute to compile, and nothing else is new in it.
DEEP = pytest.param((8, 7, 6), marks=pytest.mark.slow)


def compare(network, events, labels, n_samples=N_SAMPLES):
    """Learn the same samples in both; return how much happened."""
    engine, oracle = Engine(network), Oracle(network)
    tags_changed = jumps_changed = woken = 0
    for sample in range(n_samples):
        predicted = engine.learn(events, labels, np.array([sample]))[0]
        expected = oracle.learn(events.dense(sample, network.steps), labels[sample])
        assert predicted == expected, f"prediction of sample {sample}"
        for i, state in enumerate(engine.states):
            where = f"layer {i} after sample {sample}"
            scratch = engine._scratches[i]
            spikes = np.zeros((network.steps, network.layers[i].n_post), bool)
            step_of = np.repeat(np.arange(network.steps), np.diff(scratch.start))
            spikes[step_of, scratch.spikes[: scratch.start[-1]]] = True
            np.testing.assert_array_equal(spikes, oracle.spikes[i], where)
            np.testing.assert_array_equal(
                full_tags(scratch, oracle.tags[i].shape), oracle.tags[i], where
            )
            np.testing.assert_array_equal(state.weights.T, oracle.weights[i], where)
            np.testing.assert_array_equal(state.feedback, oracle.feedback[i], where)
            if i < network.n_hidden:
                np.testing.assert_array_equal(state.rate, oracle.rates[i], where)
            woken += np.count_nonzero(oracle.woken[i])
            tags_changed += np.count_nonzero(oracle.tags[i])
            if network.layers[i].rule.jump:
                compare_jumps(scratch, oracle.jumps[i], where)
                jumps_changed += np.count_nonzero(oracle.jumps[i] != 128)
    counts = engine.take_counts()
    return {
        "spikes": [count["spikes"] for count in counts],
        "weights": [
            np.count_nonzero(layer.weights != state.weights.T)
            for state, layer in zip(engine.states, network.layers, strict=True)
        ],
        "feedback": [
            np.count_nonzero(state.feedback != layer.feedback)
            for state, layer in zip(engine.states, network.layers, strict=True)
        ],
        "tags": tags_changed,
        "jumps": jumps_changed,
        "woken": woken,
    }


def full_tags(scratch, shape):
    """Tags by neuron and input."""
    tags = np.zeros(shape, np.int64)
    n_rows, n_columns = scratch.size
    rows, columns = scratch.tagged[:n_rows], scratch.active[:n_columns]
    tags[np.ix_(rows, columns)] = scratch.tags[:n_rows, :n_columns]
    return tags


def compare_jumps(scratch, expected, where):
    """Second tags: at rest but for neurons and inputs that spiked."""
    n_rows, n_columns = scratch.size
    found = np.full(expected.shape, 128)
    spiked = np.ix_(scratch.tagged[:n_rows], scratch.active[:n_columns])
    found[spiked] = scratch.jumps[:n_rows, :n_columns]
    np.testing.assert_array_equal(found, expected, where)


@pytest.mark.parametrize("rounding", ["synapse", "shared"])
@pytest.mark.parametrize("feedback", ["sfdfa", "random", "symmetric"])
@pytest.mark.parametrize("hidden", [(12,), (10, 8), DEEP])
def test_engine_equals_the_plain_implementation(hidden, feedback, rounding):
    config = small_config(hidden=hidden, feedback=feedback, rounding=rounding)
    network = small_network(config)
    happened = compare(network, *random_samples(config, N_SAMPLES))
    assert min(happened["spikes"]) > 0 and happened["tags"] > 0
    assert all(n > 0 for n in happened["weights"])
    # Under all hidden layers but the last, symmetric paths can lead nowhere at the end.
    assert (happened["feedback"][-2] > 0) == (feedback != "random")
    assert feedback != "sfdfa" or all(n > 0 for n in happened["feedback"][:-1])


@pytest.mark.parametrize(
    ("n_inputs", "hidden"),
    [(1, (12,)), (20, (1,)), (1, (1,)), (20, (1, 1)), (1, (1, 1))],
)
def test_layers_of_one_neuron_and_of_one_input(n_inputs, hidden):
    """A matrix of one row is contiguous both ways, so that a view looks like a copy."""
    # With this seed no weight on the only path is negative, so that all layers spike.
    config = small_config(hidden=hidden, weight_init=3.0, input_weight_mean=2.0, seed=1)
    network = small_network(config, n_inputs=n_inputs)
    before = [layer.weights.copy() for layer in network.layers]
    samples = random_samples(config, N_SAMPLES, n_inputs=n_inputs)
    happened = compare(network, *samples)
    assert min(happened["spikes"]) > 0 and min(happened["weights"]) > 0
    for layer, weights in zip(network.layers, before, strict=True):
        np.testing.assert_array_equal(layer.weights, weights)
    engine = Engine(network)
    engine.learn(*samples, np.arange(5))
    learned = engine.network()
    kept = [layer.weights.copy() for layer in learned.layers]
    engine.learn(*samples, np.arange(N_SAMPLES))
    for layer, weights in zip(learned.layers, kept, strict=True):
        np.testing.assert_array_equal(layer.weights, weights)


@pytest.mark.parametrize("rounding", ["synapse", "shared"])
@pytest.mark.parametrize("eligibility", ["trace", "recursive"])
@pytest.mark.parametrize("hidden", [(12,), (10, 8)])
def test_silent_neurons_are_woken_as_in_the_plain_implementation(
    hidden, eligibility, rounding
):
    config = quiet_config(hidden=hidden, eligibility=eligibility, rounding=rounding)
    network, samples = small_network(config), random_samples(config, N_SAMPLES)
    happened = compare(network, *samples)
    assert min(happened["spikes"]) > 0 and happened["woken"] > 50
    # Waking matters: without it the same network learns something else.
    layers = [dataclasses.replace(layer, wake_step=None) for layer in network.layers]
    engines = Engine(network), Engine(dataclasses.replace(network, layers=layers))
    for engine in engines:
        engine.learn(*samples, np.arange(N_SAMPLES))
    woken, left = (engine.states[0].weights for engine in engines)
    assert (woken != left).any()


def test_a_woken_neuron_learns_until_it_spikes():
    """Nothing ever spikes in a layer; once woken, nearly all of its neurons do."""
    config = quiet_config(threshold_hidden=3.0, homeostasis=20.0)
    network, samples = small_network(config), random_samples(config, 200)
    layers = [dataclasses.replace(layer, wake_step=None) for layer in network.layers]
    left = Engine(dataclasses.replace(network, layers=layers))
    left.learn(*samples, np.arange(200))
    assert not left.states[0].rate.any() and not left.states[0].feedback.any()
    engine = Engine(network)
    for _ in range(5):
        engine.learn(*samples, np.arange(200))
    assert np.count_nonzero(engine.states[0].rate) > 9  # of 12


@pytest.mark.parametrize("rounding", ["synapse", "shared"])
@pytest.mark.parametrize("hidden", [(12,), (10, 8)])
def test_recursive_eligibility_equals_the_plain_implementation(hidden, rounding):
    config = small_config(hidden=hidden, eligibility="recursive", rounding=rounding)
    network, samples = small_network(config), random_samples(config, N_SAMPLES)
    happened = compare(network, *samples)
    assert min(happened["spikes"]) > 0 and min(happened["weights"]) > 0
    assert happened["jumps"] > 100
    # The second tag matters: without it the same network learns something else.
    layers = [
        dataclasses.replace(layer, rule=Rule(layer.rule.tag, layer.rule.weight))
        for layer in network.layers
    ]
    engines = Engine(network), Engine(dataclasses.replace(network, layers=layers))
    for engine in engines:
        engine.learn(*samples, np.arange(N_SAMPLES))
    recursive, trace = (engine.states[0].weights for engine in engines)
    assert (recursive != trace).any()


@pytest.mark.parametrize("hidden", [(12,), (10, 8)])
def test_engine_equals_the_plain_implementation_with_one_sided_errors(hidden):
    config = small_config(hidden=hidden, loss="margin", reciprocal_headroom=2)
    network = small_network(config)
    events, labels = random_samples(config, N_SAMPLES)
    happened = compare(network, events, labels)
    assert all(n > 0 for n in happened["weights"])
    counted = dataclasses.replace(network, loss="count")
    engines = Engine(network), Engine(counted)
    for engine in engines:
        engine.learn(events, labels, np.arange(N_SAMPLES))
    margin, count = (engine.states[-1].weights for engine in engines)
    assert (margin != count).any()  # some errors were on the allowed side


@pytest.mark.parametrize("eligibility", ["trace", "recursive"])
@pytest.mark.parametrize("seed", range(5))
def test_engine_equals_the_plain_implementation_at_the_limits(seed, eligibility):
    """Large weights, low thresholds and fast learning: everything saturates."""
    config = small_config(
        hidden=(15,),
        seed=seed,
        eligibility=eligibility,
        learning_rate=4.0,
        threshold_hidden=0.1,
        threshold_output=0.1,
        weight_init=3.0,
        target_true=40,
    )
    network = small_network(config)
    events, labels = random_samples(config, N_SAMPLES)
    engine = Engine(network)
    compare(network, events, labels)
    engine.learn(events, labels, np.arange(N_SAMPLES))
    counts = engine.take_counts()
    for name in ("weights_limit", "traces_limit", "factors_limit"):
        assert sum(count[name] for count in counts) > 0, name


def test_currents_wrap_at_24_bits_and_are_counted():
    """2,000 inputs of weight 127 at once: u passes 2**23 and becomes negative."""
    config = small_config(hidden=(3,))
    network = small_network(config, n_inputs=2000)
    layer = network.layers[0]
    layer = dataclasses.replace(layer, weights=np.full_like(layer.weights, 127))
    network = dataclasses.replace(network, layers=(layer, network.layers[1]))
    from lava_sfdfa.data.encoding import encode_latency

    images = np.full((2, 2000), 255, np.uint8)
    events = encode_latency(images, config.window_steps)
    engine = Engine(network)
    engine.learn(events, np.zeros(2, np.int64), np.arange(2))
    assert engine.take_counts()[0]["currents_wrapped"] > 0
    compare(network, events, np.zeros(2, np.int64), 2)


def test_calls_can_be_cut_anywhere():
    config = small_config(hidden=(10, 8))
    network = small_network(config)
    events, labels = random_samples(config, N_SAMPLES)
    whole, cut = Engine(network), Engine(network)
    order = np.arange(N_SAMPLES)
    expected = whole.learn(events, labels, order)
    found = [cut.learn(events, labels, part) for part in np.split(order, [1, 4, 5])]
    np.testing.assert_array_equal(np.concatenate(found), expected)
    for a, b in zip(whole.states, cut.states, strict=True):
        np.testing.assert_array_equal(a.weights, b.weights)
        np.testing.assert_array_equal(a.feedback, b.feedback)
        np.testing.assert_array_equal(a.rate, b.rate)
    assert (network.layers[0].weights != whole.states[0].weights.T).any()


def test_classifying_changes_nothing():
    config = small_config()
    network = small_network(config)
    events, _ = random_samples(config, N_SAMPLES)
    engine = Engine(network)
    predictions, n_spikes = engine.classify(events)
    assert len(predictions) == N_SAMPLES and (n_spikes > 0).all()
    np.testing.assert_array_equal(engine.states[0].weights.T, network.layers[0].weights)
    assert engine.n_learned == 0
    rasters = engine.raster(events, 3)
    assert [len(steps) for steps, _ in rasters] == [
        len(neurons) for _, neurons in rasters
    ]


def test_a_network_without_input_stays_silent_and_unchanged():
    config = small_config()
    network = small_network(config)
    from lava_sfdfa.data.encoding import encode_latency

    events = encode_latency(np.zeros((3, 20), np.uint8), config.window_steps)
    engine = Engine(network)
    predictions = engine.learn(events, np.ones(3, np.int64), np.arange(3))
    np.testing.assert_array_equal(predictions, 0)
    np.testing.assert_array_equal(engine.states[0].weights.T, network.layers[0].weights)


def test_symmetric_feedback_is_the_transposed_output_weights():
    config = small_config(feedback="symmetric")
    network = small_network(config)
    layers = (
        dataclasses.replace(network.layers[0], payload_shift=4),
        network.layers[1],
    )
    engine = Engine(dataclasses.replace(network, layers=layers))
    events, labels = random_samples(config, N_SAMPLES)
    engine.learn(events, labels, np.arange(N_SAMPLES))
    before = engine.states[1].weights.copy()
    engine.learn(events, labels, np.array([0]))
    np.testing.assert_array_equal(engine.states[0].feedback, before)
    assert engine.alignment()[0] > 0.8  # the weights have moved once since


def test_feedback_is_drawn_to_the_forward_weights():
    """With frozen weights and all neurons firing, B approaches W: E[p d | fired]."""
    config = small_config(
        hidden=(12,), learning_rate=0.0, threshold_hidden=0.02, weight_init=1.0
    )
    network = small_network(config)
    events, labels = random_samples(config, 200)
    engine = Engine(network)
    for _ in range(20):
        engine.learn(events, labels, np.arange(200))
    weights = engine.states[1].weights
    np.testing.assert_array_equal(weights.T, network.layers[1].weights)
    fired = engine.states[0].rate > 2**15
    assert fired.sum() >= 6
    b, w = engine.states[0].feedback[fired].ravel(), weights[fired].ravel()
    # The residue is the estimate's own noise: half of alpha times the variance.
    assert np.corrcoef(b, w)[0, 1] > 0.9

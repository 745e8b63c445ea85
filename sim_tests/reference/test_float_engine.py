"""The compiled float training against the reference, equation by equation."""

import math
from itertools import pairwise

import numpy as np
import pytest

from lava_sfdfa.reference import engine
from lava_sfdfa.reference.equations import (
    STABILISED,
    Neurons,
    Spikes,
    eligibility,
    run_layer,
)

TAU, TAU_S, END = 0.26, 0.13, 0.2
Z_END = math.exp(END / TAU)
SIZES, THRESHOLDS = (20, 12, 4), (0.2, 0.15)


def make(seed):
    """Two layers, and one sample as spikes."""
    rng = np.random.RandomState(seed)
    weights = [
        rng.uniform(-1, 1, (n_post, n_pre)).astype(np.float32)
        for n_pre, n_post in pairwise(SIZES)
    ]
    feedback = [rng.uniform(-1, 1, (SIZES[1], SIZES[2])), np.zeros((SIZES[2], 0))]
    layers = tuple(
        engine.make_layer(*pair) for pair in zip(weights, feedback, strict=True)
    )
    times = np.sort(rng.choice(np.arange(1, 60), SIZES[0], replace=False)) * 0.0017
    inputs = Spikes(times, rng.permutation(SIZES[0]))
    return weights, layers, inputs


SIMULATION = engine.Simulation(THRESHOLDS, Z_END)


def trains(inputs):
    """One sample of class 1."""
    z, neuron = np.exp(inputs.times / TAU), inputs.neurons.astype(np.int32)
    return engine.Trains(z, neuron, np.array([0, len(z)]), np.array([1]))


def show(layers, inputs, learning=True):
    engine.forward(layers, SIMULATION, trains(inputs), 0, learning)


def learn(layers, inputs, learning_rate):
    """A batch of the one sample, payloads of 1."""
    rule = engine.Rule((15, 3), learning_rate, 0.5, 0.0, 0.2, True)
    payloads = (np.ones((1, SIZES[1])),)
    order = np.array([0])
    engine.learn_batch(layers, SIMULATION, trains(inputs), order, payloads, rule, 1)


@pytest.mark.parametrize("seed", range(8))
def test_spikes_are_those_of_the_reference(seed):
    weights, layers, inputs = make(seed)
    show(layers, inputs)
    total = 0
    for matrix, threshold, layer in zip(weights, THRESHOLDS, layers, strict=True):
        neurons = Neurons(TAU, TAU_S, threshold)
        expected = run_layer(matrix.astype(np.float64), neurons, inputs, END)
        n = layer.size[engine.SPIKES]
        assert n == len(expected.times)
        total += n
        np.testing.assert_array_equal(layer.out_neuron[:n], expected.neurons)
        found = TAU * np.log(layer.out_z[:n])
        # Weights are float32, sums float64 in another order.
        np.testing.assert_allclose(found, expected.times, rtol=0, atol=1e-9)
        inputs = expected
    assert total > 0


@pytest.mark.parametrize("seed", range(8))
def test_eligibility_is_that_of_the_reference(seed):
    weights, layers, inputs = make(seed)
    show(layers, inputs)
    n_checked = 0
    for matrix, threshold, layer in zip(weights, THRESHOLDS, layers, strict=True):
        neurons = Neurons(TAU, TAU_S, threshold)
        outputs = run_layer(matrix.astype(np.float64), neurons, inputs, END)

        for row in range(layer.size[engine.ROWS]):
            post = layer.fired[row]
            times = outputs.times[outputs.neurons == post]
            exact = matrix[post].astype(np.float64)
            expected = eligibility(exact, neurons, inputs, times, STABILISED).sum(
                axis=0
            )
            found = layer.e[row] * TAU
            # e is float32.
            np.testing.assert_allclose(found, expected, atol=1e-5 * expected.max())
            n_checked += 1
        inputs = outputs
    assert n_checked >= 3


def test_a_batch_is_one_step_of_adam():
    """The first step of Adam moves every weight with a gradient by the rate."""
    _, layers, inputs = make(0)
    before = [layer.weights.copy() for layer in layers]
    learn(layers, inputs, learning_rate=0.01)
    moved = layers[1].weights - before[1]
    changed = moved != 0
    assert changed.any() and not changed.all()
    np.testing.assert_allclose(np.abs(moved[changed]), 0.01, rtol=1e-3)
    # Output errors are targets minus spikes: eligibility is positive at output 1 here.
    assert (layers[1].credit == 0).all() and (layers[0].eligible == 0).all()


def test_feedback_moves_toward_payload_times_direction():
    """One sample, payload 1 everywhere: B += 0.5 (d - B) where a neuron fired."""
    _, layers, inputs = make(1)
    show(layers, inputs)
    fired = layers[0].n_spikes > 0
    assert fired.any() and not fired.all()
    before = layers[0].feedback.copy()
    layers[0].own[:] = 1.0
    show(layers, inputs)
    last = layers[1]
    n = last.size[engine.SPIKES]
    direction = np.bincount(last.out_neuron[:n], last.out_payload[:n], SIZES[2])
    learn(layers, inputs, learning_rate=0.0)
    expected = before + 0.5 * (direction - before) * fired[:, None]
    np.testing.assert_allclose(layers[0].feedback, expected, rtol=1e-5, atol=1e-6)
    assert (direction != 0).any()

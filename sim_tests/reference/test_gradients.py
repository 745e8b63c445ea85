"""Exact gradients of whole networks against central finite differences."""

from itertools import pairwise

import numpy as np
import pytest

from lava_sfdfa.reference.equations import Neurons, Spikes, run_layer
from lava_sfdfa.reference.gradients import exact_updates, forward_gradients

PAPER = Neurons(tau=0.26, tau_s=0.13, threshold=0.77)
STEP = 1e-6


def make(sizes):
    """Random input spikes, weights and neurons; and the generator, to go on."""
    rng = np.random.RandomState(4)
    inputs = Spikes(np.sort(rng.rand(12) * 0.1), rng.randint(sizes[0], size=12))
    weights = [
        rng.uniform(-0.5, 2.0, (n_post, n_pre)) for n_pre, n_post in pairwise(sizes)
    ]
    return rng, inputs, weights, [PAPER] * len(weights)


@pytest.mark.parametrize("sizes", [(8, 6, 4), (8, 6, 5, 4)])
def test_whole_network_gradients_are_those_of_finite_differences(sizes):
    _, inputs, weights, layers = make(sizes)
    spikes, gradients = forward_gradients(weights, layers, inputs, 0.2)
    last = spikes[-1]
    assert all(len(one.times) > 3 for one in spikes)
    n_checked = 0
    for number, matrix in enumerate(weights):
        scale = np.abs(gradients[number]).max()
        assert scale > 0
        for post, pre in np.ndindex(matrix.shape):
            moved = []
            for sign in (1, -1):
                changed = [one.copy() for one in weights]
                changed[number][post, pre] += sign * STEP
                outputs = inputs
                for one, neurons in zip(changed, layers, strict=True):
                    outputs = run_layer(one, neurons, outputs, 0.2)
                moved.append(outputs)
            np.testing.assert_array_equal(moved[0].neurons, last.neurons)
            measured = (moved[0].times - moved[1].times) / (2 * STEP)
            found = gradients[number][:, post, pre]
            # Relative to the largest derivative: some are products of small numbers.
            assert np.abs(measured - found).max() <= 1e-5 * scale, (number, post, pre)
            n_checked += 1
    assert n_checked == sum(matrix.size for matrix in weights)


@pytest.mark.parametrize("sizes", [(8, 6, 4), (8, 6, 5, 4)])
def test_backward_and_forward_agree(sizes):
    """The chain rule backward gives what the derivatives of all spikes sum up to."""
    rng, inputs, weights, layers = make(sizes)
    spikes, gradients = forward_gradients(weights, layers, inputs, 0.2)
    errors = rng.randint(-5, 12, sizes[-1])
    updates = exact_updates(weights, layers, [inputs, *spikes], errors)
    wish = errors[spikes[-1].neurons]
    assert len(wish) > 3 and all(np.abs(update).max() > 0 for update in updates)
    for update, gradient in zip(updates, gradients, strict=True):
        expected = -np.tensordot(wish, gradient, axes=1)
        scale = np.abs(expected).max()
        np.testing.assert_allclose(update, expected, rtol=0, atol=1e-12 * scale)


def test_a_floor_bounds_what_diverges():
    """g - c is a ten-millionth of c at a spike that barely comes."""
    inputs = Spikes(np.array([0.0]), np.array([0]))
    weights = [np.array([[4 * PAPER.threshold * (1 + 1e-12)]])]
    spikes = [inputs, run_layer(weights[0], PAPER, inputs, 1.0)]
    assert len(spikes[1].times) == 1
    free, bounded = (
        exact_updates(weights, [PAPER], spikes, np.ones(1), floor)[0][0, 0]
        for floor in (0.0, 0.05)
    )
    assert free > 1000 * bounded > 0

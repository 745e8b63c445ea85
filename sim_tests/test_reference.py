"""The float reference against central finite differences, and against itself."""

from itertools import pairwise

import numpy as np
import pytest

from lava_sfdfa.reference import (
    EXACT,
    STABILISED,
    Neurons,
    Spikes,
    current,
    eligibility,
    forward_gradients,
    online_eligibility,
    run_layer,
    spike_times,
)

PAPER = Neurons(tau=0.26, tau_s=0.13, threshold=0.77)
OTHER = Neurons(tau=0.02, tau_s=0.005, threshold=0.3)  # spikes by bisection
END = {PAPER: 0.2, OTHER: 0.05}
# Central differences of spike times with a step of 1e-6 in a weight: the error of the
# formula is of order 1e-12 / slope, that of the subtraction about 1e-10 relative.
STEP, WORST = 1e-6, 1e-6
# Near the threshold's tangent a spike comes or goes within the step: left out.
TANGENT = 0.02


def random_neuron(rng, neurons, n_pre=40):
    """Weights and input spikes for which the neuron spikes once to often."""
    end = END[neurons]
    times = np.sort(rng.rand(60) * end * 0.8)
    inputs = Spikes(times, rng.randint(n_pre, size=60))
    weights = rng.uniform(-1, 1, n_pre) + rng.uniform(0, 0.3)
    return weights, inputs


def train(weights, inputs, neurons):
    return spike_times(
        weights,
        inputs.times,
        inputs.neurons,
        neurons.threshold,
        neurons.tau,
        neurons.tau_s,
        END[neurons],
    )


@pytest.mark.parametrize("neurons", [PAPER, OTHER], ids=["closed form", "bisection"])
def test_eligibility_is_the_derivative_of_the_spike_times(neurons):
    rng = np.random.RandomState(0)
    n_neurons, n_spikes, worst = 0, set(), 0.0
    while n_neurons < 300:
        weights, inputs = random_neuron(rng, neurons)
        spikes = train(weights, inputs, neurons)
        slopes = [current(t, weights, inputs, neurons) for t in spikes]
        if len(spikes) == 0 or min(slopes) < neurons.threshold * (1 + TANGENT):
            continue
        exact = -eligibility(weights, neurons, inputs, spikes, EXACT)
        for j in rng.choice(np.unique(inputs.neurons), 5, replace=False):
            moved = []
            for sign in (1, -1):
                changed = weights.copy()
                changed[j] += sign * STEP
                moved.append(train(changed, inputs, neurons))
            if not len(moved[0]) == len(moved[1]) == len(spikes):
                break
            measured = (moved[0] - moved[1]) / (2 * STEP)
            scale = np.abs(exact).max()
            worst = max(worst, float(np.abs(measured - exact[:, j]).max() / scale))
        else:
            n_neurons += 1
            n_spikes.add(len(spikes))
    assert worst <= WORST, worst
    assert min(n_spikes) == 1 and max(n_spikes) >= 5


@pytest.mark.parametrize("kind", [EXACT, STABILISED])
@pytest.mark.parametrize("neurons", [PAPER, OTHER], ids=["closed form", "bisection"])
def test_the_online_form_is_the_closed_form(neurons, kind):
    rng = np.random.RandomState(1)
    n_checked = 0
    while n_checked < 100:
        weights, inputs = random_neuron(rng, neurons)
        spikes = train(weights, inputs, neurons)
        slopes = [current(t, weights, inputs, neurons) for t in spikes]
        if len(spikes) == 0 or min(slopes) < neurons.threshold * (1 + TANGENT):
            continue
        closed = eligibility(weights, neurons, inputs, spikes, kind).sum(axis=0)
        online = online_eligibility(weights, neurons, inputs, spikes, kind)
        assert np.abs(online - closed).max() <= 1e-12 * np.abs(closed).max()
        n_checked += 1


def test_the_stabilised_form_points_the_same_way():
    rng = np.random.RandomState(2)
    cosines = []
    while len(cosines) < 100:
        weights, inputs = random_neuron(rng, PAPER)
        spikes = train(weights, inputs, PAPER)
        if len(spikes) == 0:
            continue
        a, b = (
            eligibility(weights, PAPER, inputs, spikes, kind).sum(axis=0)
            for kind in (EXACT, STABILISED)
        )
        cosines.append(a @ b / np.sqrt((a @ a) * (b @ b)))
    assert np.percentile(cosines, 5) > 0.99


def test_near_the_tangent_only_the_exact_form_diverges():
    """One input whose response just touches the threshold."""
    inputs = Spikes(np.array([0.0]), np.array([0]))
    sizes = {EXACT: [], STABILISED: []}
    for above in (1e-1, 1e-3, 1e-5):
        weights = np.array([4 * PAPER.threshold * (1 + above)])  # the peak is w / 4
        (spike,) = spike_times(
            weights, inputs.times, inputs.neurons, PAPER.threshold, 0.26, 0.13, 1.0
        )[:1]
        for kind, found in sizes.items():
            one = eligibility(weights, PAPER, inputs, np.array([spike]), kind)
            found.append(one[0, 0])
    assert sizes[EXACT][2] > 5 * sizes[EXACT][1] > 25 * sizes[EXACT][0] / 2
    assert sizes[STABILISED][2] < 3 * sizes[STABILISED][0]


def test_closed_form_and_bisection_agree():
    """tau = 2 tau_s and a ratio that differs in the ninth digit."""
    rng = np.random.RandomState(3)
    almost = Neurons(0.26 * (1 + 1e-9), 0.13, 0.77)
    for _ in range(50):
        weights, inputs = random_neuron(rng, PAPER)
        a = train(weights, inputs, PAPER)
        b = spike_times(
            weights, inputs.times, inputs.neurons, 0.77, almost.tau, almost.tau_s, 0.2
        )
        assert len(a) == len(b)
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-6)


@pytest.mark.parametrize("sizes", [(8, 6, 4), (8, 6, 5, 4)])
def test_whole_network_gradients_are_those_of_finite_differences(sizes):
    rng = np.random.RandomState(4)
    inputs = Spikes(np.sort(rng.rand(12) * 0.1), rng.randint(sizes[0], size=12))
    weights = [
        rng.uniform(-0.5, 2.0, (n_post, n_pre)) for n_pre, n_post in pairwise(sizes)
    ]
    layers = [PAPER] * len(weights)
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

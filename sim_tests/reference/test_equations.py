"""The float reference against central finite differences, and against itself."""

import numpy as np
import pytest

from lava_sfdfa.chip.protocol import output_errors
from lava_sfdfa.reference.equations import (
    EXACT,
    STABILISED,
    Neurons,
    Spikes,
    carried_payloads,
    current,
    eligibility,
    hidden_factors,
    learn_feedback,
    online_eligibility,
    path_weights,
    probe_direction,
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


def exact(weights, neurons, inputs, spikes):
    return eligibility(weights, neurons, inputs, spikes, EXACT)


def without_recursion(weights, neurons, inputs, spikes):
    """Every spike as if it were the first."""
    one_by_one = [
        exact(weights, neurons, inputs, spikes[k : k + 1]) for k in range(len(spikes))
    ]
    return np.concatenate(one_by_one)


def with_a_flipped_jump(weights, neurons, inputs, spikes):
    return 2 * without_recursion(weights, neurons, inputs, spikes) - exact(
        weights, neurons, inputs, spikes
    )


def with_swapped_time_constants(weights, neurons, inputs, spikes):
    swapped = Neurons(neurons.tau_s, neurons.tau, neurons.threshold)
    return exact(weights, swapped, inputs, spikes)


def with_the_slope_after_the_reset(weights, neurons, inputs, spikes):
    return eligibility(weights, neurons, inputs, spikes, STABILISED)


def with_a_flipped_sign(weights, neurons, inputs, spikes):
    return -exact(weights, neurons, inputs, spikes)


BREAKS = [
    without_recursion,
    with_a_flipped_jump,
    with_swapped_time_constants,
    with_the_slope_after_the_reset,
    with_a_flipped_sign,
]


def error_against_finite_differences(rule, neurons, n_wanted):
    """Worst error of a rule, relative to the neuron's largest derivative; and how
    many spikes the neurons had."""
    rng = np.random.RandomState(0)
    n_neurons, n_spikes, worst = 0, set(), 0.0
    while n_neurons < n_wanted:
        weights, inputs = random_neuron(rng, neurons)
        spikes = train(weights, inputs, neurons)
        slopes = [current(t, weights, inputs, neurons) for t in spikes]
        if len(spikes) == 0 or min(slopes) < neurons.threshold * (1 + TANGENT):
            continue
        found = -rule(weights, neurons, inputs, spikes)
        for j in rng.choice(np.unique(inputs.neurons), 5, replace=False):
            moved = []
            for sign in (1, -1):
                changed = weights.copy()
                changed[j] += sign * STEP
                moved.append(train(changed, inputs, neurons))
            if not len(moved[0]) == len(moved[1]) == len(spikes):
                break
            measured = (moved[0] - moved[1]) / (2 * STEP)
            scale = np.abs(exact(weights, neurons, inputs, spikes)).max()
            worst = max(worst, float(np.abs(measured - found[:, j]).max() / scale))
        else:
            n_neurons += 1
            n_spikes.add(len(spikes))
    return worst, n_spikes


@pytest.mark.parametrize("neurons", [PAPER, OTHER], ids=["closed form", "bisection"])
def test_eligibility_is_the_derivative_of_the_spike_times(neurons):
    worst, n_spikes = error_against_finite_differences(exact, neurons, 300)
    assert worst <= WORST, worst
    assert min(n_spikes) == 1 and max(n_spikes) >= 5


@pytest.mark.parametrize("neurons", [PAPER, OTHER], ids=["closed form", "bisection"])
@pytest.mark.parametrize("rule", BREAKS)
def test_a_broken_rule_is_caught(rule, neurons):
    worst, _ = error_against_finite_differences(rule, neurons, 20)
    assert worst > 1000 * WORST, worst


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
        if len(spikes) > 1:
            broken = without_recursion(weights, neurons, inputs, spikes).sum(axis=0)
            assert np.abs(broken - closed).max() > 1e-3 * np.abs(closed).max()
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


# --- learning ---------------------------------------------------------------------

N_HIDDEN, N_OUT, N_SAMPLES = 30, 5, 20_000
# Three standard errors of a mean over 20,000 payloads times directions of size ~2.
SLOPE = 0.03


def slope_of(estimate, truth):
    return float((estimate * truth).sum() / (truth * truth).sum())


def test_factors_by_hand():
    """Targets 5 and 1, counts 3, 2, 1: errors 2, -1, 0. B = (1, 2, 3): 2 - 2 = 0;
    and 0.5 * (0.2 - 0.6) = -0.2 of homeostasis."""
    is_true, wanted = np.array([True, False, False]), np.array([5, 1, 1])
    errors = output_errors(np.array([3, 2, 1]), wanted, is_true, False)
    assert errors.tolist() == [2, -1, 0]
    one_sided = output_errors(np.array([7, 2, 0]), wanted, is_true, True)
    assert one_sided.tolist() == [0, -1, 0]
    factors = hidden_factors(np.array([[1.0, 2, 3]]), errors, np.array([0.6]), 0.5, 0.2)
    np.testing.assert_allclose(factors, [-0.2], rtol=1e-12)


def test_path_weights_lead_through_neurons_that_fired():
    rng = np.random.RandomState(5)
    upper, output = rng.randn(4, 6), rng.randn(3, 4)
    fired = np.array([True, False, True, True])
    expected = (output @ np.diag(fired) @ upper).T
    np.testing.assert_allclose(path_weights([upper, output], [fired]), expected)
    np.testing.assert_allclose(path_weights([output], []), output.T)


def test_a_probe_estimates_the_output_weights():
    """One hidden layer; no output has to fire, so a silent one learns its column."""
    rng = np.random.RandomState(6)
    weights = rng.uniform(-1, 1, (N_OUT, N_HIDDEN))
    total, n_fired = np.zeros((N_HIDDEN, N_OUT)), np.zeros((N_HIDDEN, 1))
    for _ in range(N_SAMPLES):
        fired = rng.rand(N_HIDDEN) < 0.4
        payload = rng.choice([-1.0, 1.0], N_HIDDEN)
        direction = probe_direction([weights], [fired], payload)
        total += np.outer(payload * fired, direction)
        n_fired[:, 0] += fired
    estimate = total / n_fired
    assert abs(slope_of(estimate, weights.T) - 1) < SLOPE
    for output in range(N_OUT):
        assert abs(slope_of(estimate[:, output], weights[output]) - 1) < 2 * SLOPE
    assert np.corrcoef(estimate.ravel(), weights.T.ravel())[0, 1] > 0.99


@pytest.mark.parametrize("probing", [0, 1])
def test_a_probe_estimates_the_paths_of_two_hidden_layers(probing):
    """The lower layer's feedback is the sum over paths, each with the chance that
    the neuron in between fired: here independent of the neurons below."""
    rng = np.random.RandomState(7)
    upper = rng.uniform(-1, 1, (20, N_HIDDEN))
    output = rng.uniform(-1, 1, (N_OUT, 20))
    chance = rng.uniform(0.2, 0.9, 20)
    truth = output.T if probing else (output * chance @ upper).T
    n_neurons = len(truth)
    total, n_fired = np.zeros(truth.shape), np.zeros((n_neurons, 1))
    for _ in range(N_SAMPLES):
        below, above = rng.rand(N_HIDDEN) < 0.4, rng.rand(20) < chance
        payload = rng.choice([-1.0, 1.0], n_neurons)
        matrices, fired = [upper, output], [below, above]
        direction = probe_direction(matrices[probing:], fired[probing:], payload)
        total += np.outer(payload * fired[probing], direction)
        n_fired[:, 0] += fired[probing]
    estimate = total / n_fired
    assert abs(slope_of(estimate, truth) - 1) < SLOPE


def test_feedback_learned_from_probes_becomes_the_output_weights():
    rng = np.random.RandomState(8)
    weights = rng.uniform(-1, 1, (N_OUT, N_HIDDEN))
    feedback = np.zeros((N_HIDDEN, N_OUT))
    mean = np.zeros_like(feedback)
    for number in range(N_SAMPLES):
        fired = rng.rand(N_HIDDEN) < 0.4
        payload = rng.choice([-1.0, 1.0], N_HIDDEN)
        direction = probe_direction([weights], [fired], payload)
        feedback = learn_feedback(feedback, payload, direction, fired, 2e-3)
        mean += feedback * (number >= N_SAMPLES // 2) / (N_SAMPLES // 2)
    assert abs(slope_of(mean, weights.T) - 1) < SLOPE
    fixed = learn_feedback(feedback, payload, direction, np.zeros(N_HIDDEN, bool), 0.5)
    np.testing.assert_array_equal(fixed, feedback)


def test_payloads_travel_with_the_spikes():
    """The authors' form: the estimate is the weight times the chance that a neuron's
    first spike comes before the output's last; a silent output reads nothing."""
    rng = np.random.RandomState(9)
    n_in, n_hidden = 20, 12
    hidden = rng.uniform(-0.3, 1, (n_hidden, n_in))
    output = rng.uniform(-0.3, 1, (3, n_hidden))
    output[2] = -1.0  # never fires
    total, expected = np.zeros((n_hidden, 3)), np.zeros((n_hidden, 3))
    n_fired = np.zeros((n_hidden, 1))
    for _ in range(2000):
        inputs = Spikes(np.sort(rng.rand(n_in) * 0.1), rng.permutation(n_in))
        first = run_layer(hidden, PAPER, inputs, 0.2)
        second = run_layer(output, PAPER, first, 0.2)
        own = rng.choice([-1.0, 1.0], n_hidden)
        sent = carried_payloads(hidden, inputs, np.zeros(n_in), first, own)
        read = carried_payloads(output, first, sent, second, np.zeros(3))
        direction = np.bincount(second.neurons, read, 3)
        fired = first.counts(n_hidden) > 0
        total += np.outer(own * fired, direction)
        n_fired[:, 0] += fired
        start = [
            first.times[first.neurons == i].min(initial=9) for i in range(n_hidden)
        ]
        end = [second.times[second.neurons == o].max(initial=0) for o in range(3)]
        expected += output.T * (np.array(start)[:, None] < np.array(end))
    estimate, expected = total / n_fired, expected / n_fired
    assert (total[:, 2] == 0).all() and n_fired.min() > 200
    # 2,000 samples: the standard error is three times that of the tests above.
    assert abs(slope_of(estimate, expected) - 1) < 3 * SLOPE
    assert slope_of(estimate[:, :2], output.T[:, :2]) < 1 + SLOPE


@pytest.mark.parametrize("tau", [0.26, 0.3])
def test_late_spikes_are_found_as_early_ones_are(tau):
    """Nothing depends on absolute time, of which exp would leave the numbers."""
    rng = np.random.RandomState(0)
    times = np.sort(rng.rand(40)) * 0.1
    neurons = rng.randint(0, 10, 40)
    weights = rng.uniform(-0.2, 1, 10)
    late = 2000 * tau
    early = spike_times(weights, times, neurons, 0.3, tau, 0.13, 0.2)
    later = spike_times(weights, times + late, neurons, 0.3, tau, 0.13, 0.2 + late)
    assert len(early) > 3
    # Times of 500 seconds keep a difference to 1e-13 s.
    np.testing.assert_allclose(later - late, early, rtol=1e-9, atol=0)

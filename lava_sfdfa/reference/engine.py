"""SFDFA in floating point, compiled: batches, Adam, the settings of the authors.

The equations are those of `equations.py`, for tau = 2 tau_s. Time enters as
z = exp(t / tau), in which everything is a polynomial: u = Q / z - P / z**2 and
g = P / z**2, and a spike is the first root of c z**2 - Q z + P. A layer counts z in
units of a power of two that grows with time, so that no sum overflows; that is exact.

Learning follows Bacho & Chu (arXiv 2403.08804) as their experiments run it: stabilised
eligibility with the per-synapse recursion; payloads on the first spike of each hidden
neuron; feedback weights by plain gradient steps; homeostasis with the batch mean.
"""

import math
from typing import NamedTuple

import numpy as np
from numba import njit

from lava_sfdfa.cache import disk_cached
from lava_sfdfa.types import Array

SILENT = -1
BLOCK = 64  # neurons that are looked at together
TILE = 16  # rows and columns that are transposed together
LARGE = 2.0**30  # z of a layer beyond which it takes a larger unit
MOST_SPIKES = 30  # of a neuron in a sample; the authors' limit
BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8  # Adam; Kingma & Ba, arXiv 1412.6980


class FloatLayer(NamedTuple):
    """Weights of a layer, what learning keeps of them, and scratch space."""

    weights: Array  # (n_pre, n_post) float32, transposed for the forward pass
    feedback: Array  # (n_post, n_out) float32
    first_moment: Array  # (n_post, n_pre) float32, of Adam
    second_moment: Array  # (n_post, n_pre) float32
    credit: Array  # (n_post, n_pre) float32: sum over the batch of e * delta
    eligible: Array  # (n_post, n_pre) float32: sum over the batch of e
    p: Array  # (n_post,) float64, P of the text above
    q: Array  # (n_post,) float64
    base: Array  # (1,) float64, a power of two: the unit of all z in here
    n_spikes: Array  # (n_post,) int32
    carried: Array  # (n_post,) float64, payload received since the last spike
    own: Array  # (n_post,) float64, payload of the first spike
    crossing: Array  # (n_post + 1,) int32, neurons that are about to spike
    row: Array  # (n_post,) int32, or SILENT
    fired: Array  # (n_post,) int32, neuron of a row
    slow: Array  # (n_pre,) float32, sum of z over the spikes of an input
    fast: Array  # (n_pre,) float32, sum of z**2
    e: Array  # (n_post, n_pre) float32, eligibility by row, in units of tau
    jumps: Array  # (n_post, n_pre) float32, by row: z times what spikes left in v
    out_z: Array  # (most,) float64, spikes in the order they were found
    out_neuron: Array  # (most,) int32
    out_payload: Array  # (most,) float64
    size: Array  # (2,) int64: rows, output spikes
    batch_spikes: Array  # (n_post,) float64, in the batch
    batch_fired: Array  # (n_post,) float64, samples in which it fired
    estimate: Array  # (n_post, n_out) float64, sum of p * d over the batch


ROWS, SPIKES = 0, 1


class Trains(NamedTuple):
    """Samples as spikes at exact times, not on a grid of steps."""

    z: Array  # (n_spikes,) float64, exp(t / tau), in order within a sample
    neuron: Array  # (n_spikes,) int32
    offset: Array  # (n_samples + 1,) int64, where each sample begins
    labels: Array  # (n_samples,) int64


class Simulation(NamedTuple):
    """What a presentation needs to know beside the layers."""

    thresholds: tuple[float, ...]  # of each layer
    z_end: float  # exp(duration / tau)


class Rule(NamedTuple):
    """What learning needs to know; names as in `FloatConfig`."""

    targets: tuple[int, int]  # spikes wanted of the true class and of the others
    learning_rate: float  # of Adam
    feedback_rate: float
    homeostasis: float
    target_rate: float
    learned: bool  # whether feedback weights are learned (SFDFA) or fixed (DFA)


def make_layer(weights: Array, feedback: Array) -> FloatLayer:
    """A layer before training. weights: (n_post, n_pre); feedback: (n_post, n_out)."""
    n_post, n_pre = weights.shape
    matrix = np.ascontiguousarray(weights.T, np.float32)
    by_input = dict.fromkeys(("slow", "fast"), n_pre)
    most = MOST_SPIKES * n_post
    sizes = {**by_input, **dict.fromkeys(("out_z", "out_neuron", "out_payload"), most)}
    sizes |= {"size": 2, "crossing": n_post + 1, "base": 1}
    kinds: dict[str, type] = dict.fromkeys(
        ("n_spikes", "row", "fired", "crossing", "out_neuron"), np.int32
    )
    kinds |= {"slow": np.float32, "fast": np.float32, "size": np.int64}
    arrays: dict[str, Array] = {
        name: np.zeros(sizes.get(name, n_post), kinds.get(name, np.float64))
        for name in FloatLayer._fields
    }
    arrays |= {"weights": matrix, "feedback": feedback.astype(np.float32)}
    for name in ("first_moment", "second_moment", "credit", "eligible", "e", "jumps"):
        arrays[name] = np.zeros((n_post, n_pre), np.float32)
    arrays["estimate"] = np.zeros(feedback.shape)
    return FloatLayer(**arrays)


@njit
def present(s, in_z, in_neuron, in_payload, threshold, z_end, learning):
    """Show one sample to one layer: input spikes in order, as z = exp(t / tau)."""
    s.p[:], s.q[:], s.carried[:], s.base[0] = 0.0, 0.0, 0.0, 1.0
    s.n_spikes[:], s.row[:], s.size[:], s.slow[:], s.fast[:] = 0, SILENT, 0, 0.0, 0.0
    event, n_events = 0, in_z.size
    while event < n_events and in_z[event] < z_end:
        arrived = in_z[event]
        if arrived / s.base[0] > LARGE:
            rebase(s, arrived)
        now = arrived / s.base[0]
        while event < n_events and in_z[event] == arrived:
            take_spike(s, now, in_neuron[event], in_payload[event], learning)
            event += 1
        after = min(in_z[event], z_end) if event < n_events else z_end
        after /= s.base[0]
        n_crossing = find_crossing(s.p, s.q, s.crossing, threshold, now, after)
        for crossing in range(n_crossing):
            post = s.crossing[crossing]
            spike_until(s, post, now, after, threshold, learning)
    sort_spikes(s)


@njit
def rebase(s, z):
    """Choose a larger unit, so that `z` is near 1 in it. What is lost below the
    smallest float has long decayed."""
    _, exponent = math.frexp(z / s.base[0])
    smaller = 2.0 ** (1 - exponent)
    s.base[0] /= smaller
    s.p[:] *= smaller * smaller
    s.q[:] *= smaller
    s.slow[:] *= np.float32(smaller)
    s.fast[:] *= np.float32(smaller * smaller)
    for row in range(s.size[ROWS]):
        s.jumps[row] *= np.float32(smaller)


@njit
def find_crossing(p, q, crossing, threshold, now, after):
    """Which neurons spike before `after`: their number; they stand in `crossing`.

    Whole blocks are counted first, without branches, so that it is vectorised.
    """
    n_found = 0
    for first in range(0, p.size, BLOCK):
        last, n_crossing = min(first + BLOCK, p.size), 0
        for post in range(first, last):
            n_crossing += crosses(p[post], q[post], threshold, now, after)
        if n_crossing > 0:
            for post in range(first, last):
                crossing[n_found] = post
                n_found += crosses(p[post], q[post], threshold, now, after)
    return n_found


@njit(inline="always")
def crosses(p, q, threshold, now, after):
    """Whether c z**2 - Q z + P, positive at `now`, falls to zero before `after`."""
    vertex = q * (0.5 / threshold)
    at = min(vertex, after)
    return (vertex > now) & (threshold * at * at - q * at + p <= 0.0)


@njit(inline="always")
def take_spike(s, z, pre, payload, learning):
    """An input spike: its weights enter P and Q, and its payload what is carried."""
    weights, square = s.weights[pre], z * z
    for post in range(s.p.size):
        weight = np.float64(weights[post])
        s.p[post] += weight * square
        s.q[post] += weight * z
    if payload != 0.0:
        for post in range(s.p.size):
            s.carried[post] += weights[post] * payload
    if learning:
        s.slow[pre] += z
        s.fast[pre] += square


@njit(inline="always")
def spike_until(s, post, now, after, threshold, learning):
    """All spikes of one neuron between two input spikes."""
    while s.n_spikes[post] < MOST_SPIKES:
        p, q = s.p[post], s.q[post]
        root = q * q - 4.0 * threshold * p
        if p <= 0.0 or q <= 0.0 or root < 0.0:
            break
        z = 2.0 * p / (q + math.sqrt(root))
        if z <= now or z > after:
            break
        spike = s.size[SPIKES]
        s.size[SPIKES] += 1
        first = s.n_spikes[post] == 0
        s.out_z[spike], s.out_neuron[spike] = z * s.base[0], post
        s.out_payload[spike] = s.carried[post] + (s.own[post] if first else 0.0)
        s.carried[post] = 0.0
        if learning:
            learn_spike(s, post, z, p / (z * z), threshold)
        s.q[post] -= threshold * z
        s.n_spikes[post] += 1
        now = z


@njit(inline="always")
def learn_spike(s, post, z, g, threshold):
    """e += v / g, then v *= 1 + c / g (stabilised). All inputs are visited, which is
    faster than to look for those that spiked."""
    row = s.row[post]
    if row == SILENT:
        row = s.size[ROWS]
        s.size[ROWS] += 1
        s.row[post], s.fired[row] = row, post
        s.e[row, :] = 0.0
        s.jumps[row, :] = 0.0
    e, jumps, slow, fast = s.e[row], s.jumps[row], s.slow, s.fast
    inverse, share = np.float32(1.0 / z), np.float32(1.0 / (z * g))
    back = np.float32(threshold * z)
    for pre in range(slow.size):
        v = (slow[pre] + jumps[pre] - fast[pre] * inverse) * share
        e[pre] += v
        jumps[pre] += v * back


@njit
def sort_spikes(s):
    """Bring the output spikes into the order of their times."""
    n = s.size[SPIKES]
    order = np.argsort(s.out_z[:n], kind="mergesort")
    s.out_z[:n] = s.out_z[:n][order]
    s.out_neuron[:n] = s.out_neuron[:n][order]
    s.out_payload[:n] = s.out_payload[:n][order]


@njit
def predict(s, z_end):
    """The output with most spikes; of equal ones that with the highest membrane."""
    best, top, z_end = 0, -math.inf, z_end / s.base[0]
    for output in range(s.p.size):
        u = s.q[output] / z_end - s.p[output] / (z_end * z_end)
        # u is far below 1000 thresholds: counts come first.
        value = s.n_spikes[output] * 1e6 + u
        if value > top:
            best, top = output, value
    return best


@njit
def add_gradient(s, delta):
    """Add e * delta and e of one sample to the sums of the batch."""
    for row in range(s.size[ROWS]):
        post = s.fired[row]
        e, credit, eligible = s.e[row], s.credit[post], s.eligible[post]
        wish = np.float32(delta[post])
        for pre in range(e.size):
            credit[pre] += e[pre] * wish
            eligible[pre] += e[pre]


@njit
def adam(s, rate, step, n_batch, homeostasis):
    """One step of Adam; homeostasis: (n_post,), lambda (rho - mean spike count)."""
    size = math.sqrt(1.0 - BETA2**step) / (1.0 - BETA1**step)
    rate, share = np.float32(rate * size), np.float32(1.0 / n_batch)
    b1, b2 = np.float32(BETA1), np.float32(BETA2)
    one, epsilon = np.float32(1.0), np.float32(EPSILON)
    n_pre, n_post = s.weights.shape
    for top in range(0, n_post, TILE):
        for left in range(0, n_pre, TILE):
            for post in range(top, min(top + TILE, n_post)):
                for pre in range(left, min(left + TILE, n_pre)):
                    gradient = s.credit[post, pre]
                    gradient += s.eligible[post, pre] * homeostasis[post]
                    gradient *= share
                    first = b1 * s.first_moment[post, pre] + (one - b1) * gradient
                    second = b2 * s.second_moment[post, pre]
                    second += (one - b2) * gradient * gradient
                    s.first_moment[post, pre] = first
                    s.second_moment[post, pre] = second
                    s.weights[pre, post] += rate * first / (np.sqrt(second) + epsilon)
    s.credit[:], s.eligible[:] = np.float32(0.0), np.float32(0.0)


@disk_cached
def learn_batch(layers, simulation, trains, order, payloads, rule, step):
    """Learn from one batch; return how many samples were right before the step.

    simulation, trains, rule: as their classes say; order: the samples of the batch;
    payloads: normal numbers, a tuple of (n_batch, n_hidden) a hidden layer; step: of
    Adam, from 1.
    """
    n_hidden = len(layers) - 1
    last, z_end = layers[n_hidden], simulation.z_end
    n_out = last.p.size
    error = np.zeros(n_out, np.float32)
    direction = np.zeros(n_out)
    n_right = 0
    for position in range(order.size):
        sample = order[position]
        label = trains.labels[sample]
        for layer in range(n_hidden):
            layers[layer].own[:] = payloads[layer][position]
        forward(layers, simulation, trains, sample, True)
        n_right += predict(last, z_end) == label
        direction[:] = 0.0
        for spike in range(last.size[SPIKES]):
            direction[last.out_neuron[spike]] += last.out_payload[spike]
        for output in range(n_out):
            wanted = rule.targets[0 if output == label else 1]
            error[output] = wanted - last.n_spikes[output]
        add_gradient(last, error)
        for layer in range(n_hidden):
            s = layers[layer]
            add_gradient(s, np.dot(s.feedback, error))
            for row in range(s.size[ROWS]):
                post = s.fired[row]
                s.batch_fired[post] += 1.0
                s.batch_spikes[post] += s.n_spikes[post]
                for output in range(n_out):
                    s.estimate[post, output] += s.own[post] * direction[output]
    for layer in range(n_hidden):
        s = layers[layer]
        if rule.learned:
            learn_feedback(s, rule.feedback_rate)
        push = rule.homeostasis * (rule.target_rate - s.batch_spikes / order.size)
        adam(s, rule.learning_rate, step, order.size, push.astype(np.float32))
        s.batch_spikes[:], s.batch_fired[:], s.estimate[:] = 0.0, 0.0, 0.0
    adam(last, rule.learning_rate, step, order.size, np.zeros(n_out, np.float32))
    return n_right


@njit
def learn_feedback(s, rate):
    """B += alpha (mean of p d over the samples in which the neuron fired - B)."""
    for post in range(s.feedback.shape[0]):
        if s.batch_fired[post] > 0.0:
            for output in range(s.feedback.shape[1]):
                mean = s.estimate[post, output] / s.batch_fired[post]
                s.feedback[post, output] += rate * (mean - s.feedback[post, output])


@njit
def forward(layers, simulation, trains, sample, learning):
    """Present one sample to all layers."""
    thresholds, z_end = simulation
    begin, end = trains.offset[sample], trains.offset[sample + 1]
    z, neuron = trains.z[begin:end], trains.neuron[begin:end]
    present(layers[0], z, neuron, np.zeros(z.size), thresholds[0], z_end, learning)
    for layer in range(1, len(layers)):
        below = layers[layer - 1]
        n = below.size[SPIKES]
        present(
            layers[layer], below.out_z[:n], below.out_neuron[:n],
            below.out_payload[:n], thresholds[layer], z_end, learning,
        )  # fmt: skip


@disk_cached
def classify(layers, simulation, trains, order):
    """Predict the classes of the samples `order`: int64 (len(order),)."""
    predictions = np.empty(order.size, np.int64)
    for position in range(order.size):
        forward(layers, simulation, trains, order[position], False)
        predictions[position] = predict(layers[len(layers) - 1], simulation.z_end)
    return predictions

"""What follows the presentation of a sample: probe, error, commit, feedback.

Every function is one phase of the chip's schedule for one layer, or for all; see the
table in docs/rule.md. Only neurons that fired in the sample take part, and in error and
commit those that were woken.
"""

import numpy as np
from numba import njit

from lava_sfdfa.chip import arithmetic, protocol, random, widths
from lava_sfdfa.chip.protocol import (
    DIRECTION_MAX,
    DIRECTION_MIN,
    FACTOR_BITS,
    FEEDBACK_DECAY_FACTOR,
    FEEDBACK_SCALE,
    PAYLOAD_FACTOR,
    RATE_BITS,
    RATE_COARSE_BITS,
    RATE_SHIFT,
    RELAY_SHIFT,
)
from lava_sfdfa.engine.layers import padded, parameters_of, scratch_of, state_of
from lava_sfdfa.engine.narrow import change_narrowly
from lava_sfdfa.engine.state import (
    COLUMNS,
    FACTORS_LIMIT,
    FEEDBACK_LIMIT,
    FEEDBACK_UPDATES,
    NEURONS_TAGGED,
    ROWS,
    WEIGHT_UPDATES,
    WEIGHTS_CHANGED,
    WEIGHTS_LIMIT,
)
from lava_sfdfa.engine.synapses import (
    WEIGHT_MAX,
    WEIGHT_MIN,
    update_feedback,
    weight_changes,
)

uint64 = np.uint64
ONE, TWO, THREE, FOUR = map(uint64, (1, 2, 3, 4))
PAYLOAD_MIN, PAYLOAD_MAX = widths.PAYLOAD.minimum, widths.PAYLOAD.maximum

# --- probe, error -----------------------------------------------------------------


output_error = njit(protocol.output_error)


@njit
def probe(layers, probing, key, direction):
    """Send the payloads of one hidden layer forward to the outputs.

    layers: `Layers`; probing: the hidden layer whose neurons draw a payload of
    their own, where they fired; the later ones pass on what they receive, see `relay`.
    direction: int32 (n_out,), written: what the outputs read, silent ones too,
    scaled and saturated to what a trace can carry.
    """
    depth, s = len(layers.places), scratch_of(layers, probing)
    s.payload[:] = 0
    for row in range(s.size[ROWS]):
        post = s.tagged[row]
        if s.n_spikes[post] == 0:  # woken
            continue
        s.own[post] = 1 if random.draw(key, post) >> np.uint32(31) else -1
        s.payload[post] = s.own[post]
    for number in range(probing + 1, depth):
        state, after = state_of(layers, number), scratch_of(layers, number)
        receive_payloads(state.weights, scratch_of(layers, number - 1), after)
        if number < depth - 1:
            relay(after.payload, state.rate)
    shift = parameters_of(layers, probing).payload_shift
    outputs = scratch_of(layers, depth - 1).payload
    for output in range(outputs.size):
        sent = arithmetic.shift_rounded(outputs[output], shift)
        direction[output] = min(max(sent, DIRECTION_MIN), DIRECTION_MAX)


@njit
def receive_payloads(weights, before, s):
    """Payloads of one layer through the weights to the next."""
    s.input[:] = 0
    for pre in range(before.payload.size):
        payload = before.payload[pre]
        if payload != 0:
            for post in range(s.payload.size):
                s.input[post] += weights[pre, post] * payload
    for post in range(s.payload.size):
        s.payload[post] = min(max(s.input[post], PAYLOAD_MIN), PAYLOAD_MAX)


@njit
def relay(payload, rate):
    """What neurons between the probing layer and the outputs pass on: what they
    received, times their running mean of spikes, divided by 2**`RELAY_SHIFT`.

    A departure from the paper, where a payload passes only the neurons that fired in
    the sample. The expectation is nearly the same; but which neurons fired is noise in
    the estimate, and in the lowest of three layers it hides the signal: in one
    training of MNIST 784-400-400-400-10 (10 epochs, rate 0.01) the cosine of B to the
    path weights ended at 0.19 with it (`lower_rate` 1.0) and at 0.83 without (0.5).
    payload: int32 (n,), changed; rate: int32 (n,), 16 fraction bits.
    """
    for post in range(payload.size):
        share = rate[post] >> (RATE_BITS - RATE_COARSE_BITS)
        product = np.int64(payload[post]) * share
        product = arithmetic.shift_rounded(product, RATE_COARSE_BITS + RELAY_SHIFT)
        payload[post] = min(max(product, PAYLOAD_MIN), PAYLOAD_MAX)


@njit
def copy_paths(layers):
    """Set the feedback weights to the forward path weights (`symmetric`).

    A path leads through the neurons that fired in this sample. No chip can do this;
    it is the upper bound for what learned feedback can reach. Scaled as learned
    feedback weights are, see `FEEDBACK_SCALE`.
    """
    n_hidden = len(layers.places) - 1
    path = state_of(layers, n_hidden).weights.astype(np.int64)  # (n_post, n_out)
    for number in range(n_hidden - 1, -1, -1):
        state, s = state_of(layers, number), scratch_of(layers, number)
        feedback, shift = state.feedback, parameters_of(layers, number).path_shift
        for post in range(feedback.shape[0]):
            for output in range(feedback.shape[1]):
                weight = arithmetic.shift_rounded(
                    FEEDBACK_SCALE * path[post, output], shift
                )
                feedback[post, output] = min(max(weight, WEIGHT_MIN), WEIGHT_MAX)
        if number > 0:
            for post in range(path.shape[0]):
                if s.n_spikes[post] == 0:
                    path[post] = 0
            path = multiply(state.weights, path)


@njit
def multiply(left, right):
    """Product of two integer matrices in int64, exact. Rows of zeros on the right, of
    silent neurons, take no time."""
    product = np.zeros((left.shape[0], right.shape[1]), np.int64)
    lively = [k for k in range(right.shape[0]) if right[k].any()]
    for i in range(left.shape[0]):
        for k in lively:
            for j in range(right.shape[1]):
                product[i, j] += np.int64(left[i, k]) * right[k, j]
    return product


@njit
def output_factors(layers, k, errors, key, uniform):
    """Third factor of the outputs: their error, scaled."""
    p, state, s = parameters_of(layers, k), state_of(layers, k), scratch_of(layers, k)
    cut = 0
    for row in range(s.size[ROWS]):
        post = s.tagged[row]
        total = errors[post] * p.error_gain
        cut += store_factor(p, s.factor, post, total, key, uniform)
    state.counts[FACTORS_LIMIT] += cut


@njit
def hidden_factors(layers, k, errors, key, uniform):
    """Third factor of hidden neurons: the errors through the feedback weights, and
    homeostasis. Only neurons that have tags need one."""
    p, state, s = parameters_of(layers, k), state_of(layers, k), scratch_of(layers, k)
    cut = 0
    for row in range(s.size[ROWS]):
        post = s.tagged[row]
        third = 0
        for output in range(errors.size):
            third += state.feedback[post, output] * errors[output]
        missing = (p.target_rate - state.rate[post]) >> (RATE_BITS - RATE_COARSE_BITS)
        total = third * p.error_gain + missing * p.homeostasis_gain
        cut += store_factor(p, s.factor, post, total, key, uniform)
    state.counts[FACTORS_LIMIT] += cut
    half = np.int32(1 << RATE_SHIFT >> 1)
    for post in range(uint64(state.rate.size)):  # `shift_rounded` in 32 bits
        rate = state.rate[post]
        missing = np.int32(np.int32(s.n_spikes[post] << RATE_BITS) - rate)
        state.rate[post] = np.int32(rate + (np.int32(missing + half) >> RATE_SHIFT))


@njit(forceinline=True)
def store_factor(p, factors, post, total, key, uniform):
    """Round and saturate a third factor to 7 bits and a sign, as synapses get it.

    To a multiple of what makes its product with a tag exact: the commit rounds down,
    and at low rates weights would drift with every visit. Stochastically: at low rates
    most factors are below the first multiple, and to the nearest only large errors
    would be learned. Returns whether it was cut off.
    """
    dither_bits = random.draw(key, post)
    factor, cut = arithmetic.round_factor(
        total, FACTOR_BITS, p.factor_bits, dither_bits
    )
    factors[post] = arithmetic.decay_trace(factor, p.alpha_y, uniform)
    return cut


# --- commit, feedback -------------------------------------------------------------


@njit
def commit(layers, k, key, bits):
    """Change the weights of the neurons that have tags by these and their factors;
    where the factor is zero, nothing can change, and nothing is done."""
    p, state, s = parameters_of(layers, k), state_of(layers, k), scratch_of(layers, k)
    n_rows, n_columns = s.size[ROWS], s.size[COLUMNS]
    n = padded(n_columns)
    n_moved, scale = 0, 1 << (p.weight[1] + widths.FRACTION_BITS)
    for row in range(n_rows):
        post = s.tagged[row]
        if s.factor[post] == 0:
            continue
        s.moved[n_moved] = post
        factor, row_key = s.factor[post], random.draw(key, post)
        if bits < 0:
            gain = p.weight[0] * factor
            change_narrowly(
                s.changes, n_moved, s.tags, row, n, gain, scale, row_key, s.key
            )
        else:
            changes, tags = s.changes[n_moved, :n], s.tags[row, :n]
            weight_changes(changes, tags, factor, p.weight, row_key, s.active, bits)
        n_moved += 1
    changed, at_limit = apply_changes(
        state.weights, s.changes, s.active[:n_columns], s.moved[:n_moved]
    )
    state.counts[NEURONS_TAGGED] += n_rows
    state.counts[WEIGHT_UPDATES] += n_moved * n_columns
    state.counts[WEIGHTS_CHANGED] += changed
    state.counts[WEIGHTS_LIMIT] += at_limit


@njit
def apply_changes(weights, changes, active, moved):
    """Add the changes to the weights, which saturate: a column first, since its weights
    lie together, and four columns at a time, which share what a row needs (7 instead of
    9 us of 6,000 weights). Returns how many weights changed, and how many stand at a
    limit."""
    n_rows, n_columns = uint64(moved.size), uint64(active.size)
    whole, counts = n_columns // FOUR * FOUR, (np.int32(0), np.int32(0))
    for column in range(uint64(0), whole, FOUR):
        a, b = uint64(active[column]), uint64(active[column + ONE])
        c, d = uint64(active[column + TWO]), uint64(active[column + THREE])
        for row in range(n_rows):
            post = uint64(moved[row])
            counts = move(weights, a, post, changes[row, column], counts)
            counts = move(weights, b, post, changes[row, column + ONE], counts)
            counts = move(weights, c, post, changes[row, column + TWO], counts)
            counts = move(weights, d, post, changes[row, column + THREE], counts)
    for column in range(whole, n_columns):
        for row in range(n_rows):
            pre, post = uint64(active[column]), uint64(moved[row])
            counts = move(weights, pre, post, changes[row, column], counts)
    return counts


@njit(inline="always")
def move(weights, pre, post, change, counts):
    """Change a weight. Returns the counts of `apply_changes` with this one."""
    before = np.int32(weights[pre, post])
    after = min(max(int(before + np.int32(change)), WEIGHT_MIN), WEIGHT_MAX)
    weights[pre, post] = after
    is_at_limit = np.uint8(after - WEIGHT_MAX) <= 1  # either of them
    changed, at_limit = counts
    return np.int32(changed + (after != before)), np.int32(at_limit + is_at_limit)


@njit
def learn_feedback(layers, k, direction, key, uniform, bits):
    """Move the feedback weights of the probing layer's neurons that fired."""
    p, state, s = parameters_of(layers, k), state_of(layers, k), scratch_of(layers, k)
    at_limit, n_fired = 0, 0
    y3 = arithmetic.decay_trace(FEEDBACK_DECAY_FACTOR, p.alpha_y, uniform)
    for row in range(s.size[ROWS]):
        post = s.tagged[row]
        if s.n_spikes[post] == 0:  # woken
            continue
        n_fired += 1
        weights = state.feedback[post]
        y1 = arithmetic.decay_trace(PAYLOAD_FACTOR * s.own[post], p.alpha_y, uniform)
        update_feedback(weights, y1, y3, direction, random.draw(key, post), bits)
        for output in range(weights.size):
            weight = weights[output]
            at_limit += (weight == WEIGHT_MIN) | (weight == WEIGHT_MAX)
    state.counts[FEEDBACK_LIMIT] += at_limit
    state.counts[FEEDBACK_UPDATES] += n_fired * direction.size

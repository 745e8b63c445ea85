"""The neurons of a layer during the presentation of a sample: all steps at once.

Lava's `LIF`: u and v decay, u takes the input of the step before, v takes u, and a
neuron above its threshold spikes and returns to zero. `integrate`, `fire` and `receive`
say it plainly and are what the rest is compared with in the tests. The faster way needs
a proof for every sample that no u can wrap (`cannot_wrap`); it takes 32 neurons at a
time, and after the last input only those that can still spike.

Loops count in unsigned numbers: a signed index may be negative, which Python counts
from the end, and the test of it keeps the loop from being vectorised.
"""

import numpy as np
from numba import njit

from lava_sfdfa.chip import arithmetic, widths
from lava_sfdfa.engine.layers import padded, parameters_of, scratch_of, state_of
from lava_sfdfa.engine.machine import lowest_bit
from lava_sfdfa.engine.state import VECTOR

int16, int32, uint32, uint64 = np.int16, np.int32, np.uint32, np.uint64
INPUT_SHIFT = int32(widths.INPUT_SHIFT)
V_MIN, V_MAX = int32(widths.VOLTAGE.minimum), widths.VOLTAGE.maximum
WEIGHT_MOST = -widths.WEIGHT.minimum
ROWS_IN_16_BITS = 255  # rows of weights whose sum always fits
LANES = uint64(VECTOR)
BIT = (uint32(1) << np.arange(VECTOR, dtype=uint32)).view(np.int32)
ONE, TWO, THREE, FOUR = map(uint64, (1, 2, 3, 4))


@njit
def run_neurons(layers, k, train, is_shown):
    """Run the neurons of layer `k` for all steps: spikes, u at the spikes, their
    counts, and with is_shown u and v of the last step, are in its `Scratch` then.

    train: the input spikes and where each step begins; is_shown: whether u and v of all
    neurons matter in the end. Returns the number of steps in which a u wrapped.
    """
    p, s = parameters_of(layers, k), scratch_of(layers, k)
    s.u[:] = 0
    s.v[:] = 0
    s.n_spikes[:] = 0
    s.start[0] = 0
    if p.has_bias or not cannot_wrap(p.steps, p.decay_u, p.threshold, train[1]):
        return run_plainly(layers, k, train)
    run_fast(layers, k, train, is_shown)
    return 0


# --- plainly ----------------------------------------------------------------------


@njit
def run_plainly(layers, k, train):
    """Every step of every neuron. Returns in how many steps a u wrapped."""
    p, s = parameters_of(layers, k), scratch_of(layers, k)
    state = state_of(layers, k)
    spikes, start = train
    n_post, wrapped = s.n_spikes.size, 0
    u, v, total = s.u[:n_post], s.v[:n_post], s.input[:n_post]
    for step in range(p.steps):
        total[:] = 0
        if step > 0:
            receive(state.weights, total, spikes[start[step - 1] : start[step]])
        wrapped += integrate(u, v, total, state.bias, p.decay_u, p.decay_v)
        fire(s, p.threshold, step)
    return wrapped


@njit
def receive(weights, total, spikes):
    """Add the weights of the inputs that spiked in the step before."""
    for event in range(spikes.size):
        row = weights[spikes[event]]
        for post in range(total.size):
            total[post] += row[post]


@njit
def integrate(u, v, total, bias, decay_u, decay_v):
    """u and v decay, u takes the input and wraps, v takes u and the bias and saturates.

    u, v, total (the input, cleared): int32 (n_post,), changed; bias: int32 (n_post,).
    Returns whether a u wrapped.
    """
    decay_u, decay_v = np.int32(decay_u), np.int32(decay_v)
    wrapped = np.int32(0)
    for post in range(u.size):
        current = arithmetic.decay_state(u[post], decay_u)
        current = np.int32(current + np.int32(total[post] << INPUT_SHIFT))
        inside = arithmetic.wrap_current(current)
        wrapped |= inside ^ current
        u[post] = inside
        decayed = arithmetic.decay_state(v[post], decay_v)
        v[post] = arithmetic.clip_voltage(np.int32(decayed + inside + bias[post]))
        total[post] = 0
    return wrapped != 0


@njit
def fire(s, threshold, step):
    """Spike where v is above the threshold, and reset v to zero."""
    end = s.start[step]
    for post in range(s.n_spikes.size):
        if s.v[post] > threshold:
            s.spikes[end] = post
            s.spike_u[end] = s.u[post]
            end += 1
            s.v[post] = 0
            s.n_spikes[post] += 1
    s.start[step + 1] = end


# --- fast -------------------------------------------------------------------------


@njit
def cannot_wrap(steps, decay_u, threshold, start):
    """Whether no u can leave its 24 bits, and no v saturate above, in this sample,
    whatever the weights: all of them at their limit."""
    bound = 0
    for step in range(1, steps):
        n_events = start[step] - start[step - 1]
        bound = (bound * decay_u >> widths.DECAY_BITS) + 1
        bound += n_events * WEIGHT_MOST << widths.INPUT_SHIFT
        if bound + threshold > V_MAX:
            return False
    return True


@njit
def run_fast(layers, k, train, is_shown):
    """Every step in which something can happen."""
    p, s = parameters_of(layers, k), scratch_of(layers, k)
    weights = state_of(layers, k).weights
    spikes, start = train
    step = 0
    while step < p.steps and (step == 0 or start[step] == 0):
        s.start[step + 1] = 0  # nothing has arrived yet
        step += 1
    decays, n = (int32(p.decay_u), int32(p.decay_v), int32(p.threshold)), 0
    while step < p.steps:
        begin, end = start[step - 1], start[step]
        if begin == start[p.steps] and not is_shown:
            coast(layers, k, step, decays)
            return
        if end - begin > ROWS_IN_16_BITS:
            s.input[:] = 0
            receive(weights, s.input[: weights.shape[1]], spikes[begin:end])
            step_with_input(s.u, s.v, s.input, s.above, *decays)
        elif begin < end:
            sum_rows(weights, s.sums, spikes, begin, end)
            step_with_input(s.u, s.v, s.sums, s.above, *decays)
        else:
            step_alone(s.u, s.v, s.above, *decays)
        state = s.u, s.v, s.n_spikes
        n = note_spikes(s.above, state, s.spikes, s.spike_u, n)
        step += 1
        s.start[step] = n


@njit(forceinline=True)
def sum_rows(weights, sums, spikes, begin, end):
    """`receive` of 1 to 255 events, from `begin` to `end`, into `sums`, which is
    overwritten: in 16 bits, which hold the sum of as many rows, four rows at a time. Of
    150 rows of 400 weights 1.5 to 2.0 us instead of 4.7 to 5.5."""
    n, event, end = uint64(weights.shape[1]), uint64(begin), uint64(end)
    if event + FOUR <= end:
        a, b = uint64(spikes[event]), uint64(spikes[event + ONE])
        c, d = uint64(spikes[event + TWO]), uint64(spikes[event + THREE])
        for post in range(n):
            two = int16(int16(weights[a, post]) + int16(weights[b, post]))
            more = int16(int16(weights[c, post]) + int16(weights[d, post]))
            sums[post] = int16(two + more)
        event += FOUR
    else:
        a = uint64(spikes[event])
        for post in range(n):
            sums[post] = weights[a, post]
        event += ONE
    while event + FOUR <= end:
        a, b = uint64(spikes[event]), uint64(spikes[event + ONE])
        c, d = uint64(spikes[event + TWO]), uint64(spikes[event + THREE])
        for post in range(n):
            two = int16(int16(weights[a, post]) + int16(weights[b, post]))
            more = int16(int16(weights[c, post]) + int16(weights[d, post]))
            sums[post] = int16(sums[post] + int16(two + more))
        event += FOUR
    if event + TWO <= end:
        a, b = uint64(spikes[event]), uint64(spikes[event + ONE])
        for post in range(n):
            two = int16(int16(weights[a, post]) + int16(weights[b, post]))
            sums[post] = int16(sums[post] + two)
        event += TWO
    if event < end:
        a = uint64(spikes[event])
        for post in range(n):
            sums[post] = int16(sums[post] + int16(weights[a, post]))


@njit(forceinline=True)
def step_with_input(u, v, total, above, decay_u, decay_v, threshold):
    """A step of all neurons, 32 at a time. above: uint32, written: a bit for each that
    is above its threshold."""
    for first in range(uint64(0), uint64(u.size), LANES):
        bits = int32(0)
        for lane in range(LANES):
            post = first + lane
            current = arithmetic.decay_state(u[post], decay_u)
            current = int32(current + int32(total[post] << INPUT_SHIFT))
            u[post] = current
            voltage = int32(arithmetic.decay_state(v[post], decay_v) + current)
            voltage = max(voltage, V_MIN)
            v[post] = voltage
            bits |= BIT[lane] if voltage > threshold else int32(0)
        above[first // LANES] = bits


@njit
def step_alone(u, v, above, decay_u, decay_v, threshold):
    """A step of all neurons without input."""
    for first in range(uint64(0), uint64(u.size), LANES):
        bits = int32(0)
        for lane in range(LANES):
            post = first + lane
            current = arithmetic.decay_state(u[post], decay_u)
            u[post] = current
            voltage = int32(arithmetic.decay_state(v[post], decay_v) + current)
            voltage = max(voltage, V_MIN)
            v[post] = voltage
            bits |= BIT[lane] if voltage > threshold else int32(0)
        above[first // LANES] = bits


@njit(forceinline=True)
def note_spikes(above, state, spikes, spike_u, n):
    """Spikes of the neurons whose bits are set. state: u, v and numbers of spikes; n:
    spikes so far. Returns the number of them now."""
    u, v, n_spikes = state
    for group in range(above.size):
        bits = above[group]
        while bits != uint32(0):
            post = uint64(group) * LANES + lowest_bit(bits)
            bits = uint32(bits & uint32(bits - uint32(1)))
            spikes[n] = post
            spike_u[n] = u[post]
            v[post] = 0
            n_spikes[post] += 1
            n += 1
    return n


@njit
def find_hopeful(u, v, above, rise, threshold):
    """A bit for each neuron that can still spike without input. Numbers of 24 bits are
    exact in a float, and a thousandth more than covers the rounding of the rest."""
    least = np.float32(threshold) * np.float32(0.999)
    for first in range(uint64(0), uint64(u.size), LANES):
        bits = int32(0)
        for lane in range(LANES):
            current = u[first + lane]
            highest = np.float32(max(v[first + lane], int32(0)))
            highest = np.float32(highest + np.float32(rise * np.float32(current)))
            can = (current > int32(0)) & (highest >= least)
            bits |= BIT[lane] if can else int32(0)
        above[first // LANES] = bits


@njit
def coast(layers, k, step, decays):
    """The steps after the last input, of the neurons that can still spike: those whose
    u, and v if it is positive, can together reach the threshold."""
    p, s = parameters_of(layers, k), scratch_of(layers, k)
    u, v, neuron = s.u, s.v, s.input
    find_hopeful(u, v, s.above, np.float32(p.last_rise), decays[2])
    n = 0
    for group in range(s.above.size):
        bits = s.above[group]
        while bits != uint32(0):
            post = uint64(group) * LANES + lowest_bit(bits)
            bits = uint32(bits & uint32(bits - uint32(1)))
            u[n], v[n], neuron[n] = u[post], v[post], post
            n += 1
    n_lanes = padded(n)
    u[n:n_lanes] = 0
    v[n:n_lanes] = 0
    end, u, v, above = s.start[step], u[:n_lanes], v[:n_lanes], s.above
    while step < p.steps:
        step_alone(u, v, above, *decays)
        for group in range(n_lanes // VECTOR):
            bits = above[group]
            while bits != uint32(0):
                at = uint64(group) * LANES + lowest_bit(bits)
                bits = uint32(bits & uint32(bits - uint32(1)))
                s.spikes[end] = neuron[at]
                s.spike_u[end] = u[at]
                s.n_spikes[neuron[at]] += 1
                v[at] = 0
                end += 1
        step += 1
        s.start[step] = end

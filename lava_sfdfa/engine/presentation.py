"""The presentation of a sample to a layer: neurons, traces, tags.

Event-driven: tags exist only for neurons and inputs that spiked in the sample. A step
is Lava's: input of the step before arrives, neurons integrate and spike, traces decay
and take the input spikes of this step, tags grow.
"""

import numpy as np
from numba import njit

from lava_sfdfa.chip import arithmetic, random, widths
from lava_sfdfa.chip.protocol import JUMP_REST, SILENT_RATE, WAKE_SLOPE
from lava_sfdfa.engine.state import (
    COLUMNS,
    CURRENTS_WRAPPED,
    IMPULSES,
    ROWS,
    SILENT,
    SPIKES,
    STEPS,
    TRACES_LIMIT,
)
from lava_sfdfa.engine.synapses import decay_jumps, grow_both, grow_tags

TRACE_MAX = widths.TRACE.maximum
INPUT_SHIFT = np.int32(widths.INPUT_SHIFT)


@njit
def present(layer, train, clock, learning):
    """Show one sample to one layer: T steps of spikes in, spikes and tags out.

    layer: a `Layer`; train: the input spikes and where each step begins, as `spikes`
    and `start` of a `Scratch`; clock: a `Clock`; learning: whether tags grow.
    """
    p, state, s, noise = layer
    spikes, start = train
    clear(s)
    for step in range(p.steps):
        if step > 0:
            receive(state.weights, s.input, spikes[start[step - 1] : start[step]])
        wrapped = integrate(s.u, s.v, s.input, p.decay_u, p.decay_v)
        state.counts[CURRENTS_WRAPPED] += wrapped
        fire(p, s, step)
        if learning:
            at, now = clock.at + step, clock.begin + step
            decay_traces(p, s, noise.x1[at], noise.x2[at])
            take_input(p, state, s, spikes[start[step] : start[step + 1]])
            if p.recursive:
                key = random.stream_key(clock.seed, random.JUMP, p.layer, now)
                keep_jumps(p, s, step, key, noise.bits[at])
            wakes = step == p.wake_step
            if wakes or s.start[step + 1] > s.start[step]:
                keys = (
                    random.stream_key(clock.seed, random.TAG, p.layer, now),
                    random.stream_key(clock.seed, random.JUMP, p.layer, now),
                )
                learn_spikes(p, s, step, keys, noise.y[at], noise.bits[at])
                if wakes:
                    wake(p, state, s, step, keys, noise.y[at], noise.bits[at])
    state.counts[SPIKES] += s.start[p.steps]
    state.counts[STEPS] += p.steps


@njit
def clear(s):
    """Return neurons and traces to rest."""
    s.input[:] = 0
    s.u[:] = 0
    s.v[:] = 0
    s.n_spikes[:] = 0
    s.row[:] = SILENT
    s.column[:] = SILENT
    s.start[0] = 0
    s.size[:] = 0
    s.x1[:] = 0  # also behind the last column, see `padded`
    s.x2[:] = 0


@njit
def receive(weights, total, spikes):
    """Add the weights of the inputs that spiked in the step before."""
    for event in range(spikes.size):
        row = weights[spikes[event]]
        for post in range(total.size):
            total[post] += row[post]


@njit
def integrate(u, v, total, decay_u, decay_v):
    """Lava's `LIF`: u and v decay, u takes the input and wraps, v saturates.

    u, v, total (the input, cleared): int32 (n_post,), changed. Returns whether a u
    wrapped.
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
        v[post] = arithmetic.clip_voltage(np.int32(decayed + inside))
        total[post] = 0
    return wrapped != 0


@njit
def fire(p, s, step):
    """Spike where v is above the threshold, and reset v to zero."""
    end = s.start[step]
    n_above = 0  # counted first: the loop without branches is vectorised
    for post in range(s.v.size):
        n_above += s.v[post] > p.threshold
    if n_above > 0:
        for post in range(s.v.size):
            if s.v[post] > p.threshold:
                s.spikes[end] = post
                end += 1
                s.v[post] = 0
                s.n_spikes[post] += 1
                s.last[post] = step
    s.start[step + 1] = end


@njit
def decay_traces(p, s, uniform1, uniform2):
    """Let the traces of the active inputs decay for one step."""
    for column in range(s.size[COLUMNS]):
        s.x1[column] = arithmetic.decay_trace(s.x1[column], p.alpha1, uniform1)
        s.x2[column] = arithmetic.decay_trace(s.x2[column], p.alpha2, uniform2)


@njit
def take_input(p, state, s, spikes):
    """Add the input spikes of this step to the traces."""
    clipped = 0
    for event in range(spikes.size):
        pre = spikes[event]
        column = s.column[pre]
        if column == SILENT:
            column = s.size[COLUMNS]
            s.size[COLUMNS] += 1
            s.column[pre] = column
            s.active[column] = pre
        clipped += s.x1[column] + p.impulse > TRACE_MAX
        s.x1[column] = min(s.x1[column] + p.impulse, TRACE_MAX)
        s.x2[column] = min(s.x2[column] + p.impulse, TRACE_MAX)
    state.counts[TRACES_LIMIT] += clipped
    state.counts[IMPULSES] += spikes.size


@njit
def keep_jumps(p, s, step, key, bits):
    """Let the second tags decay for one step, but for those of the neurons whose tags
    grow in it."""
    n_columns = padded(s)
    for row in range(s.size[ROWS]):
        post = s.tagged[row]
        if s.last[post] != step:
            row_key = random.draw(key, post)
            jumps = s.jumps[row, :n_columns]
            decay_jumps(jumps, p.jump_decay, row_key, s.active, bits)


@njit
def learn_spikes(p, s, step, keys, uniform, bits):
    """Grow the tags of the neurons that spike in this step.

    keys: random numbers of the step for tags and second tags; uniform: for the decay of
    a received y; bits: as in `Noise`.
    """
    for event in range(s.start[step], s.start[step + 1]):
        post = s.spikes[event]
        y1 = arithmetic.reciprocal(s.u[post], p.reciprocal_exponent)
        y1 = arithmetic.decay_trace(y1, p.alpha_y, uniform)
        grow(p, s, post, y1, keys, bits)


@njit
def wake(p, state, s, step, keys, uniform, bits):
    """Grow the tags of neurons that hardly ever spike, and have not in this sample, as
    if they spiked now: else no error would ever reach them.

    A departure from the paper, where a neuron without spikes has no eligibility.
    """
    y1 = arithmetic.decay_trace(WAKE_SLOPE, p.alpha_y, uniform)
    for post in range(s.n_spikes.size):
        if s.n_spikes[post] == 0 and state.rate[post] < SILENT_RATE:
            s.last[post] = step
            grow(p, s, post, y1, keys, bits)


@njit
def grow(p, s, post, y1, keys, bits):
    """Grow the tags of one neuron."""
    n_columns = padded(s)
    row = s.row[post]
    if row == SILENT:
        row = s.size[ROWS]
        s.size[ROWS] += 1
        s.row[post] = row
        s.tagged[row] = post
        s.tags[row, :] = 0
        if p.recursive:
            s.jumps[row, :] = JUMP_REST
    tags, traces = s.tags[row, :n_columns], (s.x1[:n_columns], s.x2[:n_columns])
    tag_key = random.draw(keys[0], post)
    if p.recursive:
        both = (tags, s.jumps[row, :n_columns])
        scales = (p.tag, p.jump, p.jump_decay)
        own_keys = (tag_key, random.draw(keys[1], post))
        grow_both(both, traces, y1, scales, own_keys, s.active, bits)
    else:
        grow_tags(tags, traces, y1, p.tag, tag_key, s.active, bits)


@njit
def padded(s):
    """Number of columns, rounded up to whole vectors of the processor: the columns
    behind the last have traces of zero, and nothing happens in them."""
    return min((s.size[COLUMNS] + 31) // 32 * 32, s.x1.size)

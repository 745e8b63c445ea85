"""Traces and tags of a layer during the presentation, after its neurons have run.

What a layer does in a step of Lava is: input of the step before arrives, neurons
integrate and spike, traces decay and take the input spikes of this step, tags grow.
Neurons know nothing of traces, nor traces of tags, so each is done for all steps before
the next; and a neuron's tags grow one after the other, while they are at hand.

Event-driven: tags exist only for neurons and inputs that spiked in the sample.
"""

import numpy as np
from numba import njit

from lava_sfdfa.chip import arithmetic, random, widths
from lava_sfdfa.chip.protocol import JUMP_REST, SILENT_RATE, WAKE_SLOPE
from lava_sfdfa.engine.layers import (
    noise_of,
    padded,
    parameters_of,
    scratch_of,
    state_of,
)
from lava_sfdfa.engine.narrow import grow_narrowly, growth_bound, largest_tag
from lava_sfdfa.engine.state import (
    ABSENT,
    COLUMNS,
    IMPULSES,
    ROWS,
    TAGS,
    TAGS_LIMIT,
    TRACES_LIMIT,
)
from lava_sfdfa.engine.synapses import (
    TAG_MAX,
    TAG_MIN,
    decay_jumps,
    grow_both,
    grow_tags,
)

TRACE_MAX = widths.TRACE.maximum
ALPHA_BITS = np.uint32(arithmetic.ALPHA_BITS)
uint32, uint64 = np.uint32, np.uint64


# --- traces -----------------------------------------------------------------------


@njit
def keep_traces(layers, k, train, clock):
    """Traces of the inputs, kept in the steps in which a tag may grow."""
    p, state = parameters_of(layers, k), state_of(layers, k)
    s, noise = scratch_of(layers, k), noise_of(layers, k)
    spikes, start = train
    s.column[:] = ABSENT
    s.size[COLUMNS] = 0
    s.x1[:] = 0  # also behind the last column, where nothing grows
    s.x2[:] = 0
    clipped = 0
    for step in range(p.steps):
        n = s.size[COLUMNS]
        at = clock.at + step
        if p.on_grid:
            fade(s.x1, n, p.alpha1, noise.x1[at])
            fade(s.x2, n, p.alpha2, noise.x2[at])
        else:
            fade_plainly(s.x1, n, p.alpha1, noise.x1[at])
            fade_plainly(s.x2, n, p.alpha2, noise.x2[at])
        for event in range(uint64(start[step]), uint64(start[step + 1])):
            clipped += take_input(s, spikes[event], p.impulse)
        if s.start[step + 1] > s.start[step] or step == p.wake_step:
            n = padded(s.size[COLUMNS])
            s.n_kept[step] = n
            keep(s.kept_x1, uint64(step), s.x1, n)
            keep(s.kept_x2, uint64(step), s.x2, n)
            now = clock.begin + step
            s.step_key[step] = random.stream_key(clock.seed, random.TAG, p.layer, now)
    state.counts[TRACES_LIMIT] += clipped
    state.counts[IMPULSES] += start[p.steps]


@njit(inline="always")
def fade(x, n, alpha, uniform):
    """`arithmetic.decay_trace` of n traces in integers, where alpha and the random
    number are multiples of 2**-24: so are all products, and none has 32 bits."""
    one = 2**arithmetic.ALPHA_BITS
    grid, up = uint32(alpha * one), uint32(one - 1 - uniform * one)
    for column in range(uint64(n)):
        x[column] = uint32(uint32(x[column] * grid) + up) >> ALPHA_BITS


@njit
def fade_plainly(x, n, alpha, uniform):
    """`arithmetic.decay_trace` of n traces."""
    for column in range(n):
        x[column] = arithmetic.decay_trace(x[column], alpha, uniform)


@njit(inline="always")
def take_input(s, pre, impulse):
    """Add an input spike to its traces. Returns whether x1 was cut off."""
    column = s.column[pre]
    if column == ABSENT:
        column = s.size[COLUMNS]
        s.size[COLUMNS] += 1
        s.column[pre] = column
        s.active[column] = pre
        s.key[column] = random.synapse_step(pre)
    slow, fast = s.x1[column] + impulse, s.x2[column] + impulse
    s.x1[column] = min(slow, TRACE_MAX)
    s.x2[column] = min(fast, TRACE_MAX)
    return slow > TRACE_MAX


@njit(inline="always")
def keep(kept, step, x, n):
    """Keep the traces of a step, whole vectors of them."""
    for column in range(uint64(n)):
        kept[step, column] = x[column]


# --- which tags grow, and when ----------------------------------------------------


@njit
def find_growths(layers, k, clock):
    """A row for each neuron that spiked or is woken, and the steps in which its tags
    grow, with the y1 of each."""
    p, state = parameters_of(layers, k), state_of(layers, k)
    s, noise = scratch_of(layers, k), noise_of(layers, k)
    woken = find_woken(p, s, state.rate)
    n_rows, fill = 0, s.moved  # how many growths of a row are known so far
    s.first[0] = 0
    for post in range(s.n_spikes.size):
        n_growths = s.n_spikes[post] + woken[post]
        s.row[post] = ABSENT
        if n_growths > 0:
            s.row[post] = n_rows
            s.tagged[n_rows] = post
            s.first[n_rows + 1] = s.first[n_rows] + n_growths
            fill[n_rows] = s.first[n_rows]
            if woken[post]:
                s.growth_step[fill[n_rows]] = p.wake_step
                uniform = noise.y[clock.at + p.wake_step]
                s.growth_y1[fill[n_rows]] = received(p.alpha_y, WAKE_SLOPE, uniform)
                fill[n_rows] += 1
            n_rows += 1
    s.size[ROWS] = n_rows
    step = 0
    for event in range(s.start[p.steps]):
        while s.start[step + 1] <= event:
            step += 1
        row = s.row[s.spikes[event]]
        y1 = arithmetic.reciprocal(s.spike_u[event], p.reciprocal_exponent)
        s.growth_step[fill[row]] = step
        s.growth_y1[fill[row]] = received(p.alpha_y, y1, noise.y[clock.at + step])
        fill[row] += 1


@njit
def find_woken(p, s, rate):
    """Which neurons are woken: those that hardly ever spike, and have not in this
    sample up to the step of waking. Their tags grow as if they spiked then: else no
    error would ever reach them. 0 or 1 for each neuron, in `payload`, which the probe
    writes later.

    A departure from the paper, where a neuron without spikes has no eligibility.
    """
    woken = s.payload
    woken[:] = 0
    if 0 <= p.wake_step < p.steps:
        for post in range(rate.size):
            woken[post] = rate[post] < SILENT_RATE
        for event in range(s.start[p.wake_step + 1]):
            woken[s.spikes[event]] = 0
    return woken


@njit(inline="always")
def received(alpha, y1, uniform):
    """y1 as synapses read it, a step after it was sent."""
    return arithmetic.decay_trace(y1, alpha, uniform) if alpha < 1 else y1


# --- tags -------------------------------------------------------------------------


@njit
def grow_all(layers, k, clock):
    """Grow the tags of all rows, and count those that end at a limit."""
    p, state, s = parameters_of(layers, k), state_of(layers, k), scratch_of(layers, k)
    n = padded(s.size[COLUMNS])
    s.active[s.size[COLUMNS] : n] = 0
    for row in range(s.size[ROWS]):
        s.tags[row, :n] = 0
        if p.recursive:
            s.jumps[row, :n] = JUMP_REST
            grow_row_of_both(layers, k, row, clock)
            most = TAG_MAX
        else:
            most = grow_row(layers, k, row, clock)
        if most >= TAG_MAX:
            count = tags_at_limit(s.tags, row, s.size[COLUMNS])
            state.counts[TAGS_LIMIT] += count
    state.counts[TAGS] += s.size[ROWS] * s.size[COLUMNS]


@njit(forceinline=True)
def grow_row(layers, k, row, clock):
    """The tags of a neuron, in all steps in which they grow. Returns what none of them
    is larger than."""
    p, s, noise = parameters_of(layers, k), scratch_of(layers, k), noise_of(layers, k)
    post, most = s.tagged[row], 0
    factor = 1 << (p.tag[1] + widths.FRACTION_BITS)
    for growth in range(s.first[row], s.first[row + 1]):
        step, y1 = s.growth_step[growth], s.growth_y1[growth]
        n, bits = s.n_kept[step], noise.bits[clock.at + step]
        row_key, bound = random.draw(s.step_key[step], post), growth_bound(p.tag, y1)
        if most + bound >= TAG_MAX:
            most = largest_tag(s.tags, row, n)
        if bits < 0 and most + bound < TAG_MAX:
            gain, x1, x2 = p.tag[0] * y1, s.kept_x1, s.kept_x2
            grow_narrowly(
                s.tags, row, x1, x2, step, n, gain, factor, row_key, s.key, s.noise
            )
            most += bound
        else:
            tags, traces = s.tags[row, :n], (s.kept_x1[step, :n], s.kept_x2[step, :n])
            grow_tags(tags, traces, y1, p.tag, row_key, s.active, bits)
            most = int(TAG_MAX)
    return most


@njit
def tags_at_limit(tags, row, n):
    """How many tags of a row stand at a limit."""
    n_at = np.int32(0)
    for column in range(uint64(n)):
        tag = tags[uint64(row), column]
        n_at += np.int32((tag == TAG_MAX) | (tag == TAG_MIN))
    return n_at


@njit
def grow_row_of_both(layers, k, row, clock):
    """The two tags of a neuron, in all steps: the second decays where it does not
    grow."""
    p, s, noise = parameters_of(layers, k), scratch_of(layers, k), noise_of(layers, k)
    post, growth, end = s.tagged[row], s.first[row], s.first[row + 1]
    scales, n = (p.tag, p.jump, p.jump_decay), 0
    for step in range(s.growth_step[growth], p.steps):
        bits, now = noise.bits[clock.at + step], clock.begin + step
        jump_key = random.stream_key(clock.seed, random.JUMP, p.layer, now)
        jump_key = random.draw(jump_key, post)
        if growth < end and s.growth_step[growth] == step:
            n = s.n_kept[step]
            both = (s.tags[row, :n], s.jumps[row, :n])
            traces = (s.kept_x1[step, :n], s.kept_x2[step, :n])
            keys = (random.draw(s.step_key[step], post), jump_key)
            y1 = s.growth_y1[growth]
            grow_both(both, traces, y1, scales, keys, s.active, bits)
            growth += 1
        else:
            jumps = s.jumps[row, :n]
            decay_jumps(jumps, p.jump_decay, jump_key, s.active, bits)

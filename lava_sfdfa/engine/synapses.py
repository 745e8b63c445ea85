"""The learning rule at the synapses, in integers, compiled.

What lava-nc 0.10.0 makes of the rule strings of `network/rule.py`: every product is
shifted right to 15 bits, then left by its exponent, and added to an accumulator with 7
fraction bits that saturates, which is rounded stochastically at the end.
"""

import numpy as np
from numba import njit

from lava_sfdfa.chip import arithmetic, protocol, random, widths

int32 = np.int32  # numba computes in 64 bits unless it is told otherwise
TAG_MIN, TAG_MAX = int32(widths.TAG.minimum), int32(widths.TAG.maximum)
JUMP_MIN, JUMP_MAX = int32(widths.TAG_2.minimum), int32(widths.TAG_2.maximum)
WEIGHT_MIN, WEIGHT_MAX = widths.WEIGHT.minimum, widths.WEIGHT.maximum
FRACTION_BITS = int32(widths.FRACTION_BITS)
TRACE_SHIFT = int32(widths.TRACE_SHIFT)
VARIABLE_SHIFT = int32(widths.VARIABLE_SHIFT)
JUMP_REST = int32(protocol.JUMP_REST)
# A product of a trace with d is shifted further than one of two traces.
JUMP_GAIN = VARIABLE_SHIFT - TRACE_SHIFT


@njit
def grow_tags(tags, traces, y1, scale, row_key, active, shared):
    """Add `s * y1 * (x1 - x2)` to the tags of one neuron that spiked.

    tags: int16 (n,), changed; traces: x1 and x2, integers (n,), of the active inputs;
    y1: 1..127; scale: mantissa and exponent of s; active: int32 (n,), which input
    each column is; row_key: random numbers of this neuron and step; shared: seven
    bits for all synapses, or -1.
    """
    x1, x2 = traces
    left = int32(scale[1] + FRACTION_BITS)
    slow_gain, fast_gain = int32(scale[0] * y1), int32(-scale[0] * y1)
    own_mask, shared_bits = split_bits(shared)
    for column in range(x1.size):
        slow = int32(int32(int32(slow_gain * x1[column]) >> TRACE_SHIFT) << left)
        fast = int32(int32(int32(fast_gain * x2[column]) >> TRACE_SHIFT) << left)
        start = int32(int32(tags[column]) << FRACTION_BITS)
        total = arithmetic.clip_accumulator(int32(start + fast))
        total = arithmetic.clip_accumulator(int32(total + slow))
        bits = random.synapse_bits(row_key, active[column]) & own_mask | shared_bits
        tag = arithmetic.round_stochastic(total, int32(bits))
        tags[column] = min(max(tag, TAG_MIN), TAG_MAX)


@njit
def grow_both(both, traces, y1, scales, keys, active, shared):
    """`grow_tags` with the second tag: both grow by y1 * (x1 - x2 + d - 128).

    both: tags and second tags d, int16 (n,), changed; scales: (mantissa, exponent) of
    s, q and r; keys: random numbers of this neuron and step for either tag. All rules
    read the values from before the step.
    """
    tags, jumps = both
    x1, x2 = traces
    tag, jump, decay = scales
    for column in range(x1.size):
        d = int32(jumps[column])
        total = arithmetic.clip_accumulator(int32(int32(tags[column]) << FRACTION_BITS))
        total = add_growth(total, x1[column], x2[column], d, y1, tag)
        bits = random_bits(keys[0], active[column], shared)
        value = arithmetic.round_stochastic(total, bits)
        tags[column] = min(max(value, TAG_MIN), TAG_MAX)
        total = add_growth(
            int32(d << FRACTION_BITS), x1[column], x2[column], d, y1, jump
        )
        bits = random_bits(keys[1], active[column], shared)
        jumps[column] = decayed_jump(total, d, decay, bits)


@njit(inline="always")
def add_growth(total, x1, x2, d, y1, scale):
    """Add the three products of a growing tag to its accumulator, in their order."""
    gain, left = int32(scale[0] * y1), int32(scale[1] + FRACTION_BITS)
    fast = int32(int32(int32(-gain * x2) >> TRACE_SHIFT) << left)
    slow = int32(int32(int32(gain * x1) >> TRACE_SHIFT) << left)
    kept = int32(int32(gain * int32(d - JUMP_REST)) >> VARIABLE_SHIFT)
    total = arithmetic.clip_accumulator(int32(total + fast))
    total = arithmetic.clip_accumulator(int32(total + slow))
    return arithmetic.clip_accumulator(
        int32(total + int32(kept << int32(left + JUMP_GAIN)))
    )


@njit(inline="always")
def decayed_jump(total, d, decay, bits):
    """The second tag from its accumulator, which loses r * (d - 128): int32."""
    loss = int32(
        int32(-decay[0] * int32(d - JUMP_REST)) << int32(decay[1] + FRACTION_BITS)
    )
    total = max(arithmetic.clip_accumulator(int32(total + loss)), int32(0))
    return min(max(arithmetic.round_stochastic(total, bits), JUMP_MIN), JUMP_MAX)


@njit
def decay_jumps(jumps, decay, row_key, active, shared):
    """A step of a neuron that does not spike: its second tags decay. jumps: int16."""
    for column in range(jumps.size):
        d = int32(jumps[column])
        bits = random_bits(row_key, active[column], shared)
        jumps[column] = decayed_jump(int32(d << FRACTION_BITS), d, decay, bits)


@njit(inline="always")
def random_bits(row_key, pre, shared):
    """Seven bits of a synapse of its own, or those that all share: int32."""
    return random.synapse_bits(row_key, pre) if shared < 0 else int32(shared)


@njit
def weight_changes(changes, tags, y3, scale, row_key, active, shared):
    """`c * y3 * t` for the synapses of one neuron, rounded stochastically.

    changes: int16 (n,), written; tags: int16 (n,); y3: -127..127; scale: of c; the
    others as in `grow_tags`. Weights are integers, so that rounding the change is
    rounding the sum; the caller saturates the weights.
    """
    left = int32(scale[1] + FRACTION_BITS)
    gain = int32(scale[0] * y3)
    own_mask, shared_bits = split_bits(shared)
    for column in range(tags.size):
        product = int32(int32(gain * int32(tags[column])) >> VARIABLE_SHIFT)
        change = arithmetic.clip_accumulator(int32(product << left))
        bits = random.synapse_bits(row_key, active[column]) & own_mask | shared_bits
        changes[column] = arithmetic.round_stochastic(change, int32(bits))


@njit
def split_bits(shared):
    """Masks that choose between a synapse's own random bits and shared ones,
    without a branch in the loop: bits = own & mask | shared."""
    if shared < 0:
        return int32(127), int32(0)
    return int32(0), int32(shared)


@njit
def update_feedback(row, y1, y3, direction, row_key, shared):
    """Move the feedback weights of one neuron that fired: `B += alpha (p d - B)`.

    row: int8 (n_out,), changed; y1: 32 p; y3: sets alpha; direction: int32
    (n_out,), -64..63, what the outputs read of all payloads, scaled.
    """
    own_mask, shared_bits = split_bits(shared)
    for output in range(row.size):
        weight = int32(row[output])
        toward = int32(y1 * direction[output]) >> TRACE_SHIFT
        back = int32(-y3 * weight) >> VARIABLE_SHIFT
        total = int32((weight << FRACTION_BITS) + toward + back)
        bits = random.synapse_bits(row_key, output) & own_mask | shared_bits
        weight = arithmetic.round_stochastic(total, int32(bits))
        row[output] = min(max(weight, WEIGHT_MIN), WEIGHT_MAX)

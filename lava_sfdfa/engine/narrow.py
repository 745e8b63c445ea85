"""The learning rule at the synapses, a vector of the processor at a time.

The kernels give what the plain ones of `synapses.py` give, which are what they are
compared with in the tests. Tags grow in 16 bits, so that twice as many numbers fit a
vector; before each step a bound has to prove that nothing leaves its range.
"""

import numpy as np
from numba import njit, types

from lava_sfdfa.chip import arithmetic, random, widths
from lava_sfdfa.engine.machine import operation
from lava_sfdfa.engine.state import VECTOR

int16, uint8, uint16 = np.int16, np.uint8, np.uint16
int32, uint32, uint64 = np.int32, np.uint32, np.uint64
TRACE_MAX, TAG_MAX = widths.TRACE.maximum, widths.TAG.maximum
TRACE_SHIFT = uint16(widths.TRACE_SHIFT)
VARIABLE_SHIFT = int32(widths.VARIABLE_SHIFT)
ROUND_UP = uint16(2**widths.TRACE_SHIFT - 1)
FRACTION_BITS = uint16(widths.FRACTION_BITS)
# Loops have a fixed length, so that the compiler needs no tests before them: 0.3
# instead of 0.5 ns for a tag.
LANES = uint64(VECTOR)


plus, minus, times = (operation(n, types.uint16) for n in ("add", "sub", "mul"))
down, floor = (operation(n, types.uint16) for n in ("lshr", "ashr"))  # floor: signed
times_32, floor_32 = (operation(n, types.int32) for n in ("mul", "ashr"))


@njit(forceinline=True)
def growth_bound(scale, y1):
    """What a tag can grow by in 16 bits, and one; or more than any tag where its
    product does not fit. scale, y1: as in `synapses.grow_tags`."""
    product = scale[0] * y1 * TRACE_MAX + int32(ROUND_UP)
    if scale[0] <= 0 or product >= 2**16:
        return TAG_MAX + 1
    left = scale[1] + widths.FRACTION_BITS
    grown = ((product >> widths.TRACE_SHIFT) + 1) << left
    return (grown >> widths.FRACTION_BITS) + 1


@njit(forceinline=True)
def grow_narrowly(tags, row, x1, x2, step, n, gain, factor, row_key, key, noise):
    """`synapses.grow_tags` of a row in which no tag can pass its limits.

    tags: int16 (rows, n), changed; x1, x2: traces by step, uint8 (steps, n); n:
    columns; gain: mantissa of the scale times y1; factor: 2**left of its exponent; key:
    uint32 (n,), `random.synapse_step` of each column; noise: uint8, for a vector.
    """
    row, step, n = uint64(row), uint64(step), uint64(n)
    row_key, gain, factor = uint32(row_key), uint16(gain), uint16(factor)
    for begin in range(uint64(0), n, LANES):
        for lane in range(LANES):
            bits = random.mix32(uint32(key[begin + lane] + row_key)) >> uint32(25)
            noise[lane] = uint8(uint32(127) - bits)
        for lane in range(LANES):
            column = begin + lane
            slow = down(times(gain, uint16(x1[step, column])), TRACE_SHIFT)
            fast = plus(times(gain, uint16(x2[step, column])), ROUND_UP)
            fast = down(fast, TRACE_SHIFT)  # of a negative product, rounded down
            grown = plus(times(minus(slow, fast), factor), uint16(noise[lane]))
            tag = plus(uint16(tags[row, column]), floor(grown, FRACTION_BITS))
            tags[row, column] = int16(tag)


@njit
def largest_tag(tags, row, n):
    """The largest size of a tag of a row."""
    most = int16(0)
    for column in range(uint64(n)):
        tag = tags[uint64(row), column]
        most = max(most, max(tag, int16(-tag)))
    return most


@njit(forceinline=True)
def change_narrowly(changes, moved, tags, row, n, gain, factor, row_key, key):
    """`synapses.weight_changes` of a row into row `moved` of `changes`: in 32 bits,
    which the products need, but a vector at a time. gain: mantissa of c times y3;
    factor: 2**left of its exponent; the others as in `grow_narrowly`."""
    moved, row, n = uint64(moved), uint64(row), uint64(n)
    row_key, gain, factor = uint32(row_key), int32(gain), int32(factor)
    for begin in range(uint64(0), n, LANES):
        for lane in range(LANES):
            column = begin + lane
            product = times_32(gain, int32(tags[row, column]))
            product = floor_32(product, VARIABLE_SHIFT)
            change = arithmetic.clip_accumulator(times_32(product, factor))
            bits = random.mix32(uint32(key[column] + row_key)) >> uint32(25)
            changes[moved, column] = arithmetic.round_stochastic(change, int32(bits))

"""The integer arithmetic of the chip, one primitive a function.

Each function states its formula and is exact: the same integers on every machine.
Those marked `njit` are compiled and take scalars. Arithmetic shifts (`>>`) round down.
"""

import math

import numpy as np
from numba import njit

from lava_sfdfa.chip import random, widths

# numba computes in 64 bits unless it is told otherwise; 32 take half the time.
int32 = np.int32
V_MIN, V_MAX = int32(widths.VOLTAGE.minimum), int32(widths.VOLTAGE.maximum)
U_TOP = int32(widths.CURRENT.maximum)
ACC_MIN, ACC_MAX = int32(widths.ACCUMULATOR.minimum), int32(widths.ACCUMULATOR.maximum)
DECAY_BITS = int32(widths.DECAY_BITS)
DECAY_MASK = int32(2**widths.DECAY_BITS - 1)
FRACTION_BITS = widths.FRACTION_BITS
FRACTION_MASK = 2**FRACTION_BITS - 1
TRACE_MAX, FACTOR_MAX = widths.TRACE.maximum, widths.FACTOR.maximum
ALPHA_BITS = 24  # our choice: a trace's decay factor is a multiple of 2**-24

# 2**12 / (m + 1/2) for the six leading bits m of a number, 32 <= m < 64.
RECIPROCAL_TABLE = np.array([round(2**12 / (m + 0.5)) for m in range(32, 64)], np.int32)


# --- state of a neuron ------------------------------------------------------------


@njit(inline="always")
def decay_state(value, multiplier):
    """Multiply u or v by `multiplier / 4096`, rounding towards zero.

    value: int32, |value| <= 2**23; multiplier: int32, 0..4096. Returns
    `sign(value) * (|value| * multiplier >> 12)`, computed in 32 bits by parts and
    without branches. Source: lava-nc, proc/lif/models.py, `subthr_dynamics`.
    """
    up = int32(int32(value >> int32(31)) & DECAY_MASK)  # rounds a negative value up
    # Where the compiler sees that 16 bits hold the factors, it multiplies faster.
    multiplier = int32(multiplier & int32(2 * DECAY_MASK + 1))
    high = int32(int32(np.int16(value >> DECAY_BITS)) * multiplier)
    low = int32(int32(int32(value & DECAY_MASK) * multiplier) + up)
    return int32(high + int32(low >> DECAY_BITS))


@njit(inline="always")
def wrap_current(current):
    """Wrap u at 24 bits as Lava does: 2**23 + k becomes k - 2**23, -2**23 - k
    becomes 2**23 - k, and 2**23 itself stays. current: int32."""
    above, below = int32(current > U_TOP), int32(current <= -U_TOP)
    return int32(current + int32(int32(below - above) * int32(2 * U_TOP)))


@njit(inline="always")
def clip_voltage(voltage):
    """Saturate v at +-(2**23 - 1). voltage: int32."""
    return min(max(voltage, V_MIN), V_MAX)


@njit(inline="always")
def shift_rounded(value, shift):
    """`value / 2**shift` to the nearest integer, halves up."""
    return (value + (1 << shift >> 1)) >> shift


@njit(inline="always")
def reciprocal(current, exponent):
    """About `2**exponent / current` in 1..127, with a table of 32 entries.

    current: int; at 0 and below the result is 127. The six leading bits of
    `current` choose the entry, the number of the other bits the shift; no division,
    so that a neuron core can do it. Relative error below 1.8 % before rounding.
    """
    if current <= 0:  # cannot be at a spike from rest, but u can fall to it
        return TRACE_MAX
    shift = 0
    for bits in (16, 8, 4, 2, 1):  # the most that leaves 32 or more
        if (current >> (shift + bits)) >= 32:
            shift += bits
    mantissa = current >> shift
    while mantissa < 32:
        mantissa <<= 1
        shift -= 1
    down = 12 - exponent + shift
    if down < 0:  # the entry is above 63, its double beyond the range
        return TRACE_MAX
    value = shift_rounded(RECIPROCAL_TABLE[mantissa - 32], min(down, 31))
    return min(max(value, 1), TRACE_MAX)


# --- learning accumulator ---------------------------------------------------------


@njit(inline="always")
def clip_accumulator(value):
    """Saturate the learning accumulator, which holds 7 fraction bits: int32."""
    return min(max(value, ACC_MIN), ACC_MAX)


@njit(inline="always")
def round_stochastic(accumulator, bits):
    """Accumulator to integer: floor, and one more where `bits` < the fraction.

    accumulator: int32 with 7 fraction bits; bits: random, uniform in 0..127.
    """
    return int32(int32(accumulator + int32(FRACTION_MASK - bits)) >> FRACTION_BITS)


# --- traces -----------------------------------------------------------------------


def trace_alpha(tau_steps: float) -> float:
    """Decay factor of a trace for one step, `exp(-1/tau)` on a grid of 2**-24.

    On the grid every product with a 7-bit trace is exact in float64, so that the
    last bit of a machine's `exp` cannot change a result.
    """
    return round(math.exp(-1.0 / tau_steps) * 2**ALPHA_BITS) / 2**ALPHA_BITS


@njit(inline="always")
def decay_trace(trace, alpha, uniform):
    """One step of decay with stochastic rounding: `floor(r) + (uniform < frac(r))`
    for `r = alpha * trace`. Source: lava-nc, model/py/connection.py:1397-1415."""
    exact = trace * alpha
    whole = math.floor(exact)
    return np.int32(whole + (uniform < exact - whole))


# --- counter-based random numbers -------------------------------------------------


@njit
def round_factor(total, fraction_bits, bits, dither_bits):
    """A third factor y3 as a multiple of 2**bits, saturated to 7 bits and a sign.

    total: int64 with `fraction_bits`; dither_bits: 32 random bits, which choose between
    the two nearest multiples so that the mean is kept. Returns it, and whether it was
    cut off.
    """
    shift = fraction_bits + bits
    dither = np.int64(dither_bits) >> (32 - shift)
    wanted = (total + dither) >> shift << bits
    most = FACTOR_MAX >> bits << bits
    factor = min(max(wanted, -most), most)
    return factor, factor != wanted


@njit
def round_factors(totals, fraction_bits, bits, key, first):
    """`round_factor` of neurons `first` to `first + n - 1`. totals: int64 (n,), key:
    64 bits of `stream`. Returns int32 (n,), and bool (n,)."""
    factors = np.empty(totals.size, np.int32)
    cut = np.empty(totals.size, np.bool_)
    for k in range(totals.size):
        dither_bits = random.draw(key, first + k)
        factors[k], cut[k] = round_factor(totals[k], fraction_bits, bits, dither_bits)
    return factors, cut

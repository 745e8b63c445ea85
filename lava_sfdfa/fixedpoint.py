"""The integer arithmetic of the chip, one primitive a function.

Each function states its formula and is exact: the same integers on every machine.
Those marked `njit` are compiled and take scalars. Arithmetic shifts (`>>`) round down.
"""

import math

import numpy as np
from numba import njit

from lava_sfdfa import chips

# numba computes in 64 bits unless it is told otherwise; 32 take half the time.
int32 = np.int32
V_MIN, V_MAX = int32(chips.VOLTAGE.minimum), int32(chips.VOLTAGE.maximum)
U_TOP = int32(chips.CURRENT.maximum)
ACC_MIN, ACC_MAX = int32(chips.ACCUMULATOR.minimum), int32(chips.ACCUMULATOR.maximum)
DECAY_BITS = int32(chips.DECAY_BITS)
DECAY_MASK = int32(2**chips.DECAY_BITS - 1)
FRACTION_BITS = chips.FRACTION_BITS
FRACTION_MASK = 2**FRACTION_BITS - 1
TRACE_MAX, FACTOR_MAX = chips.TRACE.maximum, chips.FACTOR.maximum
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
    sign = int32(value >> int32(31))  # 0 or -1
    magnitude = int32(int32(value ^ sign) - sign)
    high = int32(int32(magnitude >> DECAY_BITS) * multiplier)
    low = int32(int32(magnitude & DECAY_MASK) * multiplier)
    result = int32(high + int32(low >> DECAY_BITS))
    return int32(int32(result ^ sign) - sign)


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
    while (current >> shift) >= 64:
        shift += 1
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


@njit(inline="always")
def mix64(value):
    """A bijective hash of 64 bits (the finaliser of SplitMix64, Steele 2014)."""
    value = np.uint64(value)
    value ^= value >> np.uint64(30)
    value *= np.uint64(0xBF58476D1CE4E5B9)
    value ^= value >> np.uint64(27)
    value *= np.uint64(0x94D049BB133111EB)
    return value ^ (value >> np.uint64(31))


@njit(inline="always")
def mix32(value):
    """A bijective hash of 32 bits (constants of lowbias32, Wellons 2018)."""
    value = np.uint32(value)
    value = np.uint32(value ^ np.uint32(value >> np.uint32(16)))
    value = np.uint32(value * np.uint32(0x7FEB352D))
    value = np.uint32(value ^ np.uint32(value >> np.uint32(15)))
    value = np.uint32(value * np.uint32(0x846CA68B))
    return np.uint32(value ^ np.uint32(value >> np.uint32(16)))


@njit
def stream(seed, purpose, layer, counter):
    """Start of a stream of random numbers: a 64-bit hash of the four integers.

    purpose: what the numbers are for (the constants below); layer: index of the
    projection; counter: step or sample, from 0.
    """
    golden = np.uint64(0x9E3779B97F4A7C15)
    key = mix64(np.uint64(seed) + golden)
    key = mix64(key ^ (np.uint64(purpose) << np.uint64(32)) ^ np.uint64(layer))
    return mix64(key + golden * np.uint64(counter))


@njit(inline="always")
def draw(key, index):
    """Number `index` of a stream: 32 random bits. key: 64 bits of `stream`."""
    low = np.uint32(key & np.uint64(0xFFFFFFFF))
    high = np.uint32(key >> np.uint64(32))
    return np.uint32(mix32(np.uint32(low + np.uint32(index))) ^ high)


@njit
def draw_many(seed, purpose, layer, first, count):
    """Numbers `first` to `first + count - 1` of a stream: uint32, shape (count,)."""
    key = stream(seed, purpose, layer, 0)
    numbers = np.empty(count, np.uint32)
    for position in range(count):
        numbers[position] = draw(key, first + position)
    return numbers


@njit
def round_factor(total, fraction_bits, bits, random):
    """A third factor y3 as a multiple of 2**bits, saturated to 7 bits and a sign.

    total: int64 with `fraction_bits`; random: 32 bits, which choose between the two
    nearest multiples so that the mean is kept. Returns it, and whether it was cut off.
    """
    shift = fraction_bits + bits
    dither = np.int64(random) >> (32 - shift)
    wanted = (total + dither) >> shift << bits
    most = FACTOR_MAX >> bits << bits
    found = min(max(wanted, -most), most)
    return found, found != wanted


@njit
def round_factors(totals, fraction_bits, bits, key, first):
    """`round_factor` of neurons `first` to `first + n - 1`. totals: int64 (n,), key:
    64 bits of `stream`. Returns int32 (n,), and bool (n,)."""
    found = np.empty(totals.size, np.int32)
    cut = np.empty(totals.size, np.bool_)
    for k in range(totals.size):
        random = draw(key, first + k)
        found[k], cut[k] = round_factor(totals[k], fraction_bits, bits, random)
    return found, cut


@njit(inline="always")
def synapse_bits(row_key, pre):
    """Seven random bits for one synapse of a row; `row_key = draw(key, post)`."""
    step = np.uint32(np.uint32(pre) * np.uint32(0x9E3779B9))
    return np.int32(mix32(np.uint32(row_key + step)) >> np.uint32(25))


# Purposes of the streams. A number stands for its purpose for ever: artifacts
# that were written with it must train on in the same way.
RANDOM_WEIGHT_INIT = 1
RANDOM_FEEDBACK_INIT = 2
RANDOM_ORDER = 3
RANDOM_X1 = 4
RANDOM_X2 = 5
RANDOM_TAG = 6
RANDOM_WEIGHT = 7
RANDOM_PAYLOAD = 8
RANDOM_FEEDBACK = 9
RANDOM_SPLIT = 10
RANDOM_JUMP = 11
RANDOM_FACTOR = 12

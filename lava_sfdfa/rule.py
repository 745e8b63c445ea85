"""SFDFA as a three-factor rule of Loihi's learning engine, in integers.

Eligibility, at a spike of neuron i (stabilised gradient of its spike times for a
neuron that resets to zero; Bacho & Chu, arXiv 2403.08804, in the form of a product):

    dt = s * y1_i * (x1_j - x2_j)

Commit, once a sample, with the signed third factor y3:

    dw = c * y3_i * t_ij

Feedback, once a sample, for neurons that fired, with their random payload p:

    dB_io = alpha * (p_i * d_o - B_io)

`Rule` renders the three as strings for `Loihi3FLearningRule` (t_epoch 1); the
functions compute what lava-nc 0.10.0 makes of these strings: every product is
shifted right to 15 bits, then left by its exponent, and added to an accumulator
with 7 fraction bits that saturates, which is rounded stochastically at the end.
"""

from dataclasses import dataclass

import numpy as np
from numba import njit

from lava_sfdfa import chips
from lava_sfdfa import fixedpoint as fp
from lava_sfdfa.errors import InputError

int32 = np.int32  # numba computes in 64 bits unless it is told otherwise
TAG_MIN, TAG_MAX = int32(chips.TAG.minimum), int32(chips.TAG.maximum)
WEIGHT_MIN, WEIGHT_MAX = chips.WEIGHT.minimum, chips.WEIGHT.maximum
FRACTION_BITS = int32(chips.FRACTION_BITS)

# Right shift of a product of two traces, and of a trace with w or t.
_EXCESS = chips.MANTISSA_WIDTH - chips.PRODUCT_WIDTH
TRACE_SHIFT = int32(2 * chips.TRACE_WIDTH + _EXCESS)
VARIABLE_SHIFT = int32(chips.TRACE_WIDTH + chips.VARIABLE_WIDTH + _EXCESS)

# What a neuron that fired shows in the feedback step: y3, which with the shift of 5
# takes 2**-9 of B, and y1 = 64 + 32 p.
FEEDBACK_DECAY_FACTOR = 8
FEEDBACK_RATE = 2.0**-9  # alpha: 8 / 32 / 2**7
PAYLOAD_FACTOR = 32  # y1 is 64 + 32 p in the feedback step
DIRECTION_MIN, DIRECTION_MAX = -64, 63  # d_o as the outputs send it: x1 - 64
# Where B comes to rest: p d_o times this, for d_o as it is sent.
FEEDBACK_SCALE = round(PAYLOAD_FACTOR / 2 ** int(TRACE_SHIFT) / (FEEDBACK_RATE * 2**7))


@dataclass(frozen=True)
class Scale:
    """A constant of a rule, `mantissa * 2**exponent`.

    Errors: InputError where the chip cannot hold it.
    """

    mantissa: int
    exponent: int

    def __post_init__(self):
        for value, field in (
            (self.mantissa, chips.SCALE_MANTISSA),
            (self.exponent, chips.SCALE_EXPONENT),
        ):
            if not field.minimum <= value <= field.maximum:
                raise InputError(
                    f"the rule constant {self} is outside the chip's range: "
                    f"{value}, allowed {field.minimum} to {field.maximum}; "
                    "change learning_rate or weight_limit"
                )

    def __str__(self) -> str:
        return f"{self.mantissa}*2^{self.exponent}"

    @property
    def value(self) -> float:
        """The constant as a number."""
        return self.mantissa * 2.0**self.exponent


@dataclass(frozen=True)
class Rule:
    """The constants of one projection's rule.

    tag: s, which scales the eligibility; weight: c, which scales the commit.
    """

    tag: Scale
    weight: Scale

    def __post_init__(self):
        largest = self.tag.mantissa * chips.TRACE.maximum**2 >> int(TRACE_SHIFT)
        if (
            largest << (self.tag.exponent + chips.FRACTION_BITS)
            > chips.ACCUMULATOR.maximum
        ):
            raise InputError(
                f"the tag scale {self.tag} lets a product of two traces overflow "
                "the 16-bit accumulator; the exponent has to be smaller"
            )

    @property
    def factor_bits(self) -> int:
        """The commit's shift to the right loses nothing where y3 is a multiple of
        2**this (for a mantissa that is a power of two)."""
        return int(VARIABLE_SHIFT) - self.weight.mantissa.bit_length() + 1

    @property
    def dt(self) -> str:
        """Tag rule. The negative product stands first, so that the accumulator
        saturates only where the sum does."""
        return f"-{self.tag}*y0*y1*x2 + {self.tag}*y0*y1*x1 - u0*t*y2"

    @property
    def dw(self) -> str:
        """Weight rule, for the commit step."""
        return f"{self.weight}*u0*y3*t"


# Both constants are 2^-7: one unit of a shifted product is one of the accumulator.
FEEDBACK_RULE = "2^-7*x0*(x1-64)*(y1-64) - 2^-7*x0*y3*w"


@njit
def grow_tags(tags, x1, x2, y1, mantissa, exponent, row_key, active, shared):
    """Add `s * y1 * (x1 - x2)` to the tags of one neuron that spiked.

    tags: int16 (n,), changed; x1, x2: int32 (n,), traces of the active inputs;
    y1: 1..127; active: int32 (n,), which input each column is; row_key: random
    numbers of this neuron and step; shared: seven bits for all synapses, or -1.
    """
    left = int32(exponent + FRACTION_BITS)
    slow_gain, fast_gain = int32(mantissa * y1), int32(-mantissa * y1)
    own_mask, shared_bits = split_bits(shared)
    for column in range(x1.size):
        slow = int32(int32(int32(slow_gain * x1[column]) >> TRACE_SHIFT) << left)
        fast = int32(int32(int32(fast_gain * x2[column]) >> TRACE_SHIFT) << left)
        start = int32(int32(tags[column]) << FRACTION_BITS)
        total = fp.clip_accumulator(int32(start + fast))
        total = fp.clip_accumulator(int32(total + slow))
        bits = fp.synapse_bits(row_key, active[column]) & own_mask | shared_bits
        tag = fp.round_stochastic(total, int32(bits))
        tags[column] = min(max(tag, TAG_MIN), TAG_MAX)


@njit
def weight_changes(changes, tags, y3, mantissa, exponent, row_key, active, shared):
    """`c * y3 * t` for the synapses of one neuron, rounded stochastically.

    changes: int16 (n,), written; tags: int16 (n,); y3: -127..127; the others as in
    `grow_tags`. Weights are integers, so that rounding the change is rounding the
    sum; the caller saturates the weights.
    """
    left = int32(exponent + FRACTION_BITS)
    gain = int32(mantissa * y3)
    own_mask, shared_bits = split_bits(shared)
    for column in range(tags.size):
        product = int32(int32(gain * int32(tags[column])) >> VARIABLE_SHIFT)
        change = fp.clip_accumulator(int32(product << left))
        bits = fp.synapse_bits(row_key, active[column]) & own_mask | shared_bits
        changes[column] = fp.round_stochastic(change, int32(bits))


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

    row: int8 (n_out,), changed; y1: 64 + 32 p; y3: sets alpha; direction: int32
    (n_out,), -64..63, what the outputs read of all payloads, scaled.
    """
    own_mask, shared_bits = split_bits(shared)
    for output in range(row.size):
        weight = int32(row[output])
        toward = int32((y1 - 64) * direction[output]) >> TRACE_SHIFT
        back = int32(-y3 * weight) >> VARIABLE_SHIFT
        total = int32((weight << FRACTION_BITS) + toward + back)
        bits = fp.synapse_bits(row_key, output) & own_mask | shared_bits
        weight = fp.round_stochastic(total, int32(bits))
        row[output] = min(max(weight, WEIGHT_MIN), WEIGHT_MAX)

"""SFDFA as a three-factor rule of Loihi's learning engine, in integers.

Eligibility, at a spike of neuron i (stabilised gradient of its spike times for a
neuron that resets to zero; Bacho & Chu, arXiv 2403.08804, in the form of a product):

    dt = s * y1_i * (x1_j - x2_j)

With `eligibility="recursive"` it keeps what earlier spikes of the neuron left in v_ij
(the paper's `v *= 1 + c / g`), in the second tag d as d - 128, since that is unsigned:

    dt = s * y1_i * (x1_j - x2_j + d_ij - 128)
    dd = q * y1_i * (x1_j - x2_j + d_ij - 128)      each step: dd = -r * (d_ij - 128)

Commit, once a sample, with the signed third factor y3:

    dw = c * y3_i * t_ij

Feedback, once a sample, for neurons that fired, with their random payload p:

    dB_io = alpha * (p_i * d_o - B_io)

`Rule` renders them as strings for `Loihi3FLearningRule` (t_epoch 1); the
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

JUMP_MIN, JUMP_MAX = int32(chips.TAG_2.minimum), int32(chips.TAG_2.maximum)
JUMP_REST = int32(128)  # d where earlier spikes left nothing
# A product of a trace with d is shifted further than one of two traces.
JUMP_GAIN = VARIABLE_SHIFT - TRACE_SHIFT

# What a neuron that fired shows in the feedback step: y3, which with the shift of 5
# takes 2**-9 of B, and y1 = 32 p, signed, since the neuron is silent then.
FEEDBACK_DECAY_FACTOR = 8
FEEDBACK_RATE = 2.0**-9  # alpha: 8 / 32 / 2**7
PAYLOAD_FACTOR = 32  # y1 is 32 p in the feedback step
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
                    "change learning_rate, weight_limit or hidden_range"
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

    tag: s, which scales the eligibility; weight: c, which scales the commit; jump: q,
    what a spike leaves for the next, and decay: r, its loss in a step. Both are None
    without the second tag.
    """

    tag: Scale
    weight: Scale
    jump: Scale | None = None
    decay: Scale | None = None

    def __post_init__(self):
        for scale in filter(None, (self.tag, self.jump)):
            largest = scale.mantissa * chips.TRACE.maximum**2 >> int(TRACE_SHIFT)
            largest <<= scale.exponent + chips.FRACTION_BITS
            if largest > chips.ACCUMULATOR.maximum:
                raise InputError(
                    f"the tag scale {scale} lets a product of two traces overflow "
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
        return f"{self._grow(self.tag)} - u0*t*y2"

    @property
    def dd(self) -> str | None:
        """Rule of the second tag; None without it."""
        if self.jump is None:
            return None
        loss = f"- {self.decay}*u0*(d-{JUMP_REST}) - u0*(d-{JUMP_REST})*y2"
        return f"{self._grow(self.jump)} {loss}"

    def _grow(self, scale: Scale) -> str:
        grow = f"-{scale}*y0*y1*x2 + {scale}*y0*y1*x1"
        if self.jump is None:
            return grow
        jump = Scale(scale.mantissa, scale.exponent + int(JUMP_GAIN))
        return f"{grow} + {jump}*y0*y1*(d-{JUMP_REST})"

    @property
    def dw(self) -> str:
        """Weight rule, for the commit step."""
        return f"{self.weight}*u0*y3*t"


# Both constants are 2^-7: one unit of a shifted product is one of the accumulator.
FEEDBACK_RULE = "2^-7*x0*(x1-64)*y1 - 2^-7*x0*y3*w"


@njit
def grow_tags(tags, x1, x2, y1, scale, row_key, active, shared):
    """Add `s * y1 * (x1 - x2)` to the tags of one neuron that spiked.

    tags: int16 (n,), changed; x1, x2: int32 (n,), traces of the active inputs;
    y1: 1..127; scale: mantissa and exponent of s; active: int32 (n,), which input
    each column is; row_key: random numbers of this neuron and step; shared: seven
    bits for all synapses, or -1.
    """
    left = int32(scale[1] + FRACTION_BITS)
    slow_gain, fast_gain = int32(scale[0] * y1), int32(-scale[0] * y1)
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
def grow_both(
    tags, jumps, x1, x2, y1, tag, jump, decay, tag_key, jump_key, active, shared
):
    """`grow_tags` with the second tag: both grow by y1 * (x1 - x2 + d - 128).

    jumps: int16 (n,), d, changed; tag, jump, decay: (mantissa, exponent) of s, q and
    r. All rules read the values from before the step.
    """
    for column in range(x1.size):
        d = int32(jumps[column])
        total = fp.clip_accumulator(int32(int32(tags[column]) << FRACTION_BITS))
        total = add_growth(total, x1[column], x2[column], d, y1, tag)
        bits = random_bits(tag_key, active[column], shared)
        value = fp.round_stochastic(total, bits)
        tags[column] = min(max(value, TAG_MIN), TAG_MAX)
        total = add_growth(
            int32(d << FRACTION_BITS), x1[column], x2[column], d, y1, jump
        )
        bits = random_bits(jump_key, active[column], shared)
        jumps[column] = decayed_jump(total, d, decay, bits)


@njit(inline="always")
def add_growth(total, x1, x2, d, y1, scale):
    """Add the three products of a growing tag to its accumulator, in their order."""
    gain, left = int32(scale[0] * y1), int32(scale[1] + FRACTION_BITS)
    fast = int32(int32(int32(-gain * x2) >> TRACE_SHIFT) << left)
    slow = int32(int32(int32(gain * x1) >> TRACE_SHIFT) << left)
    kept = int32(int32(gain * int32(d - JUMP_REST)) >> VARIABLE_SHIFT)
    total = fp.clip_accumulator(int32(total + fast))
    total = fp.clip_accumulator(int32(total + slow))
    return fp.clip_accumulator(int32(total + int32(kept << int32(left + JUMP_GAIN))))


@njit(inline="always")
def decayed_jump(total, d, decay, bits):
    """The second tag from its accumulator, which loses r * (d - 128): int32."""
    loss = int32(
        int32(-decay[0] * int32(d - JUMP_REST)) << int32(decay[1] + FRACTION_BITS)
    )
    total = max(fp.clip_accumulator(int32(total + loss)), int32(0))
    return min(max(fp.round_stochastic(total, bits), JUMP_MIN), JUMP_MAX)


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
    return fp.synapse_bits(row_key, pre) if shared < 0 else int32(shared)


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

    row: int8 (n_out,), changed; y1: 32 p; y3: sets alpha; direction: int32
    (n_out,), -64..63, what the outputs read of all payloads, scaled.
    """
    own_mask, shared_bits = split_bits(shared)
    for output in range(row.size):
        weight = int32(row[output])
        toward = int32(y1 * direction[output]) >> TRACE_SHIFT
        back = int32(-y3 * weight) >> VARIABLE_SHIFT
        total = int32((weight << FRACTION_BITS) + toward + back)
        bits = fp.synapse_bits(row_key, output) & own_mask | shared_bits
        weight = fp.round_stochastic(total, int32(bits))
        row[output] = min(max(weight, WEIGHT_MIN), WEIGHT_MAX)

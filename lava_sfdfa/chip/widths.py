"""Widths and ranges of the Loihi chips: each number once, with its source.

Confidence: H is a primary source or public code that was run, M is one credible
secondary source. Nothing here was measured by this project on silicon.

Sources: Davies 2018 is IEEE Micro 38(1):82-99, doi 10.1109/MM.2018.112130359;
lava-nc is release 0.10.0, paths below its package `lava`.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Field:
    """An integer field of the chip: its inclusive range and where that is from."""

    minimum: int
    maximum: int
    source: str
    confidence: str

    @property
    def bits(self) -> int:
        """Width in bits, with the sign."""
        return (self.maximum - self.minimum).bit_length()

    def holds(self, values) -> bool:
        """Whether every integer of an array or a scalar lies in the range."""
        return bool((self.minimum <= values).all() and (values <= self.maximum).all())


WEIGHT = Field(-128, 127, "8-bit synaptic weight, sign included; Davies 2018 p.87", "H")
TAG = Field(-256, 255, "9-bit signed tag; Davies 2018 p.92, Table 1", "H")
TAG_2 = Field(0, 255, "second tag, unsigned; model/py/connection.py:1151", "H")
TRACE = Field(0, 127, "7-bit trace; Davies 2018 p.91; magma/core/learning", "H")
FACTOR = Field(-127, 127, "y factor of a silent neuron, 7 bits and a sign", "M")
PAYLOAD = Field(-(2**23), 2**23 - 1, "24-bit graded spike; lava-dl netx", "H")
# Lava lets u reach +2**23 and wraps there; v saturates one short of it.
CURRENT = Field(-(2**23) + 1, 2**23, "u, 24 bits; proc/lif/models.py", "H")
VOLTAGE = Field(-(2**23) + 1, 2**23 - 1, "v, 24 bits; proc/lif/models.py", "H")
DECAY = Field(0, 4095, "du, dv, 12 bits, u uses du + 1; proc/lif/models.py", "H")
THRESHOLD = Field(0, 2**17 - 1, "vth, 17-bit mantissa; proc/lif/models.py", "H")
BIAS_MANTISSA = Field(-4096, 4095, "bias_mant, 13 bits; proc/lif/models.py", "H")
BIAS_EXPONENT = Field(0, 7, "bias_exp, 3 bits; proc/lif/models.py", "H")
SCALE_MANTISSA = Field(-8, 7, "rule constant, 4 bits; learning/symbolic_equation", "H")
SCALE_EXPONENT = Field(-7, 8, "rule constant, 4 bits; learning/symbolic_equation", "H")
EPOCH = Field(1, 63, "t_epoch, 6 bits; learning/constants.py W_EPOCH_TIME", "H")
DECIMATION = Field(0, 9, "k of uk; lava-nc reads one digit", "H")
# What lava-nc lets weights and tags reach: more than the 8 and 9 bits of the chip.
LAVA_WEIGHT = Field(-256, 255, "SignMode.MIXED; utils/weightutils.py", "H")
LAVA_TAG = Field(-257, 255, "model/py/connection.py:1165-1169", "H")
# The lower end is one below 16 bits: lava-nc clips so, and we compute what it does.
ACCUMULATOR = Field(-32769, 32767, "learning_rule_applier.py:318-327", "H")

DECAY_BITS = 12  # fractional bits of du, dv; proc/lif/models.py, H
INPUT_SHIFT = 6  # synaptic input and vth are shifted left; proc/lif/models.py, H
FRACTION_BITS = 7  # of the learning accumulator; learning_rule_applier.py, H
TRACE_WIDTH = 7  # width of x and y in a product; learning/constants.py, H
VARIABLE_WIDTH = 9  # width of w, t, d in a product; learning/constants.py, H
PRODUCT_WIDTH = 15  # a product is shifted right to this width; applier:304-312, H
MANTISSA_WIDTH = 4  # width of the constant in a product; learning/constants.py, H
MULTIPLIER_WIDTH = 31  # a product before its shift; lava-nc multiplies in int32, H

# Right shift of a product of two traces, and of a trace with w, t or d.
TRACE_SHIFT = 2 * TRACE_WIDTH + MANTISSA_WIDTH - PRODUCT_WIDTH
VARIABLE_SHIFT = TRACE_WIDTH + VARIABLE_WIDTH + MANTISSA_WIDTH - PRODUCT_WIDTH

WIDTHS = {  # in bits, for people
    "weights": WEIGHT.bits,
    "feedback": WEIGHT.bits,
    "tag": TAG.bits,
    "traces": TRACE.bits,
    "y": FACTOR.bits,
    "u": CURRENT.bits,
    "v": VOLTAGE.bits,
    "decay": DECAY.bits,
}

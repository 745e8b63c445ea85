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

`Rule` renders them as strings for `Loihi3FLearningRule` (t_epoch 1);
`engine/synapses.py` computes what lava-nc 0.10.0 makes of these strings.
"""

from dataclasses import dataclass

from lava_sfdfa.chip import widths
from lava_sfdfa.chip.protocol import JUMP_REST
from lava_sfdfa.errors import InputError
from lava_sfdfa.fields import check_fields


@dataclass(frozen=True)
class Scale:
    """A constant of a rule, `mantissa * 2**exponent`.

    Errors: InputError where the chip cannot hold it.
    """

    mantissa: int
    exponent: int

    def __post_init__(self) -> None:
        check_fields(self)
        for value, field in (
            (self.mantissa, widths.SCALE_MANTISSA),
            (self.exponent, widths.SCALE_EXPONENT),
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

    def __post_init__(self) -> None:
        if (self.jump is None) != (self.decay is None):
            raise InputError("a second tag has both constants, jump and decay")
        for scale in filter(None, (self.tag, self.jump)):
            largest = scale.mantissa * widths.TRACE.maximum**2 >> widths.TRACE_SHIFT
            largest <<= scale.exponent + widths.FRACTION_BITS
            if largest > widths.ACCUMULATOR.maximum:
                raise InputError(
                    f"the tag scale {scale} lets a product of two traces overflow "
                    "the 16-bit accumulator; the exponent has to be smaller"
                )

    @property
    def factor_bits(self) -> int:
        """The commit's shift to the right loses nothing where y3 is a multiple of
        2**this (for a mantissa that is a power of two)."""
        return widths.VARIABLE_SHIFT - self.weight.mantissa.bit_length() + 1

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
        jump = Scale(
            scale.mantissa, scale.exponent + widths.VARIABLE_SHIFT - widths.TRACE_SHIFT
        )
        return f"{grow} + {jump}*y0*y1*(d-{JUMP_REST})"

    @property
    def dw(self) -> str:
        """Weight rule, for the commit step."""
        return f"{self.weight}*u0*y3*t"


# Both constants are 2^-7: one unit of a shifted product is one of the accumulator.
FEEDBACK_RULE = "2^-7*x0*(x1-64)*y1 - 2^-7*x0*y3*w"

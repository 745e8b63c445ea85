"""The protocol of a sample: which step does what, and every constant that it uses.

T steps of presentation, then the payloads pass the L hidden layers, one a step, and
what follows is the same for every network. The constants are choices of this project,
made so that the chip's widths hold them; see `widths` for those.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from lava_sfdfa.chip.widths import FRACTION_BITS, TRACE_SHIFT
from lava_sfdfa.types import Array

# --- constants --------------------------------------------------------------------

JUMP_REST = 128  # second tag d where earlier spikes left nothing
RATE_BITS = 16  # fraction bits of a hidden neuron's running mean of spike counts
RATE_COARSE_BITS = 8  # of these, what homeostasis and the probe use
RATE_SHIFT = 9  # the running mean moves by 2**-9 a sample
SILENT_RATE = 2**RATE_BITS // 200  # running mean of a neuron that hardly ever spikes
FACTOR_BITS = 16  # fraction bits of a third factor before it is rounded to y3

# Payloads shrink by this at every neuron that passes them on: a layer's weights enlarge
# them, and three hidden layers at 0.5 spikes a sample would overflow 24 bits.
RELAY_SHIFT = 4

# y1 of a neuron that is woken, see docs/rule.md: about that of a spike whose u has
# just reached the threshold.
WAKE_SLOPE = 64

# What a neuron that fired shows in the feedback step: y3, which with the shift of 5
# takes 2**-9 of B, and y1 = 32 p, signed, since the neuron is silent then.
FEEDBACK_DECAY_FACTOR = 8
FEEDBACK_RATE = 2.0**-9  # alpha: 8 / 32 / 2**7
PAYLOAD_FACTOR = 32  # y1 is 32 p in the feedback step
DIRECTION_MIN, DIRECTION_MAX = -64, 63  # d_o as the outputs send it: x1 - 64
# Where B comes to rest: p d_o times this, for d_o as it is sent.
FEEDBACK_SCALE = round(
    PAYLOAD_FACTOR / 2**TRACE_SHIFT / (FEEDBACK_RATE * 2**FRACTION_BITS)
)

# --- errors -----------------------------------------------------------------------


def output_error(count, target, is_true, one_sided):
    """What an output lacks of its target spike count; compiled in `engine/credit.py`.

    one_sided: more spikes of the true class, or less of another, is no error (this is
    not in the paper).
    """
    error = target - count
    if one_sided:
        error = max(error, 0) if is_true else min(error, 0)
    return error


def output_errors(
    counts: Array, wanted: Array, is_true: Array, one_sided: bool
) -> Array:
    """`output_error` of all outputs: int64 (n_out,).

    counts, wanted: integers (n_out,), spikes found and targets; is_true: bool
    (n_out,), which output stands for the true class.
    """
    rows = zip(counts.tolist(), wanted.tolist(), is_true.tolist(), strict=True)
    return np.array([output_error(*row, one_sided) for row in rows], np.int64)


# --- steps ------------------------------------------------------------------------


class Steps(NamedTuple):
    """The steps of a `Schedule` that compiled code needs, as plain values."""

    error: int
    commit: int
    feedback: int
    period: int


@dataclass(frozen=True)
class Schedule:
    """The steps of a sample, numbered from 0."""

    steps: int  # T, of presentation
    n_hidden: int  # L

    def probing(self, sample: int) -> int:
        """The hidden layer that probes in a sample; 0 also where there is none."""
        return sample % max(self.n_hidden, 1)

    def probe(self, layer: int) -> int:
        """Hidden layer `layer` sends its payloads; the next reads them a step later."""
        return self.steps + layer

    def copy(self, layer: int) -> int:
        """Symmetric feedback: a layer's paths are copied, the upper layer first."""
        return self.error - 2 - layer

    @property
    def error(self) -> int:
        """Outputs know their errors, send them, and learn."""
        return self.steps + self.n_hidden

    @property
    def commit(self) -> int:
        """Hidden neurons receive the errors and learn."""
        return self.error + 1

    @property
    def reset(self) -> tuple[int, int]:
        """Tags return to zero: two steps, since one fails now and then in Lava."""
        return self.error + 2, self.error + 3

    @property
    def feedback(self) -> int:
        """Outputs send what they read of the payloads; feedback weights learn."""
        return self.error + 4

    @property
    def rest(self) -> int:
        """The last step: all state of the sample returns to zero."""
        return self.error + 5

    @property
    def period(self) -> int:
        """Steps of a whole sample, P."""
        return self.error + 6

    @property
    def phases(self) -> dict[str, int]:
        """The first step of each phase, in order."""
        return {
            "present": 0,
            "probe": self.steps,
            "error": self.error,
            "commit": self.commit,
            "reset": self.reset[0],
            "feedback": self.feedback,
            "rest": self.rest,
        }

    @property
    def values(self) -> Steps:
        """What compiled code needs of it."""
        return Steps(self.error, self.commit, self.feedback, self.period)

"""A network in the chip's integers."""

from dataclasses import dataclass

import numpy as np

from lava_sfdfa.chip import widths
from lava_sfdfa.chip.protocol import RELAY_SHIFT, Schedule
from lava_sfdfa.errors import InputError
from lava_sfdfa.network.rule import Rule
from lava_sfdfa.types import Array


@dataclass(frozen=True)
class FixedLayer:
    """One layer as the chip holds it; names as in Lava where Lava has them."""

    weights: Array  # (n_post, n_pre) int8
    feedback: Array  # (n_post, n_out) int8; (n_post, 0) for the outputs
    du: int  # decay of u: (4096 - du - 1) / 4096 a step
    dv: int  # decay of v: (4096 - dv) / 4096 a step
    vth: int  # spike where v > vth * 2**6
    x1_tau: float  # slow trace, steps
    x2_tau: float  # fast trace, steps
    impulse: int  # of both traces
    reciprocal_exponent: int  # y1 = 2**this / u
    rule: Rule
    error_gain: int  # y3 = error * this, with 16 fraction bits
    homeostasis_gain: int  # y3 += (target_rate - rate) * this, likewise
    target_rate: int  # spikes a sample, 16 fraction bits
    payload_shift: int  # the outputs send d * 2**-shift when this layer probes
    wake_step: int | None = None  # in which silent neurons are woken; None is never

    def __post_init__(self):
        _in_range("weights", self.weights, widths.WEIGHT)
        _in_range("feedback", self.feedback, widths.WEIGHT)
        _in_range("du", self.du, widths.DECAY)
        _in_range("dv", self.dv, widths.DECAY)
        _in_range("vth", self.vth, widths.THRESHOLD)
        _in_range("impulse", self.impulse, widths.TRACE)
        self.weights.setflags(write=False)
        self.feedback.setflags(write=False)

    @property
    def n_pre(self) -> int:
        """Inputs of the layer."""
        return self.weights.shape[1]

    @property
    def n_post(self) -> int:
        """Neurons of the layer."""
        return self.weights.shape[0]


@dataclass(frozen=True)
class FixedNetwork:
    """A network and its learning rule in the chip's integers."""

    layers: tuple[FixedLayer, ...]
    steps: int  # T, of presentation
    target_true: int  # output spikes wanted of the true class
    target_false: int
    feedback_kind: str  # sfdfa, random or symmetric
    rounding: str  # synapse or shared
    seed: int
    loss: str = "count"  # or margin: errors of the outputs are one-sided

    @property
    def sizes(self) -> tuple[int, ...]:
        """Inputs, neurons of each hidden layer, outputs."""
        return (self.layers[0].n_pre, *(layer.n_post for layer in self.layers))

    @property
    def n_hidden(self) -> int:
        """Number of hidden layers, L."""
        return len(self.layers) - 1

    @property
    def schedule(self) -> Schedule:
        """Which step of a sample does what."""
        return Schedule(self.steps, self.n_hidden)

    def path_shift(self, layer: int) -> int:
        """How far payloads from a hidden layer are shifted on their way in all; paths
        that are copied as feedback weights (`symmetric`) are, too."""
        relays = max(0, self.n_hidden - 1 - layer)
        return self.layers[layer].payload_shift + RELAY_SHIFT * relays

    @property
    def period(self) -> int:
        """Steps of a whole sample, P."""
        return self.schedule.period


def _in_range(name: str, values, field: widths.Field) -> None:
    values = np.asarray(values)
    if values.size and not field.holds(values):
        raise InputError(
            f"{name} has {values.min()} to {values.max()}; the chip holds "
            f"{field.minimum} to {field.maximum} ({field.source}); "
            "change thresholds, time constants, weight_limit or hidden_range"
        )

"""A network in the chip's integers.

Compiled code does not look where it reads, so whatever a layer or a network holds is
checked when it is made: types, ranges, and how the shapes of arrays go together.
"""

from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np

from lava_sfdfa.chip import widths
from lava_sfdfa.chip.protocol import RATE_BITS, RELAY_SHIFT, Schedule
from lava_sfdfa.config import Config, Feedback, Loss, Rounding, Seed
from lava_sfdfa.errors import InputError
from lava_sfdfa.fields import Between, checked, declared, range_of
from lava_sfdfa.network.checks import check_array, in_range
from lava_sfdfa.network.frozen import FrozenLayer, check_bias, dense_layer
from lava_sfdfa.network.rule import Rule
from lava_sfdfa.types import Array

STEPS_MOST = int(range_of(Config, "steps").high)
SPIKES_MOST = int(range_of(Config, "target_rate").high)

Tau = Annotated[float, Between(1e-9, 1e15)]  # steps
Gain = Annotated[int, Between(0, 2**40)]  # times an error or a rate below 2**63
Spikes = Annotated[int, Between(0, SPIKES_MOST)]


@dataclass(frozen=True)
class FixedLayer:
    """One layer as the chip holds it; names as in Lava where Lava has them."""

    weights: Array  # (n_post, n_pre) int8
    feedback: Array  # (n_post, n_out) int8; (n_post, 0) for the outputs
    du: int  # decay of u: (4096 - du - 1) / 4096 a step
    dv: int  # decay of v: (4096 - dv) / 4096 a step
    vth: int  # spike where v > vth * 2**6
    x1_tau: Tau  # slow trace
    x2_tau: Tau  # fast trace
    impulse: int  # of both traces
    reciprocal_exponent: Annotated[int, Between(-64, 64)]  # y1 = 2**this / u
    rule: Rule
    error_gain: Gain  # y3 = error * this, with 16 fraction bits
    homeostasis_gain: Gain  # y3 += (target_rate - rate) * this, likewise
    # Spikes a sample, 16 fraction bits.
    target_rate: Annotated[int, Between(0, SPIKES_MOST << RATE_BITS)]
    # The outputs send d * 2**-shift when this layer probes; d is held in 64 bits.
    payload_shift: Annotated[int, Between(0, 62)]
    # In which silent neurons are woken; None is never.
    wake_step: Annotated[int | None, Between(0, STEPS_MOST - 1)] = None
    bias: Array | None = None  # (n_post,) int32, added to v in every step

    def __post_init__(self) -> None:
        _check_fields(self, but=("weights", "feedback", "rule", "bias"))
        check_array("weights", self.weights, np.int8, (None, None))
        check_array("feedback", self.feedback, np.int8, (self.n_post, None))
        if 0 in self.weights.shape:
            raise InputError(
                f"weights has the shape {self.weights.shape}; a layer has a neuron and "
                "an input at least"
            )
        in_range("weights", self.weights, widths.WEIGHT)
        in_range("feedback", self.feedback, widths.WEIGHT)
        in_range("du", self.du, widths.DECAY)
        in_range("dv", self.dv, widths.DECAY)
        in_range("vth", self.vth, widths.THRESHOLD)
        in_range("impulse", self.impulse, widths.TRACE)
        if self.bias is not None:
            check_bias(self.bias, self.n_post)
        self.weights.setflags(write=False)
        self.feedback.setflags(write=False)

    def frozen(self) -> FrozenLayer:
        """The layer without what only learning needs."""
        return dense_layer(self.weights, self.du, self.dv, self.vth, self.bias)

    @property
    def biases(self) -> Array:
        """Of every neuron: int32 (n_post,)."""
        return np.zeros(self.n_post, np.int32) if self.bias is None else self.bias

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
    """A network and its learning rule in the chip's integers.

    `front` is what lies between the input and the layers that learn. A sample is shown
    to it as to the rest; what it sends is all that the others know of the input.
    """

    layers: tuple[FixedLayer, ...]  # that learn, in the order of the data
    steps: Annotated[int, Between(1, STEPS_MOST)]  # T, of presentation
    target_true: Spikes  # wanted of the output of the true class
    target_false: Spikes
    feedback_kind: Feedback
    rounding: Rounding
    seed: Seed
    loss: Loss = "count"  # margin: errors of the outputs are one-sided
    front: tuple[FrozenLayer, ...] = ()  # that never learn, in the order of the data

    def __post_init__(self) -> None:
        _check_fields(self, but=("layers", "front"))
        self._check_front()
        for number, layer in enumerate(self.layers):
            try:
                self._check_layer(number, layer)
            except InputError as error:
                raise InputError(f"layer {number}: {error}") from None

    def _check_layer(self, number: int, layer: FixedLayer) -> None:
        """Errors: InputError for a layer that does not go with the others."""
        is_output = number == len(self.layers) - 1
        n_pre = self.layers[number - 1].n_post if number else None
        check_array("weights", layer.weights, np.int8, (None, n_pre))
        n_out = 0 if is_output else self.layers[-1].n_post
        check_array("feedback", layer.feedback, np.int8, (layer.n_post, n_out))
        if layer.wake_step is not None and layer.wake_step >= self.steps:
            raise InputError(
                f"wake_step must be below steps, {self.steps}, not {layer.wake_step}"
            )

    def _check_front(self) -> None:
        """Errors: InputError for a frozen layer that does not go with the next."""
        taken = [layer.n_pre for layer in self.front[1:]]
        taken += [layer.n_pre for layer in self.layers[:1]]
        for number, (layer, n_pre) in enumerate(zip(self.front, taken, strict=False)):
            if layer.n_post != n_pre:
                raise InputError(
                    f"frozen layer {number} has {layer.n_post} neurons, but the next "
                    f"layer takes {n_pre} inputs; they have to be equal"
                )

    @property
    def sizes(self) -> tuple[int, ...]:
        """Of the layers that learn: inputs, neurons of each hidden layer, outputs."""
        return (self.layers[0].n_pre, *(layer.n_post for layer in self.layers))

    @property
    def all_sizes(self) -> tuple[int, ...]:
        """Inputs, neurons of each frozen layer, and of each that learns."""
        return (*(layer.n_pre for layer in self.front), *self.sizes)

    @property
    def as_frozen(self) -> tuple[FrozenLayer, ...]:
        """All layers, those that learn too, as they are without learning."""
        return (*self.front, *(layer.frozen() for layer in self.layers))

    @property
    def n_inputs(self) -> int:
        """What a sample has."""
        return self.all_sizes[0]

    @property
    def learns_feedback(self) -> bool:
        """Whether there are feedback weights that learn: outputs alone have none."""
        return self.feedback_kind == "sfdfa" and self.n_hidden > 0

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


def _check_fields(held: Any, but: tuple[str, ...]) -> None:
    """Give every field the declared type, or refuse it by name. but: names of those
    that are checked in another way. Errors: InputError."""
    for name, hint in declared(held.__class__).items():
        if name not in but:
            object.__setattr__(held, name, checked(name, hint, getattr(held, name)))

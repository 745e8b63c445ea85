"""The neurons of a NIR graph as those of the chip, layer by layer.

A graph is read with forward Euler, in steps of `step_s`:
`u += step / tau_syn * (w_in * x - u)`, `v += step / tau_mem * (v_leak + r * u - v)`.
The factors go into the weights, so that u and v are those of Lava's `LIF`. A `LIF` has
no current of its own: its u forgets all in a step, which is du 4095. An `IF` forgets
nothing of v, which is dv 0, and adds r times its input in a step.
"""

from dataclasses import dataclass

import numpy as np

from lava_sfdfa.chip import widths
from lava_sfdfa.deploy.exchange.dense import check_field, held_membrane_decay
from lava_sfdfa.deploy.exchange.geometry import Image
from lava_sfdfa.deploy.exchange.nir_chain import SPIKING
from lava_sfdfa.deploy.exchange.nir_reader import EQUAL, Reader
from lava_sfdfa.errors import InputError
from lava_sfdfa.types import Array

WHOLE = 2**widths.DECAY_BITS
LEAST = 1e-100  # of a threshold; smaller weights are none
CUBA, PLAIN = ("CubaLIF", "CubaLI"), ("LIF", "LI")  # IF and I have no leak


@dataclass(frozen=True)
class Neurons:
    """What does not depend on how many neurons there are."""

    reader: Reader
    du: int
    dv: int
    share_u: float  # what u loses in a step
    share_v: float
    r: float  # by which the field r is multiplied
    spikes: bool
    notes: tuple[str, ...] = ()

    @property
    def where(self) -> str:
        """How messages call the node."""
        return self.reader.where


@dataclass(frozen=True)
class Channels:
    """What a channel multiplies and adds, in units of the graph: (channels,) or (1,).

    threshold: of neurons that spike, else None.
    """

    gain: Array  # of weights
    bias_gain: Array  # of biases, once u has settled
    constant: Array  # added to v in a step
    threshold: Array | None


def read_neurons(reader: Reader, step_s: float) -> Neurons:
    """A node of neurons. Errors: InputError, for what the chip's neurons are not."""
    reader.zero("v_reset", "the chip's neurons reset to it")
    kind = reader.node.kind
    share_u, share_v, r = 1.0, 0.0, 1.0
    if kind in CUBA:
        share_u = _share(reader, "tau_syn", step_s)
    if kind in (*CUBA, *PLAIN):
        share_v = _share(reader, "tau_mem" if kind in CUBA else "tau", step_s)
        r = share_v
    elif np.allclose(reader.numbers("r", 1.0) * step_s, 1.0, rtol=EQUAL, atol=0):
        r = step_s  # tools that multiply by the step write its inverse
    for field in ("r", "w_in", "v_leak", *(["v_threshold"] if kind in SPIKING else [])):
        reader.numbers(field, 1.0 if field == "w_in" else None if field == "r" else 0.0)
    du = round(share_u * WHOLE) - 1
    du = check_field(reader.where, "du of tau_syn", du, widths.DECAY)
    dv, notes = held_membrane_decay(reader.where, round(share_v * WHOLE))
    spikes = kind in SPIKING
    return Neurons(reader, du, dv, share_u, share_v, r, spikes, tuple(notes))


def channels_of(neurons: Neurons, image: Image) -> Channels:
    """The same for neurons of an image. Errors: InputError."""
    reader, kind = neurons.reader, neurons.reader.node.kind
    for field in ("tau", "tau_syn", "tau_mem"):
        if field in reader.node.fields:
            reader.by_channel(field, image)
    w_in = reader.by_channel("w_in", image, 1.0) if kind in CUBA else np.ones(1)
    bias_gain = neurons.r * reader.by_channel("r", image) * w_in
    leak = reader.by_channel("v_leak", image, 0.0)
    threshold = reader.by_channel("v_threshold", image) if neurons.spikes else None
    if threshold is not None and threshold.min() < LEAST:
        raise InputError(
            f"{neurons.where}: v_threshold is {threshold.min():.4g}; allowed is more "
            f"than 0, and {LEAST:g} at least"
        )
    return Channels(
        gain=neurons.share_u * bias_gain,
        bias_gain=bias_gain,
        constant=neurons.share_v * leak,
        threshold=threshold,
    )


def _share(reader: Reader, field: str, step_s: float) -> float:
    """What decays in a step by the time constant `field`. Errors: InputError."""
    tau = reader.same(field)
    if tau < step_s * (1 - 1e-5):
        raise InputError(
            f"{reader.where}: {field} is {tau:.4g} s; allowed is a step or more, "
            f"{step_s:.4g} s; give the step of the tool that wrote it with --step"
        )
    return min(step_s / tau, 1.0)

"""A linear map and its neurons as a layer of the chip, in 8 bits.

All that a layer multiplies and adds is scaled by one factor, which leaves its spikes as
they are: the weights, the bias, and the threshold.
"""

from dataclasses import dataclass

import numpy as np

from lava_sfdfa.chip import widths
from lava_sfdfa.deploy.exchange.dense import finite
from lava_sfdfa.deploy.exchange.geometry import Map
from lava_sfdfa.deploy.exchange.nir_neurons import LEAST, WHOLE, Neurons, channels_of
from lava_sfdfa.errors import InputError
from lava_sfdfa.network.frozen import FrozenLayer, held_bias
from lava_sfdfa.types import Array

UNIT = 2**widths.INPUT_SHIFT  # of v, for a weight of 1 and the threshold
MOST = widths.THRESHOLD.maximum
BIAS_MOST = widths.BIAS_MANTISSA.maximum << widths.BIAS_EXPONENT.maximum


@dataclass(frozen=True)
class Real:
    """A layer in the units of the graph, u and v as on the chip.

    threshold: None of neurons that never spike, whose v is the output.
    """

    kernel: Array
    bias: Array  # (channels,) or (1,)
    threshold: float | None


def layer_of(
    where: str, found: Map, neurons: Neurons, steps: int, is_input: bool
) -> tuple[FrozenLayer, list[str]]:
    """A layer of the chip, and notes of what was lost.

    where: the nodes of the map, for messages; steps: of a sample; is_input: whether it
    reads samples, which count channels first. Errors: InputError.
    """
    real = _real(where, found, neurons)
    if real.threshold is None:
        scale = _scale_below(real, neurons, steps)
        vth = MOST
    elif _is_whole(real):
        scale, vth = 1.0, round(real.threshold)
    else:
        scale = _largest_scale(real)
        vth = round(real.threshold * scale)
    kernel = np.rint(real.kernel * scale)
    if real.kernel.any() and not kernel.any():
        raise InputError(
            f"{where}: the threshold is {vth / _largest(real):.3g} times the largest "
            f"weight, as u and v see it; the chip holds less than {2 * MOST}"
        )
    wanted = np.broadcast_to(real.bias * scale * UNIT, len(kernel))
    bias = held_bias(wanted) if real.bias.any() else None
    layer = FrozenLayer(
        kernel.astype(np.int8),
        found.input_shape,
        neurons.du,
        neurons.dv,
        vth,
        bias if bias is not None and bias.any() else None,
        found.stride,
        found.padding,
        found.dilation,
        found.groups,
        channels_first=is_input and found.input_shape[2] > 1 and not _is_flat(found),
    )
    said = "; ".join([*_loss(real, layer, scale), *_about_bias(layer)])
    return layer, [*([f"{where}: {said}"] if said else []), *neurons.notes]


def _is_flat(found: Map) -> bool:
    return found.input_shape[:2] == (1, 1)


def _real(where: str, found: Map, neurons: Neurons) -> Real:
    """The factors of the neurons as part of the map: every channel may have a gain and
    a threshold of its own, since it is scaled by itself."""
    own = channels_of(neurons, found.output_shape)
    threshold, ratio = None, np.ones(1)
    if own.threshold is not None:
        threshold = float(own.threshold.max())
        ratio = threshold / own.threshold
    gain = own.gain * ratio
    shown = f"weight times {gain.max():.4g}"
    kernel = finite(where, shown, found.kernel * gain.reshape(-1, 1, 1, 1))
    bias = (found.bias * own.bias_gain + own.constant) * ratio
    return Real(kernel, finite(where, "bias", bias), threshold)


# --- the factor -------------------------------------------------------------------


def _is_whole(real: Real) -> bool:
    """Whether the chip holds weights and threshold as they are, and a bias of that
    size. Products of floats that should be integers miss them by less than 1e-4."""
    near = all(
        np.allclose(values, np.rint(values), rtol=0, atol=1e-4)
        for values in (real.kernel, np.array(real.threshold or 0))
    )
    is_held = np.abs(real.bias).max() * UNIT <= BIAS_MOST
    is_held &= (real.threshold or 0) <= MOST
    return near and is_held and widths.WEIGHT.holds(np.rint(real.kernel))


def _largest(real: Real) -> float:
    largest = float(np.abs(real.kernel).max())
    return largest if largest >= LEAST else 1.0


def _largest_scale(real: Real) -> float:
    """By which weights, threshold and bias are the largest that the chip holds."""
    assert real.threshold is not None
    scale = min(widths.WEIGHT.maximum / _largest(real), MOST / real.threshold)
    bias = float(np.abs(real.bias).max())
    return min(scale, BIAS_MOST / (bias * UNIT)) if bias * UNIT > 1e-90 else scale


def _scale_below(real: Real, neurons: Neurons, steps: int) -> float:
    """By which v of neurons that shall not spike stays below the highest threshold,
    whatever comes in, for so many steps."""
    u = v = v_of_bias = 0.0
    keep_u, keep_v = (WHOLE - neurons.du - 1) / WHOLE, (WHOLE - neurons.dv) / WHOLE
    for _ in range(steps):
        u = u * keep_u + 1
        v = v * keep_v + u
        v_of_bias = v_of_bias * keep_v + 1
    scale = widths.WEIGHT.maximum / _largest(real)
    while True:  # rounding may add half a unit to each weight
        kernel = np.rint(real.kernel * scale)
        most = max(
            np.maximum(sign * kernel, 0).sum(axis=(1, 2, 3)).max() for sign in (1, -1)
        )
        bound = most * v + np.abs(real.bias).max() * scale * v_of_bias + 1
        if bound <= MOST:
            return scale
        scale *= min(0.99, MOST / bound)


# --- what is said -----------------------------------------------------------------


def _loss(real: Real, layer: FrozenLayer, scale: float) -> list[str]:
    scaled = real.kernel * scale
    off = float(np.abs(layer.kernel - scaled).max())
    if real.threshold is None:
        return [
            "its neurons never spike, and their v at the end is the output; weights "
            f"were rounded to 8 bits, {1 / scale:.3g} a unit, off by {off:.2f} units "
            f"at most, so small that v stays below {MOST}"
        ]
    if scale == 1.0 and off < 1e-4:
        return []
    note = (
        f"weights were rounded to 8 bits, {1 / scale:.3g} a unit, off by {off:.2f} "
        f"units at most; vth {real.threshold:.4g} became {layer.vth}"
    )
    if layer.vth == MOST:
        note += (
            ", the most that the chip holds; is the step of the tool right (--step)?"
        )
    return [note]


def _about_bias(layer: FrozenLayer) -> list[str]:
    if layer.bias is None:
        return []
    note = "the bias is added to v in every step, from the first on"
    if layer.du < widths.DECAY.maximum:
        note += (
            ", as what the current of a constant input settles to; the first steps of "
            "a sample get more of it than in the graph"
        )
    return [note]

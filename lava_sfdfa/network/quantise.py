"""From a network in real units to one in the chip's integers.

Quantising makes a new object; the real network is not touched. Everything that
the chip would hold is an integer here, and everything is checked against
`widths.py` when it is built.
"""

import math

import numpy as np

from lava_sfdfa.chip import widths
from lava_sfdfa.chip.protocol import (
    FACTOR_BITS,
    RATE_BITS,
    RATE_COARSE_BITS,
    RELAY_SHIFT,
)
from lava_sfdfa.chip.widths import TRACE_SHIFT, VARIABLE_SHIFT
from lava_sfdfa.config import Config
from lava_sfdfa.errors import InputError
from lava_sfdfa.network.fixed import FixedLayer, FixedNetwork
from lava_sfdfa.network.real import Layer, Network
from lava_sfdfa.network.rule import Rule, Scale
from lava_sfdfa.types import Array

IMPULSE_INPUT = widths.TRACE.maximum  # of x1 and x2: one spike fills the trace
# Hidden neurons spike often: at 40 their traces saturate, and tags of the outputs have
# a cosine of 0.6 to the eligibility; at 12 it is 0.99 (scripts/tag_cosines.py).
IMPULSE_HIDDEN = 12
# Wanted size of the tag for an eligibility of 1 (in tau_membrane); some are larger.
# Validation of Fashion-MNIST after 8 epochs, seed 0: 87.2 % at 256, 87.8 at 64, 87.7
# at 32.
TAG_GAIN = 64
# Of the constants of the rule, where their exponents allow it: the engine shifts right
# before left, and a mantissa of 4 loses fewer bits than one of 1.
MANTISSA = 4
TAG_EXPONENT_MOST = -5  # beyond, a product of two traces overflows; see `Rule`
JUMP_EXPONENT = -6  # of the constant for the second tag, which is 3 to 6 times this
FACTOR_GAIN = 8  # y3 for an error of one spike lies below this
DIRECTION_RMS = 20  # wanted size of d_o, of which 7 bits can be sent


def quantise(network: Network, config: Config) -> FixedNetwork:
    """The network in integers, with the learning rule that `config` describes.

    Weights are scaled so that a layer's limit is the largest 8-bit weight, rounded
    and saturated; time constants become 12-bit decays. Errors: InputError for what
    the chip cannot hold.
    """
    layers = tuple(
        _quantise_layer(network, number, config)
        for number in range(len(network.layers))
    )
    return with_settings(layers, network.steps, config)


def with_settings(
    layers: tuple[FixedLayer, ...], steps: int, config: Config
) -> FixedNetwork:
    """A network of these layers, with what `config` says of the whole."""
    return FixedNetwork(
        layers=layers,
        steps=steps,
        target_true=config.target_true,
        target_false=config.target_false,
        feedback_kind=config.feedback,
        rounding=config.rounding,
        seed=config.seed,
        loss=config.loss,
    )


def _quantise_layer(network: Network, number: int, config: Config) -> FixedLayer:
    layer = network.layers[number]
    scale = weight_unit(config, number)
    feedback_scale = weight_unit(config, len(network.layers) - 1)
    is_output = number == len(network.layers) - 1
    tau_membrane = layer.tau_membrane_s / network.step_s
    tau_synapse = layer.tau_synapse_s / network.step_s
    unit = scale * 2**widths.INPUT_SHIFT  # u of the chip for g = 1
    impulse = (config.input_impulse or IMPULSE_INPUT) if number == 0 else IMPULSE_HIDDEN
    # A spike has u >= threshold (its membrane rises), where y1 is near its maximum.
    exponent = round(math.log2(widths.TRACE.maximum * layer.threshold * unit))
    exponent += config.reciprocal_headroom  # for few inputs, whose spikes are strong
    # The share goes into the commit, not into y3, which would be rounded to zero.
    share = config.lower_rate if number < len(network.layers) - 2 else 1.0
    rate = scale * config.learning_rate * share
    tag_wanted = min(TAG_GAIN * 2**config.reciprocal_headroom, _largest_tag(rate))
    tag, tag_gain = _tag_scale(tag_wanted, impulse * 2.0**exponent / unit)
    jump: tuple[Scale, ...] = ()
    if config.eligibility == "recursive":
        jump = _jump_scales(layer, unit, exponent, tau_membrane)
    weight, factor_gain = _weight_scale(rate / tag_gain)
    # Feedback weights have the scale of the outputs' weights, whatever the length of
    # the path there: deeper credit is normalised to the size of that of one hop.
    error_unit = 1.0 if is_output else feedback_scale
    n_out = network.layers[-1].n_post
    feedback = np.zeros((n_out, 0)) if is_output else network.feedback[number]
    error_gain = factor_gain / error_unit
    error_gain_int = round(error_gain * 2**FACTOR_BITS)
    end = config.learning_rate_end or 1.0
    if error_gain > 0 and round(error_gain_int * end) == 0:
        raise InputError(
            f"learning_rate is {config.learning_rate}, too small: no error would reach "
            f"the weights of layer {number}; raise it, learning_rate_end or lower_rate"
        )
    # Homeostasis keeps its full rate in every layer, or neurons fall silent.
    homeostasis = 0.0
    if not is_output and share > 0:
        homeostasis = config.homeostasis * factor_gain / share
    return FixedLayer(
        weights=_to_int8(layer.weights * scale),
        feedback=_to_int8(feedback * feedback_scale),
        du=_decay(tau_synapse) - 1,
        dv=_decay(tau_membrane),
        vth=round(layer.threshold * tau_membrane * scale),
        x1_tau=tau_membrane,
        x2_tau=tau_synapse,
        impulse=impulse,
        reciprocal_exponent=exponent,
        rule=Rule(tag, weight, *jump),
        error_gain=error_gain_int,
        homeostasis_gain=round(homeostasis * 2 ** (FACTOR_BITS - RATE_COARSE_BITS)),
        target_rate=round(config.target_rate * 2**RATE_BITS),
        payload_shift=0 if is_output else _payload_shift(network, number, config),
        wake_step=None if is_output or not config.wake else _wake_step(config),
    )


def highest_threshold(config: Config, number: int) -> float:
    """The highest threshold of layer `number` that the chip holds, about."""
    tau_membrane = config.tau_membrane_s * config.steps / config.duration_s
    return (widths.THRESHOLD.maximum - 1) / (tau_membrane * weight_unit(config, number))


def tag_gain(layer: FixedLayer, unit: float) -> float:
    """The tag that stands for an eligibility of 1. unit: the integer for a weight of 1
    of the layer, see `weight_unit`."""
    product = layer.impulse * 2.0**layer.reciprocal_exponent
    product /= unit * 2**widths.INPUT_SHIFT
    return product * layer.rule.tag.value / 2**TRACE_SHIFT


def weight_unit(config: Config, number: int) -> float:
    """The integer that stands for a weight of 1 in layer `number`."""
    return widths.WEIGHT.maximum / config.weight_limit_of(number)


def _wake_step(config: Config) -> int:
    """Where the input ends: the traces hold most then."""
    return min(config.window_steps, config.steps - 1)


def _to_int8(values: Array) -> Array:
    low, high = widths.WEIGHT.minimum, widths.WEIGHT.maximum
    return np.clip(np.rint(values), low, high).astype(np.int8)


def _decay(tau_steps: float) -> int:
    return round(2**widths.DECAY_BITS * (1 - math.exp(-1 / tau_steps)))


def _largest_tag(rate: float) -> float:
    """The largest tag for an eligibility of 1 with which y3 has its size, although the
    constant of the commit has a minimum. At low rates larger tags would leave y3 few
    steps, and what rounding it adds moves all synapses of a neuron the same way.

    rate: weight change for an eligibility and an error of 1, in integers.
    """
    constant = MANTISSA * 2.0 ** (widths.SCALE_EXPONENT.minimum - VARIABLE_SHIFT)
    return rate / (constant * FACTOR_GAIN / 2) if rate > 0 else math.inf


def _tag_scale(wanted: float, raw_gain: float) -> tuple[Scale, float]:
    """Scale that brings the tag of an eligibility of 1 near `wanted`, and the
    gain it gives. raw_gain: the tag for a scale of 1, before the shift.
    """
    exponent = round(math.log2(wanted / raw_gain)) - 2 + TRACE_SHIFT
    mantissa, lowest = MANTISSA, widths.SCALE_EXPONENT.minimum
    while exponent < lowest and mantissa > 1:
        mantissa, exponent = mantissa // 2, exponent + 1
    scale = Scale(mantissa, min(max(exponent, lowest), TAG_EXPONENT_MOST))
    return scale, raw_gain * scale.value / 2**TRACE_SHIFT


def _jump_scales(
    layer: Layer, unit: float, y1_exponent: int, tau_steps: float
) -> tuple[Scale, Scale]:
    """Scales of the second tag: its growth, c / g in units of the traces, and its
    decay, which is a multiple of 2**-7 a step.

    unit: u of the chip for g = 1; y1_exponent: y1 is 2**this / u.
    """
    share = layer.threshold * unit / 2.0**y1_exponent * 2**TRACE_SHIFT
    grow = round(share / 2.0**JUMP_EXPONENT)
    exponent = widths.SCALE_EXPONENT.minimum
    while 2.0**-exponent / tau_steps > widths.SCALE_MANTISSA.maximum:
        exponent += 1
    loss = max(1, round(2.0**-exponent / tau_steps))
    return Scale(grow, JUMP_EXPONENT), Scale(loss, exponent)


def _weight_scale(rate: float) -> tuple[Scale, float]:
    """Scale of the commit and the y3 for an error of one spike.

    rate: weight change, in least significant bits, for a tag and an error of 1.
    """
    low, high = widths.SCALE_EXPONENT.minimum, widths.SCALE_EXPONENT.maximum
    shift = VARIABLE_SHIFT
    power = math.floor(math.log2(FACTOR_GAIN / rate)) if rate > 0 else shift - low
    exponent = min(max(shift - power, low), high)
    mantissa = 1
    while exponent > low and mantissa < MANTISSA:  # the same scale
        mantissa, exponent = 2 * mantissa, exponent - 1
    scale = Scale(mantissa, exponent)
    return scale, rate * 2**shift / scale.value


def _payload_shift(network: Network, number: int, config: Config) -> int:
    """How far the outputs shift d_o right when this layer probes, so that 7 bits about
    hold it; estimated from the initial weights and the target rate: the probing layer
    sends where it fired, the others weigh what they pass on by their rate."""
    probing, *above = network.layers[number:]
    rate = min(config.target_rate, 1.0)
    size = math.sqrt(max(1.0, rate * probing.n_post))
    for place, layer in enumerate(above, number + 1):
        scale = weight_unit(config, place)
        size *= scale * math.sqrt(np.mean(layer.weights**2))
    for relaying in above[:-1]:
        size *= rate * math.sqrt(relaying.n_post) / 2**RELAY_SHIFT
    return max(0, round(math.log2(max(size, 1.0) / DIRECTION_RMS)))

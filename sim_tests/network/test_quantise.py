"""From real units to integers, by hand and at the limits."""

import dataclasses

import numpy as np
import pytest
from small import small_config, small_network

from lava_sfdfa.chip import arithmetic
from lava_sfdfa.chip.widths import TRACE_SHIFT
from lava_sfdfa.errors import InputError
from lava_sfdfa.network.quantise import (
    highest_threshold,
    quantise,
    tag_gain,
    weight_unit,
)
from lava_sfdfa.network.real import build_network
from lava_sfdfa.presets import named_config


def mnist():
    config = named_config("mnist", hidden=(400,), weight_limit=2.0, hidden_range=1.0)
    network = build_network(config, 784, 10)
    return network, quantise(network, config)


def test_mnist_by_hand():
    """tau_s 41.6 and tau 83.2 steps: 4096 (1 - e^(-1/41.6)) = 97.3 and 48.9; the
    largest weight 127 is 2.0; thresholds 0.77 and 2.69 times 83.2 times 63.5."""
    real, fixed = mnist()
    hidden, output = fixed.layers
    assert (hidden.du, hidden.dv, output.du, output.dv) == (96, 49, 96, 49)
    assert (hidden.vth, output.vth) == (4068, 14212)
    np.testing.assert_array_equal(
        hidden.weights, np.rint(real.layers[0].weights * 63.5).astype(int)
    )
    # y1 = 2**19 / u is at most 127 at the threshold current 0.77 * 63.5 * 64 = 3129
    # within a factor of the square root of 2.
    assert hidden.reciprocal_exponent == 19 and output.reciprocal_exponent == 20
    assert 127 / 2**0.5 < 2**19 / 3129 < 127 * 2**0.5
    assert fixed.sizes == (784, 400, 10) and fixed.n_hidden == 1
    assert fixed.period == 64 + 1 + 6


@pytest.mark.parametrize("hidden_range", [1.0, 0.5])
@pytest.mark.parametrize("learning_rate", [0.01, 0.0002])
def test_the_learning_rate_survives_quantising(hidden_range, learning_rate):
    """Commit of a tag and an error, in integers, against lr * e * delta in reals."""
    config = named_config(
        "mnist",
        hidden=(400,),
        learning_rate=learning_rate,
        weight_limit=2.0,
        hidden_range=hidden_range,
    )
    fixed = quantise(build_network(config, 784, 10), config)
    units, error_units = (63.5 / hidden_range, 63.5), (63.5, 1)
    for layer, unit, error_unit in zip(fixed.layers, units, error_units, strict=True):
        # Tag of an eligibility of 1: impulse * 2**exponent / u(g = 1) * tag scale,
        # where the engine shifts a product of two traces right by 3.
        tag = layer.impulse * 2**layer.reciprocal_exponent / (unit * 64)
        tag *= layer.rule.tag.value / 2**3
        factor = layer.error_gain / 2**16 * error_unit  # y3 for an error of 1
        change = factor * tag * layer.rule.weight.value / 2**5
        # The gain is rounded to an integer of some thousand.
        assert change / unit == pytest.approx(learning_rate, rel=0.001)


def test_tags_shrink_with_the_rate_and_leave_y3_its_size():
    """y3 for an error of 1 is 4 to 8, down to a rate at which a tag has one bit."""
    for rate in (0.03, 0.003, 0.0005):
        config = named_config("mnist", hidden=(400,), learning_rate=rate)
        output = quantise(build_network(config, 784, 10), config).layers[-1]
        assert 4 <= output.error_gain / 2**16 < 8
        assert output.rule.factor_bits <= 4  # y3 in steps of 8 or 16


def test_the_gain_of_a_tag_is_what_the_chip_computes():
    """A spike whose u is that of g = 1, with full traces, grows a tag of the gain."""
    _, fixed = mnist()
    layer, unit = fixed.layers[0], weight_unit(named_config("mnist"), 0)
    y1 = arithmetic.reciprocal(round(unit * 2**6), layer.reciprocal_exponent)
    grown = layer.rule.tag.value * y1 * layer.impulse / 2**TRACE_SHIFT
    # The reciprocal is an integer from a table, 1.8 % and half a unit off at most.
    assert tag_gain(layer, unit) == pytest.approx(grown, rel=0.018 + 0.5 / y1)


def test_headroom_doubles_reciprocals_and_tags_and_keeps_the_learning_rate():
    config = named_config("mnist", hidden=(400,))
    real = build_network(config, 784, 10)
    plain = quantise(real, config)
    wide = quantise(real, dataclasses.replace(config, reciprocal_headroom=1))
    for before, after in zip(plain.layers, wide.layers, strict=True):
        assert after.reciprocal_exponent == before.reciprocal_exponent + 1
        assert after.rule.tag == before.rule.tag  # of a tag that is twice as large
        changes = [
            layer.error_gain * layer.rule.weight.value * 2**layer.reciprocal_exponent
            for layer in (before, after)
        ]
        # The gains are rounded to integers of some thousands.
        assert changes[1] == pytest.approx(changes[0], rel=0.001)


def test_quantising_leaves_the_network_alone_and_locks_the_result():
    real, fixed = mnist()
    assert real.layers[0].weights.dtype == np.float64
    with pytest.raises(ValueError, match="read-only"):
        fixed.layers[0].weights[0, 0] = 1
    with pytest.raises(ValueError, match="read-only"):
        fixed.layers[0].feedback[0, 0] = 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        fixed.layers[0].vth = 3


def test_weights_saturate_at_8_bits():
    network = small_network(small_config(weight_init=5.0))
    weights = network.layers[0].weights
    assert weights.dtype == np.int8
    assert weights.min() == -128 and weights.max() == 127


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"threshold_hidden": 900.0}, "vth has .* the chip holds 0 to 131071"),
        ({"learning_rate": 1e-9}, "learning_rate is 1e-09, too small"),
    ],
)
def test_what_the_chip_cannot_hold_is_refused(changes, message):
    with pytest.raises(InputError, match=message):
        small_network(small_config(**changes, steps=1000))


def test_deeper_feedback_is_shifted_more():
    """By hand, for d of about 20: 20 of 100 neurons fire, weights are about 55, and
    4.5 * 55 is 2**4 times too large. Below, 40 of 200 fire; the relay weighs 100 by
    0.2 and takes a 16th: 6.3 * 55 * 55 * 2 / 16 is 2**7 times too large."""
    network = small_network(small_config(hidden=(200, 100)))
    assert [layer.payload_shift for layer in network.layers] == [7, 4, 0]
    assert [network.path_shift(number) for number in range(2)] == [7 + 4, 4]


def test_homeostasis_keeps_its_rate_in_lower_layers():
    """The share of the rate is in the commit; homeostasis is larger for as much."""
    pulls = []
    for lower_rate in (1.0, 0.25):
        config = small_config(hidden=(200, 100), lower_rate=lower_rate)
        lower = small_network(config).layers[0]
        commit = lower.rule.tag.value * lower.rule.weight.value
        pulls.append(lower.homeostasis_gain * commit)
    assert pulls[1] == pytest.approx(pulls[0], rel=0.001)  # gains are rounded


def test_the_highest_threshold_is_just_held():
    config = small_config(hidden=(12, 8))
    for number, name in ((0, "threshold_hidden"), (2, "threshold_output")):
        highest = highest_threshold(config, number)
        layer = small_network(small_config(hidden=(12, 8), **{name: highest}))
        assert layer.layers[number].vth == 2**17 - 2


@pytest.mark.parametrize("lower_rate", [1.0, 0.5])
def test_homeostasis_is_to_errors_as_configured(lower_rate):
    """Both are in y3: an error in units of a feedback weight, a missing spike in 1."""
    config = small_config(hidden=(12, 8), homeostasis=3.0, lower_rate=lower_rate)
    *hidden, output = small_network(config).layers
    for layer, share in zip(hidden, (lower_rate, 1.0), strict=True):
        ratio = 3.0 * weight_unit(config, 2) / share / 2**8
        assert layer.homeostasis_gain == pytest.approx(
            layer.error_gain * ratio, rel=1e-3, abs=ratio
        )
    assert output.homeostasis_gain == 0


def test_scales_of_the_second_tag_by_hand():
    """It decays with the membrane, and grows by c / g in units of the traces."""
    config = small_config(eligibility="recursive")
    for layer in small_network(config).layers:
        tau = layer.x1_tau
        loss = layer.rule.decay
        assert loss.mantissa * 2.0**loss.exponent == pytest.approx(1 / tau, abs=2**-8)
        threshold_u = layer.vth / tau * 64
        growth = threshold_u / 2.0**layer.reciprocal_exponent * 2**3
        grow = layer.rule.jump
        assert grow.exponent == -6
        assert grow.mantissa * 2.0**-6 == pytest.approx(
            growth, abs=2**-7 + 0.02 * growth
        )

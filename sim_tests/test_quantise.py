"""From real units to integers, by hand and at the limits."""

import dataclasses

import numpy as np
import pytest
from conftest import small_config, small_network

from lava_sfdfa.config import named_config
from lava_sfdfa.errors import InputError
from lava_sfdfa.network import build_network
from lava_sfdfa.quantise import quantise


def mnist():
    config = named_config("mnist", hidden=(400,))
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


@pytest.mark.parametrize(
    ("copies", "hidden_rate", "hidden_range"),
    [(1, 1.0, 1.0), (4, 1.0, 1.0), (2, 0.25, 1.0), (1, 1.0, 0.5)],
)
def test_the_learning_rate_survives_quantising(copies, hidden_rate, hidden_range):
    """Commit of a tag and an error, in integers, against lr * e * delta in reals: the
    copies of an input's weight together change as one weight would."""
    config = named_config(
        "mnist",
        hidden=(400,),
        learning_rate=0.01,
        input_copies=copies,
        hidden_rate=hidden_rate,
        hidden_range=hidden_range,
    )
    fixed = quantise(build_network(config, 784, 10), config)
    assert fixed.sizes == (784 * copies, 400, 10)
    units = (63.5 * copies / hidden_range, 63.5)  # of a synapse
    error_units, shares = (63.5, 1), (hidden_rate, 1)
    for number, layer in enumerate(fixed.layers):
        # Tag of an eligibility of 1: impulse * 2**exponent / u(g = 1) * tag scale,
        # where the engine shifts a product of two traces right by 3.
        tag = layer.impulse * 2**layer.reciprocal_exponent / (units[number] * 64)
        tag *= layer.rule.tag.value / 2**3
        factor = layer.error_gain / 2**16 * error_units[number]  # y3 for an error of 1
        change = factor * tag * layer.rule.weight.value / 2**5  # of one synapse
        change *= config.copies_of(number) / units[number]
        # The gain is rounded to an integer of some thousand.
        assert change == pytest.approx(0.01 * shares[number], rel=0.001)


def test_copies_of_an_input_share_its_weight():
    """By hand: three axons, each with the integer that one would have, in finer units:
    their sum has three times the threshold to reach."""
    config = named_config("mnist", hidden=(40,), weight_limit=2.0)
    one = quantise(build_network(config, 784, 10), config).layers
    config = dataclasses.replace(config, input_copies=3)
    three = quantise(build_network(config, 784, 10), config).layers
    assert one[0].weights.std() > 10
    for copy in range(3):
        np.testing.assert_array_equal(three[0].weights[:, copy::3], one[0].weights)
    assert abs(three[0].vth - 3 * one[0].vth) <= 1  # both are rounded
    np.testing.assert_array_equal(three[1].weights, one[1].weights)
    assert three[1].vth == one[1].vth


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
        ({"learning_rate": 1e-7}, "learning_rate is 1e-07, too small"),
    ],
)
def test_what_the_chip_cannot_hold_is_refused(changes, message):
    with pytest.raises(InputError, match=message):
        small_network(small_config(**changes, steps=1000))


def test_deeper_feedback_is_shifted_more():
    """A payload of a lower layer arrives through two matrices: a larger d_o."""
    network = small_network(small_config(hidden=(200, 100)))
    lower, upper, output = network.layers
    assert lower.payload_shift > upper.payload_shift > output.payload_shift == 0

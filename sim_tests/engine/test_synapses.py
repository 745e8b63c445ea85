"""The learning rule: hand-worked integers, and the strings for Lava."""

import numpy as np
import pytest

from lava_sfdfa.chip import protocol
from lava_sfdfa.engine.synapses import (
    decay_jumps,
    grow_both,
    grow_tags,
    update_feedback,
    weight_changes,
)
from lava_sfdfa.errors import InputError
from lava_sfdfa.network import rule
from lava_sfdfa.network.rule import Rule, Scale

ALL = np.arange(4, dtype=np.int32)
KEY = np.uint32(0)
DOWN, UP = 127, 0  # shared bits that round every fraction down, or up


def int32(*values):
    return np.array(values, np.int32)


def test_tags_by_hand():
    """s = 4 * 2^-5, y1 = 50. Traces 100 and 60: ((4*50*100) >> 3) << 2 = 10000 and
    ((-4*50*60) >> 3) << 2 = -6000 units of 1/128: 31.25. Equal traces: nothing."""
    for bits, expected in ((DOWN, [31, 0, 7, 255]), (UP, [32, 0, 7, 255])):
        tags = np.array([0, 0, 7, 250], np.int16)
        x1, x2 = int32(100, 33, 0, 127), int32(60, 33, 0, 80)
        grow_tags(tags, (x1, x2), 50, (4, -5), KEY, ALL, bits)
        assert tags.tolist() == expected


def test_both_tags_by_hand():
    """s = 4*2^-5, q = 3*2^-6, r = 2*2^-7, y1 = 50, traces 100 and 60, d = 148.

    dt: -6000 + 10000 as above, and with d - 128 = 20, 16*2^-5 = 4*2^-3 in the string:
    ((4*50*20) >> 5) << 4 = 2000 units: 6000/128 = 46.9.
    dd: ((-3*50*60) >> 3) << 1 = -2250; ((3*50*100) >> 3) << 1 = 3750;
    ((3*50*20) >> 5) << 3 = 744; -2*20 = -40: 2204/128 = 17.2 above 148."""
    for bits, tag, jump in ((DOWN, 46, 165), (UP, 47, 166)):
        tags, jumps = np.array([0], np.int16), np.array([148], np.int16)
        grow_both(
            (tags, jumps), (int32(100), int32(60)), 50, ((4, -5), (3, -6), (2, -7)),
            (KEY, KEY), ALL[:1], bits,
        )  # fmt: skip
        assert (tags.tolist(), jumps.tolist()) == ([tag], [jump])


def test_second_tags_decay_by_hand():
    """148 loses 2 * 20 / 128 = 0.3 of one; 68 gains 2 * 60 / 128 = 0.9; 128 rests."""
    for bits, expected in ((DOWN, [147, 68, 128, 253]), (UP, [148, 69, 128, 254])):
        jumps = np.array([148, 68, 128, 255], np.int16)
        decay_jumps(jumps, (2, -7), KEY, ALL, bits)
        assert jumps.tolist() == expected


def test_a_high_tag_is_not_cut_by_the_order_of_the_products():
    """t = 200, x1 = 127, x2 = 120, y1 = 127: the slow product alone would take the
    accumulator to 200 + 252 units, beyond its 256; the true sum is 213.9."""
    tags = np.array([200], np.int16)
    grow_tags(tags, (int32(127), int32(120)), 127, (4, -5), KEY, ALL[:1], DOWN)
    assert tags[0] == 213


@pytest.mark.parametrize("mantissa", [1, 2, 4])
def test_a_factor_in_multiples_makes_the_commit_exact(mantissa):
    """5 bits are shifted out of mantissa * y3 * t; they are zero, so that a factor
    and its opposite change weights by opposite amounts."""
    unit = 2 ** Rule(Scale(4, -6), Scale(mantissa, -7)).factor_bits
    assert mantissa * unit == 32
    tags = np.array([1, 33, 77, 255], np.int16)
    products = [mantissa * unit * sign * tags.astype(int) for sign in (1, -1)]
    assert not any((product & 31).any() for product in products)
    by_sign = [np.zeros(4, np.int16) for _ in range(2)]
    for sign, changes in zip((1, -1), by_sign, strict=True):
        weight_changes(changes, tags, sign * unit, (mantissa, 0), KEY, ALL, DOWN)
    np.testing.assert_array_equal(*(by_sign[0], -by_sign[1]))
    assert by_sign[0].tolist() == [1, 33, 77, 255]


def test_weight_changes_by_hand():
    """c = 2 * 2^-7, y3 = 50, t = 100: (2*50*100) >> 5 = 312 units: 2.44. With the
    sign changed, -10000 >> 5 = -313 units: -2.45."""
    tags = np.array([100, 0, 1, 255], np.int16)
    changes = np.zeros(4, np.int16)
    for y3, bits, expected in (
        (50, DOWN, [2, 0, 0, 6]),
        (50, UP, [3, 0, 1, 7]),
        (-50, DOWN, [-3, 0, -1, -7]),
        (-50, UP, [-2, 0, 0, -6]),
    ):
        weight_changes(changes, tags, y3, (2, -7), KEY, ALL, bits)
        assert changes.tolist() == expected, (y3, bits)


def test_feedback_by_hand():
    """p = -1 (y1 = -32), d = 40: (-32*40) >> 3 = -160; B = 21: (-8*21) >> 5 = -6;
    in all 21 - 166/128 = 19.7. Without payload and decay nothing changes."""
    row = np.array([21, -128, 127, 5], np.int8)
    direction = int32(40, 63, -64, 0)
    update_feedback(row, -32, 8, direction, KEY, DOWN)
    assert row.tolist() == [19, -128, 127, 4]
    row = np.array([21, -128, 127, 5], np.int8)
    update_feedback(row, 0, 0, direction, KEY, UP)
    assert row.tolist() == [21, -128, 127, 5]


def test_feedback_rests_where_the_scale_says():
    """B stays in the mean where B = FEEDBACK_SCALE * p * d; here d = 5, B = 80."""
    total = 0
    for bits in range(128):
        row = np.array([5 * protocol.FEEDBACK_SCALE], np.int8)
        update_feedback(row, 32, 8, int32(5), KEY, bits)
        total += int(row[0]) - 5 * protocol.FEEDBACK_SCALE
    assert total == 0


def test_every_synapse_rounds_on_its_own():
    """31.25 for 4,000 synapses: a quarter rounds up, within 5 standard deviations."""
    n = 4000
    tags = np.zeros(n, np.int16)
    traces = np.full(n, 100, np.int32), np.full(n, 60, np.int32)
    grow_tags(
        tags, traces, 50, (4, -5), np.uint32(12345), np.arange(n, dtype=np.int32), -1
    )
    assert set(tags) == {31, 32}
    assert abs((tags == 32).mean() - 0.25) < 5 * (0.25 * 0.75 / n) ** 0.5


def test_strings_are_those_of_the_description():
    made = Rule(tag=Scale(4, -5), weight=Scale(2, -7))
    assert made.dt == "-4*2^-5*y0*y1*x2 + 4*2^-5*y0*y1*x1 - u0*t*y2"
    assert made.dw == "2*2^-7*u0*y3*t"


def test_lava_reads_the_strings_as_we_do():
    """The parser of lava-nc finds the same products and scales."""
    learning = pytest.importorskip(
        "lava.magma.core.learning.learning_rule", reason="lava-nc is not installed"
    )
    made = Rule(tag=Scale(4, -5), weight=Scale(2, -7))
    traces = {"x1_impulse": 1, "x1_tau": 9, "x2_impulse": 1, "x2_tau": 9, "t_epoch": 1}
    parsed = learning.Loihi3FLearningRule(dt=made.dt, dw=made.dw, rng_seed=0, **traces)
    products = parsed.dt.products
    # Lava adds the fraction bits of the accumulator to the exponent.
    scales = [(product.s_mantissa, product.s_exp - 7) for product in products]
    assert scales == [(-4, -5), (4, -5), (-1, 0)]
    (product,) = parsed.dw.products
    assert (product.s_mantissa, product.s_exp - 7) == (2, -7)
    both = Rule(Scale(4, -5), Scale(2, -7), Scale(3, -6), Scale(2, -7))
    assert made.dd is None
    parsed = learning.Loihi3FLearningRule(dt=both.dt, dd=both.dd, rng_seed=0, **traces)
    scales = [(p.s_mantissa, p.s_exp - 7) for p in parsed.dt.products]
    assert scales == [(-4, -5), (4, -5), (4, -3), (-1, 0)]
    scales = [(p.s_mantissa, p.s_exp - 7) for p in parsed.dd.products]
    assert scales == [(-3, -6), (3, -6), (3, -4), (-2, -7), (-1, 0)]
    feedback = learning.Loihi3FLearningRule(dw=rule.FEEDBACK_RULE, rng_seed=0, **traces)
    scales = [(p.s_mantissa, p.s_exp - 7) for p in feedback.dw.products]
    assert scales == [(1, -7), (-1, -7)]


@pytest.mark.parametrize("scale", [(9, 0), (8, 0), (-9, 0), (1, 9), (1, -8)])
def test_constants_beyond_four_bits_are_refused(scale):
    with pytest.raises(InputError, match="outside the chip's range"):
        Scale(*scale)


def test_a_tag_scale_that_overflows_is_refused():
    with pytest.raises(InputError, match="overflow the 16-bit accumulator"):
        Rule(tag=Scale(4, -4), weight=Scale(1, -7))

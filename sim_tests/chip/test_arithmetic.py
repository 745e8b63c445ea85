"""Each integer primitive against its formula, at the edges and by chance."""

import math
from fractions import Fraction

import numpy as np
import oracle
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lava_sfdfa.chip import arithmetic, random

STATES = [-(2**23), -(2**23) + 1, -4097, -4096, -1, 0, 1, 4095, 4096, 2**23 - 1, 2**23]


@pytest.mark.parametrize("value", STATES)
@pytest.mark.parametrize("multiplier", [0, 1, 2048, 4000, 4095, 4096])
def test_decay_state_is_exact_at_the_edges(value, multiplier):
    exact = Fraction(value * multiplier, 4096)
    assert arithmetic.decay_state(np.int32(value), np.int32(multiplier)) == math.trunc(
        exact
    )


@given(st.integers(-(2**23), 2**23), st.integers(0, 4096))
def test_decay_state_rounds_towards_zero(value, multiplier):
    found = arithmetic.decay_state(np.int32(value), np.int32(multiplier))
    assert found == math.trunc(Fraction(value * multiplier, 4096))


@pytest.mark.parametrize(
    ("current", "expected"),
    [
        (2**23 - 1, 2**23 - 1),
        (2**23, 2**23),
        (2**23 + 1, -(2**23) + 1),
        (-(2**23) + 1, -(2**23) + 1),
        (-(2**23), 2**23),
        (-(2**23) - 1, 2**23 - 1),
        (0, 0),
    ],
)
def test_current_wraps_as_in_lava(current, expected):
    """Hand-worked from `subthr_dynamics` of lava-nc 0.10.0."""
    assert arithmetic.wrap_current(current) == expected


@pytest.mark.parametrize(
    ("voltage", "expected"),
    [
        (2**23 - 2, 2**23 - 2),
        (2**23 - 1, 2**23 - 1),
        (2**23, 2**23 - 1),
        (-(2**23) + 1, -(2**23) + 1),
        (-(2**23), -(2**23) + 1),
        (-1, -1),
    ],
)
def test_voltage_saturates(voltage, expected):
    assert arithmetic.clip_voltage(voltage) == expected


@pytest.mark.parametrize("exponent", [3, 6, 9, 12, 16, 19, 20, 24])
def test_reciprocal_is_near_the_quotient(exponent):
    for current in [
        *range(1, 3000),
        *np.unique(np.geomspace(3000, 2**23, 500, dtype=int)),
    ]:
        exact = min(2**exponent / current, 127.0)
        # 1.8 % of the table, half a unit of rounding, and 1 as the least.
        assert (
            abs(arithmetic.reciprocal(current, exponent) - max(exact, 1))
            <= 0.018 * exact + 0.5
        )


def test_reciprocal_without_current_is_the_largest():
    assert arithmetic.reciprocal(0, 19) == arithmetic.reciprocal(-5, 19) == 127


@pytest.mark.parametrize(
    ("accumulator", "bits", "expected"),
    [
        (0, 0, 0),
        (128, 0, 1),
        (129, 0, 2),  # fraction 1/128, bits 0 < 1: up
        (129, 1, 1),
        (255, 126, 2),
        (255, 127, 1),
        (-1, 126, 0),  # floor -1, fraction 127/128
        (-1, 127, -1),
        (-128, 0, -1),
    ],
)
def test_stochastic_rounding_by_hand(accumulator, bits, expected):
    assert (
        arithmetic.round_stochastic(np.int32(accumulator), np.int32(bits)) == expected
    )


@given(st.integers(-32769, 32767))
def test_stochastic_rounding_is_right_in_the_mean(accumulator):
    rounded = [
        arithmetic.round_stochastic(np.int32(accumulator), np.int32(b))
        for b in range(128)
    ]
    assert sum(int(value) for value in rounded) == accumulator


@pytest.mark.parametrize(
    ("total", "bits", "random", "expected"),
    [
        (5 << 16, 3, 0, (0, False)),  # 5/8 of the way from 0 to 8
        (5 << 16, 3, (3 << 29) - 1, (0, False)),
        (5 << 16, 3, 3 << 29, (8, False)),
        (-(5 << 16), 3, (5 << 29) - 1, (-8, False)),
        (-(5 << 16), 3, 5 << 29, (0, False)),
        (8 << 16, 3, 2**32 - 1, (8, False)),  # a multiple stays
        (121 << 16, 3, 2**32 - 1, (120, True)),
        (-(1 << 40), 3, 0, (-120, True)),
        (1 << 40, 0, 0, (127, True)),
    ],
)
def test_factors_are_rounded_by_hand(total, bits, random, expected):
    assert arithmetic.round_factor(total, 16, bits, random) == expected


def test_rounding_of_factors_keeps_the_mean():
    key = np.uint64(oracle.stream(7, 12, 0, 0))
    totals = np.full(40_000, 3 << 16)
    factors, cut = arithmetic.round_factors(totals, 16, 3, key, 0)
    assert set(factors.tolist()) == {0, 8} and not cut.any()
    # 3/8 of the draws go up: standard error of the mean 8 * 0.484 / 200 = 0.02
    assert abs(factors.mean() - 3) < 0.1


def test_accumulator_saturates_one_lower_than_16_bits():
    found = [
        arithmetic.clip_accumulator(v) for v in (-32770, -32769, -1, 0, 1, 32767, 32768)
    ]
    assert found == [-32769, -32769, -1, 0, 1, 32767, 32767]


@given(st.integers(0, 127), st.floats(0.5, 500), st.integers(0, 2**24 - 1))
def test_trace_decay_is_exact(trace, tau, draw):
    alpha, uniform = arithmetic.trace_alpha(tau), draw / 2**24
    exact = Fraction(alpha) * trace
    whole = math.floor(exact)
    expected = whole + (Fraction(draw, 2**24) < exact - whole)
    assert arithmetic.decay_trace(trace, alpha, uniform) == expected


def test_trace_alpha_is_near_the_exponential():
    for tau in (0.5, 10.0, 83.2, 1e6):
        assert abs(arithmetic.trace_alpha(tau) - math.exp(-1 / tau)) <= 2**-25


@given(st.integers(-(2**30), 2**30), st.integers(0, 20))
def test_shift_rounded_is_to_the_nearest(value, shift):
    assert arithmetic.shift_rounded(value, shift) == math.floor(
        Fraction(value, 2**shift) + Fraction(1, 2)
    )


# --- random numbers ---------------------------------------------------------------


def test_streams_equal_the_second_implementation():
    for seed, purpose, layer, counter in [
        (0, 1, 0, 0),
        (7, 9, 3, 12345),
        (2**62, 4, 1, 9),
    ]:
        expected = oracle.stream(seed, purpose, layer, counter)
        assert (
            int(np.uint64(random.stream_key(seed, purpose, layer, counter))) == expected
        )
    expected = oracle.draw(oracle.stream(5, 3, 2, 0), np.arange(10, 60))
    np.testing.assert_array_equal(random.draw_many(5, 3, 2, 10, 50), expected)


def test_streams_are_pinned():
    """These numbers decide digests of artifacts: they must never change."""
    assert random.draw_many(0, random.ORDER, 0, 0, 3).tolist() == PINNED


PINNED = [374171323, 2842653596, 138383135]


def test_mix32_is_a_bijection_on_a_sample():
    assert len(np.unique(oracle.mix32(np.arange(100_000)))) == 100_000


def test_synapse_bits_are_uniform_and_uncorrelated():
    """Seven bits for 400 x 784 synapses: each value as often, neighbours unrelated."""
    bits = oracle.synapse_bits(oracle.stream(0, 6, 0, 17), 400, 784)
    counts = np.bincount(bits.ravel(), minlength=128)
    n, p = bits.size, 1 / 128
    assert abs(counts - n * p).max() < 5 * math.sqrt(n * p)  # 5 standard deviations
    centred = bits - bits.mean()
    for shifted in (centred[:, 1:] * centred[:, :-1], centred[1:] * centred[:-1]):
        noise = bits.var() / math.sqrt(shifted.size)
        assert abs(shifted.mean()) < 5 * noise


def test_rows_and_steps_have_their_own_bits():
    a, b = (oracle.synapse_bits(oracle.stream(0, 6, 0, n), 50, 50) for n in (1, 2))
    assert abs((a == b).mean() - 1 / 128) < 5 * math.sqrt(1 / 128 / a.size)

"""Two linear maps in a row as one: equal integers, or a refusal."""

import itertools

import numpy as np
import pytest
from nir_graphs import convolve, pool

from lava_sfdfa.deploy.exchange.geometry import (
    Map,
    compose,
    dense_of,
    identity,
    pool_of,
    scale_of,
)
from lava_sfdfa.errors import InputError


def run(found, x):
    """A map on images (n, channels, rows, columns)."""
    fields = {
        "weight": np.moveaxis(found.kernel, 3, 1), "groups": found.groups,
        "stride": found.stride, "dilation": found.dilation, "padding": found.padding,
        "bias": np.broadcast_to(found.bias, len(found.kernel)),
    }  # fmt: skip
    return convolve(fields, x)


def kernel(rng, n_out, n_in, rows=3, columns=3):
    return rng.randint(-5, 6, (n_out, rows, columns, n_in)).astype(float)


def image(rng, rows, columns, channels):
    return rng.randint(-3, 4, (2, channels, rows, columns)).astype(float)


POOLS = list(
    itertools.product([(2, 2), (3, 2), (3, 3)], [(2, 2), (3, 2), (1, 1)], [0, 1])
)
CONVOLUTIONS = [
    {},
    {"padding": (1, 1)},
    {"padding": (2, 1), "stride": (2, 1)},
    {"dilation": (1, 2), "groups": 2},
    {"groups": 4, "padding": (1, 1)},
]


@pytest.mark.parametrize("rows", [8, 9, 11, 12])
def test_a_pool_becomes_part_of_a_convolution(rows):
    """Every combination gives equal integers, or is refused; most are equal."""
    rng, n_equal, n_refused = np.random.RandomState(0), 0, 0
    for (size, stride, padding), more in itertools.product(POOLS, CONVOLUTIONS):
        x = image(rng, rows, 12, 4)
        first = pool_of(1.0, size, (rows, 12, 4), stride, (padding, padding))
        n_in = 4 // more.get("groups", 1)
        then = Map(kernel(rng, 8, n_in), first.output_shape, **more)
        fields = {
            "type": "SumPool2d", "kernel_size": size, "stride": stride,
            "padding": (padding, padding),
        }  # fmt: skip
        np.testing.assert_array_equal(run(first, x), pool(fields, x))
        try:
            both = compose(first, then)
        except InputError:
            n_refused += 1
            continue
        np.testing.assert_array_equal(run(both, x), run(then, run(first, x)))
        assert both.groups == then.groups and both.input_shape == (rows, 12, 4)
        n_equal += 1
    assert n_equal >= 25 and n_refused >= 10


def test_what_is_refused_would_be_wrong():
    """A pool that leaves a row over, and a padding that would reach it."""
    rng = np.random.RandomState(1)
    first = pool_of(1.0, (2, 2), (5, 5, 1), (2, 2), (0, 0))
    then = Map(kernel(rng, 1, 1), first.output_shape, padding=(1, 1))
    with pytest.raises(InputError, match=r"rows of the image which .* crop the image"):
        compose(first, then)
    without = compose(first, Map(kernel(rng, 1, 1, 2, 2), first.output_shape))
    assert without.output_shape == (1, 1, 1)


@pytest.mark.parametrize("padding", [0, 1])
@pytest.mark.parametrize("rows", [6, 7])
def test_a_pool_becomes_part_of_a_dense_layer(rows, padding):
    rng = np.random.RandomState(2)
    x = image(rng, rows, 6, 3)
    first = pool_of(0.25, (2, 2), (rows, 6, 3), (2, 2), (padding, padding))
    pooled = run(first, x).reshape(2, -1)
    weights = rng.randint(-9, 9, (5, pooled.shape[1])).astype(float)
    bias = np.arange(5.0)
    both = compose(first, dense_of(weights, first.output_shape, bias))
    assert both.is_dense and both.kernel.shape == (5, rows, 6, 3)
    np.testing.assert_array_equal(run(both, x)[:, :, 0, 0], pooled @ weights.T + bias)


def test_convolutions_biases_and_scales_compose():
    rng = np.random.RandomState(3)
    x = image(rng, 9, 9, 4)
    bias = np.arange(6.0)
    first = Map(kernel(rng, 6, 2), (9, 9, 4), bias, padding=(1, 1), groups=2)
    scaled = compose(first, scale_of(np.arange(1.0, 7.0), first.output_shape))
    factors = np.arange(1.0, 7.0).reshape(1, -1, 1, 1)
    np.testing.assert_array_equal(run(scaled, x), run(first, x) * factors)
    then = Map(kernel(rng, 4, 3), first.output_shape, np.ones(4), (2, 2), groups=2)
    both = compose(scaled, then)
    np.testing.assert_array_equal(run(both, x), run(then, run(scaled, x)))
    padded = Map(kernel(rng, 4, 6), first.output_shape, padding=(1, 1))
    with pytest.raises(InputError, match="padding"):
        compose(scaled, padded)
    same = compose(identity((9, 9, 4)), first)
    np.testing.assert_array_equal(run(same, x), run(first, x))


def test_what_would_be_too_large_is_refused():
    long = dense_of(np.ones((1, 5000)), (1, 1, 5000), np.zeros(1))
    wide = dense_of(np.ones((5000, 1)), (1, 1, 1), np.zeros(1))
    with pytest.raises(InputError, match="25000000 weights as one layer"):
        compose(long, wide)

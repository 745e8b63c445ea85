"""Networks in real units."""

import numpy as np
import pytest
from small import small_config

from lava_sfdfa.chip import random
from lava_sfdfa.errors import InputError
from lava_sfdfa.network.real import Layer, Network, build_network, uniform


def test_layers_follow_the_configuration():
    network = build_network(small_config(hidden=(12, 8)), 20, 3)
    assert network.sizes == (20, 12, 8, 3)
    assert [layer.weights.shape for layer in network.layers] == [
        (12, 20),
        (8, 12),
        (3, 8),
    ]
    assert [matrix.shape for matrix in network.feedback] == [(12, 3), (8, 3)]
    thresholds = [layer.threshold for layer in network.layers]
    config = small_config()
    assert thresholds == [config.threshold_hidden] * 2 + [config.threshold_output]
    assert network.step_s == pytest.approx(config.duration_s / config.steps)


def test_initial_weights_are_uniform_and_depend_on_the_seed():
    numbers = uniform(0, random.WEIGHT_INIT, 0, (300, 400))
    assert -1 <= numbers.min() < -0.999 and 0.999 < numbers.max() < 1
    # Standard deviation of a uniform number in +-1; 5 standard errors of the mean.
    assert abs(numbers.mean()) < 5 / np.sqrt(3 * numbers.size)
    assert numbers.std() == pytest.approx(1 / np.sqrt(3), rel=0.01)
    other = uniform(1, random.WEIGHT_INIT, 0, (300, 400))
    assert (other != numbers).mean() > 0.999


def test_only_the_weights_of_the_inputs_have_a_mean():
    plain = build_network(small_config(), 20, 3)
    moved = build_network(small_config(input_weight_mean=0.5), 20, 3)
    first, last = (
        after.weights - before.weights
        for before, after in zip(plain.layers, moved.layers, strict=True)
    )
    np.testing.assert_allclose(first, 0.5, atol=1e-12)  # float64 sums
    assert not last.any()


def test_feedback_starts_at_zero_where_it_is_learned():
    assert not build_network(small_config(), 20, 3).feedback[0].any()
    assert build_network(small_config(feedback="random"), 20, 3).feedback[0].all()


def test_layers_that_do_not_meet_are_refused():
    first, second = Layer(np.ones((4, 3)), 1, 1, 2), Layer(np.ones((2, 5)), 1, 1, 2)
    with pytest.raises(InputError, match="layer 0 has 4 neurons, but layer 1 takes 5"):
        Network((first, second), (np.zeros((4, 2)),), 10, 1.0)
    second = Layer(np.ones((2, 4)), 1, 1, 2)
    with pytest.raises(InputError, match=r"layer 0 has the shape \(2, 4\).*\(4, 2\)"):
        Network((first, second), (np.zeros((2, 4)),), 10, 1.0)

"""The population code of tables, and the features of time series."""

import numpy as np
import pytest

from lava_sfdfa.data.series import PARTS, features_of, points_of
from lava_sfdfa.data.tables import FIELDS_LEAST, FIELDS_MOST, SPREAD, PopulationCode

RNG = np.random.RandomState(0)


@pytest.mark.parametrize("n_features", [1, 4, 9])
def test_a_value_is_seen_by_about_six_fields(n_features):
    x = RNG.randn(300, n_features)
    code = PopulationCode.of(x)
    seen = (code.encode(x) > 0).sum(axis=1) / n_features
    assert code.n_inputs == n_features * code.n_fields
    # Fewer at either end; where there are few fields, that is most of the range.
    assert SPREAD < seen.mean() <= 2 * SPREAD


@pytest.mark.parametrize(("n_features", "n_fields"), [(1, FIELDS_MOST), (400, 4)])
def test_fields_of_few_and_of_many_features(n_features, n_fields):
    assert FIELDS_LEAST == 4
    assert PopulationCode.of(RNG.randn(50, n_features)).n_fields == n_fields


@pytest.mark.parametrize("scale", [1e-300, 1e-6, 1e6, 1e300])
def test_units_do_not_matter(scale):
    x = RNG.randint(0, 1000, (80, 3)).astype(float)  # exact in every scale
    plain = PopulationCode.of(x).encode(x)
    scaled = PopulationCode.of(x * scale).encode(x * scale)
    # A rounding of the last bit may move a brightness by one.
    assert np.abs(plain.astype(int) - scaled).max() <= 1


def test_one_outlier_does_not_hide_the_others():
    x = np.append(RNG.rand(200), 1e9)[:, None]
    encoded = PopulationCode.of(x).encode(x[:200])
    assert len(np.unique(encoded, axis=0)) > 150


def test_values_beyond_the_training_part_are_at_the_end():
    x = np.linspace(0, 1, 40)[:, None]
    code = PopulationCode.of(x)
    np.testing.assert_array_equal(
        code.encode(np.array([[-5.0], [9.0]])), code.encode(np.array([[0.0], [1.0]]))
    )


def test_a_constant_feature_is_the_same_in_every_sample():
    x = np.hstack([np.full((30, 1), 7.0), RNG.randn(30, 1)])
    encoded = PopulationCode.of(x).encode(x)
    n_fields = encoded.shape[1] // 2
    assert (encoded[:, :n_fields] == encoded[0, :n_fields]).all()
    assert (encoded[:, n_fields:] != encoded[0, n_fields:]).any()


def test_series_of_any_length_have_the_same_features():
    """A ramp, and the same ramp sampled at every second step; the rest is NaN."""
    ramp = np.linspace(0, 1, 21)
    x = np.full((2, 1, 21), np.nan)
    x[0, 0], x[1, 0, :11] = ramp, ramp[::2]
    points = points_of(21)
    features = features_of(x, points)
    assert features.shape == (2, points + PARTS)
    np.testing.assert_allclose(features[0, :points], ramp, atol=1e-12)
    np.testing.assert_allclose(features[1, :points], ramp, atol=1e-12)
    # A step of the short one is twice as large: log 2 more, in every part that does not
    # begin with the first value, which changes nothing.
    more = features[1, points + 1 :] - features[0, points + 1 :]
    np.testing.assert_allclose(more, np.log(2), atol=1e-9)


def test_long_series_are_read_at_64_points():
    assert points_of(64) == 64 and points_of(100_000) == 64
    assert features_of(RNG.randn(3, 2, 1000), 64).shape == (3, 2 * (64 + PARTS))


def test_a_series_of_one_step_and_an_empty_channel():
    x = np.full((2, 2, 5), np.nan)
    x[0, :, 0] = 3.0
    assert np.isfinite(features_of(np.nan_to_num(x, nan=0.0), 5)).all()
    assert np.isfinite(features_of(x[:1, :, :1], 1)).all()

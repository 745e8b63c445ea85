"""Small files of arrays that went wrong, and what each gets now."""

import numpy as np
import pytest
from command_line import call

import lava_sfdfa as ls
from lava_sfdfa.data.datasets import load_dataset
from lava_sfdfa.errors import InputError


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("01_ytest_nan", "y_test"),
        ("02_ytest_float", "y_test"),
        ("03_ytest_str", "y_test"),
        ("08_object", "y_test holds Python objects"),
    ],
)
def test_wrong_arrays_are_one_sentence(cases, name, message):
    path = cases / f"{name}.npz"
    with pytest.raises(InputError) as caught:
        load_dataset(str(path))
    assert str(path) in str(caught.value) and message in str(caught.value)
    result = call("train", "--dataset", path)
    assert result.exit_code == 2 and result.stderr.count("\n") == 1


@pytest.mark.parametrize(("name", "top"), [("04_int_0_1", 1), ("05_int_0_16", 15)])
def test_integer_images_of_another_scale_are_stretched(cases, name, top):
    path = cases / f"{name}.npz"
    data = load_dataset(str(path))
    assert data.train.images.max() == 255
    assert f", from 0 to {top}" in " ".join(data.reading.notes)
    with np.load(path) as file:
        x = file["x_test"].reshape(len(data.test), -1)
    np.testing.assert_array_equal(data.test.images, np.rint(x * (255 / top)))


def test_labels_with_gaps_are_kept_by_name(cases):
    path = cases / "06_labels_x100.npz"
    model = ls.train(path, epochs=1, hidden=[20])
    with np.load(path) as file:
        names, x = np.unique(file["y_train"]), file["x_test"]
    assert model.artifact.sizes[-1] == len(names) and names[1] == 100
    assert set(model.predict(x)) <= set(names)
    assert any("the labels have gaps" in note for note in load_notes(path))


def load_notes(path):
    return load_dataset(str(path)).reading.notes


def test_floats_that_miss_one_by_rounding_are_images(cases):
    path = cases / "07_float_just_over_1.npz"
    with np.load(path) as file:
        assert file["x_train"].max() > 1
    assert load_dataset(str(path)).train.images.max() == 255


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_iris_at_the_defaults(cases, seed):
    result = ls.train(cases / "50_iris.npz", seed=seed).result
    assert result.accuracy >= 0.9 and result.silent[0] < 20

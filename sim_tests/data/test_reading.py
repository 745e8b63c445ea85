"""How arrays of one's own are read: what is guessed, what is asked, what is kept."""

import numpy as np
import pytest

import lava_sfdfa as ls
from lava_sfdfa.data.classes import Classes
from lava_sfdfa.data.formats.arrays import load_arrays
from lava_sfdfa.data.reading import guessed_kind
from lava_sfdfa.errors import InputError

RNG = np.random.RandomState(0)
Y = np.arange(40) % 2


@pytest.mark.parametrize(
    ("x", "kind"),
    [
        (RNG.randn(40, 4), "table"),
        (RNG.randint(0, 9, (40, 4)), "table"),
        (RNG.rand(40, 8, 8), "image"),
        (RNG.randint(0, 256, (40, 8, 8)).astype(np.uint8), "image"),
        (RNG.randint(0, 17, (40, 8, 8)), "image"),
        (RNG.rand(40, 8, 8, 3), "image"),
        (RNG.rand(40, 8, 8) > 0.5, "image"),
        (RNG.randn(40, 3, 50), "series"),
        (RNG.rand(40, 3, 50) * 1.5, "series"),
    ],
)
def test_the_kind_is_guessed(x, kind):
    assert guessed_kind(x, "x") == kind
    assert load_arrays((x, Y)).kind == kind


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (RNG.randint(0, 1000, (40, 8, 8)), "Say what it is with kind"),
        (RNG.randn(40, 8, 8, 3), "Say what it is with kind"),
        (np.full((40, 8, 8), np.nan), "holds nothing but NaN"),
        (np.full((40, 4), "a"), "samples must be numbers"),
        (np.full((40, 4), None), "samples must be numbers"),
        (RNG.rand(40, 30, 2), "events or series"),
        ([RNG.rand(30, 2) for _ in Y], "events or series"),
        ([[1.0, 2.0]] * 39 + [[1.0]], "lists of several lengths"),
        (np.zeros(40), "it must be"),
        (np.zeros((40, 0)), "none of them 0"),
        (np.where(np.arange(4) < 3, RNG.randn(40, 4), np.inf), "NaN or infinity"),
    ],
)
def test_what_cannot_be_guessed_is_a_sentence(x, message):
    with pytest.raises(InputError, match=message) as caught:
        load_arrays((x, Y))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", ["image", "table", "series"])
@pytest.mark.parametrize("x", [np.full((40, 3, 4), "a"), np.full((40, 3, 4), None)])
def test_what_is_no_number_is_a_sentence_for_every_kind(kind, x):
    with pytest.raises(InputError, match="samples must be numbers"):
        load_arrays((x, Y), kind)


def test_arrays_of_objects_may_hold_numbers_and_texts():
    x = RNG.randn(40, 4)
    plain = load_arrays((x, np.array(["a", "b"])[Y]))
    other = load_arrays((x.astype(object), np.array(["a", "b"], object)[Y]))
    assert plain.digest == other.digest
    assert plain.reading.classes == other.reading.classes


def test_what_is_read_as_images_is_said():
    (note,) = load_arrays((RNG.rand(40, 3, 50), Y)).reading.notes
    assert note.startswith("data: x is read as images of 3 x 50, from 0 to 1; if")
    (note,) = load_arrays((RNG.randint(0, 256, (40, 8, 8)), Y)).reading.notes
    assert "is read as images of 8 x 8, from 0 to 255; if they are series" in note
    plain = RNG.randint(0, 256, (40, 8, 8)).astype(np.uint8)
    (note,) = load_arrays((plain, Y)).reading.notes
    assert note == "data: x is read as images of 8 x 8, from 0 to 255"


def test_what_holds_nothing_or_is_masked_is_refused():
    x = RNG.randn(40, 3, 9)
    x[7] = np.nan
    with pytest.raises(InputError, match="data: x: sample 7 holds NaN"):
        load_arrays((x, Y))
    masked = np.ma.masked_less(RNG.randn(40, 4), -1)
    with pytest.raises(InputError, match="holds NaN or infinity"):
        load_arrays((masked, Y))
    table = load_arrays((RNG.randn(40, 4), Y))
    with pytest.raises(InputError, match=r"it must be \(samples, 4\)"):
        table.reading.samples(RNG.randn(5, 2, 2), None)


def test_later_images_of_another_scale_are_refused():
    x = RNG.randint(0, 17, (40, 8, 8))
    data = load_arrays((x, Y))
    data.reading.samples(x[:3] + 5, None)
    with pytest.raises(
        InputError, match=r"0\.\.16, which is the scale of the training"
    ):
        data.reading.samples(x[:3] * 15, None)


def test_images_of_another_shape_are_refused_and_rows_are_not():
    x = RNG.rand(40, 4, 9)
    with pytest.raises(InputError, match=r"has the shape \(8, 6, 6\)"):
        load_arrays((x, Y, x[:8].reshape(8, 6, 6), Y[:8]))
    same = load_arrays((x, Y, x[:8], Y[:8]))
    for other in (x[:8].reshape(8, 36), x[:8, :, :, None]):
        assert load_arrays((x, Y, other, Y[:8])).digest == same.digest


def test_kind_decides_where_the_guess_is_wrong():
    x = RNG.rand(40, 3, 50)
    assert load_arrays((x, Y)).kind == "image"
    assert load_arrays((x, Y), "series").kind == "series"
    assert load_arrays((x, Y), "table").kind == "table"
    with pytest.raises(InputError, match="series are"):
        load_arrays((x[:, 0], Y), "series")


def test_integers_of_another_scale_are_stretched_by_the_training_part():
    x = RNG.randint(0, 17, (40, 8, 8))
    data = load_arrays((x, Y, x[:8], Y[:8]))
    (note,) = data.reading.notes
    assert "data: x_train is read as images of 8 x 8, from 0 to 16" in note
    np.testing.assert_array_equal(
        data.test.images, np.rint(x[:8].reshape(8, -1) * 255 / 16)
    )


@pytest.mark.parametrize("kind", [None, "series"])
def test_series_of_several_lengths_may_be_a_list(kind):
    lengths = 10 + np.arange(40) % 7
    x = [RNG.rand(3, length) for length in lengths]
    data = load_arrays((x, Y), kind)
    assert data.kind == "series" and data.reading.shape == (3, 16)
    whole = np.full((40, 3, 16), np.nan)
    for row, one in zip(whole, x, strict=True):
        row[:, : one.shape[1]] = one
    assert load_arrays((whole, Y)).digest == data.digest
    one_channel = load_arrays(([one[0] for one in x], Y), "series")
    assert one_channel.reading.shape == (1, 16)
    with pytest.raises(InputError, match="data: x holds lists of several lengths"):
        load_arrays(([one.T for one in x], Y))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("shape", [(40, 4), (40, 3, 9)])
def test_a_bad_value_is_named_by_its_sample(shape, bad):
    x = RNG.randn(*shape)
    x[17, ..., 1] = bad
    with pytest.raises(InputError, match="data: x: sample 17 holds NaN or infinity"):
        load_arrays((x, Y))
    with pytest.raises(InputError, match="data: x_test: sample 17 holds"):
        load_arrays((np.nan_to_num(x, posinf=0), Y, x, Y))


@pytest.mark.parametrize("kind", ["image", "table"])
def test_a_bad_value_at_the_end_is_named_by_its_sample_for_every_kind(kind):
    x = RNG.rand(40, 3, 9)
    x[17, :, -1] = np.nan
    with pytest.raises(InputError, match="data: x: sample 17 holds NaN or infinity"):
        load_arrays((x, Y), kind)


def test_nothing_of_the_test_part_is_used():
    """Not its scale, nor its quantiles, nor its classes."""
    x = RNG.randn(40, 4)
    plain = load_arrays((x, Y, x[:8], Y[:8]))
    other = load_arrays((x, Y, 1000 * x[:8], Y[:8]))
    assert (plain.train.images == other.train.images).all()
    with pytest.raises(InputError, match="does not occur in training"):
        load_arrays((x, Y, x[:8], Y[:8] + 5))


@pytest.mark.parametrize(
    ("labels", "names"),
    [
        ([0, 1, 2], (0, 1, 2)),
        ([0, 100, 200], (0, 100, 200)),
        ([-1, 1], (-1, 1)),
        (["b", "a"], ("a", "b")),
        ([1.0, 2.0], (1, 2)),
        ([True, False], (0, 1)),
    ],
)
def test_classes_are_the_labels_that_occur(labels, names):
    classes = Classes.of(np.array(labels), "y")
    assert classes.names == names
    again = Classes.from_text(classes.to_text())
    numbers = again.numbers(np.array(labels), "y")
    assert list(again.labels(numbers)) == list(np.array(names)[numbers])


@pytest.mark.parametrize(
    "labels",
    [[0.5, 1.0], [np.nan, 1.0], [np.inf, 1.0], [None, 1], [1e30, 0.0]],
)
def test_labels_that_are_none_are_a_sentence(labels):
    with pytest.raises(InputError) as caught:
        Classes.of(np.array(labels), "y")
    assert str(caught.value).startswith("y") and "\n" not in str(caught.value)


def test_a_network_reads_later_samples_as_those_it_learned(tmp_path):
    x = RNG.randn(60, 4) + 3 * (np.arange(60) % 3)[:, None]
    names = np.array(["low", "middle", "high"])
    y = names[np.arange(60) % 3]
    model = ls.train((x, y), epochs=30, hidden=[60], out=tmp_path)
    again = ls.load(tmp_path)
    assert set(again.predict(x)) == set(names)
    assert (again.predict(x) == y).mean() > 0.9
    np.testing.assert_array_equal(model.predict(x), again.predict(x))
    assert (again.predict(x * 1e6) != again.predict(x)).any()  # another scale
    with pytest.raises(InputError, match=r"has the shape \(60, 3\)"):
        again.predict(x[:, :3])


def test_complex_series_of_several_lengths_are_refused():
    x = [np.ones((2, n)) * 1j for n in (3, 4, 5)] * 4
    with pytest.raises(InputError, match="data: x .*lists of several lengths"):
        load_arrays((x, np.arange(12) % 2), "series")

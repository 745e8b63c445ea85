"""Recordings as Python holds them: structured arrays, sets of tonic, spike times."""

import numpy as np
import pytest

import lava_sfdfa as ls
from lava_sfdfa.data.datasets import as_dataset
from lava_sfdfa.data.recordings import LATEST_US, recording
from lava_sfdfa.errors import InputError

# --- one recording ------------------------------------------------------------------


def test_a_recording_is_sorted_and_rounded():
    time_us, index = recording([3e-6, 1.4e-6, 3e-6], [2, 70_000, 1], 2**17, 1e6, "it")
    assert time_us.tolist() == [1, 3, 3] and index.tolist() == [70_000, 2, 1]
    assert time_us.dtype == index.dtype == np.int32
    assert recording([], [], 5, 1.0, "it")[1].dtype == np.uint16
    assert recording([LATEST_US], [0], 5, 1.0, "it")[0].tolist() == [LATEST_US]
    assert recording([LATEST_US / 1e6], [0], 5, 1e6, "it")[0].tolist() == [LATEST_US]


SIGNALLING = np.array([0x7FF0000000000001]).view(np.float64)  # as damaged files hold


@pytest.mark.parametrize(
    ("times", "inputs", "message"),
    [
        ([0.1, np.nan], [0, 0], "it has a spike at nan s; times must be 0 to 2147 s"),
        (SIGNALLING, [0], "it has a spike at nan s"),
        ([0.1, np.inf], [0, 0], "it has a spike at inf s"),
        ([-1e-9], [0], "it has a spike at -1e-09 s"),
        ([1e30], [0], r"it has a spike at 1e\+30 s"),
        ([1e300], [0], r"it has a spike at 1e\+300 s"),
        ([2148], [0], "it has a spike at 2148 s"),
        ([0.1], [5], "it has the input 5; it must be a whole number from 0 to 4"),
        ([0.1], [-1], "it has the input -1"),
        ([0.1], [0.5], "it has the input 0.5"),
        ([0.1], [np.nan], "it has the input nan"),
        ([0.1], SIGNALLING, "it has the input nan"),
        ([0.1], [-np.inf], "it has the input -inf"),
        ([0.1], [0, 1], "it has 1 times and 2 inputs"),
        (["a"], [0], "it, times has the shape .* holds <U1; it must be a list of num"),
        ([0.1], [None], "it, inputs has the shape .* holds object"),
        ([0.1], [1j], "holds complex128"),
        ([[0.1]], [0], r"it, times has the shape \(1, 1\)"),
        ([[0.1], [0.1, 0.2]], [0], "it, times is a nested list"),
        (0.1, [0], r"it, times has the shape \(\)"),
    ],
)
def test_wrong_times_and_inputs_are_refused(times, inputs, message):
    with pytest.raises(InputError, match=message):
        recording(times, inputs, 5, 1e6, "it")


# --- events of a sensor -------------------------------------------------------------

SENSOR = np.dtype([("x", int), ("y", int), ("t", int), ("p", int)])


def camera(label, dtype=SENSOR, n=20):
    """Events of a sensor of 6 by 4 pixels; the class is where they are."""
    rng = np.random.RandomState(label)
    events = np.zeros(n, dtype)
    values = {
        "x": rng.randint(3, size=n) + 3 * (label % 2),
        "y": rng.randint(4, size=n),
        "t": np.sort(rng.randint(100_000, size=n)),
        "p": rng.randint(2, size=n),
    }
    for name in dtype.names:
        events[name] = values[name]
    events[0] = tuple({"x": 5, "y": 3, "t": 0, "p": 1}[name] for name in dtype.names)
    return events


def cameras(count, dtype=SENSOR):
    return [camera(n, dtype) for n in range(count)], np.arange(count) % 2


class Tonic:
    """What a data set of tonic shows of itself."""

    sensor_size = (6, 4, 2)

    def __init__(self, count):
        self.events, self.labels = cameras(count)

    def __len__(self):
        return len(self.events)

    def __getitem__(self, number):
        return self.events[number], int(self.labels[number])


def check_inputs(data, events):
    """The first test sample is these events, by hand: (p * 4 + y) * 6 + x."""
    order = np.argsort(events["t"], kind="stable")
    index = ((events["p"] * 4 + events["y"]) * 6 + events["x"])[order]
    first = slice(*data.test.offset[:2])
    assert data.test.index[first].tolist() == index.tolist()
    assert data.test.time_us[first].tolist() == events["t"][order].tolist()


@pytest.mark.parametrize("kind", [None, "events"])
def test_structured_arrays_are_recordings(kind):
    x, y = cameras(30)
    data = as_dataset((x[:20], y[:20], x[20:], y[20:]), kind=kind)
    assert data.shape == (2, 4, 6) and data.n_classes == 2
    assert data.reading.kind == "events"
    assert (len(data.train), len(data.validation), len(data.test)) == (18, 2, 10)
    check_inputs(data, x[20])
    data = as_dataset((x, y), kind=kind)
    assert (len(data.train), len(data.validation), len(data.test)) == (22, 2, 6)


@pytest.mark.parametrize("is_pair", [False, True])
def test_data_sets_of_tonic_are_recordings(is_pair):
    given = (Tonic(30), Tonic(12)) if is_pair else Tonic(30)
    data = as_dataset(given)
    assert data.shape == (2, 4, 6) and data.n_classes == 2
    sizes = (27, 3, 12) if is_pair else (22, 2, 6)
    assert (len(data.train), len(data.validation), len(data.test)) == sizes
    if is_pair:
        check_inputs(data, camera(0))
        assert data.test.labels.tolist() == [0, 1] * 6


def test_units_of_one_polarity_are_inputs():
    """As tonic gives SHD: p is always 1, and there are no y."""

    class Shd(Tonic):
        sensor_size = (6, 1, 1)

        def __init__(self):
            super().__init__(30)
            kind = np.dtype([("t", int), ("x", int), ("p", int)])
            self.events = [camera(n, kind) for n in range(30)]
            for events in self.events:
                events["p"] = 1

    data = as_dataset(Shd())
    assert data.shape == (1, 1, 6)
    assert sorted(set(data.train.index)) == [0, 1, 2, 3, 4, 5]


def changed(**fields):
    x, y = cameras(10)
    for name, value in fields.items():
        x[9][name][3] = value
    return x[:8], y[:8], x[8:], y[8:]


def of_dtype(*fields):
    return cameras(10, np.dtype(list(fields)))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (
            changed(x=6),
            "x_test, sample 1 has the x 6; it must be a whole number from 0",
        ),
        (changed(y=-1), "x_test, sample 1 has the y -1"),
        (changed(p=2), "x_test, sample 1 has the p 2"),
        (changed(t=-5), "x_test, sample 1 has a spike at -5e-06 s"),
        (changed(t=2**40), "x_test, sample 1 has a spike at"),
        (of_dtype(("x", int), ("y", int)), "lacks the field t; it has x, y, and must"),
        (of_dtype(("t", int), ("y", int)), "lacks the field x"),
        (([camera(0), [[0.1]]] * 5, [0, 1] * 5), "some samples are structured arrays"),
        ((cameras(10)[0], np.arange(9)), r"data: y has the shape \(9,\); it must be"),
        ((cameras(10)[0], [[0], [0, 1]] * 5), "data: y holds lists of several lengths"),
        ((cameras(10)[0], [0.5] * 10), "sample 0 has the label 0.5"),
        ((*cameras(10), cameras(5)[0]), "data has 3 entries"),
        ((*cameras(10), cameras(3)[0], [0, 1, 7]), "label 7, which does not occur"),
        (
            (cameras(4)[0], [0] * 4),
            "has 3 training and 1 test samples; allowed are at least 6",
        ),
    ],
)
def test_wrong_events_are_refused(data, message):
    with pytest.raises(InputError, match=message):
        as_dataset(data)


def test_frames_of_tonic_are_refused():
    frames = Tonic(10)
    frames.events = [np.zeros((5, 2, 4, 6))] * 10
    with pytest.raises(InputError, match=r"data\[0\], sample 0: .* that makes frames"):
        as_dataset(frames)
    frames.sensor_size = None
    with pytest.raises(InputError, match="sensor_size is None; it must be"):
        as_dataset(frames)
    frames.sensor_size = (6, None, 2)
    with pytest.raises(InputError, match="sensor_size, sizes .* holds object"):
        as_dataset(frames)


# --- times of spikes ----------------------------------------------------------------


def trains(count):
    """Six inputs, of which two spike, in another third of them for each class."""
    x = []
    for n in range(count):
        sample = [[], [], [], [], [], []]
        sample[2 * (n % 3)] = [0.05, 0.01]
        sample[2 * (n % 3) + 1] = [0.02 + 1e-4 * n]
        x.append(sample)
    return x, np.arange(count) % 3


def test_lists_of_spike_times_are_recordings():
    x, y = trains(30)
    data = as_dataset((x[:20], y[:20], x[20:], y[20:]), kind="events")
    assert data.shape == (6,) and data.n_classes == 3
    first = slice(*data.test.offset[:2])  # sample 20, of class 2
    assert data.test.time_us[first].tolist() == [10_000, 22_000, 50_000]
    assert data.test.index[first].tolist() == [4, 5, 4]
    pairs = [
        np.array([(time, unit) for unit, row in enumerate(s) for time in row])
        for s in x
    ]
    again = as_dataset((pairs[:20], y[:20], pairs[20:], y[20:]), kind="events")
    assert again.digest == data.digest and again.shape == (6,)


@pytest.mark.parametrize(
    ("sample", "message"),
    [
        (
            [[0.1]] * 5,
            "x_test, sample 1 has spike times of 5 inputs; it must have .* 6",
        ),
        ([[np.nan]] * 6, "x_test, sample 1 has a spike at nan s"),
        ([["a"]] * 6, "x_test, sample 1, input 0 has the shape .* holds <U1"),
        ([0.1] * 6, r"x_test, sample 1, input 0 has the shape \(\)"),
        ([[[0.1], [0.1, 0.2]]] * 6, "x_test, sample 1, input 0 is a nested list"),
        (np.zeros((4, 3)), r"x_test, sample 1 has the shape \(4, 3\); a recording as"),
        (np.array([[0.1, 6]]), "x_test, sample 1 has the input 6"),
        (np.array([[0.1, -1]]), "x_test, sample 1 has the input -1"),
        (np.array([["a", "b"]]), "x_test, sample 1 has the shape .* holds <U1"),
        (7, "x_test, sample 1 is a int; a recording is a structured array"),
        (None, "x_test, sample 1 is a NoneType; a recording is"),
    ],
)
def test_wrong_spike_times_are_refused(sample, message):
    x, y = trains(10)
    with pytest.raises(InputError, match=message):
        as_dataset((x, y, [x[0], sample], y[:2]), kind="events")


@pytest.mark.parametrize("x", [[], np.zeros((0, 2)), 5, None])
def test_no_recordings_are_refused(x):
    with pytest.raises(InputError, match="data: x is .*; it must be a list of rec"):
        as_dataset((x, []), kind="events")


def test_lists_of_several_lengths_are_one_sentence():
    x, y = trains(10)
    with pytest.raises(InputError, match="lists of several lengths.*kind events"):
        as_dataset((x, y))


# --- what is trained on them --------------------------------------------------------


@pytest.mark.parametrize("given", ["tonic", "trains"])
def test_a_network_learns_recordings_and_knows_them_again(tmp_path, given):
    """As a data set, and later one by one, also where it was loaded from a file."""
    if given == "tonic":
        data, (x, y) = Tonic(150), cameras(150)
    else:
        data = x, y = trains(150)
    # Few inputs have to drive a neuron.
    settings = {"weight_init": 3.0, "threshold_hidden": 0.25, "threshold_output": 0.5}
    settings |= {"hidden": (40,), "epochs": 8, "recording_s": 0.1}
    model = ls.train(data, kind="events", out=tmp_path, **settings)
    assert model.evaluate(data).samples == 150
    assert model.evaluate(data).accuracy > 0.9
    loaded = ls.load(tmp_path)
    np.testing.assert_array_equal(loaded.predict(x[:20]), model.predict(x[:20]))
    assert (loaded.predict(x) == y).mean() > 0.9
    assert loaded.evaluate((x, y)).accuracy == model.evaluate(data).accuracy
    with pytest.raises(InputError, match="x is no list; it must be a list of rec"):
        loaded.predict(5)
    with pytest.raises(InputError, match="which does not occur in training"):
        loaded.evaluate((x, y + 7))
    assert loaded.engine().learn_one(x[0], int(y[0])) is not None


def test_a_network_of_images_takes_no_recordings():
    x = np.full((20, 4, 6), 200, np.uint8)
    model = ls.train((x, np.arange(20) % 2), kind="image", hidden=(5,), epochs=1)
    with pytest.raises(InputError, match="data holds recordings; .* on image samples"):
        as_dataset(Tonic(10), reading=model.artifact.reading)
    with pytest.raises(InputError, match="data holds recordings; .* on image samples"):
        model.evaluate(Tonic(10))
    with pytest.raises(InputError, match=r"x has the shape \(10, 20\); it must be"):
        model.predict(cameras(10)[0])

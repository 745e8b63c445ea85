"""Frozen layers: the compiled ones against plain numpy, and training above them."""

import dataclasses

import numpy as np
import pytest
from small import frozen_conv, frozen_dense, network_above, small_config

import lava_sfdfa as ls
from lava_sfdfa.data.datasets import load_dataset
from lava_sfdfa.data.events import Events
from lava_sfdfa.engine import front as front_module
from lava_sfdfa.engine.front import front_sample, through_front
from lava_sfdfa.errors import InputError
from lava_sfdfa.front import find_front
from lava_sfdfa.model import Model
from lava_sfdfa.network.artifact import load_artifact, save_artifact, to_content
from lava_sfdfa.network.content import save_content
from lava_sfdfa.network.frozen import FrozenLayer, dense_layer, dense_weights

V_MOST = 2**23 - 1


def events_of(raster):
    """Spikes as events. raster: bool (n, n_steps, n_inputs)."""
    index = np.nonzero(raster)[2].astype(np.uint16)
    counts = raster.sum(axis=2, dtype=np.int32)
    offset = np.concatenate([[0], np.cumsum(counts.sum(axis=1, dtype=np.int64))])
    return Events(index, counts, offset, raster.shape[2])


def decayed(values, decay):
    return np.sign(values) * (abs(values) * decay >> 12)


def naive(layer, shown):
    """u, v and spikes after every step of one sample, and how often a u wrapped and a v
    was cut off. shown: bool (n_steps, n_pre)."""
    weights, bias = dense_weights(layer).astype(np.int64), layer.biases.astype(np.int64)
    u = v = np.zeros(layer.n_post, np.int64)
    found, n_wrapped, n_cut = [], 0, 0
    for step in range(len(shown)):
        arrived = weights @ shown[step - 1] if step else np.zeros_like(u)
        current = decayed(u, 4096 - layer.du - 1) + (arrived << 6)
        u = np.where(current > 2**23, current - 2**24, current)
        u = np.where(current <= -(2**23), current + 2**24, u)
        voltage = decayed(v, 4096 - layer.dv) + u + bias
        v = np.clip(voltage, -V_MOST, V_MOST)
        spikes = v > layer.vth << 6
        n_wrapped += np.count_nonzero(u != current)
        n_cut += np.count_nonzero(v != voltage)
        v = np.where(spikes, 0, v)
        found.append((u, v, spikes))
    return [np.array(values) for values in zip(*found, strict=True)], n_wrapped, n_cut


def random_layer(rng):
    """Any geometry that fits its image, which is hardly ever a square."""
    while True:
        groups, n_in, n_out = rng.integers(1, 4, 3)
        rows, columns = rng.integers(1, 9, 2)
        kernel = rng.integers(-128, 128, (n_out * groups, *rng.integers(1, 4, 2), n_in))
        try:
            return FrozenLayer(
                kernel.astype(np.int8),
                (int(rows), int(columns), int(n_in * groups)),
                du=int(rng.choice([0, 300, 4095])),
                dv=int(rng.choice([0, 200, 4095])),
                vth=int(rng.choice([0, 200, 3000])),
                bias=rng.integers(-800, 800, n_out * groups).astype(np.int32),
                stride=tuple(rng.integers(1, 4, 2)),
                padding=tuple(rng.integers(0, 3, 2)),
                dilation=tuple(rng.integers(1, 4, 2)),
                groups=int(groups),
                channels_first=bool(rng.integers(2)),
            )
        except InputError:
            continue


def convolution(layer, image):
    """The sum that each neuron takes from an image of rows, columns, channels."""
    up, left = layer.padding
    padded = np.pad(image, ((up, up), (left, left), (0, 0)))
    n_out, height, width, n_in = layer.kernel.shape
    sums = np.zeros(layer.output_shape, np.int64)
    for y, x, out in np.ndindex(layer.output_shape):
        window = padded[y * layer.stride[0] :, x * layer.stride[1] :]
        window = window[:: layer.dilation[0], :: layer.dilation[1]][:height, :width]
        first = out // (n_out // layer.groups) * n_in
        sums[y, x, out] = (window[:, :, first : first + n_in] * layer.kernel[out]).sum()
    return sums


# --- against plain numpy ----------------------------------------------------------


def test_dense_weights_are_those_of_the_convolution():
    rng, seen = np.random.default_rng(0), set()
    for _ in range(150):
        layer = random_layer(rng)
        image = rng.integers(-9, 10, layer.input_shape)
        flat = image.transpose(2, 0, 1) if layer.channels_first else image
        sums = dense_weights(layer).astype(np.int64) @ flat.ravel()
        np.testing.assert_array_equal(sums, convolution(layer, image).ravel())
        seen |= {(name, getattr(layer, name)) for name in ("stride", "padding")}
        seen |= {(name, getattr(layer, name)) for name in ("dilation", "groups")}
        seen.add(("channels_first", layer.channels_first))
    assert len(seen) == 9 + 9 + 9 + 3 + 2, "each geometry was to come"


def test_the_compiled_layer_is_the_matrix_step_by_step():
    rng, n_spikes = np.random.default_rng(1), []
    for _ in range(60):
        layer, n_steps = random_layer(rng), 12
        density = rng.choice([0.05, 0.5])
        raster = rng.random((3, n_steps, layer.n_pre)) < density
        events = events_of(raster)
        sent = through_front((layer,), events, n_steps)
        for sample in range(3):
            expected, _, _ = naive(layer, raster[sample])
            (found,) = front_sample((layer,), events, sample, n_steps)
            for name, values in zip(("u", "v", "spikes"), expected, strict=True):
                np.testing.assert_array_equal(getattr(found, name), values, name)
            np.testing.assert_array_equal(sent.dense(sample, n_steps), expected[2])
        n_spikes.append(sent.index.size)
    assert np.count_nonzero(n_spikes) > 30


def test_u_wraps_and_v_saturates():
    rng, n_wrapped, n_cut, n_spikes = np.random.default_rng(2), 0, 0, 0
    for sign in (-1, 1):
        weights = (sign * rng.integers(60, 128, (8, 90))).astype(np.int8)
        layer = dense_layer(weights, du=0, dv=0, vth=2**17 - 1)
        raster = rng.random((1, 40, 90)) < 0.8
        (u, v, spikes), wrapped, cut = naive(layer, raster[0])
        (found,) = front_sample((layer,), events_of(raster), 0, 40)
        np.testing.assert_array_equal(found.u, u)
        np.testing.assert_array_equal(found.v, v)
        np.testing.assert_array_equal(found.spikes, spikes)
        n_wrapped, n_cut = n_wrapped + wrapped, n_cut + cut
        n_spikes += spikes.sum()
    assert min(n_wrapped, n_cut, n_spikes) > 10


def test_layers_on_each_other_and_a_short_window():
    """A spike is a step later at every layer; the input may end before the
    presentation does."""
    first = frozen_conv(1, (5, 4, 2), 4, (3, 2), padding=(1, 0))
    front = first, frozen_dense(2, first.n_post, 9)
    raster = np.random.default_rng(3).random((4, 7, 40)) < 0.2
    sent = through_front(front, events_of(raster), 20)
    for sample in range(4):
        shown = np.zeros((20, 40), bool)
        shown[:7] = raster[sample]
        for layer, found in zip(
            front, front_sample(front, events_of(raster), sample, 20), strict=True
        ):
            (_, _, shown), _, _ = naive(layer, shown)
            np.testing.assert_array_equal(found.spikes, shown)
        np.testing.assert_array_equal(sent.dense(sample, 20), shown)
    assert sent.counts.shape == (4, 20) and sent.index.size > 20


def test_threads_change_nothing(monkeypatch):
    layer = frozen_conv(1, (5, 4, 2), 4, (3, 3))
    events = events_of(np.random.default_rng(4).random((700, 9, 40)) < 0.2)
    found = []
    for n_cores in (1, 2, 5):
        monkeypatch.setattr(front_module, "n_cores", lambda n=n_cores: n)
        found.append(through_front((layer,), events, 12))
    for other in found[1:]:
        np.testing.assert_array_equal(other.index, found[0].index)
        np.testing.assert_array_equal(other.counts, found[0].counts)
        np.testing.assert_array_equal(other.offset, found[0].offset)
    assert found[0].index.size > 1000


def test_without_frozen_layers_nothing_happens():
    events = events_of(np.ones((2, 3, 4), bool))
    assert through_front((), events, 9) is events


def test_samples_of_another_size_are_refused():
    layer = frozen_dense(1, 41, 3)
    with pytest.raises(ValueError, match="the samples have 40 inputs, the layer 41"):
        through_front((layer,), events_of(np.ones((2, 3, 40), bool)), 9)


# --- training above it ------------------------------------------------------------
def conv_model():
    """A network on digits whose first layer is a convolution with random weights."""
    rng = np.random.RandomState(0)
    layer = frozen_conv(1, (8, 8, 1), 16, (3, 3), padding=(1, 1), vth=400, bias=None)
    kernel = rng.randint(-128, 128, size=layer.kernel.shape).astype(np.int8)
    layer = dataclasses.replace(layer, kernel=kernel)
    base = ls.train("digits", hidden=[8], epochs=1, limit=60)
    network = network_above(small_config(steps=base.config.steps), (layer,))
    return Model(dataclasses.replace(base.artifact, network=network))


@pytest.fixture(scope="module")
def front():
    return conv_model()


OPTIONS = {"hidden": [40], "epochs": 2}


@pytest.fixture(scope="module")
def above(front, tmp_path_factory):
    folder = tmp_path_factory.mktemp("above")
    return ls.train("digits", front=front, freeze=1, out=folder, **OPTIONS), folder


def test_training_above_a_convolution_learns(above, front):
    model, _ = above
    assert model.artifact.sizes == (64, 1024, 40, 10)
    assert model.result.accuracy > 0.85
    assert model.evaluate().accuracy == model.result.accuracy
    (layer,) = model.artifact.network.front
    assert layer is front.artifact.network.front[0]
    data = load_dataset("digits", None)
    labels = model.predict(data.test)
    assert np.mean(labels == data.test.labels) == model.result.accuracy


def test_outputs_alone_learn_above_frozen_layers(tmp_path):
    """There is no hidden layer that learns, so no feedback either."""
    below = ls.train("digits", hidden=[48], epochs=2, seed=3)
    options = {"hidden": (), "front": below, "freeze": 1}
    model = ls.train("digits", out=tmp_path, epochs=2, **options)
    assert model.artifact.sizes == (64, 48, 10)
    assert model.result.accuracy > 0.85 and model.result.feedback_alignment == []
    assert ls.load(tmp_path).digest == model.digest
    ls.train("digits", out=tmp_path / "b", epochs=1, **options)
    with pytest.raises(InputError, match="was trained with loss"):
        ls.train("digits", out=tmp_path / "b", resume=True, epochs=2, loss="margin")
    shown = load_dataset("digits", None).test.images[0].reshape(8, 8)
    assert model.engine().learn_one(shown, 3) is not None
    with pytest.raises(InputError, match=r"hidden must name .*, not \(\)"):
        ls.train("digits", hidden=())
    with pytest.raises(InputError, match=r"hidden must name .*, not \(\)"):
        ls.train((np.random.rand(20, 3), np.arange(20) % 2), hidden=())


def test_the_artifact_comes_back_with_its_front(above, tmp_path):
    model, folder = above
    loaded = load_artifact(folder)
    assert loaded.digest == model.digest
    (layer,), (other,) = loaded.network.front, model.artifact.network.front
    for entry in dataclasses.fields(layer):
        np.testing.assert_array_equal(
            getattr(layer, entry.name), getattr(other, entry.name), entry.name
        )
    biased = dataclasses.replace(layer, bias=np.arange(16, dtype=np.int32))
    network = dataclasses.replace(loaded.network, front=(biased,))
    save_artifact(tmp_path / "a.h5", dataclasses.replace(loaded, network=network))
    again = load_artifact(tmp_path / "a.h5")
    assert again.digest != loaded.digest
    np.testing.assert_array_equal(again.network.front[0].bias, biased.bias)


def test_resuming_reaches_the_same_digest(above, front, tmp_path):
    ls.train("digits", front=front, freeze=1, out=tmp_path, hidden=[40], epochs=1)
    with pytest.raises(InputError, match="was not trained above these frozen"):
        ls.train("digits", front=front, freeze=2, out=tmp_path, resume=True, epochs=2)
    model = ls.train("digits", out=tmp_path, resume=True, epochs=2)
    assert model.digest == above[0].digest


def test_all_layers_of_a_network_can_be_frozen_but_no_more(front):
    assert len(find_front(front, 3).layers) == 3
    assert len(find_front(front, None).layers) == 2
    for n in (0, 4, -1):
        with pytest.raises(
            InputError, match=f"freeze must be between 1 and 3.*not {n}"
        ):
            ls.train("digits", front=front, freeze=n)
    with pytest.raises(InputError, match="freeze must be an integer, not 'all'"):
        ls.train("digits", front=front, freeze="all")
    with pytest.raises(InputError, match="freeze needs the network whose layers"):
        ls.train("digits", freeze=1)


def test_samples_and_silence_that_no_front_takes(front):
    rng = np.random.RandomState(0)
    x, y = rng.rand(40, 9), rng.randint(2, size=40)
    with pytest.raises(
        InputError, match=r"shape \(\d+,\), but the frozen layers take 64"
    ):
        ls.train((x, y), front=front, freeze=1)
    artifact = front.artifact
    quiet = dataclasses.replace(artifact.network.front[0], vth=2**17 - 1)
    network = dataclasses.replace(artifact.network, front=(quiet,))
    silent = Model(dataclasses.replace(artifact, network=network))
    with pytest.raises(InputError, match="no neuron of the last frozen layer spikes"):
        ls.train("digits", front=silent, freeze=1)


# --- forged -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"kernel": np.zeros((16, 3, 3, 1))}, "kernel must be int8"),
        ({"kernel": np.zeros((16, 3, 3), np.int8)}, "kernel must be int8 of the shape"),
        ({"kernel": np.zeros((16, 3, 3, 2), np.int8)}, "kernel has 2 channels in and"),
        ({"kernel": np.zeros((16, 99, 3, 1), np.int8)}, "which does not fit the image"),
        (
            {"kernel": np.zeros((17, 3, 3, 1), np.int8)},
            "frozen layer 0 has 1088 neuron",
        ),
        ({"input_shape": np.array([8, 8])}, "input_shape must be 3 integers"),
        ({"input_shape": np.array([8, 8, -1])}, "input_shape must be between 1 and"),
        ({"input_shape": np.array([8, 9, 1])}, "frozen layer 0 has 1152 neurons, but"),
        ({"stride": np.array([0, 1])}, "stride must be between 1 and"),
        ({"padding": np.array([-1, 1])}, "padding must be between 0 and"),
        ({"dilation": np.array([1.5, 1])}, "dilation must be between 1 and"),
        ({"groups": 2}, "kernel has 1 channels in and 16 out, but the image has 1"),
        ({"groups": 0}, "groups must be between 1 and"),
        ({"channels_first": 3}, "channels_first must be true or false, not 3"),
        ({"du": 4096}, "du has 4096 to 4096; the chip holds 0 to 4095"),
        ({"vth": -1}, "vth has -1 to -1; the chip holds 0 to 131071"),
        ({"bias": np.ones(3, np.int32)}, "bias must be int32 of the shape"),
        (
            {"bias": np.full(16, 2**20 + 1, np.int32)},
            "bias has 1048577 to 1048577; the",
        ),
        ({"extra": 1}, "front/0: a field must be one of .*, not 'extra'"),
        ({"dv": None}, "front/0: the field 'dv' is missing"),
    ],
)
def test_forged_front(above, tmp_path, changes, sentence):
    content = to_content(above[0].artifact)
    values = {**content["front"]["0"], **changes}
    values = {name: value for name, value in values.items() if value is not None}
    content["front"] = {"0": values}
    path = tmp_path / "a.h5"
    save_content(path, content, {"dataset": "digits"})
    with pytest.raises(InputError, match=sentence) as error:
        load_artifact(path)
    text = str(error.value)
    assert text.startswith(f"{path}: ") and "\n" not in text and len(text) < 600


def test_a_front_that_is_no_front(above, tmp_path):
    content = to_content(above[0].artifact)
    for front, sentence in ((3, "front"), ({}, "front"), ({"1": {}}, "front")):
        save_content(tmp_path / "a.h5", {**content, "front": front}, {"dataset": "x"})
        with pytest.raises(InputError, match=sentence):
            load_artifact(tmp_path / "a.h5")


def test_a_front_of_another_kind_or_order_is_refused():
    with pytest.raises(InputError, match="front is a int; it must be a Model, or the"):
        find_front(3, None)
    kernel = np.zeros((2, 3, 3, 2), np.int8)
    layer = FrozenLayer(kernel, (6, 5, 2), du=4095, dv=0, vth=10)
    assert layer.takes((6, 5, 2)) and layer.takes((60,)) and not layer.takes((2, 6, 5))
    first = dataclasses.replace(layer, channels_first=True)
    assert first.takes((2, 6, 5)) and not first.takes((6, 5, 2))

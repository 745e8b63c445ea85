"""netx files: the layout, what comes back, and what is refused by name.

That lava-dl loads them and spikes as the engine does: `extras/test_lava_dl.py`.
"""

import dataclasses

import h5py
import numpy as np
import pytest
from small import small_config, small_network

import lava_sfdfa as ls
from lava_sfdfa.data.datasets import load_dataset
from lava_sfdfa.deploy.exchange.dense import whole_weights
from lava_sfdfa.deploy.exchange.exchange import read_network
from lava_sfdfa.deploy.exchange.netx import write_netx
from lava_sfdfa.deploy.exchange.netx_layers import read_netx
from lava_sfdfa.deploy.exchange.outputs import dense_outputs
from lava_sfdfa.errors import InputError
from lava_sfdfa.network.artifact import Artifact
from lava_sfdfa.network.frozen import FrozenLayer, dense_layer, dense_weights


@pytest.fixture
def artifact():
    config = small_config(hidden=(12, 8))
    return Artifact(config, "0", (4, 5), small_network(config), (), 0, {})


@pytest.fixture
def path(tmp_path, artifact):
    write_netx(tmp_path / "a.net", artifact)
    return tmp_path / "a.net"


def changed(path, layer, **changes):
    """The file with other datasets in a layer; None removes one."""
    with h5py.File(path, "r+") as file:
        group = file[f"layer/{layer}"]
        for name, value in changes.items():
            name = name.replace("__", "/")
            if name in group:
                del group[name]
            if value is not None:
                group[name] = value
    return path


def assert_same(layers, wanted):
    """The same integers in the same shapes."""
    for got, layer in zip(layers, wanted, strict=True):
        for field in dataclasses.fields(layer):
            a, b = getattr(got, field.name), getattr(layer, field.name)
            assert type(a) is type(b), field.name
            np.testing.assert_array_equal(a, b, field.name)


def test_the_layout_is_that_of_lava_dl(path, artifact):
    """As slayer/block/base.py of lava-dl 0.6.0 writes it."""
    with h5py.File(path, "r") as file:
        assert sorted(file["layer"]) == ["0", "1", "2"]
        group, layer = file["layer/1"], artifact.network.layers[1]
        assert group["type"][0] == b"dense" and group["type"].dtype == "S10"
        assert group["shape"][()].tolist() == [8]
        assert group["weight"].dtype == np.float32
        np.testing.assert_array_equal(group["weight"][()], layer.weights)
        assert len(np.unique(layer.weights)) > 20
        neuron = {name: group[f"neuron/{name}"][()] for name in group["neuron"]}
    assert neuron == {
        "type": b"CUBA",
        "iDecay": layer.du + 1,
        "vDecay": layer.dv,
        "vThMant": layer.vth,
        "refDelay": 1,
        "gradedSpike": False,
    }


def test_what_the_format_holds_comes_back(path, artifact):
    layers, steps, notes = read_netx(path)
    assert steps == artifact.network.steps and notes == []
    assert_same(layers, artifact.network.as_frozen)


def test_layers_that_only_name_a_shape_are_passed_over(path, artifact):
    with h5py.File(path, "r+") as file:
        for number in (2, 1, 0):
            file.move(f"layer/{number}", f"layer/{number + 2}")
        file["layer/0/type"], file["layer/0/shape"] = np.bytes_("input"), np.array([20])
        file["layer/1/type"] = np.bytes_("flatten")
    layers, _, _ = read_netx(path)
    assert_same(layers, artifact.network.as_frozen)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"type": np.bytes_("conv")}, r"layer 1: weight has the shape \(8, 12\); allo"),
        ({"type": np.bytes_("dense_rec")}, "layer 1 is of the type 'dense_rec'"),
        ({"type": np.bytes_("average")}, "layer 1 is of the type 'average', a mean"),
        ({"type": np.bytes_("concat")}, "layer 1 is of the type 'concat', which joins"),
        ({"type": np.bytes_("convT")}, "layer 1 is of the type 'convT', which makes"),
        ({"type": np.bytes_("kwta")}, "layer 1 is of the type 'kwta', allowed are in"),
        ({"type": np.bytes_("input")}, "layer 1 is an input behind other layers"),
        ({"bias": np.ones(7)}, "layer 1: bias has 7 values; allowed are 8"),
        ({"bias": np.full(8, 0.5)}, "layer 1: bias has 0.5; allowed are integers"),
        ({"bias": np.full(8, 4096)}, "layer 1: bias is 4096; the chip holds -4096 to"),
        ({"weight_rec": np.ones((8, 8))}, "layer 1 has 'weight_rec', which cannot"),
        ({"neuron__wgtExp": 2}, "layer 1 has wgtExp = 2; allowed is 0"),
        (
            {"neuron__vDecay": None},
            "layer 1: its neurons have no vDecay, without which",
        ),
        ({"delay": np.ones(8)}, "layer 1 has delays, which cannot be taken over"),
        ({"neuron": None}, "layer 1 has no neurons; allowed are CUBA"),
        ({"neuron__type": np.bytes_("SDNN")}, "layer 1 has SDNN neurons; allowed are"),
        ({"neuron__gradedSpike": True}, "gradedSpike = True; allowed is 0"),
        ({"neuron__refDelay": 3}, "refDelay = 3; allowed is 1"),
        ({"neuron__iDecay": np.array([1, 2])}, "a different iDecay in each neuron"),
        ({"neuron__iDecay": 0}, "iDecay - 1 is -1; the chip holds 0 to 4095"),
        ({"neuron__vThMant": 2**17}, "vThMant is 131072; the chip holds 0 to 131071"),
        ({"weight": np.full((8, 12), 0.5)}, "weights have to be integers"),
        ({"weight": np.full((8, 12), 129)}, "weights must be between -128 and 127"),
        ({"weight": None}, "layer 1: there is no data set weight; export the network"),
        ({"weight": np.full((8, 12), np.nan)}, "layer 1: weight holds nan, in 96 of"),
        ({"weight": np.bytes_("heavy")}, "layer 1: weight holds text; allowed are num"),
        (
            {"weight": np.ones((8, 11))},
            "layer 1: weight takes 11 inputs, but the layer",
        ),
        (
            {"shape": np.array([0])},
            r"layer 1: shape is \[0.0\]; allowed are one or thr",
        ),
        ({"bias": np.array([np.inf])}, "layer 1: bias holds inf"),
        ({"neuron__vThMant": np.nan}, "layer 1: vThMant holds nan"),
        ({"neuron__vDecay": 12.5}, "layer 1: vDecay is 12.5; allowed are integers"),
        ({"neuron__vDecay": 4097}, "layer 1: dv is 4097; the chip holds 0 to 4095"),
    ],
)
def test_what_cannot_be_taken_over_is_named(path, changes, sentence):
    with pytest.raises(InputError, match=sentence):
        read_netx(changed(path, 1, **changes))


def test_a_file_that_is_none_is_refused(tmp_path):
    (tmp_path / "a.net").write_text("no HDF5")
    with pytest.raises(InputError, match="cannot be read as a netx file"):
        read_netx(tmp_path / "a.net")


def test_files_without_layers_or_steps_are_refused(tmp_path, path):
    with h5py.File(path, "r+") as file:
        del file["simulation/Ts"]
        file["simulation/Ts"] = 0.0
    with pytest.raises(InputError, match="simulation: Ts is 0; allowed is more"):
        read_netx(path)
    for entry in ("layer/0/type", "layer"):
        with h5py.File(tmp_path / "b.net", "w") as file:
            file[entry] = np.bytes_("flatten")
        with pytest.raises(InputError, match="has no layer of neurons|as a netx file"):
            read_netx(tmp_path / "b.net")


def test_a_bias_of_zero_is_none(path):
    assert read_netx(changed(path, 1, bias=np.zeros(8)))[0][1].bias is None


def test_all_limits_stand_in_one_message(path):
    changed(path, 0, neuron__refDelay=3, delay=np.ones(12))
    changed(path, 1, type=np.bytes_("dense_rec"))
    changed(path, 2, neuron__type=np.bytes_("SDNN"))
    with pytest.raises(InputError) as error:
        read_netx(path)
    message = str(error.value)
    assert "layer 0 has delays, which" in message and len(message) <= 480
    for limit in ("layer 0 has refDelay = 3", "layer 1 is of the type", "2 has SDNN"):
        assert limit in message or "; and 1 more" in message


def test_a_membrane_without_memory_gets_the_most_that_the_chip_holds(path):
    layers, _, notes = read_netx(changed(path, 1, neuron__vDecay=4096))
    assert layers[1].dv == 4095 and len(notes) == 1
    assert "layer 1: dv 4096 became 4095, the most that the chip holds" in notes[0]


def test_delays_of_zero_are_none(path):
    assert len(read_netx(changed(path, 1, delay=np.zeros(8)))[0]) == 3


def test_even_nine_bit_weights_are_halved():
    """slayer's weights: even, -256 to 254. The threshold follows."""
    weights, vth, note = whole_weights("here", np.array([[-256.0, 254, 2]]), 80)
    assert weights.tolist() == [[-128, 127, 1]] and vth == 40
    assert "here: even 9-bit weights were halved" in note
    weights, vth, note = whole_weights("here", np.array([[-128.0, 126, 2]]), 80)
    assert weights.tolist() == [[-128, 126, 2]] and vth == 80 and note == ""


def test_a_network_that_cannot_spike_is_not_written(tmp_path, artifact):
    layer = artifact.network.layers[1]
    silent = dataclasses.replace(layer, weights=np.minimum(layer.weights, 0))
    layers = (artifact.network.layers[0], silent, artifact.network.layers[2])
    network = dataclasses.replace(artifact.network, layers=layers)
    with pytest.raises(InputError, match="layer 1 has no positive weight"):
        write_netx(tmp_path / "b.net", dataclasses.replace(artifact, network=network))
    assert list(tmp_path.iterdir()) == []


# --- images, biases and inputs ------------------------------------------------------


def image_layers(rng):
    """Axes that all differ, groups, a pool and a dense layer behind an image."""

    def some(*shape):
        return rng.randint(-90, 100, shape).astype(np.int8)

    def bias(n):
        return (64 * rng.randint(-90, 90, n)).astype(np.int32)

    first = FrozenLayer(
        some(4, 3, 2, 1), (9, 7, 2), 900, 200, 110, bias(4), (2, 1), (1, 0), (1, 2),
        groups=2, channels_first=True,
    )  # fmt: skip
    second = FrozenLayer(some(5, 2, 3, 4), (5, 5, 4), 4095, 90, 200, None, (1, 1))
    pool = np.full((5, 2, 3, 1), 7, np.int8)
    third = FrozenLayer(pool, (4, 3, 5), 1, 2, 3, None, (2, 3), groups=5)
    assert third.output_shape == (2, 1, 5)
    above = dense_layer(some(12, 10), 100, 200, 300, bias(12))
    return first, second, third, above


@pytest.fixture
def images(tmp_path):
    """An artifact with a front, and its file."""
    front = image_layers(np.random.RandomState(3))
    config = small_config(hidden=(12,))
    network = small_network(config, n_inputs=12)
    bias = np.array([64, -128, 0], np.int32)
    last = dataclasses.replace(network.layers[1], bias=bias)
    network = dataclasses.replace(
        network, front=front, layers=(network.layers[0], last)
    )
    artifact = Artifact(config, "0", (2, 9, 7), network, (), 0, {})
    write_netx(tmp_path / "images.net", artifact)
    return artifact, tmp_path / "images.net"


def test_images_and_biases_come_back(images):
    artifact, path = images
    layers, _, notes = read_netx(path)
    assert notes == []
    assert_same(layers, artifact.network.as_frozen)


def test_the_layout_of_an_image_is_that_of_lava_dl(images):
    """Shapes by channel first; kernels (out, in of a group, rows, columns)."""
    artifact, path = images
    layers = artifact.network.front
    with h5py.File(path, "r") as file:
        kinds = [file[f"layer/{n}/type"][0].decode() for n in range(len(file["layer"]))]
        assert kinds == ["input", *["conv"] * 3, "flatten", *["dense"] * 3]
        assert file["layer/0/shape"][()].tolist() == [2, 9, 7]
        conv = file["layer/1"]
        assert conv["shape"][()].tolist() == [4, 5, 5]
        assert conv["weight"].shape == (4, 1, 3, 2)
        assert conv["weight"][3, 0, 2, 1] == layers[0].kernel[3, 2, 1, 0]
        assert conv["stride"][()].tolist() == [2, 1]
        assert conv["padding"][()].tolist() == [1, 0]
        assert conv["dilation"][()].tolist() == [1, 2]
        assert conv["kernelSize"][()].tolist() == [3, 2] and conv["groups"][()] == 2
        np.testing.assert_array_equal(conv["bias"][()] * 64, layers[0].bias)
        assert "bias" not in file["layer/2"]
        weights = file["layer/5/weight"][()].reshape(12, 5, 2, 1)
        ours = layers[3].kernel.reshape(12, 2, 1, 5)
        np.testing.assert_array_equal(weights, ours.transpose(0, 3, 1, 2))


def test_columns_in_another_order_are_another_network(images):
    """Behind an image, counted by channel last; no check of shapes can find it."""
    artifact, path = images
    with h5py.File(path, "r+") as file:
        weight = file["layer/5/weight"]
        weight[...] = weight[()].reshape(12, 2, 5).transpose(0, 2, 1).reshape(12, 10)
    with pytest.raises(AssertionError):
        assert_same(read_netx(path)[0], artifact.network.as_frozen)


def test_kernels_of_earlier_versions_have_an_axis_more(images):
    artifact, path = images
    with h5py.File(path, "r+") as file:
        for number in (1, 2, 3):
            old = file[f"layer/{number}/weight"][()]
            del file[f"layer/{number}/weight"]
            file[f"layer/{number}/weight"] = old[..., None]
    assert_same(read_netx(path)[0], artifact.network.as_frozen)


def test_a_pool_is_a_convolution_of_each_channel(images):
    """As slayer writes it: one kernel, and no channels."""
    artifact, path = images
    with h5py.File(path, "r+") as file:
        group = file["layer/3"]
        for name in ("type", "weight", "inChannels", "outChannels", "groups"):
            del group[name]
        group.create_dataset("type", (1,), "S10", [b"pool"])
        group["weight"] = np.full((1, 1, 2, 3), 7.0)
    assert_same(read_netx(path)[0], artifact.network.as_frozen)


@pytest.mark.parametrize(
    ("layer", "changes", "sentence"),
    [
        (1, {"shape": np.array([4, 5, 6])}, "layer 1: shape is 4 x 5 x 6, but its ima"),
        (1, {"stride": np.array([0, 1])}, "layer 1: stride must be between 1 and"),
        (1, {"stride": np.array([1, 1, 1])}, r"layer 1: stride is \[1.0, 1.0, 1.0\]"),
        (1, {"padding": 0.5}, r"layer 1: padding is \[0.5\]; allowed are two whole"),
        (
            1,
            {"groups": 3},
            "layer 1: kernel has 1 channels in and 4 out, but the image",
        ),
        (1, {"bias": np.ones(3)}, "layer 1: bias has 3 values; allowed are 4"),
        (2, {"delay": np.ones(5)}, "layer 2 has delays, which cannot be taken over"),
        (4, {"type": np.bytes_("average")}, "layer 4 is of the type 'average'"),
        (6, {"type": np.bytes_("pool")}, "layer 6: there is no data set kernelSize"),
        (
            0,
            {"shape": np.array([2, 9])},
            r"layer 0: shape is \[2.0, 9.0\]; allowed are",
        ),
        (0, {"shape": np.array([2, 99, 7])}, "shape is 4 x 5 x 5, but its image and"),
    ],
)
def test_what_images_cannot_be_is_named(images, layer, changes, sentence):
    with pytest.raises(InputError, match=sentence):
        read_netx(changed(images[1], layer, **changes))


def test_an_image_needs_a_flatten_layer_before_a_dense_one(images):
    _, path = images
    with h5py.File(path, "r+") as file:
        del file["layer/4"]
        for number in (5, 6, 7):
            file.move(f"layer/{number}", f"layer/{number - 1}")
    with pytest.raises(InputError, match="layer 4 follows an image of 5 x 2 x 1 witho"):
        read_netx(path)


def test_the_image_of_a_first_convolution_must_be_known(images):
    """Without an input layer a stride leaves several sizes."""
    artifact, path = images
    with h5py.File(path, "r+") as file:
        del file["layer/0"]
        for number in range(1, 8):
            file.move(f"layer/{number}", f"layer/{number - 1}")
    with pytest.raises(InputError, match="layer 0: nothing says the size of its image"):
        read_netx(path)
    with h5py.File(path, "r+") as file:  # the second, of strides of 1
        del file["layer/0"]
        for number in range(1, 7):
            file.move(f"layer/{number}", f"layer/{number - 1}")
    layers, _, _ = read_netx(path)
    wanted = artifact.network.as_frozen[1:]
    first = dataclasses.replace(wanted[0], channels_first=True)
    assert_same(layers, (first, *wanted[1:]))


def test_an_image_at_the_end_has_its_outputs_by_channel_first(images):
    """As lava-dl counts them; the layer becomes a dense one."""
    artifact, path = images
    with h5py.File(path, "r+") as file:
        for number in range(3, 8):
            del file[f"layer/{number}"]
    layers = dense_outputs(read_netx(path)[0])
    wanted = artifact.network.front[1]
    order = np.arange(60).reshape(4, 3, 5).transpose(2, 0, 1).ravel()
    np.testing.assert_array_equal(
        layers[1].kernel.reshape(60, 100), dense_weights(wanted)[order]
    )
    assert layers[1].is_dense
    kept = read_network(path, "netx", whole=False).layers[1]  # of a front
    np.testing.assert_array_equal(kept.kernel, wanted.kernel)


def with_input(path, n_image, **values):
    """The file with an input layer that has neurons."""
    with h5py.File(path, "r+") as file:
        n_layers = len(file["layer"])
        for number in reversed(range(n_layers)):
            file.move(f"layer/{number}", f"layer/{number + 1}")
        group = file.create_group("layer/0")
        group.create_dataset("type", (1,), "S10", [b"input"])
        group["shape"] = np.array(n_image)
        group["neuron/type"] = np.bytes_("CUBA")
        group["neuron/iDecay"], group["neuron/vDecay"] = 4096, 128
        group["neuron/vThMant"] = 64
        for name, value in values.items():
            group[name] = value
    return path


def test_neurons_of_an_input_are_a_layer_of_one_synapse_each(path, artifact):
    with_input(path, [20], weight=np.array([76.0]), bias=np.array([30.0]))
    layers, _, notes = read_netx(path)
    kernel, bias = np.full((1, 1, 1, 1), 76, np.int8), np.array([30 * 64], np.int32)
    first = FrozenLayer(kernel, (1, 20, 1), 4095, 128, 64, bias)
    assert_same(layers, (first, *artifact.network.as_frozen))
    np.testing.assert_array_equal(dense_weights(first), 76 * np.eye(20))
    assert len(notes) == 1 and "here it reads spikes, 1 in a step or 0" in notes[0]


def test_neurons_of_an_input_image_go_on_by_channel_last(images):
    _, path = images
    with h5py.File(path, "r+") as file:
        del file["layer/0"]
        for number in range(1, 8):
            file.move(f"layer/{number}", f"layer/{number - 1}")
    layers, _, _ = read_netx(with_input(path, [2, 9, 7], weight=80.0))
    assert layers[0].channels_first and not layers[1].channels_first
    assert layers[0].output_shape == (9, 7, 2)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"bias": 3.0}, r"adds its bias to a current that lasts \(iDecay 1024\)"),
        ({"weight": np.ones(20)}, "layer 0: has 20 weights; allowed is one"),
    ],
)
def test_inputs_that_are_not_exact_are_refused(path, values, sentence):
    with_input(path, [20], **values)
    with pytest.raises(InputError, match=sentence):
        read_netx(changed(path, 0, neuron__iDecay=1024))


def test_biases_follow_weights_that_are_halved(path):
    weights = np.full((8, 12), 254.0)
    weights[0, 0] = -256
    changed(path, 1, weight=weights, bias=np.arange(8.0), neuron__vThMant=100)
    layer = read_netx(path)[0][1]
    assert layer.vth == 50 and layer.bias.tolist() == [32 * n for n in range(8)]


@pytest.mark.parametrize("bias", [1, 64 * 4096, -64 * 4098])
def test_a_bias_that_the_format_cannot_hold_is_not_written(tmp_path, artifact, bias):
    first, *others = artifact.network.layers
    values = np.zeros(12, np.int32)
    values[3] = bias
    layers = (dataclasses.replace(first, bias=values), *others)
    network = dataclasses.replace(artifact.network, layers=layers)
    with pytest.raises(InputError, match=f"layer 0 has a bias of {bias}; netx holds"):
        write_netx(tmp_path / "b.net", dataclasses.replace(artifact, network=network))
    assert list(tmp_path.iterdir()) == []


def test_a_convolution_behind_a_dense_layer_is_written_as_a_dense_one(tmp_path, images):
    """lava-dl passes no image on from there; the neurons do the same."""
    artifact, _ = images
    rng = np.random.RandomState(1)
    square = FrozenLayer(
        rng.randint(1, 9, (3, 2, 2, 1)).astype(np.int8), (2, 5, 1), 1, 2, 3
    )
    front = (
        *artifact.network.front[:3],
        dense_layer(np.eye(10, dtype=np.int8), 1, 2, 3),
    )
    network = dataclasses.replace(artifact.network, front=(*front, square))
    write_netx(tmp_path / "c.net", dataclasses.replace(artifact, network=network))
    layers, _, _ = read_netx(tmp_path / "c.net")
    kernel = dense_weights(square).reshape(12, 1, 1, 10)
    np.testing.assert_array_equal(layers[4].kernel, kernel)


def test_dense_layers_above_a_convolution_of_a_file_learn(tmp_path):
    """Digits: a random convolution of another tool, and a network above it."""
    rng = np.random.RandomState(0)
    kernel = rng.randint(-20, 40, (6, 3, 3, 1)).astype(np.int8)
    front = (FrozenLayer(kernel, (8, 8, 1), 900, 200, 120, stride=(2, 2)),)
    assert front[0].n_post == 54
    config = small_config(hidden=(30,), steps=64, weight_limit=4.0)
    network = dataclasses.replace(small_network(config, 54, 10), front=front)
    path = tmp_path / "a.net"
    write_netx(path, Artifact(config, "0", (8, 8), network, (), 0, {}))
    model = ls.import_network(path, data="digits")
    assert model.artifact.no_rule == "" and len(model.artifact.network.front) == 1
    data = load_dataset("digits")
    before = model.evaluate().accuracy
    for _ in range(3):
        model.learn(data.train.images, data.train.labels)
    assert model.evaluate().accuracy > before + 0.2
    np.testing.assert_array_equal(model.artifact.network.front[0].kernel, kernel)

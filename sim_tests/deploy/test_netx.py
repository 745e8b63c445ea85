"""netx files: the layout, what comes back, and what is refused by name.

That lava-dl loads them and spikes as the engine does: `extras/test_lava_dl.py`.
"""

import dataclasses

import h5py
import numpy as np
import pytest
from small import small_config, small_network

from lava_sfdfa.deploy.exchange.dense import dense_layers, whole_weights
from lava_sfdfa.deploy.exchange.netx import write_netx
from lava_sfdfa.deploy.exchange.netx_layers import read_netx
from lava_sfdfa.errors import InputError
from lava_sfdfa.network.artifact import Artifact


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
    for got, wanted in zip(layers, dense_layers(artifact), strict=True):
        np.testing.assert_array_equal(got.weights, wanted.weights)
        assert got.weights.dtype == np.int8
        assert (got.du, got.dv, got.vth) == (wanted.du, wanted.dv, wanted.vth)


def test_layers_that_only_name_a_shape_are_passed_over(path, artifact):
    with h5py.File(path, "r+") as file:
        for number in (2, 1, 0):
            file.move(f"layer/{number}", f"layer/{number + 2}")
        file["layer/0/type"], file["layer/0/shape"] = np.bytes_("input"), np.array([20])
        file["layer/1/type"] = np.bytes_("flatten")
    layers, _, _ = read_netx(path)
    assert [len(layer.weights) for layer in layers] == [12, 8, 3]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"type": np.bytes_("conv")}, "layer 1 is of the type 'conv'"),
        ({"type": np.bytes_("dense_rec")}, "layer 1 is of the type 'dense_rec'"),
        ({"bias": np.ones(8)}, "layer 1 has 'bias', which cannot be taken over"),
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
        ({"weight": None}, "cannot be read as a netx file"),
        ({"weight": np.full((8, 12), np.nan)}, "layer 1: weight holds nan, in 96 of"),
        ({"weight": np.bytes_("heavy")}, "layer 1: weight holds text; allowed are num"),
        (
            {"weight": np.ones((8, 11))},
            "layer 1: weight takes 11 inputs, but the layer",
        ),
        ({"shape": np.array([0])}, "cannot be read as a netx file"),
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


@pytest.mark.parametrize("type_", ["conv", "input"])
def test_the_layer_that_cannot_be_taken_over_is_blamed(path, type_):
    """An input without neurons only names a shape; with them it makes the spikes."""
    with h5py.File(path, "r+") as file:
        del file["layer/0/type"]
        file["layer/0/type"] = np.bytes_("input")
        del file["layer/1/type"]
        file["layer/1/type"] = np.bytes_(type_)
    sentence = {
        "conv": "layer 1 is of the type 'conv'",
        "input": "layer 0 makes spikes of the inputs with neurons of its own",
    }
    with pytest.raises(InputError, match=sentence[type_]):
        read_netx(path)


def test_files_without_layers_or_steps_are_refused(tmp_path, path):
    with h5py.File(path, "r+") as file:
        del file["simulation/Ts"]
        file["simulation/Ts"] = 0.0
    with pytest.raises(InputError, match="simulation: Ts is 0; allowed is more"):
        read_netx(path)
    for entry in ("layer/0/type", "layer"):
        with h5py.File(tmp_path / "b.net", "w") as file:
            file[entry] = np.bytes_("flatten")
        with pytest.raises(InputError, match="has no dense layer|as a netx file"):
            read_netx(tmp_path / "b.net")


def test_a_bias_of_zero_is_none(path):
    assert len(read_netx(changed(path, 1, bias=np.zeros(8)))[0]) == 3


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

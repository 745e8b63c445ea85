"""Artifacts that were forged, with a right digest: each field has its sentence."""

import copy
import dataclasses
import json
from pathlib import Path

import h5py
import numpy as np
import pytest
from small import bursts, small_config, small_network

import lava_sfdfa as ls
from lava_sfdfa.engine.engine import Engine
from lava_sfdfa.errors import InputError
from lava_sfdfa.network.artifact import load_artifact, save_artifact, to_content
from lava_sfdfa.network.content import save_content
from lava_sfdfa.network.rule import Rule, Scale
from lava_sfdfa.reference.artifact import load_float

VERSION_1 = Path(__file__).parents[1] / "artifact_v1.h5"


def forge(path, content, changes, provenance=None):
    """Write the content with other fields, by their paths; None removes one. The digest
    is made anew."""
    content = copy.deepcopy(content)
    for name, value in changes.items():
        *groups, last = name.split("/")
        group = content
        for each in groups:
            group = group[each]
        if value is None:
            del group[last]
        else:
            group[last] = value
    save_content(path, content, provenance or {"dataset": "digits"})
    return path


@pytest.fixture(scope="module")
def images():
    return to_content(load_artifact(VERSION_1))


@pytest.fixture(scope="module")
def tables():
    """The content of a network that learned a table of 3 features, as texts."""
    rng = np.random.RandomState(0)
    x, y = rng.rand(60, 3), np.array(["a", "b"] * 30)
    model = ls.train((x, y), hidden=[5], epochs=1)
    return to_content(model.artifact)


def refused(path, match):
    with pytest.raises(InputError, match=match) as error:
        load_artifact(path)
    text = str(error.value)
    assert text.startswith(f"{path}: ") and "\n" not in text and len(text) < 600
    assert "train again or take a copy" in text


# --- what is still read ---------------------------------------------------------------


def test_an_artifact_that_was_not_changed_is_read(images, tmp_path):
    forge(tmp_path / "a.h5", images, {})
    assert load_artifact(tmp_path / "a.h5").digest == load_artifact(VERSION_1).digest


def series():
    rng = np.random.RandomState(0)
    return rng.randn(40, 2, 30), np.arange(40) % 2


def events():
    return bursts(n=240)


@pytest.mark.parametrize("make", [series, events])
@pytest.mark.parametrize("feedback", ["sfdfa", "symmetric"])
def test_what_trainings_write_is_read(make, feedback, tmp_path):
    options = {"hidden": [6, 4], "epochs": 2, "limit": 30, "feedback": feedback}
    model = ls.train(make(), out=tmp_path, eligibility="recursive", **options)
    assert ls.load(tmp_path).digest == model.digest


def test_what_a_network_without_a_rule_is_made_of_is_read(tmp_path, images):
    rule = {"tag_scale": np.zeros(2, np.int64), "weight_scale": np.zeros(2, np.int64)}
    changes = {f"layers/{n}/{k}": v for n in (0, 1) for k, v in rule.items()}
    changes |= {"no_rule": "it has equal decays", "record": {}, "n_learned": 0}
    path = forge(tmp_path / "a.h5", images, changes)
    assert load_artifact(path).no_rule == "it has equal decays"


# --- forged ---------------------------------------------------------------------------

INT8 = np.int8


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        # The whole.
        ({"extra": 1}, "a field must be one of .*, not 'extra'"),
        ({"n_learned": None}, "the field 'n_learned' is missing"),
        ({"n_learned": -1}, "n_learned must be between 0 and 281474976710656, not -1"),
        ({"n_learned": 2.5}, "n_learned must be an integer, not 2.5"),
        ({"data_digest": 3}, "data_digest must be a text, not 3"),
        ({"no_rule": 1}, "no_rule must be a text, not 1"),
        ({"image_shape": np.array([8, 9])}, r"image_shape is \(8, 9\); it must have"),
        ({"image_shape": np.array([-8, -8])}, "image_shape must be between 1 and"),
        ({"image_shape": np.array([8.0, 8])}, "image_shape must be int64"),
        ({"image_shape": np.ones((8, 8), int)}, "image_shape must be int64 of the sh"),
        ({"image_shape": np.array([1] * 31 + [8, 8])}, "in at most 32 dimensions"),
        # The settings.
        ({"config": 1}, "config: must be a group of fields, not 1"),
        ({"config/steps": -1}, "config: steps must be between 4 and 1024, not -1"),
        ({"config/steps": 10**9}, "config: steps must be between 4 and 1024"),
        ({"config/seed": None}, "config: the field 'seed' is missing"),
        ({"config/sead": 1}, "config: a field must be .* did you mean 'seed'"),
        ({"config/feedback": "dream"}, "config: feedback must be one of sfdfa, random"),
        (
            {"config/hidden": np.array([31])},
            r"config: hidden is \(31,\), but the layers",
        ),
        ({"config/hidden": np.zeros(0, int)}, "config: hidden must name at least one"),
        ({"config/hidden": 30}, "config: hidden must be int64 of the shape"),
        ({"config/window_s": 0.3}, "config: window_s must be at most duration_s"),
        ({"config/homeostasis": np.nan}, "config: homeostasis must be between"),
        # The network.
        ({"network/steps": -1}, "steps must be between 1 and 1024, not -1"),
        ({"network/steps": 10**9}, "steps must be between 1 and 1024"),
        ({"network/steps": 63}, "network: steps is 63, but config says 64"),
        ({"network/seed": 5}, "network: seed is 5, but config says 0"),
        ({"network/rounding": "up"}, "rounding must be one of synapse, shared"),
        ({"network/loss": None}, "network: the field 'loss' is missing"),
        ({"network/more": 1}, "network: a field must be one of"),
        # The layers.
        ({"layers": {}}, "layers: the field '0' is missing"),
        ({"layers": 3}, "layers: must be a group of fields, not 3"),
        ({"layers/1": None}, "layers/0: a field must be one of .*, not 'rate'"),
        ({"layers/2": {}}, "layers/1: the field 'rate' is missing"),
        ({"layers/x": {}}, "layers: a field must be one of 0, 1, 2, not 'x'"),
        (
            {"layers/0/du": 4096},
            "layers/0: du has 4096 to 4096; the chip holds 0 to 40",
        ),
        ({"layers/0/dv": -1}, "layers/0: dv has -1 to -1; the chip holds"),
        ({"layers/0/du": 1.5}, "layers/0: du must be an integer, not 1.5"),
        (
            {"layers/0/du": np.array([1, 2])},
            "layers/0: du must be an integer, not array",
        ),
        ({"layers/1/vth": 2**17}, "layers/1: vth has 131072 to 131072; the chip holds"),
        ({"layers/1/impulse": 128}, "layers/1: impulse has 128 to 128; the chip holds"),
        ({"layers/1/x1_tau": np.inf}, "layers/1: x1_tau must be between"),
        ({"layers/1/x2_tau": np.nan}, "layers/1: x2_tau must be between"),
        ({"layers/1/x2_tau": 0.0}, "layers/1: x2_tau must be between"),
        ({"layers/0/error_gain": -1}, "layers/0: error_gain must be between"),
        ({"layers/0/payload_shift": 64}, "layers/0: payload_shift must be between 0 a"),
        (
            {"layers/0/reciprocal_exponent": 999},
            "layers/0: reciprocal_exponent must be",
        ),
        ({"layers/0/target_rate": -1}, "layers/0: target_rate must be between 0 and"),
        ({"layers/0/wake_step": 64}, "layer 0: wake_step must be below steps, 64, not"),
        ({"layers/0/wake_step": 2**40}, "layers/0: wake_step must be between 0 and"),
        ({"layers/0/more": 1}, "layers/0: a field must be one of"),
        ({"layers/0/vth": None}, "layers/0: the field 'vth' is missing"),
        ({"layers/0/weights": np.zeros((30, 63), INT8)}, r"image_shape is \(8, 8\)"),
        (
            {"layers/0/weights": np.zeros((29, 64), INT8)},
            r"feedback must be int8 of .*29",
        ),
        (
            {"layers/1/weights": np.zeros((10, 31), INT8)},
            r"layer 1: weights must be .*30",
        ),
        ({"layers/0/weights": np.zeros((30, 64))}, "layers/0: weights must be int8"),
        ({"layers/0/weights": np.zeros(64, INT8)}, "layers/0: weights must be int8 of"),
        ({"layers/0/weights": "heavy"}, "layers/0: weights must be int8 of"),
        ({"layers/0/weights": np.zeros((0, 64), INT8)}, "layers/0: "),
        (
            {"layers/0/feedback": np.zeros((30, 9), INT8)},
            r"layer 0: feedback must be .*10",
        ),
        (
            {"layers/1/feedback": np.zeros((10, 2), INT8)},
            r"layer 1: feedback must .*, 0\)",
        ),
        ({"layers/0/rate": np.zeros(29, np.int32)}, r"layers/0: rate must be .*\(30\)"),
        ({"layers/0/rate": np.zeros(30)}, "layers/0: rate must be int32"),
        ({"layers/0/rate": np.full(30, -1, np.int32)}, "rate has -1 to -1; it must be"),
        (
            {"layers/0/rate": np.full(30, 2**30, np.int32)},
            "rate has .*; it must be betw",
        ),
        ({"layers/0/rate": None}, "layers/0: the field 'rate' is missing"),
        (
            {"layers/0/tag_scale": np.array([9, 0])},
            "layers/0: the rule constant 9.2.0 is",
        ),
        (
            {"layers/0/tag_scale": np.array([4, -5, 0])},
            "layers/0: tag_scale must be int6",
        ),
        (
            {"layers/0/tag_scale": np.array([4.0, 1])},
            "layers/0: tag_scale must be int64",
        ),
        (
            {"layers/0/weight_scale": np.array([1, 9])},
            "layers/0: the rule constant 1.2.9",
        ),
        (
            {"layers/0/jump_scale": np.array([1, 1])},
            "layers/0: a second tag has both con",
        ),
        (
            {f"layers/0/{n}_scale": np.array([1, -6]) for n in ("jump", "decay")},
            "layers/0: jump_scale does not go with the eligibility 'trace'",
        ),
        # The record.
        ({"record": 1}, "record: must be a group of fields, not 1"),
        ({"record/mood": np.zeros(2)}, "record: a field must be one of"),
        (
            {"record/train_accuracy": np.zeros(3)},
            r"record: has curves of \[2, 3\] epochs",
        ),
        ({"record/spikes": np.zeros((2, 3))}, r"record: spikes must be .*\(2, 2\)"),
        ({"record/alignment": np.zeros(2)}, r"record: alignment must be .*\(2, 1\)"),
        (
            {"record/val_accuracy": np.array([0.5, np.inf])},
            "val_accuracy must be .*inf",
        ),
        (
            {"record/val_accuracy": np.array([0.5, 2])},
            "val_accuracy must be between 0.0",
        ),
        (
            {"record/learning_share": np.full(2, np.nan)},
            "learning_share must be between",
        ),
        (
            {"record/silent": np.zeros((2, 1), np.float32)},
            "record: silent must be float64",
        ),
        (
            {"record/silent": np.array([["a"], ["b"]], "S1")},
            "record: silent must be flo",
        ),
        (
            {"record/saturation_tags": np.full((2, 2), -1.0)},
            "saturation_tags must be bet",
        ),
        (
            {"record": {"spikes": np.zeros((0, 2))}},
            r"record: has curves of \[0\] epochs",
        ),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_forged_artifacts_are_a_sentence(images, tmp_path, changes, sentence):
    refused(forge(tmp_path / "a.h5", images, changes), sentence)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"kind": "dream"}, "kind must be one of image, table, series, events"),
        ({"kind": "image"}, "image has no knots, n_fields or points"),
        ({"kind": "series"}, "shape is .* series have channels and a length"),
        (
            {"kind": "series", "shape": np.array([1, 3]), "points": 0},
            "shape is .* and points 0; series have channels and a length, and a point",
        ),
        ({"shape": np.array([4])}, r"knots must be float64 of the shape \(4, any\)"),
        ({"shape": np.array([0])}, "shape must be between 1 and"),
        ({"shape": None}, "the field 'shape' is missing"),
        ({"classes": "[1, 2"}, "classes must be 1 to 2 names in JSON"),
        ({"classes": "[]"}, "classes must be 1 to 2 names"),
        ({"classes": "[0, 1, 2]"}, "classes must be 1 to 2 names"),
        ({"classes": '["a", 1]'}, "classes must be 1 to 2 names"),
        ({"classes": '["a", "a"]'}, "classes must be 1 to 2 names"),
        ({"classes": "[true, false]"}, "classes must be 1 to 2 names"),
        ({"classes": 5}, "classes must be a text, not 5"),
        ({"points": -1}, "points must be between 0 and 64, not -1"),
        ({"points": 1.5}, "points must be an integer"),
        ({"knots": np.full((3, 5), np.nan)}, "knots must be finite numbers that rise"),
        (
            {"knots": np.zeros((3, 5)) - np.arange(5)},
            "knots must be finite numbers that",
        ),
        ({"knots": np.zeros((3, 0))}, "knots must be finite numbers"),
        ({"knots": None}, "the field 'knots' is missing"),
        ({"n_fields": 0}, "n_fields must be between 4 and 24"),
        ({"n_fields": 23}, "shape is .*, which makes 69 inputs; the network has 72"),
        ({"top": -1.0}, "top must be between"),
        ({"more": 1}, "a field must be one of"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_forged_readings_are_a_sentence(tables, tmp_path, changes, sentence):
    changes = {f"reading/{name}": value for name, value in changes.items()}
    refused(forge(tmp_path / "a.h5", tables, changes), f"reading: {sentence}")


@pytest.mark.parametrize(
    "provenance",
    [
        [1],
        {"dataset": 1},
        {"dataset": ["digits"]},
        {"more": {"a": 1}},
        {"dataset": "digits", "more": {"a": 1}},
    ],
)
def test_provenance_is_texts_and_numbers(images, tmp_path, provenance):
    path = forge(tmp_path / "a.h5", images, {})
    with h5py.File(path, "r+") as file:
        file.attrs["provenance"] = json.dumps(provenance)
    refused(path, "provenance must be an object of texts and numbers")


def test_a_name_that_stands_there_twice_is_a_sentence(images, tmp_path):
    path = forge(tmp_path / "a.h5", images, {})
    with h5py.File(path, "r+") as file:
        file["n_learned"] = 7
    refused(path, r"is not a readable artifact \(n_learned stands there twice\)")


def test_texts_where_numbers_belong_are_a_sentence(images, tmp_path):
    """Their digest would be that of addresses in memory."""
    path = forge(tmp_path / "a.h5", images, {})
    with h5py.File(path, "r+") as file:
        del file["image_shape"]
        file["image_shape"] = ["eight", "eight"]
    refused(path, "is damaged|is not a readable artifact")


@pytest.mark.parametrize("value", [np.zeros(3), "1", 1.0, 0, 2, np.bytes_("x")])
def test_a_version_that_is_none_is_a_sentence(images, tmp_path, value):
    path = forge(tmp_path / "a.h5", images, {})
    with h5py.File(path, "r+") as file:
        file.attrs["format_version"] = value
    with pytest.raises(InputError, match="has the format version"):
        load_artifact(path)
    with h5py.File(path, "r+") as file:
        file.attrs["format"] = np.zeros(3)
    with pytest.raises(InputError, match="is an HDF5 file, but not an artifact"):
        load_artifact(path)


# --- floating point -------------------------------------------------------------------


@pytest.fixture(scope="module")
def floating(tmp_path_factory):
    from command_line import call

    out = tmp_path_factory.mktemp("float")
    options = ["--epochs", 2, "--limit", 60, "--out", out]
    options += ["--hidden", 6, "--hidden", 5, "--precision", "float"]
    result = call("train", "--dataset", "digits", *options)
    assert result.exit_code == 0, result.output
    from lava_sfdfa.reference.artifact import _content

    return _content(load_float(out))


def matrix(*shape):
    return np.zeros(shape, np.float32)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"extra": 1}, "a field must be one of"),
        ({"feedback": None}, "the field 'feedback' is missing"),
        ({"data_digest": 1}, "data_digest must be a text"),
        ({"image_shape": np.array([8, 9])}, "image_shape is .* has inputs, 64"),
        ({"config/batch": 0}, "config: batch must be between 1 and"),
        ({"config/steps": 4}, "config: a field must be one of"),
        ({"config/hidden": np.array([6])}, "weights: a field must be one of 0, 1, not"),
        ({"config/hidden": np.array([6, 4])}, r"weights: 1 must be .*\(4, 6\)"),
        (
            {"weights/0": matrix(7, 64)},
            r"weights: 0 must be float32 of the shape \(6, ",
        ),
        (
            {"weights/1": matrix(5, 7)},
            r"weights: 1 must be float32 of the shape \(5, 6",
        ),
        ({"weights/2": np.zeros((10, 5))}, "weights: 2 must be float32 of the shape"),
        ({"weights/2": matrix(0, 5)}, "weights: 2 must hold finite numbers, at least"),
        ({"weights/2": matrix(10, 5) * np.nan}, "weights: 2 must hold finite numbers"),
        ({"weights/3": matrix(10, 5)}, "weights: a field must be one of 0, 1, 2, not"),
        ({"feedback/1": matrix(5, 9)}, r"feedback: 1 must be float32 of .*\(5, 10\)"),
        ({"record": {}}, "record: the field 'alignment' is missing"),
        ({"record/val_accuracy": np.zeros(3)}, "record: has curves of"),
        ({"record/spikes": np.zeros((2, 2))}, r"record: spikes must be .*\(2, 3\)"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_forged_float_artifacts_are_a_sentence(floating, tmp_path, changes, sentence):
    path = forge(tmp_path / "a.h5", floating, {})
    assert load_float(path) is not None
    forge(path, floating, changes)
    with pytest.raises(InputError, match=f"{path}: .*{sentence}"):
        load_float(path)


# --- in memory ------------------------------------------------------------------------


def test_a_network_in_memory_is_checked_before_a_kernel_sees_it():
    network = small_network(small_config(hidden=(12, 8)))
    assert Engine(network).network().sizes == network.sizes
    layer = network.layers[1]
    for changes, sentence in (
        ({"weights": layer.weights.astype(int)}, "weights must be int8"),
        ({"weights": layer.weights[0]}, "weights must be int8 of the shape"),
        ({"feedback": layer.feedback[1:]}, r"feedback must be int8 of .*\(8, any\)"),
        ({"weights": layer.weights.tolist()}, "weights must be int8 .*, not list"),
        ({"du": 2.5}, "du must be an integer, not 2.5"),
        ({"x1_tau": 0.0}, "x1_tau must be between"),
        ({"weights": layer.weights[:, :0]}, "a layer has a neuron and an input at lea"),
    ):
        with pytest.raises(InputError, match=sentence):
            dataclasses.replace(layer, **changes)
    shorter = dataclasses.replace(layer, weights=layer.weights[:, 1:].copy())
    with pytest.raises(
        InputError, match=r"layer 1: weights must be .*\(any, 12\), not"
    ):
        with_layer(network, shorter)
    narrow = dataclasses.replace(layer, feedback=layer.feedback[:, 1:].copy())
    with pytest.raises(InputError, match=r"layer 1: feedback must be .*\(8, 3\), not"):
        with_layer(network, narrow)
    with pytest.raises(InputError, match="a second tag has both constants"):
        Rule(Scale(4, -5), Scale(2, -7), Scale(1, -6))
    with pytest.raises(InputError, match="exponent must be an integer, not 1.5"):
        Scale(4, 1.5)
    for changes, sentence in (
        ({"steps": 0}, "steps must be between 1 and 1024"),
        ({"steps": 2.0}, "steps must be an integer"),
        ({"feedback_kind": "dream"}, "feedback_kind must be one of"),
        ({"target_true": 10**30}, "target_true must be between"),
    ):
        with pytest.raises(InputError, match=sentence):
            dataclasses.replace(network, **changes)


def with_layer(network, layer):
    layers = (network.layers[0], layer, network.layers[2])
    return dataclasses.replace(network, layers=layers)


def test_saving_and_reading_agree_on_every_field(tmp_path):
    """What is written is never refused: all fields of the layers at once."""
    artifact = load_artifact(VERSION_1)
    layers = [
        dataclasses.replace(
            layer,
            rule=Rule(Scale(4, -5), Scale(2, -7), Scale(1, -6), Scale(1, -7)),
            wake_step=None if number else 3,
        )
        for number, layer in enumerate(artifact.network.layers)
    ]
    network = dataclasses.replace(artifact.network, layers=tuple(layers))
    config = dataclasses.replace(artifact.config, eligibility="recursive")
    artifact = dataclasses.replace(artifact, network=network, config=config)
    save_artifact(tmp_path / "a.h5", artifact)
    again = load_artifact(tmp_path / "a.h5")
    assert again.digest == artifact.digest
    assert again.network.layers[0].wake_step == 3

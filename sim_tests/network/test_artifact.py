"""Artifacts: every field survives, and what is damaged or unknown is refused."""

import dataclasses

import h5py
import numpy as np
import pytest
from small import random_samples, small_config, small_network

from lava_sfdfa.engine.engine import Engine
from lava_sfdfa.errors import InputError
from lava_sfdfa.network.artifact import Artifact, load_artifact, save_artifact
from lava_sfdfa.network.content import VERSION


@pytest.fixture
def artifact():
    config = small_config(hidden=(12, 8), limit=7)
    engine = Engine(small_network(config))
    events, labels = random_samples(config, 12)
    engine.learn(events, labels, np.arange(12))
    return Artifact(
        config=config,
        data_digest="0",
        shape=(4, 5),
        network=engine.network(),
        rates=tuple(state.rate.copy() for state in engine.states[:-1]),
        n_learned=engine.n_learned,
        record={"train_accuracy": np.array([0.25]), "spikes": np.array([[1.5, 2, 3]])},
        provenance={"learn_seconds": 1.5},
    )


def flat(value, path=""):
    """All leaves of nested dataclasses, tuples and dictionaries, by path."""
    if dataclasses.is_dataclass(value):
        fields = dataclasses.fields(value)
        value = {field.name: getattr(value, field.name) for field in fields}
    if isinstance(value, tuple):
        value = dict(enumerate(value))
    if isinstance(value, dict):
        for name, entry in value.items():
            yield from flat(entry, f"{path}/{name}")
    else:
        yield path, value


def test_every_field_survives(tmp_path, artifact):
    digest = save_artifact(tmp_path / "network.h5", artifact)
    again = load_artifact(tmp_path / "network.h5")
    before, after = dict(flat(artifact)), dict(flat(again))
    assert before.keys() == after.keys() and len(before) > 60
    for path, value in before.items():
        assert type(after[path]) is type(value), path
        np.testing.assert_array_equal(after[path], value, path)
        if isinstance(value, np.ndarray):
            assert after[path].dtype == value.dtype, path
    assert again.digest == artifact.digest == digest
    assert load_artifact(tmp_path).digest == digest  # the folder will do


def test_the_digest_is_of_the_content(tmp_path, artifact):
    """Not of times or of the bytes of the file; but of every integer."""
    later = dataclasses.replace(artifact, provenance={"learn_seconds": 9.0})
    assert later.digest == artifact.digest
    layer = artifact.network.layers[0]
    weights = layer.weights.copy()
    weights[3, 4] ^= 1
    layers = (dataclasses.replace(layer, weights=weights), *artifact.network.layers[1:])
    network = dataclasses.replace(artifact.network, layers=layers)
    assert dataclasses.replace(artifact, network=network).digest != artifact.digest
    assert dataclasses.replace(artifact, n_learned=13).digest != artifact.digest


def test_trained_further_from_disk_it_is_the_same(tmp_path, artifact):
    save_artifact(tmp_path / "network.h5", artifact)
    again = load_artifact(tmp_path)
    events, labels = random_samples(artifact.config, 12)
    engines = [Engine(a.network, a.rates, a.n_learned) for a in (artifact, again)]
    for engine in engines:
        engine.learn(events, labels, np.arange(12))
    for a, b in zip(engines[0].states, engines[1].states, strict=True):
        np.testing.assert_array_equal(a.weights, b.weights)
        np.testing.assert_array_equal(a.feedback, b.feedback)
    assert (artifact.network.layers[0].weights != engines[0].states[0].weights.T).any()


def test_a_damaged_artifact_is_refused(tmp_path, artifact):
    path = tmp_path / "network.h5"
    save_artifact(path, artifact)
    with h5py.File(path, "r+") as file:
        file["layers/0/weights"][2, 3] += 1
    with pytest.raises(InputError, match="is damaged: its content does not have"):
        load_artifact(path)
    for name, value in (("provenance", "{not json"), ("digest", np.zeros(3))):
        save_artifact(path, artifact)
        with h5py.File(path, "r+") as file:
            file.attrs[name] = value
        with pytest.raises(InputError, match="is not a readable artifact|is damaged"):
            load_artifact(path)
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(InputError, match="is not a readable artifact"):
        load_artifact(path)
    path.write_text("something else")
    with pytest.raises(InputError, match="is not a readable artifact"):
        load_artifact(path)


def test_a_newer_artifact_is_refused(tmp_path, artifact):
    path = tmp_path / "network.h5"
    save_artifact(path, artifact)
    with h5py.File(path, "r+") as file:
        file.attrs["format_version"] = VERSION + 1
    with pytest.raises(InputError, match="format version 2; this .* reads 1 to 1"):
        load_artifact(path)
    with h5py.File(path, "r+") as file:
        file.attrs["format_version"] = 0
    with pytest.raises(InputError, match="format version 0"):
        load_artifact(path)


def test_others_may_read_it(tmp_path, artifact):
    save_artifact(tmp_path / "network.h5", artifact)
    (tmp_path / "any").touch()
    mode = (tmp_path / "network.h5").stat().st_mode
    assert mode == (tmp_path / "any").stat().st_mode


def test_other_files_are_refused(tmp_path):
    with pytest.raises(InputError, match="there is no such artifact"):
        load_artifact(tmp_path)
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["x"] = 1
    with pytest.raises(InputError, match="not an artifact of lava-sfdfa"):
        load_artifact(tmp_path / "other.h5")
    with h5py.File(tmp_path / "hollow.h5", "w") as file:
        file.attrs["format"], file.attrs["format_version"] = "lava-sfdfa", 1
    with pytest.raises(InputError, match="is not a readable artifact"):
        load_artifact(tmp_path / "hollow.h5")


def test_nothing_is_left_where_writing_fails(tmp_path, artifact):
    (tmp_path / "network.h5").mkdir()  # cannot be replaced by a file
    with pytest.raises(InputError, match="cannot be written"):
        save_artifact(tmp_path / "network.h5", artifact)
    assert [path.name for path in tmp_path.iterdir()] == ["network.h5"]
    with pytest.raises(InputError, match="choose another --out"):
        save_artifact(tmp_path / "none" / "network.h5", artifact)

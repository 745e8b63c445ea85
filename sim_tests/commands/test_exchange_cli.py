"""`export` and `import` as a user meets them."""

import sys

import numpy as np
import pytest
from command_line import call, last_json

from lava_sfdfa.deploy.exchange.dense import LOST
from lava_sfdfa.network.artifact import load_artifact


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The folder of a small trained network."""
    out = tmp_path_factory.mktemp("run")
    options = ["--hidden", "30", "--epochs", "3", "--limit", "600"]
    assert call("train", *options, "--out", out).exit_code == 0
    return out


@pytest.fixture
def exported(run, tmp_path):
    result = call("export", run, "--format", "netx", "--out", tmp_path / "a.net")
    assert result.exit_code == 0, result.output
    return tmp_path / "a.net"


def test_export_says_what_the_format_loses(run, tmp_path):
    result = call("export", run, "--format", "netx", "--out", tmp_path / "a", "--json")
    found = last_json(result)
    assert found["layers"] == [64, 30, 10] and found["file"] == str(tmp_path / "a")
    assert found["digest"] == load_artifact(run).digest
    assert found["lost"] == list(LOST) and found["in_metadata"] == []
    for what in LOST:
        assert what in result.stderr


def test_an_import_classifies_as_the_export_did_and_learns(exported, run, tmp_path):
    out = tmp_path / "again"
    found = last_json(
        call("import", exported, "--format", "netx", "--out", out, "--json")
    )
    assert found["layers"] == [64, 30, 10]
    assert found["digest"] == load_artifact(out).digest
    before = last_json(call("evaluate", run, "--json"))
    after = last_json(call("evaluate", out, "--json"))
    assert after["test_accuracy"] == before["test_accuracy"] > 0.3
    assert after["spikes_per_sample"] == before["spikes_per_sample"]
    assert call("info", out).exit_code == 0
    learned = last_json(
        call("train", "--resume", "--out", out, "--epochs", "3", "--json")
    )
    assert learned["test_accuracy"] > before["test_accuracy"] + 0.02
    assert load_artifact(out).epochs_done == 3


def test_settings_of_the_import_hold_when_it_is_trained(exported, tmp_path):
    out = tmp_path / "again"
    (tmp_path / "a.toml").write_text("target_true = 9\nlearning_rate = 0.02\n")
    more = ["--config", tmp_path / "a.toml", "--out", out]
    assert call("import", exported, "--format", "netx", *more).exit_code == 0
    assert call("train", "--resume", "--out", out, "--epochs", "1").exit_code == 0
    config = load_artifact(out).config
    assert (config.target_true, config.learning_rate, config.epochs) == (9, 0.02, 1)
    assert config.steps == 64  # of the file


def test_wrong_use_is_a_sentence(exported, run, tmp_path):
    out = ["--out", tmp_path / "x"]
    result = call("import", exported, "--format", "netx", *out, "--dataset", "yin-yang")
    assert result.exit_code == 2
    assert "64 inputs and 10 outputs, but yin-yang has 4 pixels" in result.stderr
    result = call("import", exported, "--format", "netx", "--out", run)
    assert result.exit_code == 2 and "is there already" in result.stderr
    result = call("import", tmp_path / "none", "--format", "netx", *out)
    assert result.exit_code == 2 and "does not exist" in result.stderr
    result = call("export", run, "--format", "netx", "--out", tmp_path / "no" / "a.net")
    assert result.exit_code == 2 and "cannot be written" in result.stderr


def test_without_the_extra_there_is_one_sentence(run, exported, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "nir", None)  # as if it were not installed
    result = call("export", run, "--format", "nir", "--out", tmp_path / "a.nir")
    assert result.exit_code == 3
    assert "pip install 'lava-sfdfa[nir]'" in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "a.nir").exists()
    # To import takes h5py alone.
    result = call("import", exported, "--format", "nir", "--out", tmp_path / "b")
    assert result.exit_code == 2 and "cannot be read as a NIR graph" in result.stderr


def test_the_weights_of_a_file_are_the_weights_of_the_artifact(exported, run, tmp_path):
    call("import", exported, "--format", "netx", "--out", tmp_path / "again")
    pair = load_artifact(run), load_artifact(tmp_path / "again")
    for a, b in zip(*(x.network.layers for x in pair), strict=True):
        np.testing.assert_array_equal(a.weights, b.weights)
        assert len(np.unique(a.weights)) > 50

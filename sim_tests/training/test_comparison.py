"""Kinds of feedback side by side: figures, files, angles, the exact gradient."""

import dataclasses
import json

import numpy as np
import pytest
from command_line import call

from lava_sfdfa.data.datasets import load_dataset
from lava_sfdfa.data.encoding import encode
from lava_sfdfa.network.artifact import load_artifact
from lava_sfdfa.network.real import build_network
from lava_sfdfa.presets import named_config
from lava_sfdfa.training.angles import update_angles
from lava_sfdfa.training.exact import ExactTraining

QUICK = ["--hidden", "30", "--epochs", "2", "--limit", "300", "--seeds", "2"]


@pytest.fixture(scope="module")
def compared(tmp_path_factory):
    out = tmp_path_factory.mktemp("compared")
    result = call("compare", *QUICK, "--out", out, "--json")
    assert result.exit_code == 0, result.output
    return out, json.loads(result.stdout.splitlines()[-1])


def test_a_row_a_kind_with_mean_and_deviation(compared):
    out, result = compared
    assert [row["feedback"] for row in result["rows"]] == [
        "sfdfa",
        "random",
        "symmetric",
    ]
    data = json.loads((out / "comparison.json").read_text())
    for row in result["rows"]:
        runs = [run for run in data["runs"] if run["feedback"] == row["feedback"]]
        assert [run["seed"] for run in runs] == [0, 1] and row["seeds"] == 2
        tests = [run["test_accuracy"] for run in runs]
        assert row["test_accuracy_mean"] == pytest.approx(sum(tests) / 2)
        assert row["test_accuracy_std"] == pytest.approx(abs(tests[0] - tests[1]) / 2)
        assert all(len(run["angles"]) == 2 for run in runs)
        for run in runs:
            folder = out / f"{row['feedback']}-seed{run['seed']}"
            assert load_artifact(folder).digest == run["digest"]
    assert (out / "comparison.png").read_bytes().startswith(b"\x89PNG")


def test_angles_tell_good_feedback_from_bad(compared):
    """Feedback that is the transposed forward weights; and the same, negated."""
    artifact = load_artifact(compared[0] / "sfdfa-seed0")
    config = artifact.config
    part = encode(load_dataset("digits").train.first(40), config)
    lower, upper = artifact.network.layers
    signs = np.sign(upper.weights.T.astype(int))

    def angle(feedback):
        layer = dataclasses.replace(lower, feedback=(60 * feedback).astype(np.int8))
        network = dataclasses.replace(artifact.network, layers=(layer, upper))
        one = dataclasses.replace(artifact, network=network)
        return update_angles(one, part.events, part.labels)[0]

    good, bad = angle(signs), angle(-signs)
    # The tags are not the exact eligibility, and only signs of the weights are kept.
    assert good < 60 and bad > 120


def test_the_exact_gradient_learns():
    config = named_config(
        "digits",
        hidden=(30,),
        threshold_hidden=0.3,
        threshold_output=1.0,
        learning_rate=0.03,
    )
    data = load_dataset("digits")
    part = encode(data.train.first(150), config)
    training = ExactTraining(config, build_network(config, 64, 10))
    before = training.accuracy(part)
    for _ in range(3):
        for sample in range(len(part)):
            training.learn_one(part.events, sample, part.labels[sample], 1.0)
    assert training.accuracy(part) > before + 0.3


def test_the_exact_gradient_is_for_small_networks(tmp_path):
    result = call(
        "compare", "--feedback", "exact", "--hidden", "2000", "--out", tmp_path
    )
    assert result.exit_code == 2
    assert "up to 50000 weights, and this one has 148000" in result.stderr

"""Training: it learns, it can be stopped and resumed, and it repeats."""

import dataclasses

import numpy as np
import pytest

from lava_sfdfa.data.datasets import load_dataset
from lava_sfdfa.errors import InputError, Stopped
from lava_sfdfa.network.artifact import load_artifact
from lava_sfdfa.presets import named_config
from lava_sfdfa.training.evaluate import evaluate
from lava_sfdfa.training.record import learning_share
from lava_sfdfa.training.run import train


class Silent:
    """A display that only remembers."""

    def __init__(self, stop_in_epoch=None):
        self.said, self.rows, self.stop_in_epoch = [], [], stop_in_epoch
        self.states = []

    def say(self, text):
        self.said.append(text)

    def start(self, epoch, n_samples):
        self.epoch = epoch

    def advance(self, n_samples, state):
        self.states.append(state)
        if self.epoch == self.stop_in_epoch:
            raise KeyboardInterrupt

    def finish(self, epoch, state):
        self.rows.append(state)


def digits(**changes):
    values = {"hidden": (40,), "epochs": 3, "limit": 600, "learning_rate": 0.05}
    values |= {"loss": "count", "target_true": 15, "target_false": 3}  # soon learned
    return named_config("digits", **{**values, **changes})


def run(out, display=None, resume=False, **changes):
    data = load_dataset("digits")
    return train(data, digits(**changes), out, display or Silent(), resume)[1]


def test_training_learns_and_tells(tmp_path):
    display = Silent()
    result = run(tmp_path, display)
    assert result.test_accuracy > 0.7 > 3 / 10  # chance is 0.1
    assert result.layers == [64, 40, 10] and result.train_samples == 600
    assert len(result.spikes_per_sample) == 2 and min(result.spikes_per_sample) > 0
    accuracy = [row["train_accuracy"] for row in display.rows]
    assert accuracy == sorted(accuracy) and len(accuracy) == 3
    artifact = load_artifact(tmp_path)
    assert artifact.digest == result.digest
    assert artifact.epochs_done == 3 and artifact.n_learned == 1800
    np.testing.assert_array_equal(artifact.record["train_accuracy"], accuracy)
    assert set(display.states[0]) == {"accuracy", "spikes", "saturation"}
    alignment = artifact.record["alignment"][:, 0]
    assert alignment[-1] > 0.5  # of random weights it is near 0


def test_equal_seeds_give_equal_digests(tmp_path):
    first, second = run(tmp_path / "a"), run(tmp_path / "b")
    assert first.digest == second.digest
    assert run(tmp_path / "c", seed=1).digest != first.digest


def test_the_digest_is_pinned(tmp_path):
    """Of this training, on every machine and Python: a change of one integer of the
    rule, the engine or the artifact changes it, and then has to be meant."""
    assert run(tmp_path).digest == DIGEST


DIGEST = "81bbb185fea22ea53a78ded2e76432e0cbca7f5d4d9c7605341ec49c43bdf8cc"


def test_a_stopped_training_resumes_to_the_same_network(tmp_path):
    whole = run(tmp_path / "whole")
    with pytest.raises(Stopped, match=r"holds the last full epoch, 2 of 3; .*--resume"):
        run(tmp_path / "cut", Silent(stop_in_epoch=2))
    assert load_artifact(tmp_path / "cut").epochs_done == 2
    resumed = run(tmp_path / "cut", resume=True)
    assert resumed.digest == whole.digest


def test_stopped_in_the_first_epoch_nothing_is_written(tmp_path):
    with pytest.raises(Stopped, match="no epoch was full, so nothing was written"):
        run(tmp_path, Silent(stop_in_epoch=0))
    assert list(tmp_path.iterdir()) == []


def test_resume_refuses_other_settings(tmp_path):
    run(tmp_path)
    with pytest.raises(InputError, match=r"trained with hidden = \(40,\), not \(50,\)"):
        run(tmp_path, resume=True, hidden=(50,), epochs=4)
    with pytest.raises(InputError, match="has 3 epochs already"):
        run(tmp_path, resume=True)
    with pytest.raises(InputError, match="there is no such artifact"):
        run(tmp_path / "none", resume=True)


def test_an_earlier_artifact_is_kept(tmp_path):
    first = run(tmp_path)
    display = Silent()
    run(tmp_path, display, seed=1)
    assert any("kept as network.previous.h5" in text for text in display.said)
    assert load_artifact(tmp_path / "network.previous.h5").digest == first.digest


def test_a_silent_layer_is_announced(tmp_path):
    display = Silent()
    run(tmp_path, display, threshold_hidden=10.0, epochs=1)
    assert any("hidden layer 1 did not spike" in text for text in display.said)


def test_evaluate_repeats_the_test_accuracy(tmp_path):
    result = run(tmp_path)
    steps = []
    artifact, data = load_artifact(tmp_path), load_dataset("digits")
    found = evaluate(artifact, data, None, lambda *a: steps.append(a))
    assert found.test_accuracy == result.test_accuracy
    assert found.spikes_per_sample == result.spikes_per_sample
    assert found.samples == 359 and steps[-1] == (359, 359)
    assert evaluate(artifact, data, 10, lambda *a: None).samples == 10


def test_evaluate_refuses_data_of_another_shape(tmp_path):
    run(tmp_path)
    with pytest.raises(
        InputError, match=r"shape \(4,\), but the artifact takes \(8, 8\)"
    ):
        evaluate(load_artifact(tmp_path), load_dataset("yin-yang"), None, print)
    x = np.ones((40, 8, 8), np.uint8)
    content = {"x_train": x, "x_test": x}
    content |= {"y_train": np.arange(40) % 12, "y_test": np.arange(40) % 12}
    np.savez(tmp_path / "more.npz", **content)
    with pytest.raises(InputError, match="has 12 classes, but the artifact knows 10"):
        more = load_dataset(str(tmp_path / "more.npz"))
        evaluate(load_artifact(tmp_path), more, None, print)


def test_a_folder_that_cannot_be_written_stops_before_training(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot be written .*choose another --out"):
        run(tmp_path / "file")


def test_the_learning_rate_falls_to_its_end():
    config = dataclasses.replace(digits(), learning_rate_end=0.25, epochs=4)
    assert [learning_share(config, epoch) for epoch in range(4)] == [1, 0.75, 0.5, 0.25]
    assert learning_share(dataclasses.replace(config, epochs=1), 0) == 1.0


def test_shared_rounding_learns_too(tmp_path):
    shared, own = run(tmp_path / "a", rounding="shared"), run(tmp_path / "b")
    assert shared.digest != own.digest and shared.test_accuracy > 0.3

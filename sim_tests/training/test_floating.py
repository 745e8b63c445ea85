"""Training in floating point: settings, spikes, epochs, and the file it leaves."""

import dataclasses
import json

import numpy as np
import pytest
from command_line import call

from lava_sfdfa.data.datasets import load_dataset
from lava_sfdfa.data.samples import Images, Recordings
from lava_sfdfa.errors import InputError
from lava_sfdfa.network.artifact import load_artifact
from lava_sfdfa.reference.artifact import load_float, save_float
from lava_sfdfa.reference.config import FloatConfig, paper_config
from lava_sfdfa.training.display import Silence
from lava_sfdfa.training.floating import FloatTraining, encode_times, train_float

QUICK = ["train", "--precision", "float", "--hidden", "60", "--epochs", "5"]


def test_the_table_of_the_authors():
    """Their scripts give theta = c tau; the table of settings, a few rows of it."""
    mnist, shd = paper_config("mnist"), paper_config("shd")
    fashion = paper_config("fashion-mnist")
    tau = 2 * 0.13
    assert (mnist.threshold_hidden * tau, mnist.threshold_output * tau) == (0.2, 0.7)
    assert (mnist.hidden, mnist.epochs, mnist.homeostasis) == ((800,), 30, 0.1)
    assert (fashion.hidden, fashion.epochs) == ((400, 400), 50)
    assert shd.threshold_hidden * shd.tau_membrane_s == 1.0
    assert (shd.hidden, shd.learning_rate, shd.target_rate) == ((128,), 1e-3, 2.0)
    dfa = paper_config("emnist-balanced", "random")
    assert (dfa.homeostasis, dfa.target_rate) == (4.0, 0.2)
    assert paper_config("mnist", "random").target_rate == 0.4


def test_pixels_spike_at_their_exact_times():
    images = np.array([[0, 255, 51, 255]], np.uint8)
    config = FloatConfig()
    trains = encode_times(Images(images, np.array([7])), config)
    assert trains.neuron.tolist() == [1, 3, 2] and trains.offset.tolist() == [0, 3]
    times = 0.26 * np.log(trains.z)  # 51 is a fifth of 255: 0.8 of the window
    np.testing.assert_allclose(times, [0, 0, 0.08], atol=1e-15)


def test_events_spike_at_their_times_within_the_window():
    """Two recordings; the second is out of order, and has an event too late."""
    config = paper_config("shd")
    recordings = Recordings(
        np.array([5000, 400_000, 10_000, 1_000_001], np.int32),
        np.array([3, 1, 2, 0], np.uint16),
        np.array([0, 1, 4]),
        np.array([0, 1]),
        700,
    )
    trains = encode_times(recordings, config)
    assert trains.neuron.tolist() == [3, 2, 1] and trains.offset.tolist() == [0, 1, 3]
    times = config.tau_membrane_s * np.log(trains.z)
    np.testing.assert_allclose(times, [0.005, 0.01, 0.4], rtol=1e-12)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    out = tmp_path_factory.mktemp("float")
    result = call(*QUICK, "--out", out, "--json")
    assert result.exit_code == 0, result.output
    return out, json.loads(result.stdout.splitlines()[-1])


def test_train_prints_the_promised_fields(trained):
    _, result = trained
    assert result["precision"] == "float" and result["layers"] == [64, 60, 10]
    assert result["test_accuracy"] > 0.5 and 1 <= result["best_epoch"] <= 5
    assert {"val_accuracy", "seconds", "digest", "artifact"} <= result.keys()
    assert result["feedback_alignment"][0] > 0.2


def test_evaluate_and_info_read_what_was_trained(trained):
    out, result = trained
    evaluated = json.loads(call("evaluate", out, "--json").stdout.splitlines()[-1])
    assert evaluated["test_accuracy"] == result["test_accuracy"]
    assert evaluated["digest"] == result["digest"]
    shown = json.loads(call("info", out, "--json").stdout.splitlines()[-1])
    assert shown["precision"] == "float" and shown["layers"] == [64, 60, 10]
    with pytest.raises(InputError, match="holds a network in floating point"):
        load_artifact(out)


def test_every_field_comes_back(trained, tmp_path):
    artifact = load_float(trained[0])
    save_float(tmp_path / "copy.h5", artifact)
    copy = load_float(tmp_path / "copy.h5")
    assert copy.config == artifact.config and copy.digest == artifact.digest
    for one, other in ((artifact.weights, copy.weights),):
        assert all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))
    assert copy.record.keys() == artifact.record.keys()


def test_equal_seeds_give_equal_trainings():
    samples = Images(np.eye(8, dtype=np.uint8) * 200 + 20, np.arange(8) % 3)
    config = FloatConfig(
        hidden=(9, 6), batch=4, threshold_hidden=0.03, threshold_output=0.03
    )
    part = encode_times(samples, config)

    def learned(**changes):
        training = FloatTraining(dataclasses.replace(config, **changes), 8, 3)
        training.epoch(part, lambda *_: None)
        return training

    one, two, other = learned(), learned(), learned(seed=1)
    for a, b in zip(one.weights(), two.weights(), strict=True):
        assert np.array_equal(a, b)
    assert not np.array_equal(one.weights()[0], other.weights()[0])
    assert one.alignment()[1] > 0
    # Symmetric feedback was copied before the last batch, so it is nearly the path.
    assert min(learned(feedback="symmetric").alignment()) > 0.99


@pytest.mark.parametrize(
    "options", [["--resume"], ["--eligibility", "trace"], ["--rounding", "shared"]]
)
def test_options_of_the_integers_are_refused(options, tmp_path):
    result = call(*QUICK, *options, "--out", tmp_path)
    assert result.exit_code == 2
    assert f"{options[0]} does not go with --precision float" in result.stderr


def test_settings_come_from_a_file(tmp_path):
    file = tmp_path / "run.toml"
    file.write_text("batch = 1294\n")
    result = call(
        *QUICK, "--epochs", "1", "--config", file, "--out", tmp_path, "--json"
    )
    assert result.exit_code == 0
    assert load_float(tmp_path).config.batch == 1294
    file.write_text("batches = 3\n")
    result = call(*QUICK, "--config", file, "--out", tmp_path)
    assert result.exit_code == 2 and "did you mean 'batch'" in result.stderr


@pytest.mark.parametrize(
    "changes", [{"tau_synapse_s": 0.001}, {"tau_synapse_s": 0.01, "duration_s": 1.0}]
)
def test_many_time_constants_leave_numbers(changes):
    """Sums of exp(2 t / tau) would leave 32 bits after 44 time constants."""
    config = paper_config("digits", hidden=(20,), epochs=1, limit=200, **changes)
    data = load_dataset("digits")
    artifact, result = train_float(data, config, None, Silence())
    assert all(np.isfinite(weights).all() for weights in artifact.weights)
    assert np.isfinite(result.val_accuracy)


def test_more_time_constants_than_a_float_holds_are_refused():
    with pytest.raises(InputError, match="duration_s must be at most 700 times"):
        paper_config("digits", tau_synapse_s=1e-4)


def test_a_seed_that_numpy_does_not_take_is_refused():
    with pytest.raises(InputError, match="seed must be between 0 and 4294967295, not"):
        FloatConfig(seed=2**32)

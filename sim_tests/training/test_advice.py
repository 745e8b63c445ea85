"""What a training says where it goes wrong: once, with values that help."""

import numpy as np
import pytest
from small import bursts

import lava_sfdfa as ls
from lava_sfdfa.data.datasets import load_dataset
from lava_sfdfa.errors import InputError
from lava_sfdfa.network.artifact import load_artifact
from lava_sfdfa.presets import named_config
from lava_sfdfa.training.display import Silence
from lava_sfdfa.training.run import train

WRONG = {
    "hidden layer 1 did not spike": {"threshold_hidden": 30.0, "wake": False},
    "no output spiked": {"learning_rate": 1e-4},
    "of the weights of a layer stand at a limit": {"learning_rate": 5.0},
    "are right, as by chance": {"learning_rate": 1e-4, "threshold_output": 0.2},
}


SHORT = {"hidden": [60], "epochs": 1, "limit": 700}


class Said(Silence):
    """Keeps what is said."""

    def __init__(self):
        self.texts = []

    def say(self, text):
        self.texts.append(text)

    def warnings(self):
        return [text for text in self.texts if text.startswith("warning")]


def learn(auto=False, out=None, **changes):
    values = {"hidden": (60,), "epochs": 4, "limit": 700, **changes}
    said = Said()
    config = named_config("digits", **values)
    _, result = train(load_dataset("digits"), config, out, said, auto=auto)
    return said, result


@pytest.mark.parametrize("trouble", WRONG)
def test_a_trouble_is_said_once_and_what_is_advised_helps(trouble):
    said, result = learn(**WRONG[trouble])
    warning = said.warnings()[0]
    assert trouble in warning and result.test_accuracy < 0.5
    said_before = said.warnings()
    assert len(set(said_before)) == len(said_before)
    words = warning.split("; try ")[1].split(", or let")[0].split(" and ")
    advised = {name: float(value) for name, value, *_ in map(str.split, words)}
    said, result = learn(**{**WRONG[trouble], **advised})
    assert not said.warnings() and result.test_accuracy > 0.8


def test_nothing_is_said_where_all_is_well():
    said, result = learn()
    assert not said.warnings() and result.test_accuracy > 0.85


def test_with_auto_the_training_begins_again(tmp_path):
    _, first = learn(out=tmp_path)
    said, result = learn(auto=True, out=tmp_path, learning_rate=5.0)
    assert sum("beginning again with" in text for text in said.texts) == 1
    assert result.test_accuracy > 0.8 and result.epochs == 4
    # What was there before is kept, not the attempt that failed.
    assert load_artifact(tmp_path / "network.previous.h5").digest == first.digest
    assert load_artifact(tmp_path).digest == result.digest


def test_auto_gives_up_after_two_restarts(monkeypatch):
    from lava_sfdfa.training import run
    from lava_sfdfa.training.advice import Advice

    advice = Advice("all is lost", {"homeostasis": 1.0})
    monkeypatch.setattr(run.Adviser, "after", lambda *ignored: advice)
    said, result = learn(auto=True, epochs=1)
    assert sum("beginning again" in text for text in said.texts) == 2
    (warning,) = said.warnings()
    assert result.epochs == 1 and "auto" not in warning  # it has been tried


def test_a_trouble_that_lasts_is_calibrated_once(monkeypatch):
    from lava_sfdfa.training import advice
    from lava_sfdfa.training.calibrate import Calibration

    calls = []

    def finds_what_is_there(config, data, given, front):
        calls.append(frozenset(given))
        return Calibration(config, ())

    monkeypatch.setattr(advice, "calibrate", finds_what_is_there)
    said, _ = learn(epochs=6, learning_rate=1e-4, threshold_output=0.2)
    assert calls and len(calls) == len(set(calls)) == len(said.warnings())
    assert "calibration finds no other settings" in said.warnings()[0]


def test_a_trouble_is_said_where_nothing_that_is_given_helps(monkeypatch):
    from lava_sfdfa.training import advice

    def allows_none(*ignored):
        raise InputError("none is allowed")

    monkeypatch.setattr(advice, "calibrate", allows_none)
    said, result = learn(auto=True, epochs=3, threshold_hidden=30.0, wake=False)
    assert "calibration finds no other settings" in said.warnings()[0]
    assert result.epochs == 3 and not any("again" in text for text in said.texts)


def test_a_python_caller_is_warned(tmp_path):
    with pytest.warns(UserWarning, match="hidden layer 1 did not spike.*auto=True"):
        ls.train("digits", threshold_hidden=30.0, wake=False, **SHORT)
    with pytest.warns(UserWarning) as caught:
        ls.train("digits", threshold_hidden=30.0, wake=False, out=tmp_path, **SHORT)
        ls.train(
            "digits",
            out=tmp_path,
            resume=True,
            **{**SHORT, "epochs": 2},
            threshold_hidden=30.0,
            wake=False,
        )
    assert ["auto=True" in str(one.message) for one in caught] == [True, False]


TROUBLES = {
    "_cut_traces": {"saturation_traces": [[0.0, 0.0], [0.2, 0.0]]},
    "_falling": {"train_accuracy": [0.7, 0.9, 0.6]},
    "_at_limits": {
        "weights_at_limit": [[0.0, 0.0], [0.0, 0.3]],
        "train_accuracy": [0.6, 0.6],
    },
    "_dead_outputs": {"spikes": [[5.0, 2.0], [5.0, 0.0]]},
    "_silent_layer": {"spikes": [[5.0, 2.0], [0.0, 0.0]]},
    "_at_chance": {"train_accuracy": [0.4, 0.5, 0.5]},
}


@pytest.mark.parametrize("name", TROUBLES)
def test_a_trouble_is_found_in_the_last_epoch_alone(name):
    from lava_sfdfa.training import advice

    record = {key: np.array(rows) for key, rows in TROUBLES[name].items()}
    find, labels = getattr(advice, name), np.arange(100) % 2
    assert find in advice.FINDERS and find(record, labels) is not None
    earlier = {key: rows[:-1] for key, rows in record.items()}
    assert find(earlier, labels) is None


def test_one_class_alone_is_not_at_chance():
    from lava_sfdfa.training import advice

    record = {"train_accuracy": np.ones(5)}
    assert advice._at_chance(record, np.zeros(100, np.int64)) is None


def test_cut_traces_get_a_smaller_impulse():
    data = bursts(n_events=3000)
    with pytest.warns(UserWarning, match="input_impulse") as caught:
        ls.train(data, epochs=1, hidden=[20], input_impulse=127)
    (text,) = [str(w.message) for w in caught if "cut off" in str(w.message)]
    value = int(text.split("input_impulse ")[1].split()[0])
    model = ls.train(data, epochs=1, hidden=[20], input_impulse=value)
    assert model.result.saturation["traces"] < 0.05

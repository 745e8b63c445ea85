"""What a training says where it goes wrong: once, with values that help."""

import pytest

from lava_sfdfa.data.datasets import load_dataset
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
    (warning,) = said.warnings()
    assert trouble in warning and result.test_accuracy < 0.5
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
    said, result = learn(auto=True, epochs=2)
    assert sum("beginning again" in text for text in said.texts) == 2
    assert len(said.warnings()) == 1 and result.epochs == 2


def test_a_trouble_that_lasts_is_calibrated_once(monkeypatch):
    from lava_sfdfa.training import advice
    from lava_sfdfa.training.calibrate import Calibration

    calls = []

    def finds_what_is_there(config, data, given):
        calls.append(frozenset(given))
        return Calibration(config, ())

    monkeypatch.setattr(advice, "calibrate", finds_what_is_there)
    said, _ = learn(epochs=6, learning_rate=1e-4, threshold_output=0.2)
    assert calls and len(calls) == len(set(calls)) and not said.warnings()

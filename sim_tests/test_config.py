"""Configurations: named ones, files, and what is refused."""

import pytest

from lava_sfdfa.config import Config, read_config
from lava_sfdfa.errors import InputError
from lava_sfdfa.presets import NAMED, named_config


@pytest.mark.parametrize("name", [*NAMED, "my.npz"])
def test_named_configurations_are_valid(name):
    config = named_config(name)
    window = 218 if name == "yin-yang" else config.steps // 2
    assert config.dataset == name and config.window_steps == window


def test_changes_win_over_the_named_values():
    assert named_config("mnist", hidden=(7, 5), epochs=2).hidden == (7, 5)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"hidden": ()}, "at least one hidden layer"),
        ({"hidden": (0,)}, "has 0 neurons; allowed is 1 to 65536"),
        ({"hidden": (10, -3)}, "has -3 neurons"),
        ({"epochs": 0}, "epochs is 0; allowed is 1"),
        ({"seed": -1}, "seed is -1; allowed is 0"),
        ({"limit": 10**20}, "limit is 100000000000000000000"),
        ({"dataset": "\udcff.npz"}, "is not valid UTF-8"),
        ({"limit": 0}, "limit is 0; allowed is 1 to"),
        ({"steps": 3}, "steps is 3; allowed is 4 to 1024"),
        ({"feedback": "sfdaf"}, "did you mean 'sfdfa'"),
        ({"rounding": "none"}, "allowed are synapse, shared"),
        ({"learning_rate": float("nan")}, "learning_rate is nan"),
        ({"window_s": 0.3}, "longer than duration_s"),
        ({"tau_membrane_s": 0.1}, "has to be greater than tau_synapse_s"),
    ],
)
def test_values_outside_their_range_are_refused(changes, message):
    with pytest.raises(InputError, match=message):
        Config(**changes)


def test_equal_settings_are_equal():
    assert Config(homeostasis=2) == Config(homeostasis=2.0)
    assert type(Config(homeostasis=2).homeostasis) is float


def test_a_file_sets_values(tmp_path):
    path = tmp_path / "run.toml"
    path.write_text('dataset = "mnist"\nhidden = [30, 20]\nlearning_rate = 1\n')
    values = read_config(path)
    assert values == {"dataset": "mnist", "hidden": (30, 20), "learning_rate": 1}
    assert named_config(**values).hidden == (30, 20)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("hiden = [3]", "a setting is 'hiden'.*did you mean 'hidden'"),
        ("epochs = 2.5", "epochs is 2.5; it has to be an integer"),
        ("hidden = [2.5]", r"hidden is \(2.5,\); it has to be integers"),
        ('learning_rate = "big"', "learning_rate is 'big'; it has to be a number"),
        ("epochs = true", "epochs is True"),
        ("epochs =", "is not a TOML file"),
        ("epochs = " + "[" * 5000, "is not a TOML file"),
    ],
)
def test_files_with_mistakes_are_refused(tmp_path, text, message):
    path = tmp_path / "run.toml"
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        read_config(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match="nothing.toml: cannot be read"):
        read_config(tmp_path / "nothing.toml")

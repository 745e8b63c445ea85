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
        ({"epochs": 2.5}, "epochs must be an integer, not 2.5"),
        ({"hidden": (32.5,)}, "hidden must be an integer, not 32.5"),
        ({"limit": 1.5}, "limit must be an integer, not 1.5"),
        ({"dataset": 3}, "dataset must be a text, not 3"),
        ({"hidden": (0,)}, "hidden must be between 1 and 65536, not 0"),
        ({"hidden": (10, -3)}, "not -3, which is one of"),
        ({"epochs": 0}, "epochs must be between 1 and 100000, not 0"),
        ({"seed": -1}, "seed must be between 0 and"),
        ({"limit": 10**20}, "limit must be .*, not 100000000000000000000"),
        ({"dataset": "\udcff.npz"}, "is not valid UTF-8"),
        ({"limit": 0}, "limit must be between 1 and"),
        ({"steps": 3}, "steps must be between 4 and 1024, not 3"),
        ({"feedback": "sfdaf"}, "did you mean 'sfdfa'"),
        ({"rounding": "none"}, "must be one of synapse, shared"),
        (
            {"learning_rate": float("nan")},
            "learning_rate must be between 0.0 and 10.0, not nan",
        ),
        ({"window_s": 0.3}, "window_s must be at most duration_s"),
        ({"tau_membrane_s": 0.1}, "must be greater than tau_synapse_s"),
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
        (
            "hiden = [3]",
            "a setting must be one of .*not 'hiden'; did you mean 'hidden'",
        ),
        ("epochs = 2.5", "epochs must be an integer, not 2.5"),
        ("hidden = [2.5]", "hidden must be an integer, not 2.5"),
        ('learning_rate = "big"', "learning_rate must be a number, not 'big'"),
        ("epochs = true", "epochs must be an integer, not True"),
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

"""What the README promises of accuracy, on the published data. Slow."""

import pytest

from lava_sfdfa.data.datasets import load_dataset
from lava_sfdfa.presets import named_config
from lava_sfdfa.training.display import Silence
from lava_sfdfa.training.run import train

pytestmark = pytest.mark.slow
SEEDS = [0, 1, 2]


def accuracy(dataset, data_dir, out, **changes):
    config = named_config(dataset, **changes)
    data = load_dataset(dataset, data_dir)
    _, result = train(data, config, out, Silence())
    return result.test_accuracy, result


@pytest.mark.parametrize("seed", SEEDS)
def test_digits_at_the_defaults(tmp_path, seed):
    assert accuracy("digits", None, tmp_path, seed=seed)[0] >= 0.95


@pytest.mark.parametrize("seed", SEEDS)
def test_mnist_with_one_hidden_layer(data_dir, tmp_path, seed):
    changes = {"hidden": (400,), "epochs": 3, "seed": seed}
    assert accuracy("mnist", data_dir, tmp_path, **changes)[0] >= 0.965


@pytest.mark.parametrize("seed", SEEDS)
def test_mnist_with_two_hidden_layers(data_dir, tmp_path, seed):
    changes = {"hidden": (400, 200), "epochs": 3, "seed": seed}
    assert accuracy("mnist", data_dir, tmp_path, **changes)[0] >= 0.95


@pytest.mark.parametrize("hidden", [(400,), (400, 200)])
def test_learned_feedback_beats_random_feedback(data_dir, tmp_path, hidden):
    changes = {"hidden": hidden, "epochs": 3}
    learned, result = accuracy("mnist", data_dir, tmp_path / "a", **changes)
    fixed, _ = accuracy("mnist", data_dir, tmp_path / "b", feedback="random", **changes)
    assert learned > fixed
    assert min(result.feedback_alignment) > 0.4


def test_one_hidden_layer_needs_less_than_a_gigabyte(data_dir, tmp_path):
    """Measured in a process of its own, since memory is never given back."""
    import json
    import subprocess
    import sys

    code = (
        "import json, resource, sys; from lava_sfdfa.cli import main\n"
        "try: main(sys.argv[1:])\n"
        "finally: print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    arguments = ["train", "--dataset", "mnist", "--data-dir", data_dir, "--epochs", "1"]
    arguments += ["--out", tmp_path, "--json"]
    command = [sys.executable, "-c", code, *map(str, arguments)]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    summary, kilobytes = lines.splitlines()[-2:]
    assert json.loads(summary)["train_samples"] == 55_000
    assert int(kilobytes) < 1_000_000

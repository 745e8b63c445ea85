"""Accuracy with three seeds and three kinds of feedback, as one JSON line a training.

    python scripts/accuracy.py --data-dir DIR mnist digits >> FILE.jsonl

A line holds the command, what `train --json` printed, the curves, and the share of all
weights that stand at a limit at the end, by layer. Random feedback has settings of
its own, chosen on validation data as those of the named configurations were.
"""

import argparse
import json
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from lava_sfdfa.network.artifact import load_artifact

# The data set, and settings that differ from its named configuration.
CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "digits": ("digits", {}),
    "yin-yang": ("yin-yang", {}),
    "mnist": ("mnist", {}),
    "mnist-three": (
        "mnist",
        {
            "hidden": [800, 400, 400],
            "epochs": 12,
            "weight_limit": 3.5,
            "hidden_range": 0.25,
            "learning_rate": 0.015,
            "target_rate": 0.5,
        },
    ),
    "fashion-mnist": ("fashion-mnist", {}),
}
# What differs further with random feedback, where no entry of its own says it.
RANDOM: dict[str, Any] = {"homeostasis": 5.0}
RANDOM_OF: dict[str, dict[str, Any]] = {
    # At a homeostasis of 5 one seed of three ends at 88 %.
    "mnist": {"homeostasis": 10.0, "learning_rate": 0.03},
    "yin-yang": {"homeostasis": 20.0, "learning_rate": 0.02},
}
CURVES = ("val_accuracy", "train_accuracy", "alignment", "spikes", "silent")


def run(options: list[str], settings: dict[str, Any], data_dir: str) -> dict:
    """One training in a process of its own.

    settings: what differs from the named configuration, by name. Returns the summary
    without places, with the curves.
    """
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "settings.toml"
        lines = [f"{name} = {json.dumps(settings[name])}" for name in settings]
        config.write_text("\n".join(lines))
        command = [sys.executable, "-m", "lava_sfdfa", "train", *options, "--json"]
        command += ["--data-dir", data_dir, "--out", folder, "--config", str(config)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        artifact = load_artifact(Path(folder))
    summary = json.loads(done.stdout.splitlines()[-1])
    del summary["artifact"], summary["picture"]
    return {
        "command": shlex.join(["lava-sfdfa", "train", *options]),
        "settings": settings,
        **summary,
        "weights_at_limit": artifact.record["weights_at_limit"][-1].tolist(),
        "curves": {
            name: np.round(artifact.record[name], 4).tolist() for name in CURVES
        },
    }


def main() -> None:
    """Run the cases asked for and print a line each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cases", nargs="*", help=f"of {', '.join(CASES)}; or all")
    parser.add_argument("--data-dir", default="data")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--epochs", help="instead of those of the configuration")
    parser.add_argument("--feedback", nargs="+", default=["sfdfa", "random"])
    parser.add_argument("--quick", action="store_true", help="as small as it gets")
    options = parser.parse_args()
    small = ["--hidden", "10", "--epochs", "1", "--limit", "50"]
    for case in options.cases or CASES:
        for feedback in options.feedback:
            for seed in options.seeds:
                dataset, settings = CASES[case]
                arguments = ["--dataset", dataset, *(small if options.quick else [])]
                arguments += ["--feedback", feedback, "--seed", str(seed)]
                if options.epochs:
                    arguments += ["--epochs", options.epochs]
                own = RANDOM_OF.get(case, RANDOM) if feedback == "random" else {}
                row = run(arguments, {**settings, **own}, options.data_dir)
                row = {"case": case, **row}
                print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()

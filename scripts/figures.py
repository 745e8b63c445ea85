"""The trainings behind the figures of the README, as one JSON line each.

    python scripts/figures.py --data-dir DIR >> scripts/results/fixed_point.jsonl

A line holds the command and what `train --json` printed. All cases take about a
quarter of an hour on one core.
"""

import argparse
import json
import shlex
import subprocess
import sys
import tempfile

SEEDS = (0, 1, 2)
MNIST = ["--dataset", "mnist", "--epochs", "3", "--hidden", "400"]
CASES = {
    "digits": ["--dataset", "digits"],
    "one": MNIST,
    "two": [*MNIST, "--hidden", "200"],
}
FEEDBACK = ("sfdfa", "random", "symmetric")
ONCE = (["--dataset", "yin-yang"], ["--dataset", "fashion-mnist"])


def all_cases() -> list[list[str]]:
    """Options of every training."""
    found = [
        [*options, "--feedback", feedback, "--seed", str(seed)]
        for options in CASES.values()
        for feedback in FEEDBACK
        for seed in SEEDS
    ]
    return [*found, *ONCE]


def run(options: list[str], data_dir: str) -> dict:
    """One training in a process of its own; its summary, without places."""
    with tempfile.TemporaryDirectory() as out:
        command = [sys.executable, "-m", "lava_sfdfa", "train", *options, "--json"]
        command += ["--data-dir", data_dir, "--out", out]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    summary = json.loads(done.stdout.splitlines()[-1])
    del summary["artifact"], summary["picture"]
    return {"command": shlex.join(["lava-sfdfa", "train", *options]), **summary}


def main() -> None:
    """Run the cases and print a line each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data-dir", default="data")
    parser.add_argument("--quick", action="store_true", help="one small case")
    options = parser.parse_args()
    small = ["--hidden", "10", "--epochs", "1", "--limit", "50"]
    for case in [small] if options.quick else all_cases():
        print(json.dumps(run(case, options.data_dir)), flush=True)


if __name__ == "__main__":
    main()

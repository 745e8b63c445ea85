"""The engine against Lava: trains small artifacts, verifies them, a JSON line a case.

Each line holds the two commands that made it. The whole takes some minutes.

    python scripts/verify_figures.py [--data-dir DIR] [--quick] > FILE.jsonl
"""

import argparse
import json
import subprocess
import sys
import tempfile

DIGITS = ["--hidden", "32", "--limit", "500"]
MNIST = ["--dataset", "mnist", "--limit", "4000"]
CASES: list[tuple[list[str], int]] = [  # options of `train`, samples of `verify`
    *(([*DIGITS, "--feedback", kind], 20) for kind in ("sfdfa", "random", "symmetric")),
    ([*DIGITS, "--eligibility", "recursive"], 20),
    ([*DIGITS, "--rounding", "shared"], 20),
    ([*MNIST, "--hidden", "100", "--hidden", "60"], 5),
    ([*MNIST, "--hidden", "100"], 2),
    ([*MNIST, "--hidden", "100", "--eligibility", "recursive"], 2),
    ([*MNIST, "--hidden", "400"], 3),
    ([*MNIST, "--hidden", "200", "--hidden", "100", "--hidden", "60"], 3),
    (["--dataset", "yin-yang", "--limit", "1000"], 4),
]
QUICK = [(["--hidden", "12", "--limit", "60"], 1)]


def run(*words: str) -> dict:
    """What a command prints as its last line."""
    command = [sys.executable, "-m", "lava_sfdfa", *words, "--json"]
    found = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(found.stdout.splitlines()[-1])


def main() -> None:
    """One line a case, as it is done."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data-dir", help="folder of the data sets")
    parser.add_argument("--quick", action="store_true", help="one small case")
    options = parser.parse_args()
    data = ["--data-dir", options.data_dir] if options.data_dir else []
    for words, n_samples in QUICK if options.quick else CASES:
        words = [*words, "--epochs", "1"]
        with tempfile.TemporaryDirectory() as folder:
            run("train", *words, *data, "--out", folder)
            row = run("verify", folder, *data, "--samples", str(n_samples))
        del row["artifact"]
        train = " ".join(["lava-sfdfa train", *words, "--out RUN"])
        commands = f"{train}; lava-sfdfa verify RUN --samples {n_samples}"
        print(json.dumps({"command": commands, **row}), flush=True)


if __name__ == "__main__":
    main()

"""SFDFA against random feedback, symmetric feedback and the exact gradient.

    python scripts/compare_rules.py --data-dir DIR > scripts/results/compare.jsonl

Each case is a call of `lava-sfdfa compare`; a line holds its command, its table and its
curves: accuracy, and the angle between each hidden layer's update and the exact
gradient. Settings are the named ones, which were not tuned for random feedback.
"""

import argparse
import json
import shlex
import subprocess
import sys
from pathlib import Path

DIGITS = "scripts/compare_digits.toml"
EVERY = ["--feedback", "sfdfa", "--feedback", "random", "--feedback", "symmetric"]
CASES = {
    "digits": ["--config", DIGITS, *EVERY, "--feedback", "exact"],
    "mnist-one": ["--dataset", "mnist", "--hidden", "400", "--epochs", "5"],
    "mnist-two": ["--dataset", "mnist", *["--hidden", "400", "--hidden", "200"]],
}
CASES["mnist-two"] += ["--epochs", "5"]
QUICK = {"quick": ["--hidden", "10", "--epochs", "1", "--limit", "40", "--seeds", "1"]}


def run(options: list[str], data_dir: str, out: Path) -> dict:
    """One comparison in a process of its own, without places and digests."""
    command = [sys.executable, "-m", "lava_sfdfa", "compare", *options]
    command += ["--data-dir", data_dir, "--out", str(out)]
    subprocess.run(command, check=True)
    result = json.loads((out / "comparison.json").read_text())
    for one in result["runs"]:
        one.pop("digest", None)
    return {"command": shlex.join(["lava-sfdfa", "compare", *options]), **result}


def main() -> None:
    """Run the cases and print a line each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data-dir", default="data")
    parser.add_argument("--out", type=Path, default=Path("runs/compare"))
    parser.add_argument("--case", choices=CASES, help="one of them")
    parser.add_argument("--quick", action="store_true", help="one small case")
    options = parser.parse_args()
    cases = QUICK if options.quick else CASES
    for name, case in cases.items():
        if options.case in (None, name):
            result = run(case, options.data_dir, options.out / name)
            print(json.dumps(result), flush=True)


if __name__ == "__main__":
    main()

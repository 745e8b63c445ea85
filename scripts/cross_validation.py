"""Cross-validation over all recordings of the small part of N-MNIST.

    python scripts/cross_validation.py --data-dir DIR >> scripts/results/nmnist.jsonl

The 1,000 + 100 recordings are cut into folds; each fold is the test part of a training
on the others, of which a tenth is held out. Prints one JSON line a fold.
"""

import argparse
import dataclasses
import json
import tempfile
from pathlib import Path

import numpy as np
from accuracy import RANDOM, run

from lava_sfdfa.chip import random
from lava_sfdfa.data.formats.nmnist import PARTS, SENSOR, read_nmnist
from lava_sfdfa.data.samples import Recordings, shuffled
from lava_sfdfa.presets import named_config

FOLDS = 5


def read_all(folder: Path) -> dict[str, np.ndarray]:
    """Both parts, one after the other, as arrays of an npz file without part."""
    parts = [read_nmnist("nmnist", folder, part) for part in PARTS]
    shifts = np.cumsum([0, *(len(part.index) for part in parts)])
    return {
        "time_us": np.concatenate([part.time_us for part in parts]),
        "index": np.concatenate([part.index for part in parts]),
        "offset": np.concatenate(
            [[0], *(p.offset[1:] + s for p, s in zip(parts, shifts, strict=False))]
        ),
        "y": np.concatenate([part.labels for part in parts]),
    }


def write_fold(path: Path, content: dict[str, np.ndarray], fold: int) -> None:
    """An npz file in which one fold is the test part."""
    n = len(content["y"])
    samples = Recordings(
        content["time_us"], content["index"], content["offset"], content["y"], 1
    )
    is_test = np.zeros(n, bool)
    is_test[shuffled(0, random.SPLIT, 2, n)[fold::FOLDS]] = True
    arrays = {"shape": np.array(SENSOR)}
    for name, chosen in (("train", ~is_test), ("test", is_test)):
        part = samples.take(np.flatnonzero(chosen))
        for kind in ("time_us", "index", "offset"):
            arrays[f"{kind}_{name}"] = getattr(part, kind)
        arrays[f"y_{name}"] = part.labels
    np.savez(path, **arrays)


def main() -> None:
    """Train on every fold and print a line each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data-dir", default="data")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--feedback", nargs="+", default=["sfdfa", "random"])
    parser.add_argument("--quick", action="store_true", help="one epoch, one fold")
    options = parser.parse_args()
    # All of them, so that nothing is calibrated.
    settings = {
        name: value
        for name, value in dataclasses.asdict(named_config("nmnist")).items()
        if value is not None and name not in ("dataset", "feedback", "seed")
    }
    content = read_all(Path(options.data_dir) / "nmnist-small")
    for feedback in options.feedback:
        for seed in options.seeds:
            for fold in range(1 if options.quick else FOLDS):
                with tempfile.TemporaryDirectory() as folder:
                    path = Path(folder) / "nmnist.npz"
                    write_fold(path, content, fold)
                    values = settings | (RANDOM if feedback == "random" else {})
                    arguments = ["--dataset", str(path), "--feedback", feedback]
                    arguments += ["--seed", str(seed)]
                    arguments += ["--epochs", "1"] if options.quick else []
                    row = run(arguments, values, options.data_dir)
                del row["command"]
                print(json.dumps({"fold": fold, **row}), flush=True)


if __name__ == "__main__":
    main()

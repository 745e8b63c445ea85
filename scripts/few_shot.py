"""Classes that a frozen front never saw, learned on the chip's rule from few samples.

    python scripts/few_shot.py --front front.nir --freeze 2 --steps 32
        --dataset mnist --data-dir DIR
        [--classes 5,6,7,8,9] [--shots 1 2 5 10 20] [--seeds 3] [--hidden N]
        [--out curve.png]

For each number of samples a class and each seed, a head is trained above the front, and
one of the same size on the raw images; the samples are drawn anew for each seed. The
test part is all of its samples of these classes, read once a training. Prints a JSON
line for each number of samples; simulated, fixed point, batch 1.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
from fronts import add_front_options, below_of

import lava_sfdfa as ls
from lava_sfdfa.data.datasets import load_dataset
from lava_sfdfa.data.samples import Dataset, Images

EPOCHS = 60  # a sample is shown so often


def few(data: Any, classes: list[int], shots: int, seed: int) -> Dataset:
    """`shots` training samples of each class, and all of its test samples. Nothing is
    held out: what is said of validation is of the same few."""
    rng, chosen = np.random.default_rng(seed), []
    for label in classes:
        own = np.flatnonzero(data.train.labels == label)
        chosen.append(rng.choice(own, shots, replace=False))
    tested = np.flatnonzero(np.isin(data.test.labels, classes))
    train, test = (
        Images(part.images[order], np.searchsorted(classes, part.labels[order]))
        for part, order in ((data.train, np.concatenate(chosen)), (data.test, tested))
    )
    return Dataset("few", data.shape, len(classes), train, train, test, source="few")


def accuracies(
    options: argparse.Namespace, data: Any, shots: int, below: dict[str, Any]
) -> list[float]:
    """Of the test part, an entry a seed. below: what `train` takes of the front."""
    classes = sorted(int(label) for label in options.classes.split(","))
    found = []
    for seed in range(options.seeds):
        settings: dict[str, Any] = {"hidden": (options.hidden,), "epochs": EPOCHS}
        chosen = few(data, classes, shots, seed)
        model = ls.train(chosen, seed=seed, **settings, **below)
        assert model.result is not None
        found.append(model.result.test_accuracy)
    return found


def draw(path: Path, rows: list[dict[str, Any]], n_classes: int) -> None:
    """Accuracy over samples a class."""
    from matplotlib.figure import Figure

    figure = Figure((6, 4), layout="constrained")
    axes = figure.subplots()
    shots = [row["shots"] for row in rows]
    for name, title in (("frozen", "above the frozen front"), ("raw", "raw images")):
        means = [100 * row[name]["mean"] for row in rows]
        spread = [100 * row[name]["std"] for row in rows]
        axes.errorbar(shots, means, spread, marker="o", capsize=3, label=title)
    axes.axhline(100 / n_classes, color="k", linestyle=":", label="chance")
    axes.set_xscale("log")
    axes.set_xticks(shots, map(str, shots), minor=False)
    axes.minorticks_off()
    axes.set_xlabel("training samples a class")
    axes.set_ylabel("test accuracy (%), simulated")
    axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(path)


def main() -> None:
    """A row for each number of samples a class."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_front_options(parser)
    parser.add_argument("--classes", default="5,6,7,8,9")
    parser.add_argument("--shots", type=int, nargs="+", default=[1, 2, 5, 10, 20])
    parser.add_argument("--hidden", type=int, default=200)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    data, rows = load_dataset(options.dataset, options.data_dir), []
    for shots in options.shots:
        row: dict[str, Any] = {"shots": shots, "seeds": options.seeds}
        for name, below in (("frozen", below_of(options)), ("raw", {})):
            values = accuracies(options, data, shots, below)
            mean, std = float(np.mean(values)), float(np.std(values))
            row[name] = {"mean": round(mean, 4), "std": round(std, 4)}
        rows.append(row)
        print(json.dumps(row), flush=True)
    if options.out:
        draw(options.out, rows, len(options.classes.split(",")))


if __name__ == "__main__":
    main()

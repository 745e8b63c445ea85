"""A head on the chip's rule above a frozen front, and the same head on raw images.

    python scripts/frozen_head.py --front front.nir --freeze 2 --steps 32
        --dataset mnist --data-dir DIR [--hidden N] [--epochs N] [--copies N]
        [--seeds N]

Both learn the training part and, with --copies, copies of it, each image shifted by up
to a pixel; validation and test are as they are, and the test part is read once a
training. Prints a JSON line for each training: accuracy in per cent, spikes a sample,
samples a second. Simulated, fixed point, batch 1.
"""

import argparse
import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
from fronts import add_front_options, below_of, moved

import lava_sfdfa as ls
from lava_sfdfa.data.datasets import load_dataset
from lava_sfdfa.data.samples import Dataset, Images


def with_copies(data: Any, n_copies: int, limit: int | None) -> Dataset:
    """The data with so many shifted copies of the training part beside it."""
    rng, train = np.random.default_rng(0), data.train.first(limit)
    images = [train.images]
    images += [
        moved(train.images, data.shape, rng.integers(-1, 2, (2, len(train))).T)
        for _ in range(n_copies)
    ]
    labels = np.tile(train.labels, n_copies + 1)
    return dataclasses.replace(data, train=Images(np.concatenate(images), labels))


def main() -> None:
    """Train above the front, and on raw images, with each seed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_front_options(parser)
    parser.add_argument("--hidden", type=int, default=400)
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--copies", type=int, default=0)
    parser.add_argument("--limit", type=int, help="training samples, before copies")
    parser.add_argument("--out", type=Path, help="folder for the artifacts")
    options = parser.parse_args()
    data = load_dataset(options.dataset, options.data_dir)
    data = with_copies(data, options.copies, options.limit)
    for seed in range(options.seeds):
        for name, more in (("frozen", below_of(options)), ("raw", {})):
            settings: dict[str, Any] = {"hidden": (options.hidden,), "seed": seed}
            out = None if options.out is None else options.out / f"{name}-{seed}"
            model = ls.train(data, epochs=options.epochs, out=out, **settings, **more)
            result: Any = model.result
            row = {
                "head": name,
                "dataset": data.name,
                "layers": result.layers,
                "seed": seed,
                "epochs": options.epochs,
                "train_samples": result.train_samples,
                "test": round(100 * result.test_accuracy, 2),
                "validation": round(100 * result.val_accuracy, 2),
                "spikes_per_sample": [round(n, 1) for n in result.spikes_per_sample],
                "samples_per_second": result.samples_per_second,
                "silent": result.silent,
                "digest": result.digest,
            }
            print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()

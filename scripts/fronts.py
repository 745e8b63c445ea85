"""What scripts about frozen fronts share: their options, and images that are moved."""

import argparse
from pathlib import Path
from typing import Any

import numpy as np


def add_front_options(parser: argparse.ArgumentParser) -> None:
    """The front, and the data."""
    parser.add_argument("--front", type=Path, required=True)
    parser.add_argument("--freeze", type=int)
    parser.add_argument("--steps", type=int, help="that the front was trained with")
    parser.add_argument("--dataset", default="mnist")
    parser.add_argument("--data-dir", type=Path)
    parser.add_argument("--seeds", type=int, default=3)


def below_of(options: argparse.Namespace) -> dict[str, Any]:
    """What `train` takes of the front."""
    steps = {"steps": options.steps} if options.steps else {}
    return {"front": options.front, "freeze": options.freeze, **steps}


def moved(images: np.ndarray, shape: Any, by: np.ndarray) -> np.ndarray:
    """Images (n, rows * columns), moved; what comes in is black. by: (n, 2), rows and
    columns, -1 to 1."""
    padded = np.pad(images.reshape(-1, *shape), ((0, 0), (1, 1), (1, 1)))
    y, x = (np.arange(n) + 1 + by[:, k, None] for k, n in enumerate(shape))
    chosen = np.arange(len(images))[:, None, None], y[:, :, None], x[:, None, :]
    return padded[chosen].reshape(len(images), -1)

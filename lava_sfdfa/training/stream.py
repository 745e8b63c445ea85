"""Continual learning: samples and their labels arrive once, one after the other.

Every sample is classified before it is learned (prequential accuracy), the learning
rate does not fall, and a class can begin late, at an output that was there but unused.
"""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from lava_sfdfa.chip import random
from lava_sfdfa.config import Config
from lava_sfdfa.data.datasets import load_dataset
from lava_sfdfa.data.encoding import encode
from lava_sfdfa.data.samples import shuffled
from lava_sfdfa.errors import InputError
from lava_sfdfa.training.display import Display
from lava_sfdfa.training.folder import prepare_folder
from lava_sfdfa.training.run import Run

WINDOW = 1000  # samples over which accuracy is taken
WINDOW_LATE = 100  # of a class that began late
GOAL = 0.95
PICTURE = "stream.png"


def stream(
    config: Config, data_dir: Path | None, out: Path, display: Display, late: int | None
) -> dict[str, Any]:
    """Learn the training part as it arrives and write the artifact and a picture.

    late: a class that does not occur in the first half, or None. Returns the summary
    that `stream --json` prints. Errors: InputError.
    """
    data = load_dataset(config.dataset, data_dir)
    source = config.dataset
    config = dataclasses.replace(config, dataset=data.name, epochs=1)
    if late is not None and not 0 <= late < data.n_classes:
        raise InputError(
            f"--late is {late}; the classes of {data.name} are 0 to "
            f"{data.n_classes - 1}"
        )
    run = Run(config, data, source, prepare_folder(out), display, None)
    order = arrival(run.part.labels, late, config.seed)
    run.save(run.learn(0, order), first=True)
    labels = run.part.labels[order]
    right = run.predictions == labels
    draw(out / PICTURE, labels, right, late, f"{data.name}, seed {config.seed}")
    test = encode(data.test, config)
    predictions, _ = run.engine.classify(test.events)
    tested = predictions == test.labels
    result = {
        "dataset": config.dataset,
        "layers": list(run.artifact.network.sizes),
        "feedback": config.feedback,
        "seed": config.seed,
        "samples": len(order),
        "prequential_accuracy": float(right.mean()),
        "prequential_accuracy_end": float(right[-WINDOW:].mean()),
        "samples_to_95": samples_to(right, GOAL),
        "test_accuracy": float(tested.mean()),
        "artifact": str(run.path),
        "picture": str(out / PICTURE),
        "digest": run.artifact.digest,
    }
    if late is not None:
        is_late = labels == late
        result |= {
            "late": late,
            "late_from": int(np.argmax(is_late)),
            "late_prequential_accuracy_end": float(
                right[is_late][-WINDOW_LATE:].mean()
            ),
            "late_test_accuracy": float(tested[test.labels == late].mean()),
        }
    return result


def arrival(labels: np.ndarray, late: int | None, seed: int) -> np.ndarray:
    """The order in which samples arrive: int64, each once but for those left out.

    Without a late class, shuffled. With one, its samples in the first half of the
    stream are left out.
    """
    order = shuffled(seed, random.ORDER, 0, len(labels))
    if late is None:
        return order
    first_half = np.arange(len(order)) < len(order) // 2
    return order[~(first_half & (labels[order] == late))]


def windowed(right: np.ndarray, window: int) -> np.ndarray:
    """Accuracy over the last `window` samples at each sample from the window's end on,
    float64 (len(right) - window + 1,)."""
    total = np.concatenate([[0], np.cumsum(right)])
    return (total[window:] - total[:-window]) / window


def samples_to(right: np.ndarray, goal: float) -> int | None:
    """Samples learned until the accuracy over the last `WINDOW` reached the goal."""
    reached = np.flatnonzero(windowed(right, WINDOW) >= goal)
    return int(reached[0]) + WINDOW if reached.size else None


def draw(path: Path, labels, right, late: int | None, title: str) -> None:
    """The curve of prequential accuracy; those of the late class and of the others."""
    figure = Figure(figsize=(9, 4.5), dpi=120, layout="constrained")
    axes = figure.subplots()
    groups = {f"all, over {WINDOW:,} samples": (np.ones(len(labels), bool), WINDOW)}
    if late is not None:
        name = f"class {late}, which begins late, over {WINDOW_LATE} of its samples"
        groups = {
            f"the other classes, over {WINDOW:,} samples": (labels != late, WINDOW),
            name: (labels == late, WINDOW_LATE),
        }
    for name, (chosen, window) in groups.items():
        window = max(1, min(window, int(chosen.sum()) // 2))
        at = np.flatnonzero(chosen)[window - 1 :]
        axes.plot(at + 1, 100 * windowed(right[chosen], window), label=name)
    axes.axhline(100 * GOAL, color="0.6", linewidth=0.8)
    axes.set_xlabel("samples learned")
    axes.set_ylabel("accuracy before each update, %")
    axes.set_title(
        f"{title} (simulated, fixed point, batch 1)", parse_math=False, fontsize=11
    )
    axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(path)

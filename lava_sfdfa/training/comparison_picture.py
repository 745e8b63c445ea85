"""The picture of a comparison: accuracy and angles over the epochs, by feedback."""

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from lava_sfdfa.training.comparison import Comparison
from lava_sfdfa.types import Array

WIDTH, HEIGHT, DPI = 11, 4.2, 120  # inches, dots an inch


def draw_comparison(path: Path, comparison: Comparison) -> None:
    """Write a PNG. Lines are means over seeds, bands
    one standard deviation."""
    figure = Figure(figsize=(WIDTH, HEIGHT), dpi=DPI, layout="constrained")
    accuracy, angle = figure.subplots(1, 2)
    for number, row in enumerate(comparison.rows):
        kind, color = row.feedback, f"C{number}"
        runs = [run for run in comparison.runs if run.feedback == kind]
        label = f"{kind}: {row.test_accuracy_mean:.2%} test"
        curves = 100 * np.array([run.val_accuracy for run in runs])
        _draw_band(accuracy, curves, color, label, "-")
        angles = np.array([run.angles for run in runs])
        for layer in range(angles.shape[-1] if angles.ndim == 3 else 0):
            label, style = (
                f"{kind}, hidden layer {layer + 1}",
                ("-", "--", ":")[layer % 3],
            )
            _draw_band(angle, angles[:, :, layer], color, label, style)
    accuracy.set_ylabel("validation accuracy, %")
    angle.set_ylabel("angle to the exact gradient, degrees")
    angle.axhline(90, color="k", linewidth=0.5)
    for axes in (accuracy, angle):
        axes.set_xlabel("epoch")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(alpha=0.3)
        axes.legend(fontsize="small")
    seeds = comparison.rows[0].seeds
    figure.suptitle(
        f"{comparison.dataset}: kinds of feedback, {seeds} seeds "
        "(simulated, fixed point, batch 1; exact: floating point)",
        parse_math=False,  # a file's name may hold a dollar sign
    )
    figure.savefig(path)


def _draw_band(axes: Any, curves: Array, color: str, label: str, style: str) -> None:
    epochs = np.arange(1, curves.shape[1] + 1)
    mean, std = curves.mean(axis=0), curves.std(axis=0)
    axes.plot(epochs, mean, style, color=color, label=label)
    axes.fill_between(epochs, mean - std, mean + std, color=color, alpha=0.2)

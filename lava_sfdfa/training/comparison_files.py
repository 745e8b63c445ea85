"""A comparison on disk: its curves as JSON, and a picture of them."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from lava_sfdfa.files import write_files
from lava_sfdfa.results import plain
from lava_sfdfa.training.comparison import Comparison
from lava_sfdfa.types import Array

FILE, PICTURE = "comparison.json", "comparison.png"
WIDTH, HEIGHT, DPI = 11, 4.2, 120  # inches, dots an inch


def write_comparison(comparison: Comparison, out: Path) -> Comparison:
    """Write both files into a folder; returns the comparison with their places.

    Errors: InputError where they cannot be written.
    """
    content = {name: getattr(comparison, name) for name in ("dataset", "rows", "runs")}
    text = json.dumps(plain(content), indent=1)
    writers = {
        FILE: lambda path: path.write_text(text, encoding="utf-8"),
        PICTURE: lambda path: draw_comparison(path, comparison),
    }
    write_files(out, writers)
    return dataclasses.replace(comparison, out=str(out), picture=str(out / PICTURE))


def draw_comparison(path: Path, comparison: Comparison) -> None:
    """Write a PNG. Lines are means over seeds, bands one standard deviation."""
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
    figure.savefig(path, format="png")


def _draw_band(axes: Any, curves: Array, color: str, label: str, style: str) -> None:
    epochs = np.arange(1, curves.shape[1] + 1)
    mean, std = curves.mean(axis=0), curves.std(axis=0)
    axes.plot(epochs, mean, style, color=color, label=label)
    axes.fill_between(epochs, mean - std, mean + std, color=color, alpha=0.2)

"""The picture of a training: curves over the epochs, and a sample as spikes."""

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from lava_sfdfa.data.samples import Dataset, Images
from lava_sfdfa.engine.encode import encode_for
from lava_sfdfa.engine.engine import Engine
from lava_sfdfa.network.artifact import Artifact

WIDTH, HEIGHT, DPI = 12, 7, 120  # inches, dots an inch
MOST_PIXELS = 4096  # images with more inputs are not drawn


def draw_training(path: Path, artifact: Artifact, data: Dataset, test: float) -> None:
    """Write a PNG: accuracy, alignment and firing over the epochs, and the spikes
    of the first test sample through all layers.

    test: accuracy on the test part, for the title, 0..1.
    """
    figure = Figure(figsize=(WIDTH, HEIGHT), dpi=DPI, layout="constrained")
    left, right = figure.subfigures(1, 2, width_ratios=(1, 1.2))
    sizes = "-".join(map(str, artifact.network.sizes))
    figure.suptitle(
        f"{artifact.config.dataset}, {sizes}, feedback {artifact.config.feedback}, "
        f"seed {artifact.config.seed}: {test:.2%} of the test part "
        "(simulated, fixed point, batch 1)",
        parse_math=False,  # a file's name may hold a dollar sign
    )
    _draw_curves(left, artifact)
    _draw_sample(right, artifact, data)
    figure.savefig(path, format="png")


def _draw_curves(figure: Any, artifact: Artifact) -> None:
    record = artifact.record
    epochs = np.arange(1, artifact.epochs_done + 1)
    accuracy, alignment, firing = figure.subplots(3, 1, sharex=True)
    style = {"marker": "o", "markersize": 3}
    accuracy.plot(epochs, 100 * record["val_accuracy"], label="validation", **style)
    accuracy.plot(
        epochs,
        100 * record["train_accuracy"],
        label="training, before each update",
        **style,
    )
    accuracy.set_ylabel("accuracy, %")
    for layer in range(artifact.network.n_hidden):
        title = f"hidden layer {layer + 1}"
        alignment.plot(epochs, record["alignment"][:, layer], label=title, **style)
        firing.plot(epochs, record["spikes"][:, layer], label=title, **style)
    firing.plot(epochs, record["spikes"][:, -1], label="outputs", **style)
    alignment.set_ylabel("alignment of feedback\n(cosine)")
    firing.set_ylabel("spikes a sample")
    firing.set_xlabel("epoch")
    for axes in (accuracy, alignment, firing):
        axes.grid(alpha=0.3)
        if axes.lines:
            axes.legend(fontsize="small")


def _draw_sample(figure: Any, artifact: Artifact, data: Dataset) -> None:
    part = encode_for(artifact.network, data.test.first(1), artifact.config)
    engine = Engine(artifact.network)
    layers = engine.raster(part.events, 0)
    inputs = (part.events.steps_of(0), part.events.inputs_of(0))
    sizes = artifact.network.sizes
    titles = ["input"]
    titles += [f"hidden {number + 1}" for number in range(artifact.network.n_hidden)]
    titles += ["output"]
    all_axes = figure.subplots(
        len(sizes), 1, sharex=True, height_ratios=(2,) * (len(sizes) - 1) + (1.2,)
    )
    for axes, title, size, (steps, neurons) in zip(
        all_axes, titles, sizes, [inputs, *layers], strict=True
    ):
        axes.scatter(steps, neurons, s=14 if size <= 20 else 6, marker="|", color="k")
        axes.set_ylabel(f"{title}\n(of {size})")
        axes.set_ylim(-0.5, size - 0.5)
        axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    (predicted,), _ = engine.classify(part.events)
    label = int(part.labels[0])
    all_axes[0].set_title(f"one test sample: class {label}, predicted {predicted}")
    all_axes[-1].set_xlabel("time step")
    all_axes[-1].set_xlim(-0.5, artifact.network.steps - 0.5)
    small = len(data.shape) == 2 and np.prod(data.shape) <= MOST_PIXELS
    if isinstance(data.test, Images) and small:
        inset = all_axes[0].inset_axes((0.78, 0.1, 0.2, 0.8))
        inset.imshow(data.test.images[0].reshape(data.shape), cmap="gray_r")
        inset.set_axis_off()

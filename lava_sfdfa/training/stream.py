"""Continual learning: samples and their labels arrive once, one after the other.

Every sample is classified before it is learned (prequential accuracy), the learning
rate does not fall, and a class can begin late, at an output that was there but unused.
"""

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lava_sfdfa.chip import random
from lava_sfdfa.config import Config
from lava_sfdfa.data.classes import Classes
from lava_sfdfa.data.samples import Dataset, shuffled
from lava_sfdfa.engine.encode import encode_for
from lava_sfdfa.errors import InputError, shown
from lava_sfdfa.files import replacing
from lava_sfdfa.network.artifact import Artifact
from lava_sfdfa.network.frozen import FrozenLayer
from lava_sfdfa.results import Result
from lava_sfdfa.training.display import Display
from lava_sfdfa.training.folder import RunFolder
from lava_sfdfa.training.run import Run, new_artifact
from lava_sfdfa.types import Array

WINDOW = 1000  # samples over which accuracy is taken
WINDOW_LATE = 100  # of a class that began late
GOAL = 0.95
PICTURE = "stream.png"


@dataclass(frozen=True)
class StreamResult(Result):
    """What `stream` found. Prequential: of each sample before it was learned."""

    dataset: str
    layers: list[int]
    feedback: str
    seed: int
    samples: int
    prequential_accuracy: float
    prequential_accuracy_end: float  # over the last `WINDOW` samples
    samples_to_95: int | None  # learned until 95 % over `WINDOW` samples, or None
    test_accuracy: float
    late: int | str | None  # the class that began late
    late_from: int | None  # its first sample
    late_prequential_accuracy_end: float | None
    late_test_accuracy: float | None
    artifact: str | None
    picture: str | None
    digest: str

    @property
    def accuracy(self) -> float:
        """Share of the test part that is classified right."""
        return self.test_accuracy


def stream(
    data: Dataset,
    config: Config,
    out: Path | None,
    display: Display,
    late: Any = None,
    front: tuple[FrozenLayer, ...] = (),
) -> tuple[Artifact, StreamResult]:
    """Learn the training part as it arrives; with a folder, write artifact and picture.

    late: a class that does not occur in the first half, as the labels name it, or None.
    Errors: InputError.
    """
    config = dataclasses.replace(config, dataset=data.name, epochs=1)
    named, late = (None, None) if late is None else _named_class(data, late)
    run = Run(
        config,
        data,
        RunFolder(out, display),
        display,
        new_artifact(config, data, front),
        arrive=lambda labels: arrival(labels, late, config.seed),
    )
    run.train()
    labels = run.learner.part.labels[run.learner.order(0)]
    right = run.learner.predictions == labels
    test = encode_for(run.artifact.network, data.test, config)
    predictions, _ = run.engine.classify(test.events)
    tested = predictions == test.labels
    picture = None
    if out is not None:
        picture = out / PICTURE
        with replacing(picture) as temporary:
            draw(temporary, labels, right, late, f"{data.name}, seed {config.seed}")
    is_late = np.zeros(len(labels), bool) if late is None else labels == late
    result = StreamResult(
        dataset=config.dataset,
        layers=list(run.artifact.sizes),
        feedback=config.feedback,
        seed=config.seed,
        samples=len(labels),
        prequential_accuracy=float(right.mean()),
        prequential_accuracy_end=float(right[-WINDOW:].mean()),
        samples_to_95=samples_to(right, GOAL),
        test_accuracy=float(tested.mean()),
        late=named,
        late_from=None if late is None else int(np.argmax(is_late)),
        late_prequential_accuracy_end=_share(right[is_late][-WINDOW_LATE:]),
        late_test_accuracy=_share(
            tested[test.labels == (-1 if late is None else late)]
        ),
        artifact=None if run.folder.path is None else str(run.folder.path),
        picture=None if picture is None else str(picture),
        digest=run.artifact.digest,
    )
    return run.artifact, result


def _named_class(data: Dataset, label: Any) -> tuple[int | str, int]:
    """A class by its name, also as text: its name and number. Errors: InputError."""
    reading = data.reading
    classes = reading.classes if reading else Classes(tuple(range(data.n_classes)))
    for number, name in enumerate(classes.names):
        if str(name) == str(label):
            return name, number
    raise InputError(
        f"late must be a class of {data.name}, {classes.summary}, not {shown(label)}"
    )


def _share(right: Array) -> float | None:
    return float(right.mean()) if right.size else None


def arrival(labels: Array, late: int | None, seed: int) -> Array:
    """The order in which samples arrive: int64, each once but for those left out.

    Without a late class, shuffled. With one, its samples in the first half of the
    stream are left out.
    """
    order = shuffled(seed, random.ORDER, 0, len(labels))
    if late is None:
        return order
    first_half = np.arange(len(order)) < len(order) // 2
    return order[~(first_half & (labels[order] == late))]


def windowed(right: Array, window: int) -> Array:
    """Accuracy over the last `window` samples at each sample from the window's end on,
    float64 (len(right) - window + 1,)."""
    total = np.concatenate([[0], np.cumsum(right)])
    return (total[window:] - total[:-window]) / window


def samples_to(right: Array, goal: float) -> int | None:
    """Samples learned until the accuracy over the last `WINDOW` reached the goal."""
    reached = np.flatnonzero(windowed(right, WINDOW) >= goal)
    return int(reached[0]) + WINDOW if reached.size else None


def draw(path: Path, labels: Array, right: Array, late: int | None, title: str) -> None:
    """The curve of prequential accuracy; those of the late class and of the others."""
    from matplotlib.figure import Figure  # slow to import

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
    figure.savefig(path, format="png")

"""Kinds of feedback side by side: accuracy, and angles to the exact gradient."""

import dataclasses
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from lava_sfdfa.config import Config, known_settings
from lava_sfdfa.data.encoding import encode
from lava_sfdfa.data.samples import Dataset
from lava_sfdfa.errors import Stopped
from lava_sfdfa.fields import choices
from lava_sfdfa.results import NOT_IN_JSON, Result
from lava_sfdfa.training.angles import update_angles
from lava_sfdfa.training.display import Display
from lava_sfdfa.training.exact import train_exact
from lava_sfdfa.training.folder import RunFolder, prepare_folder
from lava_sfdfa.training.run import Run
from lava_sfdfa.training.side_by_side import side_by_side

EXACT = "exact"  # the gradient itself, in floating point: for small networks
KINDS = (*choices(Config, "feedback"), EXACT)
N_ANGLES = 20  # validation samples that an angle is the mean of


@dataclass(frozen=True)
class KindResult(Result):
    """One kind of feedback: means over the seeds; angles by hidden layer, degrees."""

    feedback: str
    seeds: int
    test_accuracy_mean: float
    test_accuracy_std: float
    angles: list[float]


@dataclass(frozen=True)
class SeedResult(Result):
    """One training; val_accuracy, alignment and angles have an entry an epoch."""

    feedback: str
    seed: int
    test_accuracy: float
    val_accuracy: list[float]
    alignment: list[list[float]] = field(default_factory=list)
    angles: list[list[float]] = field(default_factory=list)
    spikes_per_sample: list[float] = field(default_factory=list)
    digest: str | None = None


@dataclass(frozen=True)
class Comparison(Result):
    """What `compare` found: a row a kind, and the trainings."""

    dataset: str
    rows: list[KindResult]
    runs: list[SeedResult] = field(metadata=NOT_IN_JSON)  # in the file only
    out: str | None = None
    picture: str | None = None


def compare(
    data: Dataset,
    config: Config,
    kinds: tuple[str, ...],
    n_seeds: int,
    out: Path | None,
    display: Display,
) -> Comparison:
    """Train every kind of feedback with every seed, from `config.seed` on, as many at
    once as there are cores.

    out: a folder for the artifacts, or None. Errors: InputError, as `train`; Stopped
    after Ctrl-C.
    """
    config = dataclasses.replace(config, dataset=data.name)
    dataclasses.replace(config, seed=config.seed + n_seeds - 1)  # refuses one too large
    if out is not None:
        prepare_folder(out)
    seeds = range(config.seed, config.seed + n_seeds)
    wanted = [(kind, seed) for kind in kinds for seed in seeds]
    jobs = [
        (f"{kind}, seed {seed}", partial(_train_one, data, config, kind, seed, out))
        for kind, seed in wanted
    ]
    try:
        runs = side_by_side(jobs, display)
    except KeyboardInterrupt:
        left = "nothing was written"
        if out is not None:
            left = f"the folders below {out} hold the last full epoch of each training"
        raise Stopped(
            f"stopped by Ctrl-C: there is no comparison, and {left}"
        ) from None
    rows = [_row(kind, [r for r in runs if r.feedback == kind]) for kind in kinds]
    return Comparison(config.dataset, rows, runs)


def _train_one(
    data: Dataset,
    config: Config,
    kind: str,
    seed: int,
    out: Path | None,
    display: Display,
) -> SeedResult:
    config = dataclasses.replace(config, seed=seed)
    if kind == EXACT:
        figures = train_exact(data, config, display)
    else:
        folder = None if out is None else out / f"{kind}-seed{seed}"
        figures = train_fixed(data, config, kind, folder, display)
    return SeedResult(feedback=kind, seed=seed, **figures)


def _row(kind: str, runs: list[SeedResult]) -> KindResult:
    tests = [run.test_accuracy for run in runs]
    angles = [run.angles[-1] for run in runs if run.angles]
    return KindResult(
        feedback=kind,
        seeds=len(runs),
        test_accuracy_mean=float(np.mean(tests)),
        test_accuracy_std=float(np.std(tests)),
        angles=np.mean(angles, axis=0).tolist() if angles else [],
    )


def train_fixed(
    data: Dataset,
    config: Config,
    kind: str,
    out: Path | None,
    display: Display,
) -> dict[str, Any]:
    """One training with the chip's rule: its figures and curves."""
    config = dataclasses.replace(config, **known_settings({"feedback": kind}))
    held = encode(data.validation.first(N_ANGLES), config)
    run = Run(config, data, RunFolder(out, display), display)
    angles: list[list[float]] = []
    run.train(lambda now: angles.append(update_angles(now, held.events, held.labels)))
    result, record = run.result(data), run.artifact.record
    return {
        "test_accuracy": result.test_accuracy,
        "val_accuracy": record["val_accuracy"].tolist(),
        "alignment": record["alignment"].tolist(),
        "angles": angles,
        "spikes_per_sample": result.spikes_per_sample,
        "digest": result.digest,
    }

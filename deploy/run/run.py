"""Run a plan: on the simulator of plans, or on a board."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from lava_sfdfa.config import Config
from lava_sfdfa.data.datasets import Dataset, load_dataset
from lava_sfdfa.data.encoding import Part, encode
from lava_sfdfa.deploy.plan.plan import Plan
from lava_sfdfa.deploy.run.simulate import Simulator
from lava_sfdfa.errors import BackendError, InputError

TARGETS = ("sim", "board")


def load_part(
    plan: Plan, dataset: str | None, data_dir: Path | None, n_samples: int
) -> tuple[Dataset, Part]:
    """The samples to run: of the training part for a plan that learns, else of the
    test part. Errors: InputError for data of another shape than the plan takes."""
    facts = plan.facts
    data = load_dataset(dataset or facts["dataset"], data_dir)
    if list(data.shape) != facts["image_shape"]:
        raise InputError(
            f"{data.name}: has samples of the shape {data.shape}, but the plan takes "
            f"{tuple(facts['image_shape'])}; give the data set that the network was "
            f"trained on, {facts['dataset']!r}, or one like it"
        )
    n_out = plan.graph.populations[len(facts["layers"])].size
    if data.n_classes > n_out:
        raise InputError(
            f"{data.name}: has {data.n_classes} classes, but the plan knows {n_out}"
        )
    config = Config(**{**facts["config"], "hidden": tuple(facts["config"]["hidden"])})
    samples = data.train if facts["mode"] == "learning" else data.test
    return data, encode(samples.first(n_samples), config)


def run_plan(
    plan: Plan,
    target: str,
    dataset: str | None,
    data_dir: Path | None,
    n_samples: int,
    progress: Callable[[int, int], None],
) -> dict[str, Any]:
    """Run samples; a plan that learns predicts each before it learns it.

    progress: called with the samples done and all. Errors: BackendError where the
    target is missing, InputError for data that does not fit.
    """
    data, part = load_part(plan, dataset, data_dir, n_samples)
    run = run_sim if target == "sim" else _board()
    predictions, more = run(plan, part, progress)
    return {
        "accuracy": float(np.mean(predictions == part.labels)),
        "samples": len(part),
        "target": target,
        "mode": plan.facts["mode"],
        "dataset": data.name,
        **more,
    }


def run_sim(
    plan: Plan, part: Part, progress: Callable[[int, int], None]
) -> tuple[np.ndarray, dict[str, Any]]:
    """Predictions of the simulator, int64 (n,), and what it counted."""
    simulator = Simulator(plan)
    predictions = np.empty(len(part), np.int64)
    for sample in range(len(part)):
        chosen = np.array([sample])
        predictions[sample] = (
            simulator.learn(part.events, part.labels, chosen)
            if plan.facts["mode"] == "learning"
            else simulator.classify(part.events, chosen)
        )[0]
        progress(sample + 1, len(part))
    remote = simulator.messages.sum() - np.trace(simulator.messages)
    return predictions, {"messages_per_sample": float(remote / len(part))}


def _board():
    """The function that runs a plan on a board; it takes what `run_sim` takes."""
    try:
        from lava_sfdfa.deploy.run import board
    except ImportError:
        raise BackendError(
            "this lava-sfdfa cannot reach a board; run with --target sim"
        ) from None
    return board.run_board

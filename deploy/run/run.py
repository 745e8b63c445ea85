"""Run a plan: on the simulator of plans, or on a board."""

from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from lava_sfdfa.console import Progressed
from lava_sfdfa.data.encoding import Part, encode
from lava_sfdfa.data.samples import Dataset
from lava_sfdfa.deploy.mapping.graph import Mode
from lava_sfdfa.deploy.plan.plan import PlanContent
from lava_sfdfa.deploy.run.simulate import Simulator
from lava_sfdfa.network.artifact import check_fits
from lava_sfdfa.results import Result
from lava_sfdfa.types import Array

Target = Literal["sim", "board"]
TARGETS: tuple[Target, ...] = get_args(Target)


@dataclass(frozen=True, kw_only=True)
class RunResult(Result):
    """What a run found. Messages are counted by the simulator; what follows them is
    of a board, whose spikes are compared with the simulator's."""

    accuracy: float
    samples: int
    target: Target
    mode: Mode
    dataset: str
    messages_per_sample: float | None = None  # between cores
    node: str | None = None
    mismatches: int | None = None  # spikes that differ
    output_spikes: int | None = None  # of the simulator
    delay_steps: int | None = None


def run_plan(
    content: PlanContent,
    target: Target,
    data: Dataset,
    n_samples: int,
    progress: Progressed,
) -> RunResult:
    """Run samples: of the training part for a plan that learns, which predicts each
    before it learns it, else of the test part.

    progress: called with the samples done and all. Errors: BackendError where the
    target is missing, InputError for data that does not fit.
    """
    check_fits(content, data, "the plan")
    samples = data.train if content.mode == "learning" else data.test
    part = encode(samples.first(n_samples), content.config)
    run = run_on_simulator if target == "sim" else run_on_board
    predictions, more = run(content, part, progress)
    return RunResult(
        accuracy=float(np.mean(predictions == part.labels)),
        samples=len(part),
        target=target,
        mode=content.mode,
        dataset=data.name,
        **more,
    )


def run_on_simulator(
    content: PlanContent, part: Part, progress: Progressed
) -> tuple[Array, dict[str, Any]]:
    """Predictions of the simulator, int64 (n,), and what it counted."""
    simulator = Simulator(content)
    predictions = np.empty(len(part), np.int64)
    for sample in range(len(part)):
        chosen = np.array([sample])
        predictions[sample] = (
            simulator.learn(part.events, part.labels, chosen)
            if content.mode == "learning"
            else simulator.classify(part.events, chosen)
        )[0]
        progress(sample + 1, len(part))
    remote = simulator.messages.sum() - np.trace(simulator.messages)
    return predictions, {"messages_per_sample": float(remote / len(part))}


def run_on_board(
    content: PlanContent, part: Part, progress: Progressed
) -> tuple[Array, dict[str, Any]]:
    """Predictions of a board, int64 (n,), and what was compared. Errors: BackendError
    where there is none, and for a plan that learns, with what a board still needs."""
    from lava_sfdfa.deploy.run import board  # imports what only a board has

    return board.run_board(content, part, progress)

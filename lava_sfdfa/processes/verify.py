"""The same samples on the compiled engine and on Lava, compared in every step."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from lava_sfdfa.console import Progressed
from lava_sfdfa.data.encoding import encode
from lava_sfdfa.data.events import Events
from lava_sfdfa.data.samples import Dataset
from lava_sfdfa.engine.engine import Engine
from lava_sfdfa.engine.front import FrontSample, front_sample, through_front
from lava_sfdfa.engine.timeline import Timeline
from lava_sfdfa.errors import CheckError
from lava_sfdfa.network.artifact import Artifact, check_fits
from lava_sfdfa.network.fixed import FixedNetwork
from lava_sfdfa.processes.network import LavaNetwork, make_input, require_lava
from lava_sfdfa.results import Result


@dataclass(frozen=True)
class Verification(Result):
    """What `verify` found; what changed shows that the comparison is not trivial."""

    steps: int
    spikes: int  # of the layers that learn
    frozen_spikes: list[int]  # of each layer that never learns
    weights_changed: int
    tags_changed: int
    feedback_changed: int
    compared: int  # integers
    mismatches: int
    first_mismatch: str
    samples: int
    layers: list[int]
    dataset: str
    seconds: float
    digest: str  # of the artifact


def verify(
    artifact: Artifact, data: Dataset, samples: int, progress: Progressed
) -> Verification:
    """Train an artifact on with the first samples, on the engine and on Lava.

    progress: called with the steps done and all. Nothing is written. Errors:
    InputError, BackendError without Lava, CheckError where nothing happened that could
    be compared.
    """
    require_lava()
    check_fits(artifact, data)
    part = encode(data.train.first(samples), artifact.config)
    started = time.perf_counter()
    counts = count_mismatches(
        artifact.network, part.events, part.labels, artifact.rates, artifact.n_learned,
        progress,
    )  # fmt: skip
    for name in ("spikes", "weights_changed", "tags_changed"):
        if counts[name] == 0:
            raise CheckError(
                f"{name} is 0 in {len(part)} samples of {data.name}, so equal integers "
                "would say nothing; give more --samples or another artifact"
            )
    for number, spikes in enumerate(counts["frozen_spikes"]):
        if spikes == 0:
            raise CheckError(
                f"frozen layer {number} sends no spike in {len(part)} samples of "
                f"{data.name}, so equal integers would say nothing; give more "
                "--samples or another artifact"
            )
    return Verification(
        **counts,
        samples=len(part),
        layers=list(artifact.sizes),
        dataset=data.name,
        seconds=round(time.perf_counter() - started, 2),
        digest=artifact.digest,
    )


def count_mismatches(
    network: FixedNetwork,
    events: Events,
    labels: np.ndarray,
    rates: tuple[np.ndarray, ...] = (),
    n_learned: int = 0,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> dict[str, Any]:
    """Learn all samples on both; every integer that differs in a step is a mismatch.

    events: the samples themselves, also where frozen layers are below those that learn.
    """
    engine, period = Engine(network, rates, n_learned), network.period
    sent, frozen_spikes = through_front(network.front, events, network.steps), []
    counts = dict.fromkeys(("spikes", "weights_changed", "tags_changed"), 0)
    counts |= {"feedback_changed": 0, "compared": 0, "mismatches": 0}
    first = ""
    steps = tuple(range(period))
    source = make_input(network, events, labels)
    with LavaNetwork(network, source, rates, n_learned, steps) as lava:
        for sample in range(len(events)):
            timeline = Timeline(engine, sent, labels, sample)
            front = front_sample(network.front, events, sample, network.steps)
            frozen_spikes.append([int(layer.spikes.sum()) for layer in front])
            lava.show(sample)
            for step in steps:
                lava.run(1)
                differences = _differences(timeline, lava, step)
                differences += _front_differences(front, lava, step)
                for where, size, wrong in differences:
                    counts["compared"] += size
                    counts["mismatches"] += wrong
                    if wrong and not first:
                        first = f"sample {sample}, step {step}, {where}: {wrong} differ"
                progress(sample * period + step + 1, len(events) * period)
            counts["spikes"] += sum(
                int(state["n_spikes"][-2].sum()) for state in lava.state
            )
            counts["weights_changed"] += timeline.changed("weights")
            counts["feedback_changed"] += timeline.changed("feedback")
            counts["tags_changed"] += timeline.tags_changed()
    return {
        "steps": len(events) * period,
        **counts,
        "frozen_spikes": np.sum(frozen_spikes, axis=0, dtype=int).tolist(),
        "first_mismatch": first,
    }


Difference = tuple[str, int, int]  # name of an array, its size, integers that differ


def _differences(timeline: Timeline, lava: LavaNetwork, step: int) -> list[Difference]:
    """Of each array of each layer that learns."""
    return [
        _difference(f"layer {layer}, {name}", expected, state[name][step])
        for layer, state in enumerate(lava.state)
        for name, expected in timeline.at(step, layer).items()
    ]


def _front_differences(
    front: list[FrontSample], lava: LavaNetwork, step: int
) -> list[Difference]:
    """Of u, v and spikes of each frozen layer, which rests after the presentation."""
    differences = []
    for number, (layer, state) in enumerate(zip(front, lava.front_state, strict=True)):
        for name, values in layer._asdict().items():
            rest = np.zeros_like(values[0])
            expected = values[step] if step < len(values) else rest
            where = f"frozen layer {number}, {name}"
            differences.append(_difference(where, expected, state[name][step]))
    return differences


def _difference(where: str, expected: np.ndarray, found: np.ndarray) -> Difference:
    return where, expected.size, int(np.count_nonzero(found != expected))

"""The same samples on the compiled engine and on Lava, compared in every step.

The engine takes a layer's whole presentation at once. What it holds in step k is what
it holds after a presentation of k + 1 steps, which costs a fraction of a second for
all k; and what a sample changes is known to change in one step of the schedule.
"""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from lava_sfdfa.data.datasets import load_dataset
from lava_sfdfa.data.encoding import encode
from lava_sfdfa.data.events import Events
from lava_sfdfa.engine.engine import Engine
from lava_sfdfa.engine.timeline import Timeline
from lava_sfdfa.errors import CheckError
from lava_sfdfa.network.artifact import check_fits, load_artifact
from lava_sfdfa.network.fixed import FixedNetwork
from lava_sfdfa.processes.network import LavaNetwork, make_input, require_lava

# --- the engine, step by step -----------------------------------------------------


# --- the comparison ---------------------------------------------------------------


def verify(
    path: Path,
    dataset: str | None,
    data_dir: Path | None,
    n_samples: int,
    progress: Callable[[int, int], None],
) -> dict[str, Any]:
    """Train an artifact on with the first samples, on the engine and on Lava.

    progress: called with the steps done and all. Returns the summary that `verify
    --json` prints. Errors: InputError, BackendError without Lava, CheckError where
    nothing happened that could be compared.
    """
    require_lava()
    artifact = load_artifact(path)
    trained_on = artifact.provenance.get("dataset", artifact.config.dataset)
    data = load_dataset(dataset or trained_on, data_dir)
    check_fits(artifact, data, artifact.network.sizes[-1])
    part = encode(data.train.first(n_samples), artifact.config)
    started = time.perf_counter()
    result = compare(
        artifact.network, part.events, part.labels, artifact.rates, artifact.n_learned,
        progress,
    )  # fmt: skip
    for name in ("spikes", "weights_changed", "tags_changed"):
        if result[name] == 0:
            raise CheckError(
                f"{path}: {name} is 0 in {len(part)} samples of {data.name}, so equal "
                "integers would say nothing; give more --samples or another artifact"
            )
    return {
        **result,
        "samples": len(part),
        "layers": list(artifact.network.sizes),
        "dataset": data.name,
        "seconds": round(time.perf_counter() - started, 2),
        "artifact": str(path),
        "digest": artifact.digest,
    }


def compare(
    network: FixedNetwork,
    events: Events,
    labels: np.ndarray,
    rates: tuple[np.ndarray, ...] = (),
    n_learned: int = 0,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> dict[str, Any]:
    """Learn all samples on both; every integer that differs in a step is a mismatch."""
    engine, period = Engine(network, rates, n_learned), network.period
    counts = dict.fromkeys(("spikes", "weights_changed", "tags_changed"), 0)
    counts |= {"feedback_changed": 0, "compared": 0, "mismatches": 0}
    first = ""
    steps = tuple(range(period))
    source = make_input(network, events, labels)
    with LavaNetwork(network, source, rates, n_learned, steps) as lava:
        for sample in range(len(events)):
            timeline = Timeline(engine, events, labels, sample)
            lava.show(sample)
            for step in steps:
                lava.run(1)
                for where, size, wrong in _differences(timeline, lava, step):
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
    return {"steps": len(events) * period, **counts, "first_mismatch": first}


def _differences(
    timeline: Timeline, lava: LavaNetwork, step: int
) -> Iterator[tuple[str, int, int]]:
    """For each array of each layer: its name, its size, how many integers differ."""
    for layer, state in enumerate(lava.state):
        for name, expected in timeline.at(step, layer).items():
            wrong = np.count_nonzero(state[name][step] != expected)
            yield f"layer {layer}, {name}", expected.size, wrong

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

from lava_sfdfa.artifact import load_artifact
from lava_sfdfa.datasets import load_dataset
from lava_sfdfa.encoding import Events
from lava_sfdfa.engine import Engine
from lava_sfdfa.errors import CheckError
from lava_sfdfa.lava_backend import LavaNetwork, make_input, require_lava
from lava_sfdfa.quantise import FixedNetwork
from lava_sfdfa.reference import output_errors
from lava_sfdfa.rule import JUMP_REST
from lava_sfdfa.state import by_synapse
from lava_sfdfa.trainer import check_fits, encode

State = dict[str, np.ndarray]  # of a layer after a step, by the names of `LavaNetwork`


# --- the engine, step by step -----------------------------------------------------


class Timeline:
    """What every layer holds after every step of one sample, by the engine.

    Learns the sample. Not known: the second tags after the presentation, since then
    nothing depends on them; tags between the two steps of reset where rounding is
    shared, since there the first fails now and then; symmetric feedback weights in
    the step in which they are copied.
    """

    def __init__(self, engine: Engine, events: Events, labels: np.ndarray, sample: int):
        self.network = engine.start_network
        self.schedule = self.network.schedule
        self.probing = engine.n_learned % self.network.n_hidden
        self._shown = [
            engine.presented(events, sample, step + 1)
            for step in range(self.schedule.steps)
        ]
        self._before = [_learned(engine, i) for i in range(len(engine.states))]
        engine.learn(events, labels, np.array([sample]))
        self.after = [_learned(engine, i) for i in range(len(engine.states))]
        self._label = labels[sample]

    def at(self, step: int, layer: int) -> State:
        """The state of a layer after a step of the sample."""
        return {
            **self._neurons(step, layer),
            **self._tags(step, layer),
            **self._synapses(step, layer),
        }

    def tags_changed(self) -> int:
        """Tags (both) that differ from their start at the end of the presentation."""
        last, total = self._shown[-1], 0
        for scratch, layer in zip(last, self.network.layers, strict=True):
            total += np.count_nonzero(by_synapse(scratch, scratch.tags, 0))
            if layer.rule.jump:
                jumps = by_synapse(scratch, scratch.jumps, int(JUMP_REST))
                total += np.count_nonzero(jumps != JUMP_REST)
        return total

    def _neurons(self, step: int, layer: int) -> State:
        scratch = self._shown[min(step, self.schedule.steps - 1)][layer]
        spikes = np.zeros_like(scratch.v)
        if step < self.schedule.steps:
            spikes[scratch.spikes[scratch.start[step] : scratch.start[step + 1]]] = 1
        at_rest = step == self.schedule.rest
        keep = 0 if at_rest else 1
        state = {name: keep * getattr(scratch, name) for name in ("u", "v", "n_spikes")}
        state["spikes"] = spikes
        if layer == self.network.n_hidden:
            known = self.schedule.error <= step < self.schedule.rest
            state["error"] = known * self._errors(scratch.n_spikes)
        return state

    def _errors(self, n_spikes: np.ndarray) -> np.ndarray:
        targets = self.network.target_true, self.network.target_false
        one_sided = self.network.loss == "margin"
        return output_errors(n_spikes, self._label, targets, one_sided)

    def _tags(self, step: int, layer: int) -> State:
        scratch = self._shown[min(step, self.schedule.steps - 1)][layer]
        recursive = self.network.layers[layer].rule.jump is not None
        first_reset, second_reset = self.schedule.reset
        state = {}
        if step < first_reset:
            state["tag_1"] = by_synapse(scratch, scratch.tags, 0)
        elif step >= second_reset or self.network.rounding != "shared":
            state["tag_1"] = np.zeros(scratch.tags.shape, np.int32)
        if recursive and step < self.schedule.steps:
            state["tag_2"] = by_synapse(scratch, scratch.jumps, int(JUMP_REST))
        elif recursive and step == self.schedule.rest:
            state["tag_2"] = np.full(scratch.tags.shape, JUMP_REST)
        return state

    def _synapses(self, step: int, layer: int) -> State:
        is_output = layer == self.network.n_hidden
        learned = {
            "weights": self.schedule.error if is_output else self.schedule.commit
        }
        symmetric = self.network.feedback_kind == "symmetric"
        if not is_output:
            learned["rate"] = self.schedule.commit
            learned["feedback"] = self.schedule.feedback
        if symmetric and not is_output:
            learned["feedback"] = self.schedule.copy(layer)
            if step == learned["feedback"]:  # read before or after it is written
                del learned["feedback"]
        return {
            name: (self.after if step >= when else self._before)[layer][name]
            for name, when in learned.items()
        }

    def changed(self, name: str) -> int:
        """How many weights or feedback weights this sample changed."""
        return sum(
            np.count_nonzero(before[name] != after[name])
            for before, after in zip(self._before, self.after, strict=True)
        )


def _learned(engine: Engine, layer: int) -> State:
    state = engine.states[layer]
    return {
        "weights": state.weights.T.copy(),
        "feedback": state.feedback.copy(),
        "rate": state.rate.copy(),
    }


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

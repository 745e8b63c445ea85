"""What every layer holds after every step of a sample, by the engine.

The engine takes a layer's whole presentation at once. What it holds in step k is what
it holds after a presentation of k + 1 steps, which costs a fraction of a second for
all k; and what a sample changes is known to change in one step of the schedule.
"""

import numpy as np

from lava_sfdfa.chip.protocol import JUMP_REST, output_errors
from lava_sfdfa.data.events import Events
from lava_sfdfa.engine.engine import Engine
from lava_sfdfa.engine.state import by_input, by_synapse
from lava_sfdfa.types import Array

State = dict[str, Array]  # of a layer after a step, by the names of `LavaNetwork`


class Timeline:
    """What every layer holds after every step of one sample, by the engine.

    Learns the sample. Not known: the second tags after the presentation, since then
    nothing depends on them; tags between the two steps of reset where rounding is
    shared, since there the first fails now and then; symmetric feedback weights in
    the step in which they are copied.
    """

    def __init__(self, engine: Engine, events: Events, labels: Array, sample: int):
        self.network = engine.start_network
        self.schedule = self.network.schedule
        self.probing = self.schedule.probing(engine.n_learned)
        self._shown = [
            engine.presented(events, sample, step + 1)
            for step in range(self.schedule.steps)
        ]
        self._before = [_learned(engine, i) for i in range(len(engine.states))]
        (self.predicted,) = engine.learn(events, labels, np.array([sample])).tolist()
        self.factors = [engine.sample(i).factors for i in range(len(engine.states))]
        self.after = [_learned(engine, i) for i in range(len(engine.states))]
        self._label = labels[sample]

    def at(self, step: int, layer: int) -> State:
        """The state of a layer after a step of the sample."""
        return {
            **self._neurons(step, layer),
            **self._tags(step, layer),
            **self._synapses(step, layer),
        }

    def traces(self, step: int, layer: int) -> tuple[Array, Array]:
        """x1 and x2 of a layer's inputs after a step of the presentation: int32."""
        scratch = self._shown[step][layer]
        return by_input(scratch, scratch.x1), by_input(scratch, scratch.x2)

    def tags_changed(self) -> int:
        """Tags (both) that differ from their start at the end of the presentation."""
        last, total = self._shown[-1], 0
        for scratch, layer in zip(last, self.network.layers, strict=True):
            total += np.count_nonzero(by_synapse(scratch, scratch.tags, 0))
            if layer.rule.jump:
                jumps = by_synapse(scratch, scratch.jumps, JUMP_REST)
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

    def _errors(self, n_spikes: Array) -> Array:
        targets = self.network.target_true, self.network.target_false
        one_sided = self.network.loss == "margin"
        is_true = np.arange(n_spikes.size) == self._label
        wanted = np.where(is_true, *targets)
        return output_errors(n_spikes, wanted, is_true, one_sided)

    def _tags(self, step: int, layer: int) -> State:
        scratch = self._shown[min(step, self.schedule.steps - 1)][layer]
        recursive = self.network.layers[layer].rule.jump is not None
        first_reset, second_reset = self.schedule.reset
        state = {}
        if step < first_reset:
            state["tag_1"] = by_synapse(scratch, scratch.tags, 0)
        elif step >= second_reset or self.network.rounding != "shared":
            state["tag_1"] = np.zeros_like(by_synapse(scratch, scratch.tags, 0))
        if recursive and step < self.schedule.steps:
            state["tag_2"] = by_synapse(scratch, scratch.jumps, JUMP_REST)
        elif recursive and step == self.schedule.rest:
            state["tag_2"] = np.full_like(
                by_synapse(scratch, scratch.tags, 0), JUMP_REST
            )
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

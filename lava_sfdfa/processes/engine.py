"""An engine that learns on Lava: states, counts and digest as of the compiled one.

It classifies with the compiled engine, from the weights that Lava has learned. As
`Engine` it is given what the frozen layers send, and shows that to those that learn:
of a network with a front, the layers that learn alone run on Lava. `verify` runs all.
"""

import dataclasses
from types import SimpleNamespace
from typing import Any

import numpy as np

from lava_sfdfa.chip import widths
from lava_sfdfa.data.events import Events
from lava_sfdfa.engine.engine import Engine
from lava_sfdfa.engine.sample import predict
from lava_sfdfa.engine.state import COUNTS, make_noise
from lava_sfdfa.processes import plastic
from lava_sfdfa.processes.network import LavaNetwork, make_input

# Rows of what `LavaNetwork` reads: the end of the presentation, and of the sample.
SHOWN, LEARNED = 0, 1


class LavaEngine(Engine):
    """As `Engine`; `learn` runs Lava Processes, which `close` ends."""

    chunk = 4  # samples: a fraction of a second

    _lava: LavaNetwork | None = None
    _events: Events | None = None
    _share = 1.0

    def set_learning_share(self, share: float) -> None:
        """Set which share of the learning rate is in force, 0 to 1."""
        super().set_learning_share(share)
        self._share = share
        if self._lava is not None:
            self._lava.set_learning_share(share)

    def learn(
        self, events: Events, labels: np.ndarray, order: np.ndarray
    ) -> np.ndarray:
        """Learn from the samples `order`, one after the other; as `Engine.learn`."""
        lava = self._network(events, labels)
        predictions = np.empty(len(order), np.int64)
        for position, sample in enumerate(order):
            lava.show(sample)
            lava.run(self.start_network.period)
            outputs = {name: lava.state[-1][name][SHOWN] for name in ("v", "n_spikes")}
            predictions[position] = predict.py_func(SimpleNamespace(**outputs))
            self._take(lava, events, sample)
            self.n_learned += 1
        return predictions

    def close(self) -> None:
        """End the processes of Lava."""
        if self._lava is not None:
            self._lava.close()
        self._lava = self._events = None

    def _network(self, events: Events, labels: np.ndarray) -> LavaNetwork:
        """The network on Lava; a new one where other samples come."""
        if self._lava is None or self._events is not events:
            self.close()
            rates = tuple(state.rate for state in self.states[:-1])
            network = dataclasses.replace(self.network(), front=())
            source = make_input(network, events, labels)
            self._lava = LavaNetwork(
                network, source, rates, self.n_learned, share=self._share
            )
            self._events = events
            self._cut = [np.zeros(3, np.int64) for _ in self.states]
        return self._lava

    # --- what a sample has changed, and how much happened ---------------------------

    def _take(self, lava: LavaNetwork, events: Events, sample: int) -> None:
        """Copy a sample's result to the states, and count as the engine counts."""
        inputs = np.bincount(events.inputs_of(sample), minlength=events.n_inputs)
        probing = self.start_network.schedule.probing(self.n_learned)
        for layer, (state, read) in enumerate(
            zip(self.states, lava.state, strict=True)
        ):
            fired = read["n_spikes"][SHOWN] > 0
            counts = self._count(layer, read, inputs)
            state.weights[:] = read["weights"][LEARNED].T
            if "feedback" in read:
                state.feedback[:] = read["feedback"][LEARNED]
                state.rate[:] = read["rate"][LEARNED]
                if layer == probing and self.start_network.learns_feedback:
                    counts["feedback_updates"] = state.feedback[fired].size
                    counts["feedback_limit"] = _at_limit(state.feedback[fired])
            state.counts[:] += [counts.get(name, 0) for name in COUNTS]
            inputs = read["n_spikes"][SHOWN]

    def _count(self, layer: int, read: dict[str, np.ndarray], inputs):
        """The counts of a layer in one sample, by `COUNTS`."""
        active, tagged = inputs > 0, read["tagged"][SHOWN] > 0
        moved = tagged & (self._received(layer, read["factor"][LEARNED]) != 0)
        weights = read["weights"][LEARNED]
        tags = read["tag_1"][SHOWN][np.ix_(tagged, active)]
        # Lava's counts grow on; those of x1 also by payloads, after the presentation.
        cut = np.array([read["synapses_cut"][SHOWN][0], *read["neurons_cut"][LEARNED]])
        new, self._cut[layer] = cut - self._cut[layer], cut
        self._cut[layer][0] = read["synapses_cut"][LEARNED][0]
        counts: dict[str, Any] = {
            "spikes": read["n_spikes"][SHOWN].sum(),
            "steps": self.start_network.steps,
            "neurons_tagged": np.count_nonzero(tagged),
            "weight_updates": np.count_nonzero(moved) * np.count_nonzero(active),
            "weights_changed": np.count_nonzero(
                weights != self.states[layer].weights.T
            ),
            "weights_limit": _at_limit(weights[np.ix_(moved, active)]),
            "tags": tags.size,
            "tags_limit": _at_limit(tags, widths.TAG),
            "impulses": inputs.sum(),
            "traces_limit": new[0],
            "factors_limit": new[1],
            "currents_wrapped": new[2],
        }
        return counts

    def _received(self, layer: int, factor: np.ndarray) -> np.ndarray:
        """A third factor as the synapses see it, after the decay of a received y."""
        network, schedule = self.start_network, self.start_network.schedule
        is_output = layer == network.n_hidden
        step = self.n_learned * network.period
        step += schedule.error if is_output else schedule.commit
        noise = make_noise(network.rounding, network.seed, layer, step, 1)
        return plastic.decay(factor, self._parameters[layer].alpha_y, noise.y[0])


def _at_limit(values: np.ndarray, field: widths.Field = widths.WEIGHT) -> int:
    return np.count_nonzero((values == field.minimum) | (values == field.maximum))

"""Learning step by step, for those who want to see a synapse learn."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from lava_sfdfa.config import Config
from lava_sfdfa.data.encoding import Part
from lava_sfdfa.engine.engine import Engine
from lava_sfdfa.engine.timeline import Timeline
from lava_sfdfa.types import Array


@dataclass(frozen=True)
class LayerTrace:
    """A layer over the steps of a sample; arrays have a row a step, by Lava's names.

    What a row holds is the state after the step. Arrays of neurons and synapses have a
    row for each step of the period P, traces for each step of presentation, T.
    """

    s_out: Array  # (P, n_post) bool, spikes
    u: Array  # (P, n_post) int32
    v: Array  # (P, n_post) int32
    x1: Array  # (T, n_pre) int32, slow trace
    x2: Array  # (T, n_pre) int32, fast trace
    y3: Array  # (P, n_post) int32, third factor, in the step in which it acts
    tag_1: Array  # (P, n_post, n_pre) int16
    tag_2: Array | None  # (T, n_post, n_pre) int16; None without it
    weights: Array  # (P, n_post, n_pre) int8
    feedback: Array | None  # (P, n_post, n_out) int8; None for the outputs
    error: Array | None  # (P, n_out) int64, of the outputs; None for the others


@dataclass(frozen=True)
class SampleTrace:
    """One learned sample, layer by layer; its arrays are made when asked for."""

    label: int
    predicted: int  # before it was learned
    spikes_in: Array  # (T, n_inputs) bool
    phases: dict[str, int]  # the first step of each phase of the sample
    _timeline: Timeline

    @cached_property
    def layers(self) -> tuple[LayerTrace, ...]:
        """Hidden layers, then the outputs."""
        n_layers = len(self._timeline.network.layers)
        return tuple(_layer_trace(self._timeline, layer) for layer in range(n_layers))


class WatchedEngine:
    """An engine that learns one sample at a time and shows every step.

    It begins with the state of a model, which it leaves as it is.
    """

    def __init__(self, engine: Engine, config: Config):
        self.engine, self.config = engine, config

    def learn_one(self, part: Part) -> SampleTrace:
        """Learn the first sample of a part."""
        label = int(part.labels[0])
        timeline = Timeline(self.engine, part.events, part.labels, 0)
        schedule = timeline.schedule
        return SampleTrace(
            label=label,
            predicted=timeline.predicted,
            spikes_in=part.events.dense(0, schedule.steps),
            phases=schedule.phases,
            _timeline=timeline,
        )


def _layer_trace(timeline: Timeline, layer: int) -> LayerTrace:
    period, steps = timeline.schedule.period, timeline.schedule.steps
    is_output = layer == timeline.network.n_hidden
    states = [timeline.at(step, layer) for step in range(period)]

    def rows(name: str, kind: type, n_rows: int = period) -> Array:
        """A state over the steps; where it is not known, it is as it was before."""
        known, stacked = states[0][name], []
        for state in states[:n_rows]:
            known = state.get(name, known)
            stacked.append(known)
        return np.array(stacked, kind)

    traces = [timeline.traces(step, layer) for step in range(steps)]
    y3 = np.zeros((period, timeline.network.layers[layer].n_post), np.int32)
    commit = timeline.schedule.error if is_output else timeline.schedule.commit
    y3[commit] = timeline.factors[layer]
    return LayerTrace(
        s_out=rows("spikes", bool),
        u=rows("u", np.int32),
        v=rows("v", np.int32),
        x1=np.array([x1 for x1, _ in traces]),
        x2=np.array([x2 for _, x2 in traces]),
        y3=y3,
        tag_1=rows("tag_1", np.int16),
        tag_2=rows("tag_2", np.int16, steps) if "tag_2" in states[0] else None,
        weights=rows("weights", np.int8),
        feedback=None if is_output else rows("feedback", np.int8),
        error=rows("error", np.int64) if is_output else None,
    )

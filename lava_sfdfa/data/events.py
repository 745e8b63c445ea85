"""Input spikes of many samples: the format of the engine."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from lava_sfdfa.types import Array


def index_type(n_inputs: int) -> type:
    """Of the numbers of inputs: the smallest that holds them."""
    return np.uint16 if n_inputs <= 2**16 else np.int32


def offsets_of(counts: Array) -> Array:
    """Where the spikes of each sample begin, and the end: int64 (n_samples + 1,)."""
    return np.concatenate([[0], np.cumsum(counts.sum(axis=1, dtype=np.int64))])


class EventArrays(NamedTuple):
    """The arrays of `Events`, for compiled code."""

    inputs: Array  # `index` of `Events`
    counts: Array
    offset: Array


@dataclass(frozen=True)
class Events:
    """Input spikes of many samples, in the order of their steps.

    Sample n has `counts[n, t]` spikes in step t; its inputs stand in `index` from
    `offset[n]` on, sorted by step.
    """

    index: Array  # (n_events,) input neuron; uint16, or int32 beyond 65,536
    counts: Array  # (n_samples, n_steps) int32
    offset: Array  # (n_samples + 1,) int64
    n_inputs: int

    def __len__(self) -> int:
        return self.counts.shape[0]

    @property
    def arrays(self) -> EventArrays:
        """The same for compiled code."""
        return EventArrays(self.index, self.counts, self.offset)

    def inputs_of(self, sample: int) -> Array:
        """Which input each spike of a sample comes from, in the order of the steps."""
        return self.index[self.offset[sample] : self.offset[sample + 1]]

    def steps_of(self, sample: int) -> Array:
        """The step of each spike of a sample: int64, rising."""
        return np.repeat(np.arange(self.counts.shape[1]), self.counts[sample])

    def inputs_at(self, sample: int, step: int) -> Array:
        """Which inputs of a sample spike in a step."""
        counts = self.counts[sample]
        if step >= len(counts):
            return self.index[:0]
        begin = self.offset[sample] + counts[:step].sum()
        return self.index[begin : begin + counts[step]]

    def dense(self, sample: int, n_steps: int) -> Array:
        """The first steps of a sample as a matrix: bool (n_steps, n_inputs)."""
        matrix = np.zeros((n_steps, self.n_inputs), bool)
        steps, inputs = self.steps_of(sample), self.inputs_of(sample)
        matrix[steps[steps < n_steps], inputs[steps < n_steps]] = True
        return matrix

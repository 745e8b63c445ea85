"""A core at work: its neurons and its synapses."""

from dataclasses import dataclass, field

import numpy as np

from lava_sfdfa.chip.protocol import JUMP_REST
from lava_sfdfa.deploy.mapping.reach import Synapses
from lava_sfdfa.types import Array


@dataclass
class Slice:
    """Neurons of one population on a core. Arrays are int32 (n,)."""

    population: int
    begin: int  # number of the first neuron in its population
    n: int
    total: Array = field(init=False)  # input of the next step
    u: Array = field(init=False)
    v: Array = field(init=False)
    n_spikes: Array = field(init=False)
    own: Array = field(init=False)  # payload of its own
    third: Array = field(init=False)  # what came back of the errors
    tagged: Array = field(init=False)  # 1 where a neuron has tags
    rate: Array = field(init=False)  # running mean, stays over samples
    bias: Array = field(init=False)  # added to v in every step

    def __post_init__(self) -> None:
        self.rate = np.zeros(self.n, np.int32)
        self.bias = np.zeros(self.n, np.int32)
        self.rest()

    def rest(self) -> None:
        """State before a sample."""
        for name in ("total", "u", "v", "n_spikes", "own", "third", "tagged"):
            setattr(self, name, np.zeros(self.n, np.int32))

    @property
    def fired(self) -> Array:
        """Neurons of the slice that spiked in this sample."""
        return np.flatnonzero(self.n_spikes)


@dataclass
class Connection:
    """The synapses of a projection into one slice, and its input axons."""

    kind: str
    target: Slice
    weights: Array  # int8 (axons, n)
    sources: Array  # int32 (axons,), neuron behind each axon
    x1: Array = field(init=False)  # int32 (axons,)
    x2: Array = field(init=False)
    tags: Array = field(init=False)  # int16 (n, axons)
    jumps: Array = field(init=False)  # second tags, likewise

    def __post_init__(self) -> None:
        self.rest()

    def rest(self) -> None:
        """State before a sample."""
        if self.kind != "forward":  # no others have traces and tags
            return
        self.x1 = np.zeros(len(self.sources), np.int32)
        self.x2 = np.zeros(len(self.sources), np.int32)
        self.tags = np.zeros((self.target.n, len(self.sources)), np.int16)
        self.jumps = np.full_like(self.tags, JUMP_REST)

    def drive(self, rows: Array, values: Array) -> Array:
        """What messages give the neurons of the slice: int64 (n,)."""
        return values.astype(np.int64) @ self.weights[rows].astype(np.int64)


@dataclass
class FrozenConnection:
    """The synapses of a frozen layer into one slice, by axon."""

    target: Slice
    synapses: Synapses
    kind: str = "frozen"
    weights: Array = field(default_factory=lambda: np.zeros(0, np.int8))  # that change

    def rest(self) -> None:
        """State before a sample: there is none."""

    def drive(self, rows: Array, values: Array) -> Array:
        """What messages give the neurons of the slice: int64 (n,)."""
        _, first, neuron, weight = self.synapses
        count = first[rows + 1] - first[rows]
        skipped = np.cumsum(count) - count
        entry = np.repeat(first[rows] - skipped, count) + np.arange(count.sum())
        sent = np.repeat(values, count) * weight[entry]
        total = np.bincount(neuron[entry], sent, self.target.n)  # exact below 2**53
        return total.astype(np.int64)

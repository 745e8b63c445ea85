"""A core at work: its neurons and its synapses."""

from dataclasses import dataclass, field

import numpy as np

from lava_sfdfa.chip.protocol import JUMP_REST
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
    bias: Array = field(init=False)

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
        self.x1 = np.zeros(len(self.sources), np.int32)
        self.x2 = np.zeros(len(self.sources), np.int32)
        self.tags = np.zeros((self.target.n, len(self.sources)), np.int16)
        self.jumps = np.full_like(self.tags, JUMP_REST)

    def drive(self, rows: Array, values: Array) -> Array:
        """What messages give the neurons of the slice: int64 (n,)."""
        return values.astype(np.int64) @ self.weights[rows].astype(np.int64)

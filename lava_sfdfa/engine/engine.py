"""The engine: a fixed-point network that learns, one sample at a time."""

import math
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np

from lava_sfdfa.data.events import Events
from lava_sfdfa.engine.cores import n_cores
from lava_sfdfa.engine.credit import multiply
from lava_sfdfa.engine.layers import make_layers
from lava_sfdfa.engine.sample import classify_samples, learn_samples, present_sample
from lava_sfdfa.engine.state import (
    COUNTS,
    ROWS,
    Clock,
    Noise,
    Scratch,
    by_synapse,
    make_noise,
    make_parameters,
    make_program,
    make_scratch,
    make_state,
    with_state,
)
from lava_sfdfa.network.fixed import FixedNetwork
from lava_sfdfa.types import Array

LEAST_PART = 256  # samples that are worth a thread


class LayerSample(NamedTuple):
    """One sample in one layer; tags are those before they return to zero."""

    counts: Array  # (n_post,) int32, spikes
    tags: Array  # (n_post, n_pre) int32
    factors: Array  # (n_post,) int32, y3; 0 where the neuron has no tags


class Engine:
    """A fixed-point network that learns.

    network: never changed; the state that learning changes starts from its weights.
    rates, n_learned: of an artifact, to go on learning where it ended. Equal seeds
    give equal states, however the samples are cut into calls. One thread at a time.
    """

    chunk = 256  # samples that are best learned in one call

    def __init__(
        self,
        network: FixedNetwork,
        rates: tuple[Array, ...] = (),
        n_learned: int = 0,
    ):
        self.start_network = network
        self.n_learned = n_learned
        self._program = make_program(network)
        rest = (None,) * (len(network.layers) - len(rates))
        self.states = tuple(
            make_state(layer, rate)
            for layer, rate in zip(network.layers, (*rates, *rest), strict=True)
        )
        self._scratches = self._new_scratches()
        self.cores = n_cores()  # on which samples are classified
        self._rooms: list[tuple[Scratch, ...]] = []  # of the threads that classify
        self.set_learning_share(1.0)

    def set_learning_share(self, share: float) -> None:
        """Set which share of the learning rate is in force, 0 to 1."""
        self._parameters = tuple(
            make_parameters(self.start_network, number, share)
            for number in range(len(self.states))
        )

    def learn(self, events: Events, labels: Array, order: Array) -> Array:
        """Learn from the samples `order`, one after the other.

        labels: int64 (n,), of all samples of `events`; order: int64 (m,). Returns
        the predictions, each made before its sample was learned: int64 (m,).
        """
        self._check(events)
        period, first = self.start_network.period, self.n_learned
        noises = self._noises(first * period, len(order) * period)
        layers = make_layers(self._parameters, self.states, self._scratches, noises)
        predictions = learn_samples(
            layers, events.arrays, labels, order, self._program, first
        )
        self.n_learned += len(order)
        return predictions

    def classify(
        self, events: Events, order: Array | None = None
    ) -> tuple[Array, Array]:
        """Predict classes without learning: int64 (m,), and the spikes of each
        layer over all samples, int64 (n_layers,). order: as in `learn`, or all."""
        order = np.arange(len(events)) if order is None else order
        predictions, n_spikes, _ = self._classify(events, order)
        return predictions, n_spikes

    def scores(self, events: Events) -> Array:
        """Spikes of each output, and a part of one for its v, of all samples: float64
        (n, n_out). The largest is the prediction of `classify`."""
        return self._classify(events, np.arange(len(events)))[2]

    def _classify(self, events: Events, order: Array) -> tuple[Array, Array, Array]:
        """Predictions, spikes of each layer, scores: some of the samples on each core,
        which share the weights."""
        self._check(events)
        n_parts = max(1, min(self.cores, len(order) // LEAST_PART))
        while len(self._rooms) < n_parts:
            self._rooms.append(self._new_scratches())
        parts = zip(np.array_split(order, n_parts), self._rooms, strict=False)
        if n_parts == 1:
            found = [self._part(events, *part) for part in parts]
        else:
            with ThreadPoolExecutor(n_parts) as pool:
                found = list(pool.map(lambda part: self._part(events, *part), parts))
        for state, *counts in zip(
            self.states, *(part[3] for part in found), strict=True
        ):
            state.counts[:] += sum(counts)
        predictions, n_spikes, scores, _ = zip(*found, strict=True)
        return np.concatenate(predictions), sum(n_spikes), np.concatenate(scores)

    def _check(self, events: Events) -> None:
        """Compiled code does not look where it reads. Errors: ValueError."""
        network, window = self.start_network, events.counts.shape[1]
        if events.n_inputs != network.sizes[0] or window > network.steps:
            raise ValueError(
                f"the samples have {events.n_inputs} inputs and {window} steps; the "
                f"network has {network.sizes[0]} and {network.steps}"
            )

    def _new_scratches(self) -> tuple[Scratch, ...]:
        network = self.start_network
        return tuple(make_scratch(layer, network.steps) for layer in network.layers)

    def _part(
        self, events: Events, order: Array, scratches: tuple[Scratch, ...]
    ) -> tuple[Array, Array, Array, list[Array]]:
        counts = [np.zeros_like(state.counts) for state in self.states]
        states = tuple(
            state._replace(counts=own)
            for state, own in zip(self.states, counts, strict=True)
        )
        n_spikes = np.zeros(len(states), np.int64)
        scores = np.zeros((len(order), self.start_network.sizes[-1]))
        noises = self._noises(0, 0)
        layers = make_layers(self._parameters, states, scratches, noises)
        predictions = classify_samples(layers, events.arrays, order, n_spikes, scores)
        return predictions, n_spikes, scores, counts

    def spikes(self, events: Events, sample: int) -> list[tuple[Array, Array]]:
        """Spikes of one sample, without learning: for each layer the neurons in the
        order of their spikes, and where each step begins among them, int32."""
        self.classify(events, np.array([sample]))
        return [
            (s.spikes[: s.start[-1]].copy(), s.start.copy()) for s in self._rooms[0]
        ]

    def raster(self, events: Events, sample: int) -> list[tuple[Array, Array]]:
        """Spikes of one sample, without learning: for each layer the steps and the
        neurons, in the order of the spikes."""
        return [
            (np.repeat(np.arange(len(start) - 1), np.diff(start)), spikes)
            for spikes, start in self.spikes(events, sample)
        ]

    def sample(self, layer: int) -> "LayerSample":
        """What the last learned sample was to a layer."""
        s = self._scratches[layer]
        tags, factors = by_synapse(s, s.tags, 0), np.zeros_like(s.factor)
        tagged = s.tagged[: s.size[ROWS]]
        factors[tagged] = s.factor[tagged]
        return LayerSample(s.n_spikes.copy(), tags, factors)

    def presented(self, events: Events, sample: int, steps: int) -> tuple[Scratch, ...]:
        """What the layers hold after so many steps of the sample that is learned next:
        for a look at every step, without learning and without slowing it down."""
        network = self.start_network
        begin = self.n_learned * network.period
        noises = self._noises(begin, steps)
        shown = self._new_scratches()
        parameters = tuple(p._replace(steps=steps) for p in self._parameters)
        states = tuple(s._replace(counts=np.zeros_like(s.counts)) for s in self.states)
        layers = make_layers(parameters, states, shown, noises)
        present_sample(layers, events.arrays, sample, Clock(network.seed, begin, 0))
        return tuple(
            s._replace(u=s.u[: s.n_spikes.size], v=s.v[: s.n_spikes.size])
            for s in shown
        )

    def network(self) -> FixedNetwork:
        """The network with the weights that learning has reached."""
        return with_state(self.start_network, self.states)

    def take_counts(self) -> list[dict[str, int]]:
        """What was counted in each layer since the last call, by `COUNTS`."""
        taken = []
        for state in self.states:
            taken.append(dict(zip(COUNTS, state.counts.tolist(), strict=True)))
            state.counts[:] = 0
        return taken

    def alignment(self) -> tuple[float, ...]:
        """Cosine between the feedback weights and the forward path weights of each
        hidden layer; 0 where one of them is zero."""
        path = self.states[-1].weights.astype(np.int64)
        cosines = []
        for number in range(len(self.states) - 2, -1, -1):
            cosines.append(_cosine(self.states[number].feedback, path))
            path = multiply(self.states[number].weights, path)
        return tuple(reversed(cosines))

    def close(self) -> None:
        """End what the engine has started; here nothing, on a backend its processes."""

    def _noises(self, first: int, count: int) -> tuple[Noise, ...]:
        """Random numbers of `count` steps from step `first` on."""
        network = self.start_network
        return tuple(
            make_noise(network.rounding, network.seed, layer, first, count)
            for layer in range(len(self.states))
        )


def _cosine(a: Array, b: Array) -> float:
    """Cosine of two matrices; exact sums, so the same on every machine."""
    x, y = (matrix.astype(np.float64).ravel() for matrix in (a, b))
    size = math.fsum(x * x) * math.fsum(y * y)
    return math.fsum(x * y) / math.sqrt(size) if size > 0 else 0.0


def compile_engine(network, events: Events) -> None:
    """Compile both kernels, on a copy of the network."""
    engine = Engine(network)
    first = np.arange(min(1, len(events)))
    engine.learn(events, np.zeros(len(events), np.int64), first)
    engine.classify(events, first)

"""The compiled engine: a fixed-point network that learns, one sample at a time.

`Engine` holds the state that learning changes; `learn_samples` is the chip's schedule
of a sample, from the presentation to the update of the feedback weights.
"""

import math
from typing import NamedTuple

import numpy as np
from numba import njit

from lava_sfdfa import fixedpoint as fp
from lava_sfdfa.compiled import disk_cached
from lava_sfdfa.credit import (
    commit,
    copy_paths,
    hidden_factors,
    learn_feedback,
    multiply,
    output_factors,
    probe,
)
from lava_sfdfa.encoding import Events
from lava_sfdfa.presentation import present
from lava_sfdfa.quantise import FixedNetwork
from lava_sfdfa.state import (
    COUNTS,
    Scratch,
    make_noise,
    make_parameters,
    make_scratch,
    make_state,
    with_state,
)

FEEDBACK_CODE = {"sfdfa": 0, "random": 1, "symmetric": 2}
SFDFA, SYMMETRIC = FEEDBACK_CODE["sfdfa"], FEEDBACK_CODE["symmetric"]

# --- a sample, and a run of samples -----------------------------------------------


@njit
def forward(parameters, states, scratches, spikes, start, noises, at, begin, seed, on):
    """Present one sample to all layers; `on`: whether they learn.

    A layer needs nothing of the layers above it during the presentation, so each
    takes all its steps at once, after the one below it.
    """
    present(
        parameters[0], states[0], scratches[0], spikes, start,
        noises[0], at, begin, seed, on,
    )  # fmt: skip
    for layer in range(1, len(scratches)):
        below = scratches[layer - 1]
        present(
            parameters[layer], states[layer], scratches[layer], below.spikes,
            below.start, noises[layer], at, begin, seed, on,
        )  # fmt: skip


@njit
def commit_all(parameters, states, scratches, errors, noises, at, begin, number, seed):
    """Third factors and weight changes of all layers, the outputs a step earlier."""
    n_hidden = len(scratches) - 1
    for layer in range(len(scratches)):
        p, state, s = parameters[layer], states[layer], scratches[layer]
        step = p.steps + n_hidden
        key = fp.stream(seed, fp.RANDOM_FACTOR, layer, number)
        if layer == n_hidden:
            output_factors(p, state, s, errors, key, noises[layer].y[at + step])
        else:
            step += 1
            hidden_factors(p, state, s, errors, key, noises[layer].y[at + step])
        key = fp.stream(seed, fp.RANDOM_WEIGHT, layer, begin + step)
        commit(p, state, s, key, noises[layer].bits[at + step])


@njit
def predict(s):
    """The output with most spikes; of equal ones that with the highest v."""
    best = 0
    for output in range(1, s.v.size):
        more = s.n_spikes[output] > s.n_spikes[best]
        same = s.n_spikes[output] == s.n_spikes[best]
        if more or (same and s.v[output] > s.v[best]):
            best = output
    return best


@njit
def load_input(index, counts, offset, sample, spikes, start):
    """Copy the events of one sample into `spikes` and `start`, as in `Scratch`."""
    start[0] = 0
    n_steps = counts.shape[1]
    for step in range(n_steps):
        start[step + 1] = start[step] + counts[sample, step]
    start[n_steps + 1 :] = start[n_steps]
    for event in range(start[n_steps]):
        spikes[event] = index[offset[sample] + event]


@disk_cached
def learn_samples(
    parameters, states, scratches, noises, index, counts, offset, labels, order,
    targets, one_sided, first, period, seed, kind,
):  # fmt: skip
    """Learn from the samples `order`, one after the other.

    parameters to noises: tuples with an entry a layer; index, counts, offset: of
    `Events`; targets: spikes wanted of the true class and of the others; one_sided:
    whether more than that of the one and less of the others is no error; first:
    samples learned before; kind: a `FEEDBACK_CODE`. Returns the predictions, each
    made before its sample was learned: int64 (len(order),).
    """
    n_hidden = len(scratches) - 1
    last, steps = scratches[n_hidden], parameters[0].steps
    spikes = np.empty(index.size, np.int32)
    start = np.empty(steps + 1, np.int32)
    errors, direction = np.empty_like(last.v), np.empty_like(last.v)
    predictions = np.empty(order.size, np.int64)
    for position in range(order.size):
        number, sample = first + position, order[position]
        at, begin = position * period, number * period
        load_input(index, counts, offset, sample, spikes, start)
        forward(
            parameters, states, scratches, spikes, start, noises, at, begin, seed, True
        )
        predictions[position] = predict(last)

        probing = number % n_hidden
        if kind == SFDFA:
            key = fp.stream(seed, fp.RANDOM_PAYLOAD, probing, number)
            probe(parameters, states, scratches, probing, key, direction)
        elif kind == SYMMETRIC:
            copy_paths(parameters, states, scratches)
        for output in range(errors.size):
            is_true = output == labels[sample]
            error = targets[0 if is_true else 1] - last.n_spikes[output]
            if one_sided:  # enough spikes of the true class, or few of another
                error = max(error, 0) if is_true else min(error, 0)
            errors[output] = error
        commit_all(
            parameters, states, scratches, errors, noises, at, begin, number, seed
        )
        if kind == SFDFA:
            step = steps + n_hidden + 4
            key = fp.stream(seed, fp.RANDOM_FEEDBACK, probing, begin + step)
            noise = noises[probing]
            learn_feedback(
                parameters[probing], states[probing], scratches[probing], direction,
                key, noise.y[at + step], noise.bits[at + step],
            )  # fmt: skip
    return predictions


@disk_cached
def classify_samples(
    parameters, states, scratches, noises, index, counts, offset, order, n_spikes
):
    """Predict the classes of the samples `order`, without learning.

    n_spikes: int64 (n_layers,), the spikes of each layer are added to it. Returns
    the predictions: int64 (len(order),).
    """
    last, steps = scratches[len(scratches) - 1], parameters[0].steps
    spikes = np.empty(index.size, np.int32)
    start = np.empty(steps + 1, np.int32)
    predictions = np.empty(order.size, np.int64)
    for position in range(order.size):
        load_input(index, counts, offset, order[position], spikes, start)
        forward(parameters, states, scratches, spikes, start, noises, 0, 0, 0, False)
        predictions[position] = predict(last)
        for layer in range(len(scratches)):
            n_spikes[layer] += scratches[layer].start[steps]
    return predictions


@disk_cached
def present_sample(
    parameters, states, scratches, noises, index, counts, offset, sample, begin, seed
):
    """Show one sample so that tags grow, for as many steps as `parameters` say, and
    learn nothing from it. begin: its first step; arguments as in `learn_samples`."""
    n_steps = max(parameters[0].steps, counts.shape[1])
    spikes, start = np.empty(index.size, np.int32), np.empty(n_steps + 1, np.int32)
    load_input(index, counts, offset, sample, spikes, start)
    forward(parameters, states, scratches, spikes, start, noises, 0, begin, seed, True)


# --- the engine -------------------------------------------------------------------


class LayerSample(NamedTuple):
    """One sample in one layer; tags are those before they return to zero."""

    counts: np.ndarray  # (n_post,) int32, spikes
    tags: np.ndarray  # (n_post, n_pre) int16
    factors: np.ndarray  # (n_post,) int32, y3; 0 where the neuron did not fire


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
        rates: tuple[np.ndarray, ...] = (),
        n_learned: int = 0,
    ):
        self.start_network = network
        self.n_learned = n_learned
        rest = (None,) * (len(network.layers) - len(rates))
        self.states = tuple(
            make_state(layer, rate)
            for layer, rate in zip(network.layers, (*rates, *rest), strict=True)
        )
        self._scratches = tuple(
            make_scratch(layer, network.steps) for layer in network.layers
        )
        self.set_learning_share(1.0)

    def set_learning_share(self, share: float) -> None:
        """Set which share of the learning rate is in force, 0 to 1."""
        self._parameters = tuple(
            make_parameters(self.start_network, number, share)
            for number in range(len(self.states))
        )

    def learn(
        self, events: Events, labels: np.ndarray, order: np.ndarray
    ) -> np.ndarray:
        """Learn from the samples `order`, one after the other.

        labels: int64 (n,), of all samples of `events`; order: int64 (m,). Returns
        the predictions, each made before its sample was learned: int64 (m,).
        """
        network = self.start_network
        first, count = self.n_learned * network.period, len(order) * network.period
        predictions = learn_samples(
            self._parameters,
            self.states,
            self._scratches,
            self._noises(first, count),
            events.index,
            events.counts,
            events.offset,
            labels,
            order,
            (network.target_true, network.target_false),
            network.loss == "margin",
            self.n_learned,
            network.period,
            network.seed,
            FEEDBACK_CODE[network.feedback_kind],
        )
        self.n_learned += len(order)
        return predictions

    def classify(
        self, events: Events, order: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Predict classes without learning: int64 (m,), and the spikes of each
        layer over all samples, int64 (n_layers,). order: as in `learn`, or all."""
        n_spikes = np.zeros(len(self.states), np.int64)
        predictions = classify_samples(
            self._parameters,
            self.states,
            self._scratches,
            self._noises(0, 0),
            events.index,
            events.counts,
            events.offset,
            np.arange(len(events)) if order is None else order,
            n_spikes,
        )
        return predictions, n_spikes

    def raster(
        self, events: Events, sample: int
    ) -> list[tuple[np.ndarray, np.ndarray]]:
        """Spikes of one sample, without learning: for each layer the steps and the
        neurons, in the order of the spikes."""
        self.classify(events, np.array([sample]))
        return [
            (
                np.repeat(np.arange(len(s.start) - 1), np.diff(s.start)),
                s.spikes[: s.start[-1]].copy(),
            )
            for s in self._scratches
        ]

    def sample(self, layer: int) -> "LayerSample":
        """What the last learned sample was to a layer."""
        s, shape = self._scratches[layer], self.states[layer].weights.T.shape
        n_rows, n_columns = s.size
        rows, columns = s.fired[:n_rows], s.active[:n_columns]
        tags, factors = np.zeros(shape, np.int16), np.zeros(shape[0], np.int32)
        tags[np.ix_(rows, columns)] = s.tags[:n_rows, :n_columns]
        factors[rows] = s.factor[rows]
        return LayerSample(s.n_spikes.copy(), tags, factors)

    def presented(self, events: Events, sample: int, steps: int) -> tuple[Scratch, ...]:
        """What the layers hold after so many steps of the sample that is learned next:
        for a look at every step, without learning and without slowing it down."""
        network = self.start_network
        begin = self.n_learned * network.period
        scratches = tuple(make_scratch(x, network.steps) for x in network.layers)
        present_sample(
            tuple(p._replace(steps=steps) for p in self._parameters),
            tuple(s._replace(counts=np.zeros_like(s.counts)) for s in self.states),
            scratches,
            self._noises(begin, steps),
            events.index,
            events.counts,
            events.offset,
            sample,
            begin,
            network.seed,
        )
        return scratches

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

    def _noises(self, first: int, count: int):
        network = self.start_network
        return tuple(
            make_noise(network.rounding, network.seed, layer, first, count)
            for layer in range(len(self.states))
        )


def _cosine(a: np.ndarray, b: np.ndarray) -> float:
    """Cosine of two matrices; exact sums, so the same on every machine."""
    x, y = (matrix.astype(np.float64).ravel() for matrix in (a, b))
    size = math.fsum(x * x) * math.fsum(y * y)
    return math.fsum(x * y) / math.sqrt(size) if size > 0 else 0.0

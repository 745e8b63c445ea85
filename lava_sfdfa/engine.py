"""The compiled engine: a fixed-point network that learns, one sample at a time.

`Engine` holds the state that learning changes; the functions above it are one
sample in the order of the chip: present, probe, error, commit, feedback. They are
event-driven: tags exist only for neurons and inputs that spiked in the sample.

A step of a layer, as in Lava: input of the step before arrives, neurons integrate
and spike, traces decay and take the input spikes of this step, tags grow.
"""

import math

import numpy as np
from numba import njit

from lava_sfdfa import chips
from lava_sfdfa import fixedpoint as fp
from lava_sfdfa.compiled import disk_cached
from lava_sfdfa.encoding import Events
from lava_sfdfa.quantise import FACTOR_BITS, RATE_BITS, RATE_COARSE_BITS, FixedNetwork
from lava_sfdfa.rule import (
    DIRECTION_MAX,
    DIRECTION_MIN,
    FEEDBACK_DECAY_FACTOR,
    FEEDBACK_SCALE,
    PAYLOAD_FACTOR,
    TAG_MAX,
    TAG_MIN,
    WEIGHT_MAX,
    WEIGHT_MIN,
    grow_tags,
    update_feedback,
    weight_changes,
)
from lava_sfdfa.state import (
    COLUMNS,
    COUNTS,
    CURRENTS_WRAPPED,
    FACTORS_LIMIT,
    FEEDBACK_LIMIT,
    FEEDBACK_UPDATES,
    IMPULSES,
    NEURONS_FIRED,
    ROWS,
    SILENT,
    SPIKES,
    STEPS,
    TAGS,
    TAGS_LIMIT,
    TRACES_LIMIT,
    WEIGHT_UPDATES,
    WEIGHTS_CHANGED,
    WEIGHTS_LIMIT,
    make_noise,
    make_parameters,
    make_scratch,
    make_state,
    with_state,
)

FACTOR_MIN, FACTOR_MAX = chips.FACTOR.minimum, chips.FACTOR.maximum
PAYLOAD_MIN, PAYLOAD_MAX = chips.PAYLOAD.minimum, chips.PAYLOAD.maximum
TRACE_MAX = chips.TRACE.maximum
INPUT_SHIFT = np.int32(chips.INPUT_SHIFT)
RATE_SHIFT = 9  # the running mean of spike counts moves by 2**-9 a sample
FEEDBACK_CODE = {"sfdfa": 0, "random": 1, "symmetric": 2}
SFDFA, SYMMETRIC = FEEDBACK_CODE["sfdfa"], FEEDBACK_CODE["symmetric"]


# --- presentation -----------------------------------------------------------------


@njit
def present(p, state, s, spikes, start, noise, at, begin, seed, learning):
    """Show one sample to one layer: T steps of spikes in, spikes and tags out.

    spikes, start: the input events, as in `Scratch`; at: where the sample begins in
    `noise`; begin: number of its first step since learning began.
    """
    clear(s)
    for step in range(p.steps):
        if step > 0:
            receive(state.weights, s.input, spikes[start[step - 1] : start[step]])
        wrapped = integrate(s.u, s.v, s.input, p.decay_u, p.decay_v)
        state.counts[CURRENTS_WRAPPED] += wrapped
        fire(p, s, step)
        if learning:
            now = spikes[start[step] : start[step + 1]]
            decay_traces(p, s, noise.x1[at + step], noise.x2[at + step])
            take_input(p, state, s, now)
            if s.start[step + 1] > s.start[step]:
                key = fp.stream(seed, fp.RANDOM_TAG, p.layer, begin + step)
                learn_spikes(p, s, step, key, noise.y[at + step], noise.bits[at + step])
    state.counts[SPIKES] += s.start[p.steps]
    state.counts[STEPS] += p.steps


@njit
def clear(s):
    """Return neurons and traces to rest."""
    s.input[:] = 0
    s.u[:] = 0
    s.v[:] = 0
    s.n_spikes[:] = 0
    s.row[:] = SILENT
    s.column[:] = SILENT
    s.start[0] = 0
    s.size[:] = 0
    s.x1[:] = 0  # also behind the last column, see `padded`
    s.x2[:] = 0


@njit
def receive(weights, total, spikes):
    """Add the weights of the inputs that spiked in the step before."""
    for event in range(spikes.size):
        row = weights[spikes[event]]
        for post in range(total.size):
            total[post] += row[post]


@njit
def integrate(u, v, total, decay_u, decay_v):
    """Lava's `LIF`: u and v decay, u takes the input and wraps, v saturates.

    u, v, total (the input, cleared): int32 (n_post,), changed. Returns whether a u
    wrapped.
    """
    decay_u, decay_v = np.int32(decay_u), np.int32(decay_v)
    wrapped = np.int32(0)
    for post in range(u.size):
        current = fp.decay_state(u[post], decay_u)
        current = np.int32(current + np.int32(total[post] << INPUT_SHIFT))
        inside = fp.wrap_current(current)
        wrapped |= inside ^ current
        u[post] = inside
        decayed = fp.decay_state(v[post], decay_v)
        v[post] = fp.clip_voltage(np.int32(decayed + inside))
        total[post] = 0
    return wrapped != 0


@njit
def fire(p, s, step):
    """Spike where v is above the threshold, and reset v to zero."""
    end = s.start[step]
    n_above = 0  # counted first: the loop without branches is vectorised
    for post in range(s.v.size):
        n_above += s.v[post] > p.threshold
    if n_above > 0:
        for post in range(s.v.size):
            if s.v[post] > p.threshold:
                s.spikes[end] = post
                end += 1
                s.v[post] = 0
                s.n_spikes[post] += 1
    s.start[step + 1] = end


@njit
def decay_traces(p, s, uniform1, uniform2):
    """Let the traces of the active inputs decay for one step."""
    for column in range(s.size[COLUMNS]):
        s.x1[column] = fp.decay_trace(s.x1[column], p.alpha1, uniform1)
        s.x2[column] = fp.decay_trace(s.x2[column], p.alpha2, uniform2)


@njit
def take_input(p, state, s, spikes):
    """Add the input spikes of this step to the traces."""
    clipped = 0
    for event in range(spikes.size):
        pre = spikes[event]
        column = s.column[pre]
        if column == SILENT:
            column = s.size[COLUMNS]
            s.size[COLUMNS] += 1
            s.column[pre] = column
            s.active[column] = pre
        clipped += s.x1[column] + p.impulse > TRACE_MAX
        s.x1[column] = min(s.x1[column] + p.impulse, TRACE_MAX)
        s.x2[column] = min(s.x2[column] + p.impulse, TRACE_MAX)
    state.counts[TRACES_LIMIT] += clipped
    state.counts[IMPULSES] += spikes.size


@njit
def learn_spikes(p, s, step, key, uniform, bits):
    """Grow the tags of the neurons that spike in this step."""
    n_columns = padded(s)
    for event in range(s.start[step], s.start[step + 1]):
        post = s.spikes[event]
        row = s.row[post]
        if row == SILENT:
            row = s.size[ROWS]
            s.size[ROWS] += 1
            s.row[post] = row
            s.fired[row] = post
            s.tags[row, :] = 0
        y1 = fp.reciprocal(s.u[post], p.reciprocal_exponent)
        grow_tags(
            s.tags[row, :n_columns],
            s.x1[:n_columns],
            s.x2[:n_columns],
            fp.decay_trace(y1, p.alpha_y, uniform),
            p.tag_mantissa,
            p.tag_exponent,
            fp.draw(key, post),
            s.active,
            bits,
        )


@njit
def padded(s):
    """Number of columns, rounded up to whole vectors of the processor: the columns
    behind the last have traces of zero, and nothing happens in them."""
    return min((s.size[COLUMNS] + 31) // 32 * 32, s.x1.size)


# --- probe, error -----------------------------------------------------------------


@njit
def probe(parameters, states, scratches, probing, key, direction):
    """Send the payloads of one hidden layer forward to the outputs.

    probing: the hidden layer whose neurons draw a payload of their own; the later
    ones pass on what they receive. A neuron that did not fire sends nothing.
    direction: int32 (n_out,), written: what the outputs read, silent ones too,
    scaled and saturated to what a trace can carry.
    """
    s = scratches[probing]
    for row in range(s.size[ROWS]):
        post = s.fired[row]
        s.own[post] = 1 if fp.draw(key, post) >> np.uint32(31) else -1
        s.payload[post] = s.own[post]
    for layer in range(probing + 1, len(scratches)):
        pass_on(states[layer].weights, scratches[layer - 1], scratches[layer])
    shift = parameters[probing].payload_shift
    outputs = scratches[len(scratches) - 1].payload
    for output in range(outputs.size):
        sent = fp.shift_rounded(outputs[output], shift)
        direction[output] = min(max(sent, DIRECTION_MIN), DIRECTION_MAX)


@njit
def pass_on(weights, before, s):
    """Payloads of one layer through the weights to the next."""
    s.input[:] = 0
    for row in range(before.size[ROWS]):
        pre = before.fired[row]
        payload = before.payload[pre]
        for post in range(s.input.size):
            s.input[post] += weights[pre, post] * payload
    for post in range(s.input.size):
        s.payload[post] = min(max(s.input[post], PAYLOAD_MIN), PAYLOAD_MAX)


@njit
def copy_paths(parameters, states, scratches):
    """Set the feedback weights to the forward path weights (`symmetric`).

    A path leads through the neurons that fired in this sample. No chip can do this;
    it is the upper bound for what learned feedback can reach. Scaled as learned
    feedback weights are, see `FEEDBACK_SCALE`.
    """
    n_hidden = len(states) - 1
    path = states[n_hidden].weights.astype(np.int64)  # (n_post, n_out)
    for layer in range(n_hidden - 1, -1, -1):
        feedback, shift = states[layer].feedback, parameters[layer].payload_shift
        for post in range(feedback.shape[0]):
            for output in range(feedback.shape[1]):
                weight = fp.shift_rounded(FEEDBACK_SCALE * path[post, output], shift)
                feedback[post, output] = min(max(weight, WEIGHT_MIN), WEIGHT_MAX)
        if layer > 0:
            for post in range(path.shape[0]):
                if scratches[layer].row[post] == SILENT:
                    path[post] = 0
            path = multiply(states[layer].weights, path)


@njit
def multiply(left, right):
    """Product of two integer matrices in int64, exact."""
    product = np.zeros((left.shape[0], right.shape[1]), np.int64)
    for i in range(left.shape[0]):
        for k in range(left.shape[1]):
            for j in range(right.shape[1]):
                product[i, j] += np.int64(left[i, k]) * right[k, j]
    return product


@njit
def output_factors(p, state, s, errors, uniform):
    """Third factor of the outputs: their error, scaled."""
    for row in range(s.size[ROWS]):
        post = s.fired[row]
        store_factor(p, state, s, post, errors[post] * p.error_gain, uniform)


@njit
def hidden_factors(p, state, s, errors, uniform):
    """Third factor of hidden neurons: the errors through the feedback weights, and
    homeostasis. Only neurons that fired have tags, so only they need one."""
    for row in range(s.size[ROWS]):
        post = s.fired[row]
        third = 0
        for output in range(errors.size):
            third += state.feedback[post, output] * errors[output]
        missing = (p.target_rate - state.rate[post]) >> (RATE_BITS - RATE_COARSE_BITS)
        total = third * p.error_gain + missing * p.homeostasis_gain
        store_factor(p, state, s, post, total, uniform)
    for post in range(state.rate.size):
        count = s.n_spikes[post] << RATE_BITS
        state.rate[post] += fp.shift_rounded(count - state.rate[post], RATE_SHIFT)


@njit
def store_factor(p, state, s, post, total, uniform):
    """Round and saturate a third factor to 7 bits and a sign, as synapses get it."""
    wanted = fp.shift_rounded(total, FACTOR_BITS)
    factor = min(max(wanted, FACTOR_MIN), FACTOR_MAX)
    state.counts[FACTORS_LIMIT] += factor != wanted
    s.factor[post] = fp.decay_trace(factor, p.alpha_y, uniform)


# --- commit, feedback -------------------------------------------------------------


@njit
def commit(p, state, s, key, bits):
    """Change the weights of the neurons that fired by their tags and factors."""
    n_rows, n_columns = s.size[ROWS], s.size[COLUMNS]
    n_padded = padded(s)
    for row in range(n_rows):
        post = s.fired[row]
        weight_changes(
            s.changes[row, :n_padded],
            s.tags[row, :n_padded],
            s.factor[post],
            p.weight_mantissa,
            p.weight_exponent,
            fp.draw(key, post),
            s.active,
            bits,
        )
    changed, at_limit = 0, 0
    for column in range(n_columns):  # columns first: a column's weights lie together
        weights = state.weights[s.active[column]]
        for row in range(n_rows):
            post = s.fired[row]
            before = np.int32(weights[post])
            after = min(max(before + s.changes[row, column], WEIGHT_MIN), WEIGHT_MAX)
            weights[post] = after
            changed += after != before
            at_limit += (after == WEIGHT_MIN) | (after == WEIGHT_MAX)
    state.counts[NEURONS_FIRED] += n_rows
    state.counts[WEIGHT_UPDATES] += n_rows * n_columns
    state.counts[WEIGHTS_CHANGED] += changed
    state.counts[WEIGHTS_LIMIT] += at_limit
    count_tags(state, s)


@njit
def count_tags(state, s):
    """Count the tags of the sample and those at their limit."""
    n_rows, n_columns = s.size[ROWS], s.size[COLUMNS]
    at_limit = 0
    for row in range(n_rows):
        for column in range(n_columns):
            tag = s.tags[row, column]
            at_limit += (tag == TAG_MAX) | (tag == TAG_MIN)
    state.counts[TAGS] += n_rows * n_columns
    state.counts[TAGS_LIMIT] += at_limit


@njit
def learn_feedback(p, state, s, direction, key, uniform, bits):
    """Move the feedback weights of the probing layer's neurons that fired."""
    at_limit = 0
    y3 = fp.decay_trace(FEEDBACK_DECAY_FACTOR, p.alpha_y, uniform)
    for row in range(s.size[ROWS]):
        post = s.fired[row]
        weights = state.feedback[post]
        y1 = fp.decay_trace(64 + PAYLOAD_FACTOR * s.own[post], p.alpha_y, uniform)
        update_feedback(weights, y1, y3, direction, fp.draw(key, post), bits)
        for output in range(weights.size):
            weight = weights[output]
            at_limit += (weight == WEIGHT_MIN) | (weight == WEIGHT_MAX)
    state.counts[FEEDBACK_LIMIT] += at_limit
    state.counts[FEEDBACK_UPDATES] += s.size[ROWS] * direction.size


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
def commit_all(parameters, states, scratches, errors, noises, at, begin, seed):
    """Third factors and weight changes of all layers, the outputs a step earlier."""
    n_hidden = len(scratches) - 1
    for layer in range(len(scratches)):
        p, state, s = parameters[layer], states[layer], scratches[layer]
        step = p.steps + n_hidden
        if layer == n_hidden:
            output_factors(p, state, s, errors, noises[layer].y[at + step])
        else:
            step += 1
            hidden_factors(p, state, s, errors, noises[layer].y[at + step])
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
    targets, first, period, seed, kind,
):  # fmt: skip
    """Learn from the samples `order`, one after the other.

    parameters to noises: tuples with an entry a layer; index, counts, offset: of
    `Events`; targets: spikes wanted of the true class and of the others; first:
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
            target = targets[0] if output == labels[sample] else targets[1]
            errors[output] = target - last.n_spikes[output]
        commit_all(parameters, states, scratches, errors, noises, at, begin, seed)
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


# --- the engine -------------------------------------------------------------------


class Engine:
    """A fixed-point network that learns.

    network: never changed; the state that learning changes starts from its weights.
    rates, n_learned: of an artifact, to go on learning where it ended. Equal seeds
    give equal states, however the samples are cut into calls. One thread at a time.
    """

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

    def _noises(self, first: int, count: int):
        return tuple(
            make_noise(self.start_network, layer, first, count)
            for layer in range(len(self.states))
        )


def _cosine(a: np.ndarray, b: np.ndarray) -> float:
    """Cosine of two matrices; exact sums, so the same on every machine."""
    x, y = (matrix.astype(np.float64).ravel() for matrix in (a, b))
    size = math.fsum(x * x) * math.fsum(y * y)
    return math.fsum(x * y) / math.sqrt(size) if size > 0 else 0.0

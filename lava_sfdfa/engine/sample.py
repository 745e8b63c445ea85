"""One sample, from the presentation to the update of the feedback weights, compiled.

`learn_samples` is the protocol of a sample: its steps come from `Schedule`, as values.
"""

import numpy as np
from numba import njit

from lava_sfdfa.cache import disk_cached
from lava_sfdfa.chip import random, widths
from lava_sfdfa.engine.credit import (
    commit,
    copy_paths,
    hidden_factors,
    learn_feedback,
    output_error,
    output_factors,
    probe,
)
from lava_sfdfa.engine.layers import noise_of, parameters_of, scratch_of, state_of
from lava_sfdfa.engine.neurons import run_neurons
from lava_sfdfa.engine.presentation import find_growths, grow_all, keep_traces
from lava_sfdfa.engine.state import (
    CURRENTS_WRAPPED,
    SFDFA,
    SPIKES,
    STEPS,
    SYMMETRIC,
    Clock,
)

V_SHARE = 0.25 / widths.VOLTAGE.maximum  # v is less than a quarter of a spike

# In all functions `layers` are `Layers`, and `events` is an `EventArrays`.


@njit
def forward(layers, train, clock, learning, is_shown):
    """Present one sample to all layers: T steps of spikes in, spikes and tags out.

    train: the input spikes and where each step begins, as `spikes` and `start` of a
    `Scratch`; clock: a `Clock`; learning: whether tags grow; is_shown: whether u and v
    of all neurons matter in the end. A layer needs nothing of the layers above it
    during the presentation, so each takes all its steps at once, after the one below
    it. Of the outputs, v counts in the prediction.
    """
    last = len(layers.places) - 1
    for k in range(last + 1):
        wrapped = run_neurons(layers, k, train, is_shown or k == last)
        p, s = parameters_of(layers, k), scratch_of(layers, k)
        counts = state_of(layers, k).counts
        counts[CURRENTS_WRAPPED] += wrapped
        counts[SPIKES] += s.start[p.steps]
        counts[STEPS] += p.steps
        if learning:
            keep_traces(layers, k, train, clock)
            find_growths(layers, k, clock)
            grow_all(layers, k, clock)
        train = s.spikes, s.start


@njit
def commit_all(layers, errors, steps, clock, sample):
    """Third factors and weight changes of all layers, the outputs a step earlier.

    errors: of the outputs; steps: a `Steps`; sample: how many were learned before.
    """
    n_hidden = len(layers.places) - 1
    for number in range(n_hidden + 1):
        noise = noise_of(layers, number)
        key = random.stream_key(clock.seed, random.FACTOR, number, sample)
        if number == n_hidden:
            step = steps.error
            output_factors(layers, number, errors, key, noise.y[clock.at + step])
        else:
            step = steps.commit
            hidden_factors(layers, number, errors, key, noise.y[clock.at + step])
        key = random.stream_key(clock.seed, random.WEIGHT, number, clock.begin + step)
        commit(layers, number, key, noise.bits[clock.at + step])


@njit
def predict(s):
    """The output with most spikes; of equal ones that with the highest v."""
    best = 0
    for output in range(1, s.n_spikes.size):
        more = s.n_spikes[output] > s.n_spikes[best]
        same = s.n_spikes[output] == s.n_spikes[best]
        if more or (same and s.v[output] > s.v[best]):
            best = output
    return best


@njit
def load_input(events, sample, train):
    """Copy the events of one sample into `train`, spikes and where each step begins."""
    spikes, start = train
    start[0] = 0
    n_steps = events.counts.shape[1]
    for step in range(n_steps):
        start[step + 1] = start[step] + events.counts[sample, step]
    start[n_steps + 1 :] = start[n_steps]
    first = np.uint64(events.offset[sample])
    for event in range(np.uint64(start[n_steps])):
        spikes[event] = events.inputs[first + event]


@njit
def make_train(events, n_steps):
    """Room for the input of any sample, see `load_input`."""
    return np.empty(events.inputs.size, np.int32), np.empty(n_steps + 1, np.int32)


@disk_cached
def learn_samples(layers, events, labels, order, program, first):
    """Learn from the samples `order`, one after the other.

    labels: int64, of all samples of `events`; program: a `Program`; first: samples
    learned before. Returns the predictions, each made before its sample was learned:
    int64 (len(order),).
    """
    n_hidden, seed, steps = len(layers.places) - 1, program.seed, program.steps
    last = scratch_of(layers, n_hidden)
    train = make_train(events, parameters_of(layers, 0).steps)
    direction, errors = np.empty_like(last.n_spikes), np.empty_like(last.n_spikes)
    predictions = np.empty(order.size, np.int64)
    for position in range(order.size):
        number, sample = first + position, order[position]
        clock = Clock(seed, number * steps.period, position * steps.period)
        load_input(events, sample, train)
        forward(layers, train, clock, True, False)
        predictions[position] = predict(last)

        probing = number % max(n_hidden, 1)
        if program.feedback == SFDFA:
            key = random.stream_key(seed, random.PAYLOAD, probing, number)
            probe(layers, probing, key, direction)
        elif program.feedback == SYMMETRIC:
            copy_paths(layers)
        for output in range(errors.size):
            is_true = output == labels[sample]
            target = program.targets[0 if is_true else 1]
            errors[output] = output_error(
                last.n_spikes[output], target, is_true, program.one_sided
            )
        commit_all(layers, errors, steps, clock, number)
        if program.feedback == SFDFA:
            noise = noise_of(layers, probing)
            at, now = clock.at + steps.feedback, clock.begin + steps.feedback
            key = random.stream_key(seed, random.FEEDBACK, probing, now)
            y, bits = noise.y[at], noise.bits[at]
            learn_feedback(layers, probing, direction, key, y, bits)
    return predictions


@disk_cached
def classify_samples(layers, events, order, n_spikes, scores):
    """Predict the classes of the samples `order`, without learning.

    n_spikes: int64 (n_layers,), the spikes of each layer are added to it. scores:
    float64 (len(order), n_out), written: the spikes of each output, and a share of one
    for its v, so that the largest is the prediction. Returns the predictions: int64
    (len(order),).
    """
    depth, n_steps = len(layers.places), parameters_of(layers, 0).steps
    last = scratch_of(layers, depth - 1)
    train = make_train(events, n_steps)
    predictions = np.empty(order.size, np.int64)
    for position in range(order.size):
        load_input(events, order[position], train)
        forward(layers, train, Clock(0, 0, 0), False, False)
        predictions[position] = predict(last)
        for output in range(last.n_spikes.size):
            scores[position, output] = last.n_spikes[output] + last.v[output] * V_SHARE
        for number in range(depth):
            n_spikes[number] += scratch_of(layers, number).start[n_steps]
    return predictions


@disk_cached
def present_sample(layers, events, sample, clock):
    """Show one sample so that tags grow, for as many steps as the parameters say, and
    learn nothing from it."""
    n_steps = max(parameters_of(layers, 0).steps, events.counts.shape[1])
    train = make_train(events, n_steps)
    load_input(events, sample, train)
    forward(layers, train, clock, True, True)

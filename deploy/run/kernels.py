"""What a core does with the neurons of a slice, compiled.

The parts are those of the engine for a slice: neurons are numbered in the slice, but
random numbers belong to their place in the network.
"""

from typing import NamedTuple

import numpy as np

from lava_sfdfa.cache import disk_cached
from lava_sfdfa.chip import arithmetic, random
from lava_sfdfa.chip.protocol import FEEDBACK_DECAY_FACTOR, PAYLOAD_FACTOR, WAKE_SLOPE
from lava_sfdfa.engine.synapses import (
    WEIGHT_MAX,
    WEIGHT_MIN,
    decay_jumps,
    grow_both,
    grow_tags,
    update_feedback,
    weight_changes,
)


class Place(NamedTuple):
    """Where a slice stands in the network, and when: it chooses the random numbers."""

    begin: int  # number of the slice's first neuron in its population
    seed: int
    counter: int  # step, or sample, since learning began


@disk_cached
def grow(p, synapses, neurons, state, sources, place, noise):
    """Grow the tags of the neurons (of the slice) that spike or are woken.

    state: u and the spikes in this sample, int32 (n,); synapses: tags and second tags,
    int16 (n, axons), x1 and x2, int32 (axons,); sources: int32 (axons,); noise: the
    uniform number and the bits of the step.
    """
    tags, jumps, x1, x2 = synapses
    u, n_spikes = state
    uniform, bits = noise
    key = random.stream_key(place.seed, random.TAG, p.layer, place.counter)
    jump_key = random.stream_key(place.seed, random.JUMP, p.layer, place.counter)
    for post in neurons:
        y1 = WAKE_SLOPE
        if n_spikes[post] > 0:
            y1 = arithmetic.reciprocal(u[post], p.reciprocal_exponent)
        y1 = arithmetic.decay_trace(y1, p.alpha_y, uniform)
        row_key = random.draw(key, place.begin + post)
        if p.recursive:
            both, scales = (tags[post], jumps[post]), (p.tag, p.jump, p.jump_decay)
            keys = (row_key, random.draw(jump_key, place.begin + post))
            grow_both(both, (x1, x2), y1, scales, keys, sources, bits)
        else:
            grow_tags(tags[post], (x1, x2), y1, p.tag, row_key, sources, bits)


@disk_cached
def keep_jumps(p, jumps, growing, tagged, sources, place, bits):
    """Second tags decay, but for those of the neurons whose tags grow in this step."""
    key = random.stream_key(place.seed, random.JUMP, p.layer, place.counter)
    for post in range(tagged.size):
        if tagged[post] > 0 and not (growing == post).any():
            row_key = random.draw(key, place.begin + post)
            decay_jumps(jumps[post], p.jump_decay, row_key, sources, bits)


@disk_cached
def commit(p, synapses, neurons, factor, sources, place, bits):
    """Change the weights, int8 (axons, n), by tags and third factors int32 (n,).

    synapses: weights and tags; neurons: those that have tags.
    """
    weights, tags = synapses
    key = random.stream_key(place.seed, random.WEIGHT, p.layer, place.counter)
    changes = np.empty(sources.size, np.int16)
    for post in neurons:
        row_key = random.draw(key, place.begin + post)
        weight_changes(
            changes, tags[post], factor[post], p.weight, row_key, sources, bits
        )
        for axon in range(sources.size):
            after = np.int32(weights[axon, post]) + changes[axon]
            weights[axon, post] = min(max(after, WEIGHT_MIN), WEIGHT_MAX)


@disk_cached
def learn_feedback(p, weights, neurons, outputs, place, noise):
    """Move the feedback weights, int8 (axons, n), of the neurons that fired.

    neurons: which fired, and the payloads of all; outputs: the axon of each, and what
    it read, int32 (n_out,); noise: the uniform number and the bits of the step.
    """
    fired, own = neurons
    rows, direction = outputs
    uniform, bits = noise
    key = random.stream_key(place.seed, random.FEEDBACK, p.layer, place.counter)
    y3 = arithmetic.decay_trace(FEEDBACK_DECAY_FACTOR, p.alpha_y, uniform)
    row = np.empty(rows.size, np.int8)
    for post in fired:
        for output in range(rows.size):
            row[output] = weights[rows[output], post]
        y1 = arithmetic.decay_trace(PAYLOAD_FACTOR * own[post], p.alpha_y, uniform)
        row_key = random.draw(key, place.begin + post)
        update_feedback(row, y1, y3, direction, row_key, bits)
        for output in range(rows.size):
            weights[rows[output], post] = row[output]


@disk_cached
def draw_payloads(own, fired, layer, place):
    """A random payload of -1 or 1 for the neurons `fired`: written to `own`."""
    key = random.stream_key(place.seed, random.PAYLOAD, layer, place.counter)
    for post in fired:
        own[post] = 1 if random.draw(key, place.begin + post) >> np.uint32(31) else -1


@disk_cached
def decay(traces, alpha, uniform):
    """One step of decay of traces or third factors: int32, changed."""
    for k in range(traces.size):
        traces[k] = arithmetic.decay_trace(traces[k], alpha, uniform)

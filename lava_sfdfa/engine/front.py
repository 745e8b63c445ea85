"""Frozen layers, compiled: the spikes of a sample in, those of the last layer out.

A layer needs nothing of the layers above it, so each takes all samples before the next
does. Spikes are events throughout: a convolution costs what its events cost.
"""

from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
from numba import njit

from lava_sfdfa.cache import disk_cached
from lava_sfdfa.chip import widths
from lava_sfdfa.data.events import EventArrays, Events, index_type, offsets_of
from lava_sfdfa.engine.cores import n_cores
from lava_sfdfa.engine.neurons import integrate
from lava_sfdfa.network.frozen import FrozenLayer
from lava_sfdfa.types import Array

LEAST_PART = 64  # samples that are worth a thread
FIRST_ROOM = 1024  # spikes for which room is made at first


class Synapses(NamedTuple):
    """A `FrozenLayer` for compiled code."""

    kernel: Array  # (channels in of a group * groups, rows, columns, out of a group)
    input_shape: tuple[int, int, int]
    output_shape: tuple[int, int, int]
    stride: tuple[int, int]
    padding: tuple[int, int]
    dilation: tuple[int, int]
    groups: int
    channels_first: bool


class FrontSample(NamedTuple):
    """A layer after every step of the presentation of a sample: int32 (n_steps,
    n_post)."""

    u: Array
    v: Array
    spikes: Array  # 0 or 1


class Neurons(NamedTuple):
    """Its neurons for compiled code."""

    decay_u: int
    decay_v: int
    threshold: int  # in the units of v
    bias: Array  # (n_post,) int32


def through_front(
    front: tuple[FrozenLayer, ...], events: Events, n_steps: int
) -> Events:
    """What the last of the layers sends while samples are presented to the first.

    n_steps: of the presentation; a spike of step t arrives in step t + 1, at every
    layer. Without layers it is `events` itself.
    """
    for layer in front:
        events = _through(layer, events, n_steps)
    return events


def _through(layer: FrozenLayer, events: Events, n_steps: int) -> Events:
    if events.n_inputs != layer.n_pre:
        raise ValueError(
            f"the samples have {events.n_inputs} inputs, the layer {layer.n_pre}"
        )
    synapses, neurons = _synapses(layer), make_neurons(layer)
    n_parts = max(1, min(n_cores(), len(events) // LEAST_PART))
    bounds = np.linspace(0, len(events), n_parts + 1).astype(np.int64)

    held = np.zeros((2, 0, layer.n_post), np.int32)

    def run(part: int) -> tuple[Array, Array]:
        begin, end = bounds[part], bounds[part + 1]
        return run_layer(events.arrays, begin, end, synapses, neurons, n_steps, held)

    with ThreadPoolExecutor(n_parts) as pool:
        return _events(layer, list(pool.map(run, range(n_parts))))


def front_sample(
    front: tuple[FrozenLayer, ...], events: Events, sample: int, n_steps: int
) -> list[FrontSample]:
    """What each layer holds after every step of one sample, for a look at it."""
    found = []
    for layer in front:
        held = np.zeros((2, n_steps, layer.n_post), np.int32)
        synapses, neurons = _synapses(layer), make_neurons(layer)
        sent = run_layer(
            events.arrays, sample, sample + 1, synapses, neurons, n_steps, held
        )
        events, sample = _events(layer, [sent]), 0
        spikes = events.dense(0, n_steps).astype(np.int32)
        found.append(FrontSample(held[0], held[1], spikes))
    return found


def _events(layer: FrozenLayer, parts: list[tuple[Array, Array]]) -> Events:
    """What `run_layer` gave for the samples, a part after the other."""
    indices, counts = zip(*parts, strict=True)
    kind, count = index_type(layer.n_post), np.concatenate(counts)
    index = np.concatenate([part.astype(kind) for part in indices])
    return Events(index, count, offsets_of(count), layer.n_post)


def _synapses(layer: FrozenLayer) -> Synapses:
    n_out, rows, columns, n_in = layer.kernel.shape
    by_group = layer.kernel.reshape(layer.groups, -1, rows, columns, n_in)
    kernel = by_group.transpose(0, 4, 2, 3, 1).reshape(
        layer.groups * n_in, rows, columns, n_out // layer.groups
    )
    return Synapses(
        np.ascontiguousarray(kernel),
        layer.input_shape,
        layer.output_shape,
        layer.stride,
        layer.padding,
        layer.dilation,
        layer.groups,
        layer.channels_first,
    )


def make_neurons(layer: FrozenLayer) -> Neurons:
    """Neurons of a layer, for compiled code."""
    return Neurons(
        decay_u=2**widths.DECAY_BITS - layer.du - 1,
        decay_v=2**widths.DECAY_BITS - layer.dv,
        threshold=layer.vth << widths.INPUT_SHIFT,
        bias=layer.biases,
    )


# --- compiled ---------------------------------------------------------------------


@disk_cached
def run_layer(
    events: EventArrays,
    begin: int,
    end: int,
    synapses: Synapses,
    neurons: Neurons,
    n_steps: int,
    held: Array,
) -> tuple[Array, Array]:
    """Spikes of a layer for the samples from `begin` to before `end`: the neurons in
    the order of their spikes, int32, and how many spike in each step, int32 (samples,
    n_steps). held: int32 (2, steps, n_post), written: u and v after the first steps
    of the last sample."""
    n_post = neurons.bias.size
    u, v = np.zeros(n_post, np.int32), np.zeros(n_post, np.int32)
    total = np.zeros(n_post, np.int32)
    spikes, n_spikes = np.empty(FIRST_ROOM, np.int32), 0
    counts = np.zeros((end - begin, n_steps), np.int32)
    for sample in range(begin, end):
        u[:] = 0
        v[:] = 0
        at = events.offset[sample]
        for step in range(n_steps):
            if 0 < step <= events.counts.shape[1]:
                after = at + events.counts[sample, step - 1]
                take_events(total, events.inputs[at:after], synapses)
                at = after
            integrate(u, v, total, neurons.bias, neurons.decay_u, neurons.decay_v)
            if n_spikes + n_post > spikes.size:
                more = np.empty(2 * spikes.size + n_post, np.int32)
                more[:n_spikes] = spikes[:n_spikes]
                spikes = more
            before = n_spikes
            for post in range(n_post):
                if v[post] > neurons.threshold:
                    v[post] = 0
                    spikes[n_spikes] = post
                    n_spikes += 1
            counts[sample - begin, step] = n_spikes - before
            if step < held.shape[1]:
                held[0, step] = u
                held[1, step] = v
    return spikes[:n_spikes], counts


@njit
def take_events(total, inputs, synapses):
    """Add what the inputs that spike send to the neurons: int32 (n_post,), changed."""
    height, width, channels = synapses.input_shape
    rows, columns, n_out = synapses.output_shape
    n_own = n_out // synapses.groups
    for event in range(inputs.size):
        pre = np.int64(inputs[event])
        if synapses.channels_first:
            channel, place = divmod(pre, height * width)
        else:
            place, channel = divmod(pre, channels)
        y, x = divmod(place, width)
        first = channel // (channels // synapses.groups) * n_own
        for ky in range(synapses.kernel.shape[1]):
            row = y + synapses.padding[0] - ky * synapses.dilation[0]
            if row < 0 or row % synapses.stride[0] or row >= rows * synapses.stride[0]:
                continue
            for kx in range(synapses.kernel.shape[2]):
                column = x + synapses.padding[1] - kx * synapses.dilation[1]
                step = synapses.stride[1]
                if column < 0 or column % step or column >= columns * step:
                    continue
                place = row // synapses.stride[0] * columns + column // step
                post, weights = place * n_out + first, synapses.kernel[channel, ky, kx]
                for out in range(n_own):
                    total[post + out] += weights[out]

"""What reaches a slice of a frozen layer: its inputs, and its synapses axon by axon.

Neurons are cut in the order of rows, columns and channels, so that a slice is a band of
the image and what it reads is one, too. Two bands that overlap both read the overlap.
"""

import functools
from typing import NamedTuple

import numpy as np

from lava_sfdfa.network.frozen import FrozenLayer
from lava_sfdfa.types import Array


class Synapses(NamedTuple):
    """Synapses of a slice, sorted by their axon and then by their neuron."""

    inputs: Array  # (n_axons,) int64, the input behind each axon, rising
    first: Array  # (n_axons + 1,) int64, where the synapses of an axon begin
    neuron: Array  # (n_synapses,) int32, in the slice
    weight: Array  # (n_synapses,) int8


class Geometry(NamedTuple):
    """A frozen layer without its weights, by which counts can be remembered."""

    kernel_shape: tuple[int, ...]
    input_shape: tuple[int, int, int]
    columns: int  # of its neurons
    stride: tuple[int, int]
    padding: tuple[int, int]
    dilation: tuple[int, int]
    groups: int
    channels_first: bool


def geometry_of(layer: FrozenLayer) -> Geometry:
    """The geometry of a layer."""
    return Geometry(
        layer.kernel.shape,
        layer.input_shape,
        layer.output_shape[1],
        layer.stride,
        layer.padding,
        layer.dilation,
        layer.groups,
        layer.channels_first,
    )


def reads_all(layer: FrozenLayer) -> bool:
    """Whether every neuron has a synapse from every input."""
    return layer.is_dense and layer.padding == (0, 0)


def reached(layer: FrozenLayer, begin: int, end: int) -> tuple[Array, Array]:
    """Inputs that have synapses to the neurons from `begin` to before `end`, rising,
    and how many each has: int64 (n_axons,) both."""
    if reads_all(layer):
        return np.arange(layer.n_pre), np.full(layer.n_pre, end - begin)
    by_group = _by_group(geometry_of(layer), begin, end)
    by_input = np.repeat(by_group, layer.kernel.shape[3], axis=2)
    if layer.channels_first:
        by_input = np.moveaxis(by_input, -1, 0)
    by_input = by_input.ravel()
    inputs = np.flatnonzero(by_input)
    return inputs, by_input[inputs]


@functools.lru_cache(maxsize=2**16)
def tally(shape: Geometry, begin: int, end: int) -> tuple[Array, Array]:
    """Numbers of synapses that an input has, and how many inputs have so many: int64
    both. It is what `reached` counts, but remembered: a cut is looked for by halves."""
    counts, n_inputs = np.unique(_by_group(shape, begin, end), return_counts=True)
    kept = counts > 0
    return counts[kept], n_inputs[kept] * shape.kernel_shape[3]


def _by_group(shape: Geometry, begin: int, end: int) -> Array:
    """Synapses of an input: int64 (rows, columns, groups), the same for all channels
    of a group."""
    counts = np.zeros((*shape.input_shape[:2], shape.groups), np.int64)
    pixels, neurons = _band(shape, begin, end)
    for ky, kx in np.ndindex(*shape.kernel_shape[1:3]):
        row, column, inside = _places(shape, pixels, ky, kx)
        counts[row, column] += neurons[inside]
    return counts


def synapses(layer: FrozenLayer, begin: int, end: int) -> Synapses:
    """The synapses of the neurons from `begin` to before `end`."""
    (height, width, channels), n_in = layer.input_shape, layer.kernel.shape[3]
    n_out = layer.kernel.shape[0]
    own = n_out // layer.groups
    shape = geometry_of(layer)
    pixels, _ = _band(shape, begin, end)
    group, out, channel = np.indices((layer.groups, own, n_in))
    out, channel_of_all = out + group * own, channel + group * n_in
    pieces = []
    for ky, kx in np.ndindex(*layer.kernel.shape[1:3]):
        row, column, inside = _places(shape, pixels, ky, kx)
        if layer.channels_first:
            source = channel_of_all * height * width
            source = source + (row * width + column)[:, None, None, None]
        else:
            source = (row * width + column)[:, None, None, None] * channels
            source = source + channel_of_all
        neuron = pixels[inside][:, None, None, None] * n_out + out
        weight = np.broadcast_to(layer.kernel[out, ky, kx, channel], neuron.shape)
        held = (neuron >= begin) & (neuron < end)
        pieces.append((source[held], neuron[held] - begin, weight[held]))
    columns = zip(*pieces, strict=True)
    source, neuron, weight = (np.concatenate(column) for column in columns)
    order = np.lexsort((neuron, source))
    inputs, first = np.unique(source[order], return_index=True)
    return Synapses(
        inputs,
        np.append(first, len(order)),
        neuron[order].astype(np.int32),
        weight[order],
    )


def _band(shape: Geometry, begin: int, end: int) -> tuple[Array, Array]:
    """Pixels that have neurons of a slice: int64 (n,), and how many of each group:
    int64 (n, groups)."""
    n_out = shape.kernel_shape[0]
    own = n_out // shape.groups
    pixels = np.arange(begin // n_out, (end - 1) // n_out + 1)
    first = np.arange(shape.groups) * own + pixels[:, None] * n_out
    last = np.minimum(first + own, end)
    return pixels, np.maximum(last - np.maximum(first, begin), 0)


def _places(
    shape: Geometry, pixels: Array, ky: int, kx: int
) -> tuple[Array, Array, Array]:
    """Rows and columns that a place of the kernel reads for some pixels, where these
    are in the image, and for which of the pixels they are."""
    height, width, _ = shape.input_shape
    y, x = np.divmod(pixels, shape.columns)
    row = y * shape.stride[0] - shape.padding[0] + ky * shape.dilation[0]
    column = x * shape.stride[1] - shape.padding[1] + kx * shape.dilation[1]
    inside = (row >= 0) & (row < height) & (column >= 0) & (column < width)
    return row[inside], column[inside], inside

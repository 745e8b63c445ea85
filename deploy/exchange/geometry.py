"""Linear maps between images, in floating point: what lies between two layers of
neurons.

Convolutions, pools, dense layers and scales are one kind, as in `FrozenLayer`, and two
in a row are one again: a pool has no neurons, so it becomes part of the kernel of the
convolution or dense layer that reads it.
"""

import math
from dataclasses import dataclass, field, replace

import numpy as np

from lava_sfdfa.errors import InputError
from lava_sfdfa.network.frozen import MOST, Pair
from lava_sfdfa.types import Array

Image = tuple[int, int, int]  # rows, columns, channels


def by_channel(image: Image) -> str:
    """An image as tools write it, channels first."""
    return " x ".join(map(str, (image[2], image[0], image[1])))


@dataclass(frozen=True)
class Map:
    """A linear map; names and order of the data as in `FrozenLayer`.

    `is_dense` says that it was a matrix, whose kernel covers the image.
    """

    kernel: Array  # (channels out, rows, columns, channels in of a group) float64
    input_shape: Image
    bias: Array = field(default_factory=lambda: np.zeros(1))  # (channels out,) or (1,)
    stride: Pair = (1, 1)
    padding: Pair = (0, 0)
    dilation: Pair = (1, 1)
    groups: int = 1
    is_dense: bool = False

    @property
    def output_shape(self) -> Image:
        """Rows, columns and channels of what it makes."""
        rows, columns = (_n_out(self, axis) for axis in (0, 1))
        return rows, columns, len(self.kernel)

    @property
    def keeps_channels(self) -> bool:
        """Whether each channel becomes one of its own, as in a pool."""
        return self.groups == len(self.kernel) == self.input_shape[2]


def identity(image: Image) -> Map:
    """Every neuron takes the input of its place."""
    return scale_of(np.ones(1), image)


def scale_of(factors: Array, image: Image) -> Map:
    """Each channel times a factor. factors: (channels,) or (1,)."""
    kernel = np.broadcast_to(factors, image[2]).reshape(-1, 1, 1, 1)
    return Map(np.array(kernel, np.float64), image, groups=image[2])


def pool_of(value: float, size: Pair, image: Image, stride: Pair, padding: Pair) -> Map:
    """A sum over windows, times `value`."""
    kernel = np.full((image[2], *size, 1), value)
    return Map(kernel, image, stride=stride, padding=padding, groups=image[2])


def dense_of(weights: Array, image: Image, bias: Array) -> Map:
    """A matrix (n_post, n_pre) whose inputs are counted by channel first."""
    rows, columns, channels = image
    kernel = weights.reshape(-1, channels, rows, columns)
    return Map(np.moveaxis(kernel, 1, 3), image, bias, is_dense=True)


# --- two maps in a row ------------------------------------------------------------


def compose(first: Map, then: Map) -> Map:
    """One map that does what two do. Errors: InputError where no kernel does."""
    for axis in (0, 1):
        _check_edge(first, then, axis)
    if first.bias.any() and any(then.padding):
        raise InputError(
            "has a padding around values with a bias, which no single layer has; put "
            "neurons between the two, or leave the padding out"
        )
    shared = first.keeps_channels
    if not shared:
        first, then = _ungrouped(first), _ungrouped(then)
    kernel = _composed_kernel(first, then, shared)
    made = Map(
        kernel,
        first.input_shape,
        _composed_bias(first, then),
        stride=_each(first.stride, then.stride),
        padding=(
            first.padding[0] + then.padding[0] * first.stride[0],
            first.padding[1] + then.padding[1] * first.stride[1],
        ),
        groups=then.groups,
        is_dense=then.is_dense,
    )
    if then.is_dense:
        made = _whole(made)
    if made.output_shape != then.output_shape:
        raise InputError(
            f"would make {made.output_shape[0]} x {made.output_shape[1]} values as one "
            f"layer, not {then.output_shape[0]} x {then.output_shape[1]}; crop the "
            "image to a multiple of the pool"
        )
    return made


def _check_edge(first: Map, then: Map, axis: int) -> None:
    """What the second map takes as silent outside of the values of the first has to be
    silent in the image too. Errors: InputError."""
    n_between, n_image = first.output_shape[axis], first.input_shape[axis]
    end = (first.kernel.shape[1 + axis] - 1) * first.dilation[axis]
    read = np.arange(then.output_shape[axis])[:, None] * then.stride[axis]
    read = read + np.arange(then.kernel.shape[1 + axis]) * then.dilation[axis]
    read = np.unique(read - then.padding[axis])
    outside = read[(read < 0) | (read >= n_between)]
    begin = outside * first.stride[axis] - first.padding[axis]
    if np.any((begin < n_image) & (begin + end >= 0)):
        left = ("rows", "columns")[axis]
        raise InputError(
            f"has a padding that would reach {left} of the image which the windows "
            f"before leave over or share ({n_image} {left}, windows of "
            f"{first.kernel.shape[1 + axis]} every {first.stride[axis]}); crop the "
            "image to a multiple of the pool, or leave the padding out"
        )


def _composed_kernel(first: Map, then: Map, shared: bool) -> Array:
    """shared: the first keeps its channels apart, so the groups of the second stay."""
    n_rows, n_columns = (
        (then.kernel.shape[1 + axis] - 1) * then.dilation[axis] * first.stride[axis]
        + (first.kernel.shape[1 + axis] - 1) * first.dilation[axis]
        + 1
        for axis in (0, 1)
    )
    n_in = then.kernel.shape[3] if shared else first.kernel.shape[3]
    size = (len(then.kernel), n_rows, n_columns, n_in)
    if math.prod(size) > MOST:
        raise InputError(f"has {math.prod(size)} weights as one layer, at most {MOST}")
    kernel = np.zeros(size)
    for by, bx in np.ndindex(*then.kernel.shape[1:3]):
        for ay, ax in np.ndindex(*first.kernel.shape[1:3]):
            y = by * then.dilation[0] * first.stride[0] + ay * first.dilation[0]
            x = bx * then.dilation[1] * first.stride[1] + ax * first.dilation[1]
            above, below = then.kernel[:, by, bx], first.kernel[:, ay, ax]
            if shared:
                kernel[:, y, x] += above * _by_output(below[:, 0], then)
            else:
                kernel[:, y, x] += above @ below
    return kernel


def _by_output(factors: Array, then: Map) -> Array:
    """A factor for each channel in, as `then` reads them: (channels out, in)."""
    n_in = then.kernel.shape[3]
    return np.repeat(factors.reshape(-1, n_in), len(then.kernel) // then.groups, axis=0)


def _composed_bias(first: Map, then: Map) -> Array:
    if not first.bias.any():
        return then.bias
    bias = np.broadcast_to(first.bias, len(first.kernel))
    return then.bias + (then.kernel.sum(axis=(1, 2)) * _by_output(bias, then)).sum(1)


def _ungrouped(found: Map) -> Map:
    """The same with a kernel over all channels."""
    n_in = found.input_shape[2]
    if found.groups > 1 and found.kernel.size // found.kernel.shape[3] * n_in > MOST:
        raise InputError(f"has more than {MOST} weights as one layer")
    return replace(found, kernel=ungrouped(found.kernel, found.groups), groups=1)


def ungrouped(kernel: Array, groups: int) -> Array:
    """A kernel of groups as one over all channels, with zeros where they are apart."""
    n_out, rows, columns, n_in = kernel.shape
    whole = np.zeros((n_out, rows, columns, n_in * groups), kernel.dtype)
    for outs, ins in _group_slices(n_out, n_in, groups):
        whole[outs, :, :, ins] = kernel[outs]
    return whole


def grouped(kernel: Array, groups: int) -> Array | None:
    """The inverse of `ungrouped`; None for a kernel that is none of groups."""
    n_out, rows, columns, n_all = kernel.shape
    if groups < 1 or n_out % groups or n_all % groups:
        return None
    parts = np.zeros((n_out, rows, columns, n_all // groups), kernel.dtype)
    for outs, ins in _group_slices(n_out, n_all // groups, groups):
        parts[outs] = kernel[outs, :, :, ins]
    return parts if np.array_equal(ungrouped(parts, groups), kernel) else None


def _group_slices(n_out: int, n_in: int, groups: int) -> list[tuple[slice, slice]]:
    """Channels out and in of each group."""
    own = n_out // groups
    return [
        (slice(k * own, (k + 1) * own), slice(k * n_in, (k + 1) * n_in))
        for k in range(groups)
    ]


def _whole(found: Map) -> Map:
    """A map with one place of output as a kernel that covers the image."""
    found = _ungrouped(found)
    n_out, n_rows, n_columns, _ = found.kernel.shape
    kernel = np.zeros((n_out, *found.input_shape))
    for ky, kx in np.ndindex(n_rows, n_columns):
        y, x = ky - found.padding[0], kx - found.padding[1]
        if 0 <= y < kernel.shape[1] and 0 <= x < kernel.shape[2]:
            kernel[:, y, x] = found.kernel[:, ky, kx]
    return Map(kernel, found.input_shape, found.bias, is_dense=True)


def _each(a: Pair, b: Pair) -> Pair:
    return a[0] * b[0], a[1] * b[1]


def _n_out(found: Map, axis: int) -> int:
    reach = found.dilation[axis] * (found.kernel.shape[1 + axis] - 1) + 1
    room = found.input_shape[axis] + 2 * found.padding[axis] - reach
    return room // found.stride[axis] + 1

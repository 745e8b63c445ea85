"""A layer that never learns, in the chip's integers: Lava's `Conv` or `Dense`, `LIF`.

One kind of synapses is enough. A dense layer is a convolution whose kernel is as large
as the image that it reads; a pooling layer adds spikes without neurons of its own, so
it belongs to the kernel of the layer above it, see `exchange/geometry.py`.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from lava_sfdfa.chip import widths
from lava_sfdfa.errors import InputError
from lava_sfdfa.network.checks import check_array, in_range
from lava_sfdfa.types import Array

Pair = tuple[int, int]  # of rows and of columns
MOST = 2**24  # neurons, inputs and weights of a layer, so that 32 bits count them


@dataclass(frozen=True)
class FrozenLayer:
    """Synapses that never change, and neurons; names as in Lava where Lava has them.

    Neurons and inputs are counted by row, then column, then channel; with
    `channels_first` the inputs by channel first, as other tools do. Neuron (y, x)
    reads the inputs from row `y * stride - padding` on, each `dilation` rows apart;
    what lies outside of the image is silent.
    """

    kernel: Array  # (channels out, rows, columns, channels in of a group) int8
    input_shape: tuple[int, int, int]  # rows, columns, channels
    du: int  # decay of u: (4096 - du - 1) / 4096 a step; 4095 keeps nothing
    dv: int  # decay of v: (4096 - dv) / 4096 a step; 0 keeps all
    vth: int  # spike where v > vth * 2**6
    bias: Array | None = None  # (channels out,) int32, added to v in every step
    stride: Pair = (1, 1)
    padding: Pair = (0, 0)
    dilation: Pair = (1, 1)
    groups: int = 1
    channels_first: bool = False  # of the inputs; only where samples are shown

    def __post_init__(self) -> None:
        check_array("kernel", self.kernel, np.int8, (None, None, None, None))
        _row(self, "input_shape", 3, 1)
        for name, least in (("stride", 1), ("padding", 0), ("dilation", 1)):
            _row(self, name, 2, least)
        object.__setattr__(self, "groups", _whole("groups", self.groups, 1))
        if not isinstance(self.channels_first, (bool, np.bool_)):
            raise InputError(
                f"channels_first must be true or false, not {self.channels_first!r:.80}"
            )
        in_range("du", self.du, widths.DECAY)
        in_range("dv", self.dv, widths.DECAY)
        in_range("vth", self.vth, widths.THRESHOLD)
        self._check_shapes()
        if self.bias is not None:
            check_bias(self.bias, self.kernel.shape[0])
        self.kernel.setflags(write=False)

    def _check_shapes(self) -> None:
        n_out, _, _, n_in = self.kernel.shape
        channels = self.input_shape[2]
        if n_in * self.groups != channels or n_out % self.groups:
            raise InputError(
                f"kernel has {n_in} channels in and {n_out} out, but the image has "
                f"{channels} in {self.groups} groups; a group takes its share of both"
            )
        if min(self.output_shape) < 1:
            raise InputError(
                f"kernel has the shape {self.kernel.shape}, which does not fit the "
                f"image {self.input_shape} with the padding {self.padding}"
            )
        for what, size in (("inputs", self.n_pre), ("neurons", self.n_post)):
            if size > MOST:
                raise InputError(f"the layer has {size} {what}; allowed are {MOST}")

    def __str__(self) -> str:
        if self.is_dense:
            return f"dense, {self.n_pre} to {self.n_post}"
        (rows, columns), n_out = self.kernel.shape[1:3], self.kernel.shape[0]
        shapes = ["x".join(map(str, s)) for s in (self.input_shape, self.output_shape)]
        groups = f", {self.groups} groups" if self.groups > 1 else ""
        return (
            f"convolution, {n_out} kernels of {rows}x{columns}{groups}, {shapes[0]} to "
            f"{shapes[1]}, stride {self.stride[0]}x{self.stride[1]}, padding "
            f"{self.padding[0]}x{self.padding[1]}"
        )

    @property
    def output_shape(self) -> tuple[int, int, int]:
        """Rows, columns and channels of the neurons."""
        rows, columns = (
            (size + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1
            for size, padding, dilation, kernel, stride in zip(
                self.input_shape[:2],
                self.padding,
                self.dilation,
                self.kernel.shape[1:3],
                self.stride,
                strict=True,
            )
        )
        return rows, columns, self.kernel.shape[0]

    @property
    def is_dense(self) -> bool:
        """Whether every neuron reads every input, each with a weight of its own."""
        rows, columns, _ = self.output_shape
        is_whole = self.kernel.shape[1:3] == self.input_shape[:2]
        return is_whole and (rows, columns, self.groups) == (1, 1, 1)

    @property
    def sample_shape(self) -> tuple[int, ...]:
        """The input in the order in which it is counted, without axes of one."""
        rows, columns, channels = self.input_shape
        shape = (channels, rows, columns) if self.channels_first else self.input_shape
        return tuple(size for size in shape if size > 1) or (1,)

    def takes(self, shape: tuple[int, ...]) -> bool:
        """Whether samples of a shape are images of this one, or no images at all."""
        found = tuple(size for size in shape if size > 1)
        return self.is_dense or len(found) < 2 or found == self.sample_shape

    @property
    def n_pre(self) -> int:
        """Inputs of the layer."""
        return math.prod(self.input_shape)

    @property
    def n_post(self) -> int:
        """Neurons of the layer."""
        return math.prod(self.output_shape)

    @property
    def biases(self) -> Array:
        """Of every neuron: int32 (n_post,)."""
        if self.bias is None:
            return np.zeros(self.n_post, np.int32)
        rows, columns, _ = self.output_shape
        return np.tile(self.bias, rows * columns)


def dense_layer(
    weights: Array, du: int, dv: int, vth: int, bias: Array | None = None
) -> FrozenLayer:
    """A dense layer. weights: int8 (n_post, n_pre)."""
    check_array("weights", weights, np.int8, (None, None))
    n_post, n_pre = weights.shape
    kernel = weights.reshape(n_post, 1, 1, n_pre)
    return FrozenLayer(kernel, (1, 1, n_pre), du, dv, vth, bias)


def dense_weights(layer: FrozenLayer) -> Array:
    """The weights of a layer as if it were dense: int8 (n_post, n_pre)."""
    rows, columns, n_out = layer.output_shape
    (height, width, _), n_in = layer.input_shape, layer.kernel.shape[3]
    weights = np.zeros((rows, columns, n_out, *layer.input_shape), np.int8)
    (up, left), (down, right) = layer.stride, layer.dilation
    for y, x, ky, kx in np.ndindex(rows, columns, *layer.kernel.shape[1:3]):
        row = y * up - layer.padding[0] + ky * down
        column = x * left - layer.padding[1] + kx * right
        if 0 <= row < height and 0 <= column < width:
            for group in range(layer.groups):
                outs = slice(*np.array([group, group + 1]) * (n_out // layer.groups))
                ins = slice(group * n_in, (group + 1) * n_in)
                weights[y, x, outs, row, column, ins] = layer.kernel[outs, ky, kx]
    if layer.channels_first:
        weights = np.moveaxis(weights, -1, -3)
    return weights.reshape(layer.n_post, layer.n_pre)


# --- biases -----------------------------------------------------------------------


def bias_parts(bias: Array) -> tuple[Array, int]:
    """`bias_mant` (int32) and `bias_exp` of Lava's `LIF`, one exponent for all: the
    bias is `bias_mant << bias_exp`. Errors: InputError for what the chip cannot hold.
    """
    for exponent in range(widths.BIAS_EXPONENT.maximum + 1):
        mantissa = bias >> exponent
        is_whole = np.array_equal(mantissa << exponent, bias)
        if is_whole and widths.BIAS_MANTISSA.holds(mantissa):
            return mantissa.astype(np.int32), exponent
    raise InputError(
        f"bias has {bias.min()} to {bias.max()}; the chip holds a mantissa of "
        f"{widths.BIAS_MANTISSA.bits} bits, shifted left by at most "
        f"{widths.BIAS_EXPONENT.maximum} ({widths.BIAS_MANTISSA.source})"
    )


def held_bias(values: Array) -> Array:
    """The nearest biases that the chip holds: int32. values: float, in units of v.
    Errors: InputError for values that are too large for it."""
    largest, most = float(np.abs(values).max()), widths.BIAS_MANTISSA.maximum
    for exponent in range(widths.BIAS_EXPONENT.maximum + 1):
        if np.rint(largest / 2**exponent) <= most:
            return np.rint(values / 2**exponent).astype(np.int32) << exponent
    raise InputError(
        f"bias has {values.min():.4g} to {values.max():.4g} in units of v; the chip "
        f"holds up to {most << widths.BIAS_EXPONENT.maximum}"
    )


def check_bias(bias: Any, n: int) -> None:
    """Errors: InputError for biases that are not n, or that the chip cannot hold."""
    check_array("bias", bias, np.int32, (n,))
    bias_parts(bias)
    bias.setflags(write=False)


# --- checks -----------------------------------------------------------------------


def _row(layer: FrozenLayer, name: str, n: int, least: int) -> None:
    """Make a field a tuple of n whole numbers."""
    values = getattr(layer, name)
    if not isinstance(values, (tuple, list, np.ndarray)) or len(values) != n:
        raise InputError(f"{name} must be {n} integers, not {values!r:.80}")
    whole = tuple(_whole(name, value, least) for value in values)
    object.__setattr__(layer, name, whole)


def _whole(name: str, value: Any, least: int) -> int:
    if not isinstance(value, (int, np.integer)) or not least <= value <= MOST:
        raise InputError(
            f"{name} must be between {least} and {MOST}, not {value!r:.80}"
        )
    return int(value)

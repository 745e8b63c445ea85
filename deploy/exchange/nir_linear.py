"""The nodes of a NIR graph without neurons, as linear maps of the data before them."""

import math

import numpy as np

from lava_sfdfa.deploy.exchange.geometry import (
    Image,
    Map,
    by_channel,
    dense_of,
    pool_of,
    scale_of,
)
from lava_sfdfa.deploy.exchange.nir_reader import Reader
from lava_sfdfa.errors import InputError
from lava_sfdfa.network.frozen import MOST, Pair
from lava_sfdfa.types import Array

NO_SHAPE = "name the shape of the data in the node Input, such as (2, 34, 34)"


def map_of(reader: Reader, image: Image | None, is_first: bool) -> Map:
    """The map of a node. image: of what comes, None where nothing said it; is_first:
    whether that is the input, which may name its axes in another way.

    Errors: InputError where the two do not go together.
    """
    kind = reader.node.kind
    if kind in ("Linear", "Affine"):
        found = _dense(reader, image, is_first)
    elif kind == "Conv2d":
        found = _conv2d(reader, image, is_first)
    elif kind == "Conv1d":
        found = _conv1d(reader, image, is_first)
    elif kind == "Scale":
        found = _scale(reader, image)
    else:
        found = _pool(reader, image)
    if min(found.output_shape) < 1:
        raise InputError(
            f"{reader.where}: its window of {found.kernel.shape[1]} x "
            f"{found.kernel.shape[2]} does not fit the image of "
            f"{by_channel(found.input_shape)}"
        )
    return found


def image_of(sizes: tuple[int, ...] | None) -> Image | None:
    """Rows, columns and channels of a shape as tools write it: (channels, rows,
    columns), (rows, columns) or (inputs,), behind sizes of batch and time of 1."""
    if sizes is None:
        return None
    while len(sizes) > 3 and sizes[0] == 1:
        sizes = sizes[1:]
    if len(sizes) > 3:
        return 1, 1, math.prod(sizes)
    if len(sizes) == 1:
        return 1, 1, sizes[0]
    channels = 1 if len(sizes) == 2 else sizes[0]
    return sizes[-2], sizes[-1], channels


# --- dense layers -----------------------------------------------------------------


def _dense(reader: Reader, image: Image | None, is_first: bool) -> Map:
    weights = reader.weights("neurons, inputs")
    n_post, n_pre = weights.shape
    if image is None or (is_first and n_pre == image[1] != math.prod(image)):
        image = 1, 1, n_pre  # the last axis of an input with batch and time
    if math.prod(image) != n_pre:
        raise InputError(
            f"{reader.where}: weight has the shape {weights.shape}, but "
            f"{math.prod(image)} inputs lead to it; allowed is (neurons, "
            f"{math.prod(image)})"
        )
    return dense_of(weights, image, reader.bias(n_post))


# --- convolutions -----------------------------------------------------------------


def _conv2d(reader: Reader, image: Image | None, is_first: bool) -> Map:
    weights = reader.weights("channels out, channels in of a group, rows, columns")
    named = reader.sizes("input_shape")
    if named is not None and len(named) != 2:
        raise InputError(
            f"{reader.where}: input_shape has {len(named)} sizes; allowed are rows and "
            "columns"
        )
    return _conv(reader, weights, named, image, is_first)


def _conv1d(reader: Reader, image: Image | None, is_first: bool) -> Map:
    weights = reader.weights("channels out, channels in of a group, columns")
    named = reader.sizes("input_shape")
    if named is not None:
        named = 1, named[-1]
    if is_first and image is not None and image[0] > 1 and image[2] == 1:
        image = 1, image[1], image[0]  # (channels, columns)
    return _conv(reader, weights[:, :, None], named, image, is_first)


def _conv(
    reader: Reader,
    weights: Array,
    named: tuple[int, ...] | None,
    image: Image | None,
    is_first: bool,
) -> Map:
    """weights: (channels out, in of a group, rows, columns); named: rows and columns
    that the node says."""
    n = 1 if reader.node.kind == "Conv1d" else 2
    groups = reader.integers("groups", 1, 1, 1)[0]
    channels = weights.shape[1] * groups
    if len(weights) % groups:
        raise InputError(
            f"{reader.where}: groups is {groups}, which does not divide the "
            f"{len(weights)} channels out"
        )
    image = _conv_image(reader, channels, named, image, is_first)
    stride = _directions(reader.integers("stride", n, 1, 1))
    dilation = _directions(reader.integers("dilation", n, 1, 1))
    kernel = np.moveaxis(weights, 1, 3)
    kernel, padding = _padded(reader, kernel, stride, dilation)
    bias = reader.bias(len(kernel))
    return Map(kernel, image, bias, stride, padding, dilation, groups)


def _conv_image(
    reader: Reader,
    channels: int,
    named: tuple[int, ...] | None,
    image: Image | None,
    is_first: bool,
) -> Image:
    """What a convolution reads. Errors: InputError where nothing says it, or two
    things differ."""
    wanted = None if named is None else (named[0], named[1], channels)
    if image is None:
        if wanted is None:
            raise InputError(f"{reader.where}: input_shape is not known; {NO_SHAPE}")
        return wanted
    is_flat = image[:2] == (1, 1) and channels < image[2] == math.prod(wanted or ())
    if is_first and is_flat and wanted is not None:
        return wanted
    if image[2] != channels:
        raise InputError(
            f"{reader.where}: weight takes {channels} channels, but {image[2]} come "
            f"(an image of {by_channel(image)}); they have to be equal"
        )
    if wanted is not None and image != wanted:
        raise InputError(
            f"{reader.where}: input_shape is {named}, but an image of "
            f"{by_channel(image)} comes; they have to be equal"
        )
    return image


def _padded(
    reader: Reader, kernel: Array, stride: Pair, dilation: Pair
) -> tuple[Array, Pair]:
    """The kernel, and its padding, which is numbers, "valid" or "same"."""
    value = reader.node.fields.get("padding", 0)
    if isinstance(value, bytes):
        value = value.decode(errors="replace")
    if not isinstance(value, str):
        n = 1 if reader.node.kind == "Conv1d" else 2
        return kernel, _directions(reader.integers("padding", n, 0, 0), 0)
    if value == "valid":
        return kernel, (0, 0)
    if value != "same" or stride != (1, 1):
        raise InputError(
            f"{reader.where}: padding is {value!r:.40} with the stride {stride}; "
            "allowed are integers, 'valid', and 'same' with the stride 1"
        )
    padding = []
    for axis in (0, 1):
        total = dilation[axis] * (kernel.shape[1 + axis] - 1)
        if total % 2:  # one more behind than before: a row of zeros makes them equal
            if dilation[axis] > 1:
                raise InputError(
                    f"{reader.where}: padding 'same' is {total} in all, which has no "
                    "equal halves; allowed is a kernel of odd size"
                )
            widths = np.zeros((4, 2), int)
            widths[1 + axis, 0] = 1
            kernel = np.pad(kernel, widths)
        padding.append((total + 1) // 2)
    return kernel, (padding[0], padding[1])


def _directions(values: tuple[int, ...], of_rows: int = 1) -> Pair:
    """Of rows and columns; what is one number is of columns."""
    return (of_rows, values[0]) if len(values) == 1 else (values[0], values[1])


# --- pools and scales -------------------------------------------------------------


def _pool(reader: Reader, image: Image | None) -> Map:
    if image is None:
        raise InputError(f"{reader.where}: the image is not known; {NO_SHAPE}")
    size = reader.pair("kernel_size", 1, 1)
    stride = reader.pair("stride", 1, 1) if "stride" in reader.node.fields else size
    value = 1.0 if reader.node.kind == "SumPool2d" else 1.0 / math.prod(size)
    if math.prod(size) * image[2] > MOST:
        raise InputError(f"{reader.where}: kernel_size is {size}, larger than images")
    return pool_of(value, size, image, stride, reader.pair("padding", 0, 0))


def _scale(reader: Reader, image: Image | None) -> Map:
    if image is None:
        image = image_of(np.shape(reader.numbers("scale"))) or (1, 1, 1)
    return scale_of(reader.by_channel("scale", image), image)

"""Reads netx files: dense layers, convolutions and pools of lava-dl, in a row.

What lava-dl 0.6.0 means by them (slayer/block/base.py writes, netx/hdf5.py reads):

* Shapes are (channels, rows, columns); kernels (out, in of a group, rows, columns), in
  older files with an axis of 1 behind; stride, padding and dilation (rows, columns).
* `flatten` counts by channel first, ours by channel last: columns of the dense layer
  behind it change their places.
* A bias is in units of 2**6, for each neuron of a dense layer and each channel of a
  convolution. Without `bias` there is none.
* A pool has neurons of its own, and one kernel for all channels.
* An `input` without neurons names a shape. With neurons it is a layer of one synapse
  for each neuron, of one `weight` and one `bias`.
"""

import math
from pathlib import Path

import numpy as np

from lava_sfdfa.deploy.exchange.dense import finite, whole_weights
from lava_sfdfa.deploy.exchange.geometry import Image, by_channel
from lava_sfdfa.deploy.exchange.limits import Limits
from lava_sfdfa.deploy.exchange.netx_neurons import (
    Neurons,
    bias_of,
    check_plain,
    neurons_of,
    text,
)
from lava_sfdfa.errors import InputError
from lava_sfdfa.hdf5.reader import Group, read_file
from lava_sfdfa.network.frozen import (
    MOST,
    FrozenLayer,
    Pair,
)
from lava_sfdfa.types import Array

PROBLEM = "cannot be read as a netx file"
REMEDY = "allowed is HDF5 as lava-dl 0.6.0 exports it"
AGAIN = "export the network again with lava-dl"
ALLOWED = "allowed are input, dense, conv, pool and flatten"
REFUSED = {  # why, and what to do
    "dense_rec": "whose neurons feed each other; train it without recurrence",
    "dense_comp": "with complex weights; train it with CUBA neurons",
    "convT": "which makes an image larger; use conv, dense or pool",
    "unpool": "which makes an image larger; use conv, dense or pool",
    "average": "a mean, not spikes; leave it out and give each class one neuron",
    "concat": "which joins two branches; train one chain of layers",
}
INPUT_WEIGHT = 64  # of an input layer that names none; netx/hdf5.py


def read_netx(path: Path) -> tuple[tuple[FrozenLayer, ...], int | None, list[str]]:
    """All layers, steps of a sample where the file says them, and what was changed.

    Errors: InputError that names all that cannot be taken over, by layer.
    """
    file = read_file(path, PROBLEM, REMEDY)
    try:
        n_layers = len(file.group("layer").entries)
        groups = [file.group(f"layer/{number}") for number in range(n_layers)]
        chain = _Chain(path)
        for number, group in enumerate(groups):
            chain.add(f"layer {number}", group)
        layers, steps = chain.whole(), _steps(path, file)
        if steps and 2 * len(layers) > steps:
            chain.notes.append(
                f"a sample has {steps} steps, and a spike takes {len(layers)} to reach "
                "the outputs, which lava-dl reads that much later; import it with "
                f"steps {steps + len(layers)} to see all of a sample"
            )
        return layers, steps, chain.notes
    except (LookupError, ValueError, TypeError, OverflowError) as error:
        raise InputError(f"{path}: {PROBLEM} ({error}); {REMEDY}") from None


class _Chain:
    """The layers so far, and what the next one reads."""

    def __init__(self, path: Path):
        self.limits, self.notes = Limits(path), list[str]()
        self._layers: list[FrozenLayer] = []
        self._image: Image | None = None  # None where nothing says it
        self._is_row = False  # counted by channel first, as lava-dl's dense layers do
        self._is_whole = True  # whether all layers so far could be read

    def add(self, where: str, group: Group) -> None:
        """Take the next layer over, or note what is against it."""
        kind = text(group.value("type"))
        image, is_row = None, kind.startswith("dense")
        with self.limits.here():
            if "shape" in group:
                image = _shape(where, group)
                is_row = is_row or group.value("shape").size == 1
        if kind == "flatten":
            self._is_row = True
            return
        if kind == "input" and "neuron" not in group:
            self._image, self._is_row = image, is_row
            with self.limits.here():
                self._check_first(where)
            return
        layer = self._layer(where, kind, group)
        if layer is None:
            self._is_whole = False  # what follows reads what the file says
        else:
            self._layers.append(layer)
            image = layer.output_shape
        self._image, self._is_row = image, is_row

    def whole(self) -> tuple[FrozenLayer, ...]:
        """The layers, of which the last is dense. Errors: InputError with all that
        cannot be taken over."""
        if self._is_whole and not self._layers:
            self.limits.add("has no layer of neurons; allowed are two or more")
        self.limits.check()
        layers = self._layers
        if layers[-1].n_post == 1:
            self.notes.append(
                "the network has one output, so its class is always the same and an "
                "accuracy says nothing; what it says is in the scores"
            )
        return tuple(layers)

    def _layer(self, where: str, kind: str, group: Group) -> FrozenLayer | None:
        """The next layer with neurons, or None where a limit was noted."""
        make = {
            "input": self._input,
            "dense": self._dense,
            "conv": self._conv,
            "pool": self._pool,
        }.get(kind)
        if make is None:
            why = REFUSED.get(kind, ALLOWED)
            self.limits.add(f"{where} is of the type {kind!r}, {why}")
            return None
        with self.limits.here():
            check_plain(where, group)
        neurons = None
        try:
            with self.limits.here():
                neurons = neurons_of(where, group)
            with self.limits.here():
                return make(where, group, neurons) if neurons else None
        except LookupError as error:
            self.limits.add(f"{where}: {error.args[0]}; {AGAIN}")
        return None

    # --- kinds ------------------------------------------------------------------

    def _dense(self, where: str, group: Group, neurons: Neurons) -> FrozenLayer:
        n_post = math.prod(_shape(where, group))
        weights = finite(where, "weight", group.value("weight"))
        if weights.size % n_post:
            raise InputError(
                f"{where}: weight has {weights.size} values, which do not make "
                f"{n_post} rows; {AGAIN}"
            )
        weights = weights.reshape(n_post, -1)
        n_pre = weights.shape[1]
        image = self._image or (1, 1, n_pre)
        if math.prod(image) != n_pre:
            raise InputError(
                f"{where}: weight takes {n_pre} inputs, but the layer before has "
                f"{math.prod(image)} neurons; they have to be equal"
            )
        if self._layers and image[:2] != (1, 1):
            if not self._is_row:
                raise InputError(
                    f"{where} follows an image of {by_channel(image)} without a "
                    "flatten layer, which lava-dl cannot run; add one between them"
                )
            rows, columns, channels = image
            weights = weights.reshape(n_post, channels, rows, columns)
            weights = np.moveaxis(weights, 1, -1).reshape(n_post, n_pre)
        kernel = weights.reshape(n_post, 1, 1, n_pre)
        bias = bias_of(where, group, n_post)
        return self._made(where, group, neurons, kernel, (1, 1, n_pre), bias)

    def _conv(self, where: str, group: Group, neurons: Neurons) -> FrozenLayer:
        weights = finite(where, "weight", group.value("weight"))
        if weights.ndim == 5 and weights.shape[4] == 1:
            weights = weights[..., 0]
        if weights.ndim != 4:
            raise InputError(
                f"{where}: weight has the shape {weights.shape}; allowed is (out, in, "
                "rows, columns)"
            )
        groups = int(finite(where, "groups", group.get("groups", 1)).item())
        kernel = np.moveaxis(weights, 1, -1)
        n_in = kernel.shape[3] * groups
        image = self._image or _image_before(where, group, kernel, n_in)
        self._check_image(where, image)
        bias = bias_of(where, group, len(kernel))
        return self._made(where, group, neurons, kernel, image, bias, groups)

    def _pool(self, where: str, group: Group, neurons: Neurons) -> FrozenLayer:
        if self._image is None:
            raise InputError(f"{where}: nothing says the size of its image; {_ADD}")
        self._check_image(where, self._image)
        weights = finite(where, "weight", group.value("weight"))
        size = _pair(where, group, "kernelSize")
        channels = self._image[2]
        if weights.size != math.prod(size) or weights.size * channels > MOST:
            raise InputError(
                f"{where}: weight has {weights.size} values for windows of {size[0]} x "
                f"{size[1]} and {channels} channels; allowed is one for each place"
            )
        kernel = np.tile(weights.reshape(1, *size, 1), (channels, 1, 1, 1))
        bias = bias_of(where, group, channels)
        return self._made(where, group, neurons, kernel, self._image, bias, channels)

    def _check_first(self, where: str) -> None:
        if self._layers:
            raise InputError(f"{where} is an input behind other layers; remove it")

    def _check_image(self, where: str, image: Image) -> None:
        """Errors: InputError where an image has been made a row."""
        if self._is_row and math.prod(image[:2]) > 1:
            raise InputError(
                f"{where} reads an image, but what is before it is a row of "
                f"{math.prod(image)}; leave the flatten layer out"
            )

    def _input(self, where: str, group: Group, neurons: Neurons) -> FrozenLayer:
        """One synapse for each neuron."""
        rows, columns, channels = _shape(where, group)
        if group.value("shape").size == 1:  # no image: one channel will do
            rows, columns, channels = 1, channels, 1
        self._check_first(where)
        if channels > MOST:
            raise InputError(f"{where}: has {channels} channels; at most {MOST}")
        weight = finite(where, "weight", group.get("weight", INPUT_WEIGHT))
        if weight.size != 1:
            raise InputError(f"{where}: has {weight.size} weights; allowed is one")
        bias = bias_of(where, group, 1)
        if bias is not None and neurons.du != neurons.FORGETS:
            raise InputError(
                f"{where}: adds its bias to a current that lasts (iDecay "
                f"{neurons.du + 1}), which neurons here cannot; allowed is iDecay "
                f"{neurons.FORGETS + 1}, or no bias"
            )
        self.notes.append(
            f"{where}: in lava-dl it reads numbers; here it reads spikes, 1 in a step "
            "or 0, which arrive a step later than there"
        )
        if bias is not None and bias[0] > neurons.vth:
            self.notes.append(
                f"{where}: its bias of {bias[0]} alone is above vThMant {neurons.vth}, "
                "so its neurons spike in every step whatever the spikes are; the "
                "network is for numbers below 0, and says nothing of samples here"
            )
        kernel = np.full((channels, 1, 1, 1), weight.item())
        image = (rows, columns, channels)
        if bias is not None:
            bias = np.repeat(bias, channels)
        return self._made(where, group, neurons, kernel, image, bias, channels)

    def _made(
        self,
        where: str,
        group: Group,
        neurons: Neurons,
        kernel: Array,
        image: Image,
        bias: Array | None,
        groups: int = 1,
    ) -> FrozenLayer:
        """A layer of all that was found. kernel: float64, see `FrozenLayer`; bias: as
        in the file."""
        whole, vth, note = whole_weights(where, kernel, neurons.vth)
        unit = neurons.BIAS_UNIT // 2 if note else neurons.BIAS_UNIT
        pairs = {"stride": 1, "padding": 0, "dilation": 1}
        try:
            made = FrozenLayer(
                whole,
                image,
                neurons.du,
                neurons.dv,
                vth,
                bias=None if bias is None else bias * np.int32(unit),
                groups=groups,
                channels_first=not self._layers and image[2] > 1 < math.prod(image[:2]),
                **{name: _pair(where, group, name, n) for name, n in pairs.items()},
            )
        except InputError as error:
            begin = "" if str(error).startswith(where) else f"{where}: "
            raise InputError(f"{begin}{error}") from None
        _check_shape(where, group, made)
        self.notes += [*([note] if note else []), *neurons.notes]
        return made


# --- shapes -----------------------------------------------------------------------

_ADD = "add an input layer with a shape, (channels, rows, columns)"


def _shape(where: str, group: Group) -> Image:
    """The `shape` of a layer as rows, columns and channels."""
    shape = finite(where, "shape", group.value("shape")).ravel()
    if shape.size not in (1, 3) or (shape < 1).any() or (shape % 1).any():
        raise InputError(
            f"{where}: shape is {shape.tolist()!s:.60}; allowed are one or three whole "
            "numbers above 0"
        )
    channels, rows, columns = map(int, (*shape, 1, 1)[:3])
    return rows, columns, channels


def _check_shape(where: str, group: Group, layer: FrozenLayer) -> None:
    """The file says the size of the layer, too."""
    said = _shape(where, group)
    is_dense = math.prod(layer.output_shape) == math.prod(said) and layer.is_dense
    is_row = group.value("shape").size == 1 and layer.n_post == math.prod(said)
    if said != layer.output_shape and not is_dense and not is_row:
        raise InputError(
            f"{where}: shape is {by_channel(said)}, but its image and kernel make "
            f"{by_channel(layer.output_shape)}; slayer adds rows where a pool does not "
            "divide an image, which a layer here cannot; crop the image"
        )


def _image_before(where: str, group: Group, kernel: Array, channels: int) -> Image:
    """The image that a first convolution reads, where only one size is possible."""
    strides = _pair(where, group, "stride", 1)
    if max(strides) > 1:
        raise InputError(f"{where}: nothing says the size of its image; {_ADD}")
    padding = _pair(where, group, "padding", 0)
    dilation = _pair(where, group, "dilation", 1)
    rows, columns = (
        n + d * (k - 1) - 2 * p
        for n, k, p, d in zip(
            _shape(where, group)[:2],
            kernel.shape[1:3],
            padding,
            dilation,
            strict=True,
        )
    )
    return rows, columns, channels


def _pair(where: str, group: Group, name: str, default: int | None = None) -> Pair:
    """Rows and columns; one number stands for both. Without a default it is needed."""
    value = group.value(name) if default is None else group.get(name, default)
    values = finite(where, name, value).ravel()
    if values.size not in (1, 2) or (values % 1).any() or np.abs(values).max() > MOST:
        raise InputError(
            f"{where}: {name} is {values.tolist()!s:.60}; allowed are two whole "
            f"numbers up to {MOST}"
        )
    rows, columns = np.broadcast_to(values, 2)
    return int(rows), int(columns)


def _steps(path: Path, file: Group) -> int | None:
    if "simulation/tSample" not in file or "simulation/Ts" not in file:
        return None
    sample, step = (
        finite(f"{path}: simulation", name, file.value(f"simulation/{name}")).item()
        for name in ("tSample", "Ts")
    )
    if step <= 0:
        raise InputError(f"{path}: simulation: Ts is {step:g}; allowed is more than 0")
    return round(sample / step)

"""netx: the HDF5 file of lava-dl, for inference with stock `Dense`, `Conv` and `LIF`.

Written and read with h5py alone; the layout is that of lava-dl 0.6.0 (written by
slayer/block/base.py, read by netx/hdf5.py; `netx_layers` reads it). What to know:

* Weights are integers that are not scaled. Where signs are mixed the chip drops the
  lowest bit; the reader doubles 8-bit weights and sets the exponent to -1, which is
  exact, so ours stand in the file as they are. Those of convolutions it takes as such.
* The reader makes `du = iDecay - 1`, so `iDecay` is `du + 1`.
* A spike needs v > vth * 2**6, and every layer delays by one step, as ours do.
* It shifts every bias by 6, so only multiples of 2**6 can be written.
* Behind an image `flatten` counts by channel first, ours by channel last.
"""

from pathlib import Path
from typing import Any

import numpy as np

from lava_sfdfa.chip import widths
from lava_sfdfa.deploy.exchange.limits import Limits
from lava_sfdfa.deploy.exchange.netx_neurons import Neurons
from lava_sfdfa.errors import InputError
from lava_sfdfa.files import replacing
from lava_sfdfa.hdf5.writer import write_hdf5
from lava_sfdfa.network.artifact import Artifact
from lava_sfdfa.network.frozen import MOST, FrozenLayer, dense_layer, dense_weights
from lava_sfdfa.types import Array


def write_netx(path: Path, artifact: Artifact) -> None:
    """Write the layers of an artifact. Errors: InputError that names all layers which
    the format cannot hold."""
    layers, config = _written_as(artifact.network.as_frozen), artifact.config
    limits = Limits(path)
    for number, layer in enumerate(layers):
        with limits.here():
            _check(f"layer {number}", layer)
    limits.check()

    def fill(file: Any) -> None:
        for number, write in enumerate(_groups(layers)):
            write(file.create_group(f"layer/{number}"))
        milliseconds = 1000 * config.duration_s
        file["simulation/Ts"] = milliseconds / artifact.network.steps
        file["simulation/tSample"] = milliseconds

    with replacing(path) as temporary:
        write_hdf5(temporary, fill)


def _written_as(layers: tuple[FrozenLayer, ...]) -> list[FrozenLayer]:
    """The layers as convolutions where lava-dl passes the image on, else as dense
    ones, which do the same."""
    written: list[FrozenLayer] = []
    for layer in layers:
        image = written[-1].output_shape if written else layer.input_shape
        may = image == layer.input_shape and not (written and written[-1].is_dense)
        if layer.is_dense or not may:
            if layer.n_pre * layer.n_post > MOST:
                raise InputError(
                    f"layer {len(written)} is a convolution behind a dense layer, "
                    "which lava-dl cannot run, and too large to be a dense one"
                )
            bias = None if layer.bias is None else layer.biases
            layer = dense_layer(
                dense_weights(layer), layer.du, layer.dv, layer.vth, bias
            )
        written.append(layer)
    return written


def _check(where: str, layer: FrozenLayer) -> None:
    """Errors: InputError for what lava-dl cannot load, or would change."""
    if layer.is_dense and layer.kernel.max() <= 0:
        raise InputError(  # netx/utils.py: `optimize_weight_bits` divides by it
            f"{where} has no positive weight, so lava-dl 0.6.0 cannot load it; train "
            "the network before it is exported"
        )
    if layer.bias is None:
        return
    units = layer.bias // Neurons.BIAS_UNIT
    odd = layer.bias[layer.bias % Neurons.BIAS_UNIT != 0]
    if odd.size or not widths.BIAS_MANTISSA.holds(units):
        found = odd[0] if odd.size else layer.bias[np.abs(units).argmax()]
        most = Neurons.BIAS_UNIT * widths.BIAS_MANTISSA.maximum
        raise InputError(
            f"{where} has a bias of {found}; netx holds multiples of "
            f"{Neurons.BIAS_UNIT} up to {most}; export it as NIR"
        )


def _groups(layers: list[FrozenLayer]) -> list[Any]:
    """A function for each group of the file, which fills it."""
    groups: list[Any] = []
    image: tuple[int, int, int] | None = None  # that the layers so far make
    for layer in layers:
        if not layer.is_dense:
            if image is None:
                groups.append(_input(layer.input_shape))
            groups.append(lambda group, layer=layer: _write_conv(group, layer))
            image = layer.output_shape
            continue
        weights = layer.kernel.reshape(layer.n_post, layer.n_pre)
        if image is not None:
            groups.append(_flatten(layer.n_pre))
            by_place = weights.reshape(layer.n_post, *image)
            weights = np.moveaxis(by_place, -1, 1).reshape(weights.shape)
            image = None
        groups.append(
            lambda group, layer=layer, weights=weights: _write_dense(
                group, layer, weights
            )
        )
    return groups


def _input(image: tuple[int, int, int]) -> Any:
    """Names the shape of the input."""

    def write(group: Any) -> None:
        _type(group, b"input")
        group["shape"] = _shape(image)

    return write


def _flatten(n: int) -> Any:
    def write(group: Any) -> None:
        _type(group, b"flatten")
        group["shape"] = np.array([n, 1, 1])

    return write


def _write_dense(group: Any, layer: FrozenLayer, weights: Array) -> None:
    _type(group, b"dense")
    group["shape"] = np.array([layer.n_post])
    group["inFeatures"], group["outFeatures"] = layer.n_pre, layer.n_post
    group["weight"] = weights.astype(np.float32)
    _write_neurons(group, layer)


def _write_conv(group: Any, layer: FrozenLayer) -> None:
    _type(group, b"conv")
    group["shape"] = _shape(layer.output_shape)
    group["inChannels"] = layer.input_shape[2]
    group["outChannels"] = layer.output_shape[2]
    group["kernelSize"] = np.array(layer.kernel.shape[1:3])
    for name in ("stride", "padding", "dilation"):
        group[name] = np.array(getattr(layer, name))
    group["groups"] = layer.groups
    group["weight"] = np.moveaxis(layer.kernel, -1, 1).astype(np.float32)
    _write_neurons(group, layer)


def _write_neurons(group: Any, layer: FrozenLayer) -> None:
    if layer.bias is not None:
        group["bias"] = (layer.bias // Neurons.BIAS_UNIT).astype(np.float32)
    group["neuron/type"] = np.bytes_("CUBA")
    group["neuron/iDecay"] = layer.du + 1
    group["neuron/vDecay"] = layer.dv
    group["neuron/vThMant"] = layer.vth
    group["neuron/refDelay"] = 1
    group["neuron/gradedSpike"] = False


def _type(group: Any, name: bytes) -> None:
    group.create_dataset("type", (1,), "S10", [name])


def _shape(image: tuple[int, int, int]) -> Array:
    """Channels, rows and columns."""
    rows, columns, channels = image
    return np.array([channels, rows, columns])

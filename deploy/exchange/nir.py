"""NIR, the intermediate representation that spiking frameworks share: out.

A graph of `Conv2d`, `Flatten`, `Linear` (`Affine` where there are biases) and neurons;
needs the extra `nir` (the package nir 1.0.8). NIR has no time step: its equations are
continuous. Frameworks read them with forward Euler and, where they cannot be told
another, with a step of 0.1 ms (snnTorch: import_nir.py). In that reading our integers
are exact: weights and thresholds are those of the chip, `tau_syn = step * 4096 /
(du + 1)`, `tau_mem = step * 4096 / dv`. A bias of the chip enters v, and in a graph u,
where it settles to the same. What NIR cannot say stands in the metadata, from which
`own.py` makes the same artifact again.
"""

import io
import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from lava_sfdfa.chip import widths
from lava_sfdfa.deploy.exchange.geometry import Image, ungrouped
from lava_sfdfa.deploy.exchange.nir_layers import METADATA
from lava_sfdfa.deploy.exchange.nir_neurons import WHOLE
from lava_sfdfa.deploy.exchange.nir_step import STEP_S
from lava_sfdfa.errors import BackendError, InputError
from lava_sfdfa.files import replacing
from lava_sfdfa.network.artifact import Artifact, to_content
from lava_sfdfa.network.frozen import FrozenLayer, dense_weights
from lava_sfdfa.types import Array


def _package() -> Any:
    """The registry package. Errors: BackendError where the extra is missing."""
    try:
        import nir
    except ImportError:
        raise BackendError(
            "NIR needs the package nir, which is not installed; install the extra with "
            "pip install 'lava-sfdfa[nir]'"
        ) from None
    return nir


def write_nir(path: Path, artifact: Artifact) -> None:
    """Write an artifact as a graph. Errors: InputError, BackendError."""
    nir = _package()
    graph = make_graph(artifact)
    memory = io.BytesIO()  # as `write_hdf5` does
    nir.write(memory, graph)
    with replacing(path) as temporary:
        temporary.write_bytes(memory.getbuffer())


def make_graph(artifact: Artifact) -> Any:
    """An artifact as a `nir.NIRGraph`: linear0, lif0, linear1, lif1 and so on; conv0
    for a convolution. Data are counted by channel first. Errors: InputError."""
    nir = _package()
    layers = artifact.network.as_frozen
    image = None if layers[0].is_dense else layers[0].input_shape
    nodes = {"input": nir.Input({"input": _sizes(image, layers[0].n_pre)})}
    for number, layer in enumerate(layers):
        if layer.is_dense:
            if image is not None:
                sizes = {"input": _sizes(image, layer.n_pre)}
                nodes[f"flatten{number}"] = nir.Flatten(sizes, start_dim=0)
            nodes[f"linear{number}"] = _dense(nir, layer, image)
            image = None
        else:
            if image is None:
                raise InputError(
                    f"layer {number} is a convolution behind a dense layer, which "
                    "NIR cannot say; export it as netx"
                )
            nodes[f"conv{number}"] = _convolution(nir, layer)
            image = layer.output_shape
        nodes[f"lif{number}"] = _neurons(nir, number, layer, image)
    nodes["output"] = nir.Output({"output": np.array([layers[-1].n_post])})
    names = list(nodes)
    return nir.NIRGraph(nodes, list(pairwise(names)), {METADATA: _says(artifact)})


def _sizes(image: Image | None, n: int) -> Array:
    """A shape as NIR has it: channels, rows, columns, or the number of values."""
    return np.array([n] if image is None else [image[2], *image[:2]])


def _bias(layer: FrozenLayer) -> Array:
    """In units of the weights: float32 (channels,). What enters u in every step adds up
    there to 4096 / (du + 1) times as much."""
    bias = np.zeros(len(layer.kernel)) if layer.bias is None else layer.bias
    share_u = (layer.du + 1) / WHOLE
    return (bias / 2**widths.INPUT_SHIFT * share_u).astype(np.float32)


def _dense(nir: Any, layer: FrozenLayer, image: Image | None) -> Any:
    """image: of the layer before, None where that is no image, or samples."""
    weights = dense_weights(layer)
    if image is not None:
        kernel = weights.reshape(len(weights), *image)
        weights = np.moveaxis(kernel, 3, 1).reshape(weights.shape)
    weights = weights.astype(np.float32)
    if layer.bias is None:
        return nir.Linear(weight=weights)
    return nir.Affine(weight=weights, bias=_bias(layer))


def _convolution(nir: Any, layer: FrozenLayer) -> Any:
    """Without groups: nir 1.0.8 takes channels of a group for those of the image."""
    kernel = ungrouped(layer.kernel, layer.groups)
    return nir.Conv2d(
        input_shape=layer.input_shape[:2],
        weight=np.moveaxis(kernel, 3, 1).astype(np.float32),
        stride=layer.stride,
        padding=layer.padding,
        dilation=layer.dilation,
        groups=1,
        bias=_bias(layer),
    )


def _neurons(nir: Any, number: int, layer: FrozenLayer, image: Image | None) -> Any:
    """A CubaLIF; without memory in u a LIF, and without loss in v an IF. image: of the
    neurons, None where they are no image."""
    ones = np.ones(_sizes(image, layer.n_post))
    spike = {"v_threshold": float(layer.vth) * ones, "v_reset": 0 * ones}
    has_current = layer.du < widths.DECAY.maximum
    if layer.dv == 0:
        if has_current:
            raise InputError(
                f"layer {number} has dv 0 and du {layer.du}, a membrane that forgets "
                "nothing, which NIR's CubaLIF cannot say; export it as netx"
            )
        return nir.IF(r=ones, **spike)
    tau_mem = STEP_S * WHOLE / layer.dv
    membrane = {"r": tau_mem / STEP_S * ones, "v_leak": 0 * ones, **spike}
    if not has_current:
        return nir.LIF(tau=tau_mem * ones, **membrane)
    tau_syn = STEP_S * WHOLE / (layer.du + 1)
    return nir.CubaLIF(
        tau_syn=tau_syn * ones,
        tau_mem=tau_mem * ones,
        w_in=tau_syn / STEP_S * ones,
        **membrane,
    )


def _says(artifact: Artifact) -> str:
    """The content of the artifact but its weights, and what a reader should know."""
    content = to_content(artifact)
    for layer in content["layers"].values():
        del layer["weights"]
    for layer in content.get("front", {}).values():
        del layer["kernel"]
    return json.dumps(
        {
            "about": "integers of Loihi; a dense layer delays by one step; learns by "
            "SFDFA, arXiv 2403.08804: rules in layers, phases in network.period",
            "step_s": STEP_S,
            "widths_bits": widths.WIDTHS,
            "rules": [
                {"dt": layer.rule.dt, "dw": layer.rule.dw}
                for layer in artifact.network.layers
            ],
            "period_steps": artifact.network.period,
            "digest": artifact.digest,
            "provenance": artifact.provenance,
            "content": _plain(content),
        }
    )


def _plain(value: Any) -> Any:
    """Nested content for JSON; an array is its dtype and its numbers."""
    if isinstance(value, dict):
        return {name: _plain(entry) for name, entry in value.items()}
    if isinstance(value, (np.ndarray, np.generic)):
        return {"dtype": value.dtype.str, "values": value.tolist()}
    return value

"""NIR, the intermediate representation that spiking frameworks share: out.

A graph of `Linear` and `CubaLIF` nodes; needs the extra `nir` (the package nir 1.0.8).
NIR has no time step: its equations are continuous. Frameworks read them with forward
Euler and, where they cannot be told another, with a step of 0.1 ms (snnTorch:
import_nir.py). In that reading our integers are exact: weights and thresholds are those
of the chip, `tau_syn = step * 4096 / (du + 1)`, `tau_mem = step * 4096 / dv`. What NIR
cannot say stands in the metadata, from which `own.py` makes the same artifact again.
"""

import io
import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from lava_sfdfa.chip import widths
from lava_sfdfa.deploy.exchange.dense import DenseLif, dense_layers
from lava_sfdfa.errors import BackendError, InputError
from lava_sfdfa.files import replacing
from lava_sfdfa.network.artifact import Artifact, to_content

STEP_S = 1e-4  # the step that readers of NIR assume
WHOLE = 2**widths.DECAY_BITS
METADATA = "lava_sfdfa"  # its name among the metadata of the graph


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
    """An artifact as a `nir.NIRGraph`: linear0, lif0, linear1, lif1 and so on."""
    nir = _package()
    layers = dense_layers(artifact)
    nodes = {"input": nir.Input({"input": np.array([layers[0].weights.shape[1]])})}
    for number, layer in enumerate(layers):
        nodes[f"linear{number}"] = nir.Linear(weight=layer.weights.astype(np.float32))
        nodes[f"lif{number}"] = _neurons(nir, layer)
    nodes["output"] = nir.Output({"output": np.array([len(layers[-1].weights)])})
    names = list(nodes)
    return nir.NIRGraph(nodes, list(pairwise(names)), {METADATA: _says(artifact)})


def _neurons(nir: Any, layer: DenseLif) -> Any:
    if layer.dv == 0:
        raise InputError(
            "a layer has dv 0, a membrane that forgets nothing, which NIR's CubaLIF "
            "cannot say; export it as netx"
        )
    ones = np.ones(len(layer.weights))
    tau_syn, tau_mem = STEP_S * WHOLE / (layer.du + 1), STEP_S * WHOLE / layer.dv
    return nir.CubaLIF(
        tau_syn=tau_syn * ones,
        tau_mem=tau_mem * ones,
        r=tau_mem / STEP_S * ones,
        v_leak=0 * ones,
        v_threshold=float(layer.vth) * ones,
        v_reset=0 * ones,
        w_in=tau_syn / STEP_S * ones,
    )


def _says(artifact: Artifact) -> str:
    """The content of the artifact but its weights, and what a reader should know."""
    content = to_content(artifact)
    for layer in content["layers"].values():
        del layer["weights"]
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

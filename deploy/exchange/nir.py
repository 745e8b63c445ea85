"""NIR, the intermediate representation that spiking frameworks share.

A graph of `Linear` and `CubaLIF` nodes; needs the extra `nir` (the package nir 1.0.8).
NIR has no time step: its equations are continuous. Frameworks read them with forward
Euler and, where they cannot be told another, with a step of 0.1 ms (snnTorch:
import_nir.py). In that reading our integers are exact: weights and thresholds are those
of the chip, `tau_syn = step * 4096 / (du + 1)`, `tau_mem = step * 4096 / dv`. What NIR
cannot say stands in the metadata, from which `read_nir` makes the same artifact again.
"""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from lava_sfdfa.chip import widths
from lava_sfdfa.deploy.exchange.dense import DenseLif, check_field, dense_layers
from lava_sfdfa.errors import BackendError, InputError
from lava_sfdfa.files import replacing
from lava_sfdfa.network.artifact import Artifact, to_content
from lava_sfdfa.types import Array

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


# --- out ------------------------------------------------------------------------------


def write_nir(path: Path, artifact: Artifact) -> None:
    """Write an artifact as a graph. Errors: InputError, BackendError."""
    nir = _package()
    graph = make_graph(artifact)
    with replacing(path) as temporary:
        nir.write(temporary, graph)


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


# --- in -------------------------------------------------------------------------------


def read_nir(
    path: Path, step_s: float = STEP_S
) -> tuple[tuple[DenseLif, ...], dict[str, Any] | None, list[str]]:
    """Layers, what we said of them if the graph is ours, and what was changed.

    step_s: of the tool that wrote the graph. The second entry has `content` for
    `artifact.from_content`, without the weights, and `digest`. Errors: BackendError;
    InputError, by name, for all that is not a chain of dense layers and CubaLIF.
    """
    nir = _package()
    try:
        graph = nir.read(path)
    except Exception as error:  # of many kinds: whatever h5py and nir stumble on
        raise InputError(
            f"{path}: cannot be read as a NIR graph ({error}); allowed is a file that "
            "nir.write made"
        ) from None
    said = _heard(graph)
    step_s = said["step_s"] if said else step_s
    read = [
        _take_layer(f"{path}: {linear} and {lif}", *nodes, step_s=step_s)
        for (linear, lif), nodes in _pairs(nir, path, graph).items()
    ]
    return tuple(layer for layer, _ in read), said, [note for _, note in read if note]


def _heard(graph: Any) -> dict[str, Any] | None:
    """What `_says` wrote, with arrays again; None in a graph of another tool."""
    metadata = graph.metadata if isinstance(graph.metadata, dict) else {}
    if METADATA not in metadata:
        return None
    said = json.loads(metadata[METADATA])
    said["content"] = _arrays(said["content"])
    return said


def _arrays(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if value.keys() == {"dtype", "values"}:
        return np.array(value["values"], value["dtype"])
    return {name: _arrays(entry) for name, entry in value.items()}


def _pairs(nir: Any, path: Path, graph: Any) -> dict[tuple[str, str], tuple[Any, Any]]:
    """Each dense layer and its neurons by their names, in the order of the data."""
    names = [name for name in _chain(path, graph) if _computes(nir, graph.nodes[name])]
    for position, name in enumerate(names):
        wanted = (nir.Linear, nir.Affine) if position % 2 == 0 else (nir.CubaLIF,)
        if not isinstance(graph.nodes[name], wanted):
            raise InputError(
                f"{path}: node {name!r} is a {type(graph.nodes[name]).__name__}, which "
                "cannot be taken over here; allowed are Linear or Affine and CubaLIF "
                "in turn"
            )
    if len(names) % 2:
        raise InputError(f"{path}: node {names[-1]!r} leads to no neurons")
    pairs = zip(names[::2], names[1::2], strict=True)
    return {pair: (graph.nodes[pair[0]], graph.nodes[pair[1]]) for pair in pairs}


def _chain(path: Path, graph: Any) -> list[str]:
    """Names of the nodes from input to output. Errors: InputError for branches."""
    after, before = dict(graph.edges), {b: a for a, b in graph.edges}
    starts = [name for name in graph.nodes if name not in before]
    if len(after) != len(set(graph.edges)) or len(before) != len(after) or not starts:
        raise InputError(
            f"{path}: the graph branches or has a loop, which cannot be taken over; "
            "allowed is a chain of layers"
        )
    names = [starts[0]]
    while names[-1] in after:
        names.append(after[names[-1]])
    return names


def _computes(nir: Any, node: Any) -> bool:
    return not isinstance(node, (nir.Input, nir.Output, nir.Flatten))


def _take_layer(
    where: str, linear: Any, lif: Any, step_s: float
) -> tuple[DenseLif, str]:
    """A dense layer and its neurons in our integers, and a note or ''."""
    bias = getattr(linear, "bias", np.zeros(1))
    for name, values in (
        ("bias", bias), ("v_leak", lif.v_leak), ("v_reset", lif.v_reset),
    ):  # fmt: skip
        if np.any(np.asarray(values) != 0):
            raise InputError(f"{where} have {name} other than 0; allowed is 0")
    tau_syn, tau_mem, r, w_in, threshold = (
        _same(where, name, getattr(lif, name))
        for name in ("tau_syn", "tau_mem", "r", "w_in", "v_threshold")
    )
    share_u, share_v = step_s / tau_syn, step_s / tau_mem
    weights = np.asarray(linear.weight, np.float64) * share_u * w_in * share_v * r
    weights, threshold, note = _to_eight_bits(where, weights, threshold)
    return DenseLif(
        weights,
        check_field(where, "du", round(share_u * WHOLE) - 1, widths.DECAY),
        check_field(where, "dv", round(share_v * WHOLE), widths.DECAY),
        check_field(where, "vth", threshold, widths.THRESHOLD),
    ), note


def _same(where: str, name: str, values: Any) -> float:
    values = np.asarray(values, np.float64)
    if not np.allclose(values, values.flat[0]):
        raise InputError(
            f"{where} have a different {name} in each neuron; allowed is one for all"
        )
    return float(values.flat[0])


def _to_eight_bits(
    where: str, weights: Array, threshold: float
) -> tuple[Array, int, str]:
    """Integers as they are where they fit, or scaled to the largest weight."""
    # Products of floats that should be integers miss them by less than this.
    whole = np.rint(weights)
    if widths.WEIGHT.holds(whole) and np.allclose(weights, whole, rtol=0, atol=1e-4):
        return whole.astype(np.int8), round(threshold), ""
    scale = widths.WEIGHT.maximum / np.abs(weights).max()
    lost = float(np.abs(np.rint(weights * scale) - weights * scale).max())
    note = (
        f"{where}: weights were rounded to 8 bits, {1 / scale:.3g} a unit, off by "
        f"{lost:.2f} units at most; vth {threshold:.4g} became "
        f"{round(threshold * scale)}"
    )
    return np.rint(weights * scale).astype(np.int8), round(threshold * scale), note

"""A NIR graph of ours as the artifact that it was made from.

Others may have changed its metadata or its layers, so all that they say is checked;
where it is not whole, the graph is read as one of another tool.
"""

import json
from typing import Any

import numpy as np

from lava_sfdfa.deploy.exchange.geometry import grouped
from lava_sfdfa.deploy.exchange.nir_layers import METADATA
from lava_sfdfa.deploy.exchange.nir_step import STEP_S
from lava_sfdfa.errors import InputError
from lava_sfdfa.network.artifact import Artifact, from_content, front_content
from lava_sfdfa.network.content import checked_provenance
from lava_sfdfa.network.frozen import FrozenLayer, dense_weights


def own_artifact(
    layers: tuple[FrozenLayer, ...], metadata: dict[str, Any]
) -> tuple[Artifact | None, list[str]]:
    """The artifact of a graph with our metadata, with its layers as they are now, and
    notes; None for the graph of another tool, or where the metadata are not whole."""
    if METADATA not in metadata:
        return None, []
    try:
        said = json.loads(metadata[METADATA])
        artifact = _artifact(layers, said)
        changed = artifact.digest != said["digest"]
    except InputError as error:
        return None, [_not_used(str(error))]
    except KeyError as error:
        return None, [_not_used(f"{error} is missing")]
    except (LookupError, TypeError, ValueError, AttributeError, RecursionError):
        return None, [_not_used("they are damaged, or of another version")]
    note = "the graph was changed since its export; it is taken as it is now"
    return artifact, [note] if changed else []


def _not_used(why: str) -> str:
    return (
        f"the metadata {METADATA!r} do not describe this graph ({why}), so the "
        "learning rule, feedback weights and training in them were not used"
    )


def _artifact(layers: tuple[FrozenLayer, ...], said: dict[str, Any]) -> Artifact:
    if said["step_s"] != STEP_S:
        raise InputError(f"step_s is {said['step_s']}, not {STEP_S}")
    content = _arrays(said["content"])
    front = content.get("front", {})
    n_said = len(front) + len(content["layers"])
    if n_said != len(layers):
        raise InputError(f"they have {n_said} layers, the graph has {len(layers)}")
    for number, layer in enumerate(layers):
        if number < len(front):
            group = front[str(number)]
            group |= _frozen(layer, group)
        else:
            group = content["layers"][str(number - len(front))]
            group |= _learning(layer, group)
    return from_content(content, checked_provenance(json.dumps(said["provenance"])))


def _learning(layer: FrozenLayer, said: dict[str, Any]) -> dict[str, Any]:
    """What the graph says of a layer that learns."""
    found = {"du": layer.du, "dv": layer.dv, "vth": layer.vth}
    return {**found, "weights": dense_weights(layer), **_bias(layer, said)}


def _frozen(layer: FrozenLayer, said: dict[str, Any]) -> dict[str, Any]:
    """What the graph says of a frozen layer; the order of samples, groups, and what
    image a dense layer reads, which are not in it, are as in the metadata."""
    found = {**front_content((layer,))["0"], "channels_first": said["channels_first"]}
    if layer.is_dense:
        rows, columns, channels = found["input_shape"] = said["input_shape"]
        kernel = layer.kernel.reshape(len(layer.kernel), rows, columns, channels)
        if said["channels_first"] and layer.input_shape[:2] == (1, 1):
            kernel = layer.kernel.reshape(len(layer.kernel), channels, rows, columns)
            kernel = np.ascontiguousarray(np.moveaxis(kernel, 1, 3))
        found["kernel"] = kernel
    elif (parts := grouped(layer.kernel, int(said["groups"]))) is not None:
        found |= {"kernel": parts, "groups": said["groups"]}
    return {**found, **_bias(layer, said)}


def _bias(layer: FrozenLayer, said: dict[str, Any]) -> dict[str, Any]:
    """Biases of 0 are none to a reader, but may have been there."""
    if layer.bias is not None:
        return {"bias": layer.bias}
    return {"bias": np.zeros_like(said["bias"])} if "bias" in said else {}


def _arrays(value: Any) -> Any:
    """The inverse of what JSON made of arrays."""
    if not isinstance(value, dict):
        return value
    if value.keys() == {"dtype", "values"}:
        return np.array(value["values"], value["dtype"])
    return {name: _arrays(entry) for name, entry in value.items()}

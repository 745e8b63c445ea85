"""A NIR graph of ours as the artifact that it was made from.

Others may have changed its metadata or its layers, so all that they say is checked;
where it is not whole, the graph is read as one of another tool.
"""

import dataclasses
import json
import math
from typing import Annotated, Any

import numpy as np

from lava_sfdfa.deploy.exchange.dense import DenseLif
from lava_sfdfa.deploy.exchange.nir import METADATA, STEP_S
from lava_sfdfa.errors import InputError
from lava_sfdfa.fields import Between, checked, declared
from lava_sfdfa.network.artifact import Artifact, from_content
from lava_sfdfa.network.fixed import FixedLayer, FixedNetwork
from lava_sfdfa.network.rule import Scale
from lava_sfdfa.types import Array


def own_artifact(
    layers: tuple[DenseLif, ...], metadata: dict[str, Any]
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


def _artifact(layers: tuple[DenseLif, ...], said: dict[str, Any]) -> Artifact:
    if said["step_s"] != STEP_S:
        raise InputError(f"step_s is {said['step_s']}, not {STEP_S}")
    content = _arrays(said["content"])
    if len(content["layers"]) != len(layers):
        raise InputError(
            f"they have {len(content['layers'])} layers, the graph has {len(layers)}"
        )
    for number, layer in enumerate(layers):
        content["layers"][str(number)] |= dataclasses.asdict(layer)
    artifact = from_content(content, dict(said["provenance"]))
    _check_types(artifact)
    _check_shapes(artifact)
    return artifact


def _arrays(value: Any) -> Any:
    """The inverse of what JSON made of arrays."""
    if not isinstance(value, dict):
        return value
    if value.keys() == {"dtype", "values"}:
        return np.array(value["values"], value["dtype"])
    return {name: _arrays(entry) for name, entry in value.items()}


def _check_types(artifact: Artifact) -> None:
    """Numbers are numbers and texts are texts, wherever a dataclass says so."""
    network = artifact.network
    scales = [
        scale
        for layer in network.layers
        for scale in vars(layer.rule).values()
        if scale is not None
    ]
    for kind, held in (
        (FixedNetwork, [network]), (FixedLayer, network.layers), (Scale, scales),
    ):  # fmt: skip
        for name, hint in declared(kind).items():
            for each in held if hint in (int, float, str, int | None) else ():
                checked(name, hint, getattr(each, name))
    checked("data_digest", str, artifact.data_digest)
    checked("n_learned", Annotated[int, Between(0, 2**62)], artifact.n_learned)
    for name, curve in artifact.record.items():
        if curve.dtype.kind not in "if":
            raise InputError(f"{name} is {curve.dtype}, not numbers")


def _check_shapes(artifact: Artifact) -> None:
    """Arrays have the sizes that the layers and the settings say."""
    network, config = artifact.network, artifact.config
    n_in, *hidden, n_out = artifact.sizes
    for what, found, wanted in (
        ("hidden", config.hidden, tuple(hidden)),
        ("feedback_kind", network.feedback_kind, config.feedback),
        *(
            (name, getattr(network, name), getattr(config, name))
            for name in ("steps", "rounding", "loss")
        ),
        ("image_shape", math.prod(artifact.shape), n_in),
        ("rates", len(artifact.rates), len(hidden)),
    ):
        if found != wanted:
            raise InputError(f"{what} is {found}, not {wanted}")
    for number, size in enumerate(hidden):
        layer = network.layers[number]
        _check_array("feedback", layer.feedback, (size, n_out), np.int8)
        _check_array("rate", artifact.rates[number], (size,), np.int32)
    for layer in network.layers:
        if min(layer.x1_tau, layer.x2_tau) <= 0:
            raise InputError(f"a trace has the time constant {layer.x2_tau}")
    _check_array("feedback", network.layers[-1].feedback, (n_out, 0), np.int8)


def _check_array(name: str, array: Array, shape: tuple[int, ...], dtype: Any) -> None:
    if array.shape != shape or array.dtype != dtype:
        raise InputError(
            f"{name} is {array.dtype} of the shape {array.shape}, not "
            f"{np.dtype(dtype)} of {shape}"
        )

"""A NIR graph of ours as the artifact that it was made from.

Others may have changed its metadata or its layers, so all that they say is checked;
where it is not whole, the graph is read as one of another tool.
"""

import dataclasses
import json
from typing import Any

import numpy as np

from lava_sfdfa.deploy.exchange.dense import DenseLif
from lava_sfdfa.deploy.exchange.nir import METADATA, STEP_S
from lava_sfdfa.errors import InputError
from lava_sfdfa.network.artifact import Artifact, from_content
from lava_sfdfa.network.content import checked_provenance


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
        values = dataclasses.asdict(layer)
        kept = {name: value for name, value in values.items() if value is not None}
        content["layers"][str(number)] |= kept
    return from_content(content, checked_provenance(json.dumps(said["provenance"])))


def _arrays(value: Any) -> Any:
    """The inverse of what JSON made of arrays."""
    if not isinstance(value, dict):
        return value
    if value.keys() == {"dtype", "values"}:
        return np.array(value["values"], value["dtype"])
    return {name: _arrays(entry) for name, entry in value.items()}

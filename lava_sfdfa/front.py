"""Layers that a training leaves as they are, from wherever they come."""

from pathlib import Path
from typing import Any, NamedTuple

from lava_sfdfa.deploy.exchange.exchange import SUFFIXES, format_of, read_network
from lava_sfdfa.errors import InputError
from lava_sfdfa.fields import checked
from lava_sfdfa.model import Model, PathLike
from lava_sfdfa.network.artifact import Artifact, load_artifact
from lava_sfdfa.network.frozen import FrozenLayer

# Settings of an artifact that say how samples are shown to its layers.
SHOWN = ("steps", "duration_s", "window_s", "recording_s", "bins", "bin_events")


class Front(NamedTuple):
    """Frozen layers, what they need, and what was changed of them."""

    layers: tuple[FrozenLayer, ...] = ()
    settings: dict[str, Any] = {}  # noqa: RUF012  never written
    notes: tuple[str, ...] = ()


def find_front(front: Model | PathLike | None, freeze: int | None) -> Front:
    """The frozen layers that `train` names: the first `freeze` layers of a network, by
    default all but the last. Errors: InputError."""
    if front is None:
        if freeze is not None:
            raise InputError(
                "freeze needs the network whose layers it counts; name it as front "
                "(--front)"
            )
        return Front()
    found = _all_layers(front)
    n_most = len(found.layers)
    n = max(1, n_most - 1) if freeze is None else checked("freeze", int, freeze)
    if not 1 <= n <= n_most:
        raise InputError(
            f"freeze must be between 1 and {n_most}, since the front has {n_most} "
            f"layers, not {n}"
        )
    return found._replace(layers=found.layers[:n])


def _all_layers(front: Model | PathLike) -> Front:
    if isinstance(front, Model):
        return _of_artifact(front.artifact)
    if not isinstance(front, (str, Path)):
        raise InputError(
            f"front is a {type(front).__name__}; it must be a Model, or the path of an "
            "artifact, of the folder of a run, or of a .nir or .net file"
        )
    path = Path(front)
    if path.suffix not in SUFFIXES:
        return _of_artifact(load_artifact(path))
    imported = read_network(path, format_of(path, None), whole=False)
    if imported.own is not None:
        return _of_artifact(imported.own)
    settings = {"steps": imported.steps} if imported.steps else {}
    return Front(tuple(imported.layers), settings, tuple(imported.notes))


def _of_artifact(artifact: Artifact) -> Front:
    settings = {name: getattr(artifact.config, name) for name in SHOWN}
    return Front(artifact.network.as_frozen, settings)

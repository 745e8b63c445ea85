"""Networks in the formats of other tools: out and in, by the format's name."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from lava_sfdfa.config import Config
from lava_sfdfa.data.samples import Dataset
from lava_sfdfa.deploy.exchange import netx, nir
from lava_sfdfa.deploy.exchange.dense import LOST, DenseLif
from lava_sfdfa.deploy.exchange.import_layers import import_layers
from lava_sfdfa.errors import InputError, unknown_choice
from lava_sfdfa.network.artifact import Artifact, from_content
from lava_sfdfa.presets import named_config
from lava_sfdfa.results import Result

Format = Literal["netx", "nir"]
FORMATS: tuple[Format, ...] = get_args(Format)
SUFFIXES: dict[str, Format] = {".net": "netx", ".nir": "nir"}


@dataclass(frozen=True)
class Export(Result):
    """What `export` wrote; lost: what the format has no place for; in_metadata: what
    only we read in it."""

    file: str
    format: Format
    layers: list[int]
    digest: str
    lost: list[str]
    in_metadata: list[str]


def format_of(path: Path, format_: str | None) -> Format:
    """The format of a file, by its name or by its ending. Errors: InputError."""
    if format_ is None:
        if path.suffix not in SUFFIXES:
            raise InputError(
                f"{path}: its ending does not tell the format; it must be one of "
                f"{', '.join(SUFFIXES)}, or the format must be named, one of "
                f"{', '.join(FORMATS)}"
            )
        return SUFFIXES[path.suffix]
    for known in FORMATS:
        if format_ == known:
            return known
    raise InputError(unknown_choice("format", format_, FORMATS))


def export_network(artifact: Artifact, path: Path, format_: Format) -> Export:
    """Write a network for lava-dl (netx) or other frameworks (nir).

    Errors: InputError where it cannot be written; BackendError without the package nir.
    """
    if format_ == "netx":
        netx.write_netx(path, artifact)
    else:
        nir.write_nir(path, artifact)
    in_metadata = format_ == "nir"
    return Export(
        file=str(path),
        format=format_,
        layers=list(artifact.sizes),
        digest=artifact.digest,
        lost=[] if in_metadata else list(LOST),
        in_metadata=list(LOST) if in_metadata else [],
    )


@dataclass(frozen=True)
class Imported:
    """A network of a file, and what was changed or added to it.

    own: whether it is a graph of ours, which needs nothing of a data set.
    """

    layers: tuple[DenseLif, ...]
    notes: list[str]
    steps: int | None  # of a sample, where the file says them
    own: dict[str, Any] | None  # what we said of it when it was exported


def read_network(path: Path, format_: Format, step_s: float) -> Imported:
    """Read a file of another tool; step_s: the time step of a foreign NIR graph, in
    seconds. Errors: InputError, BackendError without the package nir."""
    if not path.is_file():
        raise InputError(f"{path}: there is no such file")
    if format_ == "netx":
        layers, steps, notes = netx.read_netx(path)
        return Imported(layers, notes, steps, None)
    layers, own, notes = nir.read_nir(path, step_s)
    return Imported(layers, notes, None, own)


def own_artifact(path: Path, imported: Imported) -> Artifact:
    """The artifact that a graph of ours was made from, with what has changed since.

    Errors: InputError where its metadata are not whole.
    """
    assert imported.own is not None
    content = imported.own["content"]
    try:
        for number, layer in enumerate(imported.layers):
            content["layers"][str(number)] |= dataclasses.asdict(layer)
        artifact = from_content(content, imported.own["provenance"])
    except (LookupError, TypeError) as error:
        raise InputError(
            f"{path}: its metadata are not those of this version ({error}); export "
            "the artifact again"
        ) from None
    if artifact.digest != imported.own["digest"]:
        imported.notes.append(
            "the graph was changed since its export; it is taken as it is now"
        )
    return artifact


def foreign_artifact(
    imported: Imported, data: Dataset, settings: dict[str, Any]
) -> Artifact:
    """An artifact of layers that know nothing of the rule: it comes from the
    configuration of a data set, with some settings changed. Errors: InputError."""
    hidden = tuple(len(layer.weights) for layer in imported.layers[:-1])
    steps = {"steps": imported.steps} if imported.steps else {}
    values = {**steps, **settings, "hidden": hidden}
    config: Config = named_config(data.name, **values)
    artifact = import_layers(imported.layers, config, data)
    imported.notes.append(
        "the learning rule, targets and encoding are those of " + data.name
    )
    return dataclasses.replace(artifact, provenance={"dataset": data.source})

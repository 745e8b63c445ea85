"""Networks in the formats of other tools: out and in, by the format's name."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from lava_sfdfa.config import Config
from lava_sfdfa.data.datasets import load_dataset
from lava_sfdfa.data.samples import Dataset
from lava_sfdfa.deploy.exchange import netx, nir
from lava_sfdfa.deploy.exchange.dense import LOST, DenseLif
from lava_sfdfa.deploy.exchange.import_layers import fits, import_layers
from lava_sfdfa.deploy.exchange.netx_layers import read_netx
from lava_sfdfa.deploy.exchange.nir_layers import read_nir
from lava_sfdfa.deploy.exchange.own import own_artifact
from lava_sfdfa.deploy.exchange.split import split_front
from lava_sfdfa.deploy.exchange.use_alone import for_use_alone
from lava_sfdfa.errors import InputError, unknown_choice
from lava_sfdfa.network.artifact import NO_DATA, Artifact
from lava_sfdfa.network.frozen import FrozenLayer
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

    own: the artifact, of a graph of ours, which needs nothing of a data set.
    """

    layers: tuple[DenseLif, ...]  # at the end, which are dense and may learn
    notes: list[str]
    steps: int | None = None  # of a sample, where the file says them
    own: Artifact | None = None
    front: tuple[FrozenLayer, ...] = ()  # below them, which never learn


def read_network(path: Path, format_: Format, step_s: float) -> Imported:
    """Read a file of another tool; step_s: the time step of a foreign NIR graph, in
    seconds. Errors: InputError."""
    if not path.is_file():
        raise InputError(f"{path}: there is no such file")
    if format_ == "netx":
        found, steps, notes = read_netx(path)
        front, layers = split_front(found)
        imported = Imported(layers, notes, steps, front=front)
    else:
        layers, metadata, notes = read_nir(path, step_s)
        own, more = own_artifact(layers, metadata)
        imported = Imported(layers, notes + more, own=own)
    if len(layers) < 2:
        raise InputError(
            f"{path}: the network has 1 dense layer; an artifact holds two or more, "
            "hidden neurons and outputs; add a layer"
        )
    return imported


def foreign_artifact(
    imported: Imported, data: Dataset | None, settings: dict[str, Any]
) -> Artifact:
    """An artifact of layers that know nothing of the rule.

    The rest comes from the configuration of a data set, with some settings changed;
    without a data set the network is for use alone. Errors: InputError.
    """
    hidden = tuple(len(layer.weights) for layer in imported.layers[:-1])
    steps = {"steps": imported.steps} if imported.steps else {}
    name = data.name if data else NO_DATA
    config: Config = named_config(name, **{**steps, **settings, "hidden": hidden})
    if data is None:
        reason = "no data set was named; import the file again with --dataset"
        artifact = for_use_alone(imported.layers, config, None, reason, imported.front)
    else:
        artifact = import_layers(imported.layers, config, data, imported.front)
    imported.notes.append(_added(artifact, name))
    return artifact


def _added(artifact: Artifact, name: str) -> str:
    """What an import added to the layers."""
    if not artifact.no_rule:
        return f"the learning rule, targets and encoding are those of {name}"
    return f"the network is for use and cannot learn: {artifact.no_rule}"


def default_data(imported: Imported) -> Dataset | None:
    """The data set of a network for which none was named: digits where it fits."""
    digits = load_dataset("digits")
    return digits if fits(imported.layers, digits, imported.front) else None

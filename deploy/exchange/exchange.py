"""Networks in the formats of other tools: out and in, by the format's name."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from lava_sfdfa.data.datasets import load_dataset
from lava_sfdfa.data.samples import Dataset
from lava_sfdfa.deploy.exchange import netx, nir
from lava_sfdfa.deploy.exchange.dense import LOST
from lava_sfdfa.deploy.exchange.import_layers import fits, import_layers
from lava_sfdfa.deploy.exchange.netx_layers import read_netx
from lava_sfdfa.deploy.exchange.nir_layers import STEPS, read_nir
from lava_sfdfa.deploy.exchange.outputs import dense_outputs
from lava_sfdfa.deploy.exchange.own import own_artifact
from lava_sfdfa.deploy.exchange.use_alone import Layers, for_use_alone, split
from lava_sfdfa.errors import InputError, unknown_choice
from lava_sfdfa.network.artifact import NO_DATA, Artifact
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

    layers: Layers
    notes: list[str]
    steps: int | None = None  # of a sample, where the file says them
    own: Artifact | None = None


def read_network(
    path: Path,
    format_: Format,
    step_s: float | None = None,
    steps: int = STEPS,
    whole: bool = True,
) -> Imported:
    """Read a file of another tool.

    step_s: the time step of a foreign NIR graph in seconds, None for what it tells;
    steps: of a sample; whole: whether the last layer is the outputs, which are dense
    then, and not that of a front. Errors: InputError.
    """
    if not path.is_file():
        raise InputError(f"{path}: there is no such file")
    found = _read(path, format_, step_s, steps)
    if not whole:
        return found
    try:
        return dataclasses.replace(found, layers=dense_outputs(found.layers))
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def _read(path: Path, format_: Format, step_s: float | None, steps: int) -> Imported:
    if format_ == "netx":
        layers, named, notes = read_netx(path)
        return Imported(layers, notes, named)
    layers, metadata, notes = read_nir(path, step_s, steps)
    own, more = own_artifact(layers, metadata)
    return Imported(layers, more if own else notes + more, own=own)


def steps_of(name: str, settings: dict[str, Any]) -> int:
    """Steps of a sample of a data set, None for none, with some settings changed."""
    given = {k: v for k, v in settings.items() if k == "steps"}
    return named_config(name, **given).steps


def foreign_artifact(
    imported: Imported, data: Dataset | None, settings: dict[str, Any]
) -> Artifact:
    """An artifact of layers that know nothing of the rule.

    The rest comes from the configuration of a data set, with some settings changed;
    without a data set the network is for use alone. Errors: InputError.
    """
    front, dense = split(imported.layers)
    hidden = tuple(layer.n_post for layer in dense[:-1])
    steps = {"steps": imported.steps} if imported.steps else {}
    name = data.name if data else NO_DATA
    settings = {**steps, **{k: v for k, v in settings.items() if k != "hidden"}}
    config = dataclasses.replace(named_config(name, **settings), hidden=hidden)
    if data is None:
        reason = f"no data set was named; {_what_could(front, dense)}"
        artifact = for_use_alone(imported.layers, config, None, reason)
    else:
        artifact = import_layers(imported.layers, config, data)
    imported.notes.append(_added(artifact, name))
    return artifact


def _what_could(front: Layers, dense: Layers) -> str:
    """Which layers would learn with a data set."""
    if not front:
        few = "the rule learns two layers or more, and the file has one"
        return few if len(dense) < 2 else "import the file again with --dataset"
    which = "dense layer" if len(dense) < 2 else f"{len(dense)} dense layers"
    return (
        f"the {which} after the convolutions can learn: import the file again with "
        "--dataset"
    )


def _added(artifact: Artifact, name: str) -> str:
    """What an import added to the layers."""
    if not artifact.no_rule:
        return f"the learning rule, targets and encoding are those of {name}"
    return f"the network is for use and cannot learn: {artifact.no_rule}"


def default_data(imported: Imported) -> Dataset | None:
    """The data set of a network for which none was named: digits where it fits."""
    digits = load_dataset("digits")
    return digits if fits(imported.layers, digits) else None

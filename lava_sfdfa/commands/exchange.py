"""`lava-sfdfa export` and `import`: networks in the formats of other tools."""

import dataclasses
from pathlib import Path
from typing import Any

import click

from lava_sfdfa.commands.terminal import as_json, console, data_dir_option, json_option
from lava_sfdfa.config import read_config
from lava_sfdfa.errors import InputError
from lava_sfdfa.network.artifact import (
    Artifact,
    from_content,
    load_artifact,
    save_artifact,
)
from lava_sfdfa.presets import named_config

FORMATS = ("netx", "nir")
format_option = click.option(
    "--format", "format_", type=click.Choice(FORMATS), required=True
)


@click.command("export")
@click.argument("artifact", type=click.Path(path_type=Path))
@format_option
@click.option("--out", type=click.Path(path_type=Path), required=True, help="File.")
@json_option
def export(artifact: Path, format_: str, out: Path, json_: bool) -> None:
    """Write a trained network for lava-dl (netx) or other frameworks (nir)."""
    from lava_sfdfa.deploy.exchange import netx, nir
    from lava_sfdfa.deploy.exchange.dense import LOST

    found = load_artifact(artifact)
    if format_ == "netx":
        netx.write_netx(out, found)
        lost, carried, where = LOST, (), "netx has no place for"
    else:
        nir.write_nir(out, found)
        lost, carried, where = (), LOST, "only lava-sfdfa reads, in the metadata,"
    sizes = list(found.network.sizes)
    console.print(f"{out}: layers {'-'.join(map(str, sizes))}")
    console.print(f"{where} {', '.join(LOST)}", style="dim")
    if json_:
        as_json(
            {
                "file": str(out),
                "format": format_,
                "layers": sizes,
                "digest": found.digest,
                "lost": list(lost),
                "in_metadata": list(carried),
            }
        )


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@format_option
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder.")
@click.option("--dataset", default="digits", help="What it shall classify and learn.")
@data_dir_option
@click.option("--config", type=click.Path(path_type=Path), help="Settings, TOML.")
@click.option(
    "--step",
    type=click.FloatRange(0, min_open=True),
    default=1e-4,
    help="Seconds a step in a NIR graph of others.",
)
@json_option
def import_(
    file: Path,
    format_: str,
    out: Path,
    dataset: str,
    data_dir: Path | None,
    config: Path | None,
    step: float,
    json_: bool,
) -> None:
    """Make a network of another tool an artifact; `train --resume` trains it on."""
    from lava_sfdfa.deploy.exchange import netx, nir
    from lava_sfdfa.training import folder

    steps, said = None, None
    if format_ == "netx":
        layers, steps, notes = netx.read_netx(file)
    else:
        layers, said, notes = nir.read_nir(file, step)
    if said:
        artifact = _ours(file, layers, said, notes)
    else:
        values: dict[str, Any] = {"steps": steps} if steps else {}
        values |= read_config(config) if config else {}
        artifact = _foreign(layers, values, dataset, data_dir)
        notes.append("the learning rule, targets and encoding are those of " + dataset)
    path = folder.prepare_folder(out)
    if path.exists():
        raise InputError(f"{path}: is there already; choose another --out")
    digest = save_artifact(path, artifact)
    for note in notes:
        console.print(note, style="dim")
    sizes = list(artifact.network.sizes)
    console.print(f"artifact {path}: layers {'-'.join(map(str, sizes))}")
    if json_:
        as_json(
            {"artifact": str(path), "layers": sizes, "digest": digest, "notes": notes}
        )


def _ours(file: Path, layers, said: dict[str, Any], notes: list[str]) -> Artifact:
    """The artifact that a graph of ours was made from, with what has changed since."""
    content = said["content"]
    for number, layer in enumerate(layers):
        content["layers"][str(number)] |= dataclasses.asdict(layer)
    try:
        artifact = from_content(content, said["provenance"])
    except (LookupError, TypeError) as error:
        raise InputError(
            f"{file}: its metadata are not those of this version ({error}); export "
            "the artifact again"
        ) from None
    if artifact.digest != said["digest"]:
        notes.append("the graph was changed since its export; it is taken as it is now")
    return artifact


def _foreign(
    layers, values: dict[str, Any], dataset: str, data_dir: Path | None
) -> Artifact:
    """An artifact of layers that know nothing of the rule."""
    from lava_sfdfa.data.datasets import load_dataset
    from lava_sfdfa.deploy.exchange.import_layers import adopt

    data = load_dataset(dataset, data_dir)
    hidden = tuple(len(layer.weights) for layer in layers[:-1])
    given = {name: value for name, value in values.items() if name != "dataset"}
    config = named_config(data.name, **{**given, "hidden": hidden})
    with console.status("looking how much its neurons fire"):
        artifact = adopt(layers, config, data)
    return dataclasses.replace(artifact, provenance={"dataset": dataset})

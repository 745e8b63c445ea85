"""`lava-sfdfa export` and `import`: networks in the formats of other tools."""

import math
from pathlib import Path
from typing import Any

import click

from lava_sfdfa.commands.terminal import (
    Place,
    config_option,
    data_dir_option,
    json_option,
    print_json,
)
from lava_sfdfa.console import console
from lava_sfdfa.errors import InputError
from lava_sfdfa.network.content import NAME

FORMATS = ("netx", "nir")
format_option = click.option(
    "--format",
    "format_",
    type=click.Choice(FORMATS),
    help="By default that of the ending: .net or .nir.",
)


@click.command("export")
@click.argument("artifact", type=Place(path_type=Path))
@format_option
@click.option(
    "--out", type=Place(path_type=Path), required=True, help="The file to write."
)
@json_option
def export(artifact: Path, format_: Any, out: Path, json_: bool) -> None:
    """Write a trained network for lava-dl (netx) or other frameworks (nir)."""
    from lava_sfdfa.api import load

    exported = load(artifact).export(out, format_)
    console.print(f"{out}: layers {'-'.join(map(str, exported.layers))}")
    if exported.lost:
        console.print(f"netx has no place for {', '.join(exported.lost)}", style="dim")
    if exported.in_metadata:
        kept = ", ".join(exported.in_metadata)
        console.print(f"only lava-sfdfa reads, in the metadata, {kept}", style="dim")
    print_json(exported, json_)


@click.command("import")
@click.argument("file", type=Place(path_type=Path, exists=True, dir_okay=False))
@format_option
@click.option(
    "--out", type=Place(path_type=Path), required=True, help="The folder to write."
)
@click.option(
    "--dataset",
    help="What the network shall classify and learn; by default digits where it has "
    "their size, else nothing.",
)
@data_dir_option
@config_option
@click.option(
    "--step",
    type=click.FloatRange(0, min_open=True),
    help="Seconds a step in a NIR graph of others; by default what it tells.",
)
@json_option
def import_(
    file: Path,
    format_: Any,
    out: Path,
    dataset: str | None,
    data_dir: Path | None,
    config: Path | None,
    step: float | None,
    json_: bool,
) -> None:
    """Make a network of another tool an artifact; `train --resume` trains it on."""
    if (out / NAME).exists():
        raise InputError(f"{out / NAME}: is there already; choose another --out")
    if step is not None and not math.isfinite(step):
        raise InputError(f"--step must be a number of seconds above 0, not {step}")
    from lava_sfdfa.api import import_network

    with console.status("reading it, and looking how much its neurons fire"):
        model = import_network(
            file, format_, data=dataset, data_dir=data_dir, config=config, step_s=step
        )
    digest = model.save(out)
    for note in model.notes:
        console.print(note, style="dim")
    sizes = list(model.artifact.sizes)
    console.print(f"artifact {model.path}: layers {'-'.join(map(str, sizes))}")
    print_json(
        {
            "artifact": str(model.path),
            "layers": sizes,
            "digest": digest,
            "notes": list(model.notes),
        },
        json_,
    )

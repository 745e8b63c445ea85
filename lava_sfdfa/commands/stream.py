"""`lava-sfdfa stream`."""

from pathlib import Path
from typing import Any

import click

from lava_sfdfa.commands.terminal import as_json, console, json_option, network_options
from lava_sfdfa.commands.train import Progressing, default_folder, make_config
from lava_sfdfa.config import FEEDBACK


@click.command()
@network_options
@click.option("--seed", type=int, help="Of all random numbers.")
@click.option("--feedback", type=click.Choice(FEEDBACK))
@click.option("--limit", type=int, help="Samples of the stream.")
@click.option("--late", type=int, help="A class that begins in the second half.")
@click.option("--out", type=click.Path(path_type=Path), help="Folder of the run.")
@json_option
def stream(
    data_dir: Path | None,
    config: Path | None,
    late: int | None,
    out: Path | None,
    json_: bool,
    **options: Any,
) -> None:
    """Learn samples as they arrive, each classified before it is learned."""
    settings = make_config(config, options)
    folder = out or default_folder(settings).with_name(
        f"{default_folder(settings).name}-stream"
    )
    from lava_sfdfa.training import stream

    display = Progressing(1)
    with display.progress:
        result = stream.stream(settings, data_dir, folder, display, late)
    reached = result["samples_to_95"]
    console.print(
        f"before each update {result['prequential_accuracy']:.2%} right, "
        f"{result['prequential_accuracy_end']:.2%} at the end; 95 % "
        + (f"after {reached:,} samples" if reached else "was not reached")
        + f"; test accuracy {result['test_accuracy']:.2%} (simulated, fixed point, "
        f"batch 1)\nartifact {result['artifact']}\npicture  {result['picture']}"
    )
    if late is not None:
        console.print(
            f"class {late}, which began at sample {result['late_from']:,}: "
            f"{result['late_prequential_accuracy_end']:.2%} before each update at the "
            f"end, {result['late_test_accuracy']:.2%} of the test part"
        )
    if json_:
        as_json(result)

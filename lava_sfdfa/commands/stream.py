"""`lava-sfdfa stream`."""

from pathlib import Path
from typing import Any

import click

from lava_sfdfa.commands.settings import run_settings
from lava_sfdfa.commands.terminal import (
    choice_option,
    front_options,
    json_option,
    network_options,
    out_option,
    print_json,
)
from lava_sfdfa.console import console


@click.command()
@network_options
@front_options
@choice_option("feedback", "How errors reach hidden neurons; sfdfa learns the way.")
@click.option("--limit", type=int, help="How many samples the stream has.")
@click.option("--late", help="A class that begins in the second half.")
@out_option("The folder of the run; by default below runs/.")
@json_option
def stream(
    data_dir: Path | None,
    config: Path | None,
    late: str | None,
    front: Path | None,
    freeze: int | None,
    out: Path | None,
    json_: bool,
    **options: Any,
) -> None:
    """Learn samples as they arrive, each classified before it is learned."""
    dataset, values, folder = run_settings(
        config, options, out, suffix="-stream", front=front
    )
    from lava_sfdfa.api import stream as run  # compiled code: slow to import
    from lava_sfdfa.training.stream import StreamResult

    result = run(
        dataset,
        late=late,
        out=folder,
        data_dir=data_dir,
        front=front,
        freeze=freeze,
        progress=True,
        **values,
    ).result
    assert isinstance(result, StreamResult)
    reached = result.samples_to_95
    console.print(
        f"before each update {result.prequential_accuracy:.2%} right, "
        f"{result.prequential_accuracy_end:.2%} at the end; 95 % "
        + (f"after {reached:,} samples" if reached else "was not reached")
        + f"; test accuracy {result.test_accuracy:.2%} (simulated, fixed point, "
        f"batch 1)\nartifact {result.artifact}\npicture  {result.picture}"
    )
    if late is not None:
        console.print(
            f"class {late}, which began at sample {result.late_from:,}: "
            f"{result.late_prequential_accuracy_end:.2%} before each update at the "
            f"end, {result.late_test_accuracy:.2%} of the test part"
        )
    print_json(result, json_)

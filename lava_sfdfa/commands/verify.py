"""`lava-sfdfa verify`."""

from pathlib import Path

import click

from lava_sfdfa.commands.terminal import (
    Place,
    data_dir_option,
    dataset_option,
    json_option,
    print_json,
)
from lava_sfdfa.console import console
from lava_sfdfa.errors import CheckError


@click.command()
@click.argument("artifact", type=Place(path_type=Path))
@dataset_option
@data_dir_option
@click.option(
    "--samples", type=click.IntRange(1), default=3, help="How many samples to learn."
)
@click.option("--backend", type=click.Choice(["lava"]), default="lava")
@json_option
def verify(
    artifact: Path,
    dataset: str | None,
    data_dir: Path | None,
    samples: int,
    backend: str,
    json_: bool,
) -> None:
    """Train on with the same samples on the engine and on Lava, and compare.

    Every integer of every step is compared: spikes, u, v, tags, weights, feedback
    weights, errors and counts. Nothing is written.
    """
    from lava_sfdfa.api import load  # compiled code: slow to import

    model = load(artifact, data_dir=data_dir)
    v = model.verify(samples, data=dataset, progress=True)
    console.print(
        f"{v.compared:,} integers compared in {v.steps} steps of {v.samples} samples "
        f"of {v.dataset}; {v.spikes} spikes, {v.tags_changed} tags, "
        f"{v.weights_changed} weights and {v.feedback_changed} feedback weights "
        f"changed; {v.mismatches} mismatches (simulated)"
    )
    print_json({**v.to_json(), "artifact": str(artifact)}, json_)
    if v.mismatches:
        raise CheckError(
            f"{artifact}: the engine and Lava differ in {v.mismatches} of "
            f"{v.compared} integers, first in {v.first_mismatch}"
        )

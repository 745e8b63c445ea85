"""`lava-sfdfa verify`."""

from pathlib import Path

import click
from rich.progress import Progress

from lava_sfdfa.commands.terminal import as_json, console, data_dir_option, json_option
from lava_sfdfa.errors import CheckError


@click.command()
@click.argument("artifact", type=click.Path(path_type=Path))
@click.option("--dataset", help="By default the one it was trained on.")
@data_dir_option
@click.option("--samples", type=click.IntRange(1), default=3, help="To learn.")
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

    Every integer of every step: spikes, u, v, tags, weights, feedback weights, errors
    and counts. Nothing is written.
    """
    from lava_sfdfa.processes.network import require_lava
    from lava_sfdfa.processes.verify import verify as run

    require_lava()
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task(f"comparing engine and {backend}", total=None)

        def show(done: int, total: int) -> None:
            progress.update(task, completed=done, total=total)

        result = run(artifact, dataset, data_dir, samples, show)
    console.print(
        f"{result['compared']:,} integers compared in {result['steps']} steps of "
        f"{result['samples']} samples of {result['dataset']}: "
        f"{result['spikes']} spikes, {result['tags_changed']} tags, "
        f"{result['weights_changed']} weights and "
        f"{result['feedback_changed']} feedback weights changed; "
        f"{result['mismatches']} mismatches (simulated)"
    )
    if json_:
        as_json(result)
    if result["mismatches"]:
        raise CheckError(
            f"{artifact}: the engine and Lava differ in {result['mismatches']} of "
            f"{result['compared']} integers, first in {result['first_mismatch']}"
        )

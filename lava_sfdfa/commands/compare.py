"""`lava-sfdfa compare`: kinds of feedback side by side."""

from pathlib import Path
from typing import Any

import click

from lava_sfdfa.commands.settings import run_settings
from lava_sfdfa.commands.terminal import (
    json_option,
    network_options,
    out_option,
    print_json,
)
from lava_sfdfa.config import Config
from lava_sfdfa.console import console
from lava_sfdfa.fields import choices

FEEDBACK = choices(Config, "feedback")


@click.command()
@network_options
@click.option("--epochs", type=int, help="How many times every sample is learned.")
@click.option("--limit", type=int, help="How many training samples to use.")
@click.option(
    "--feedback",
    type=click.Choice([*FEEDBACK, "exact"]),
    multiple=True,
    help="Repeat it; by default all but exact, which is slow and for small networks.",
)
@click.option(
    "--seeds", type=click.IntRange(1), default=3, help="How many, from --seed on."
)
@out_option("The folder of the results; by default below runs/.")
@json_option
def compare(
    data_dir: Path | None,
    config: Path | None,
    feedback: tuple[str, ...],
    seeds: int,
    out: Path | None,
    json_: bool,
    **options: Any,
) -> None:
    """Train with each kind of feedback, several seeds; a table and a picture.

    The angle is that between a hidden layer's update and the exact gradient.
    """
    dataset, values, _ = run_settings(config, options, out)
    folder = out or Path("runs") / f"compare-{Path(dataset).stem}"
    from lava_sfdfa.api import compare as run  # compiled code: slow to import

    comparison = run(
        dataset,
        feedback=feedback or FEEDBACK,
        seeds=seeds,
        out=folder,
        data_dir=data_dir,
        progress=True,
        **values,
    )
    for row in comparison.rows:
        angles = ", ".join(f"{angle:.0f}" for angle in row.angles) or "not measured"
        seeds_word = "seed" if row.seeds == 1 else "seeds"
        console.print(
            f"{row.feedback:10} {row.test_accuracy_mean:.2%} "
            f"+- {row.test_accuracy_std:.2%} of the test part, {row.seeds} "
            f"{seeds_word}; degrees to the exact gradient: {angles}"
        )
    console.print(f"data    {folder / 'comparison.json'}\npicture {comparison.picture}")
    print_json(comparison, json_)

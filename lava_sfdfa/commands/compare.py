"""`lava-sfdfa compare`: kinds of feedback side by side."""

from pathlib import Path
from typing import Any

import click

from lava_sfdfa.commands.terminal import as_json, console, json_option, network_options
from lava_sfdfa.commands.train import Progressing, make_config
from lava_sfdfa.config import FEEDBACK


@click.command()
@network_options
@click.option("--epochs", type=int, help="Times that every sample is learned.")
@click.option("--limit", type=int, help="Training samples to use.")
@click.option(
    "--feedback",
    type=click.Choice([*FEEDBACK, "exact"]),
    multiple=True,
    help="Repeat; by default all but exact, which is slow and for small networks.",
)
@click.option("--seeds", type=click.IntRange(1), default=3, help="From seed 0 on.")
@click.option("--out", type=click.Path(path_type=Path), help="Folder of the results.")
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
    settings = make_config(config, options)
    folder = out or Path("runs") / f"compare-{Path(settings.dataset).stem}"
    from lava_sfdfa.training import comparison
    from lava_sfdfa.training.comparison_picture import PICTURE, draw_comparison
    from lava_sfdfa.training.folder import prepare_folder

    prepare_folder(folder)
    kinds = tuple(dict.fromkeys(feedback)) or FEEDBACK
    display = Progressing(settings.epochs)
    with display.progress:
        result = comparison.compare(settings, kinds, seeds, data_dir, folder, display)
    draw_comparison(folder / PICTURE, result)
    for row in result["rows"]:
        angles = ", ".join(f"{angle:.0f}" for angle in row["angles"]) or "0"
        console.print(
            f"{row['feedback']:10} {row['test_accuracy_mean']:.2%} "
            f"+- {row['test_accuracy_std']:.2%} of the test part, {row['seeds']} "
            f"seeds; degrees to the exact gradient: {angles}"
        )
    console.print(f"data    {folder / 'comparison.json'}\npicture {folder / PICTURE}")
    if json_:
        rows = {"dataset": result["dataset"], "rows": result["rows"]}
        as_json({**rows, "out": str(folder), "picture": str(folder / PICTURE)})

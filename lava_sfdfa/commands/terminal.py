"""What all commands share: the console, the last line for machines, common options."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from rich.console import Console


class Terminal(Console):
    """A console that takes text as it is, and goes quiet where nobody reads it."""

    def __init__(self, **options: Any):
        super().__init__(
            highlight=False, markup=False, emoji=False, soft_wrap=True, **options
        )

    def on_broken_pipe(self) -> None:
        """The reader has seen enough; the work goes on."""
        self.quiet = True


console = Terminal(stderr=True)


def fail(sentence: str, code: int) -> None:
    """One sentence to standard error, and out."""
    click.echo(f"error: {sentence}", err=True)
    sys.exit(code)


def as_json(result: dict[str, Any]) -> None:
    """The last line of standard output for machines."""
    click.echo(json.dumps(result))


json_option = click.option("--json", "json_", is_flag=True, help="One JSON line.")
data_dir_option = click.option(
    "--data-dir",
    type=click.Path(path_type=Path),
    help="Folder that holds a folder for each data set.",
)
limit_option = click.option("--limit", type=click.IntRange(1), help="Samples to use.")


def network_options(command: Callable) -> Callable:
    """What all commands that train take: the data, the settings, the layers."""
    for option in (
        click.option(
            "--hidden", type=int, multiple=True, help="Neurons; repeat for layers."
        ),
        click.option(
            "--config", type=click.Path(path_type=Path), help="Settings, TOML."
        ),
        data_dir_option,
        click.option(
            "--dataset", help="digits (default), another name, or a file.npz."
        ),
    ):
        command = option(command)
    return command

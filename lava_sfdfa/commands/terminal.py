"""What all commands share: the last line for machines, and common options."""

import contextlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from lava_sfdfa.config import Config
from lava_sfdfa.fields import choices
from lava_sfdfa.results import Result, to_line

Command = Callable[..., Any]


def fail(sentence: str, code: int) -> None:
    """One sentence to standard error, and out."""
    with contextlib.suppress(OSError):  # standard error may be full or gone
        click.echo(f"error: {sentence}", err=True)
    sys.exit(code)


def print_json(result: Result | dict[str, Any], wanted: bool) -> None:
    """The last line of standard output, where machines want one."""
    if wanted:
        click.echo(to_line(result))


class Place(click.Path):
    """A path that names something; an empty one is a slip of a script."""

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        """The path, refused where it is empty."""
        if value == "":
            self.fail("it is empty, and has to name a file or a folder", param, ctx)
        return super().convert(value, param, ctx)


json_option = click.option(
    "--json", "json_", is_flag=True, help="Print one JSON object as the last line."
)
data_dir_option = click.option(
    "--data-dir",
    type=Place(path_type=Path, file_okay=False),
    help="The folder of the data set, or the one that holds a folder for each.",
)
limit_option = click.option(
    "--limit", type=click.IntRange(1), help="How many samples to use; by default all."
)
dataset_option = click.option(
    "--dataset", help="A name or a file.npz; by default the one it was trained on."
)
config_option = click.option(
    "--config", type=Place(path_type=Path), help="A TOML file of settings."
)


def out_option(what: str) -> Command:
    """Where results go."""
    return click.option("--out", type=Place(path_type=Path), help=what)


def choice_option(name: str, what: str) -> Command:
    """An option that takes what the field of `Config` may be."""
    return click.option(
        f"--{name}", type=click.Choice(choices(Config, name)), help=what
    )


def front_options(command: Callable[..., Any]) -> Command:
    """What commands that learn take of a network that is there already."""
    for option in (
        click.option(
            "--freeze",
            type=click.IntRange(1),
            help="How many layers of --front; by default all but the last.",
        ),
        click.option(
            "--front",
            type=Place(path_type=Path, exists=True),
            help="A network whose layers stay as they are, below those that learn: an "
            "artifact, or a .nir or .net file.",
        ),
    ):
        command = option(command)
    return command


def network_options(command: Callable[..., Any]) -> Command:
    """What all commands that train take: the data, the settings, the layers."""
    for option in (
        choice_option("kind", "What the samples of a file are, if not what they look."),
        click.option("--seed", type=int, help="The seed of all random numbers."),
        click.option(
            "--hidden",
            type=int,
            multiple=True,
            help="Neurons of a hidden layer; repeat it for more layers.",
        ),
        config_option,
        data_dir_option,
        click.option(
            "--dataset",
            help="A name or a file.npz; by default digits; `data list` shows names.",
        ),
    ):
        command = option(command)
    return command

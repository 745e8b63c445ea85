"""`lava-sfdfa data`: list, fetch and check data sets."""

from pathlib import Path
from typing import Any

import click
from rich.progress import Progress

from lava_sfdfa.commands.group import Commands
from lava_sfdfa.commands.terminal import data_dir_option, json_option, print_json
from lava_sfdfa.console import console
from lava_sfdfa.data import sources
from lava_sfdfa.data.fetch import fetch
from lava_sfdfa.errors import CheckError


@click.group(cls=Commands)
def data() -> None:
    """List, fetch and check data sets."""


@data.command("list")
@data_dir_option
@json_option
def data_list(data_dir: Path | None, json_: bool) -> None:
    """The data sets by name, and whether they are here."""
    states = [sources.describe(name, data_dir) for name in sources.NAMES]
    show_data(states, json_)


@data.command("check")
@click.argument("name")
@data_dir_option
@json_option
def data_check(name: str, data_dir: Path | None, json_: bool) -> None:
    """Compare the files of a data set with their published checksums."""
    state = sources.describe(name, data_dir)
    show_data([state], json_)
    if state.state in ("missing", "damaged"):
        folder = Path(state.files[0].file).parent
        raise CheckError(
            f"{name}: files are {state.state} in {folder}; `lava-sfdfa data fetch "
            f"{name}` gets them, or --data-dir names another folder"
        )


@data.command("fetch")
@click.argument("name")
@data_dir_option
@json_option
def data_fetch(name: str, data_dir: Path | None, json_: bool) -> None:
    """Download a data set, checked, to a cache or to --data-dir."""
    with Progress(console=console, transient=True, disable=json_) as progress:
        tasks: dict[str, Any] = {}

        def show(file: str, done: int, total: int) -> None:
            if file not in tasks:
                tasks[file] = progress.add_task(file, total=total or None)
            progress.update(tasks[file], completed=done)

        state = fetch(name, data_dir, show)
    show_data([state], json_)


def show_data(states: list[sources.DatasetState], json_: bool) -> None:
    """Data sets as lines, or as JSON."""
    if json_:
        print_json({"datasets": states} if len(states) > 1 else states[0], json_)
        return
    for entry in states:
        click.echo(f"{entry.name:16} {entry.state:10} {entry.title}")
        for file in entry.files:
            click.echo(f"{'':16} {file.state:10} {file.file}")

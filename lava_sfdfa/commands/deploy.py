"""`lava-sfdfa fit`, `compile` and `run`: a network on the cores of a board."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from rich.progress import Progress

from lava_sfdfa.commands.terminal import as_json, console, data_dir_option, json_option
from lava_sfdfa.config import ELIGIBILITY
from lava_sfdfa.deploy.boards import BOARDS, find_board
from lava_sfdfa.deploy.mapping.graph import MODES, parse_layers
from lava_sfdfa.errors import CheckError, InputError

REPORT, PAGE = "report.txt", "report.html"

board_option = click.option("--board", required=True, help=", ".join(BOARDS) + ".")
mode_option = click.option("--mode", type=click.Choice(MODES), default="learning")
conservative_option = click.option(
    "--conservative", is_flag=True, help="Smaller budgets of an older release, Loihi 2."
)


@click.command()
@click.argument("artifact", required=False, type=click.Path(path_type=Path))
@click.option("--layers", help="Instead of an artifact, such as 784,800,10.")
@click.option("--eligibility", type=click.Choice(ELIGIBILITY), help="With --layers.")
@board_option
@mode_option
@conservative_option
@json_option
def fit(
    artifact: Path | None,
    layers: str | None,
    eligibility: str | None,
    board: str,
    mode: str,
    conservative: bool,
    json_: bool,
) -> None:
    """See whether a network fits a board, on how many cores, and what limits it."""
    from lava_sfdfa.deploy.compiler import request_of, sentence
    from lava_sfdfa.deploy.mapping.fit import Request
    from lava_sfdfa.deploy.mapping.fit import fit as find_fit
    from lava_sfdfa.deploy.plan.report import text_report

    if (artifact is None) == (layers is None):
        raise InputError("fit takes an artifact or --layers, one of the two")
    target = find_board(board, conservative)
    if artifact is not None:
        from lava_sfdfa.network.artifact import load_artifact

        request = request_of(load_artifact(artifact), target, mode)
    else:
        sizes = parse_layers(str(layers))
        request = Request(sizes, target, mode, eligibility=eligibility or "trace")
    summary, _, _ = find_fit(request)
    if json_:
        as_json(summary)
    else:
        click.echo(text_report(summary))
    if not summary["fits"]:
        raise CheckError(sentence(summary))


@click.command("compile")
@click.argument("artifact", type=click.Path(path_type=Path))
@board_option
@mode_option
@click.option("--out", type=click.Path(path_type=Path), help="Folder of the plan.")
@data_dir_option
@conservative_option
@json_option
def compile_(
    artifact: Path,
    board: str,
    mode: str,
    out: Path | None,
    data_dir: Path | None,
    conservative: bool,
    json_: bool,
) -> None:
    """Place a trained network on the cores of a board: a plan and a report."""
    from lava_sfdfa.deploy.compiler import compile_artifact
    from lava_sfdfa.deploy.plan.files import save_plan, write_files
    from lava_sfdfa.deploy.plan.page import html_page
    from lava_sfdfa.deploy.plan.report import text_report

    target = find_board(board, conservative)
    folder = out or Path("plans") / f"{board}-{mode}"
    with console.status("compiling: counting spikes, placing cores"):
        compiled = compile_artifact(artifact, target, mode, data_dir)
        digest = save_plan(folder, compiled.plan)
        text, page = text_report(compiled.summary), html_page(compiled)
        write_files(
            folder,
            {
                REPORT: lambda path: path.write_text(text + "\n", "utf-8"),
                PAGE: lambda path: path.write_text(page, "utf-8"),
            },
        )
    console.print(f"{text}\nplan    {folder}\nreport  {folder / PAGE}")
    if json_:
        as_json({**compiled.summary, "plan": str(folder), "digest": digest})


@click.command()
@click.argument("plan", type=click.Path(path_type=Path))
@click.option("--target", type=click.Choice(("sim", "board")), default="sim")
@click.option("--dataset", help="By default the one of the network.")
@data_dir_option
@click.option("--samples", type=click.IntRange(1), default=100, help="How many.")
@json_option
def run(
    plan: Path,
    target: str,
    dataset: str | None,
    data_dir: Path | None,
    samples: int,
    json_: bool,
) -> None:
    """Run a plan, on the simulator of plans or on a board.

    A plan that learns takes training samples and predicts each before it learns it;
    another takes test samples.
    """
    from lava_sfdfa.deploy.plan.files import load_plan
    from lava_sfdfa.deploy.run.run import run_plan

    found = load_plan(plan)
    with Progress(console=console, transient=True) as progress:
        result = run_plan(found, target, dataset, data_dir, samples, bar(progress))
    where = "simulated as placed" if target == "sim" else "board"
    console.print(
        f"{result['accuracy']:.2%} right of {result['samples']} samples of "
        f"{result['dataset']} ({where}, {result['mode']})"
    )
    if json_:
        as_json(result)
    if result.get("mismatches"):
        raise CheckError(
            f"board and simulator differ in {result['mismatches']} spikes; "
            "scripts/board/README.md says what to send back"
        )


def bar(progress: Progress) -> Callable[[int, int], None]:
    """A progress bar over samples."""
    task: Any = progress.add_task("running", total=None)
    return lambda done, total: progress.update(task, completed=done, total=total)

"""`lava-sfdfa fit`, `compile`, `check` and `run`: a network on the cores of a board."""

import dataclasses
from pathlib import Path
from typing import Any

import click

from lava_sfdfa.commands.terminal import (
    Place,
    choice_option,
    data_dir_option,
    dataset_option,
    json_option,
    out_option,
    print_json,
)
from lava_sfdfa.console import console
from lava_sfdfa.deploy.boards import BOARDS
from lava_sfdfa.deploy.mapping.graph import MODES
from lava_sfdfa.errors import CheckError, InputError

board_option = click.option(
    "--board", required=True, help=f"One of {', '.join(BOARDS)}."
)
mode_option = click.option(
    "--mode",
    type=click.Choice(MODES),
    default="learning",
    help="Whether the network goes on learning on the board.",
)
conservative_option = click.option(
    "--conservative",
    is_flag=True,
    help="Take the smaller budgets of an older release, for Loihi 2.",
)


@click.command()
@click.argument("artifact", required=False, type=Place(path_type=Path))
@click.option("--layers", help="Sizes instead of an artifact, such as 784,800,10.")
@choice_option("eligibility", "What a synapse remembers; goes with --layers.")
@board_option
@mode_option
@conservative_option
@json_option
def fit(
    artifact: Path | None,
    layers: str | None,
    eligibility: Any,
    board: str,
    mode: Any,
    conservative: bool,
    json_: bool,
) -> None:
    """See whether a network fits a board, on how many cores, and what limits it."""
    if (artifact is None) == (layers is None):
        raise InputError("fit takes an artifact or --layers, one of the two")
    if artifact is not None and eligibility is not None:
        raise InputError(
            f"--eligibility goes with --layers; {artifact} has its own, so leave it out"
        )
    from lava_sfdfa.deploy.compiler import fit_artifact, fit_layers
    from lava_sfdfa.deploy.plan.report import text_report

    if artifact is not None:
        from lava_sfdfa.network.artifact import load_artifact

        report = fit_artifact(load_artifact(artifact), board, mode, conservative)
    else:
        report = fit_layers(
            str(layers), board, mode, eligibility or "trace", conservative
        )
    if not json_ and report.reason is None:
        click.echo(text_report(report))
    print_json(report, json_)
    if not report.fits:
        raise CheckError(report.sentence)


@click.command("compile")
@click.argument("artifact", type=Place(path_type=Path))
@board_option
@mode_option
@out_option("The folder of the plan; by default below plans/.")
@dataset_option
@data_dir_option
@conservative_option
@json_option
def compile_(
    artifact: Path,
    board: str,
    mode: Any,
    out: Path | None,
    dataset: str | None,
    data_dir: Path | None,
    conservative: bool,
    json_: bool,
) -> None:
    """Place a trained network on the cores of a board: a plan and a report."""
    name = artifact.parent.name if artifact.is_file() else artifact.name
    folder = out or Path("plans") / f"{name}-{board}-{mode}"
    with console.status("compiling: counting spikes, placing cores"):
        from lava_sfdfa.api import load
        from lava_sfdfa.deploy.compiler import PAGE
        from lava_sfdfa.deploy.plan.report import text_report

        model = load(artifact, data_dir=data_dir)
        plan = model.compile(
            board=board, mode=mode, data=dataset, conservative=conservative
        )
        plan.save(folder)
    text = text_report(plan.report)
    console.print(f"{text}\nplan    {folder}\nreport  {folder / PAGE}")
    print_json({**plan.report.to_json(), "plan": str(folder)}, json_)


@click.command()
@click.argument("plan", type=Place(path_type=Path))
@json_option
def check(plan: Path, json_: bool) -> None:
    """Prove that a plan is whole: what is placed, and that all of it goes together."""
    from lava_sfdfa.deploy.compiler import load_plan
    from lava_sfdfa.deploy.plan.check import Checked
    from lava_sfdfa.deploy.plan.report import plural

    try:
        found = load_plan(plan).check()
    except CheckError:
        unknown = dict.fromkeys(field.name for field in dataclasses.fields(Checked))
        print_json({"plan": str(plan), **unknown, "holds": False}, json_)
        raise
    if not json_:
        click.echo(
            f"the plan is whole: {found.mode} on {found.board}, "
            f"{plural(found.cores, 'core')}\n"
            f"{plural(found.neurons, 'neuron')}, each placed once; "
            f"{plural(found.axons, 'input axon')}, each with its message; "
            f"{plural(found.weights, 'weight')}\n"
            f"digest {found.digest}"
        )
    print_json({"plan": str(plan), **found.to_json()}, json_)


@click.command()
@click.argument("plan", type=Place(path_type=Path))
@click.option(
    "--target",
    type=click.Choice(("sim", "board")),
    default="sim",
    help="The simulator of plans, or a board.",
)
@click.option(
    "--dataset", help="A name or a file.npz; by default the one of the network."
)
@data_dir_option
@click.option(
    "--samples", type=click.IntRange(1), default=100, help="How many samples to run."
)
@json_option
def run(
    plan: Path,
    target: Any,
    dataset: str | None,
    data_dir: Path | None,
    samples: int,
    json_: bool,
) -> None:
    """Run a plan, on the simulator of plans or on a board.

    A plan that learns takes training samples and predicts each before it learns it;
    another takes test samples.
    """
    from lava_sfdfa.deploy.compiler import load_plan

    result = load_plan(plan).run(
        samples, data=dataset, data_dir=data_dir, target=target, progress=True
    )
    where = "simulated as placed" if target == "sim" else "board"
    console.print(
        f"{result.accuracy:.2%} right of {result.samples} samples of "
        f"{result.dataset} ({where}, {result.mode})"
    )
    print_json(result, json_)
    if result.mismatches:
        raise CheckError(
            f"board and simulator differ in {result.mismatches} spikes; "
            "scripts/board/README.md says what to send back"
        )

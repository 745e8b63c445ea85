"""`lava-sfdfa train`."""

from pathlib import Path
from typing import Any

import click

from lava_sfdfa.commands.settings import default_folder, given, run_settings, told_with
from lava_sfdfa.commands.terminal import (
    choice_option,
    front_options,
    json_option,
    network_options,
    out_option,
    print_json,
)
from lava_sfdfa.console import console
from lava_sfdfa.errors import InputError
from lava_sfdfa.files import locked
from lava_sfdfa.reference.config import FloatConfig, paper_config


@click.command()
@network_options
@front_options
@click.option("--epochs", type=int, help="How many times every sample is learned.")
@choice_option("feedback", "How errors reach hidden neurons; sfdfa learns the way.")
@click.option(
    "--precision",
    type=click.Choice(["fixed", "float"]),
    default="fixed",
    help="float trains with the settings of the SFDFA authors, for comparison.",
)
@choice_option("eligibility", "What a synapse remembers of earlier spikes.")
@choice_option("rounding", "shared rounds as stock Lava does, for comparison.")
@click.option("--limit", type=int, help="How many training samples to use.")
@click.option(
    "--backend",
    type=click.Choice(["cpu", "lava"]),
    default="cpu",
    help="lava learns on Lava Processes: it is slow and gives the same digest.",
)
@out_option("The folder of the run; by default below runs/.")
@click.option(
    "--auto",
    is_flag=True,
    help="Begin again with other settings, at most twice, where it goes wrong.",
)
@click.option("--resume", is_flag=True, help="Go on from the artifact in --out.")
@json_option
def train(
    data_dir: Path | None,
    config: Path | None,
    precision: str,
    out: Path | None,
    resume: bool,
    auto: bool,
    backend: Any,
    front: Path | None,
    freeze: int | None,
    json_: bool,
    **options: Any,
) -> None:
    """Train a network in the chip's integers and write it to a folder."""
    if precision == "float":
        more = {"front": front is not None, "freeze": freeze is not None}
        refuse_for_float(
            resume=resume, backend=backend != "cpu", auto=auto, **more, **options
        )
        train_in_float(config, data_dir, out, json_, options)
        return
    dataset, values, folder = run_settings(config, options, out, resume)
    from lava_sfdfa.api import train as run  # compiled code: slow to import
    from lava_sfdfa.training.run import TrainingResult

    result = run(
        dataset,
        out=folder,
        data_dir=data_dir,
        resume=resume,
        backend=backend,
        auto=auto,
        front=front,
        freeze=freeze,
        progress=True,
        **values,
    ).result
    assert isinstance(result, TrainingResult)
    console.print(
        f"test accuracy {result.test_accuracy:.2%} "
        f"(simulated, fixed point, batch 1); "
        f"{result.samples_per_second:,.0f} samples/s while learning\n"
        f"artifact {result.artifact}\npicture  {result.picture}",
    )
    print_json(result, json_)


REFUSED_FOR_FLOAT = (
    "resume",
    "backend",
    "auto",
    "front",
    "freeze",
    "eligibility",
    "rounding",
    "kind",
)


def refuse_for_float(**options: Any) -> None:
    """Refuse options that mean nothing in floating point."""
    for name in REFUSED_FOR_FLOAT:
        if options[name]:
            raise InputError(
                f"--{name} does not go with --precision float, which learns as the "
                "SFDFA authors do; leave one of them out"
            )


def train_in_float(
    file: Path | None,
    data_dir: Path | None,
    out: Path | None,
    json_: bool,
    options: dict[str, Any],
) -> None:
    """Train with the settings of the authors, changed by a file, by options."""
    values = given(file, options, FloatConfig)
    with told_with(file):
        settings = paper_config(values.pop("dataset", "digits"), **values)
    folder = out or default_folder(settings, "-float")
    from lava_sfdfa.data.datasets import load_dataset
    from lava_sfdfa.training.display import Bar
    from lava_sfdfa.training.floating import train_float

    data = load_dataset(settings.dataset, data_dir)
    with locked(folder), Bar(settings.epochs) as display:
        _, result = train_float(data, settings, folder, display)
    console.print(
        f"test accuracy {result.test_accuracy:.2%} after the last epoch, "
        f"{result.test_accuracy_best_validation:.2%} after epoch "
        f"{result.best_epoch}, the best on validation data (floating point)\n"
        f"artifact {result.artifact}",
    )
    print_json(result, json_)

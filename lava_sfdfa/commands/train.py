"""`lava-sfdfa train`."""

import dataclasses
from pathlib import Path
from typing import Any

import click
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from lava_sfdfa.commands.terminal import as_json, console, json_option, network_options
from lava_sfdfa.config import ELIGIBILITY, FEEDBACK, ROUNDING, Config, read_config
from lava_sfdfa.errors import InputError
from lava_sfdfa.network.artifact import load_artifact
from lava_sfdfa.presets import named_config
from lava_sfdfa.reference.config import FloatConfig, paper_config


class Progressing:
    """Progress of a training on standard error: a bar, and a line an epoch."""

    def __init__(self, n_epochs: int):
        self.n_epochs = n_epochs
        self.progress = Progress(
            TextColumn("epoch {task.fields[epoch]}"),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[figures]}"),
            TimeRemainingColumn(),
            console=console,
            transient=True,
        )
        self.task = self.progress.add_task("", epoch="", figures="", visible=False)

    def say(self, text: str) -> None:
        """A sentence that stays."""
        self.progress.console.print(text, style="dim")

    def start(self, epoch: int, n_samples: int) -> None:
        """A new bar."""
        title = f"{epoch + 1}/{self.n_epochs}"
        fields: dict[str, Any] = {"epoch": title, "figures": ""}
        self.progress.reset(self.task, total=n_samples, visible=True, **fields)

    def advance(self, n_samples: int, state: dict[str, float]) -> None:
        """Move the bar, and show the figures of the epoch so far."""
        speed = self.progress.tasks[0].speed or 0.0
        figures = f"{state['accuracy']:.1%} right  {speed:,.0f} samples/s"
        if "spikes" in state:
            figures += f"  {state['spikes']:.0f} hidden spikes"
        if "saturation" in state:
            figures += f"  {state['saturation']:.1%} saturated"
        self.progress.update(self.task, advance=n_samples, figures=figures)

    def finish(self, epoch: int, state: dict[str, Any]) -> None:
        """The line of an epoch."""
        spikes = ", ".join(f"{count:.0f}" for count in state["spikes"])
        angles = ", ".join(f"{cosine:.2f}" for cosine in state["alignment"])
        worst = {
            name.removeprefix("saturation_"): max(shares)
            for name, shares in state.items()
            if name.startswith("saturation_")
        }
        line = (
            f"epoch {epoch + 1}/{self.n_epochs}: "
            f"training {state['train_accuracy']:.2%}, "
            f"validation {state['val_accuracy']:.2%}; "
            f"spikes a sample {spikes}; alignment {angles}"
        )
        if "silent" in state:
            line += f"; silent neurons {state['silent']}"
        if worst:
            limits = ", ".join(f"{name} {share:.1%}" for name, share in worst.items())
            line += f"; at a limit: {limits}"
        self.progress.console.print(line)


@click.command()
@network_options
@click.option("--epochs", type=int, help="Times that every sample is learned.")
@click.option("--seed", type=int, help="Of all random numbers.")
@click.option("--feedback", type=click.Choice(FEEDBACK))
@click.option(
    "--precision",
    type=click.Choice(["fixed", "float"]),
    default="fixed",
    help="float: the settings of the SFDFA authors, for comparison.",
)
@click.option("--eligibility", type=click.Choice(ELIGIBILITY))
@click.option("--rounding", type=click.Choice(ROUNDING))
@click.option("--limit", type=int, help="Training samples to use.")
@click.option(
    "--backend",
    type=click.Choice(["cpu", "lava"]),
    default="cpu",
    help="lava: on Lava Processes; slow, the same digest.",
)
@click.option("--out", type=click.Path(path_type=Path), help="Folder of the run.")
@click.option("--resume", is_flag=True, help="Go on from the artifact in --out.")
@json_option
def train(
    data_dir: Path | None,
    config: Path | None,
    precision: str,
    out: Path | None,
    resume: bool,
    backend: str,
    json_: bool,
    **options: Any,
) -> None:
    """Train a network in the chip's integers and write it to a folder."""
    if precision == "float":
        refuse_for_float(resume=resume, backend=backend != "cpu", **options)
        train_in_float(config, data_dir, out, json_, options)
        return
    settings = make_config(config, options, out if resume else None)
    target = out or default_folder(settings)
    from lava_sfdfa.data.datasets import load_dataset
    from lava_sfdfa.training import folder, picture, run

    run.engine_class(backend)  # a backend that is missing is told at once
    display = Progressing(settings.epochs)
    with display.progress:
        result = run.train(settings, data_dir, folder, display, resume, backend)
    artifact = load_artifact(Path(result["artifact"]))
    data = load_dataset(settings.dataset, data_dir)
    image = folder / folder.PICTURE
    picture.draw_training(image, artifact, data, result["test_accuracy"])
    result["picture"] = str(image)
    console.print(
        f"test accuracy {result['test_accuracy']:.2%} "
        f"(simulated, fixed point, batch 1); "
        f"{result['samples_per_second']:,.0f} samples/s while learning\n"
        f"artifact {result['artifact']}\npicture  {image}",
    )
    if json_:
        as_json(result)


def refuse_for_float(**options: Any) -> None:
    """Refuse options that mean nothing in floating point."""
    for name in ("resume", "backend", "eligibility", "rounding"):
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
    from lava_sfdfa.training import floating

    values = given(file, options, FloatConfig)
    settings = paper_config(values.pop("dataset", "digits"), **values)
    folder = out or default_folder(settings).with_name(
        default_folder(settings).name + "-float"
    )
    display = Progressing(settings.epochs)
    with display.progress:
        result = floating.train_float(settings, data_dir, folder, display)
    console.print(
        f"test accuracy {result['test_accuracy']:.2%} after the last epoch, "
        f"{result['test_accuracy_best_validation']:.2%} after epoch "
        f"{result['best_epoch']}, the best on validation data (floating point)\n"
        f"artifact {result['artifact']}",
    )
    if json_:
        as_json(result)


def make_config(
    file: Path | None, options: dict[str, Any], resumed: Path | None = None
) -> Config:
    """The named configuration, changed by a file, changed by options; to resume,
    that of the artifact in the folder `resumed` in place of the named one."""
    values = given(file, options, Config)
    if resumed:
        artifact = load_artifact(resumed)
        source = artifact.provenance.get("dataset", artifact.config.dataset)
        return dataclasses.replace(artifact.config, **{"dataset": source, **values})
    return named_config(values.pop("dataset", "digits"), **values)


def given(file: Path | None, options: dict[str, Any], kind: type) -> dict[str, Any]:
    """What a user set: in a file, for a configuration of `kind`, and by options."""
    chosen = {name: value for name, value in options.items() if value not in (None, ())}
    return {**(read_config(file, kind) if file else {}), **chosen}


def default_folder(config: Config | FloatConfig) -> Path:
    """Where a run goes that was not told."""
    name = (
        Path(config.dataset).stem if config.dataset.endswith(".npz") else config.dataset
    )
    layers = "-".join(map(str, config.hidden))
    return Path("runs") / f"{name}-{layers}-{config.feedback}-seed{config.seed}"

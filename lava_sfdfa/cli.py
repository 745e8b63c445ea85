"""The command line: `lava-sfdfa COMMAND`.

Words and progress go to standard error; with `--json` the last line of standard
output is one JSON object. Exit codes: 0 done, 1 a check failed or it does not fit,
2 wrong use, bad input or Ctrl-C, 3 a backend or an extra is missing.
"""

import json
import sys
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

import lava_sfdfa
from lava_sfdfa import datasets
from lava_sfdfa.artifact import VERSION, load_artifact
from lava_sfdfa.chips import WIDTHS
from lava_sfdfa.config import (
    ELIGIBILITY,
    FEEDBACK,
    ROUNDING,
    Config,
    named_config,
    read_config,
)
from lava_sfdfa.errors import CheckError, InputError, SfdfaError
from lava_sfdfa.fetch import fetch
from lava_sfdfa.rule import FEEDBACK_RULE


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


class Commands(click.Group):
    """A group that turns our errors into one sentence and an exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; end the process where it raises what a user can cause."""
        try:
            return super().invoke(ctx)
        except SfdfaError as error:
            fail(str(error), error.exit_code)
        except KeyboardInterrupt:
            fail("stopped by Ctrl-C", InputError.exit_code)
        except MemoryError as error:
            fail(
                f"the memory is not enough ({error}); use smaller layers or --limit",
                InputError.exit_code,
            )
        except BrokenPipeError:
            sys.exit(0)  # the reader of our output has seen enough
        except OSError as error:  # what no command expected, such as a full disk
            fail(f"{error.filename or 'output'}: {error.strerror}", 2)


def fail(sentence: str, code: int) -> None:
    """One sentence to standard error, and out."""
    click.echo(f"error: {sentence}", err=True)
    sys.exit(code)


def as_json(result: dict[str, Any]) -> None:
    """The last line of standard output for machines."""
    click.echo(json.dumps(result))


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(lava_sfdfa.__version__, prog_name="lava-sfdfa")
def main() -> None:
    """Train spiking networks with a learning rule that Loihi chips can run."""


json_option = click.option("--json", "json_", is_flag=True, help="One JSON line.")
data_dir_option = click.option(
    "--data-dir",
    type=click.Path(path_type=Path),
    help="Folder that holds a folder for each data set.",
)
limit_option = click.option("--limit", type=click.IntRange(1), help="Samples to use.")


# --- train ------------------------------------------------------------------------


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
        figures = (
            f"{state['accuracy']:.1%} right  {speed:,.0f} samples/s  "
            f"{state['spikes']:.0f} hidden spikes  {state['saturation']:.1%} saturated"
        )
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
        limits = ", ".join(f"{name} {share:.1%}" for name, share in worst.items())
        self.progress.console.print(
            f"epoch {epoch + 1}/{self.n_epochs}: "
            f"training {state['train_accuracy']:.2%}, "
            f"validation {state['val_accuracy']:.2%}; "
            f"spikes a sample {spikes}; silent neurons {state['silent']}; "
            f"alignment {angles}; at a limit: {limits}",
        )


@main.command()
@click.option("--dataset", help="digits (default), another name, or a file.npz.")
@data_dir_option
@click.option("--config", type=click.Path(path_type=Path), help="Settings, TOML.")
@click.option("--hidden", type=int, multiple=True, help="Neurons; repeat for layers.")
@click.option("--epochs", type=int, help="Times that every sample is learned.")
@click.option("--seed", type=int, help="Of all random numbers.")
@click.option("--feedback", type=click.Choice(FEEDBACK))
@click.option("--eligibility", type=click.Choice(ELIGIBILITY))
@click.option("--rounding", type=click.Choice(ROUNDING))
@click.option("--limit", type=int, help="Training samples to use.")
@click.option("--out", type=click.Path(path_type=Path), help="Folder of the run.")
@click.option("--resume", is_flag=True, help="Go on from the artifact in --out.")
@json_option
def train(
    data_dir: Path | None,
    config: Path | None,
    out: Path | None,
    resume: bool,
    json_: bool,
    **options: Any,
) -> None:
    """Train a network in the chip's integers and write it to a folder."""
    settings = make_config(config, options)
    folder = out or default_folder(settings)
    from lava_sfdfa import picture, trainer  # compiled code: slow to import

    display = Progressing(settings.epochs)
    with display.progress:
        result = trainer.train(settings, data_dir, folder, display, resume)
    artifact = load_artifact(Path(result["artifact"]))
    data = datasets.load_dataset(settings.dataset, data_dir)
    image = folder / trainer.PICTURE
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


def make_config(file: Path | None, options: dict[str, Any]) -> Config:
    """The named configuration, changed by a file, changed by options."""
    given = {name: value for name, value in options.items() if value not in (None, ())}
    values = {**(read_config(file) if file else {}), **given}
    return named_config(values.pop("dataset", "digits"), **values)


def default_folder(config: Config) -> Path:
    """Where a run goes that was not told."""
    name = (
        Path(config.dataset).stem if config.dataset.endswith(".npz") else config.dataset
    )
    layers = "-".join(map(str, config.hidden))
    return Path("runs") / f"{name}-{layers}-{config.feedback}-seed{config.seed}"


# --- evaluate, info ---------------------------------------------------------------


@main.command()
@click.argument("artifact", type=click.Path(path_type=Path))
@click.option("--dataset", help="By default the one it was trained on.")
@data_dir_option
@limit_option
@json_option
def evaluate(
    artifact: Path,
    dataset: str | None,
    data_dir: Path | None,
    limit: int | None,
    json_: bool,
) -> None:
    """Classify the test part of a data set with a trained network."""
    from lava_sfdfa import trainer

    with Progress(console=console, transient=True) as progress:
        task = progress.add_task("classifying", total=None)

        def show(done: int, total: int) -> None:
            progress.update(task, completed=done, total=total)

        result = trainer.evaluate(artifact, dataset, data_dir, limit, show)
    console.print(
        f"test accuracy {result['test_accuracy']:.2%} of {result['samples']} samples "
        f"of {result['dataset']} (simulated, fixed point); "
        f"{result['samples_per_second']:,.0f} samples/s; spikes a sample "
        + ", ".join(f"{count:.0f}" for count in result["spikes_per_sample"]),
    )
    if json_:
        as_json(result)


@main.command()
@click.argument("artifact", type=click.Path(path_type=Path))
@json_option
def info(artifact: Path, json_: bool) -> None:
    """Show what an artifact holds: layers, rule, widths, training."""
    found = load_artifact(artifact)
    network, config = found.network, found.config
    result = {
        "artifact": str(artifact),
        "format_version": VERSION,
        "digest": found.digest,
        "dataset": config.dataset,
        "layers": list(network.sizes),
        "feedback": config.feedback,
        "eligibility": config.eligibility,
        "rounding": config.rounding,
        "seed": config.seed,
        "steps": network.steps,
        "period": network.period,
        "widths": WIDTHS,
        "parameters": [
            {name: getattr(layer, name) for name in ("du", "dv", "vth", "impulse")}
            for layer in network.layers
        ],
        "rules": [{"dt": x.rule.dt, "dw": x.rule.dw} for x in network.layers],
        "feedback_rule": FEEDBACK_RULE,
        "training": {name: found.record[name].tolist() for name in found.record},
        "samples_learned": found.n_learned,
        "provenance": found.provenance,
    }
    if json_:
        as_json(result)
        return
    shown = ("artifact", "format_version", "digest", "dataset", "layers", "feedback")
    lines = {name: result[name] for name in shown}
    for name in ("eligibility", "rounding", "seed", "steps", "period"):
        lines[name] = result[name]
    lines["widths"] = ", ".join(f"{name} {bits}" for name, bits in WIDTHS.items())
    for number, layer in enumerate(network.layers):
        lines[f"layer {number}"] = (
            f"{layer.n_pre} to {layer.n_post}; du {layer.du}, dv {layer.dv}, vth "
            f"{layer.vth}; dt = {layer.rule.dt}; dw = {layer.rule.dw}"
        )
    lines["feedback rule"] = FEEDBACK_RULE
    lines["samples learned"] = found.n_learned
    lines["validation"] = f"{found.record['val_accuracy'][-1]:.2%} (last epoch)"
    for name, value in lines.items():
        click.echo(f"{name:16} {value}")


# --- data -------------------------------------------------------------------------


@main.group()
def data() -> None:
    """List, fetch and check data sets."""


@data.command("list")
@data_dir_option
@json_option
def data_list(data_dir: Path | None, json_: bool) -> None:
    """The data sets by name, and whether they are here."""
    found = [datasets.describe(name, data_dir) for name in datasets.NAMES]
    show_data(found, json_)


@data.command("check")
@click.argument("name")
@data_dir_option
@json_option
def data_check(name: str, data_dir: Path | None, json_: bool) -> None:
    """Compare the files of a data set with their published checksums."""
    found = datasets.describe(name, data_dir)
    show_data([found], json_)
    if found["state"] in ("missing", "damaged"):
        raise CheckError(f"{name}: files are {found['state']}; `data fetch` repairs it")


@data.command("fetch")
@click.argument("name")
@data_dir_option
@json_option
def data_fetch(name: str, data_dir: Path | None, json_: bool) -> None:
    """Download a data set, checked, to a cache or to --data-dir."""
    with Progress(console=console, transient=True) as progress:
        tasks: dict[str, Any] = {}

        def show(file: str, done: int, total: int) -> None:
            if file not in tasks:
                tasks[file] = progress.add_task(file, total=total or None)
            progress.update(tasks[file], completed=done)

        found = fetch(name, data_dir, show)
    show_data([found], json_)


def show_data(found: list[dict[str, Any]], json_: bool) -> None:
    """Data sets as lines, or as JSON."""
    if json_:
        as_json({"datasets": found} if len(found) > 1 else found[0])
        return
    for entry in found:
        click.echo(f"{entry['name']:14} {entry['state']:10} {entry['title']}")
        for file in entry["files"]:
            click.echo(f"{'':14} {file['state']:10} {file['file']}")

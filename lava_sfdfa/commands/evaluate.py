"""`lava-sfdfa evaluate` and `info`: what a trained network does and holds."""

import dataclasses
from pathlib import Path

import click

from lava_sfdfa.commands.terminal import (
    Place,
    data_dir_option,
    dataset_option,
    json_option,
    limit_option,
    print_json,
)
from lava_sfdfa.config import Config
from lava_sfdfa.console import console
from lava_sfdfa.network.content import VERSION
from lava_sfdfa.reference.artifact import FloatArtifact, load_float


@click.command()
@click.argument("artifact", type=Place(path_type=Path))
@dataset_option
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
    in_float = load_float(artifact)
    if in_float is not None:
        from lava_sfdfa.data.datasets import load_dataset
        from lava_sfdfa.training.floating import evaluate_float

        data = load_dataset(in_float.source if dataset is None else dataset, data_dir)
        evaluation = evaluate_float(in_float, data, limit)
    else:
        from lava_sfdfa.api import load  # compiled code: slow to import

        model = load(artifact, data_dir=data_dir)
        evaluation = model.evaluate(dataset, limit=limit, progress=True)
    kind = "fixed point" if in_float is None else "floating point"
    console.print(
        f"test accuracy {evaluation.test_accuracy:.2%} of {evaluation.samples} samples "
        f"of {evaluation.dataset} (simulated, {kind}); "
        f"{evaluation.samples_per_second:,.0f} samples/s; spikes a sample "
        + ", ".join(f"{count:.0f}" for count in evaluation.spikes_per_sample),
    )
    print_json({**evaluation.to_json(), "artifact": str(artifact)}, json_)


@click.command()
@click.argument("artifact", type=Place(path_type=Path))
@json_option
def info(artifact: Path, json_: bool) -> None:
    """Show what an artifact holds: layers, rule, widths, training."""
    in_float = load_float(artifact)
    if in_float is not None:
        show_float(artifact, in_float, json_)
        return
    from lava_sfdfa.api import load  # compiled code: slow to import

    model = load(artifact)
    held = model.info()
    if json_:
        print_json({**held.to_json(), "artifact": str(artifact)}, json_)
        return
    lines: dict[str, object] = {"artifact": artifact}
    for name in ("format_version", "digest", "dataset", "kind", "layers", "feedback"):
        lines[name] = getattr(held, name)
    for name in ("eligibility", "rounding", "seed", "steps", "period"):
        lines[name] = getattr(held, name)
    lines["settings"] = ", ".join(
        f"{name} {value}"
        for name, value in held.settings.items()
        if value != getattr(Config(), name) and name not in lines
    )
    lines["widths"] = ", ".join(f"{name} {bits}" for name, bits in held.widths.items())
    network = model.artifact.network
    for number, frozen in enumerate(network.front):
        bias = "" if frozen.bias is None else "; with a bias"
        neurons = f"du {frozen.du}, dv {frozen.dv}, vth {frozen.vth}{bias}"
        lines[f"frozen {number}"] = f"{frozen}; {neurons}"
    for number, layer in enumerate(network.layers):
        lines[f"layer {number}"] = (
            f"{layer.n_pre} to {layer.n_post}; du {layer.du}, dv {layer.dv}, vth "
            f"{layer.vth}; dt = {layer.rule.dt}; dw = {layer.rule.dw}"
        )
        for position, sentence in enumerate(held.rules[number]["products"]):
            lines[f"  product {number}.{position}"] = sentence
    if held.no_rule:
        lines["cannot learn"] = held.no_rule
    lines["feedback rule"] = held.feedback_rule
    lines["samples learned"] = held.samples_learned
    if held.training.get("val_accuracy"):
        accuracy = held.training["val_accuracy"][-1]
        lines["validation"] = f"{accuracy:.2%} (last epoch)"
    for name, value in lines.items():
        if value is not None:
            click.echo(f"{name:16} {value}")


def show_float(path: Path, held: FloatArtifact, json_: bool) -> None:
    """What an artifact in floating point holds."""
    result = {
        "artifact": str(path),
        "format_version": VERSION,
        "precision": "float",
        "digest": held.digest,
        "layers": list(held.sizes),
        **dataclasses.asdict(held.config),
        "training": {name: held.record[name].tolist() for name in held.record},
        "provenance": held.provenance,
    }
    if json_:
        print_json(result, json_)
        return
    for name, value in result.items():
        if name not in ("training", "provenance"):
            click.echo(f"{name:16} {value}")
    click.echo(f"validation       {held.record['val_accuracy'][-1]:.2%} (last epoch)")

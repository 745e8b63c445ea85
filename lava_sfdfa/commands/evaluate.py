"""`lava-sfdfa evaluate` and `info`: what a trained network does and holds."""

import dataclasses
from pathlib import Path
from typing import Any

import click
from rich.progress import Progress

from lava_sfdfa.chip.rule_text import explain, parse
from lava_sfdfa.chip.widths import WIDTHS
from lava_sfdfa.commands.terminal import (
    as_json,
    console,
    data_dir_option,
    json_option,
    limit_option,
)
from lava_sfdfa.network.artifact import load_artifact
from lava_sfdfa.network.content import VERSION
from lava_sfdfa.network.rule import FEEDBACK_RULE, Rule
from lava_sfdfa.reference.artifact import FloatArtifact, load_float


@click.command()
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
    from lava_sfdfa.training import evaluate, floating

    in_float = load_float(artifact)
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task("classifying", total=None)

        def show(done: int, total: int) -> None:
            progress.update(task, completed=done, total=total)

        if in_float is not None:
            result = floating.evaluate_float(in_float, dataset, data_dir, limit)
        else:
            result = evaluate.evaluate(artifact, dataset, data_dir, limit, show)
    kind = "fixed point" if in_float is None else "floating point"
    console.print(
        f"test accuracy {result['test_accuracy']:.2%} of {result['samples']} samples "
        f"of {result['dataset']} (simulated, {kind}); "
        f"{result['samples_per_second']:,.0f} samples/s; spikes a sample "
        + ", ".join(f"{count:.0f}" for count in result["spikes_per_sample"]),
    )
    if json_:
        as_json(result)


@click.command()
@click.argument("artifact", type=click.Path(path_type=Path))
@json_option
def info(artifact: Path, json_: bool) -> None:
    """Show what an artifact holds: layers, rule, widths, training."""
    in_float = load_float(artifact)
    if in_float is not None:
        show_float(artifact, in_float, json_)
        return
    found = load_artifact(artifact)
    network, config = found.network, found.config
    result: dict[str, Any] = {
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
        "rules": [describe_rule(layer.rule) for layer in network.layers],
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
        for position, sentence in enumerate(result["rules"][number]["products"]):
            lines[f"  product {number}.{position}"] = sentence
    lines["feedback rule"] = FEEDBACK_RULE
    lines["samples learned"] = found.n_learned
    if found.epochs_done:
        accuracy = found.record["val_accuracy"][-1]
        lines["validation"] = f"{accuracy:.2%} (last epoch)"
    for name, value in lines.items():
        click.echo(f"{name:16} {value}")


def describe_rule(rule: Rule) -> dict[str, Any]:
    """The texts of a rule, and what each of its products is worth in fixed point."""
    texts = {"dt": rule.dt, "dd": rule.dd, "dw": rule.dw}
    sentences = [x for text in texts.values() if text for x in explain(parse(text))]
    return {**texts, "products": sentences}


def show_float(path: Path, found: FloatArtifact, json_: bool) -> None:
    """What an artifact in floating point holds."""
    result = {
        "artifact": str(path),
        "format_version": VERSION,
        "precision": "float",
        "digest": found.digest,
        "layers": list(found.sizes),
        **dataclasses.asdict(found.config),
        "training": {name: found.record[name].tolist() for name in found.record},
        "provenance": found.provenance,
    }
    if json_:
        as_json(result)
        return
    for name, value in result.items():
        if name not in ("training", "provenance"):
            click.echo(f"{name:16} {value}")
    click.echo(f"validation       {found.record['val_accuracy'][-1]:.2%} (last epoch)")

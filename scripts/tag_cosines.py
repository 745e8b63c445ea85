"""How near do the tags come to the eligibility they stand for, and which width matters?

    python scripts/tag_cosines.py --dataset mnist --data-dir DIR

Trains for one epoch, then learns samples with weights at rest and compares, for every
neuron that fired, its tags with the float eligibility (`equations.py`, stabilised, with
the recursion) on the same spikes: the cosine over the inputs that spiked. First as the
engine computes them, for both eligibilities; then with fewer bits in the traces, in y1
or in the tag, and with no rounding at all, by the plain model below.
"""

import argparse
import dataclasses
import json
import math
from pathlib import Path

import numpy as np

from lava_sfdfa.chip import widths
from lava_sfdfa.data.datasets import load_dataset
from lava_sfdfa.data.encoding import encode
from lava_sfdfa.engine.engine import Engine
from lava_sfdfa.network.fixed import FixedLayer
from lava_sfdfa.network.quantise import quantise, tag_gain, weight_unit
from lava_sfdfa.network.real import build_network
from lava_sfdfa.presets import named_config
from lava_sfdfa.reference import equations
from lava_sfdfa.training import angles

PERCENTILES = (5, 25, 50, 75)
BITS = {"trace": (7, 6, 5, 4, 3), "y1": (7, 6, 5, 4, 3), "tag": (9, 8, 7, 6, 5)}
FULL = {"trace": widths.TRACE.bits, "y1": widths.TRACE.bits, "tag": widths.TAG.bits}
EXACT = {"trace": 24, "y1": 24, "tag": 24}  # as good as no rounding


@dataclasses.dataclass(frozen=True)
class Case:
    """One layer in one sample: what the engine did, in steps of the chip."""

    layer: FixedLayer
    threshold: float
    unit: float  # the integer for a weight of 1
    inputs: equations.Spikes  # times in seconds
    steps: np.ndarray  # of the spikes of the layer
    neurons: np.ndarray
    tags: np.ndarray  # (n_post, n_pre), of the engine


def learn_cases(config, part, network, rates, n_samples: int) -> list[list[Case]]:
    """Every layer in `n_samples` samples, with weights that do not change."""
    step_s = config.duration_s / config.steps
    thresholds = [config.threshold_hidden] * len(config.hidden)
    thresholds.append(config.threshold_output)
    cases = []
    for sample in range(n_samples):
        engine = Engine(network, rates)
        engine.set_learning_share(0.0)
        spikes = engine.raster(part.events, sample)
        engine.learn(part.events, part.labels, np.array([sample]))
        inputs = angles.input_spikes(part.events, sample, step_s)
        row = []
        for number, (steps, neurons) in enumerate(spikes):
            layer, tags = network.layers[number], engine.sample(number).tags
            real = thresholds[number], weight_unit(config, number)
            row.append(Case(layer, *real, inputs, steps, neurons, tags))
            inputs = equations.Spikes(steps * step_s, neurons.astype(np.int64))
        cases.append(row)
    return cases


def cosines(config, case: Case, bits: dict | None, rng) -> list[float]:
    """Of each neuron that fired: the engine's tags (bits None), or the model's."""
    step_s = config.duration_s / config.steps
    neurons = equations.Neurons(
        config.tau_membrane_s, config.tau_synapse_s, case.threshold
    )
    found = []
    for post in np.unique(case.neurons):
        weights = case.layer.weights[post] / case.unit
        steps = case.steps[case.neurons == post]
        # A spike is found up to a step late, when g may have fallen below c.
        truth = equations.eligibility(
            weights,
            neurons,
            case.inputs,
            steps * step_s,
            equations.STABILISED,
            floor=1.0,
        ).sum(axis=0)
        tags = case.tags[post].astype(float)
        if bits is not None:
            tags = model_tags(config, case, weights, steps, bits, rng)
        size = np.linalg.norm(truth) * np.linalg.norm(tags)
        if np.linalg.norm(truth) > 0:
            found.append(float(truth @ tags / size) if size > 0 else 0.0)
    return found


def model_tags(config, case: Case, weights, steps, bits: dict, rng) -> np.ndarray:
    """Tags of one neuron with traces, y1 and tag of any width (`trace` eligibility).

    Traces decay by rounding at random; the tag is rounded at random at each spike; all
    saturate. Scales are those of the chip's widths, halved for every bit less.
    """
    step_s = config.duration_s / config.steps
    now = np.rint(case.inputs.times / step_s).astype(int)
    alphas = [math.exp(-1 / tau) for tau in (case.layer.x1_tau, case.layer.x2_tau)]
    x, tags = np.zeros((2, len(weights))), np.zeros(len(weights))
    impulse = case.layer.impulse * 2.0 ** (bits["trace"] - FULL["trace"])
    trace_top, tag_top = 2 ** bits["trace"] - 1, 2 ** (bits["tag"] - 1) - 1
    y1_top = 2 ** bits["y1"] - 1
    gain = (
        tag_gain(case.layer, case.unit) * 2.0 ** (bits["tag"] - FULL["tag"]) / impulse
    )
    neurons = equations.Neurons(
        config.tau_membrane_s, config.tau_synapse_s, case.threshold
    )
    for step in range(config.steps):
        for row, alpha in enumerate(alphas):
            x[row] = np.floor(x[row] * alpha + rng.rand())
        arrived = case.inputs.neurons[now == step]
        x[:, arrived] = np.minimum(x[:, arrived] + round(impulse), trace_top)
        for _ in range(np.count_nonzero(steps == step)):
            g = equations.current((step + 0.5) * step_s, weights, case.inputs, neurons)
            share = min(1.0, case.threshold / max(g, 1e-9))
            y1 = max(1.0, round(y1_top * share)) / y1_top / case.threshold
            tags = np.floor(tags + gain * y1 * (x[0] - x[1]) + rng.rand(len(tags)))
            tags = np.clip(tags, -tag_top - 1, tag_top)
    return tags


def summary(values: list[float]) -> dict:
    """Percentiles of the cosines, and how many there are."""
    found = np.percentile(values, PERCENTILES) if values else [math.nan] * 4
    named = zip(PERCENTILES, found, strict=True)
    return {"n": len(values), **{f"p{p}": round(float(v), 4) for p, v in named}}


def measure(options: argparse.Namespace) -> list[dict]:
    """A row for each layer and each choice of widths."""
    data = load_dataset(options.dataset, options.data_dir)
    base = named_config(options.dataset, hidden=tuple(options.hidden), seed=0)
    rows, rng = [], np.random.RandomState(0)
    for eligibility in ("trace", "recursive"):
        config = dataclasses.replace(base, eligibility=eligibility)
        part = encode(data.train.first(options.limit), config)
        shape = data.train.n_inputs, data.n_classes
        engine = Engine(quantise(build_network(config, *shape), config))
        engine.learn(part.events, part.labels, np.arange(len(part)))
        rates = tuple(state.rate for state in engine.states[:-1])
        network = engine.network()
        cases = learn_cases(config, part, network, rates, options.samples)
        cases_of: list[tuple[str, dict | None]] = [("engine", None)]
        if eligibility == "trace":
            cases_of += [("model, no rounding", EXACT), ("model", FULL)]
            for name, choices in BITS.items():
                cases_of += [(f"{name} {b}", {**FULL, name: b}) for b in choices[1:]]
        for label, bits in cases_of:
            for number in range(len(network.layers)):
                values = [
                    cosine
                    for row in cases
                    for cosine in cosines(config, row[number], bits, rng)
                ]
                rows.append(
                    {
                        "eligibility": eligibility,
                        "widths": label,
                        "layer": number,
                        **summary(values),
                    }
                )
    return rows


def main() -> None:
    """Print one JSON line a row."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dataset", default="digits")
    parser.add_argument("--data-dir", type=Path)
    parser.add_argument("--hidden", type=int, nargs="+", default=[100])
    parser.add_argument("--limit", type=int, default=10_000, help="samples to train on")
    parser.add_argument("--samples", type=int, default=20, help="samples to measure")
    for row in measure(parser.parse_args()):
        print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()

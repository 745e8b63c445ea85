"""Kinds of feedback side by side: accuracy, and how far updates point the right way.

The right way is the exact gradient (`gradients.py`): the angle between it and what the
chip's rule asks of a hidden layer, tags times third factors, is measured on the same
weights after every epoch.
"""

import dataclasses
import json
import math
from pathlib import Path
from typing import Any

import numpy as np

from lava_sfdfa.chip import protocol, random
from lava_sfdfa.config import Config
from lava_sfdfa.data.datasets import load_dataset
from lava_sfdfa.data.encoding import encode
from lava_sfdfa.data.events import Events
from lava_sfdfa.data.samples import shuffled
from lava_sfdfa.engine.engine import Engine
from lava_sfdfa.errors import InputError
from lava_sfdfa.network.artifact import Artifact, load_artifact
from lava_sfdfa.network.quantise import weight_unit
from lava_sfdfa.network.real import Network, build_network
from lava_sfdfa.reference import equations
from lava_sfdfa.reference.gradients import exact_updates
from lava_sfdfa.training.display import Display
from lava_sfdfa.training.record import learning_share
from lava_sfdfa.training.run import train

EXACT = "exact"  # the gradient itself, in floating point: for small networks
MOST_WEIGHTS = 50_000  # of a network that is trained with the exact gradient
FLOOR = 0.05  # of g - c in units of c: what bounds the exact gradient
RATE_SHARE = 2.0**-protocol.RATE_SHIFT  # the running mean moves by this a sample
N_ANGLES = 20  # validation samples that an angle is the mean of


def compare(
    config: Config,
    kinds: tuple[str, ...],
    n_seeds: int,
    data_dir: Path | None,
    out: Path,
    display: Display,
) -> dict[str, Any]:
    """Train every kind of feedback with every seed; write `comparison.json`.

    The artifacts stay in folders below `out`. Returns what the file holds: `rows`, one
    a kind, with means and standard deviations over seeds, and `runs` with the curves.
    Errors: InputError, as `train`.
    """
    runs = []
    for kind in kinds:
        for seed in range(config.seed, config.seed + n_seeds):
            display.say(f"{kind}, seed {seed}")
            if kind == EXACT:
                one = dataclasses.replace(config, seed=seed)
                run = train_exact(one, data_dir, display)
            else:
                one = dataclasses.replace(config, seed=seed, feedback=kind)
                run = train_fixed(one, data_dir, out / f"{kind}-seed{seed}", display)
            runs.append({"feedback": kind, "seed": seed, **run})
    rows = [_row(kind, [r for r in runs if r["feedback"] == kind]) for kind in kinds]
    result = {"dataset": config.dataset, "rows": rows, "runs": runs}
    text = json.dumps(result, indent=1)
    temporary = out / "comparison.part"
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(out / "comparison.json")
    return result


def _row(kind: str, runs: list[dict[str, Any]]) -> dict[str, Any]:
    tests = [run["test_accuracy"] for run in runs]
    angles = [run["angles"][-1] for run in runs if run["angles"]]
    return {
        "feedback": kind,
        "seeds": len(runs),
        "test_accuracy_mean": float(np.mean(tests)),
        "test_accuracy_std": float(np.std(tests)),
        "angles": np.mean(angles, axis=0).tolist() if angles else [],
    }


# --- in the chip's integers -------------------------------------------------------


class Watching:
    """A display that measures angles after every epoch, and passes all else on."""

    def __init__(self, inner: Display, path: Path, data_dir: Path | None):
        self.inner, self.path, self.data_dir = inner, path, data_dir
        self.angles: list[list[float]] = []
        self.say, self.start, self.advance = inner.say, inner.start, inner.advance

    def finish(self, epoch: int, state: dict[str, Any]) -> None:
        """Measure on the weights that the epoch left."""
        self.inner.finish(epoch, state)
        artifact = load_artifact(self.path)
        name = artifact.provenance["dataset"]
        samples = load_dataset(name, self.data_dir).validation.first(N_ANGLES)
        part = encode(samples, artifact.config)
        self.angles.append(update_angles(artifact, part.events, part.labels))


def train_fixed(
    config: Config, data_dir: Path | None, folder: Path, display: Display
) -> dict[str, Any]:
    """One training with the chip's rule: its figures and curves."""
    watching = Watching(display, folder, data_dir)
    result = train(config, data_dir, folder, watching)
    record = load_artifact(folder).record
    return {
        "test_accuracy": result["test_accuracy"],
        "val_accuracy": record["val_accuracy"].tolist(),
        "alignment": record["alignment"].tolist(),
        "angles": watching.angles,
        "spikes_per_sample": result["spikes_per_sample"],
        "digest": result["digest"],
    }


def update_angles(
    artifact: Artifact, events: Events, labels: np.ndarray
) -> list[float]:
    """Angle of each hidden layer's update to the exact gradient, in degrees.

    The mean over the samples in which neither is zero; homeostasis is left out, which
    the gradient of the errors does not know. NaN where no sample counts.
    """
    calm = dataclasses.replace(
        artifact.network,
        layers=tuple(
            dataclasses.replace(layer, homeostasis_gain=0)
            for layer in artifact.network.layers
        ),
    )
    n_hidden = calm.n_hidden
    angles: list[list[float]] = [[] for _ in range(n_hidden)]
    for sample in range(len(events)):
        engine = Engine(calm, artifact.rates)
        engine.learn(events, labels, np.array([sample]))
        found = [engine.sample(number) for number in range(n_hidden + 1)]
        errors = output_errors(artifact.config, found[-1].counts, labels[sample])
        exact = exact_of(artifact, events, sample, errors)
        for number in range(n_hidden):
            update = found[number].tags * found[number].factors[:, None]
            cosine = _cosine(update.astype(float), exact[number])
            if cosine is not None:
                angles[number].append(math.degrees(math.acos(cosine)))
    return [float(np.mean(one)) if one else math.nan for one in angles]


def exact_of(
    artifact: Artifact, events: Events, sample: int, errors: np.ndarray
) -> list[np.ndarray]:
    """Exact gradient of the real network that an artifact's integers stand for."""
    config = artifact.config
    weights = [
        layer.weights / weight_unit(config, number)
        for number, layer in enumerate(artifact.network.layers)
    ]
    neurons = real_neurons(config)
    spikes = [input_spikes(events, sample, config.duration_s / config.steps)]
    for matrix, layer in zip(weights, neurons, strict=True):
        spikes.append(equations.run_layer(matrix, layer, spikes[-1], config.duration_s))
    return exact_updates(weights, neurons, spikes, errors, FLOOR)


def output_errors(config: Config, counts: np.ndarray, label: int) -> np.ndarray:
    """Errors of the outputs, by the loss and the targets of `config`."""
    targets = (config.target_true, config.target_false)
    is_true = np.arange(counts.size) == label
    return protocol.output_errors(counts, targets, is_true, config.loss == "margin")


def real_neurons(config: Config) -> list[equations.Neurons]:
    """The neurons of all layers in real units."""
    tau, tau_s = config.tau_membrane_s, config.tau_synapse_s
    hidden = equations.Neurons(tau, tau_s, config.threshold_hidden)
    output = equations.Neurons(tau, tau_s, config.threshold_output)
    return [hidden] * len(config.hidden) + [output]


def input_spikes(events: Events, sample: int, step_s: float) -> equations.Spikes:
    """The input of a sample as spikes in seconds."""
    begin, end = events.offset[sample], events.offset[sample + 1]
    steps = np.repeat(np.arange(events.counts.shape[1]), events.counts[sample])
    return equations.Spikes(steps * step_s, events.index[begin:end].astype(np.int64))


def _cosine(a: np.ndarray, b: np.ndarray) -> float | None:
    size = float(np.linalg.norm(a) * np.linalg.norm(b))
    return min(1.0, max(-1.0, float((a * b).sum()) / size)) if size > 0 else None


# --- with the exact gradient ------------------------------------------------------


def train_exact(
    config: Config, data_dir: Path | None, display: Display
) -> dict[str, Any]:
    """One training in floating point, one sample at a time, with the exact gradient.

    The same network, samples, order and learning rate as the chip's rule has, without
    `lower_rate`: there is no noise. Errors: InputError where the network has more
    weights than this is made for.
    """
    data = load_dataset(config.dataset, data_dir)
    network = build_network(config, data.train.n_inputs, data.n_classes)
    n_weights = sum(layer.weights.size for layer in network.layers)
    if n_weights > MOST_WEIGHTS:
        raise InputError(
            f"the exact gradient is for networks of up to {MOST_WEIGHTS} weights, and "
            f"this one has {n_weights}; leave out --feedback exact, or use smaller "
            "layers with --hidden"
        )
    part, validation, test = (
        encode(samples, config)
        for samples in (data.train.first(config.limit), data.validation, data.test)
    )
    training = ExactTraining(config, network)
    curve = []
    for epoch in range(config.epochs):
        display.start(epoch, len(part))
        share = learning_share(config, epoch)
        n_right = 0
        order = shuffled(config.seed, random.ORDER, epoch, len(part))
        for done, sample in enumerate(order, 1):
            n_right += training.learn(part.events, sample, part.labels[sample], share)
            display.advance(1, {"accuracy": n_right / done})
        curve.append(training.accuracy(validation.events, validation.labels))
        state = {"train_accuracy": n_right / len(part), "val_accuracy": curve[-1]}
        display.finish(epoch, {**state, "spikes": [], "alignment": []})
    return {
        "test_accuracy": training.accuracy(test.events, test.labels),
        "val_accuracy": curve,
        "alignment": [],
        "angles": [],
    }


class ExactTraining:
    """A network in floating point that follows its exact gradient, bounded."""

    def __init__(self, config: Config, network: Network):
        self.config = config
        self.weights = [layer.weights.copy() for layer in network.layers]
        self.neurons = real_neurons(config)
        self.rates = [np.zeros(size) for size in config.hidden]

    def run(self, events: Events, sample: int) -> list[equations.Spikes]:
        """Spikes of the input and of all layers."""
        config = self.config
        spikes = [input_spikes(events, sample, config.duration_s / config.steps)]
        for matrix, layer in zip(self.weights, self.neurons, strict=True):
            spikes.append(
                equations.run_layer(matrix, layer, spikes[-1], config.duration_s)
            )
        return spikes

    def learn(self, events: Events, sample: int, label: int, share: float) -> bool:
        """One sample; whether it was right before."""
        config, spikes = self.config, self.run(events, sample)
        counts = spikes[-1].counts(len(self.weights[-1]))
        errors = output_errors(config, counts, label)
        updates = exact_updates(self.weights, self.neurons, spikes, errors, FLOOR)
        for number, rate in enumerate(self.rates):
            updates[number] += self._homeostasis(number, spikes)
            fired = spikes[number + 1].counts(len(rate))
            rate += RATE_SHARE * (fired - rate)
        step = share * config.learning_rate / config.tau_membrane_s
        for number, update in enumerate(updates):
            matrix, limit = self.weights[number], config.weight_limit_of(number)
            matrix += step * update
            np.clip(matrix, -limit, limit, matrix)
        return int(np.argmax(counts)) == label

    def _homeostasis(self, number: int, spikes: list[equations.Spikes]) -> np.ndarray:
        config, matrix = self.config, self.weights[number]
        update = np.zeros(matrix.shape)
        push = config.homeostasis * (config.target_rate - self.rates[number])
        outputs = spikes[number + 1]
        for post in np.unique(outputs.neurons):
            times = outputs.times[outputs.neurons == post]
            neurons = self.neurons[number]
            one = equations.eligibility(matrix[post], neurons, spikes[number], times)
            update[post] = push[post] * one.sum(axis=0)
        return update

    def accuracy(self, events: Events, labels: np.ndarray) -> float:
        """Share of samples classified right, by spike counts."""
        n_out = len(self.weights[-1])
        found = [
            np.argmax(self.run(events, sample)[-1].counts(n_out))
            for sample in range(len(events))
        ]
        return float(np.mean(found == labels))

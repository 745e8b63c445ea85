"""Training in floating point: batches, epochs, and what they are measured by."""

import dataclasses
import math
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from lava_sfdfa.data.datasets import load_dataset
from lava_sfdfa.data.samples import Dataset, Recordings, Samples
from lava_sfdfa.network.artifact import check_fits
from lava_sfdfa.reference import engine
from lava_sfdfa.reference.artifact import FloatArtifact, save_float
from lava_sfdfa.reference.config import FloatConfig
from lava_sfdfa.training.display import Display
from lava_sfdfa.training.folder import (
    keep_previous,
    prepare_folder,
    provenance,
    stopped,
)


class Trains(NamedTuple):
    """Samples as spikes at exact times, not on a grid of steps."""

    z: np.ndarray  # (n_spikes,) float64, exp(t / tau), in order within a sample
    neuron: np.ndarray  # (n_spikes,) int32
    offset: np.ndarray  # (n_samples + 1,) int64, where each sample begins
    labels: np.ndarray  # (n_samples,) int64


def encode_times(samples: Samples, config: FloatConfig) -> Trains:
    """One spike for each pixel p > 0, at `window * (1 - p / 255)`, the latency code of
    the authors; of recordings, every event within the window."""
    if isinstance(samples, Recordings):
        return _encode_events(samples, config)
    times = config.window_s * (1 - np.arange(256) / 255)
    z_of = np.exp(times / config.tau_membrane_s)
    order = np.argsort(255 - samples.images, axis=1, kind="stable").astype(np.int32)
    n_spikes = np.count_nonzero(samples.images, axis=1)
    chosen = np.arange(order.shape[1]) < n_spikes[:, None]
    ordered = np.take_along_axis(samples.images, order, axis=1)
    offset = np.concatenate([[0], np.cumsum(n_spikes)])
    return Trains(z_of[ordered[chosen]], order[chosen], offset, samples.labels)


def _encode_events(samples: Recordings, config: FloatConfig) -> Trains:
    sample = np.repeat(np.arange(len(samples)), np.diff(samples.offset))
    order = np.lexsort((samples.time_us, sample))
    order = order[samples.time_us[order] < config.window_s * 1e6]
    times = samples.time_us[order] / 1e6
    n_spikes = np.bincount(sample[order], minlength=len(samples))
    return Trains(
        np.exp(times / config.tau_membrane_s),
        samples.index[order].astype(np.int32),
        np.concatenate([[0], np.cumsum(n_spikes)]),
        samples.labels,
    )


class FloatTraining:
    """A network in floating point that learns in batches.

    n_inputs, n_classes: of the data set. The random numbers of weights, order and
    payloads come from one generator, so that equal seeds give equal trainings.
    """

    def __init__(self, config: FloatConfig, n_inputs: int, n_classes: int):
        self.config = config
        self.sizes = (n_inputs, *config.hidden, n_classes)
        self.rng = np.random.RandomState(config.seed)
        self.layers = _build(config, self.sizes, self.rng)
        n_hidden = len(config.hidden)
        self._thresholds = (
            *[config.threshold_hidden] * n_hidden,
            config.threshold_output,
        )
        self._z_end = math.exp(config.duration_s / config.tau_membrane_s)
        self._n_steps = 0  # of Adam

    def epoch(self, part: Trains, advance: Callable[[int, int], None]) -> float:
        """Learn all samples in a new order; samples that fill no batch are left out.

        advance: called with the samples learned and those right of them, a batch a
        call. Returns the share that was right before its batch was learned.
        """
        order = self.rng.permutation(len(part.labels))
        batch = min(self.config.batch, len(order))
        n_right, n_used = 0, len(order) // batch * batch
        for begin in range(0, n_used, batch):
            right = self._learn(part, order[begin : begin + batch])
            n_right += right
            advance(batch, right)
        return n_right / max(1, n_used)

    def _learn(self, part: Trains, chosen: np.ndarray) -> int:
        config = self.config
        self._n_steps += 1
        if config.feedback == "symmetric":
            self._copy_paths()
        payloads = tuple(
            self.rng.standard_normal((len(chosen), size)) for size in config.hidden
        )
        return engine.learn_batch(
            self.layers, self._thresholds, *part, chosen, payloads,
            (config.target_true, config.target_false), self._z_end,
            config.learning_rate, config.feedback_rate, config.homeostasis,
            config.target_rate, self._n_steps, config.feedback == "sfdfa",
        )  # fmt: skip

    def weights(self) -> list[np.ndarray]:
        """Copies of the weights of all layers: float32 (n_post, n_pre) each."""
        return [layer.weights.T.copy() for layer in self.layers]

    def set_weights(self, weights) -> None:
        """Put weights of `weights` back."""
        for layer, matrix in zip(self.layers, weights, strict=True):
            layer.weights[:] = matrix.T

    def _copy_paths(self) -> None:
        for layer, path in zip(self.layers, self._paths(), strict=False):
            layer.feedback[:] = path

    def _paths(self) -> list[np.ndarray]:
        """Forward path weights of each hidden layer to the outputs: (n_post, n_out)."""
        path, found = self.layers[-1].weights, []
        for layer in reversed(self.layers[:-1]):
            found.append(path)
            path = layer.weights @ path
        return found[::-1]

    def accuracy(self, part: Trains) -> float:
        """Share of samples classified right; nothing is learned."""
        order = np.arange(len(part.labels))
        found = engine.classify(
            self.layers, self._thresholds, *part[:3], order, self._z_end
        )
        return float(np.mean(found == part.labels))

    def spikes(self, part: Trains) -> list[float]:
        """Spikes of each layer in a sample, in the mean over the first samples."""
        totals = np.zeros(len(self.layers))
        for begin, end in list(pairwise(part.offset))[:SAMPLES_OF_SPIKES]:
            engine.forward(
                self.layers, self._thresholds, part.z[begin:end],
                part.neuron[begin:end], self._z_end, False,
            )  # fmt: skip
            totals += [layer.n_spikes.sum() for layer in self.layers]
        return (totals / max(1, min(SAMPLES_OF_SPIKES, len(part.labels)))).tolist()

    def alignment(self) -> list[float]:
        """Cosine of feedback and forward path weights, a hidden layer each."""
        return [
            _cosine(layer.feedback, path)
            for layer, path in zip(self.layers, self._paths(), strict=False)
        ]


SAMPLES_OF_SPIKES = 200


def _build(config: FloatConfig, sizes: tuple[int, ...], rng) -> tuple:
    """Layers with uniform weights; learned feedback starts at zero."""
    layers = []
    for number, (n_pre, n_post) in enumerate(pairwise(sizes)):
        weights = config.weight_init * rng.uniform(-1, 1, (n_post, n_pre))
        feedback = rng.uniform(-1, 1, (n_post, sizes[-1]))
        if number == len(sizes) - 2:
            weights += config.output_shift
            feedback = np.zeros((n_post, 0))
        elif config.feedback != "random":
            feedback[:] = 0.0
        layers.append(engine.make_layer(weights, feedback))
    return tuple(layers)


def _cosine(a: np.ndarray, b: np.ndarray) -> float:
    size = np.linalg.norm(a) * np.linalg.norm(b)
    return float((a * b).sum() / size) if size > 0 else 0.0


# --- a whole training -----------------------------------------------------------------


def train_float(
    config: FloatConfig, data_dir: Path | None, out: Path, display: Display
) -> dict[str, Any]:
    """Train in floating point and write the network after every epoch.

    As `trainer.train`, with the test part read once more: for the weights of the
    epoch that was best on the validation part. Errors: InputError, as there.
    """
    data = load_dataset(config.dataset, data_dir)
    source, config = config.dataset, dataclasses.replace(config, dataset=data.name)
    path = prepare_folder(out)
    display.say("encoding the samples as spikes")
    part = encode_times(data.train.first(config.limit), config)
    validation = encode_times(data.validation, config)
    training = FloatTraining(config, data.train.n_inputs, data.n_classes)
    display.say("compiling (takes a while the first time)")
    compile_for(config)
    rows: list[dict[str, Any]] = []
    best: tuple[float, int, list[np.ndarray]] = (-1.0, 0, [])
    seconds, digest = 0.0, ""
    try:
        for epoch in range(config.epochs):
            started = time.perf_counter()
            row = _epoch(training, part, validation, display, epoch)
            seconds += time.perf_counter() - started
            if epoch == 0:
                keep_previous(path, display)
            rows.append(row)
            artifact = _artifact(training, data, rows, provenance(source, seconds))
            digest = save_float(path, artifact)
            display.finish(epoch, row)
            if row["val_accuracy"] > best[0]:
                best = (row["val_accuracy"], epoch + 1, training.weights())
    except KeyboardInterrupt:
        raise stopped(path, len(rows), config.epochs) from None
    display.say("reading the test part")
    test = encode_times(data.test, config)
    last = rows[-1]
    result = {
        "dataset": config.dataset,
        "precision": "float",
        "layers": list(training.sizes),
        "feedback": config.feedback,
        "seed": config.seed,
        "epochs": config.epochs,
        "train_samples": len(part.labels),
        "train_accuracy": last["train_accuracy"],
        "val_accuracy": last["val_accuracy"],
        "test_accuracy": training.accuracy(test),
        "seconds": round(seconds, 3),
        "samples_per_second": round(len(rows) * len(part.labels) / seconds, 1),
        "spikes_per_sample": training.spikes(test),
        "feedback_alignment": last["alignment"],
        "saturation": {},
        "best_epoch": best[1],
        "artifact": str(path),
        "digest": digest,
    }
    training.set_weights(best[2])
    return {**result, "test_accuracy_best_validation": training.accuracy(test)}


def compile_for(config: FloatConfig) -> None:
    """Compile what a training of this depth runs, on a network of its own."""
    small = dataclasses.replace(config, hidden=(2,) * len(config.hidden))
    one = Trains(np.ones(1), np.zeros(1, np.int32), np.arange(2), np.zeros(1, np.int64))
    training = FloatTraining(small, 2, 2)
    training.epoch(one, lambda *_: None)
    training.accuracy(one)
    training.spikes(one)


def _epoch(
    training: FloatTraining,
    part: Trains,
    validation: Trains,
    display: Display,
    epoch: int,
) -> dict[str, Any]:
    display.start(epoch, len(part.labels))
    seen = [0, 0]

    def advance(count: int, right: int) -> None:
        seen[0], seen[1] = seen[0] + count, seen[1] + right
        display.advance(count, {"accuracy": seen[1] / seen[0]})

    return {
        "train_accuracy": training.epoch(part, advance),
        "val_accuracy": training.accuracy(validation),
        "spikes": training.spikes(validation),
        "alignment": training.alignment(),
    }


def _artifact(
    training: FloatTraining, data: Dataset, rows: list[dict], origin: dict[str, Any]
) -> FloatArtifact:
    return FloatArtifact(
        config=training.config,
        data_digest=data.digest,
        shape=data.shape,
        weights=tuple(training.weights()),
        feedback=tuple(layer.feedback.copy() for layer in training.layers[:-1]),
        record={name: np.array([row[name] for row in rows]) for name in rows[0]},
        provenance=origin,
    )


def evaluate_float(
    artifact: FloatArtifact, dataset: str | None, data_dir: Path | None, limit
) -> dict[str, Any]:
    """Accuracy on the test part of a data set; as `trainer.evaluate`."""
    trained_on = artifact.provenance.get("dataset", artifact.config.dataset)
    data = load_dataset(dataset or trained_on, data_dir)
    check_fits(artifact, data, artifact.sizes[-1])
    training = FloatTraining(artifact.config, artifact.sizes[0], artifact.sizes[-1])
    training.set_weights(artifact.weights)
    part = encode_times(data.test.first(limit), artifact.config)
    started = time.perf_counter()
    accuracy = training.accuracy(part)
    seconds = time.perf_counter() - started
    return {
        "test_accuracy": accuracy,
        "samples": len(part.labels),
        "samples_per_second": round(len(part.labels) / max(seconds, 1e-9), 1),
        "spikes_per_sample": training.spikes(part),
        "dataset": data.name,
        "digest": artifact.digest,
    }

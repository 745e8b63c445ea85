"""Training in floating point: batches, epochs, and what they are measured by."""

import dataclasses
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from lava_sfdfa.cosine import cosine
from lava_sfdfa.data.samples import Dataset, Recordings, Samples
from lava_sfdfa.errors import CheckError
from lava_sfdfa.network.artifact import check_fits
from lava_sfdfa.reference import engine
from lava_sfdfa.reference.artifact import FloatArtifact, save_float
from lava_sfdfa.reference.config import FloatConfig
from lava_sfdfa.results import Result
from lava_sfdfa.training.display import Display
from lava_sfdfa.training.evaluate import Evaluation
from lava_sfdfa.training.folder import RunFolder, provenance
from lava_sfdfa.training.loop import Meter, run_epochs
from lava_sfdfa.training.record import Row
from lava_sfdfa.types import Array


def encode_times(samples: Samples, config: FloatConfig) -> engine.Trains:
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
    return engine.Trains(z_of[ordered[chosen]], order[chosen], offset, samples.labels)


def _encode_events(samples: Recordings, config: FloatConfig) -> engine.Trains:
    sample = np.repeat(np.arange(len(samples)), np.diff(samples.offset))
    order = np.lexsort((samples.time_us, sample))
    order = order[samples.time_us[order] < config.window_s * 1e6]
    times = samples.time_us[order] / 1e6
    n_spikes = np.bincount(sample[order], minlength=len(samples))
    return engine.Trains(
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
        self._simulation = engine.Simulation(
            thresholds=(*[config.threshold_hidden] * n_hidden, config.threshold_output),
            z_end=math.exp(config.duration_s / config.tau_membrane_s),
        )
        self._rule = engine.Rule(
            targets=(config.target_true, config.target_false),
            learning_rate=config.learning_rate,
            feedback_rate=config.feedback_rate,
            homeostasis=config.homeostasis,
            target_rate=config.target_rate,
            learned=config.feedback == "sfdfa",
        )
        self._n_steps = 0  # of Adam

    def epoch(self, part: engine.Trains, advance: Callable[[int, int], None]) -> float:
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

    def _learn(self, part: engine.Trains, chosen: Array) -> int:
        config = self.config
        self._n_steps += 1
        if config.feedback == "symmetric":
            self._copy_paths()
        payloads = tuple(
            self.rng.standard_normal((len(chosen), size)) for size in config.hidden
        )
        return engine.learn_batch(
            self.layers, self._simulation, part, chosen, payloads, self._rule,
            self._n_steps,
        )  # fmt: skip

    def weights(self) -> list[Array]:
        """Copies of the weights of all layers: float32 (n_post, n_pre) each."""
        return [layer.weights.T.copy() for layer in self.layers]

    def set_weights(self, weights: Sequence[Array]) -> None:
        """Put weights of `weights` back."""
        for layer, matrix in zip(self.layers, weights, strict=True):
            layer.weights[:] = matrix.T

    def _copy_paths(self) -> None:
        for layer, path in zip(self.layers, self._paths(), strict=False):
            layer.feedback[:] = path

    def _paths(self) -> list[Array]:
        """Forward path weights of each hidden layer to the outputs: (n_post, n_out)."""
        path, paths = self.layers[-1].weights, []
        for layer in reversed(self.layers[:-1]):
            paths.append(path)
            path = layer.weights @ path
        return paths[::-1]

    def accuracy(self, part: engine.Trains) -> float:
        """Share of samples classified right; nothing is learned."""
        order = np.arange(len(part.labels))
        predictions = engine.classify(self.layers, self._simulation, part, order)
        return float(np.mean(predictions == part.labels))

    def spikes(self, part: engine.Trains) -> list[float]:
        """Spikes of each layer in a sample, in the mean over the first samples."""
        totals = np.zeros(len(self.layers))
        n_samples = min(SAMPLES_OF_SPIKES, len(part.labels))
        for sample in range(n_samples):
            engine.forward(self.layers, self._simulation, part, sample, False)
            totals += [layer.n_spikes.sum() for layer in self.layers]
        return (totals / max(1, n_samples)).tolist()

    def alignment(self) -> list[float]:
        """Cosine of feedback and forward path weights, a hidden layer each."""
        return [
            cosine(layer.feedback, path)
            for layer, path in zip(self.layers, self._paths(), strict=False)
        ]


SAMPLES_OF_SPIKES = 200


def _build(
    config: FloatConfig, sizes: tuple[int, ...], rng: np.random.RandomState
) -> tuple[engine.FloatLayer, ...]:
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


# --- a whole training -----------------------------------------------------------------


@dataclass(frozen=True)
class FloatTrainingResult(Result):
    """What a training in floating point found; fields as in `TrainingResult`.

    The test part is read twice: after the last epoch, and for the weights of the epoch
    that was best on the validation part.
    """

    dataset: str
    precision: str
    layers: list[int]
    feedback: str
    seed: int
    epochs: int
    train_samples: int
    train_accuracy: float
    val_accuracy: float
    test_accuracy: float
    seconds: float
    samples_per_second: float
    spikes_per_sample: list[float]
    feedback_alignment: list[float]
    saturation: dict[str, float]
    best_epoch: int
    test_accuracy_best_validation: float
    artifact: str | None
    digest: str


class FloatLearner:
    """Drives a `FloatTraining` through epochs; see `loop.Learner`."""

    def __init__(
        self,
        training: FloatTraining,
        part: engine.Trains,
        validation: engine.Trains,
    ):
        self.training, self.part, self.validation = training, part, validation
        self.seconds = 0.0

    @property
    def n_samples(self) -> int:
        """Samples that an epoch learns."""
        return len(self.part.labels)

    def learn(self, epoch: int, meter: Meter) -> Row:
        """Learn all samples once; returns a row of the record.

        Errors: CheckError where a weight is no number any more.
        """
        started = time.perf_counter()
        training = self.training
        row = {
            "train_accuracy": training.epoch(self.part, meter.count),
            "val_accuracy": training.accuracy(self.validation),
            "spikes": training.spikes(self.validation),
            "alignment": training.alignment(),
        }
        self.seconds += time.perf_counter() - started
        if not all(np.isfinite(layer.weights).all() for layer in training.layers):
            raise CheckError(
                f"after epoch {epoch + 1} a weight is not a finite number; lower "
                "learning_rate in --config"
            )
        return row


def train_float(
    data: Dataset, config: FloatConfig, out: Path | None, display: Display
) -> tuple[FloatArtifact, FloatTrainingResult]:
    """Train in floating point and write the network after every epoch; as `run.train`.

    Errors: as there, and CheckError where weights leave the numbers.
    """
    config = dataclasses.replace(config, dataset=data.name)
    folder = RunFolder(out, display)
    display.say("encoding the samples as spikes")
    part = encode_times(data.train.first(config.limit), config)
    training = FloatTraining(config, data.train.n_inputs, data.n_classes)
    learner = FloatLearner(training, part, encode_times(data.validation, config))
    display.say("compiling (takes a while the first time)")
    compile_for(config)
    rows: list[Row] = []
    kept = [_artifact(learner, data, rows)]
    best: tuple[float, int, list[Array]] = (-1.0, 0, [])

    def save(epoch: int, row: Row) -> None:
        nonlocal best
        rows.append(row)
        kept[0] = _artifact(learner, data, rows)
        folder.save(lambda path: save_float(path, kept[0]))
        if row["val_accuracy"] > best[0]:
            best = (row["val_accuracy"], epoch + 1, training.weights())

    run_epochs(learner, range(config.epochs), display, folder, save)
    display.say("reading the test part")
    test, last = encode_times(data.test, config), rows[-1]
    accuracy, spikes = training.accuracy(test), training.spikes(test)
    training.set_weights(best[2])
    result = FloatTrainingResult(
        dataset=config.dataset,
        precision="float",
        layers=list(training.sizes),
        feedback=config.feedback,
        seed=config.seed,
        epochs=config.epochs,
        train_samples=len(part.labels),
        train_accuracy=last["train_accuracy"],
        val_accuracy=last["val_accuracy"],
        test_accuracy=accuracy,
        seconds=round(learner.seconds, 3),
        samples_per_second=round(len(rows) * len(part.labels) / learner.seconds, 1),
        spikes_per_sample=spikes,
        feedback_alignment=last["alignment"],
        saturation={},
        best_epoch=best[1],
        test_accuracy_best_validation=training.accuracy(test),
        artifact=None if folder.path is None else str(folder.path),
        digest=kept[0].digest,
    )
    return kept[0], result


def compile_for(config: FloatConfig) -> None:
    """Compile what a training of this depth runs, on a network of its own."""
    small = dataclasses.replace(config, hidden=(2,) * len(config.hidden))
    one = engine.Trains(
        np.ones(1), np.zeros(1, np.int32), np.arange(2), np.zeros(1, np.int64)
    )
    training = FloatTraining(small, 2, 2)
    training.epoch(one, lambda *_: None)
    training.accuracy(one)
    training.spikes(one)


def _artifact(learner: FloatLearner, data: Dataset, rows: list[Row]) -> FloatArtifact:
    training = learner.training
    names = rows[0] if rows else ()
    return FloatArtifact(
        config=training.config,
        data_digest=data.digest,
        shape=data.shape,
        weights=tuple(training.weights()),
        feedback=tuple(layer.feedback.copy() for layer in training.layers[:-1]),
        record={name: np.array([row[name] for row in rows]) for name in names},
        provenance=provenance(data.source, learner.seconds),
    )


def evaluate_float(
    artifact: FloatArtifact, data: Dataset, limit: int | None
) -> Evaluation:
    """Accuracy on the test part of a data set; as `evaluate`."""
    check_fits(artifact, data)
    training = FloatTraining(artifact.config, artifact.sizes[0], artifact.sizes[-1])
    training.set_weights(artifact.weights)
    part = encode_times(data.test.first(limit), artifact.config)
    started = time.perf_counter()
    accuracy = training.accuracy(part)
    seconds = time.perf_counter() - started
    return Evaluation(
        test_accuracy=accuracy,
        samples=len(part.labels),
        samples_per_second=round(len(part.labels) / max(seconds, 1e-9), 1),
        spikes_per_sample=training.spikes(part),
        dataset=data.name,
        digest=artifact.digest,
    )

"""Training and evaluation: a data set, a configuration, an artifact on disk."""

import dataclasses
import os
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

import lava_sfdfa
from lava_sfdfa import fixedpoint as fp
from lava_sfdfa.artifact import NAME, Artifact, load_artifact, save_artifact
from lava_sfdfa.config import Config
from lava_sfdfa.datasets import load_dataset
from lava_sfdfa.encoding import Events, bin_recordings, encode_latency
from lava_sfdfa.engine import Engine
from lava_sfdfa.errors import InputError
from lava_sfdfa.network import build_network
from lava_sfdfa.quantise import RATE_BITS, quantise
from lava_sfdfa.samples import Dataset, Images, Samples, shuffled

CHUNK = 256  # samples between two looks at the display when classifying
BACKUP = "network.previous.h5"
PICTURE = "training.png"


class Display(Protocol):
    """What training tells while it runs; see `commands/train.py`."""

    def say(self, text: str) -> None:
        """A sentence that stays."""

    def start(self, epoch: int, n_samples: int) -> None:
        """An epoch begins."""

    def advance(self, n_samples: int, state: dict[str, float]) -> None:
        """`n_samples` more were learned; `state`: figures of the epoch so far."""

    def finish(self, epoch: int, state: dict[str, Any]) -> None:
        """An epoch has ended; `state` as in the record."""


@dataclass(frozen=True)
class Part:
    """A part of a data set as spikes."""

    events: Events
    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)


def encode(samples: Samples, config: Config) -> Part:
    """Samples as input spikes: images by the latency code, recordings in bins."""
    if isinstance(samples, Images):
        events = encode_latency(samples.images, config.window_steps)
    else:
        recording_us = round(config.recording_s * 1e6)
        bins, least = config.bins, config.bin_events
        events = bin_recordings(samples, recording_us, bins, least, config.window_steps)
    return Part(events, samples.labels)


def train(
    config: Config,
    data_dir: Path | None,
    out: Path,
    display: Display,
    resume: bool = False,
    backend: str = "cpu",
) -> dict[str, Any]:
    """Train a network and write its artifact after every epoch.

    out: folder, made where it is missing; backend: cpu, or lava, which is slow and
    reaches the same digest. Returns the summary that `train --json` prints. Errors:
    InputError for bad data, a folder that cannot be written, an artifact that does not
    fit (resume), and after Ctrl-C; BackendError where Lava is missing.
    """
    make_engine = engine_class(backend)
    data = load_dataset(config.dataset, data_dir)
    source, config = config.dataset, dataclasses.replace(config, dataset=data.name)
    path = prepare_folder(out)
    history = load_for_resume(path, config, data) if resume else None
    run = Run(config, data, source, path, display, history, make_engine)
    try:
        seconds = run.train()
    finally:
        run.engine.close()
    display.say("reading the test part once")
    test = encode(data.test, config)
    predictions, n_spikes = run.engine.classify(test.events)
    state = run.artifact.record
    last = {name: state[name][-1].tolist() for name in state}
    return {
        "dataset": config.dataset,
        "layers": list(run.artifact.network.sizes),
        "feedback": config.feedback,
        "seed": config.seed,
        "epochs": run.artifact.epochs_done,
        "train_samples": len(run.part),
        "train_accuracy": last["train_accuracy"],
        "val_accuracy": last["val_accuracy"],
        "test_accuracy": float(np.mean(predictions == test.labels)),
        "seconds": round(seconds, 3),
        "samples_per_second": run.samples_per_second,
        "spikes_per_sample": (n_spikes / len(test)).tolist(),
        "feedback_alignment": last["alignment"],
        "saturation": {
            name.removeprefix("saturation_"): max(last[name])
            for name in last
            if name.startswith("saturation_")
        },
        "silent": last["silent"],
        "artifact": str(path),
        "digest": run.artifact.digest,
    }


def engine_class(backend: str) -> type[Engine]:
    """The engine of a backend, cpu or lava."""
    if backend == "cpu":
        return Engine
    from lava_sfdfa.lava_backend import require_lava
    from lava_sfdfa.lava_engine import LavaEngine

    require_lava()
    return LavaEngine


def prepare_folder(out: Path) -> Path:
    """Make the folder of a run and see that it can be written, before training."""
    try:
        for name in (NAME, BACKUP, PICTURE):
            if (out / name).is_dir():
                raise InputError(
                    f"{out / name}: is a folder, but the run writes a file of this "
                    "name; choose another --out"
                )
        out.mkdir(parents=True, exist_ok=True)
        probe = out / f".write-test-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise InputError(
            f"{out}: cannot be written ({error.strerror}); choose another --out"
        ) from None
    return out / NAME


def keep_previous(path: Path, display: Display) -> None:
    """Rename an artifact of an earlier training, so that it is not lost."""
    if path.exists():
        path.replace(path.with_name(BACKUP))
        display.say(f"an earlier artifact is kept as {BACKUP}")


def load_for_resume(path: Path, config: Config, data: Dataset) -> Artifact:
    """The artifact to go on from. Errors: InputError where it was trained in
    another way than `config` says, or for more epochs than it asks."""
    artifact = load_artifact(path)
    check_fits(artifact, data, artifact.network.sizes[-1])
    for entry in dataclasses.fields(Config):
        old, new = getattr(artifact.config, entry.name), getattr(config, entry.name)
        if entry.name != "epochs" and old != new:
            raise InputError(
                f"{path}: was trained with {entry.name} = {old!r}, not {new!r}; resume "
                "with the same settings, or train into another folder"
            )
    if artifact.data_digest != data.digest:
        raise InputError(
            f"{path}: was trained on other samples than {data.name} holds now; train "
            "into another folder"
        )
    if artifact.epochs_done >= config.epochs:
        raise InputError(
            f"{path}: has {artifact.epochs_done} epochs already; to go on, ask for "
            "more with --epochs"
        )
    return artifact


def check_fits(artifact, data: Dataset, n_out: int) -> None:
    """Refuse data of another shape than the network takes, or of more classes."""
    if artifact.shape != data.shape:
        raise InputError(
            f"{data.name}: has samples of the shape {data.shape}, but the artifact "
            f"takes {artifact.shape}; give the data set it was trained on, "
            f"{artifact.config.dataset!r}, or one like it"
        )
    if data.n_classes > n_out:
        raise InputError(
            f"{data.name}: has {data.n_classes} classes, but the artifact knows {n_out}"
        )


class Run:
    """One training: the engine, the data as spikes, and the record that grows."""

    def __init__(
        self,
        config: Config,
        data: Dataset,
        source: str,
        path: Path,
        display: Display,
        history: Artifact | None,
        make_engine: type[Engine] = Engine,
    ):
        self.config, self.path, self.display = config, path, display
        self.source = source  # name or path of the data set
        display.say("encoding the samples as spikes")
        self.part = encode(data.train.first(config.limit), config)
        self.validation = encode(data.validation, config)
        if history is None:
            network = build_network(config, data.train.n_inputs, data.n_classes)
            fixed = quantise(network, config)
            record: dict[str, np.ndarray] = {}
            self.engine = make_engine(fixed)
        else:
            fixed, record = history.network, history.record
            self.engine = make_engine(fixed, history.rates, history.n_learned)
        self.artifact = Artifact(
            config,
            data.digest,
            data.shape,
            fixed,
            (),
            self.engine.n_learned,
            record,
        )
        self.epochs_before = 0 if history is None else history.epochs_done
        self.learn_seconds = 0.0
        display.say("compiling the engine (takes a while the first time)")
        compile_engine(fixed, self.part.events)

    @property
    def samples_per_second(self) -> float:
        """Training samples a second, learning alone."""
        epochs = self.artifact.epochs_done - self.epochs_before
        return round(epochs * len(self.part) / max(self.learn_seconds, 1e-9), 1)

    def train(self) -> float:
        """All epochs that are left; returns the seconds they took."""
        begin = time.perf_counter()
        done = self.epochs_before
        saved = done
        try:
            for epoch in range(done, self.config.epochs):
                seed, count = self.config.seed, len(self.part)
                order = shuffled(seed, fp.RANDOM_ORDER, epoch, count)
                row = self.learn(epoch, order)
                self.save(row, first=epoch == done)
                saved = epoch + 1
                self.display.finish(epoch, row)
                self._warn_of_silence(row["spikes"])
        except KeyboardInterrupt:
            more = "; go on with --resume"
            raise stopped(self.path, saved, self.config.epochs, more) from None
        return time.perf_counter() - begin

    def learn(self, epoch: int, order: np.ndarray) -> dict[str, Any]:
        """Learn the samples `order`, one after the other; then validate.

        Returns a row of the record. `predictions` holds what was predicted of each
        sample before it was learned.
        """
        config, engine, part = self.config, self.engine, self.part
        engine.set_learning_share(learning_share(config, epoch))
        engine.take_counts()
        self.display.start(epoch, len(order))
        self.predictions = np.zeros(len(order), np.int64)
        n_right, totals = 0, [dict[str, int]() for _ in engine.states]
        for begin in range(0, len(order), engine.chunk):
            chosen = order[begin : begin + engine.chunk]
            started = time.perf_counter()
            predictions = engine.learn(part.events, part.labels, chosen)
            self.learn_seconds += time.perf_counter() - started
            n_right += int(np.sum(predictions == part.labels[chosen]))
            self.predictions[begin : begin + len(chosen)] = predictions
            counts = engine.take_counts()
            totals = [_add(*pair) for pair in zip(totals, counts, strict=True)]
            n_seen = begin + len(chosen)
            shares = saturation(counts)
            self.display.advance(
                len(chosen),
                {
                    "accuracy": n_right / n_seen,
                    "spikes": sum(c["spikes"] for c in counts[:-1]) / len(chosen),
                    "saturation": max(max(share) for share in shares.values()),
                },
            )
        predictions, _ = engine.classify(self.validation.events)
        return {
            "train_accuracy": n_right / len(order),
            "val_accuracy": float(np.mean(predictions == self.validation.labels)),
            "spikes": [count["spikes"] / len(order) for count in totals],
            "weights_changed": [
                count["weights_changed"] / max(1, count["weight_updates"])
                for count in totals
            ],
            "silent": [np.sum(s.rate < SILENT_RATE) for s in engine.states[:-1]],
            "alignment": list(engine.alignment()),
            "learning_share": learning_share(config, epoch),
            **{f"saturation_{k}": v for k, v in saturation(totals).items()},
        }

    def _warn_of_silence(self, spikes: list[float]) -> None:
        for number, count in enumerate(spikes[:-1], 1):
            if count == 0:
                self.display.say(
                    f"warning: hidden layer {number} did not spike, so it cannot "
                    "learn; lower threshold_hidden or raise weight_init in --config"
                )

    def save(self, row: dict[str, Any], first: bool) -> None:
        """Write the artifact with a row more in its record; the first time, an
        artifact that was there is kept."""
        record = {name: np.array([value]) for name, value in row.items()}
        if self.artifact.record:
            record = {
                name: np.concatenate([self.artifact.record[name], new])
                for name, new in record.items()
            }
        self.artifact = dataclasses.replace(
            self.artifact,
            network=self.engine.network(),
            rates=tuple(state.rate.copy() for state in self.engine.states[:-1]),
            n_learned=self.engine.n_learned,
            record=record,
            provenance=provenance(self.source, self.learn_seconds),
        )
        if first and self.epochs_before == 0:
            keep_previous(self.path, self.display)
        save_artifact(self.path, self.artifact)


def provenance(source: str, learn_seconds: float) -> dict[str, Any]:
    """What is written beside an artifact's content. source: of the data."""
    return {
        "dataset": source,
        "learn_seconds": round(learn_seconds, 3),
        "version": lava_sfdfa.__version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
    }


def stopped(path: Path, saved: int, epochs: int, more: str = "") -> InputError:
    """The error of a training that Ctrl-C ended; `more` ends its sentence."""
    kept = "no epoch was full, so nothing was written"
    if saved:
        kept = f"{path} holds the last full epoch, {saved} of {epochs}{more}"
    return InputError(f"stopped by Ctrl-C: {kept}")


# A hidden neuron whose running mean is below a spike in 200 samples.
SILENT_RATE = 2**RATE_BITS // 200


def learning_share(config: Config, epoch: int) -> float:
    """Share of the learning rate in an epoch: falls linearly to its end."""
    progress = epoch / max(1, config.epochs - 1)
    return 1.0 - (1.0 - config.learning_rate_end) * progress


def saturation(counts: list[dict[str, int]]) -> dict[str, list[float]]:
    """Shares of what was visited that stood at a limit: one for each layer.

    For currents, the steps in which a u of the layer left its 24 bits.
    """
    shares = {
        "weights": ("weights_limit", "weight_updates"),
        "tags": ("tags_limit", "tags"),
        "traces": ("traces_limit", "impulses"),
        "factors": ("factors_limit", "neurons_fired"),
        "feedback": ("feedback_limit", "feedback_updates"),
        "currents": ("currents_wrapped", "steps"),
    }
    return {
        name: [count[part] / max(1, count[whole]) for count in counts]
        for name, (part, whole) in shares.items()
    }


def _add(total: dict[str, int], counts: dict[str, int]) -> dict[str, int]:
    return {name: total.get(name, 0) + count for name, count in counts.items()}


def compile_engine(network, events: Events) -> None:
    """Compile both kernels for a network of this depth, on a copy."""
    engine = Engine(network)
    engine.learn(events, np.zeros(len(events), np.int64), np.zeros(1, np.int64))
    engine.classify(events, np.zeros(1, np.int64))


def evaluate(
    path: Path,
    dataset: str | None,
    data_dir: Path | None,
    limit: int | None,
    progress: Callable[[int, int], None],
) -> dict[str, Any]:
    """Accuracy of an artifact on the test part of a data set.

    dataset: by default the one it was trained on; limit: test samples to read.
    progress: called with the samples done and all. Errors: InputError.
    """
    artifact = load_artifact(path)
    trained_on = artifact.provenance.get("dataset", artifact.config.dataset)
    data = load_dataset(dataset or trained_on, data_dir)
    check_fits(artifact, data, artifact.network.sizes[-1])
    part = encode(data.test.first(limit), artifact.config)
    engine = Engine(artifact.network)
    compile_engine(artifact.network, part.events)
    n_right, totals, seconds = 0, np.zeros(len(engine.states), np.int64), 0.0
    for begin in range(0, len(part), CHUNK):
        chosen = np.arange(begin, min(begin + CHUNK, len(part)))
        started = time.perf_counter()
        predictions, n_spikes = engine.classify(part.events, chosen)
        seconds += time.perf_counter() - started
        n_right += int(np.sum(predictions == part.labels[chosen]))
        totals += n_spikes
        progress(begin + len(chosen), len(part))
    return {
        "test_accuracy": n_right / len(part),
        "samples": len(part),
        "samples_per_second": round(len(part) / max(seconds, 1e-9), 1),
        "spikes_per_sample": (totals / len(part)).tolist(),
        "dataset": data.name,
        "artifact": str(path),
        "digest": artifact.digest,
    }

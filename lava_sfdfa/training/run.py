"""Training and evaluation: a data set, a configuration, an artifact on disk."""

import dataclasses
import time
from pathlib import Path
from typing import Any

import numpy as np

from lava_sfdfa.chip import random
from lava_sfdfa.config import Config
from lava_sfdfa.data.datasets import load_dataset
from lava_sfdfa.data.encoding import encode
from lava_sfdfa.data.samples import Dataset, shuffled
from lava_sfdfa.engine.engine import Engine, compile_engine
from lava_sfdfa.errors import InputError
from lava_sfdfa.network.artifact import (
    Artifact,
    check_fits,
    load_artifact,
    save_artifact,
)
from lava_sfdfa.network.quantise import quantise
from lava_sfdfa.network.real import build_network
from lava_sfdfa.training.display import Display
from lava_sfdfa.training.folder import (
    keep_previous,
    prepare_folder,
    provenance,
    stopped,
)
from lava_sfdfa.training.record import SILENT_RATE, _add, learning_share, saturation


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
    from lava_sfdfa.processes.engine import LavaEngine
    from lava_sfdfa.processes.network import require_lava

    require_lava()
    return LavaEngine


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
                order = shuffled(seed, random.ORDER, epoch, count)
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

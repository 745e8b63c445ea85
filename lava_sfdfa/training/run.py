"""A training in the chip's integers, from a data set to an artifact."""

import dataclasses
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from lava_sfdfa.config import Config
from lava_sfdfa.data.samples import Dataset
from lava_sfdfa.engine.encode import encode_for
from lava_sfdfa.engine.engine import Engine, compile_engine
from lava_sfdfa.errors import InputError
from lava_sfdfa.files import replacing
from lava_sfdfa.network.artifact import (
    Artifact,
    check_fits,
    check_front,
    check_learns,
    front_content,
    load_artifact,
    save_artifact,
)
from lava_sfdfa.network.content import content_digest
from lava_sfdfa.network.frozen import FrozenLayer
from lava_sfdfa.network.quantise import quantise
from lava_sfdfa.network.real import build_network
from lava_sfdfa.results import Result
from lava_sfdfa.training.advice import Advice, Adviser, Restart
from lava_sfdfa.training.display import Display
from lava_sfdfa.training.fixed import FixedLearner
from lava_sfdfa.training.folder import PICTURE, RunFolder, provenance
from lava_sfdfa.training.loop import run_epochs
from lava_sfdfa.training.record import Row, shares_at_limit
from lava_sfdfa.types import Array

Backend = Literal["cpu", "lava"]
# What a training does where it goes wrong: say what to change, maybe that auto does it,
# or end with `Restart`.
OnTrouble = Literal["say", "offer auto", "restart"]
RESTARTS = 2  # of a training that goes wrong, with auto


@dataclass(frozen=True)
class TrainingResult(Result):
    """What `train` found. Lists have an entry a layer; accuracies are shares.

    The test part is read once, after the last epoch.
    """

    dataset: str
    layers: list[int]  # inputs, neurons of each hidden layer, outputs
    feedback: str
    seed: int
    epochs: int
    train_samples: int
    train_accuracy: float  # of the last epoch, each sample before it was learned
    val_accuracy: float
    test_accuracy: float
    seconds: float
    samples_per_second: float  # while learning
    spikes_per_sample: list[float]
    feedback_alignment: list[float]  # cosine of B and the forward path weights
    # Shares that stood at a limit, of the worst layer: of all weights, and of what was
    # visited by an update.
    saturation: dict[str, float]
    silent: list[int]  # neurons of each hidden layer that hardly ever spike
    artifact: str | None  # path, where the run had a folder
    picture: str | None
    digest: str

    @property
    def accuracy(self) -> float:
        """Share of the test part that is classified right."""
        return self.test_accuracy


def train(
    data: Dataset,
    config: Config,
    out: Path | None,
    display: Display,
    resume: bool = False,
    backend: Backend = "cpu",
    auto: bool = False,
    front: tuple[FrozenLayer, ...] = (),
) -> tuple[Artifact, TrainingResult]:
    """Train a network; with a folder, write its artifact after every epoch.

    out: the folder, or None; resume: go on from the artifact in it; backend: cpu, or
    lava, which is slow and reaches the same digest; auto: begin again with other
    settings, at most twice, where a new training goes wrong; front: layers that stay as
    they are, below those that learn. Errors: InputError for bad data, a folder that
    cannot be written, and an artifact that does not fit (resume); BackendError where
    Lava is missing; Stopped after Ctrl-C.
    """
    make_engine = engine_class(backend)
    config = dataclasses.replace(config, dataset=data.name)
    folder = RunFolder(out, display, goes_on=resume)
    history = load_for_resume(folder.path, config, data, front) if resume else None
    for attempt in _attempts(auto, resume):
        begin = history or new_artifact(config, data, front)
        run = Run(config, data, folder, display, begin, make_engine, on_trouble=attempt)
        try:
            run.train()
            break
        except Restart as restart:
            config = restarted(config, restart.advice, display)
        finally:
            run.engine.close()
    display.say("reading the test part once")
    result = run.result(data)
    if folder.path is not None:
        from lava_sfdfa.training.picture import draw_training  # slow to import

        picture = folder.path.with_name(PICTURE)
        with replacing(picture) as temporary:
            draw_training(temporary, run.artifact, data, result.test_accuracy)
        result = dataclasses.replace(result, picture=str(picture))
    return run.artifact, result


def _attempts(auto: bool, resume: bool) -> tuple[OnTrouble, ...]:
    """What each attempt at a training does where it goes wrong."""
    if resume:
        return ("say",)
    restarts: list[OnTrouble] = ["restart" for _ in range(RESTARTS)]
    return (*restarts, "say") if auto else ("offer auto",)


def restarted(config: Config, advice: Advice, display: Display) -> Config:
    """The configuration with which a training begins again, which is said."""
    values = ", ".join(f"{name} {value:g}" for name, value in advice.changes.items())
    display.say(f"{advice.what}; beginning again with {values}")
    return dataclasses.replace(config, **advice.changes)


def engine_class(backend: Backend) -> type[Engine]:
    """The engine of a backend. Errors: BackendError."""
    if backend == "cpu":
        return Engine
    from lava_sfdfa.processes.network import require_lava

    require_lava()
    from lava_sfdfa.processes.engine import LavaEngine

    return LavaEngine


def load_for_resume(
    path: Path | None,
    config: Config,
    data: Dataset,
    front: tuple[FrozenLayer, ...] = (),
) -> Artifact:
    """The artifact to go on from. front: () for those that it has. Errors: InputError
    where it was trained in another way than `config` says, on other frozen layers, or
    for more epochs than it asks."""
    if path is None:
        raise InputError("resume needs the folder of the run; give it as out")
    artifact = load_artifact(path)
    check_learns(artifact)
    check_fits(artifact, data)
    for entry in dataclasses.fields(Config):
        old, new = getattr(artifact.config, entry.name), getattr(config, entry.name)
        if entry.name != "epochs" and old != new:
            raise InputError(
                f"{path}: was trained with {entry.name} = {old!r}, not {new!r}; resume "
                "with the same settings, or train into another folder"
            )
    if front and not _same(front, artifact.network.front):
        raise InputError(
            f"{path}: was not trained above these frozen layers; leave front out, "
            "since the artifact has its own, or train into another folder"
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


def _same(front: tuple[FrozenLayer, ...], other: tuple[FrozenLayer, ...]) -> bool:
    return content_digest(front_content(front)) == content_digest(front_content(other))


def continued(record: dict[str, Array], row: Row) -> dict[str, Array]:
    """A record with a row more. What an earlier version did not record is NaN."""
    new = {name: np.array([value]) for name, value in row.items()}
    n_before = len(record.get("train_accuracy", ()))
    if n_before == 0:
        return new
    return {
        name: np.concatenate(
            [record.get(name, np.full((n_before, *value.shape[1:]), np.nan)), value]
        )
        for name, value in new.items()
    }


def new_artifact(
    config: Config, data: Dataset, front: tuple[FrozenLayer, ...] = ()
) -> Artifact:
    """A network for a data set that has learned nothing yet. front: see `train`."""
    check_front(front, data, config.hidden)
    n_inputs = front[-1].n_post if front else data.train.n_inputs
    network = build_network(config, n_inputs, data.n_classes)
    fixed = dataclasses.replace(quantise(network, config), front=front)
    origin = {"dataset": data.source}
    return Artifact(
        config, data.digest, data.shape, fixed, (), 0, {}, origin, data.reading
    )


class Run:
    """One training: the engine, the data as spikes, and the artifact that grows.

    history: the artifact to go on from, or None for a new one; arrive: gives the order
    of the samples by their labels, where it is not to be shuffled in every epoch.
    """

    def __init__(
        self,
        config: Config,
        data: Dataset,
        folder: RunFolder,
        display: Display,
        history: Artifact | None = None,
        make_engine: type[Engine] = Engine,
        arrive: Callable[[Array], Array] | None = None,
        on_trouble: OnTrouble = "say",
    ):
        before = history or new_artifact(config, data)
        self.config, self.folder, self.display = config, folder, display
        self.source, self.seconds = data.source, 0.0
        self.on_trouble = on_trouble
        for note in data.reading.notes if data.reading else ():
            display.say(note)
        display.say("encoding the samples as spikes")
        part = encode_for(before.network, data.train.first(config.limit), config)
        validation = encode_for(before.network, data.validation, config)
        self.engine = make_engine(before.network, before.rates, before.n_learned)
        self.artifact = dataclasses.replace(before, config=config)
        self.epochs_before = self.artifact.epochs_done
        order = None if arrive is None else arrive(part.labels)
        held = validation if len(validation) else None
        self.learner = FixedLearner(self.engine, config, part, held, order)
        self.adviser = Adviser(config, data, part.labels, before.network.front)
        display.say("compiling the engine (takes a while the first time)")
        compile_engine(self.engine.start_network, part.events)

    def train(self, watch: Callable[[Artifact], None] | None = None) -> None:
        """All epochs that are left; watch: called with the artifact after each."""

        def save(epoch: int, row: Row) -> None:
            self.save(row)
            if watch is not None:
                watch(self.artifact)

        begin = time.perf_counter()
        epochs = range(self.epochs_before, self.config.epochs)
        more = "; go on with --resume"
        run_epochs(self.learner, epochs, self.display, self.folder, save, more)
        self.seconds = time.perf_counter() - begin

    def save(self, row: Row) -> None:
        """Give the artifact a row more in its record, and write it."""
        record = continued(self.artifact.record, row)
        engine = self.engine
        self.artifact = dataclasses.replace(
            self.artifact,
            network=engine.network(),
            rates=tuple(state.rate.copy() for state in engine.states[:-1]),
            n_learned=engine.n_learned,
            record=record,
            provenance=provenance(self.source, self.learner.learn_seconds),
        )
        self.folder.save(lambda path: save_artifact(path, self.artifact))
        self._advise()

    def _advise(self) -> None:
        """Say what to change where the training goes wrong, or begin again."""
        advice = self.adviser.after(self.artifact.record)
        if advice is None:
            return
        if self.on_trouble == "restart" and advice.changes:
            raise Restart(advice)
        has_auto = self.on_trouble == "offer auto"
        self.display.say(advice.sentence(self.config, has_auto))

    @property
    def samples_per_second(self) -> float:
        """Training samples a second, learning alone."""
        n_learned = self.engine.n_learned
        n_learned -= self.epochs_before * self.learner.n_samples
        return round(n_learned / max(self.learner.learn_seconds, 1e-9), 1)

    def result(self, data: Dataset) -> TrainingResult:
        """The figures of the training, and those of the test part."""
        test = encode_for(self.artifact.network, data.test, self.config)
        predictions, n_spikes = self.engine.classify(test.events)
        last: dict[str, Any] = {
            name: values[-1].tolist() for name, values in self.artifact.record.items()
        }
        return TrainingResult(
            dataset=self.config.dataset,
            layers=list(self.artifact.sizes),
            feedback=self.config.feedback,
            seed=self.config.seed,
            epochs=self.artifact.epochs_done,
            train_samples=self.learner.n_samples,
            train_accuracy=last["train_accuracy"],
            val_accuracy=last["val_accuracy"],
            test_accuracy=float(np.mean(predictions == test.labels)),
            seconds=round(self.seconds, 3),
            samples_per_second=self.samples_per_second,
            spikes_per_sample=(n_spikes / len(test)).tolist(),
            feedback_alignment=last["alignment"],
            saturation=shares_at_limit(last),
            silent=last["silent"],
            artifact=None if self.folder.path is None else str(self.folder.path),
            picture=None,
            digest=self.artifact.digest,
        )

"""A trained network and what can be done with it: the Python interface."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lava_sfdfa.chip.rule_text import explain, parse
from lava_sfdfa.chip.widths import WIDTHS
from lava_sfdfa.config import Config, Kind, Limit, Share
from lava_sfdfa.console import progress_bar
from lava_sfdfa.data.classes import Classes
from lava_sfdfa.data.datasets import RECORDED, as_dataset
from lava_sfdfa.data.encoding import Part
from lava_sfdfa.data.formats.arrays import NAME as ARRAYS
from lava_sfdfa.data.formats.event_lists import is_tonic, tonic_samples
from lava_sfdfa.data.reading import Reading
from lava_sfdfa.data.samples import Dataset, Samples
from lava_sfdfa.deploy.compiler import (
    Plan,
    compile_artifact,
)
from lava_sfdfa.deploy.exchange.exchange import (
    Export,
    Format,
    export_network,
    format_of,
)
from lava_sfdfa.deploy.mapping.graph import Mode
from lava_sfdfa.engine.encode import encode_for
from lava_sfdfa.engine.engine import Engine
from lava_sfdfa.fields import checked
from lava_sfdfa.files import locked
from lava_sfdfa.network.artifact import (
    NO_DATA,
    Artifact,
    check_learns,
    known_source,
    save_artifact,
)
from lava_sfdfa.network.content import NAME, VERSION
from lava_sfdfa.network.rule import FEEDBACK_RULE, Rule
from lava_sfdfa.processes.network import require_lava
from lava_sfdfa.processes.verify import Verification, verify
from lava_sfdfa.results import Result
from lava_sfdfa.training.display import Silence
from lava_sfdfa.training.evaluate import Evaluation, evaluate
from lava_sfdfa.training.folder import RunFolder
from lava_sfdfa.training.run import TrainingResult
from lava_sfdfa.training.stream import StreamResult
from lava_sfdfa.training.watch import SampleTrace, WatchedEngine
from lava_sfdfa.types import Array

PathLike = str | Path
NAMES = ("du", "dv", "vth", "impulse")  # shown of each layer; frozen ones have no trace
Data = Any  # a name, a path, arrays, or a `Dataset`; see `as_dataset`


@dataclass(frozen=True)
class Info(Result):
    """What an artifact holds."""

    artifact: str | None
    format_version: int
    digest: str
    dataset: str
    kind: str | None  # of the samples, where they are of one's own
    layers: list[int]  # inputs, neurons of each layer, outputs
    frozen: int  # how many of these layers never learn, from the input on
    no_rule: str  # why it cannot learn, of a network imported for use alone
    feedback: str
    eligibility: str
    rounding: str
    seed: int
    steps: int  # of presentation
    period: int  # steps of a whole sample
    settings: dict[str, Any]  # all that the training was told, or found out
    widths: dict[str, int]  # bits
    parameters: list[dict[str, int]]  # du, dv, vth and impulse of each layer
    rules: list[dict[str, Any]]  # texts of each layer, and what each product is worth
    feedback_rule: str
    training: dict[str, list[Any]]  # curves, an entry an epoch
    samples_learned: int
    provenance: dict[str, Any]


class Model:
    """A trained network: what `train`, `load` and `import_network` give.

    artifact: the network, its training and its state; result: of the training or
    stream, where there was one; notes: what an import changed.
    """

    def __init__(
        self,
        artifact: Artifact,
        data: Dataset | None = None,
        result: TrainingResult | StreamResult | None = None,
        *,
        path: Path | None = None,
        data_dir: Path | None = None,
        notes: Sequence[str] = (),
    ):
        self._artifact, self._data, self.result = artifact, data, result
        self.path, self._data_dir, self.notes = path, data_dir, tuple(notes)
        self._engine: Engine | None = None

    @property
    def artifact(self) -> Artifact:
        """The network with the state that learning has reached."""
        engine = self._engine
        if engine is None or engine.n_learned == self._artifact.n_learned:
            return self._artifact
        return dataclasses.replace(
            self._artifact,
            network=engine.network(),
            rates=tuple(state.rate.copy() for state in engine.states[:-1]),
            n_learned=engine.n_learned,
        )

    @property
    def config(self) -> Config:
        """Its settings, in real units."""
        return self._artifact.config

    @property
    def digest(self) -> str:
        """SHA-256 of its content, in hexadecimal."""
        return self.artifact.digest

    def __repr__(self) -> str:
        layers = "-".join(map(str, self._artifact.sizes))
        return f"Model({layers}, {self.config.dataset!r}, {self.digest[:12]})"

    # --- what it does ---------------------------------------------------------------

    def evaluate(
        self,
        data: Data = None,
        *,
        data_dir: PathLike | None = None,
        limit: int | None = None,
        progress: bool = False,
    ) -> Evaluation:
        """Accuracy on the test part of a data set, by default its own.

        data: as in `train`; of (x, y), or of a data set of tonic, all samples are
        classified. limit: test samples
        to read. Errors: InputError for data that do not fit.
        """
        limit = checked("limit", Limit, limit)
        is_pair = isinstance(data, (tuple, list)) and len(data) == 2
        if is_tonic(data):
            dataset = self._own_test(tonic_samples(data, self._reading))
        elif is_pair and not is_tonic(data[0]):
            dataset = self._own_test(self._reading.samples(*data))
        else:
            dataset = self._dataset(data, data_dir)
        with progress_bar("classifying", progress) as show:
            return evaluate(self.artifact, dataset, limit, show)

    def predict(self, x: Any) -> Array:
        """Classes of samples, by their names: (n,). x: as in training, or `Samples`."""
        part = self._part(x, None)
        numbers = self._learning_engine().classify(part.events)[0]
        return self._reading.classes.labels(numbers)

    def scores(self, x: Any) -> Array:
        """Spikes of each output, and a part of one for its v: float64 (n, n_out).

        The largest of a row is the prediction.
        """
        return self._learning_engine().scores(self._part(x, None).events)

    def learn(self, x: Any, y: Any, *, share: float | None = None) -> Array:
        """Learn samples in this order, each once, as they would arrive at a chip.

        share: of the learning rate, 0 to 1; by default that with which training ended,
        or 1 for a network that has not been trained. Returns the classes, each
        predicted before its sample was learned: (n,). Errors: InputError.
        """
        check_learns(self._artifact)
        part, engine = self._part(x, y), self._learning_engine()
        if share is None:
            shares = self._artifact.record.get("learning_share", np.ones(1))
            share = float(shares[-1])
        share = checked("share", Share, share)
        engine.set_learning_share(share)
        numbers = engine.learn(part.events, part.labels, np.arange(len(part)))
        return self._reading.classes.labels(numbers)

    def engine(self) -> "Watch":
        """A copy that learns one sample at a time and shows every step."""
        check_learns(self._artifact)
        artifact = self.artifact
        engine = Engine(artifact.network, artifact.rates, artifact.n_learned)
        return Watch(self, WatchedEngine(engine, self.config))

    def verify(
        self,
        samples: int = 3,
        *,
        data: Data = None,
        data_dir: PathLike | None = None,
        progress: bool = False,
    ) -> Verification:
        """Learn samples on the engine and on Lava, and compare every integer.

        The model stays as it is. Errors: BackendError without Lava, InputError,
        CheckError where nothing happened that could be compared.
        """
        check_learns(self._artifact)
        require_lava()
        dataset = self._dataset(data, data_dir)
        with progress_bar("comparing engine and Lava", progress) as show:
            return verify(self.artifact, dataset, samples, show)

    def info(self) -> Info:
        """What it holds: layers, rule, widths, training."""
        artifact = self.artifact
        network, config = artifact.network, artifact.config
        return Info(
            artifact=None if self.path is None else str(self.path),
            format_version=VERSION,
            digest=artifact.digest,
            dataset=config.dataset,
            kind=None if artifact.reading is None else artifact.reading.kind,
            layers=list(artifact.sizes),
            frozen=len(network.front),
            no_rule=artifact.no_rule,
            feedback=config.feedback,
            eligibility=config.eligibility,
            rounding=config.rounding,
            seed=config.seed,
            steps=network.steps,
            period=network.period,
            settings=dataclasses.asdict(config),
            widths=WIDTHS,
            parameters=[
                {name: getattr(layer, name) for name in NAMES if hasattr(layer, name)}
                for layer in (*network.front, *network.layers)
            ],
            rules=[_described(layer.rule) for layer in network.layers],
            feedback_rule=FEEDBACK_RULE,
            training={
                name: values.tolist() for name, values in artifact.record.items()
            },
            samples_learned=artifact.n_learned,
            provenance=artifact.provenance,
        )

    # --- where it goes --------------------------------------------------------------

    def save(self, path: PathLike) -> str:
        """Write the artifact and return its digest.

        path: a folder, made where it is missing, in which it is `network.h5` and an
        earlier one is kept; or a file that ends in .h5. Errors: InputError.
        """
        path = Path(path)
        artifact = self.artifact
        if path.suffix == ".h5":
            digest = save_artifact(path, artifact)
            self.path = path
        else:
            with locked(path):
                RunFolder(path, Silence()).save(lambda to: save_artifact(to, artifact))
            self.path, digest = path / NAME, artifact.digest
        return digest

    def export(self, path: PathLike, format: Format | None = None) -> Export:
        """Write it for other tools: netx (lava-dl, .net) or nir (other frameworks).

        format: by default by the ending of the file. Errors: InputError, BackendError
        where a package is missing.
        """
        path = Path(path)
        return export_network(self.artifact, path, format_of(path, format))

    def compile(
        self,
        *,
        board: str,
        mode: Mode = "learning",
        data: Data = None,
        data_dir: PathLike | None = None,
        conservative: bool = False,
    ) -> Plan:
        """Place it on the cores of a board.

        data: whose validation part shows how much it spikes, by default its own; for a
        network that was imported without one, noise is assumed.
        Errors: CheckError where it does not fit, with what would make it fit.
        """
        dataset = None
        if data is not None or self._artifact.source != NO_DATA:
            dataset = self._dataset(data, data_dir)
        return compile_artifact(self.artifact, dataset, board, mode, conservative)

    # --- inside ---------------------------------------------------------------------

    def _dataset(self, data: Data, data_dir: PathLike | None) -> Dataset:
        """The data that a caller names, or those of the training."""
        folder = self._data_dir if data_dir is None else Path(data_dir)
        kind, reading = self.config.kind, self._artifact.reading
        if data is not None:
            return as_dataset(data, folder, kind, reading)
        if self._data is None:
            source = known_source(self._artifact)
            self._data = as_dataset(source, folder, kind, reading)
        return self._data

    @property
    def _reading(self) -> Reading:
        """How samples of a caller are read: as in training."""
        found, shape = self._artifact.reading, self._artifact.shape
        n_out = self._artifact.sizes[-1]
        kind: Kind = "events" if self.config.dataset in RECORDED else "image"
        return found or Reading(kind, shape, Classes(tuple(range(n_out))))

    def _own_test(self, samples: Samples) -> Dataset:
        """Samples of a caller as the test part of a data set."""
        shape, n_classes = self._artifact.shape, self._artifact.sizes[-1]
        none = samples.first(0)
        return Dataset(ARRAYS, shape, n_classes, none, none, samples, source=ARRAYS)

    def _part(self, x: Any, y: Any) -> Part:
        """Samples as input spikes. Errors: InputError."""
        if not isinstance(x, Samples):
            x = self._reading.samples(x, y)
        return encode_for(self._artifact.network, x, self.config)

    def _learning_engine(self) -> Engine:
        if self._engine is None:
            artifact = self._artifact
            self._engine = Engine(artifact.network, artifact.rates, artifact.n_learned)
        return self._engine


class Watch:
    """What `Model.engine` gives: a copy of a model that shows every step."""

    def __init__(self, model: Model, watched: WatchedEngine):
        self._model, self._watched = model, watched

    def learn_one(self, sample: Any, label: int) -> SampleTrace:
        """Learn one sample; spikes, u, v, traces, tags, errors, weights and feedback
        of every step. sample: of the shape that the model was trained on."""
        part = self._model._part([sample], np.array([label]))
        return self._watched.learn_one(part)


def _described(rule: Rule) -> dict[str, Any]:
    """The texts of a rule, and what each of its products is worth in fixed point."""
    texts = {"dt": rule.dt, "dd": rule.dd, "dw": rule.dw}
    sentences = [x for text in texts.values() if text for x in explain(parse(text))]
    return {**texts, "products": sentences}

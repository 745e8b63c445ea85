"""A trained network and what can be done with it: the Python interface."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lava_sfdfa.chip.rule_text import explain, parse
from lava_sfdfa.chip.widths import WIDTHS
from lava_sfdfa.config import Config, Eligibility, known_settings, read_config
from lava_sfdfa.console import progress_bar
from lava_sfdfa.data.datasets import as_dataset
from lava_sfdfa.data.encoding import Part, encode
from lava_sfdfa.data.formats.arrays import to_images
from lava_sfdfa.data.samples import Dataset, Samples
from lava_sfdfa.deploy.compiler import (
    Plan,
    compile_artifact,
    fit_artifact,
    fit_layers,
    load_plan,
)
from lava_sfdfa.deploy.exchange.exchange import (
    Export,
    Format,
    export_network,
    foreign_artifact,
    format_of,
    own_artifact,
    read_network,
)
from lava_sfdfa.deploy.mapping.fit import FitReport
from lava_sfdfa.deploy.mapping.graph import Mode
from lava_sfdfa.engine.engine import Engine
from lava_sfdfa.network.artifact import Artifact, load_artifact, save_artifact
from lava_sfdfa.network.content import NAME, VERSION
from lava_sfdfa.network.rule import FEEDBACK_RULE, Rule
from lava_sfdfa.presets import named_config
from lava_sfdfa.processes.verify import Verification, verify
from lava_sfdfa.results import Result
from lava_sfdfa.training import comparison, run
from lava_sfdfa.training import stream as streaming
from lava_sfdfa.training.comparison import KINDS, Comparison
from lava_sfdfa.training.display import Bar, Display, Silence
from lava_sfdfa.training.evaluate import Evaluation, evaluate
from lava_sfdfa.training.folder import RunFolder
from lava_sfdfa.training.run import Backend, TrainingResult
from lava_sfdfa.training.stream import StreamResult
from lava_sfdfa.training.watch import SampleTrace, WatchedEngine
from lava_sfdfa.types import Array

PathLike = str | Path
Data = Any  # a name, a path, arrays, or a `Dataset`; see `as_dataset`


@dataclass(frozen=True)
class Info(Result):
    """What an artifact holds."""

    artifact: str | None
    format_version: int
    digest: str
    dataset: str
    layers: list[int]
    feedback: str
    eligibility: str
    rounding: str
    seed: int
    steps: int  # of presentation
    period: int  # steps of a whole sample
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

        limit: test samples to read. Errors: InputError for data that do not fit.
        """
        dataset = self._dataset(data, data_dir)
        with progress_bar("classifying", progress) as show:
            return evaluate(self.artifact, dataset, limit, show)

    def predict(self, x: Any) -> Array:
        """Classes of samples: int64 (n,). x: (n, ..) as in training, or `Samples`."""
        part = self._part(x, None)
        return self._learning_engine().classify(part.events)[0]

    def scores(self, x: Any) -> Array:
        """Spikes of each output, and a part of one for its v: float64 (n, n_out).

        The largest of a row is the prediction.
        """
        return self._learning_engine().scores(self._part(x, None).events)

    def learn(self, x: Any, y: Any, *, share: float = 1.0) -> Array:
        """Learn samples in this order, each once, as they would arrive at a chip.

        share: of the learning rate. Returns the classes, each predicted before its
        sample was learned: int64 (n,). Errors: InputError.
        """
        part, engine = self._part(x, y), self._learning_engine()
        engine.set_learning_share(share)
        return engine.learn(part.events, part.labels, np.arange(len(part)))

    def engine(self) -> "Watch":
        """A copy that learns one sample at a time and shows every step."""
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
            layers=list(network.sizes),
            feedback=config.feedback,
            eligibility=config.eligibility,
            rounding=config.rounding,
            seed=config.seed,
            steps=network.steps,
            period=network.period,
            widths=WIDTHS,
            parameters=[
                {name: getattr(layer, name) for name in ("du", "dv", "vth", "impulse")}
                for layer in network.layers
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

        data: whose validation part shows how much it spikes, by default its own.
        Errors: CheckError where it does not fit, with what would make it fit.
        """
        dataset = self._dataset(data, data_dir)
        return compile_artifact(self.artifact, dataset, board, mode, conservative)

    # --- inside ---------------------------------------------------------------------

    def _dataset(self, data: Data, data_dir: PathLike | None) -> Dataset:
        """The data that a caller names, or those of the training."""
        folder = self._data_dir if data_dir is None else Path(data_dir)
        if data is not None:
            return as_dataset(data, folder)
        if self._data is None:
            self._data = as_dataset(self._artifact.source, folder)
        return self._data

    def _part(self, x: Any, y: Any) -> Part:
        """Samples as input spikes. Errors: InputError."""
        if not isinstance(x, Samples):
            x = to_images(x, y, self._artifact.shape, self._artifact.sizes[-1])
        return encode(x, self.config)

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
        part = self._model._part(np.asarray(sample)[None], np.array([label]))
        return self._watched.learn_one(part)


def _described(rule: Rule) -> dict[str, Any]:
    """The texts of a rule, and what each of its products is worth in fixed point."""
    texts = {"dt": rule.dt, "dd": rule.dd, "dw": rule.dw}
    sentences = [x for text in texts.values() if text for x in explain(parse(text))]
    return {**texts, "products": sentences}


# --- calls ------------------------------------------------------------------------


def train(
    data: Data,
    *,
    config: Config | PathLike | None = None,
    out: PathLike | None = None,
    data_dir: PathLike | None = None,
    resume: bool = False,
    backend: Backend = "cpu",
    progress: bool = False,
    **settings: Any,
) -> Model:
    """Train a network in the chip's integers.

    data: a name ("digits"), the path of an `.npz` file, arrays (x, y), of which a fifth
    becomes the test part, (x_train, y_train, x_test, y_test), or a `Dataset`.
    config: a `Config`, or a TOML file; by default what was chosen for the data set.
    settings: fields of `Config`, which win. out: folder for the artifact, written after
    every epoch, and a picture. resume: go on from the artifact in it. backend: cpu, or
    lava, which is slow and reaches the same digest. progress: show a bar.
    Errors: InputError, BackendError; Ctrl-C raises `Stopped`, a KeyboardInterrupt,
    after which `out` holds the last full epoch.
    """
    folder = None if out is None else Path(out)
    dataset = as_dataset(data, _path(data_dir))
    before = folder if resume else None
    chosen = settings_for(dataset, config, settings, resumed=before)
    with _display(progress, chosen.epochs) as display:
        artifact, result = run.train(dataset, chosen, folder, display, resume, backend)
    path = None if result.artifact is None else Path(result.artifact)
    return Model(artifact, dataset, result, path=path, data_dir=_path(data_dir))


def stream(
    data: Data,
    *,
    late: int | None = None,
    config: Config | PathLike | None = None,
    out: PathLike | None = None,
    data_dir: PathLike | None = None,
    progress: bool = False,
    **settings: Any,
) -> Model:
    """Learn samples as they arrive, once, each classified before it is learned.

    late: a class that begins in the second half. The others as in `train`; the result
    is a `StreamResult`.
    """
    dataset = as_dataset(data, _path(data_dir))
    chosen = settings_for(dataset, config, settings)
    with _display(progress, 1) as display:
        artifact, result = streaming.stream(dataset, chosen, _path(out), display, late)
    path = None if result.artifact is None else Path(result.artifact)
    return Model(artifact, dataset, result, path=path, data_dir=_path(data_dir))


def compare(
    data: Data,
    *,
    feedback: Sequence[str] = KINDS[:-1],
    seeds: int = 3,
    config: Config | PathLike | None = None,
    out: PathLike | None = None,
    data_dir: PathLike | None = None,
    progress: bool = False,
    **settings: Any,
) -> Comparison:
    """Train each kind of feedback with several seeds; measure angles to the gradient.

    feedback: of `KINDS`; "exact" is the gradient itself, for small networks. out:
    folder for artifacts, curves and a picture. The others as in `train`.
    """
    dataset = as_dataset(data, _path(data_dir))
    chosen = settings_for(dataset, config, settings)
    with _display(progress, chosen.epochs) as display:
        kinds = tuple(dict.fromkeys(feedback))
        return comparison.compare(dataset, chosen, kinds, seeds, _path(out), display)


def load(path: PathLike, *, data_dir: PathLike | None = None) -> Model:
    """The model of an artifact: a file, or the folder of a run. Errors: InputError."""
    path = Path(path)
    artifact = load_artifact(path)
    file = path / NAME if path.is_dir() else path
    return Model(artifact, path=file, data_dir=_path(data_dir))


def import_network(
    path: PathLike,
    format: Format | None = None,
    *,
    data: Data = "digits",
    data_dir: PathLike | None = None,
    config: Config | PathLike | None = None,
    step_s: float = 1e-4,
    **settings: Any,
) -> Model:
    """A network of another tool, which then learns on the chip's rule.

    data: what it shall classify and learn; step_s: seconds a step in a NIR graph that
    others made. `notes` of the model say what was changed. Errors: InputError,
    BackendError.
    """
    path = Path(path)
    imported = read_network(path, format_of(path, format), step_s)
    if imported.own is not None:
        return Model(own_artifact(path, imported), notes=imported.notes)
    target = as_dataset(data, _path(data_dir))
    given = {**_values(config), **known_settings(settings)}
    given.pop("dataset", None)
    artifact = foreign_artifact(imported, target, given)
    return Model(artifact, target, data_dir=_path(data_dir), notes=imported.notes)


def fit(
    network: Any,
    *,
    board: str,
    mode: Mode = "learning",
    eligibility: Eligibility = "trace",
    conservative: bool = False,
) -> FitReport:
    """Whether a network fits a board, on how many cores, and what limits it.

    network: a `Model`, or sizes such as "784,800,10" or (784, 800, 10), to which
    `eligibility` belongs. conservative: smaller budgets of an older release of Intel's
    compiler. Errors: InputError.
    """
    if isinstance(network, Model):
        return fit_artifact(network.artifact, board, mode, conservative)
    return fit_layers(network, board, mode, eligibility, conservative)


# --- settings ---------------------------------------------------------------------


def settings_for(
    data: Dataset,
    config: Config | PathLike | None,
    settings: dict[str, Any],
    resumed: Path | None = None,
) -> Config:
    """The configuration of a data set, or of the artifact that is resumed, changed by a
    file or a `Config`, changed by settings. Errors: InputError."""
    values = {**_values(config), **known_settings(settings)}
    values["dataset"] = data.name
    if resumed is not None:
        return dataclasses.replace(load_artifact(resumed).config, **values)
    if isinstance(config, Config):
        return Config(**values)
    return named_config(**values)


def _values(config: Config | PathLike | None) -> dict[str, Any]:
    if config is None:
        return {}
    if isinstance(config, Config):
        return dataclasses.asdict(config)
    return read_config(Path(config))


def _path(path: PathLike | None) -> Path | None:
    return None if path is None else Path(path)


class _Quietly(Silence):
    """A display that shows nothing, as a context manager."""

    def __enter__(self) -> Display:
        return self

    def __exit__(self, *exception: object) -> None:
        pass


def _display(progress: bool, n_epochs: int) -> Bar | _Quietly:
    return Bar(n_epochs) if progress else _Quietly()


__all__ = [
    "Info",
    "Model",
    "Plan",
    "compare",
    "fit",
    "import_network",
    "load",
    "load_plan",
    "stream",
    "train",
]

"""The calls of the Python interface; each command prints what one of them gives."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

from lava_sfdfa.config import Config, Eligibility, known_settings, read_config
from lava_sfdfa.data.datasets import as_dataset
from lava_sfdfa.data.samples import Dataset
from lava_sfdfa.deploy.compiler import (
    fit_artifact,
    fit_layers,
)
from lava_sfdfa.deploy.exchange.exchange import (
    Format,
    default_data,
    foreign_artifact,
    format_of,
    read_network,
    steps_of,
)
from lava_sfdfa.deploy.mapping.fit import FitReport
from lava_sfdfa.deploy.mapping.graph import Mode
from lava_sfdfa.errors import InputError
from lava_sfdfa.fields import Between, checked
from lava_sfdfa.files import locked
from lava_sfdfa.front import find_front
from lava_sfdfa.model import Data, Model, PathLike
from lava_sfdfa.network.artifact import NO_DATA, Artifact, load_artifact
from lava_sfdfa.network.content import NAME
from lava_sfdfa.network.frozen import FrozenLayer
from lava_sfdfa.presets import NAMED, epochs_for, named_config
from lava_sfdfa.training import comparison, run
from lava_sfdfa.training import stream as streaming
from lava_sfdfa.training.calibrate import calibrate
from lava_sfdfa.training.comparison import KINDS, Comparison
from lava_sfdfa.training.display import Bar, Display, Warnings
from lava_sfdfa.training.run import Backend

Seeds = Annotated[int, Between(1, 1000)]


def train(
    data: Data,
    *,
    config: Config | PathLike | None = None,
    out: PathLike | None = None,
    data_dir: PathLike | None = None,
    resume: bool = False,
    backend: Backend = "cpu",
    auto: bool = False,
    front: Model | PathLike | None = None,
    freeze: int | None = None,
    progress: bool = False,
    **settings: Any,
) -> Model:
    """Train a network in the chip's integers.

    data: a name ("digits"), the path of an `.npz` file, arrays (x, y), of which a fifth
    becomes the test part, (x_train, y_train, x_test, y_test), one data set of tonic or
    two, or a `Dataset`; x may be recordings, see `data.spikes`.
    config: a `Config`, which is taken whole, or a TOML file, which changes the preset
    of the data set. settings: fields of `Config`, which win. out: folder for the
    artifact, written after every epoch, and a picture. resume: go on from the artifact
    in it. backend: cpu, or lava, which is slow and reaches the same digest. auto: where
    a new training goes wrong, begin again with other settings, at most twice. front: a
    network whose layers stay as they are below those that learn: a `Model`, an
    artifact, or a file that `import_network` reads; freeze: how many of its layers, by
    default all but the last. progress: show a bar.
    Errors: InputError, BackendError; Ctrl-C raises `Stopped`, a KeyboardInterrupt,
    after which `out` holds the last full epoch.
    """
    backend, auto = checked("backend", Backend, backend), checked("auto", bool, auto)
    folder, given = _path(out), _given(config, settings)
    before = load_artifact(folder) if resume and folder is not None else None
    reading = None if before is None else before.reading
    dataset = as_dataset(data, _path(data_dir), given.get("kind"), reading)
    below = find_front(front, freeze)
    chosen = _chosen(dataset, {**below.settings, **given}, before)
    with locked(folder), _display(progress, chosen.epochs) as display:
        for note in below.notes:
            display.say(note)
        if not resume:
            chosen = _calibrated(chosen, dataset, given, display, below.layers)
        artifact, result = run.train(
            dataset, chosen, folder, display, resume, backend, auto, below.layers
        )
    path = None if result.artifact is None else Path(result.artifact)
    return Model(artifact, dataset, result, path=path, data_dir=_path(data_dir))


def stream(
    data: Data,
    *,
    late: int | str | None = None,
    config: Config | PathLike | None = None,
    out: PathLike | None = None,
    data_dir: PathLike | None = None,
    front: Model | PathLike | None = None,
    freeze: int | None = None,
    progress: bool = False,
    **settings: Any,
) -> Model:
    """Learn samples as they arrive, once, each classified before it is learned.

    late: a class, as the labels name it, that begins in the second half. The others as
    in `train`; the result is a `StreamResult`.
    """
    given = _given(config, settings)
    dataset = as_dataset(data, _path(data_dir), given.get("kind"))
    below = find_front(front, freeze)
    chosen = _chosen(dataset, {**below.settings, **given})
    with locked(_path(out)), _display(progress, 1) as display:
        for note in below.notes:
            display.say(note)
        chosen = _calibrated(chosen, dataset, given, display, below.layers)
        artifact, result = streaming.stream(
            dataset, chosen, _path(out), display, late, below.layers
        )
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
    given, seeds = _given(config, settings), checked("seeds", Seeds, seeds)
    kinds = (feedback,) if isinstance(feedback, str) else tuple(dict.fromkeys(feedback))
    dataset = as_dataset(data, _path(data_dir), given.get("kind"))
    chosen = _chosen(dataset, given)
    with locked(_path(out)), _display(progress, chosen.epochs) as display:
        chosen = _calibrated(chosen, dataset, given, display)
        result = comparison.compare(dataset, chosen, kinds, seeds, _path(out), display)
    if out is None:
        return result
    from lava_sfdfa.training.comparison_files import write_comparison

    return write_comparison(result, Path(out))


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
    data: Data | None = None,
    data_dir: PathLike | None = None,
    config: Config | PathLike | None = None,
    step_s: float | None = None,
    **settings: Any,
) -> Model:
    """A network of another tool, for use, and to learn on the chip's rule.

    data: what it shall classify and learn; by default digits where it has their size,
    else nothing, and then it does not learn. step_s: seconds a step in a NIR graph that
    others made, by default what it tells, or 1e-4. `notes` of the model say what was
    changed, and what keeps it from learning. Errors: InputError.
    """
    path = Path(path)
    given = _given(config, settings)
    given.pop("dataset", None)
    target = None
    if data is not None:
        target = as_dataset(data, _path(data_dir), given.get("kind"))
    steps = steps_of(target.name if target else NO_DATA, given)
    imported = read_network(path, format_of(path, format), step_s, steps)
    if imported.own is not None:
        return Model(imported.own, notes=imported.notes)
    if data is None:
        target = default_data(imported)
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


def _given(
    config: Config | PathLike | None, settings: dict[str, Any]
) -> dict[str, Any]:
    """What a caller says of the settings, by name. Errors: InputError."""
    if config is None:
        values = {}
    elif isinstance(config, Config):
        values = dataclasses.asdict(config)
    elif isinstance(config, (str, Path)):
        values = read_config(Path(config))
    else:
        raise InputError(
            f"config is a {type(config).__name__}; it must be a Config or the path of "
            "a TOML file, and single settings are arguments of their own"
        )
    if "dataset" in settings:
        raise InputError(
            "dataset is no setting here; the data set is the first argument, data"
        )
    return {**values, **known_settings(settings)}


def _chosen(
    data: Dataset, given: dict[str, Any], before: Artifact | None = None
) -> Config:
    """The configuration of a data set, or of the artifact that is resumed, changed by
    what is given. Errors: InputError."""
    values = {**given, "dataset": data.name}
    if before is not None:
        return dataclasses.replace(before.config, **values)
    if data.name not in NAMED:
        n_samples = min(len(data.train), values.get("limit") or len(data.train))
        values = {"epochs": epochs_for(data.kind, n_samples), **values}
    asked = values.pop("kind", None)
    chosen = named_config(**values, kind=data.kind)
    # What is asked for is kept; what was guessed will be guessed again.
    return dataclasses.replace(chosen, kind=asked)


def _calibrated(
    chosen: Config,
    data: Dataset,
    given: dict[str, Any],
    display: Display,
    front: tuple[FrozenLayer, ...] = (),
) -> Config:
    """The configuration with what was left open calibrated, which is said, where the
    data set has no configuration of its own, or the frozen layers show another input.
    Errors: InputError."""
    is_whole = {field.name for field in dataclasses.fields(Config)} <= set(given)
    if is_whole or (data.name in NAMED and not front):
        return chosen
    display.say("calibrating (compiles the engine first, which takes a while once)")
    found = calibrate(chosen, data, given, front)
    for note in found.notes:
        display.say(note)
    return found.config


def _path(path: PathLike | None) -> Path | None:
    return None if path is None else Path(path)


def _display(progress: bool, n_epochs: int) -> Bar | Warnings:
    return Bar(n_epochs) if progress else Warnings()

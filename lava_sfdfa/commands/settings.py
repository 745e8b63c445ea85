"""What the options of a command and a file of settings ask for together."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lava_sfdfa.config import Config, read_config
from lava_sfdfa.data.sources import NAMES
from lava_sfdfa.errors import InputError
from lava_sfdfa.presets import NAMED, named_config
from lava_sfdfa.reference.config import FloatConfig


def given(
    file: Path | None, options: dict[str, Any], kind: type = Config
) -> dict[str, Any]:
    """What a user set: in a file, for a configuration of `kind`, and by options."""
    chosen = {name: value for name, value in options.items() if value not in (None, ())}
    return {**(read_config(file, kind) if file else {}), **chosen}


@contextlib.contextmanager
def told_with(file: Path | None) -> Iterator[None]:
    """Name the file of settings in what is wrong with all settings together."""
    try:
        yield
    except InputError as error:
        raise InputError(f"with {file}: {error}" if file else str(error)) from None


def run_settings(
    file: Path | None,
    options: dict[str, Any],
    out: Path | None,
    resume: bool = False,
    suffix: str = "",
) -> tuple[str, dict[str, Any], Path]:
    """The data set, the settings and the folder of a run.

    Values are checked here, before anything slow is imported. Errors: InputError.
    """
    values = given(file, options)
    dataset = values.pop("dataset", None)
    if resume and dataset is None and out is not None:
        from lava_sfdfa.network.artifact import check_learns, load_artifact

        artifact = load_artifact(out)
        check_learns(artifact)
        dataset = artifact.source
    dataset = "digits" if dataset is None else dataset
    if values.get("kind") is not None and dataset in NAMES:
        raise InputError(
            f"kind is for a file of your own, and {dataset} is none; leave it out, or "
            "name the file with --dataset"
        )
    with told_with(file):
        config = named_config(dataset, **values)
    has_layers = "hidden" in values or dataset in NAMED
    folder = out or default_folder(config, suffix, has_layers)
    return dataset, values, folder


def default_folder(
    config: Config | FloatConfig, suffix: str = "", has_layers: bool = True
) -> Path:
    """Where a run goes that was not told; has_layers: whether they are known yet."""
    name = (
        Path(config.dataset).stem if config.dataset.endswith(".npz") else config.dataset
    )
    sizes = map(str, config.hidden if has_layers else ())
    run = "-".join([name, *sizes, config.feedback, f"seed{config.seed}{suffix}"])
    return Path("runs") / run

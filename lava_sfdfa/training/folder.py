"""The folder of a run."""

import os
import platform
from pathlib import Path
from typing import Any

import numpy as np

import lava_sfdfa
from lava_sfdfa.errors import InputError
from lava_sfdfa.network.content import NAME
from lava_sfdfa.training.display import Display

BACKUP = "network.previous.h5"

PICTURE = "training.png"


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

"""The folder of a run: its artifact, the one before, and what Ctrl-C leaves."""

import os
import platform
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import lava_sfdfa
from lava_sfdfa.errors import InputError, Stopped
from lava_sfdfa.files import reason_of, replacing
from lava_sfdfa.network.content import NAME
from lava_sfdfa.training.display import Display

BACKUP = "network.previous.h5"
PICTURE = "training.png"


class RunFolder:
    """Where a training writes its artifact, after every epoch; or nowhere.

    out: the folder, made where it is missing, or None; goes_on: whether the artifact
    that is there is trained on, and so needs no copy. Errors: InputError where the
    folder cannot be written, before training begins.
    """

    def __init__(self, out: Path | None, display: Display, goes_on: bool = False):
        self.path = None if out is None else prepare_folder(out)
        self._display, self._keeps = display, not goes_on

    def save(self, write: Callable[[Path], str]) -> None:
        """Let `write` write the artifact; the first time, one that was there is kept.

        The copy is complete before the new artifact takes the name, which is never
        without a whole file.
        """
        if self.path is None:
            return
        if self._keeps and self.path.exists():
            with replacing(self.path.with_name(BACKUP)) as temporary:
                shutil.copyfile(self.path, temporary)
            self._display.say(f"an earlier artifact is kept as {BACKUP}")
        self._keeps = False
        write(self.path)

    def stopped(self, saved: int, epochs: int, more: str) -> Stopped:
        """What a training raises that Ctrl-C ended; `more`: how to go on."""
        kept = "no epoch was full, so nothing was written"
        if saved and self.path is not None:
            kept = f"{self.path} holds the last full epoch, {saved} of {epochs}{more}"
        elif self.path is None:
            kept = "the training had no folder (out), so nothing was written"
        return Stopped(f"stopped by Ctrl-C: {kept}")


def prepare_folder(out: Path) -> Path:
    """Make the folder of a run and see that it can be written, before training.

    Returns the path of its artifact. Errors: InputError.
    """
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
            f"{out}: cannot be written ({reason_of(error)}); choose another --out"
        ) from None
    return out / NAME


def provenance(source: str, learn_seconds: float) -> dict[str, Any]:
    """What is written beside an artifact's content. source: of the data."""
    return {
        "dataset": source,
        "learn_seconds": round(learn_seconds, 3),
        "version": lava_sfdfa.__version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
    }

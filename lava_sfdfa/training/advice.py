"""What to change where a training goes wrong: one sentence, once.

The values are those that calibration finds for the data, so that they have been tried.
"""

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np

from lava_sfdfa.config import Config, kept_settings
from lava_sfdfa.data.samples import Dataset
from lava_sfdfa.training.calibrate import IMPULSES, calibrate
from lava_sfdfa.types import Array

TRACES_CUT = 0.05  # share of the input spikes from which on advice is given
WEIGHTS_AT_LIMIT = 0.15  # share; trainings that go well end below 0.04
PATIENCE = 3  # epochs in which a network may stay at chance
FALL = 0.1  # of the accuracy on the samples that are learned
SLOWER = 4.0  # times; the rate of a training that went astray


@dataclass(frozen=True)
class Trouble:
    """What went wrong, and the settings that would have to be others."""

    what: str
    settings: tuple[str, ...]


@dataclass(frozen=True)
class Advice:
    """What went wrong, and other values of some settings."""

    what: str
    changes: dict[str, Any]

    def sentence(self, config: Config) -> str:
        """The trouble, and what to try instead of the values of `config`."""
        before = {**asdict(config), "input_impulse": IMPULSES[0]}
        before |= kept_settings(config)
        values = " and ".join(
            f"{name} {value:g} instead of {before[name]:g}"
            for name, value in self.changes.items()
        )
        return f"warning: {self.what}; try {values}, or let --auto (auto=True) do it"


class Restart(Exception):  # noqa: N818 - no error, but the end of an attempt
    """Ends an attempt at a training, of which `advice` says what to change."""

    def __init__(self, advice: Advice):
        super().__init__(advice.what)
        self.advice = advice


class Adviser:
    """What to change in one training: it is asked after every epoch.

    labels: of the samples that are learned.
    """

    def __init__(self, config: Config, data: Dataset, labels: Array):
        self.config, self.data, self.labels = config, data, labels
        # By the settings of a trouble: it may last, and calibration takes a while.
        self._changes: dict[tuple[str, ...], dict[str, Any]] = {}

    def after(self, record: dict[str, Array]) -> Advice | None:
        """Advice after the epochs of a record, or None: all is well, or calibration
        finds what is there."""
        found = (find(record, self.labels) for find in FINDERS)
        trouble = next(filter(None, found), None)
        if trouble is None:
            return None
        if trouble.settings not in self._changes:
            self._changes[trouble.settings] = self._other_values(trouble.settings)
        changes = self._changes[trouble.settings]
        return Advice(trouble.what, changes) if changes else None

    def _other_values(self, settings: tuple[str, ...]) -> dict[str, Any]:
        """Values that calibration finds for these settings, where they are others."""
        config = self.config
        given = {field.name for field in fields(Config)} - set(settings)
        found = calibrate(config, self.data, given).config
        changes = {name: getattr(found, name) for name in settings}
        if "learning_rate" in changes and len(changes) == 1:
            slower = float(f"{config.learning_rate / SLOWER:.2g}")
            changes["learning_rate"] = min(changes["learning_rate"], slower)
        return {k: v for k, v in changes.items() if v and v != getattr(config, k)}


# --- troubles, the first that is found counts ---------------------------------------


def _silent_layer(record: dict[str, Array], labels: Array) -> Trouble | None:
    silent = np.flatnonzero(record["spikes"][-1][:-1] == 0)
    if not silent.size:
        return None
    return Trouble(
        f"hidden layer {silent[0] + 1} did not spike, so it cannot learn",
        ("threshold_hidden", "threshold_output", "learning_rate"),
    )


def _dead_outputs(record: dict[str, Array], labels: Array) -> Trouble | None:
    if record["spikes"][-1][-1] > 0:
        return None
    return Trouble("no output spiked", ("threshold_output", "learning_rate"))


def _cut_traces(record: dict[str, Array], labels: Array) -> Trouble | None:
    share = record["saturation_traces"][-1][0]
    if share <= TRACES_CUT:
        return None
    what = f"{share:.0%} of the input spikes were cut off in their traces"
    return Trouble(what, ("input_impulse",))


def _at_chance(record: dict[str, Array], labels: Array) -> Trouble | None:
    accuracy = record["train_accuracy"]
    chance = float(np.bincount(labels).max() / len(labels))
    noise = 2 * math.sqrt(chance * (1 - chance) / len(labels))
    if len(accuracy) < PATIENCE or accuracy[-1] > chance + noise:
        return None
    return Trouble(
        f"after {len(accuracy)} epochs {accuracy[-1]:.1%} are right, as by chance",
        ("threshold_hidden", "threshold_output", "learning_rate"),
    )


def _at_limits(record: dict[str, Array], labels: Array) -> Trouble | None:
    share = record["weights_at_limit"][-1].max()
    if share <= WEIGHTS_AT_LIMIT:
        return None
    what = f"{share:.0%} of the weights of a layer stand at a limit"
    return Trouble(what, ("learning_rate",))


def _falling(record: dict[str, Array], labels: Array) -> Trouble | None:
    accuracy = record["train_accuracy"]
    if accuracy[-1] >= accuracy.max() - FALL:
        return None
    what = f"{accuracy[-1]:.1%} are right, after {accuracy.max():.1%} earlier"
    return Trouble(what, ("learning_rate",))


FINDERS: tuple[Callable[[dict[str, Array], Array], Trouble | None], ...] = (
    _silent_layer,
    _dead_outputs,
    _cut_traces,
    _at_limits,
    _at_chance,
    _falling,
)

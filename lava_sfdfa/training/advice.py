"""What to change where a training goes wrong: one sentence for each trouble, once.

The values are those that calibration finds for the data; a learning rate that led
astray becomes a quarter at most.
"""

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np

from lava_sfdfa.chip import widths
from lava_sfdfa.config import Config
from lava_sfdfa.data.samples import Dataset
from lava_sfdfa.errors import InputError
from lava_sfdfa.network.frozen import FrozenLayer
from lava_sfdfa.training.calibrate import calibrate
from lava_sfdfa.types import Array

TRACES_CUT = 0.05  # share of the input spikes from which on advice is given
WEIGHTS_AT_LIMIT = 0.15  # share; trainings that go well end below 0.04
PATIENCE = 2000  # samples that a training learns before anything is said
# How long a network may stay at chance: small and wide tables take their time.
CHANCE_EPOCHS, CHANCE_SHARE = 3, 0.25
FALL = 0.1  # of the accuracy on the samples that are learned
SLOWER = 4.0  # times; the rate of a training that went astray
LEAST_CHANGE = 1.2  # times; what is closer to the value there is helps nobody


@dataclass(frozen=True)
class Trouble:
    """What went wrong, and the settings that would have to be others."""

    what: str
    settings: tuple[str, ...]


@dataclass(frozen=True)
class Advice:
    """What went wrong, and other values of some settings, if there are any."""

    what: str
    changes: dict[str, Any]

    def sentence(self, config: Config, has_auto: bool) -> str:
        """The trouble, and what to try instead of the values of `config`.

        has_auto: whether the call that trains can do so itself.
        """
        if not self.changes:
            return (
                f"warning: {self.what}; calibration finds no other settings, so see "
                "whether the samples, their labels and what you set are as they should "
                "be"
            )
        before = _numbers(config)
        values = " and ".join(
            f"{name} {value:g} instead of {before[name]:g}"
            for name, value in self.changes.items()
        )
        auto = ", or let --auto (auto=True) do it" if has_auto else ""
        return f"warning: {self.what}; try {values}{auto}"


class Restart(Exception):  # noqa: N818 - no error, but the end of an attempt
    """Ends an attempt at a training, of which `advice` says what to change."""

    def __init__(self, advice: Advice):
        super().__init__(advice.what)
        self.advice = advice


class Adviser:
    """What to change in one training: it is asked after every epoch.

    labels: of the samples that are learned; front: the frozen layers below.
    """

    def __init__(
        self,
        config: Config,
        data: Dataset,
        labels: Array,
        front: tuple[FrozenLayer, ...] = (),
    ):
        self.config, self.data, self.labels, self.front = config, data, labels, front
        self._left = list(FINDERS)  # each trouble is told once

    def after(self, record: dict[str, Array]) -> Advice | None:
        """Advice after the epochs of a record, or None where there is nothing new."""
        n_epochs = len(record["train_accuracy"])
        is_early = n_epochs * len(self.labels) < PATIENCE
        if is_early and n_epochs < self.config.epochs:
            return None
        for find in self._left:
            if find is _at_chance and n_epochs < self.config.epochs * CHANCE_SHARE:
                continue
            trouble = find(record, self.labels)
            if trouble is not None:
                self._left.remove(find)
                return Advice(trouble.what, self._other_values(trouble.settings))
        return None

    def _other_values(self, settings: tuple[str, ...]) -> dict[str, Any]:
        """Values that calibration finds for these settings, where they are others."""
        config, before = self.config, _numbers(self.config)
        given = {field.name for field in fields(Config)} - set(settings)
        try:
            found = _numbers(calibrate(config, self.data, given, self.front).config)
        except InputError:  # what is given allows nothing better
            return {}
        if settings == ("learning_rate",):
            slower = float(f"{config.learning_rate / SLOWER:.2g}")
            found["learning_rate"] = min(found["learning_rate"], slower)
        return {
            name: found[name]
            for name in settings
            if not 1 / LEAST_CHANGE
            < found[name] / (before[name] or 1e-9)
            < LEAST_CHANGE
        }


def _numbers(config: Config) -> dict[str, Any]:
    """The settings by name; an input impulse that fills the traces is a number too."""
    impulse = config.input_impulse or widths.TRACE.maximum
    return {**asdict(config), "input_impulse": impulse}


# --- troubles, the first that is found counts ---------------------------------------


def _chance(labels: Array) -> float:
    """The accuracy of whoever always says the most frequent class."""
    return float(np.bincount(labels).max() / len(labels))


def _noise(accuracy: float, labels: Array) -> float:
    """What the accuracy on so many samples may be off by: two standard deviations."""
    return 2 * math.sqrt(accuracy * (1 - accuracy) / len(labels))


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
    accuracy, chance = record["train_accuracy"], _chance(labels)
    if chance == 1:  # one class, of which a note has been said
        return None
    if len(accuracy) < CHANCE_EPOCHS or accuracy[-1] > chance + _noise(chance, labels):
        return None
    return Trouble(
        f"after {len(accuracy)} epochs {accuracy[-1]:.1%} are right, as by chance",
        ("threshold_hidden", "threshold_output", "learning_rate"),
    )


def _at_limits(record: dict[str, Array], labels: Array) -> Trouble | None:
    share = record["weights_at_limit"][-1].max()
    half_way = (1 + _chance(labels)) / 2
    if share <= WEIGHTS_AT_LIMIT or record["train_accuracy"][-1] > half_way:
        return None
    what = f"{share:.0%} of the weights of a layer stand at a limit"
    return Trouble(what, ("learning_rate",))


def _falling(record: dict[str, Array], labels: Array) -> Trouble | None:
    accuracy = record["train_accuracy"]
    best = float(accuracy.max())
    if accuracy[-1] >= best - FALL - _noise(best, labels):
        return None
    what = f"{accuracy[-1]:.1%} are right, after {best:.1%} earlier"
    return Trouble(what, ("learning_rate",))


FINDERS: tuple[Callable[[dict[str, Array], Array], Trouble | None], ...] = (
    _silent_layer,
    _dead_outputs,
    _cut_traces,
    _at_limits,
    _at_chance,
    _falling,
)

"""The loop over epochs: one for integers, for floating point and the exact gradient."""

from collections.abc import Callable
from typing import Protocol

from lava_sfdfa.training.display import Display
from lava_sfdfa.training.folder import RunFolder
from lava_sfdfa.training.record import Row


class Meter:
    """Counts what was right in an epoch, and tells a display."""

    def __init__(self, display: Display):
        self._display = display
        self.n_seen = self.n_right = 0

    def count(self, n_samples: int, n_right: int, **figures: float) -> None:
        """So many samples more were learned, of which so many were right before."""
        self.n_seen += n_samples
        self.n_right += n_right
        self._display.advance(n_samples, {"accuracy": self.accuracy, **figures})

    @property
    def accuracy(self) -> float:
        """Share that was right before it was learned."""
        return self.n_right / max(1, self.n_seen)


class Learner(Protocol):
    """What the loop drives."""

    @property
    def n_samples(self) -> int:
        """Samples that an epoch learns."""

    def learn(self, epoch: int, meter: Meter) -> Row:
        """Learn all samples once, tell `meter`, and return the row of the epoch."""


def run_epochs(
    learner: Learner,
    epochs: range,
    display: Display,
    folder: RunFolder,
    save: Callable[[int, Row], None],
    more: str = "",
) -> None:
    """Let a learner learn for some epochs.

    save: called after every epoch with its number and row; more: how to go on, for the
    message of `Stopped`, which Ctrl-C becomes.
    """
    saved = epochs.start
    try:
        for epoch in epochs:
            display.start(epoch, learner.n_samples)
            row = learner.learn(epoch, Meter(display))
            save(epoch, row)
            saved = epoch + 1
            display.finish(epoch, row)
    except KeyboardInterrupt:
        raise folder.stopped(saved, epochs.stop, more) from None

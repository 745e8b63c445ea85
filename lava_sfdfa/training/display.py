"""What a training tells while it runs."""

from typing import Any, Protocol


class Display(Protocol):
    """What training tells while it runs; see `commands/train.py`."""

    def say(self, text: str) -> None:
        """A sentence that stays."""

    def start(self, epoch: int, n_samples: int) -> None:
        """An epoch begins."""

    def advance(self, n_samples: int, state: dict[str, float]) -> None:
        """`n_samples` more were learned; `state`: figures of the epoch so far."""

    def finish(self, epoch: int, state: dict[str, Any]) -> None:
        """An epoch has ended; `state` as in the record."""

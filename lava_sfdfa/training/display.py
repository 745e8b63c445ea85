"""What a training tells while it runs, and who shows it."""

import warnings
from typing import Any, Protocol

from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from lava_sfdfa.console import console
from lava_sfdfa.errors import TrainingWarning
from lava_sfdfa.training.record import Row, shares_at_limit

WARNING = "warning: "  # how a sentence about what goes wrong begins


class Display(Protocol):
    """What a training tells while it runs."""

    def say(self, text: str) -> None:
        """A sentence that stays."""

    def start(self, epoch: int, n_samples: int) -> None:
        """An epoch begins."""

    def advance(self, n_samples: int, state: dict[str, float]) -> None:
        """`n_samples` more were learned; `state`: figures of the epoch so far."""

    def finish(self, epoch: int, row: Row) -> None:
        """An epoch has ended; `row` as in the record."""

    def beside(self, title: str) -> "Display":
        """A display for one of several trainings at once."""


class Silence:
    """A display that shows nothing."""

    def say(self, text: str) -> None:
        """Nothing is said."""

    def start(self, epoch: int, n_samples: int) -> None:
        """No bar."""

    def advance(self, n_samples: int, state: dict[str, float]) -> None:
        """Nothing moves."""

    def finish(self, epoch: int, row: Row) -> None:
        """No line."""

    def beside(self, title: str) -> "Silence":
        """Itself."""
        return self


class Warnings(Silence):
    """A display of nothing but warnings, which become Python's; a context manager."""

    def say(self, text: str) -> None:
        """Only what goes wrong is said."""
        if text.startswith(WARNING):
            said = TrainingWarning(text.removeprefix(WARNING))
            warnings.warn(said, stacklevel=2)

    def __enter__(self) -> "Warnings":
        return self

    def __exit__(self, *exception: object) -> None:
        pass


class Bar:
    """A bar and a line an epoch, on standard error; a context manager.

    progress: where other bars are shown already; title: of the training.
    """

    def __init__(
        self, n_epochs: int, progress: Progress | None = None, title: str = ""
    ):
        self.n_epochs, self.title = n_epochs, title
        self.progress = progress or Progress(
            TextColumn("{task.fields[epoch]}"),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[figures]}"),
            TimeRemainingColumn(),
            console=console,
            transient=True,
        )
        self.task = self.progress.add_task("", epoch="", figures="", visible=False)

    def __enter__(self) -> "Bar":
        self.progress.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.progress.stop()

    def say(self, text: str) -> None:
        """A sentence that stays."""
        self.progress.console.print(f"{self.title}{text}", style="dim")

    def beside(self, title: str) -> "Bar":
        """A bar below this one."""
        return Bar(self.n_epochs, self.progress, f"{title}: ")

    def start(self, epoch: int, n_samples: int) -> None:
        """A new bar."""
        title = f"{self.title}epoch {epoch + 1}/{self.n_epochs}"
        fields: dict[str, Any] = {"epoch": title, "figures": ""}
        self.progress.reset(self.task, total=n_samples, visible=True, **fields)

    def advance(self, n_samples: int, state: dict[str, float]) -> None:
        """Move the bar, and show the figures of the epoch so far."""
        speed = self.progress.tasks[self.task].speed or 0.0
        figures = f"{state['accuracy']:.1%} right  {speed:,.0f} samples/s"
        if "spikes" in state:
            figures += f"  {state['spikes']:.0f} hidden spikes"
        if "saturation" in state:
            figures += f"  {state['saturation']:.1%} saturated"
        self.progress.update(self.task, advance=n_samples, figures=figures)

    def finish(self, epoch: int, row: Row) -> None:
        """The line of an epoch."""
        self.progress.console.print(
            f"{self.title}epoch {epoch + 1}/{self.n_epochs}: {sentence_of(row)}"
        )
        if epoch + 1 == self.n_epochs:
            self.progress.update(self.task, visible=False)


def sentence_of(row: Row) -> str:
    """A row of the record in words."""
    parts = [f"training {row['train_accuracy']:.2%}"]
    if "val_accuracy" in row:
        parts[0] += f", validation {row['val_accuracy']:.2%}"
    spikes = ", ".join(f"{count:.0f}" for count in row.get("spikes", ()))
    if spikes:
        parts.append(f"spikes a sample {spikes}")
    cosines = ", ".join(f"{cosine:.2f}" for cosine in row.get("alignment", ()))
    if cosines:
        parts.append(f"alignment {cosines}")
    if row.get("silent"):
        parts.append(f"silent neurons {', '.join(map(str, row['silent']))}")
    if "weights_at_limit" in row:
        shares = shares_at_limit(row)
        weights, visited = shares.pop("weights"), shares.pop("visited_weights")
        limits = f"weights {weights:.1%} ({visited:.1%} of those visited), "
        limits += ", ".join(f"{name} {share:.1%}" for name, share in shares.items())
        parts.append(f"at a limit: {limits}")
    return "; ".join(parts)

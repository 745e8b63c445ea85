"""What people see while something runs: words and progress bars on standard error."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from rich.console import Console
from rich.progress import Progress

Progressed = Callable[[int, int], None]  # called with what is done, and all


class Terminal(Console):
    """A console that takes text as it is, and goes quiet where nobody reads it."""

    def __init__(self, **options: Any):
        super().__init__(
            highlight=False, markup=False, emoji=False, soft_wrap=True, **options
        )

    def on_broken_pipe(self) -> None:
        """The reader has seen enough; the work goes on."""
        self.quiet = True


console = Terminal(stderr=True)


@contextlib.contextmanager
def progress_bar(title: str, shown: bool) -> Iterator[Progressed]:
    """A bar that `done, total` moves; without `shown`, nothing is printed."""
    if not shown:
        yield lambda done, total: None
        return
    with Progress(console=console, transient=True) as progress:
        task: Any = progress.add_task(title, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)

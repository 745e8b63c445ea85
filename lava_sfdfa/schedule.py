"""One sample, step by step: which step of its period does what.

T steps of presentation, then the payloads pass the L hidden layers, one a step, and
what follows is the same for every network. See the table in README.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Schedule:
    """The steps of a sample, numbered from 0."""

    steps: int  # T, of presentation
    n_hidden: int  # L

    def probe(self, layer: int) -> int:
        """Hidden layer `layer` sends its payloads; the next reads them a step later."""
        return self.steps + layer

    def copy(self, layer: int) -> int:
        """Symmetric feedback: a layer's paths are copied, the upper layer first."""
        return self.error - 2 - layer

    @property
    def error(self) -> int:
        """Outputs know their errors, send them, and learn."""
        return self.steps + self.n_hidden

    @property
    def commit(self) -> int:
        """Hidden neurons receive the errors and learn."""
        return self.error + 1

    @property
    def reset(self) -> tuple[int, int]:
        """Tags return to zero: two steps, since one fails now and then in Lava."""
        return self.error + 2, self.error + 3

    @property
    def feedback(self) -> int:
        """Outputs send what they read of the payloads; feedback weights learn."""
        return self.error + 4

    @property
    def rest(self) -> int:
        """The last step: all state of the sample returns to zero."""
        return self.error + 5

    @property
    def period(self) -> int:
        """Steps of a whole sample, P."""
        return self.error + 6

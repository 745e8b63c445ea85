"""All that keeps a file from being read, in one sentence."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from lava_sfdfa.errors import LONGEST, InputError


class Limits:
    """Collects what is wrong with a file, so that a user hears of all at once."""

    def __init__(self, path: Path):
        self.path, self._found = path, list[str]()

    @contextlib.contextmanager
    def here(self) -> Iterator[None]:
        """Note an InputError and go on behind the block."""
        try:
            yield
        except InputError as error:
            self.add(str(error).removeprefix(f"{self.path}: "))

    def add(self, limit: str) -> None:
        """Note a limit, once. limit: names node, what is wrong, and the remedy."""
        if limit not in self._found:
            self._found.append(limit)

    def check(self) -> None:
        """Errors: InputError with all that was noted; more than fit are counted."""
        if self._found:
            raise InputError(_sentence(f"{self.path}: ", self._found))


def _sentence(begin: str, found: list[str]) -> str:
    shown = found[:1]
    for limit in found[1:]:
        more = f"; and {len(found) - len(shown) - 1} more"
        if len(begin) + len("; ".join([*shown, limit])) + len(more) > LONGEST:
            break
        shown.append(limit)
    left = len(found) - len(shown)
    return begin + "; ".join(shown) + (f"; and {left} more" if left else "")

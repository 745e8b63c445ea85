"""What is left of a download that broke off: a file whose name says what it begins."""

import hashlib
import re
from email.message import Message
from pathlib import Path

from lava_sfdfa.files import PART


def part_of(path: Path, headers: Message, total: int | None) -> Path:
    """The part of a file as a server has it now: another version has another name.

    headers: of the answer; total: the bytes of the whole file, None where unknown.
    """
    version = headers.get("ETag") or headers.get("Last-Modified")
    mark = hashlib.sha256(f"{version} {total}".encode()).hexdigest()[:8]
    return path.with_name(f"{path.name}.{mark}{PART}")


def begun(path: Path) -> Path | None:
    """The part that a run before has left of a file, if one has."""
    found = _all(path)
    return found[0] if len(found) == 1 else None


def remove(path: Path) -> None:
    """Remove all parts of a file."""
    for part in _all(path):
        part.unlink()


def kept(path: Path) -> str:
    """What is left of a file, in words."""
    size = sum(part.stat().st_size for part in _all(path))
    if not size:
        return f"nothing of {path.name} was kept"
    return f"{size:,} bytes of {path.name} are kept, and the next run goes on there"


def _all(path: Path) -> list[Path]:
    name = re.compile(rf"{re.escape(path.name)}\.[0-9a-f]{{8}}{re.escape(PART)}")
    return [found for found in path.parent.iterdir() if name.fullmatch(found.name)]

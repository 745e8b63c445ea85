"""Files of others: a limit of what is read, a sentence for whatever libraries raise."""

import contextlib
import gzip
import io
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from lava_sfdfa.errors import InputError, SfdfaError
from lava_sfdfa.files import LIMIT_NAME, read_limit

PIECE = 2**20  # bytes that are read at a time
COUNTED = 10**15  # of bytes that a message tells
REASON_MOST = 200  # letters of what a library says
DAMAGED = "it is truncated or damaged, fetch it again"


@contextlib.contextmanager
def reading(problem: str, remedy: str) -> Iterator[None]:
    """Turn whatever a library raises into `problem (reason); remedy`.

    To stand around the calls of the library alone, so that it hides no fault of ours.
    Errors: InputError.
    """
    try:
        yield
    except SfdfaError:
        raise
    except Exception as error:
        raise InputError(f"{problem} ({reason(error)}); {remedy}") from None


def reason(error: Exception) -> str:
    """What a library says, in one line."""
    if isinstance(error, MemoryError):
        return "it needs more memory than there is"
    text = getattr(error, "strerror", None) or str(error)
    return text.strip()[:REASON_MOST] or type(error).__name__


def first_bytes(path: Path, most: int, problem: str, remedy: str) -> bytearray:
    """The first bytes of a file, at most so many, unpacked where it ends in `.gz`.

    problem, remedy: as of `reading`. Errors: InputError.
    """
    with reading(f"{path}: {problem}", remedy):
        if not path.is_file():  # a pipe would be waited for
            found = "it is a folder" if path.is_dir() else "there is no such file"
            raise FileNotFoundError(found)
        opened = gzip.open if path.suffix == ".gz" else open
        with opened(path, "rb") as file:
            return beginning(file, most)


def beginning(file: IO[bytes] | io.BufferedIOBase, most: int) -> bytearray:
    """The next bytes of an open file, at most so many, and no memory for more."""
    content = bytearray()
    while len(content) < most and (piece := file.read(min(PIECE, most - len(content)))):
        content += piece
    return content


def check_limit(size: int, where: str) -> None:
    """Refuse to read so many bytes. Errors: InputError."""
    if size > read_limit():
        found = (
            f"{min(size, COUNTED):,} bytes or more"  # there may be hundreds of digits
        )
        raise InputError(
            f"{where} would take {found}, which is beyond the limit of "
            f"{read_limit() // 2**20:,} MB; it is damaged, or {LIMIT_NAME} has to "
            "set a higher one"
        )

"""Files: written whole or not at all; how much is read; the cache folder."""

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from lava_sfdfa.errors import InputError

LIMIT_NAME, LIMIT_MB = "LAVA_SFDFA_READ_LIMIT_MB", 1024


@contextlib.contextmanager
def replacing(path: Path, option: str = "--out") -> Iterator[Path]:
    """A temporary file beside `path` to write to, which then takes its place.

    Nothing half-written is ever seen, and nothing is left where writing fails.
    Errors: InputError where the folder or the file cannot be written; option: which
    names another place.
    """
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
        os.close(handle)
    except OSError as error:
        raise InputError(
            f"{path.parent}: cannot be written ({error.strerror}); choose another "
            f"{option}"
        ) from None
    temporary = Path(name)
    try:
        yield temporary
        _make_readable(temporary)
        _flush(temporary)  # else a power failure may leave the name without content
        temporary.replace(path)
    except OSError as error:
        raise InputError(
            f"{path}: cannot be written ({error}); choose another {option}"
        ) from None
    finally:
        temporary.unlink(missing_ok=True)


def write_files(folder: Path, writers: dict[str, Callable[[Path], Any]]) -> None:
    """Write files into a folder, which is made; all are complete before one takes its
    name. Errors: InputError where the folder cannot be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"{folder}: cannot be made ({error.strerror}); choose another --out"
        ) from None
    with contextlib.ExitStack() as stack:
        for name, write in writers.items():
            write(stack.enter_context(replacing(folder / name)))


def _flush(path: Path) -> None:
    """Wait until a file is on the disk."""
    handle = os.open(path, os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _make_readable(path: Path) -> None:
    """Give a temporary file, which is private, the mode of any new file."""
    mask = os.umask(0)
    os.umask(mask)
    path.chmod(0o666 & ~mask)


def read_limit() -> int:
    """The most bytes that a file of others, or what it unpacks to, may take.

    Errors: InputError where the environment variable holds no such number.
    """
    text = os.environ.get(LIMIT_NAME, str(LIMIT_MB))
    if not (text.isascii() and text.isdigit() and len(text) < 10 and int(text)):
        raise InputError(
            f"{LIMIT_NAME} must be a number of megabytes from 1 to 999999999, not "
            f"{text!r:.40}"
        )
    return int(text) * 2**20


def user_cache() -> Path:
    """The folder for what can be made again: data sets and machine code."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "lava-sfdfa"

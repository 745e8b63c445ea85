"""Files: written whole or not at all, by one run at a time; how much is read; the cache
folder."""

import contextlib
import os
import platform
import re
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from lava_sfdfa.errors import InputError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

PART, SHOWN = ".part", 60  # the ending of temporary files; letters of their names
LIMIT_NAME, LIMIT_MB = "LAVA_SFDFA_READ_LIMIT_MB", 1024


@contextlib.contextmanager
def replacing(path: Path, option: str = "--out") -> Iterator[Path]:
    """A temporary file beside `path` to write to, which then takes its place.

    Nothing half-written is ever seen, and nothing is left where writing fails.
    Errors: InputError where the folder or the file cannot be written; option: which
    names another place.
    """
    if not path.name:  # such as --out ""
        raise InputError(f"{str(path)!r}: names no file; choose another {option}")
    try:
        _remove_strays(path)
        temporary = _new_file(path)
    except OSError as error:
        raise InputError(
            f"{path.parent}: cannot be written ({reason_of(error)}); choose another "
            f"{option}"
        ) from None
    try:
        yield temporary
        flush(temporary)  # else a power failure may leave the name without content
        temporary.replace(path)
    except OSError as error:
        raise InputError(
            f"{path}: cannot be written ({reason_of(error)}); choose another {option}"
        ) from None
    finally:
        temporary.unlink(missing_ok=True)


def reason_of(error: BaseException) -> str:
    """Why a file cannot be read or written, in a few words; HDF5 says it in a page."""
    inner = re.search(r"error message = '([^']+)'", str(error))
    if isinstance(error, OSError) and error.errno:
        return os.strerror(error.errno)
    return inner[1] if inner else str(error).partition("\n")[0]


def _new_file(path: Path) -> Path:
    """An empty file beside `path`, whose name says who writes it."""
    name = f".{path.name[:SHOWN]}.{_writer(os.getpid())}-{secrets.token_hex(4)}{PART}"
    os.close(os.open(path.with_name(name), os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    return path.with_name(name)


def _writer(pid: int) -> str:
    """A process in the name of a file; the same number may run on another machine."""
    return f"{re.sub('[^A-Za-z0-9]', '', platform.node())[:SHOWN]}-{pid}"


def _remove_strays(path: Path) -> None:
    """Remove what processes left that were killed while they wrote `path`."""
    start = f".{path.name[:SHOWN]}."
    for found in path.parent.iterdir():
        if found.name.startswith(start) and found.name.endswith(PART):
            writer = found.name[len(start) :].rpartition("-")[0]
            pid = writer.rpartition("-")[2]
            if pid.isdecimal() and writer == _writer(int(pid)) and _has_ended(int(pid)):
                found.unlink(missing_ok=True)


def _has_ended(pid: int) -> bool:
    """Whether no process has this number, where the system tells it."""
    if os.name != "posix":
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        return False
    return False


@contextlib.contextmanager
def locked(folder: Path | None, option: str = "--out") -> Iterator[None]:
    """A folder, made where it is missing, into which nobody else writes meanwhile.

    None is no folder. The lock is on the folder itself, leaves nothing behind, and ends
    with the process; a folder that was made and stays empty is removed. Errors:
    InputError where another run holds it, or where the folder cannot be made.
    """
    if folder is None or fcntl is None:
        yield
        return
    try:
        made = [each for each in (folder, *folder.parents) if not each.exists()]
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder, os.O_RDONLY)
    except FileExistsError:
        raise InputError(
            f"{folder}: is a file, not a folder; choose another {option}"
        ) from None
    except OSError as error:
        raise InputError(
            f"{folder}: cannot be written ({reason_of(error)}); choose another {option}"
        ) from None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise InputError(
            f"{folder}: another run writes into this folder; wait until it ends, or "
            f"choose another {option}"
        ) from None
    except OSError:  # some network file systems have no locks
        pass
    try:
        yield
    finally:
        with contextlib.suppress(OSError):  # what holds something is kept
            for each in made:
                each.rmdir()
        os.close(handle)


def write_files(folder: Path, writers: dict[str, Callable[[Path], Any]]) -> None:
    """Write files into a folder, which is made; all are complete before one takes its
    name. Errors: InputError where the folder cannot be written."""
    with locked(folder), contextlib.ExitStack() as stack:
        for name, write in writers.items():
            write(stack.enter_context(replacing(folder / name)))


def flush(path: Path) -> None:
    """Wait until a file is on the disk."""
    handle = os.open(path, os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


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

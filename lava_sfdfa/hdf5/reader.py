"""Reads an HDF5 file by a child process, which a damaged file may hang or end.

The child is started when it is first needed and reads all files of this process, one
at a time. It is given a time that depends on the size of the file, and is ended after
that; the next file gets a new one.
"""

import atexit
import contextlib
import importlib.util
import json
import os
import signal
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lava_sfdfa.errors import BackendError, InputError
from lava_sfdfa.files import LIMIT_NAME, read_limit
from lava_sfdfa.foreign import first_bytes
from lava_sfdfa.types import Array

CHILD = Path(__file__).with_name("child.py")
HEAD = struct.Struct(">QQ")  # see `child.py`
# The time limits: far beyond what any honest file takes.
SECONDS, BYTES_A_SECOND = 2.0, 1_000_000
START_SECONDS = 60.0  # to start Python and import h5py
INDEX_MOST = 2**28  # bytes of the index of an answer


@dataclass(frozen=True)
class Group:
    """A group of a file.

    entries: groups, `Rows`, and values as h5py gives them: arrays, scalars of numpy,
    and bytes for texts; attributes: values, with str for texts.
    """

    entries: dict[str, Any]
    attributes: dict[str, Any]

    def get(self, path: str, default: Any = None) -> Any:
        """The entry at a path such as `neuron/type`, or the default."""
        name, _, rest = path.partition("/")
        entry = self.entries.get(name, default)
        if not rest:
            return entry
        return entry.get(rest, default) if isinstance(entry, Group) else default

    def __contains__(self, path: str) -> bool:
        return self.get(path) is not None

    def group(self, path: str) -> "Group":
        """The group at a path. Errors: LookupError for none."""
        entry = self.get(path)
        if not isinstance(entry, Group):
            raise LookupError(f"there is no group {path}")
        return entry

    def value(self, path: str) -> Any:
        """Values of one shape at a path, a scalar or an array. Errors: LookupError."""
        entry = self.get(path)
        if entry is None or isinstance(entry, (Group, Rows)):
            raise LookupError(f"there is no data set {path}")
        return entry


@dataclass(frozen=True)
class Rows:
    """Rows of numbers, each of a length of its own."""

    values: Array  # (n_values,), those of all rows, one after the other
    lengths: Array  # (n_rows,) int64


def read_file(path: Path, problem: str, remedy: str) -> Group:
    """All that a file holds, which is unpacked where its name ends in `.gz`.

    problem, remedy: of the message where it cannot be read, such as "is not a readable
    plan" and "compile it again". Errors: InputError; BackendError without h5py.
    """
    content = first_bytes(path, read_limit() + 1, problem, remedy)
    return read_bytes(content, f"{path}: {problem}", remedy)


def read_bytes(content: bytes | bytearray, problem: str, remedy: str) -> Group:
    """All that the bytes of a file hold; as `read_file`, but `problem` says where."""
    limit = read_limit()
    if len(content) > limit:
        raise InputError(
            f"{problem} (it takes more than {limit // 2**20:,} MB); "
            f"{LIMIT_NAME} sets a higher limit"
        )
    child = _children.setdefault(os.getpid(), Child())
    try:
        return child.read(content, limit)
    except UnreadableError as error:
        raise InputError(f"{problem} ({error}); {remedy}") from None


# --- the child ------------------------------------------------------------------------


class UnreadableError(Exception):
    """Why a file cannot be read."""


class EndedError(UnreadableError):
    """The child ended while it read."""


class Child:
    """The process that reads, for all threads of this one."""

    def __init__(self) -> None:
        self.process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()

    def read(self, content: bytes | bytearray, most: int) -> Group:
        """What a file holds; most: bytes it may take. Errors: UnreadableError."""
        with self._lock:
            used = self.process is not None
            try:
                return self._ask(content, most)
            except EndedError:
                if not used:
                    raise
            return self._ask(content, most)  # it may have ended before, and not of this

    def stop(self) -> None:
        """End the process, whatever it does."""
        process, self.process = self.process, None
        if process is not None:
            process.kill()
            process.wait()
            _close(process)

    def leave(self) -> None:
        """Close what a fork has of the process, which goes on for its parent."""
        if self.process is not None:
            self.process.returncode = 0  # not ours to wait for
            _close(self.process)

    def _ask(self, content: bytes | bytearray, most: int) -> Group:
        try:
            if self.process is None:
                self._start()
            with self._limited(SECONDS + len(content) / BYTES_A_SECOND):
                _send(self.process, HEAD.pack(len(content), most))
                _send(self.process, content)
                index, values = _receive(self.process, 3 * most + INDEX_MOST)
        except BaseException:  # also Ctrl-C: half an answer would be that of the next
            self.stop()
            raise
        if "error" in index:
            raise UnreadableError(index["error"])
        return _decoded(index, values)

    def _start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(CHILD), *_folders()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            env={
                **os.environ,
                "OPENBLAS_NUM_THREADS": "1",
                "HDF5_PLUGIN_PRELOAD": "::",
            },
        )
        with self._limited(START_SECONDS):
            _receive(self.process, 0)

    @contextlib.contextmanager
    def _limited(self, seconds: float) -> Iterator[None]:
        """End the child after a time. Errors: UnreadableError, EndedError."""
        process, late = self.process, threading.Event()
        assert process is not None

        def end() -> None:
            late.set()
            process.kill()

        timer = threading.Timer(seconds, end)
        timer.daemon = True
        timer.start()
        try:
            yield
        except (OSError, EOFError):
            code = process.wait()
            if late.is_set():
                raise UnreadableError(
                    "the HDF5 library does not get through it"
                ) from None
            raise EndedError(_ending(code)) from None
        finally:
            timer.cancel()


def _ending(code: int) -> str:
    """In words how a process ended. code: of `Popen.wait`."""
    if code >= 0:
        return f"the HDF5 library ended with the code {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = str(-code)
    return f"the HDF5 library was ended by the signal {name}"


def _folders() -> list[str]:
    """Where the child finds its packages. Errors: BackendError."""
    folders = []
    for package in ("numpy", "h5py"):
        spec = importlib.util.find_spec(package)
        if spec is None or spec.origin is None:
            raise BackendError(f"{package} is missing; install it with pip")
        folders.append(str(Path(spec.origin).parents[1]))
    return folders


def _close(process: Any) -> None:
    process.stdin.close()
    process.stdout.close()


def _send(process: Any, data: bytes | bytearray) -> None:
    view = memoryview(data)
    while view:
        view = view[process.stdin.write(view) :]


def _receive(process: Any, most: int) -> tuple[dict[str, Any], Array]:
    """An answer: its index, and its values as bytes. Errors: EOFError."""
    n_index, n_values = HEAD.unpack(_bytes(process, HEAD.size).tobytes())
    if n_index > INDEX_MOST or n_values > most:
        raise EOFError
    return json.loads(_bytes(process, n_index).tobytes()), _bytes(process, n_values)


def _bytes(process: Any, size: int) -> Array:
    """So many bytes of the child: uint8. Errors: EOFError where it ends before."""
    data = np.empty(size, np.uint8)
    view = data.data
    while view:
        n_read = process.stdout.readinto(view)
        if not n_read:
            raise EOFError
        view = view[n_read:]
    return data


# One of each process: after a fork, the pipes belong to the parent.
_children: dict[int, Child] = {}


@atexit.register
def _stop() -> None:
    for pid, child in _children.items():
        if pid == os.getpid():
            child.stop()
        else:
            child.leave()


# --- answers --------------------------------------------------------------------------


def _decoded(index: dict[str, Any], values: Array) -> Group:
    """A group of an index, see `child.py`. values: as `_receive` gives them."""

    def decode(entry: dict[str, Any]) -> Any:
        if entry["kind"] == "group":
            return _decoded(entry, values)
        return _value(entry, values)

    return Group(
        {name: decode(entry) for name, entry in index["entries"].items()},
        {name: _value(entry, values) for name, entry in index["attributes"].items()},
    )


def _value(entry: dict[str, Any], values: Array) -> Any:
    shape = tuple(entry["shape"])
    if entry["kind"] == "text":
        return _texts(entry, shape, values)
    array = _array(values, entry["at"], entry["dtype"], shape)
    if entry["kind"] == "rows":
        return Rows(array, _array(values, entry["lengths"], "<i8", (entry["n"],)))
    return array[()]  # a scalar where there is no shape


def _texts(entry: dict[str, Any], shape: tuple[int, ...], values: Array) -> Any:
    lengths = _array(values, entry["lengths"], "<i8", shape).ravel()
    ends = entry["at"] + np.cumsum(lengths, dtype=np.int64)
    pieces = [values[e - n : e].tobytes() for n, e in zip(lengths, ends, strict=True)]
    texts = np.empty(len(pieces), object)
    texts[:] = pieces if entry["bytes"] else [piece.decode() for piece in pieces]
    return texts.reshape(shape)[()]


def _array(values: Array, begin: int, dtype: str, shape: tuple[int, ...]) -> Array:
    kind = np.dtype(dtype)
    assert not kind.hasobject
    size = int(np.prod(shape, dtype=np.int64)) * kind.itemsize
    return values[begin : begin + size].view(kind).reshape(shape)

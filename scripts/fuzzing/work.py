"""Workers that read cases one after the other, and a watch over them."""

import contextlib
import multiprocessing
import os
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import lava_sfdfa
from fuzzing.reader import Case, Reader
from fuzzing.readers import READERS
from lava_sfdfa.errors import SfdfaError
from lava_sfdfa.files import LIMIT_NAME, user_cache

OUTCOMES = (
    "ok", "refused", "sentence", "traceback", "signal", "hang", "memory", "wrote",
)  # fmt: skip
GOOD = ("ok", "refused")
SENTENCE_MOST = 500  # letters of a message
MEMORY_MOST = 2**30  # bytes that a worker may take
SHARED_MEMORY = Path("/dev/shm")  # where files are written fastest
SCRATCH = SHARED_MEMORY if SHARED_MEMORY.is_dir() else None
READ_LIMIT_MB = "128"  # of the readers, so that the limit of memory is never theirs


@dataclass
class Finding:
    """A case that went wrong; where: the line, for findings of one kind."""

    number: int
    outcome: str
    detail: str
    where: str


@dataclass
class Tally:
    """What became of the cases of a reader."""

    counts: Counter = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)
    seconds: float = 0.0

    def add(self, finding: Finding) -> None:
        """Count a case that went wrong."""
        self.counts[finding.outcome] += 1
        self.findings.append(finding)


# --- in the worker ------------------------------------------------------------------


class Guard:
    """Sees which files this process writes, and whether it unpickles or starts others.

    allowed: folders that may be written to. Installed once: Python cannot take it off.
    """

    writes = ("os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.symlink",
              "os.link", "os.chmod", "os.truncate", "shutil.rmtree")  # fmt: skip
    never = ("pickle.find_class", "os.system", "os.exec", "socket.connect")

    def __init__(self, allowed: list[Path]):
        self.allowed = [os.path.realpath(path) for path in allowed]
        self.seen: list[str] = []
        sys.addaudithook(self._hear)

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event in self.never:
            self.seen.append(f"{event} {arguments[:1]!r:.200}")
        elif event == "open":
            path, _, flags = arguments
            writes = isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR)
            if writes and isinstance(path, (str, bytes)):
                self._check(event, os.fsdecode(path))
        elif event in self.writes:
            self._check(event, str(arguments[0]))

    def _check(self, event: str, path: str) -> None:
        real = os.path.realpath(path)
        if "__pycache__" not in real and not real.startswith(
            (*self.allowed, "/dev/null")
        ):
            self.seen.append(f"{event} {real:.200}")


def read_case(reader: Reader, folder: Path) -> tuple[str, str, str]:
    """Outcome, detail and line of what is in a folder."""
    try:
        reader.read(folder)
        return "ok", "", ""
    except SfdfaError as error:
        text = str(error)
        is_sentence = "\n" not in text and 0 < len(text) < SENTENCE_MOST
        frame = _last_line(error)
        return ("refused", "", "") if is_sentence else ("sentence", text[:2000], frame)
    except Exception as error:
        return "traceback", traceback.format_exc()[-2000:], _last_line(error)


def _last_line(error: BaseException) -> str:
    """The last line of ours that an error came through, and its type."""
    frames = traceback.extract_tb(error.__traceback__)
    root = str(Path(lava_sfdfa.__file__).parents[1])
    ours = [
        f for f in frames if f.filename.startswith(root) and "fuzzing" not in f.filename
    ]
    frame = (ours or list(frames))[-1]
    return f"{type(error).__name__} at {Path(frame.filename).name}:{frame.lineno}"


class Disk:
    """The files of a case in a folder, of which only what changes is written."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.here: Case = {}

    def put(self, case: Case) -> None:
        """Make the folder hold a case and nothing else."""
        if self.here.keys() - case.keys():
            self.here = {}
            shutil.rmtree(self.folder)
        for name, content in case.items():
            if self.here.get(name) != content:
                path = self.folder / name
                with contextlib.suppress(OSError):  # a name that is a folder too
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_bytes(content)
        self.here = case


def work(
    name: str, seed: int, numbers: range, pipe: Any, board: "Board", folder: str
) -> None:
    """Read the cases of some numbers; findings go into the pipe, the rest on the
    board."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ[LIMIT_NAME] = READ_LIMIT_MB
    warnings.simplefilter("ignore")
    warnings.simplefilter("error", RuntimeWarning)
    reader, guard = READERS[name], Guard([Path(folder), user_cache()])
    disk = Disk(Path(folder) / "case")
    limit_memory()
    for number in numbers:
        disk.put(reader.case(name, seed, number))
        guard.seen.clear()
        board.number.value, board.since.value = number, time.monotonic()
        outcome, detail, where = read_case(reader, disk.folder)
        board.since.value = 0.0
        if guard.seen:
            outcome, detail, where = "wrote", str(guard.seen[:3]), guard.seen[0]
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        if peak > MEMORY_MOST:
            outcome, detail, where = "memory", f"{peak:,} bytes", "memory"
        if outcome in GOOD:
            board.counts[GOOD.index(outcome)] += 1
        else:
            pipe.send(Finding(number, outcome, detail, where))
        if peak > MEMORY_MOST:
            break  # it does not fall again: another worker goes on
    os._exit(0)


def limit_memory() -> None:
    """What may be asked for, beside what is there: far more than a worker may use."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * resource.getpagesize() + 2 * MEMORY_MOST
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


# --- the watch ------------------------------------------------------------------------


class Board:
    """What a worker tells its watch: the case it is at, when it began to read it (0
    when it does not), and how many were good."""

    def __init__(self, context: Any):
        self.number = context.Value("q", -1, lock=False)
        self.since = context.Value("d", 0.0, lock=False)
        self.counts = context.Array("q", len(GOOD), lock=False)


class Job:
    """One worker at a time, for some numbers of a reader."""

    def __init__(self, name: str, seed: int, numbers: range, tally: Tally):
        self.name, self.seed, self.tally = name, seed, tally
        self.rest = numbers  # that no worker has begun
        self.again: int | None = None  # a number that hung once
        self.process: Any = None
        if numbers:
            self.start()

    def start(self) -> None:
        """A new worker for the rest."""
        context = multiprocessing.get_context("fork")
        self.pipe, theirs = context.Pipe(False)
        self.board, self.folder = (
            Board(context),
            tempfile.mkdtemp(prefix="fuzz", dir=SCRATCH),
        )
        arguments = (self.name, self.seed, self.rest, theirs, self.board, self.folder)
        self.process = context.Process(target=work, args=arguments)
        self.process.start()
        theirs.close()

    def watch(self) -> None:
        """Take what was found; replace a worker that hangs or has ended."""
        self._take()
        since, limit = self.board.since.value, READERS[self.name].limit_s
        if since and time.monotonic() > since + limit:
            number = self.board.number.value
            self.stop()
            if self.again == number:
                self.tally.add(Finding(number, "hang", f"more than {limit} s", "hang"))
            else:  # once may be the load of the machine
                self.rest, self.again = (
                    range(number, self.rest.stop, self.rest.step),
                    number,
                )
            self._go_on()
        elif not self.process.is_alive():
            code, number = self.process.exitcode, self.board.number.value
            self.stop()
            if code:
                self.tally.add(
                    Finding(number, "signal", f"code {code}", f"code {code}")
                )
            self._go_on()

    def stop(self) -> None:
        """End the worker, and count what it did."""
        if self.process is None:
            return
        self.process.kill()
        self.process.join()
        self._take()
        shutil.rmtree(self.folder, ignore_errors=True)
        self.process = None
        self.tally.counts.update(dict(zip(GOOD, self.board.counts, strict=True)))
        after = self.board.number.value + self.rest.step
        self.rest = range(max(self.rest.start, after), self.rest.stop, self.rest.step)

    def _go_on(self) -> None:
        if self.rest:
            self.start()

    def _take(self) -> None:
        with contextlib.suppress(EOFError, OSError):
            while self.pipe.poll():
                self.tally.add(self.pipe.recv())


def fuzz(name: str, seed: int, n_cases: int, seconds: float, n_jobs: int) -> Tally:
    """Read the cases of a reader until they or the time are at their end."""
    tally = Tally()
    began = time.monotonic()
    jobs = [Job(name, seed, range(k, n_cases, n_jobs), tally) for k in range(n_jobs)]
    try:
        while any(job.process for job in jobs) and time.monotonic() < began + seconds:
            time.sleep(0.05)
            for job in jobs:
                if job.process is not None:
                    job.watch()
    finally:
        for job in jobs:
            job.stop()
    tally.seconds = time.monotonic() - began
    return tally


def first_of_a_kind(findings: list[Finding], most: int) -> Iterator[Finding]:
    """At most so many findings of each outcome and line."""
    seen: Counter = Counter()
    for finding in findings:
        seen[finding.outcome, finding.where] += 1
        if seen[finding.outcome, finding.where] <= most:
            yield finding

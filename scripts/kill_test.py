"""Does a training that is killed at any moment leave a readable artifact?

A folder holds an earlier artifact. A training into it is killed at a random moment of
a random phase: encoding, learning, saving, the picture. Afterwards the folder must
hold a readable artifact, and the earlier one as well; and the training that goes on
must end with the digest of one that nobody killed. Prints how many signals fell into
which phase, and every failure.

    python scripts/kill_test.py [--kills 200] [--others 10] [--seed 0] [--old-order]

--others: of SIGTERM, SIGHUP and SIGINT each. --old-order: with the fault that this is
to find, the old file renamed before the new one is written. Needs a system with fork.
"""

import argparse
import collections
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import lava_sfdfa as ls
from lava_sfdfa.training import picture, run
from lava_sfdfa.training.folder import BACKUP, RunFolder

PHASES = ("encode", "learn", "save", "picture")
SETTINGS: dict[str, Any] = {"hidden": [30], "epochs": 3, "limit": 300}


def main() -> None:
    """Kill trainings, one after the other."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--others", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--old-order", action="store_true")
    options = parser.parse_args()
    begin, rng = time.perf_counter(), random.Random(options.seed)
    signals = [signal.SIGKILL] * options.kills
    for other in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signals += [other] * options.others
    with tempfile.TemporaryDirectory() as place:
        test = KillTest(Path(place), rng, options.old_order)
        for number, sent in enumerate(signals):
            test.kill_one(sent, PHASES[number % len(PHASES)])
    print(
        json.dumps(
            {
                "signals": len(signals),
                "fell_into": {key: dict(found) for key, found in test.fell.items()},
                "failures": test.failures,
                "seed": options.seed,
                "seconds": round(time.perf_counter() - begin, 1),
            }
        )
    )
    sys.exit(1 if test.failures else 0)


class KillTest:
    """The artifacts that all kills are compared with, and what was found."""

    def __init__(self, place: Path, rng: random.Random, old_order: bool):
        self.place, self.rng, self.old_order = place, rng, old_order
        self.earlier = ls.train("digits", out=place / "earlier", seed=7, **SETTINGS)
        self.digest = ls.train("digits", **SETTINGS).artifact.digest
        self.seconds = self._durations()
        self.fell: dict[str, collections.Counter[str]] = {}
        self.failures: list[str] = []

    def kill_one(self, sent: signal.Signals, phase: str) -> None:
        """Kill a training in a phase, and look at what it left."""
        out = self._folder()
        pid, events = self._start(out)
        fell = self._wait_and_kill(pid, events, sent, phase)
        self.fell.setdefault(sent.name, collections.Counter())[fell] += 1
        for problem in self._problems(out):
            self.failures.append(f"{sent.name} in {fell}: {problem}")

    def _folder(self) -> Path:
        out = self.place / "run"
        shutil.rmtree(out, ignore_errors=True)
        shutil.copytree(self.place / "earlier", out)
        return out

    def _start(self, out: Path) -> tuple[int, int]:
        """A training in a process of its own, which tells its phases to a pipe."""
        reading, writing = os.pipe()
        pid = os.fork()
        if pid:
            os.close(writing)
            return pid, reading
        code = 1
        try:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            if self.old_order:
                RunFolder.save = save_in_the_old_order  # type: ignore[method-assign]
            tell_phases(writing)
            ls.train("digits", out=out, **SETTINGS)
            code = 0
        finally:
            os._exit(code)

    def _wait_and_kill(
        self, pid: int, events: int, sent: signal.Signals, phase: str
    ) -> str:
        """Send a signal at a random moment of a phase. Returns the phase that it fell
        into; "between" is none."""
        wait_for = self.rng.choice([1, 2, 3]) if phase in ("learn", "save") else 1
        seen, now = "", "between"
        while wait_for and (event := os.read(events, 1).decode()):
            seen += event
            wait_for -= event == phase[0]
        time.sleep(self.rng.random() * self.seconds[phase])
        os.kill(pid, sent)
        os.waitpid(pid, 0)
        while event := os.read(events, 64).decode():
            seen += event
        os.close(events)
        for event in seen:
            now = next((name for name in PHASES if name[0] == event), "between")
        return now

    def _problems(self, out: Path) -> list[str]:
        """What is wrong in a folder after a kill."""
        problems, found = [], {}
        for name in ("network.h5", BACKUP):
            if (out / name).exists():
                try:
                    found[name] = ls.load(out / name).artifact
                except ls.InputError as error:
                    problems.append(str(error))
        if "network.h5" not in found:
            problems.append("there is no readable network.h5")
        digests = {artifact.digest for artifact in found.values()}
        if self.earlier.artifact.digest not in digests:
            problems.append("the earlier artifact is lost")
        left = found.get("network.h5", self.earlier.artifact)
        is_new = left.digest != self.earlier.artifact.digest
        goes_on = is_new and left.epochs_done < SETTINGS["epochs"]
        end = ls.train("digits", out=out, resume=goes_on, **SETTINGS)
        if end.artifact.digest != self.digest:
            problems.append("the training went on to another digest")
        if strays := [path.name for path in out.glob(".*")]:
            problems.append(f"there is still {strays}")
        return problems

    def _durations(self) -> dict[str, float]:
        """Seconds of each phase, of a training that nobody kills."""
        pid, events = self._start(self._folder())
        seconds, now, since = dict.fromkeys(PHASES, 0.0), "", time.perf_counter()
        while event := os.read(events, 1).decode():
            for name in PHASES:
                if now == name[0]:
                    took = time.perf_counter() - since
                    seconds[name] = max(seconds[name], took)
            now, since = event, time.perf_counter()
        os.waitpid(pid, 0)
        os.close(events)
        return seconds


def tell_phases(pipe: int) -> None:
    """Let each phase write its letter to a pipe at its begin, and a dot at its end."""

    def told(function: Callable[..., Any], phase: str) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            os.write(pipe, phase[0].encode())
            result = function(*arguments, **options)
            os.write(pipe, b".")
            return result

        return call

    run.encode = told(run.encode, "encode")  # type: ignore[attr-defined]
    run.FixedLearner.learn = told(run.FixedLearner.learn, "learn")  # type: ignore
    RunFolder.save = told(RunFolder.save, "save")  # type: ignore[method-assign]
    picture.draw_training = told(picture.draw_training, "picture")


def save_in_the_old_order(self: RunFolder, write: Callable[[Path], str]) -> None:
    """As an earlier version saved: the old file gives up its name first."""
    assert self.path is not None
    if self._keeps and self.path.exists():
        self.path.replace(self.path.with_name(BACKUP))
        time.sleep(0.005)  # of a large network
    self._keeps = False
    write(self.path)


if __name__ == "__main__":
    main()

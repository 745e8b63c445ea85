"""What is fuzzed is watched: each way to go wrong is seen, and counted once."""

import os
import resource
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from lava_sfdfa.errors import InputError

SCRIPTS = Path(__file__).parents[2] / "scripts"


@pytest.fixture(scope="module", autouse=True)
def scripts():
    sys.path.insert(0, str(SCRIPTS))
    yield
    sys.path.remove(str(SCRIPTS))


def refuse(folder):
    raise InputError("it is wrong; mend it")


def fail(folder):
    raise ZeroDivisionError


def write_elsewhere(folder):
    (folder.parents[1] / "fuzz-test-elsewhere").write_text("x")


READS = {
    "ok": lambda folder: None,
    "refused": refuse,
    "traceback": fail,
    "signal": lambda folder: os.kill(os.getpid(), 9),
    "hang": lambda folder: time.sleep(60),
    "memory": lambda folder: np.ones(2**26 + 2**24),
    "wrote": write_elsewhere,
}


@pytest.mark.parametrize("outcome", READS)
def test_each_way_to_go_wrong_is_counted(monkeypatch, outcome):
    """Of five cases, the third is read by the function; the others are fine."""
    from fuzzing import work
    from fuzzing.reader import Reader

    class Stub(Reader):
        limit_s = 1.0 if outcome == "hang" else 30.0

        def case(self, name, seed, number):
            return {"number": str(number).encode()}

    def read(folder):
        if (folder / "number").read_text() == "2":
            READS[outcome](folder)

    taken = (
        int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
    )
    monkeypatch.setattr(work, "MEMORY_MOST", taken + 2**28)
    monkeypatch.setitem(work.READERS, "stub", Stub(None, None, read))
    tally = work.fuzz("stub", 0, 5, 30, 1)
    expected = {"ok": 5} if outcome == "ok" else {"ok": 4, outcome: 1}
    assert {k: n for k, n in tally.counts.items() if n} == expected
    is_good = outcome in ("ok", "refused")
    assert [f.number for f in tally.findings] == ([] if is_good else [2])


def test_mutations_change_what_is_given():
    from random import Random

    from fuzzing.mutations import mutated_bytes, mutated_tree

    tree = {"a": np.arange(6).reshape(2, 3), "b": {"c": 3, "d": "text"}, "e": [1, 2]}
    before = repr(tree)
    trees = {repr(mutated_tree(Random(n), tree)) for n in range(100)}
    assert len(trees) > 80 and repr(tree) == before
    data = bytes(range(64))
    assert len({mutated_bytes(Random(n), data, [data[::-1]]) for n in range(100)}) > 80


def test_a_forged_artifact_has_the_right_digest(tmp_path):
    """Else nothing behind the digest would be reached."""
    from random import Random

    from fuzzing.mutations import copied
    from fuzzing.reader import write
    from fuzzing.readers import READERS

    reader = READERS["artifact"]
    reader.prepare()
    tree = copied(reader.trees[0])
    tree["n_learned"] += 2
    write(tmp_path, reader.encode(Random(1), tree))
    reader.read(tmp_path)
    tree["network"]["steps"] = -1
    write(tmp_path, reader.encode(Random(1), tree))
    with pytest.raises(InputError, match="steps"):
        reader.read(tmp_path)

"""What is written: whole or not at all, by one run at a time."""

import os
import re
import signal
import subprocess
import sys

import h5py
import pytest

import lava_sfdfa as ls
from lava_sfdfa import files
from lava_sfdfa.files import locked, reason_of, replacing
from lava_sfdfa.hdf5.writer import write_hdf5

posix = pytest.mark.skipif(os.name != "posix", reason="needs signals")


def test_what_takes_the_place_has_the_mode_of_any_new_file(tmp_path):
    (tmp_path / "plain").touch()
    with replacing(tmp_path / "new") as temporary:
        temporary.write_text("whole")
        assert not (tmp_path / "new").exists()
    assert [p.name for p in sorted(tmp_path.iterdir())] == ["new", "plain"]
    modes = {p.stat().st_mode for p in tmp_path.iterdir()}
    assert len(modes) == 1


@posix
def test_what_a_killed_process_left_is_removed_by_the_next(tmp_path):
    code = (
        "import sys, os, signal; from pathlib import Path\n"
        "from lava_sfdfa.files import replacing\n"
        "with replacing(Path(sys.argv[1])) as temporary:\n"
        "    temporary.write_text('half'); os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    target = tmp_path / "network.h5"
    target.write_text("before")
    done = subprocess.run([sys.executable, "-c", code, target], check=False)
    assert done.returncode == -signal.SIGKILL
    (stray,) = tmp_path.glob(".*.part")
    other = tmp_path / ".other.h5.host-1-abcd.part"  # of another file
    living = tmp_path / f".network.h5.{files._writer(os.getppid())}-abcd.part"
    away = tmp_path / ".network.h5.elsewhere-999999-abcd.part"  # of another machine
    for path in (other, living, away):
        path.touch()
    with replacing(target) as temporary:
        temporary.write_text("after")
    assert target.read_text() == "after" and not stray.exists()
    assert other.exists() and living.exists() and away.exists()


@posix
def test_a_second_writer_gets_a_sentence(tmp_path):
    settings = {"hidden": [5], "epochs": 1, "limit": 20}
    first = ls.train("digits", out=tmp_path / "run", **settings)
    held = sorted(p.name for p in (tmp_path / "run").iterdir())
    with locked(tmp_path / "run"):
        writers = (
            lambda: ls.train("digits", out=tmp_path / "run", **settings),
            lambda: ls.stream("digits", out=tmp_path / "run", **settings),
            lambda: ls.compare("digits", out=tmp_path / "run", **settings),
            lambda: first.save(tmp_path / "run"),
            lambda: first.compile(board="oheo-gulch").save(tmp_path / "run"),
        )
        for write in writers:
            with pytest.raises(ls.InputError, match="another run writes into this"):
                write()
    assert sorted(p.name for p in (tmp_path / "run").iterdir()) == held
    ls.train("digits", out=tmp_path / "run", **settings)  # the lock has ended


@posix
def test_the_lock_of_a_killed_process_ends(tmp_path):
    code = (
        "import sys, time; from pathlib import Path\n"
        "from lava_sfdfa.files import locked\n"
        "with locked(Path(sys.argv[1])):\n"
        "    print('locked', flush=True); time.sleep(60)\n"
    )
    command = [sys.executable, "-c", code, tmp_path]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == "locked\n"
        with pytest.raises(ls.InputError, match="another run"), locked(tmp_path):
            pass
        other.kill()
    with locked(tmp_path):
        pass


# --- a disk that is full --------------------------------------------------------------

# Python ignores the signal, so that writing beyond the limit fails as on a full disk.
LIMITED = """
import resource, sys
import lava_sfdfa as ls
model = ls.train("digits", hidden=[200], epochs=1, limit=20)
resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
try:
    exec(sys.argv[1])
except ls.InputError as error:
    print(error)
"""


@posix
@pytest.mark.parametrize(
    "write",
    [
        "model.save('run')",
        "model.save('run/network.h5')",
        "ls.train('digits', hidden=[200], epochs=1, limit=20, out='run')",
        "ls.stream('digits', hidden=[200], limit=20, out='run')",
        "model.compile(board='oheo-gulch').save('run')",
        "model.export('run/x.net')",
        "model.export('run/x.nir')",
    ],
)
def test_a_full_disk_is_one_sentence_and_loses_nothing(tmp_path, write):
    if ".nir" in write:
        pytest.importorskip("nir", reason="nir is not installed")
    run = tmp_path / "run"
    run.mkdir()
    before = {}
    for name in ("network.h5", "plan.h5", "plan.json", "x.net", "x.nir"):
        (run / name).write_text("earlier")
        before[name] = b"earlier"
    code = LIMITED.replace("sys.argv[1]", repr(write))
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (sentence,) = done.stdout.splitlines()
    assert re.search(r"cannot be written \(File too large\); choose another", sentence)
    found = {path.name: path.read_bytes() for path in run.iterdir()}
    found.pop("network.previous.h5", None)
    assert found == before


def test_the_reason_is_a_few_words():
    page = "[Errno] write failed\ntime = ..., error message = 'No space left on device'"
    assert reason_of(OSError(page)) == "No space left on device"
    assert reason_of(OSError(28, "whatever")) == "No space left on device"
    assert reason_of(OSError("only words\nand more")) == "only words"


def test_what_is_written_in_memory_is_what_h5py_writes(tmp_path):
    write_hdf5(tmp_path / "x.h5", lambda file: file.create_dataset("a", data=[1, 2]))
    with h5py.File(tmp_path / "x.h5", "r") as file:
        assert file["a"][()].tolist() == [1, 2]

"""HDF5 files: all that is plain comes back, and whatever else is one sentence."""

import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import h5py
import numpy as np
import pytest

from lava_sfdfa.errors import InputError
from lava_sfdfa.files import LIMIT_NAME
from lava_sfdfa.hdf5 import reader
from lava_sfdfa.hdf5.reader import Group, Rows, read_bytes, read_file

ARTIFACT = Path(__file__).parents[1] / "artifact_v1.h5"


def read(path):
    return read_file(path, "is not readable", "take another")


def child():
    return reader._children[os.getpid()]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "a.h5"


# --- what comes back ------------------------------------------------------------------


def test_all_kinds_of_values_come_back(path):
    with h5py.File(path, "w") as file:
        file.attrs["text"], file.attrs["yes"], file.attrs["half"] = "ä", True, 0.5
        file["a/b/integers"] = np.arange(6, dtype=">i2").reshape(2, 3)
        file["a/scalar"], file["a/none"] = np.float32(1.5), np.zeros((10, 0), np.int8)
        file["a/text"], file["a/names"] = "word", ["one", "zwei", ""]
        file["a/short"] = np.array([b"ab", b"c"])
        file["a/empty"] = h5py.Empty("f8")
        rows = file.create_dataset("rows", (3,), h5py.vlen_dtype(np.uint16))
        rows[0], rows[2] = [7, 8], [9]
        packed = dict(compression="gzip", shuffle=True, fletcher32=True)
        file.create_dataset("packed", data=np.zeros((100, 100)), **packed)
        file.create_dataset("lzf", data=np.arange(100), compression="lzf")
    found = read(path)
    assert found.attributes == {"text": "ä", "yes": True, "half": 0.5}
    assert type(found.attributes["yes"]) is np.bool_
    integers = found.value("a/b/integers")
    assert integers.dtype == ">i2" and integers.tolist() == [[0, 1, 2], [3, 4, 5]]
    assert type(found.value("a/scalar")) is np.float32
    assert found.value("a/none").shape == (10, 0) and found.value("a/empty").size == 0
    assert found.value("a/text") == b"word"
    assert found.value("a/names").tolist() == [b"one", b"zwei", b""]
    assert found.value("a/short").dtype == "S2"
    assert isinstance(found.get("rows"), Rows)
    assert found.get("rows").lengths.tolist() == [2, 0, 1]
    assert found.get("rows").values.tolist() == [7, 8, 9]
    assert found.get("rows").values.dtype == np.uint16
    assert found.value("packed").shape == (100, 100)
    assert found.value("lzf").tolist() == list(range(100))
    assert "a/b" in found and "a/c" not in found and "a/text/b" not in found
    for look in (found.value, found.group):
        with pytest.raises(LookupError, match="there is no"):
            look("rows")


def test_an_artifact_is_what_h5py_reads():
    def compare(ours, theirs):
        assert list(ours.attributes) == list(theirs.attrs)
        for name, value in theirs.attrs.items():
            assert type(ours.attributes[name]) is type(value)
            assert ours.attributes[name] == value
        assert list(ours.entries) == list(theirs)
        for name, entry in theirs.items():
            if isinstance(entry, h5py.Group):
                compare(ours.entries[name], entry)
            else:
                value = ours.entries[name]
                assert value.dtype == entry.dtype and value.flags.writeable
                np.testing.assert_array_equal(value, entry[()])

    with h5py.File(ARTIFACT, "r") as file:
        assert len(file["layers"]) == 2
        compare(read(ARTIFACT), file)


def test_threads_share_a_child():
    content = ARTIFACT.read_bytes()
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: read_bytes(content, "x", "y"), range(12)))
    first = read(ARTIFACT)
    pid = child().process.pid
    for group in found:
        weights = "layers/0/weights"
        np.testing.assert_array_equal(group.value(weights), first.value(weights))
    read(ARTIFACT)
    assert child().process.pid == pid


# --- what is refused ------------------------------------------------------------------


def soft(file):
    file["a/b"], file["c"] = 1, h5py.SoftLink("/a/b")


def outer(file):
    file["c"] = h5py.ExternalLink(str(ARTIFACT), "/layers")


def virtual(file):
    layout = h5py.VirtualLayout((30, 64), np.int8)
    layout[:] = h5py.VirtualSource(str(ARTIFACT), "layers/0/weights", (30, 64))
    file.create_virtual_dataset("c", layout)


def raw(file):
    file.create_dataset("c", (8,), np.int8, external=[(str(ARTIFACT), 0, 8)])


def twice(file):
    file["a"] = np.zeros(3)
    file["c"] = file["a"]


def cycle(file):
    file["c/d/c"] = file.create_group("c")


def pairs(file):
    """Sixteen levels of groups, each with two names: 2^16 paths."""
    group = file
    for _ in range(16):
        lower = group.create_group("c")
        group["d"] = lower
        group = lower


def deep(file):
    file.create_group("c/" * 70)


def many(file):
    file.attrs.update({str(number): 0 for number in range(3)})
    group = file.create_group("c")
    for number in range(20):
        group.create_group(str(number))


def committed(file):
    file["t"] = np.dtype("f8")
    file.create_dataset("c", (3,), file["t"])


def unwritten(file):
    file.create_dataset("c", (2**15, 2**16), np.int8)


def unwritten_chunks(file):
    file.create_dataset("c", (2**15, 2**16), np.int8, chunks=(64, 64))


def packed(file):
    made = file.create_dataset("c", (2**31,), np.int8, chunks=(512,), compression=9)
    made[:512] = 0


def scaled(file):
    file.create_dataset("c", data=np.zeros(2**20, np.int32), scaleoffset=0)


def at_one_place(path):
    """A file of 16 data sets that all stand where the first does, and nothing more."""
    with h5py.File(path, "w") as file:
        made = [file.create_dataset(f"{n:x}", (10_000,), "f8") for n in range(16)]
        for dataset in made:
            dataset[:] = 1
        first, *others = (dataset.id.get_offset() for dataset in made)
    content = path.read_bytes()[: first + 80_000]
    for place in others:
        assert content.count(word(place)) == 1
        content = content.replace(word(place), word(first))
    size = word(path.stat().st_size)  # as the head of the file has it
    path.write_bytes(content.replace(size, word(len(content)), 1))


def word(number):
    return number.to_bytes(8, "little")


def of_type(dtype, value=None):
    def make(file):
        file.create_dataset("c", () if value is None else None, dtype, data=value)

    return make


def rows_2d(file):
    file.create_dataset("c", (2, 2), h5py.vlen_dtype(np.int8))[0, 0] = [1]


def name_of_bytes(file):
    h5py.h5g.create(file.id, b"\xff\xfe")


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (soft, "'c' is a soft link, which is not followed"),
        (outer, "'c' is an outer link, which is not followed"),
        (virtual, r"'c' has its data in other places \(virtual, external\)"),
        (raw, "'c' has its data in other places"),
        (twice, r"'c' has several names \(hard links\)"),
        (cycle, "'c/d/c' has several names"),
        (pairs, "c/d' has several names"),
        (deep, "it has groups in more than 64 levels"),
        (committed, "is of the type float64, which is not read|without data"),
        (unwritten, "'c' declares 2,147,483,648 bytes, and the 0 that are stored"),
        (unwritten_chunks, "'c' declares 2,147,483,648 bytes, and the 0 that are st"),
        (packed, r"'c' declares 2,147,483,648 bytes, and the \d+ that are stored of"),
        (scaled, r"'c' is packed by the filters \[6\]; those that are read are gzip"),
        (of_type([("x", "i4")]), "'c' is of the type .*'x'.*, which is not read"),
        (of_type(None, np.void(b"any")), "'c' is of the type .V3, which is not read"),
        (of_type(h5py.ref_dtype), "'c' is of the type object, which is not read"),
        (of_type(np.complex128), "'c' is of the type complex128, which is not read"),
        (of_type(np.dtype(("i4", (3,)))), "'c' is of the type .*, which is not read"),
        (rows_2d, "'c' has rows in 2 dimensions, not one"),
        (name_of_bytes, "is not valid UTF-8"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_what_is_not_plain_is_a_sentence(path, make, sentence):
    with h5py.File(path, "w") as file:
        make(file)
    begin = time.monotonic()
    with pytest.raises(InputError, match=sentence) as error:
        read(path)
    assert time.monotonic() - begin < 2
    text = str(error.value)
    assert text.startswith(f"{path}: is not readable (") and text.endswith("another")
    assert "\n" not in text


def test_data_that_stand_where_others_are_add_up(path):
    at_one_place(path)
    with h5py.File(path) as file:
        assert all((file[name][:] == 1).all() for name in file)
    with pytest.raises(InputError, match="'1' is stored where other data are"):
        read(path)


def test_the_number_of_entries_is_bounded(path, monkeypatch, tmp_path):
    """The child's limit is lowered: a hundred thousand groups take long to write."""
    with h5py.File(path, "w") as file:
        many(file)
    assert len(read(path).group("c").entries) == 20
    text = reader.CHILD.read_text().replace("100_000", "20")
    (tmp_path / "child.py").write_text(text)
    monkeypatch.setattr(reader, "CHILD", tmp_path / "child.py")
    with pytest.raises(reader.UnreadableError, match="it has more than 20 entries"):
        fresh().read(path.read_bytes(), 2**20)


def test_a_file_that_is_packed_well_is_read(path):
    with h5py.File(path, "w") as file:
        file.create_dataset("c", data=np.zeros(2**24, np.int8), compression=9)
    assert path.stat().st_size < 50_000
    assert read(path).value("c").size == 2**24


@pytest.mark.parametrize("content", [b"", b"no HDF5", ARTIFACT.read_bytes()[:3000]])
def test_other_files_are_a_sentence(path, content):
    path.write_bytes(content)
    with pytest.raises(InputError, match="is not readable .*empty|signature|truncated"):
        read(path)


def test_a_file_that_is_none_is_a_sentence(tmp_path):
    with pytest.raises(InputError, match="it is a folder"):
        read(tmp_path)
    with pytest.raises(InputError, match="there is no such file"):
        read(tmp_path / "none")


# --- limits ---------------------------------------------------------------------------


def test_the_limit_is_of_the_file_and_of_its_content(path, monkeypatch):
    with h5py.File(path, "w") as file:
        file.create_dataset("c", data=np.zeros(2**21, np.int8), compression=9)
    monkeypatch.setenv(LIMIT_NAME, "1")
    with pytest.raises(InputError, match="with 'c' its content takes more than 1 MB"):
        read(path)
    monkeypatch.setenv(LIMIT_NAME, "2")
    assert read(path).value("c").size == 2**21
    path.write_bytes(bytes(2**21 + 1))
    with pytest.raises(
        InputError, match=r"not readable \(it takes more than 2 MB\); LAVA_"
    ):
        read(path)


def test_rows_count_by_what_they_hold(path, monkeypatch):
    with h5py.File(path, "w") as file:
        rows = file.create_dataset("c", (200,), h5py.vlen_dtype(np.float64))
        for number in range(200):
            rows[number] = np.zeros(600)
    assert read(path).get("c").lengths.tolist() == [600] * 200
    monkeypatch.setenv(LIMIT_NAME, "1")
    content = path.read_bytes() + bytes(2**20 - path.stat().st_size)
    assert len(content) == 2**20  # the file itself is within the limit
    assert read_bytes(content, "x", "y").get("c").lengths.sum() == 120_000
    monkeypatch.setattr(reader, "read_limit", lambda: 2**19)
    with pytest.raises(InputError, match="its content takes more than"):
        child_read(path.read_bytes(), 2**19)


def child_read(content, most):
    try:
        return child().read(content, most)
    except reader.UnreadableError as error:
        raise InputError(str(error)) from None


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="only on Linux")
def test_a_small_file_cannot_take_much_memory(path):
    """A chunk takes its whole size in the library, whatever the data set declares."""
    with h5py.File(path, "w") as file:
        shape = {"shape": (10,), "chunks": (2**27,), "maxshape": (None,)}
        file.create_dataset("c", dtype=np.int8, compression=1, **shape)[:] = 1
    assert path.stat().st_size < 600_000
    assert child_read(path.read_bytes(), 2**30).value("c").tolist() == [1] * 10
    with pytest.raises(InputError, match="filter returned failure|memory|alloc"):
        child_read(path.read_bytes(), 2**20)


# --- the child ------------------------------------------------------------------------


def fresh():
    """A child of its own, which ends with the test."""
    made = reader.Child()
    fresh.made.append(made)
    return made


fresh.made = []


@pytest.fixture(autouse=True)
def end_children():
    yield
    for made in fresh.made:
        made.stop()
    fresh.made.clear()


def test_a_file_that_is_read_for_ever_is_a_sentence(cases):
    hang = cases / "37_shd_hang" / "shd" / "shd_train.h5"
    begin = time.monotonic()
    with pytest.raises(InputError, match="the HDF5 library does not get through it"):
        read(hang)
    assert time.monotonic() - begin < 10
    assert "layers" in read(ARTIFACT)


def test_a_child_that_does_not_answer_is_ended(monkeypatch):
    monkeypatch.setattr(reader, "SECONDS", 0.2)
    read(ARTIFACT)
    pid = child().process.pid
    os.kill(pid, signal.SIGSTOP)
    with pytest.raises(InputError, match="the HDF5 library does not get through it"):
        read(ARTIFACT)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    monkeypatch.undo()
    assert "layers" in read(ARTIFACT) and child().process.pid != pid


def test_a_child_that_was_killed_is_replaced():
    for number in (signal.SIGKILL, signal.SIGSEGV):
        read(ARTIFACT)
        pid = child().process.pid
        os.kill(pid, number)
        assert "layers" in read(ARTIFACT) and child().process.pid != pid


def test_a_crash_of_the_library_is_a_sentence(tmp_path, monkeypatch):
    text = reader.CHILD.read_text()
    ends = text.replace("walk = Walk(", "os.kill(os.getpid(), signal.SIGSEGV); Walk(")
    assert ends != text
    (tmp_path / "child.py").write_text(ends)
    monkeypatch.setattr(reader, "CHILD", tmp_path / "child.py")
    monkeypatch.setitem(reader._children, os.getpid(), fresh())
    for _ in range(2):
        with pytest.raises(InputError, match="was ended by the signal SIGSEGV"):
            read(ARTIFACT)
    monkeypatch.undo()
    assert "layers" in read(ARTIFACT)


def test_ctrl_c_is_not_lost(monkeypatch):
    read(ARTIFACT)
    pid = child().process.pid
    os.kill(pid, signal.SIGINT)  # the child of a terminal gets it, too
    assert "layers" in read(ARTIFACT) and child().process.pid == pid
    os.kill(pid, signal.SIGSTOP)
    timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        read(ARTIFACT)
    assert child().process is None
    assert "layers" in read(ARTIFACT)


PROGRAM = f"""
import os, sys
from lava_sfdfa.hdf5 import reader
from pathlib import Path
def read():
    reader.read_file(Path({str(ARTIFACT)!r}), "", "")
    return reader._children[os.getpid()].process.pid
"""


def run(program):
    command = [sys.executable, "-W", "error", "-c", PROGRAM + program]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and done.stderr == ""
    return [int(pid) for pid in done.stdout.split()]


def is_there(pid):
    """Whether a process runs, and does not only wait to be counted as ended."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    return not state.exists() or state.read_text().rpartition(")")[2].split()[0] != "Z"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="only where processes fork")
def test_a_fork_has_a_child_of_its_own():
    first, second, again = run(
        "print(read(), flush=True)\n"
        "if os.fork() == 0:\n"
        "    print(read(), flush=True)\n"
        "    sys.exit()\n"
        "os.wait()\n"
        "print(read(), flush=True)\n"
    )
    assert first == again != second
    assert not is_there(first) and not is_there(second)


def test_the_child_ends_with_its_parent():
    (pid,) = run("print(read())")
    assert not is_there(pid)


def test_a_child_whose_parent_was_killed_ends():
    command = [sys.executable, "-c", f"{PROGRAM}print(read(), flush=True)\ninput()"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with process:
        pid = int(process.stdout.readline())
        process.kill()
    deadline = time.monotonic() + 10
    while is_there(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not is_there(pid)


def test_groups_are_plain():
    group = Group({"a": Group({"b": 1}, {})}, {})
    assert (
        group.get("a/b") == 1 and group.get("a/b/c", 5) == 5 and group.get("x") is None
    )

"""Files that are damaged, forged or far too large: a sentence, and little memory."""

import gzip
import io
import os
import struct
import tracemalloc
import zipfile

import numpy as np
import pytest

from lava_sfdfa.config import read_config
from lava_sfdfa.data.datasets import load_dataset
from lava_sfdfa.data.formats.idx import read_idx
from lava_sfdfa.data.formats.nmnist import read_nmnist
from lava_sfdfa.errors import InputError
from lava_sfdfa.files import LIMIT_NAME, read_limit
from lava_sfdfa.foreign import beginning, reading

MB = 2**20


@pytest.fixture
def peak():
    """The bytes that were taken at most, when called."""
    tracemalloc.start()
    yield lambda: tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()


# --- one place for what libraries raise ---------------------------------------------


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (OverflowError("too\nlarge"), r"^x: is bad \(too\?large\); do this$"),
        (MemoryError(), r"it needs more memory than there is"),
        (KeyError(), r"^x: is bad \(KeyError\); do this$"),
        (RecursionError("a" * 900), r"\(a{200}\); do this$"),
        (OSError(13, "Permission denied"), r"\(Permission denied\)"),
        (InputError("ours"), "^ours$"),
    ],
)
def test_whatever_a_library_raises_is_a_sentence(error, message):
    with pytest.raises(InputError, match=message), reading("x: is bad", "do this"):
        raise error


def test_ctrl_c_is_no_damage():
    with pytest.raises(KeyboardInterrupt), reading("x: is bad", "do this"):
        raise KeyboardInterrupt


def test_no_more_is_read_than_asked_for():
    file = io.BytesIO(bytes(5 * MB))
    assert len(beginning(file, 3 * MB + 1)) == file.tell() == 3 * MB + 1
    assert len(beginning(file, 9 * MB)) == 2 * MB - 1


@pytest.mark.parametrize("text", ["", "0", "-1", "1.5", "ten", "٣", "9" * 5000])
def test_a_limit_that_is_no_number_is_refused(monkeypatch, text):
    monkeypatch.setenv(LIMIT_NAME, text)
    with pytest.raises(InputError, match=f"{LIMIT_NAME} must be a number of megabytes"):
        read_limit()


def test_the_limit_is_a_gigabyte_unless_it_is_set(monkeypatch):
    monkeypatch.delenv(LIMIT_NAME, raising=False)
    assert read_limit() == 2**30
    monkeypatch.setenv(LIMIT_NAME, "3")
    assert read_limit() == 3 * MB


# --- messages -----------------------------------------------------------------------


def test_a_message_is_one_line_whatever_it_tells():
    message = str(InputError("it holds a\nb\x1b[2J\ud800c"))
    assert message == "it holds a?b?[2J?c"
    long = str(InputError("x" * 5000 + "; do this"))
    assert len(long) < 500 and long.endswith("; do this") and " ... " in long


# --- idx ----------------------------------------------------------------------------


def idx(shape, content=b""):
    return (
        bytes([0, 0, 8, len(shape)]) + struct.pack(f">{len(shape)}I", *shape) + content
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (idx([1] * 33, b"x"), "is not an array of numpy .*dimension"),
        (idx([0, *[2**32 - 1] * 4]), "is not an array of numpy"),
        (idx([2**32 - 1] * 200), "would take 1,000,000,000,000,000 bytes or more"),
        (idx([3, 3], bytes(10)), "has more bytes, but its head says 21"),
        (idx([3, 3], bytes(8)), "has only 20 bytes, but its head says 21"),
        (idx([3, 3])[:7], "ends within the sizes of its 2 axes"),
        (b"\0\0\x08", "is not an idx file"),
    ],
)
def test_wrong_heads_of_idx_files(tmp_path, content, message):
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(content))
    with pytest.raises(InputError, match=f"a.gz: .*{message}"):
        read_idx(path)


@pytest.mark.parametrize("where", [12, 20, -6])
def test_damage_inside_gzip(tmp_path, where):
    content = bytearray(gzip.compress(idx([50], bytes(range(50)))))
    content[where] ^= 255
    (tmp_path / "a.gz").write_bytes(content)
    with pytest.raises(InputError, match="a.gz: "):
        read_idx(tmp_path / "a.gz")


def test_no_more_is_unpacked_than_the_head_says(tmp_path, peak):
    path = tmp_path / "a.gz"
    with gzip.open(path, "wb") as file:
        file.write(idx([10]))
        for _ in range(100):
            file.write(bytes(MB))
    with pytest.raises(InputError, match="has more bytes, but its head says 18"):
        read_idx(path)
    assert peak() < 5 * MB


def test_an_idx_file_above_the_limit(tmp_path, monkeypatch):
    path = tmp_path / "a"
    path.write_bytes(idx([2 * MB], bytes(2 * MB)))
    assert read_idx(path).shape == (2 * MB,)
    monkeypatch.setenv(LIMIT_NAME, "1")
    with pytest.raises(InputError, match=f"limit of 1 MB; .*{LIMIT_NAME}"):
        read_idx(path)


# --- npz ----------------------------------------------------------------------------


def npy(text, data=b"", version=1):
    head = text.encode() + b"\n"
    return (
        b"\x93NUMPY" + bytes([version, 0]) + struct.pack("<H", len(head)) + head + data
    )


def write_npz(path, name, content, packing=zipfile.ZIP_DEFLATED):
    """x and y of 20 samples, one of them replaced by other bytes."""
    with zipfile.ZipFile(path, "w", packing) as file:
        for own, array in (("x", np.ones((20, 3))), ("y", np.arange(20) % 2)):
            stream = io.BytesIO()
            np.save(stream, array)
            file.writestr(f"{own}.npy", content if own == name else stream.getvalue())
    return str(path)


HEAD = "{{'descr': {}, 'fortran_order': False, 'shape': {}, }}".format


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (npy(HEAD("'<f8'", "(-20, -3)"), bytes(480)), "negative dimensions"),
        (npy(HEAD("'<f8'", "(20, 3)"), bytes(479)), "which it does not hold"),
        (npy(HEAD("'<f8'", "(2**40,)")), "cannot be read"),
        (npy(HEAD("'<f8'", f"({2**40},)")), "which it does not hold"),
        (npy(HEAD("'<U0'", f"({2**40},)")), "which it does not hold"),
        (npy(HEAD("'<f8'", f"({'1, ' * 40})"), bytes(8)), "dimension"),
        (npy(HEAD("'|O'", "(20,)"), bytes(160)), "Python objects.*can run code"),
        (npy(HEAD("[('a', '<i4')]", "(20,)"), bytes(80)), "which is not read; write"),
        (npy(HEAD("'<M8[s]'", "(20,)"), bytes(160)), "datetime64.*is not read; write"),
        (npy(HEAD("3", "(20,)")), "x cannot be read"),
        (npy("["), "x cannot be read"),
        (npy("{" + "[" * 300), "x cannot be read"),
        (npy(HEAD("'<f8'", "(20, 3)"), bytes(480), 3), "its format has the version"),
        (b"x", "x cannot be read"),
    ],
)
def test_wrong_arrays_of_npz_files(tmp_path, content, message):
    path = write_npz(tmp_path / "a.npz", "x", content)
    with pytest.raises(InputError, match=f"a.npz: .*{message}"):
        load_dataset(path)


@pytest.mark.parametrize(
    "packing", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]
)
def test_damage_in_every_packing(tmp_path, packing):
    path = tmp_path / "a.npz"
    write_npz(path, None, None, packing)
    digest, whole, n_refused = load_dataset(str(path)).digest, path.read_bytes(), 0
    for where in range(36, 60):  # behind the head of the first entry
        content = bytearray(whole)
        content[where] ^= 255
        path.write_bytes(content)
        try:  # a few bits of the head of LZMA do not matter
            assert load_dataset(str(path)).digest == digest
        except InputError as error:
            assert "x cannot be read" in str(error)
            n_refused += 1
    assert n_refused > 15


def test_letters_that_do_not_exist_are_refused(tmp_path):
    for order in "<>":
        codes = np.array([97, 2**21] * 10, f"{order}u4")
        content = npy(HEAD(f"'{order}U1'", "(20,)"), codes.tobytes())
        path = write_npz(tmp_path / "a.npz", "y", content)
        with pytest.raises(InputError, match="a.npz: y holds letters beyond Unicode"):
            load_dataset(path)


@pytest.mark.parametrize("shape", [(20, 3), (20, 2, 12)])
@pytest.mark.parametrize(("kind", "value"), [("f8", 1e308), (np.longdouble, "1e999")])
def test_numbers_whose_sums_are_none_are_refused(tmp_path, shape, kind, value):
    x = np.random.RandomState(0).rand(*shape).astype(kind)
    x[3, 1] = np.longdouble(value)
    np.savez(tmp_path / "a.npz", x=x, y=np.arange(20) % 2)
    with pytest.raises(InputError, match=r"a.npz: x: sample 3 .* goes beyond 1e\+100"):
        load_dataset(str(tmp_path / "a.npz"))


def test_orders_and_versions_of_arrays_are_read(tmp_path):
    x = np.asfortranarray(np.arange(60).reshape(20, 3) / 7)
    y = np.array(["ä", "b"])[np.arange(20) % 2]
    np.savez(tmp_path / "a.npz", x=x, y=y)
    found = load_dataset(str(tmp_path / "a.npz"))
    np.savez_compressed(tmp_path / "b.npz", x=np.ascontiguousarray(x), y=y)
    assert load_dataset(str(tmp_path / "b.npz")).digest == found.digest
    stream = io.BytesIO()
    np.lib.format.write_array(stream, x, version=(2, 0))
    path = write_npz(tmp_path / "c.npz", "x", stream.getvalue())
    assert load_dataset(path).shape == found.shape


def test_a_small_npz_file_of_much_is_refused_before_it_is_unpacked(
    tmp_path, monkeypatch, peak
):
    size = 30 * MB
    path = write_npz(
        tmp_path / "a.npz", "x", npy(HEAD("'<u1'", f"(20, {size})"), bytes(20 * size))
    )
    start = peak()
    monkeypatch.setenv(LIMIT_NAME, "10")
    with pytest.raises(InputError, match="the content would take .* limit of 10 MB"):
        load_dataset(path)
    assert peak() == start


# --- N-MNIST ------------------------------------------------------------------------

EVENT = bytes([1, 2, 128, 0, 9])


def nmnist(folder, files, packing=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(folder / "all.zip", "w", packing) as file:
        for name, content in files.items():
            file.writestr(name, content)
    return folder


def test_names_in_a_zip_file_that_paths_spell_otherwise(tmp_path):
    files = {"Train//1/00001.bin": EVENT, "./Train/2/00002.bin": EVENT * 2}
    found = read_nmnist("nmnist", nmnist(tmp_path, files), "Train")
    assert found.labels.tolist() == [1, 2] and found.offset.tolist() == [0, 1, 3]


@pytest.mark.parametrize(
    "packing",
    [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA],
)
def test_damaged_recordings_in_every_packing(tmp_path, packing):
    random = np.random.RandomState(0).bytes(500)
    nmnist(tmp_path, {"Train/1/00001.bin": random}, packing)
    path = tmp_path / "all.zip"
    whole = path.read_bytes()
    for where in range(47, 60):  # behind the head of the entry
        content = bytearray(whole)
        content[where] ^= 255
        path.write_bytes(content)
        # Not all bits of the heads of a packing count: then it is noise, as it was.
        with pytest.raises(InputError, match="00001.bin: (cannot be|has an event at)"):
            read_nmnist("nmnist", tmp_path, "Train")


def test_an_encrypted_recording_is_refused(tmp_path):
    nmnist(tmp_path, {"Train/1/00001.bin": EVENT})
    content = bytearray((tmp_path / "all.zip").read_bytes())
    content[6] |= 1  # of the entry
    content[content.index(b"PK\x01\x02") + 8] |= 1  # of the directory
    (tmp_path / "all.zip").write_bytes(content)
    with pytest.raises(InputError, match=r"cannot be read \(.*encrypted"):
        read_nmnist("nmnist", tmp_path, "Train")


def test_recordings_far_too_large(tmp_path, monkeypatch, peak):
    nmnist(tmp_path, {f"Train/1/{n}.bin": bytes(5 * MB) for n in range(4)})
    start = peak()
    with pytest.raises(InputError, match=r"0.bin: has more than 4,194,304 bytes"):
        read_nmnist("nmnist", tmp_path, "Train")
    monkeypatch.setenv(LIMIT_NAME, "10")
    with pytest.raises(InputError, match="all.zip: the content would take 20,971,520"):
        read_nmnist("nmnist", tmp_path, "Train")
    assert peak() < start + 12 * MB
    plain = tmp_path / "Train" / "1" / "1.bin"
    plain.parent.mkdir(parents=True)
    plain.write_bytes(bytes(5 * MB))
    with pytest.raises(InputError, match=r"1.bin: has more than 4,194,304 bytes"):
        read_nmnist("nmnist", tmp_path, "Train")


def test_recordings_that_pack_as_real_ones_have_no_limit(tmp_path, monkeypatch):
    """The published files unpack to more than the limit."""
    monkeypatch.setenv(LIMIT_NAME, "1")
    noise = np.random.RandomState(0).randint(34, size=(2, 2**20)).astype(np.uint8)
    events = np.zeros((2, 2**18, 5), np.uint8)
    events[..., :2] = noise.reshape(2, -1, 2)[:, : 2**18]
    files = {f"Train/1/{n}.bin": events[n].tobytes() for n in range(2)}
    found = read_nmnist("nmnist", nmnist(tmp_path, files), "Train")
    assert len(found.index) == 2**19


# --- settings -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("epochs = " + "9" * 400, "epochs must be between 1 and 100000, not 9999"),
        ("learning_rate = " + "9" * 400, "learning_rate is beyond any float: 9999"),
        ("epochs = " + "9" * 5000, "is not a TOML file .*limit"),
        ("epochs = 0x" + "f" * 5000, "not int that is too large to be shown"),
        ("learning_rate = 0x" + "f" * 5000, "is beyond any float: int that is too"),
        ("epochs = 1e400", "epochs must be an integer, not inf"),
        (
            "epochs" + ".a" * 20_000 + " = 1",
            "(not dict that is too large|is not a TOML)",
        ),
        ("hidden = " + "[" * 20_000, "is not a TOML file"),
        ("hidden = [" + "0," * 20_000 + "]", "must be between 1 and 65536, not 0"),
        ("x" * 200_000 + " = 1", "has more than 100,000 bytes; allowed is a TOML file"),
        ('dataset = "' + "a" * 9000, "is not a TOML file"),
        ("feedback = '" + "a" * 9000 + "'", "must be one of sfdfa, random, symmetric"),
    ],
)
def test_settings_far_too_large_or_deep(tmp_path, text, message):
    (tmp_path / "run.toml").write_text(text)
    with pytest.raises(InputError, match=f"run.toml: .*{message}") as caught:
        read_config(tmp_path / "run.toml")
    assert len(str(caught.value)) < 500


def test_settings_that_are_no_text(tmp_path):
    (tmp_path / "run.toml").write_bytes(b"epochs = 3\xff")
    with pytest.raises(InputError, match="run.toml: is not a TOML file"):
        read_config(tmp_path / "run.toml")


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "run.toml")
    with pytest.raises(InputError, match="cannot be read .there is no such file"):
        read_config(tmp_path / "run.toml")

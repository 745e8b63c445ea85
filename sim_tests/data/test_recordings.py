"""Recordings of events: N-MNIST, SHD and npz files, as the tests write them."""

import gzip
import time
import zipfile

import h5py
import numpy as np
import pytest

from lava_sfdfa.data.datasets import load_dataset
from lava_sfdfa.data.formats.nmnist import decode
from lava_sfdfa.data.samples import Recordings
from lava_sfdfa.data.sources import describe, emnist_files
from lava_sfdfa.errors import InputError


def pieces(part: Recordings):
    """Each recording as a list of (time, input)."""
    pairs = list(zip(part.time_us.tolist(), part.index.tolist(), strict=True))
    return [pairs[a:b] for a, b in zip(part.offset[:-1], part.offset[1:], strict=True)]


def test_samples_can_be_chosen_in_any_order():
    part = Recordings(
        np.arange(6, dtype=np.int32),
        np.arange(10, 16, dtype=np.uint16),
        np.array([0, 2, 2, 5, 6]),
        np.array([7, 8, 9, 6]),
        20,
    )
    chosen = part.take(np.array([2, 1, 0]))
    assert pieces(chosen) == [[(2, 12), (3, 13), (4, 14)], [], [(0, 10), (1, 11)]]
    assert chosen.labels.tolist() == [9, 8, 7] and len(chosen) == 3
    assert pieces(part.first(1)) == [[(0, 10), (1, 11)]]
    assert len(part.first(None)) == 4 and part.first(0).offset.tolist() == [0]


# --- N-MNIST ----------------------------------------------------------------------


def event(x: int, y: int, polarity: int, time_us: int) -> bytes:
    return bytes([x, y]) + (polarity << 23 | time_us).to_bytes(3, "big")


def test_five_bytes_are_an_event():
    """By hand: input (polarity * 34 + y) * 34 + x; sorted by time."""
    content = event(33, 2, 1, 300_000) + event(5, 0, 0, 70_000)
    assert content[:5] == bytes([33, 2, 0x84, 0x93, 0xE0])
    time_us, index = decode(content, "here")
    assert time_us.tolist() == [70_000, 300_000]
    assert index.tolist() == [5, (34 + 2) * 34 + 33]
    assert [len(array) for array in decode(b"", "here")] == [0, 0]


@pytest.fixture
def nmnist(tmp_path):
    """Twelve training and four test recordings in the published layout."""
    for part, count in (("Train", 12), ("Test", 4)):
        for number in range(1, count + 1):
            path = tmp_path / "nmnist" / part / str(number % 10) / f"{number:05}.bin"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(event(number, 1, 0, 10) * number)
    return tmp_path


def test_nmnist_is_read_from_folders_and_from_zip_files(nmnist):
    data = load_dataset("nmnist", nmnist)
    assert data.shape == (2, 34, 34) and data.n_classes == 10
    assert (len(data.train), len(data.validation), len(data.test)) == (11, 1, 4)
    assert data.test.labels.tolist() == [1, 2, 3, 4]
    assert pieces(data.test)[2] == [(10, 34 + 3)] * 3
    assert describe("nmnist", nmnist).state == "unpacked"
    folder = nmnist / "nmnist"
    for part in ("Train", "Test"):
        with zipfile.ZipFile(folder / f"{part.lower()}.zip", "w") as archive:
            for path in sorted(folder.glob(f"{part}/*/*.bin")):
                archive.write(path, path.relative_to(folder))
                path.unlink()
    assert load_dataset("nmnist", nmnist).digest == data.digest
    (folder / "test.zip").write_bytes((folder / "test.zip").read_bytes()[:99])
    with pytest.raises(InputError, match="is not a readable zip file"):
        load_dataset("nmnist", nmnist)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"1234567", "has 7 bytes, which is no multiple of 5; it is truncated"),
        (event(34, 0, 0, 1), r"has an event at \(34, 0\); the sensor has 34 by 34"),
    ],
)
def test_damaged_recordings_are_named(nmnist, content, message):
    (nmnist / "nmnist/Train/3/00003.bin").write_bytes(content)
    with pytest.raises(InputError, match=f"00003.bin: {message}"):
        load_dataset("nmnist", nmnist)


def test_missing_recordings_say_what_to_do(tmp_path):
    with pytest.raises(
        InputError, match=r"Train/.* is empty; run .* data fetch nmnist"
    ):
        load_dataset("nmnist", tmp_path)


def test_the_real_recordings_are_read(data_dir):
    """The first 1,000 and 100 of N-MNIST, in one zip file of both parts."""
    from lava_sfdfa.data.formats.nmnist import read_nmnist

    folder = data_dir / "nmnist-small"
    train, test = (read_nmnist("nmnist", folder, part) for part in ("Train", "Test"))
    assert (len(train), len(test)) == (1000, 100)
    assert train.labels[:5].tolist() == [5, 0, 4, 1, 9]  # the order of MNIST
    assert test.labels[:5].tolist() == [7, 2, 1, 0, 4]
    assert 3000 < len(train.index) / 1000 < 5000  # about 4,200 events each
    assert train.time_us.max() < 330_000  # three saccades of 100 ms
    assert (np.diff(train.time_us[: train.offset[1]]) >= 0).all()


# --- SHD --------------------------------------------------------------------------


def write_shd(path, times, units, labels):
    kind = h5py.vlen_dtype(np.float32), h5py.vlen_dtype(np.uint16)
    with h5py.File(path, "w") as file:
        for name, rows, dtype in zip(
            ("times", "units"), (times, units), kind, strict=True
        ):
            entry = file.create_dataset(f"spikes/{name}", (len(rows),), dtype=dtype)
            for number, row in enumerate(rows):
                entry[number] = row
        file["labels"] = np.array(labels, np.uint16)


@pytest.fixture
def shd(tmp_path):
    """Ten training and two test recordings in the published layout, unpacked."""
    (tmp_path / "shd").mkdir()
    for part, count in (("train", 10), ("test", 2)):
        times = [[0.5, 0.25, 0.001 * n] for n in range(count)]
        units = [[699, 3, n] for n in range(count)]
        path = tmp_path / "shd" / f"shd_{part}.h5"
        write_shd(path, times, units, np.arange(count) % 20)
    return tmp_path


def test_shd_is_read_packed_or_not(shd):
    data = load_dataset("shd", shd)
    assert data.shape == (700,) and data.n_classes == 20
    assert (len(data.train), len(data.validation), len(data.test)) == (9, 1, 2)
    assert pieces(data.test)[1] == [(1000, 1), (250_000, 3), (500_000, 699)]
    assert describe("shd", shd).state == "unpacked"
    for part in ("train", "test"):
        path = shd / "shd" / f"shd_{part}.h5"
        path.with_suffix(".h5.gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()
    assert describe("shd", shd).state == "unchecked"
    assert load_dataset("shd", shd).digest == data.digest


@pytest.mark.parametrize(
    ("times", "units", "labels", "message"),
    [
        ([[0.1]], [[1]], [20], "sample 0 has the label 20"),
        ([[0.1]], [[700]], [1], "input 700; it must be a whole number from 0 to 699"),
        ([[0.1, 0.2]], [[7]], [1], "sample 0 has 2 times and 1 inputs"),
        ([[np.nan]], [[7]], [1], "sample 0 has a spike at nan s; times must be 0 to"),
        ([[-0.1]], [[7]], [1], "sample 0 has a spike at -0.1 s"),
        ([[0.1], [np.inf]], [[7], [7]], [1, 2], "sample 1 has a spike at inf s"),
        ([[1e30]], [[7]], [1], r"sample 0 has a spike at 1e\+30 s"),
        ([[0.1]], [[7]], [1, 2], "1 arrays of times, 1 of units and 2 labels"),
    ],
)
def test_wrong_shd_files_are_refused(shd, times, units, labels, message):
    write_shd(shd / "shd/shd_test.h5", times, units, labels)
    with pytest.raises(InputError, match=message):
        load_dataset("shd", shd)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("labels", None, "there is no data set labels"),
        ("labels", np.full(10, np.nan), "sample 0 has the label nan"),
        ("labels", np.full(10, -1), "sample 0 has the label -1; the classes are 0 to"),
        ("labels", ["a"] * 10, r"cannot be read \(labels holds texts"),
        ("labels", np.zeros((10, 2)), r"labels has the shape \(10, 2\)"),
        ("labels", 3, r"labels has the shape \(\)"),
        ("spikes/times", None, "there is no data set spikes/times"),
        (
            "spikes/units",
            np.zeros((10, 3)),
            "spikes/units is not an array of numbers a",
        ),
        ("spikes/times", ["a"] * 10, "spikes/times is not an array of numbers a rec"),
    ],
)
def test_data_sets_of_other_types_are_named(shd, name, content, message):
    with h5py.File(shd / "shd/shd_train.h5", "a") as file:
        del file[name]
        if content is not None:
            file[name] = content
    with pytest.raises(InputError, match=f"shd_train.h5: .*{message}"):
        load_dataset("shd", shd)


def test_a_group_is_no_data_set(shd):
    with h5py.File(shd / "shd/shd_train.h5", "a") as file:
        del file["labels"]
        file.create_group("labels")
    with pytest.raises(InputError, match="there is no data set labels"):
        load_dataset("shd", shd)


def test_labels_of_shd_may_be_rows_with_a_one(shd):
    data = load_dataset("shd", shd)
    with h5py.File(shd / "shd/shd_train.h5", "a") as file:
        labels = file["labels"][:]
        del file["labels"]
        file["labels"] = np.eye(20)[labels]
    assert load_dataset("shd", shd).digest == data.digest


def test_other_files_are_not_shd(shd):
    (shd / "shd/shd_test.h5").write_bytes(b"no HDF5")
    with pytest.raises(InputError, match="it has to be an HDF5 file with spikes/times"):
        load_dataset("shd", shd)
    (shd / "shd/shd_test.h5.gz").write_bytes(gzip.compress(b"packed" * 99)[:20])
    with pytest.raises(InputError, match="shd_test.h5.gz: cannot be read .*damaged"):
        load_dataset("shd", shd)


# --- EMNIST, which has other names and 47 classes -----------------------------------


def test_emnist_is_read_in_its_published_layout(tmp_path):
    (tmp_path / "emnist-balanced").mkdir()
    for name in emnist_files("balanced"):
        count = 94 if "train" in name else 47
        shape = (count, 28, 28) if "images" in name else (count,)
        content = (np.arange(np.prod(shape)) % 47).astype(np.uint8)
        head = bytes([0, 0, 8, len(shape)]) + np.array(shape, ">u4").tobytes()
        path = tmp_path / "emnist-balanced" / name
        path.write_bytes(gzip.compress(head + content.tobytes()))
    data = load_dataset("emnist-balanced", tmp_path)
    assert data.n_classes == 47 and len(data.test) == 47
    assert describe("emnist-balanced", tmp_path).state == "unchecked"


# --- npz --------------------------------------------------------------------------


def arrays(**changes):
    content = {"shape": np.array([2, 3])}
    for part, count in (("train", 30), ("test", 6)):
        content[f"time_us_{part}"] = np.arange(2 * count) * 1000
        content[f"index_{part}"] = np.arange(2 * count) % 6
        content[f"offset_{part}"] = np.arange(0, 2 * count + 1, 2)
        content[f"y_{part}"] = np.arange(count) % 3
    return {**content, **changes}


def write(tmp_path, content):
    np.savez(tmp_path / "mine.npz", **content)
    return str(tmp_path / "mine.npz")


def test_an_npz_file_of_recordings_is_a_data_set(tmp_path):
    data = load_dataset(write(tmp_path, arrays()))
    assert data.shape == (2, 3) and data.n_classes == 3
    assert (len(data.train), len(data.validation), len(data.test)) == (27, 3, 6)
    assert pieces(data.test)[1] == [(2000, 2), (3000, 3)]
    falling = load_dataset(
        write(tmp_path, arrays(time_us_test=4.6 * np.arange(12, 0, -1)))
    )
    assert pieces(falling.test)[0] == [(51, 1), (55, 0)], "sorted and rounded"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"time_us_train": np.zeros((60, 1))},
            r"time_us_train has the shape \(60, 1\)",
        ),
        ({"time_us_train": np.full(60, "a")}, "sample 0 of train, times .* holds <U1"),
        ({"time_us_train": np.full(60, np.nan)}, "has a spike at nan s; times must be"),
        ({"time_us_train": np.full(60, np.inf)}, "has a spike at inf s"),
        (
            {"time_us_train": np.full(60, 2**31)},
            "at 2147.48 s; times must be 0 to 2147",
        ),
        ({"time_us_test": np.arange(12) - 1}, "sample 0 of test has a spike at -1e-06"),
        (
            {"offset_train": np.arange(31)},
            r"time_us_train .* it must be \(30,\), since",
        ),
        ({"offset_train": np.arange(0, 61, 3)}, r"it must be \(20,\)"),
        ({"offset_train": np.arange(1, 62, 2)}, "offset_train does not begin with 0"),
        ({"offset_train": np.zeros(0, int)}, "offset_train has the shape"),
        ({"offset_train": np.arange(0.0, 61, 2)}, "offset_train .* list of integers"),
        (
            {"offset_test": np.array([0, 4, 2, 6, 8, 10, 12])},
            "offset_test does not begin with 0, or falls",
        ),
        (
            {"offset_test": np.array([0, 4, 2, 6, 8, 10, 12], np.uint64)},
            "offset_test does not begin with 0, or falls",
        ),
        (
            {"index_test": np.full(12, 6)},
            "input 6; it must be a whole number from 0 to 5",
        ),
        ({"index_test": np.full(12, -1)}, "sample 0 of test has the input -1"),
        ({"index_test": np.full(12, 0.5)}, "has the input 0.5"),
        ({"index_test": np.arange(11)}, r"index_test has the shape \(11,\)"),
        ({"shape": np.array([2.5, 3])}, "shape has the size 2.5"),
        ({"shape": np.array([0, 3])}, r"shape is \(0, 3\); it must say"),
        ({"shape": np.array([2**31, 3])}, "shape has the size 2.14748e"),
        ({"shape": np.array([2**20, 2**20])}, "it must say how many inputs"),
        ({"shape": np.array([], complex)}, r"shape is \(\); it must say"),
        ({"shape": np.array(["a"])}, "shape, sizes has the shape .* holds <U1"),
        (
            {"y_train": np.full(30, np.nan)},
            "sample 0 has the label nan; labels must be",
        ),
        ({"y_train": np.zeros(20, int)}, r"y_train .* it must be \(30,\)"),
        ({"y_test": np.full(6, 3)}, "sample 0 has the label 3, which does not occur"),
    ],
)
def test_wrong_recordings_are_refused(tmp_path, changes, message):
    with pytest.raises(InputError, match=message):
        load_dataset(write(tmp_path, arrays(**changes)))


def test_a_million_empty_recordings_take_seconds(tmp_path):
    n = 10**6
    changes = {f"{name}_train": np.zeros(0) for name in ("time_us", "index")}
    changes |= {"offset_train": np.zeros(n + 1, int), "y_train": np.arange(n) % 3}
    began = time.monotonic()
    data = load_dataset(write(tmp_path, arrays(**changes)))
    assert len(data.train) == 995_000 and time.monotonic() < began + 20


def test_a_missing_array_of_recordings_is_named(tmp_path):
    content = arrays()
    del content["offset_test"]
    with pytest.raises(InputError, match="lacks offset_test; it has to hold"):
        load_dataset(write(tmp_path, content))


def test_times_with_a_fraction_are_in_another_unit(tmp_path):
    arrays = {"shape": np.array([4])}
    for part in ("train", "test"):
        arrays |= {
            f"time_us_{part}": np.linspace(0, 0.1, 40),
            f"index_{part}": np.arange(40) % 4,
            f"offset_{part}": np.arange(21) * 2,
            f"y_{part}": np.arange(20) % 2,
        }
    np.savez(tmp_path / "seconds.npz", **arrays)
    with pytest.raises(InputError, match="time_us_train holds .*; times are microsec"):
        load_dataset(str(tmp_path / "seconds.npz"))
    whole = {k: np.rint(v * 1e6) if "time" in k else v for k, v in arrays.items()}
    np.savez(tmp_path / "whole.npz", **whole)
    assert len(load_dataset(str(tmp_path / "whole.npz")).test) == 20

"""Data sets: splits, formats, and every kind of wrong file."""

import gzip

import numpy as np
import pytest

from lava_sfdfa.data import samples
from lava_sfdfa.data.datasets import load_dataset
from lava_sfdfa.data.formats.bundled import yin_yang
from lava_sfdfa.data.formats.idx import read_idx
from lava_sfdfa.data.sources import IDX_FILES, describe
from lava_sfdfa.errors import InputError

# --- splits -----------------------------------------------------------------------


@pytest.mark.parametrize("name", ["digits", "yin-yang"])
def test_parts_are_whole_and_apart(name):
    data = load_dataset(name)
    rows = [
        {image.tobytes() for image in part.images}
        for part in (data.train, data.validation, data.test)
    ]
    sizes = [len(data.train), len(data.validation), len(data.test)]
    assert sizes == {"digits": [1294, 144, 359], "yin-yang": [5000, 1000, 1000]}[name]
    if name == "digits":  # no image occurs twice there
        assert not rows[0] & rows[1] and not rows[0] & rows[2]
    for part in (data.train, data.validation, data.test):
        assert part.images.dtype == np.uint8 and part.labels.dtype == np.int64
        assert set(part.labels) == set(range(data.n_classes))
        assert part.images.shape == (len(part), np.prod(data.shape))


def test_digits_are_the_bundled_ones():
    from sklearn.datasets import load_digits

    data = load_dataset("digits")
    images = np.concatenate(
        [data.train.images, data.validation.images, data.test.images]
    )
    pixels = load_digits().data
    assert sorted(map(bytes, images)) == sorted(
        map(bytes, np.rint(pixels * 255 / 16).astype(np.uint8))
    )


def test_a_limit_takes_the_first_samples():
    part = load_dataset("digits").train
    assert len(part.first(5)) == 5 and len(part.first(None)) == len(part)
    np.testing.assert_array_equal(part.first(5).images, part.images[:5])


@pytest.mark.parametrize(
    ("part", "seed", "count"),
    [("train", 42, 5000), ("validation", 41, 1000), ("test", 40, 1000)],
)
def test_yin_yang_is_the_published_one(data_dir, part, seed, count):
    features, labels = yin_yang(count, seed)
    folder = data_dir / "yin-yang"
    np.testing.assert_array_equal(features, np.load(folder / f"{part}_samples.npy"))
    np.testing.assert_array_equal(labels, np.load(folder / f"{part}_labels.npy"))


def test_mnist_is_read_as_published(data_dir):
    data = load_dataset("mnist", data_dir)
    assert (len(data.train), len(data.validation), len(data.test)) == (
        55000,
        5000,
        10000,
    )
    assert data.shape == (28, 28) and data.n_classes == 10
    assert data.test.labels[:5].tolist() == [7, 2, 1, 0, 4]
    # 150 pixels of an image are not zero on average, 351 at most, in training.
    n_on = (data.train.images > 0).sum(axis=1)
    assert round(n_on.mean()) == 150
    assert describe("mnist", data_dir).state == "present"


# --- idx files --------------------------------------------------------------------


def idx(array: np.ndarray) -> bytes:
    head = bytes([0, 0, 8, array.ndim])
    return head + np.array(array.shape, ">u4").tobytes() + array.tobytes()


@pytest.fixture
def idx_folder(tmp_path):
    """A small data set in the published layout of MNIST."""
    rng = np.random.RandomState(0)
    folder = tmp_path / "mnist"
    folder.mkdir()
    for part, count in ((IDX_FILES[:2], 40), (IDX_FILES[2:], 20)):
        images = rng.randint(256, size=(count, 28, 28)).astype(np.uint8)
        labels = np.arange(count).astype(np.uint8) % 10
        for name, array in zip(part, (images, labels), strict=True):
            (folder / name).write_bytes(gzip.compress(idx(array)))
    return tmp_path


def test_idx_files_are_read_packed_or_not(idx_folder):
    packed = load_dataset("mnist", idx_folder)
    assert (len(packed.train), len(packed.validation), len(packed.test)) == (36, 4, 20)
    for name in IDX_FILES:
        path = idx_folder / "mnist" / name
        path.with_suffix("").write_bytes(gzip.decompress(path.read_bytes()))
        path.unlink()
    assert describe("mnist", idx_folder).state == "unpacked"
    plain = load_dataset("mnist", idx_folder)
    np.testing.assert_array_equal(plain.train.images, packed.train.images)
    np.testing.assert_array_equal(plain.train.labels, packed.train.labels)


def damage(folder, name, change):
    path = folder / "mnist" / name
    path.write_bytes(gzip.compress(change(gzip.decompress(path.read_bytes()))))


IMAGES, LABELS = IDX_FILES[:2]


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        (IMAGES, lambda b: b[:-1], "but its head says 31376; it is truncated"),
        (IMAGES, lambda b: b[:9], "truncated or damaged"),
        (IMAGES, lambda b: b"", "is not an idx file"),
        (IMAGES, lambda b: b"\x00\x00\x0d" + b[3:], "begins with '00000d03'"),
        (IMAGES, lambda b: idx(np.zeros((40, 8, 8), np.uint8)), r"images of \(8, 8\)"),
        (IMAGES, lambda b: idx(np.zeros((39, 28, 28), np.uint8)), "39 images, but"),
        (
            LABELS,
            lambda b: idx(np.full(40, 10, np.uint8)),
            "has the label 10; the classes",
        ),
        (IMAGES, lambda b: idx(np.zeros((0, 28, 28), np.uint8)), "0 images"),
    ],
)
def test_wrong_idx_files_are_refused(idx_folder, name, change, message):
    damage(idx_folder, name, change)
    with pytest.raises(InputError, match=message):
        load_dataset("mnist", idx_folder)


def test_a_truncated_gzip_file_is_refused(idx_folder):
    path = idx_folder / "mnist" / IMAGES
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(InputError, match="cannot be unpacked.*fetch it again"):
        load_dataset("mnist", idx_folder)


def test_a_missing_file_says_what_to_do(tmp_path):
    with pytest.raises(
        InputError, match=r"train-images.*`lava-sfdfa data fetch mnist`"
    ):
        load_dataset("mnist", tmp_path)


def test_an_unreadable_idx_file_is_named(tmp_path):
    with pytest.raises(InputError, match="cannot be unpacked"):
        read_idx(tmp_path / "none.gz")


def test_an_unknown_name_gets_a_suggestion():
    with pytest.raises(InputError, match="did you mean 'mnist'"):
        load_dataset("mnits")


def test_checksums_tell_the_state(idx_folder, tmp_path):
    assert describe("mnist", idx_folder).state == "damaged"
    assert describe("fashion-mnist", tmp_path).state == "missing"
    assert describe("digits", None).state == "bundled"
    with pytest.raises(InputError, match="must be one of digits, yin-yang"):
        describe("nothing", None)


# --- npz files --------------------------------------------------------------------


def arrays(**changes):
    rng = np.random.RandomState(0)
    return {
        "x_train": rng.randint(256, size=(30, 4, 5)).astype(np.uint8),
        "y_train": np.arange(30) % 3,
        "x_test": rng.randint(256, size=(6, 4, 5)).astype(np.uint8),
        "y_test": np.arange(6) % 3,
        **changes,
    }


def write(tmp_path, content):
    path = tmp_path / "mine.npz"
    np.savez(path, **content)
    return str(path)


def test_an_npz_file_of_images_is_a_data_set(tmp_path):
    data = load_dataset(write(tmp_path, arrays()))
    assert data.shape == (4, 5) and data.n_classes == 3
    assert (len(data.train), len(data.validation), len(data.test)) == (27, 3, 6)
    floats = arrays(
        x_train=arrays()["x_train"] / 255.0, x_test=arrays()["x_test"] / 255.0
    )
    again = load_dataset(write(tmp_path, floats))
    np.testing.assert_array_equal(again.train.images, data.train.images)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"x_train": np.full((30, 4, 5), np.nan)}, "holds nothing but NaN"),
        ({"x_train": np.full((30, 4, 5), np.inf)}, "sample 0 holds NaN or infinity"),
        ({"x_train": np.full((30, 4, 5), 300)}, r"values from 300 to 300; .*--kind"),
        ({"x_train": np.full((30, 4, 5), -1)}, "values from -1 to -1; images are"),
        ({"x_train": np.full((30, 4, 5), "a")}, "samples must be numbers"),
        ({"x_train": np.zeros((30, 0, 5), np.uint8)}, "none of them 0"),
        ({"x_train": np.zeros(30, np.uint8)}, r"shape \(30,\)"),
        (
            {"x_test": np.zeros((6, 4, 4), np.uint8)},
            r"x_test has the shape .*; it must be \(samples, 4, 5\)",
        ),
        ({"y_train": np.arange(29) % 3}, r"it must be \(30,\)"),
        ({"y_train": np.full(30, 0.5)}, "sample 0 has the label 0.5; labels must be"),
        ({"y_train": np.full(30, 1e30)}, r"sample 0 has the label 1e\+30; labels must"),
        ({"y_train": np.full(30, -np.inf)}, "sample 0 has the label -inf"),
        (
            {"y_train": np.full(30, 2**63, np.uint64)},
            "has the label 9223372036854775808",
        ),
        ({"y_test": np.zeros((6, 2), int)}, r"y_test has the shape \(6, 2\)"),
        ({"y_train": np.int64(3)}, r"y_train has the shape \(\)"),
        ({"y_train": np.full(30, 1j)}, "holds complex128; labels must be"),
        (
            {"y_test": np.array([0, 1, 2, 3, 0, 1])},
            "sample 3 has the label 3, which does not occur in training",
        ),
        ({"x_train": np.array([None] * 30)}, "x_train holds Python objects"),
    ],
)
def test_wrong_arrays_are_refused(tmp_path, changes, message):
    with pytest.raises(InputError, match=message):
        load_dataset(write(tmp_path, arrays(**changes)))


def test_npz_files_that_are_none_are_refused(tmp_path):
    path = tmp_path / "mine.npz"
    with pytest.raises(InputError, match="there is no such file"):
        load_dataset(str(path))
    content = arrays()
    del content["y_test"]
    with pytest.raises(InputError, match="lacks y_test"):
        load_dataset(write(tmp_path, content))
    write(tmp_path, arrays())
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(InputError, match="is not a readable npz file"):
        load_dataset(str(path))
    path.write_text("no zip")
    with pytest.raises(InputError, match="is not a readable npz file"):
        load_dataset(str(path))


def test_other_containers_are_refused(tmp_path):
    path = tmp_path / "mine.npz"
    with path.open("wb") as file:
        np.save(file, np.zeros(3))
    with pytest.raises(InputError, match="is not a readable npz file"):
        load_dataset(str(path))


def test_too_few_samples_are_refused(tmp_path):
    content = {name: array[:3] for name, array in arrays().items()}
    with pytest.raises(
        InputError, match="3 training and 3 test samples; allowed are at least 6"
    ):
        load_dataset(write(tmp_path, content))


def test_the_validation_part_does_not_depend_on_the_order_of_classes(tmp_path):
    """A file sorted by class still gives a validation part with all classes."""
    y = np.repeat(np.arange(3), 100)
    x = np.random.RandomState(0).randint(256, size=(300, 20)).astype(np.uint8)
    content = {"x_train": x, "y_train": y, "x_test": x, "y_test": y}
    data = load_dataset(write(tmp_path, content))
    assert set(data.validation.labels) == {0, 1, 2}
    assert samples.VALIDATION_SHARE == 0.1 and len(data.validation) == 30

"""Published sets as other tools leave them on disk, and arrays of other names."""

import gzip
import shutil
import zipfile

import numpy as np
import pytest

from lava_sfdfa.data.datasets import load_dataset
from lava_sfdfa.data.fetch import fetch
from lava_sfdfa.data.sources import IDX_FILES, KMNIST_ARRAYS, describe, emnist_files
from lava_sfdfa.errors import InputError


def idx(array: np.ndarray) -> bytes:
    head = bytes([0, 0, 8, array.ndim])
    return head + np.array(array.shape, ">u4").tobytes() + array.tobytes()


def part(count, first=0, classes=10):
    """Images and labels of one part."""
    images = np.random.RandomState(count).randint(256, size=(count, 28, 28))
    return images.astype(np.uint8), (np.arange(count) % classes + first).astype("u1")


def four(**options):
    return [*part(40, **options), *part(20, **options)]


def write_idx(folder, names, arrays, packed=False):
    folder.mkdir(parents=True)
    for name, array in zip(names, arrays, strict=True):
        content = gzip.compress(idx(array)) if packed else idx(array)
        (folder / name.removesuffix("" if packed else ".gz")).write_bytes(content)


def check(data, arrays):
    """All samples are there, whatever the layout."""
    assert (len(data.train), len(data.validation), len(data.test)) == (36, 4, 20)
    np.testing.assert_array_equal(data.test.images, arrays[2].reshape(20, -1))
    np.testing.assert_array_equal(data.test.labels, arrays[3])


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("mnist", "MNIST/raw"),
        ("fashion-mnist", "FashionMNIST/raw"),
        ("fashion-mnist", "fashion-mnist"),
        ("kmnist", "KMNIST/raw"),
        ("mnist", "."),
        ("mnist", "raw"),
    ],
)
@pytest.mark.parametrize("packed", [True, False])
def test_idx_files_of_torchvision_are_found(tmp_path, name, folder, packed):
    arrays = four()
    write_idx(tmp_path / "any" / folder, IDX_FILES, arrays, packed)
    check(load_dataset(name, tmp_path / "any"), arrays)


@pytest.mark.parametrize("inside", ["MNIST", "MNIST/raw"])
def test_the_folder_itself_can_be_given(tmp_path, inside):
    arrays = four()
    write_idx(tmp_path / "MNIST" / "raw", IDX_FILES, arrays)
    check(load_dataset("mnist", tmp_path / inside), arrays)


@pytest.mark.parametrize("inside", ["FashionMNIST", "FashionMNIST/raw"])
def test_the_folder_of_another_set_is_not_read(tmp_path, inside):
    """Its files have the same names."""
    write_idx(tmp_path / "FashionMNIST" / "raw", IDX_FILES, four())
    assert len(load_dataset("fashion-mnist", tmp_path / inside).test) == 20
    with pytest.raises(InputError, match="mnist: train-images.* is neither in"):
        load_dataset("mnist", tmp_path / inside)


def test_names_with_dots_are_found(tmp_path):
    arrays = four()
    names = [name.replace("-idx", ".idx") for name in IDX_FILES]
    write_idx(tmp_path / "mnist", names, arrays)
    check(load_dataset("mnist", tmp_path), arrays)
    assert describe("mnist", tmp_path).state == "unpacked"


def test_the_file_of_keras_is_mnist(tmp_path):
    arrays = four()
    names = ("x_train", "y_train", "x_test", "y_test")
    np.savez(tmp_path / "mnist.npz", **dict(zip(names, arrays, strict=True)))
    check(load_dataset("mnist", tmp_path), arrays)
    state = describe("mnist", tmp_path)
    assert state.state == "unchecked" and state.files[0].file.endswith("mnist.npz")
    assert fetch("mnist", tmp_path, lambda *args: None) == state  # nothing is lacking


def test_kmnist_is_read_from_its_arrays(tmp_path):
    arrays = four()
    (tmp_path / "kmnist").mkdir()
    for name, array in zip(KMNIST_ARRAYS, arrays, strict=True):
        np.savez_compressed(tmp_path / "kmnist" / name, array)
    check(load_dataset("kmnist", tmp_path), arrays)
    np.save(tmp_path / "kmnist" / "one.npy", arrays[0])
    (tmp_path / "kmnist" / "one.npy").rename(tmp_path / "kmnist" / KMNIST_ARRAYS[0])
    with pytest.raises(InputError, match="is not a readable npz file"):
        load_dataset("kmnist", tmp_path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"x_test": np.zeros((20, 8, 8), np.uint8)}, r"images of \(8, 8\) uint8"),
        ({"x_test": np.zeros((20, 28, 28))}, r"\(28, 28\) float64; mnist has"),
        ({"y_test": np.full(20, 0.5)}, "holds float64; it must be a list of integers"),
        ({"y_test": np.full(20, 10)}, "y_test: sample 0 has the label 10"),
        ({"y_test": np.full(20, -1)}, "y_test: sample 0 has the label -1"),
        ({"y_test": np.zeros(19, int)}, "20 images, but .* has 19 labels"),
        ({"y_test": np.zeros((20, 1), int)}, r"has the shape \(20, 1\)"),
        ({"y_test": np.array([None] * 20)}, "y_test holds Python objects"),
    ],
)
def test_wrong_arrays_of_keras_are_refused(tmp_path, changes, message):
    names = ("x_train", "y_train", "x_test", "y_test")
    content = dict(zip(names, four(), strict=True)) | changes
    np.savez(tmp_path / "mnist.npz", **content)
    with pytest.raises(InputError, match=message):
        load_dataset("mnist", tmp_path)


# --- EMNIST -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("split", "classes"),
    [
        ("balanced", 47),
        ("byclass", 62),
        ("bymerge", 47),
        ("letters", 26),
        ("digits", 10),
        ("mnist", 10),
    ],
)
@pytest.mark.parametrize("folder", ["gzip", "EMNIST/raw", "emnist/gzip", "."])
def test_every_split_of_emnist_is_found(tmp_path, split, classes, folder):
    first = int(split == "letters")  # whose labels are 1 to 26
    arrays = [
        *part(classes, first=first, classes=classes),
        *part(classes, first=first, classes=classes),
    ]
    packed = folder != "EMNIST/raw"
    write_idx(tmp_path / "any" / folder, emnist_files(split), arrays, packed)
    data = load_dataset("emnist", tmp_path / "any")
    assert data.name == data.source == f"emnist-{split}"
    assert data.n_classes == classes
    assert sorted(data.test.labels) == list(range(classes))


def test_one_of_several_splits_has_to_be_named(tmp_path):
    with pytest.raises(InputError, match="emnist-SPLIT-train-images.*is empty"):
        load_dataset("emnist", tmp_path)
    for number, split in enumerate(("letters", "digits")):
        write_idx(tmp_path / str(number), emnist_files(split), four(first=1, classes=9))
        shutil.copytree(tmp_path / str(number), tmp_path / "emnist", dirs_exist_ok=True)
    with pytest.raises(InputError, match="is meant: emnist-letters, emnist-digits"):
        load_dataset("emnist", tmp_path)
    assert load_dataset("emnist-letters", tmp_path).test.labels.max() == 8


# --- what is not there --------------------------------------------------------------


def test_a_missing_set_says_what_was_found_instead(tmp_path):
    for name in ("cats", "dogs", ".DS_Store", "._cats", "__MACOSX"):
        (tmp_path / name).mkdir()
    with pytest.raises(InputError) as error:
        load_dataset("mnist", tmp_path)
    assert str(error.value) == (
        f"mnist: train-images-idx3-ubyte.gz (or mnist.npz) is neither in {tmp_path} "
        f"nor below it in mnist or MNIST; {tmp_path} holds cats, dogs; run "
        "`lava-sfdfa data fetch mnist`, or give the folder of the files with --data-dir"
    )
    with pytest.raises(
        InputError, match=r"nowhere cannot be read \(No such file or directory\); run"
    ):
        load_dataset("shd", tmp_path / "nowhere")


def test_a_missing_file_of_a_set_is_named(tmp_path):
    write_idx(tmp_path / "MNIST/raw", IDX_FILES[:3], four()[:3])
    with pytest.raises(InputError, match="t10k-labels-idx1-ubyte.gz is neither.*holds"):
        load_dataset("mnist", tmp_path)
    state = describe("mnist", tmp_path)
    assert state.state == "missing" and "MNIST/raw" in state.files[3].file


# --- recordings -------------------------------------------------------------------


def write_nmnist(folder):
    for part, count in (("Train", 12), ("Test", 4)):
        for number in range(count):
            path = folder / part / str(number % 3) / f"{number:05}.bin"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(bytes([number, 1, 0, 0, 9]))
            (path.parent / f"._{path.name}").write_bytes(b"of macOS")
        (folder / part / ".DS_Store").write_bytes(b"of macOS")


def test_nmnist_of_tonic_is_found_without_files_of_the_system(tmp_path):
    write_nmnist(tmp_path / "NMNIST")
    data = load_dataset("nmnist", tmp_path)
    assert len(data.test) == 4 and data.test.index.tolist() == [34, 35, 36, 37]
    again = load_dataset("nmnist", tmp_path / "NMNIST")
    assert again.digest == data.digest


def test_zip_files_of_macos_are_read(tmp_path):
    write_nmnist(tmp_path / "there" / "nmnist")
    data = load_dataset("nmnist", tmp_path / "there")
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "._all.zip").write_bytes(b"of macOS")
    with zipfile.ZipFile(tmp_path / "here" / "all.zip", "w") as archive:
        for path in (tmp_path / "there").rglob("*.bin"):
            inside = path.relative_to(tmp_path / "there" / "nmnist")
            is_of_system = path.name.startswith("._")
            archive.write(path, f"__MACOSX/{inside}" if is_of_system else inside)
    assert load_dataset("nmnist", tmp_path / "here").digest == data.digest


# --- npz files ----------------------------------------------------------------------


def medmnist(**changes):
    content = {}
    for name, count in (("train", 30), ("val", 9), ("test", 12)):
        images, labels = part(count, classes=3)
        content |= {f"{name}_images": images, f"{name}_labels": labels[:, None]}
    return content | changes


def save(tmp_path, content):
    np.savez(tmp_path / "mine.npz", **content)
    return str(tmp_path / "mine.npz")


def test_medmnist_has_a_validation_part_of_its_own(tmp_path):
    content = medmnist()
    data = load_dataset(save(tmp_path, content))
    assert (len(data.train), len(data.validation), len(data.test)) == (30, 9, 12)
    assert data.shape == (28, 28) and data.n_classes == 3
    np.testing.assert_array_equal(
        data.validation.images, content["val_images"].reshape(9, -1)
    )
    assert data.validation.labels.tolist() == [0, 1, 2] * 3


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"val_labels": np.full((9, 1), 7)},
            "val_labels: sample 0 has the label 7, which does not occur",
        ),
        ({"test_labels": np.zeros((12, 14), int)}, r"test_labels has the shape"),
        ({"test_labels": np.zeros((11, 1), int)}, r"test_labels .* it must be \(12,\)"),
        ({"test_images": np.zeros((12, 8, 8), "u1")}, r"test_images has the shape"),
    ],
)
def test_wrong_arrays_of_medmnist_are_named(tmp_path, changes, message):
    with pytest.raises(InputError, match=message):
        load_dataset(save(tmp_path, medmnist(**changes)))


def test_a_missing_array_of_medmnist_is_named(tmp_path):
    content = medmnist()
    del content["val_labels"]
    with pytest.raises(InputError, match="lacks val_labels; .* and it holds train_im"):
        load_dataset(save(tmp_path, content))


def test_a_file_of_x_and_y_is_split(tmp_path):
    x, y = part(100)
    data = load_dataset(save(tmp_path, {"x": x, "y": y}))
    assert (len(data.train), len(data.validation), len(data.test)) == (72, 8, 20)
    with pytest.raises(InputError, match="mine.npz: y has the shape"):
        load_dataset(save(tmp_path, {"x": x, "y": y[:-1]}))


def test_rows_with_a_one_are_labels(tmp_path):
    x, y = part(100)
    plain = load_dataset(save(tmp_path, {"x": x, "y": y}))
    rows = load_dataset(save(tmp_path, {"x": x, "y": np.eye(10)[y]}))
    assert rows.digest == plain.digest
    wrong = np.eye(10)[y]
    wrong[5, :3] = 1
    with pytest.raises(
        InputError, match=r"y has the shape .* or rows of zeros with a one"
    ):
        load_dataset(save(tmp_path, {"x": x, "y": wrong}))

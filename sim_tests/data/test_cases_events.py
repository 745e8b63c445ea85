"""Small recordings that went wrong, and what each gets now."""

import shutil
import time

import h5py
import numpy as np
import pytest
from command_line import call

from lava_sfdfa.data.datasets import load_dataset


@pytest.mark.parametrize(
    ("case", "message"),
    [
        ("35_shd", "sample 0 has a spike at nan s; times must be 0 to 2147 s since"),
        (
            "36_shd",
            "sample 0 has the input -1; it must be a whole number from 0 to 699",
        ),
        (
            "37_shd_hang",
            "cannot be read (the HDF5 library does not get through it); it",
        ),
    ],
)
def test_damaged_recordings_are_one_sentence(cases, case, message):
    began = time.monotonic()
    result = call("train", "--dataset", "shd", "--data-dir", cases / case)
    assert time.monotonic() - began < 10  # 2 s on a machine that does nothing else
    assert result.exit_code == 2 and result.stderr.count("\n") == 1
    assert f"shd_train.h5: {message}" in result.stderr


def test_rows_with_a_one_are_labels(cases, tmp_path):
    """Case 38 is the same as the plain file that holds the places of the ones."""
    data = load_dataset("shd", cases / "38_shd")
    shutil.copytree(cases / "38_shd", tmp_path, dirs_exist_ok=True)
    (tmp_path / "shd").chmod(0o700)
    path = tmp_path / "shd" / "shd_train.h5"
    path.chmod(0o600)
    with h5py.File(path, "a") as file:
        rows = file["labels"][:]
        del file["labels"]
        file["labels"] = np.argmax(rows, axis=1)
    assert load_dataset("shd", tmp_path).digest == data.digest
    assert len(data.train) == 54 and set(data.train.labels) == set(range(20))


def test_files_of_the_system_are_passed_over(cases):
    data = load_dataset("nmnist", cases / "40_nmnist_macos")
    assert (len(data.train), len(data.validation), len(data.test)) == (7, 1, 2)
    assert np.diff(data.test.offset).tolist() == [500, 500]

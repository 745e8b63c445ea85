"""Digests of what others may have stored: they change only where that is meant."""

import hashlib
import shutil
from pathlib import Path

import h5py
import numpy as np
import pytest

import lava_sfdfa as ls

DIGEST = "8563a947d24ab6e8698ed783cf6bc93f6fa435c5aa0c0b00d027d8fcd0b7adf8"
PLANS = {
    ("oheo-gulch", "learning"): "a96c129fd8afae0b87989c40d18d5ab9015aee0fba6ed84c"
    "4605e31d31bb1656",
    ("kapoho-bay", "learning"): "facce7e15ae739eb088c1122ea53e8362905a6f29af3bef1"
    "068fedd7b89345c6",
    ("oheo-gulch", "inference"): "c1598c4b88b3c78aa43eb18d404fc13945e8cfafa1f5268a"
    "fbb7a0825dce8920",
    ("kapoho-bay", "inference"): "1e99853d885c8eb6cf61c999d3422372600b8e93b8d4739d"
    "56a0fe298f26af1a",
}
# Over names, types and values of the file of lava-dl, whatever the version of HDF5.
NETX = "946622594bd18e7efceffba2f7645c51584040570282494d80df89e8977f7409"
# Written by version 0.1.0, with format version 1: the same training, but for what its
# record lacks, and silent neurons that nobody wakes.
DIGEST_OF_VERSION_1 = "950108e1712c42801b175b8fc96af505f2c861059d7008f3356e2a2172f286a1"
FILE_OF_VERSION_1 = Path(__file__).parents[1] / "artifact_v1.h5"


@pytest.fixture(scope="module")
def model():
    return ls.train("digits", hidden=[30], epochs=2, limit=300, wake=False)


def test_the_training_is_what_it_was(model):
    assert model.digest == DIGEST


@pytest.mark.parametrize(("board", "mode"), PLANS)
def test_plans_are_what_they_were(model, board, mode):
    assert model.compile(board=board, mode=mode).digest == PLANS[board, mode]


def test_the_file_of_lava_dl_is_what_it_was(model, tmp_path):
    model.export(tmp_path / "a.net")
    assert digest_of_hdf5(tmp_path / "a.net") == NETX


def digest_of_hdf5(path):
    digest = hashlib.sha256()

    def visit(name, entry):
        if isinstance(entry, h5py.Dataset):
            value = np.asarray(entry[()])
            digest.update(f"{name}:{value.dtype.str}{value.shape};".encode())
            digest.update(value.tobytes())

    with h5py.File(path, "r") as file:
        file.visititems(visit)
    return digest.hexdigest()


def test_an_artifact_of_format_version_1_is_read(model):
    old = ls.load(FILE_OF_VERSION_1)
    assert old.digest == DIGEST_OF_VERSION_1 and old.info().format_version == 1
    assert old.evaluate().accuracy == model.evaluate().accuracy
    for ours, theirs in zip(
        model.artifact.network.layers, old.artifact.network.layers, strict=True
    ):
        np.testing.assert_array_equal(ours.weights, theirs.weights)


def test_an_artifact_of_format_version_1_learns_on(model, tmp_path):
    shutil.copyfile(FILE_OF_VERSION_1, tmp_path / "network.h5")
    on = ls.train("digits", out=tmp_path, resume=True, epochs=3, limit=300)
    assert on.config.wake is False and on.artifact.epochs_done == 3
    record = on.artifact.record
    assert np.isnan(record["weights_at_limit"][:2]).all()
    assert np.isfinite(record["weights_at_limit"][2]).all()
    weights = [layer.weights for layer in model.artifact.network.layers]
    assert (on.artifact.network.layers[0].weights != weights[0]).any()

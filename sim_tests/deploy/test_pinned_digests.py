"""Digests of what others may have stored: they change only where that is meant."""

import hashlib
import shutil
from pathlib import Path

import h5py
import numpy as np
import pytest

import lava_sfdfa as ls

DIGEST = "296ca62ed395513d670e60b4223e5a71cf5eee2af4607d1294371d84a998d87b"
PLANS = {
    ("oheo-gulch", "learning"): "d9a75e7156be8b2cc50cc7e9b1ac6680cdd79c553530c36f"
    "a95b0f04ba48b237",
    ("kapoho-bay", "learning"): "6739936731f97913eeae6d53923dcc2ef94b9b665f5fc078"
    "8afc95593ad811a2",
    ("oheo-gulch", "inference"): "56d8cf605c1fa13d79d8182e4555172b77309aed27a45a77"
    "5fc3002b6ae96c89",
    ("kapoho-bay", "inference"): "4365a7702fd16f3a7e3b6920907d7e00775e77489662fe1c"
    "0a01a174d07eabc3",
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

"""Digests of what others may have stored: they change only where that is meant."""

import hashlib
from pathlib import Path

import h5py
import numpy as np
import pytest

import lava_sfdfa as ls

DIGEST = "950108e1712c42801b175b8fc96af505f2c861059d7008f3356e2a2172f286a1"
PLANS = {
    ("oheo-gulch", "learning"): "8a121c308b24ee5dd2eabd51fc773735012b8b0994ee6aa9"
    "2d79bd5f79b11ed6",
    ("kapoho-bay", "learning"): "55b1e6c7f7ff5532dfa0e3ac667aa339e4237d769c38eabf"
    "0dcbbf0fee0c1156",
    ("oheo-gulch", "inference"): "99c34b21728946e2d8cc350cf3b52c121380b30e1eebe928"
    "865cc8c82f75e418",
    ("kapoho-bay", "inference"): "5ad0b69d190740d4d152b64a27d1a96490f787fdfa490216"
    "69ab81f156411a78",
}
# Over names, types and values of the file of lava-dl, whatever the version of HDF5.
NETX = "946622594bd18e7efceffba2f7645c51584040570282494d80df89e8977f7409"
# Written by version 0.1.0, with format version 1.
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
    assert old.digest == DIGEST and old.info().format_version == 1
    assert old.evaluate().accuracy == model.evaluate().accuracy
    for ours, theirs in zip(
        model.artifact.network.layers, old.artifact.network.layers, strict=True
    ):
        np.testing.assert_array_equal(ours.weights, theirs.weights)

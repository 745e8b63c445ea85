"""A front that snnTorch trained sends here what it sent there."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip(
    "snntorch", reason="snntorch is not installed; see make test-extras"
)

import torch

import lava_sfdfa as ls
from lava_sfdfa.data.datasets import load_dataset
from lava_sfdfa.data.encoding import encode
from lava_sfdfa.engine.front import through_front
from lava_sfdfa.front import find_front
from lava_sfdfa.presets import named_config

SCRIPT = Path(__file__).parents[2] / "scripts" / "conv_front.py"


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The file of a front, and the line of its last epoch."""
    path = tmp_path_factory.mktemp("front") / "front.nir"
    options = ["--dataset=digits", "--epochs=8", f"--out={path}"]
    done = subprocess.run(
        [sys.executable, str(SCRIPT), *options],
        capture_output=True,
        text=True,
        check=True,
    )
    return path, json.loads(done.stdout.splitlines()[-1])


def test_a_head_learns_above_it(trained):
    path, row = trained
    assert row["epoch"] == 8 and row["val_accuracy"] > 0.3
    model = ls.train("digits", front=path, freeze=2, hidden=(60,), epochs=3, steps=32)
    front = model.artifact.network.front
    assert [str(layer).split(",")[0] for layer in front] == ["convolution"] * 2
    assert model.result.test_accuracy > 0.75


def test_spikes_are_those_of_snntorch(trained, monkeypatch):
    """snnTorch drops what arrives in the step after a spike, and 8 bits round: a
    neuron may differ, but most must send what they sent there."""
    monkeypatch.syspath_prepend(SCRIPT.parent)
    specification = importlib.util.spec_from_file_location("conv_front", SCRIPT)
    script = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(script)
    import nir

    path, _ = trained
    config, data = named_config("digits", steps=32), load_dataset("digits")
    images, front = data.test.images[:50], script.Front(data.shape, data.n_classes)
    x = script.trains(images, config, data.shape)
    for k, convolution in enumerate(front.convolutions):
        weight = np.array(nir.read(path).nodes[f"conv{k}"].weight)
        convolution.weight.data = torch.from_numpy(weight)
    with torch.no_grad():
        counts = front.counts(x)[0]
    events = encode(data.test.first(50), config).events
    sent = through_front(find_front(path, 2).layers, events, config.steps)
    ours = np.stack([sent.dense(n, config.steps).sum(0) for n in range(50)])
    theirs = counts.permute(0, 2, 3, 1).flatten(1).numpy()
    assert theirs.sum() > 500
    assert np.mean(ours != theirs) < 0.1

"""A network that others trained with slayer: lava-dl runs it, and the engine does."""

from pathlib import Path

import numpy as np
import pytest
from rate_code import all_events, of_numpy, rate_code
from test_lava_dl import run_in_lava

import lava_sfdfa as ls
from lava_sfdfa.data.datasets import load_dataset
from lava_sfdfa.engine.engine import Engine

PATH = Path(__file__).parents[3] / "shared/cases/third/trained_mnist_network.net"
N, STEPS = 200, 20  # samples, and steps of each as in the tutorial
pytestmark = [
    pytest.mark.filterwarnings("default"),  # lava-dl and PyTorch have their own
    pytest.mark.skipif(not PATH.is_file(), reason="the shared cases are not here"),
]


def test_mnist_of_a_tutorial(data_dir):
    """Its own rate code. lava-dl spikes as the plain numpy does to which the default
    suite compares the engine on 1,000 samples. The file has 9-bit weights, which the
    engine halves, so single spikes may move; the class of a sample rarely does."""
    data = load_dataset("mnist", data_dir).test.first(N)
    shown = rate_code(data.images, STEPS)
    lava = run_in_lava(PATH, shown, STEPS)
    # In its first steps an upper layer in Lava still shows the sample before.
    theirs = lava[:, 2:].sum(axis=1)
    np.testing.assert_array_equal(lava[:, 2:], of_numpy(PATH, shown)[:, 2:])
    model = ls.import_network(PATH, data="mnist", data_dir=data_dir, steps=STEPS)
    ours = Engine(model.artifact.network).scores(all_events(shown))
    accuracy = [np.mean(s.argmax(1) == data.labels) for s in (theirs, ours)]
    assert accuracy[0] > 0.93 and abs(accuracy[1] - accuracy[0]) < 0.01
    assert np.mean(theirs.argmax(1) == ours.argmax(1)) > 0.98

"""What the tests share: small networks and spikes, and the folder of the data."""

from pathlib import Path

import numpy as np
import pytest

from lava_sfdfa.config import Config
from lava_sfdfa.encoding import Events, encode_latency
from lava_sfdfa.network import build_network
from lava_sfdfa.quantise import FixedNetwork, quantise

DATA = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture
def data_dir() -> Path:
    """The folder with the published data sets; the test is skipped without it."""
    if not DATA.is_dir():
        pytest.skip(f"the published data sets are not here ({DATA.name}/ is missing)")
    return DATA


def small_config(**changes) -> Config:
    """A configuration in which a handful of neurons spikes and learns much."""
    values = {
        "hidden": (12,),
        "steps": 24,
        "learning_rate": 0.2,
        "weight_init": 1.5,
        "homeostasis": 4.0,
        "threshold_hidden": 0.1,
        "threshold_output": 0.05,
        "target_true": 6,
        "target_false": 1,
        **changes,
    }
    return Config(**values)


def small_network(
    config: Config, n_inputs: int = 20, n_classes: int = 3
) -> FixedNetwork:
    return quantise(build_network(config, n_inputs, n_classes), config)


def random_samples(
    config: Config, n_samples: int, n_inputs: int = 20, n_classes: int = 3
) -> tuple[Events, np.ndarray]:
    """Random images as events, and labels that they determine."""
    rng = np.random.RandomState(config.seed + 100)
    labels = rng.randint(n_classes, size=n_samples)
    on = rng.rand(n_classes, n_inputs) < 0.6
    images = rng.randint(1, 256, size=(n_samples, n_inputs)) * on[labels]
    return encode_latency(images.astype(np.uint8), config.window_steps), labels


def dense(events: Events, sample: int, steps: int) -> np.ndarray:
    """The spikes of a sample as a matrix: (steps, n_inputs) bool."""
    matrix = np.zeros((steps, events.n_inputs), bool)
    begin, end = events.offset[sample], events.offset[sample + 1]
    of_step = np.repeat(np.arange(events.counts.shape[1]), events.counts[sample])
    matrix[of_step, events.index[begin:end]] = True
    return matrix

"""What the benchmarks learn: made-up images with the pixel statistics of MNIST."""

from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from lava_sfdfa.data.encoding import encode_latency
from lava_sfdfa.data.events import Events
from lava_sfdfa.engine.engine import Engine, compile_engine
from lava_sfdfa.network.fixed import FixedNetwork
from lava_sfdfa.network.quantise import quantise
from lava_sfdfa.network.real import build_network
from lava_sfdfa.presets import named_config
from lava_sfdfa.types import Array

N_CLASSES, SEED = 10, 0
E = TypeVar("E", bound=Engine)


@dataclass(frozen=True)
class Workload:
    """A network, and samples for it."""

    network: FixedNetwork
    events: Events
    labels: Array

    def __len__(self) -> int:
        return len(self.labels)

    def trained(self) -> Engine:
        """An engine that spikes as a trained network does."""
        return self.teach(Engine(self.network))

    def teach(self, engine: E) -> E:
        """Let a new engine learn every sample once, and return it."""
        compile_engine(self.network, self.events)
        engine.learn(self.events, self.labels, np.arange(len(self)))
        engine.take_counts()
        return engine


def make_workload(
    n_inputs: int, hidden: tuple[int, ...], steps: int, n_samples: int
) -> Workload:
    """The settings of MNIST, with other sizes."""
    config = named_config("mnist", hidden=hidden, steps=steps)
    images, labels = make_images(n_samples, n_inputs)
    events = encode_latency(images, config.window_steps)
    network = quantise(build_network(config, n_inputs, N_CLASSES), config)
    return Workload(network, events, labels)


def make_images(n_samples: int, n_inputs: int) -> tuple[Array, Array]:
    """Noisy class prototypes: uint8 (n, n_inputs), 22 % of the pixels not zero, and
    labels int64 (n,)."""
    rng = np.random.RandomState(SEED)
    prototypes = rng.rand(N_CLASSES, n_inputs) < 0.19
    labels = rng.randint(N_CLASSES, size=n_samples)
    bright = np.where(rng.rand(n_samples, n_inputs) < 0.4, 255, 0)
    values = np.maximum(bright, rng.randint(1, 256, size=(n_samples, n_inputs)))
    noise = rng.rand(n_samples, n_inputs) < 0.05
    return (values * (prototypes[labels] ^ noise)).astype(np.uint8), labels

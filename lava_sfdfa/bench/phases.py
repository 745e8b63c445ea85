"""Where the time of a sample goes: neurons, tags, update.

A compiled sample has no clock inside. So whole samples are timed that end earlier, and
the difference is what the later phase takes.
"""

import numpy as np

from lava_sfdfa.bench.engine import REPEATS, seconds_of
from lava_sfdfa.bench.kernels import present_samples
from lava_sfdfa.bench.workload import Workload
from lava_sfdfa.data.events import Events
from lava_sfdfa.engine.engine import Engine
from lava_sfdfa.engine.layers import make_layers
from lava_sfdfa.engine.state import Clock
from lava_sfdfa.types import Array

PHASES = {  # of a sample, and the kinds of work in it, of `limit.least_work`
    "neurons": ("additions", "neurons"),
    "tags": ("tags",),
    "update": ("changes", "weights"),
}


Counts = list[dict[str, int]]


def phase_times(load: Workload) -> tuple[dict[str, float], Counts]:
    """Microseconds of a sample, by phase, and what was counted in each layer in one
    pass over the samples.

    All in turns, since a network that learns on spikes less and less.
    """
    engine, order = load.teach(_Presenter(load.network)), np.arange(len(load))
    engine.cores = 1
    engine.present(load.events, order[:1])  # compiles
    engine.take_counts()
    rounds, counts = [], []
    for _ in range(REPEATS):
        learn = seconds_of(engine.learn, load.events, load.labels, order)
        counts.append(engine.take_counts())
        present = seconds_of(engine.present, load.events, order)
        classify = seconds_of(engine.classify, load.events)
        engine.take_counts()
        rounds.append((classify, present - classify, learn - present))
    times = np.median(rounds, axis=0) / len(load) * 1e6
    return dict(zip(PHASES, times.tolist(), strict=True)), counts[REPEATS // 2]


class _Presenter(Engine):
    """An engine that can leave out what follows the presentation."""

    def present(self, events: Events, order: Array) -> None:
        """Let tags grow in the samples `order`, and stop there."""
        network = self.start_network
        start = Clock(network.seed, self.n_learned * network.period, 0)
        noises = self._noises(start.begin, len(order) * network.period)
        layers = make_layers(self._parameters, self.states, self._scratches, noises)
        present_samples(layers, events.arrays, order, start, network.period)

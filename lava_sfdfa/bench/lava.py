"""Stock Lava on the same network: `LearningDense` and `LIF`, as lava-nc ships them."""

import time
from dataclasses import dataclass

import numpy as np

from lava_sfdfa.bench.workload import Workload
from lava_sfdfa.processes.network import require_lava
from lava_sfdfa.results import Result

STEPS = 20  # of Lava, in a measurement


@dataclass(frozen=True)
class LavaSpeed(Result):
    """Steps a second of stock Lava, and how many times as fast the engine learns."""

    network: str
    steps_per_second: float
    seconds_per_sample: float
    ratio: float


def measure_lava(load: Workload, learning_us: float) -> LavaSpeed:
    """Run the forward connections, which learn, and stock neurons for some steps.

    learning_us: of the engine, of a sample, measured in the same run. There is no
    error, feedback or reset in it: stock Lava has less to do. Errors: BackendError
    where Lava is missing.
    """
    require_lava()
    from lava.magma.core.run_conditions import RunSteps
    from lava.magma.core.run_configs import Loihi2SimCfg

    source, config = _network(load), Loihi2SimCfg(select_tag="fixed_pt")
    try:
        source.run(RunSteps(2), config)  # starts the processes
        begin = time.perf_counter()
        source.run(RunSteps(STEPS), config)
        rate = STEPS / (time.perf_counter() - begin)
    finally:
        source.stop()
    seconds = load.network.period / rate
    return LavaSpeed(
        network="-".join(map(str, load.network.sizes)),
        steps_per_second=round(rate, 1),
        seconds_per_sample=round(seconds, 3),
        ratio=round(seconds / (learning_us * 1e-6)),
    )


def _network(load: Workload):
    """The first sample, repeated, and all layers. Returns the source."""
    from lava.proc.dense.process import LearningDense
    from lava.proc.io.source import RingBuffer
    from lava.proc.lif.process import LIF

    from lava_sfdfa.processes.graph import make_rule

    network, window = load.network, load.events.counts.shape[1]
    data = np.zeros((network.sizes[0], network.period), int)
    data[:, :window] = load.events.dense(0, window).T
    source = below = RingBuffer(data=data)
    for number, layer in enumerate(network.layers):
        rule, weights = make_rule(layer, number), layer.weights.astype(int)
        plastic = LearningDense(weights=weights, learning_rule=rule)
        neurons = LIF(shape=(layer.n_post,), du=layer.du, dv=layer.dv, vth=layer.vth)
        below.s_out.connect(plastic.s_in)
        plastic.a_out.connect(neurons.a_in)
        neurons.s_out.connect(plastic.s_in_bap)
        below = neurons
    return source

"""A layer of hidden neurons with the schedule of a sample."""

import numpy as np
from lava.magma.core.process.variable import Var

from lava_sfdfa.chip import random
from lava_sfdfa.processes.lif import LearningLif


class HiddenNeuron(LearningLif):
    """Hidden neurons: they spike, probe, and learn from errors they receive.

    The errors, through the feedback weights, come in at `a_third_factor_in`.
    homeostasis_gain, target_rate: pull the running mean of spike counts, rate (int
    (n,), 16 fraction bits), towards the target. probes: whether feedback is learned;
    wake_step: when neurons that hardly ever spike are woken, or None.
    The others as in `LearningLif`.
    """

    def __init__(
        self,
        *,
        shape: tuple[int],
        homeostasis_gain: int,
        target_rate: int,
        rate: np.ndarray | int = 0,
        probes: bool = True,
        wake_step: int | None = None,
        **options,
    ):
        super().__init__(
            shape=shape,
            target_rate=target_rate,
            probes=probes,
            wake_step=wake_step,
            **options,
        )
        self.rate = Var(shape=shape, init=rate)
        self.own = Var(shape=shape, init=0)
        self.homeostasis_gain = Var(shape=(1,), init=homeostasis_gain)
        random.draw(
            np.uint64(random.stream_key(0, 0, 0, 0)), 0
        )  # compiled before Lava forks

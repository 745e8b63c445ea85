"""A layer of neurons that never learn, with the schedule of a sample."""

import numpy as np
from lava.magma.core.process.ports.ports import InPort, OutPort
from lava.magma.core.process.process import AbstractProcess
from lava.magma.core.process.variable import Var

from lava_sfdfa.chip.protocol import Schedule


class FrozenNeuron(AbstractProcess):
    """Lava's `LIF` while a sample is presented, and at rest in all other steps.

    A `LIF` would go on spiking, from what is left of u and from its bias, while the
    layers above send payloads and errors.

    shape: (n,); schedule: of a sample; the others as in `LIF`. `spikes` are those of
    the step.
    """

    def __init__(
        self,
        *,
        shape: tuple[int],
        schedule: Schedule,
        du: int,
        dv: int,
        vth: int,
        bias_mant: np.ndarray | int = 0,
        bias_exp: int = 0,
        name: str | None = None,
    ):
        super().__init__(shape=shape, schedule=schedule, name=name)
        self.a_in, self.s_out = InPort(shape=shape), OutPort(shape=shape)
        self.u, self.v = Var(shape=shape, init=0), Var(shape=shape, init=0)
        self.du, self.dv = Var(shape=(1,), init=du), Var(shape=(1,), init=dv)
        self.vth = Var(shape=(1,), init=vth)
        self.bias_mant = Var(shape=shape, init=bias_mant)
        self.bias_exp = Var(shape=shape, init=bias_exp)
        self.spikes = Var(shape=shape, init=0)

"""Model of `FrozenNeuron`."""

import numpy as np
from lava.magma.core.decorator import implements, requires, tag
from lava.magma.core.model.py.ports import PyInPort, PyOutPort
from lava.magma.core.model.py.type import LavaPyType
from lava.magma.core.resources import CPU
from lava.magma.core.sync.protocols.loihi_protocol import LoihiProtocol
from lava.proc.lif.models import AbstractPyLifModelFixed

from lava_sfdfa.chip import widths
from lava_sfdfa.processes.frozen_neuron.process import FrozenNeuron


@implements(proc=FrozenNeuron, protocol=LoihiProtocol)
@requires(CPU)
@tag("fixed_pt", "floating_pt")
class FrozenNeuronModel(AbstractPyLifModelFixed):
    """In the chip's integers, also below layers that learn in floating point."""

    a_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int32, precision=24)
    s_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int32, precision=24)
    vth: int = LavaPyType(int, np.int32, precision=17)
    spikes: np.ndarray = LavaPyType(np.ndarray, np.int32, precision=1)

    def run_spk(self) -> None:
        """One step: Lava's own of a `LIF`, or silence and rest."""
        schedule = self.proc_params["schedule"]
        if (self.time_step - 1) % schedule.period < schedule.steps:
            super().run_spk()
            self.spikes = self.s_out_buff.astype(np.int32)
        else:
            self.a_in.recv()
            self.u, self.v = np.zeros_like(self.u), np.zeros_like(self.v)
            self.spikes = np.zeros_like(self.spikes)
            self.s_out.send(self.spikes)

    def scale_threshold(self) -> None:
        """Nothing is kept: `vth` may be written."""

    def spiking_activation(self) -> np.ndarray:
        """Who spikes: bool (n,)."""
        return self.v > self.vth << widths.INPUT_SHIFT

"""Model of `StateReader`."""

import numpy as np
from lava.magma.core.decorator import implements, requires, tag
from lava.magma.core.model.py.model import PyLoihiProcessModel
from lava.magma.core.model.py.ports import PyRefPort
from lava.magma.core.model.py.type import LavaPyType
from lava.magma.core.resources import CPU
from lava.magma.core.sync.protocols.loihi_protocol import LoihiProtocol

from lava_sfdfa.processes.state_reader.process import StateReader


@implements(proc=StateReader, protocol=LoihiProtocol)
@requires(CPU)
@tag("fixed_pt", "floating_pt")
class StateReaderModel(PyLoihiProcessModel):
    """A port for every variable of a layer; those without a connection are not used."""

    weights: PyRefPort = LavaPyType(PyRefPort.VEC_DENSE, float)
    feedback: PyRefPort = LavaPyType(PyRefPort.VEC_DENSE, float)
    tag_1: PyRefPort = LavaPyType(PyRefPort.VEC_DENSE, float)
    tag_2: PyRefPort = LavaPyType(PyRefPort.VEC_DENSE, float)
    u: PyRefPort = LavaPyType(PyRefPort.VEC_DENSE, float)
    v: PyRefPort = LavaPyType(PyRefPort.VEC_DENSE, float)
    spikes: PyRefPort = LavaPyType(PyRefPort.VEC_DENSE, float)
    n_spikes: PyRefPort = LavaPyType(PyRefPort.VEC_DENSE, float)
    tagged: PyRefPort = LavaPyType(PyRefPort.VEC_DENSE, float)
    rate: PyRefPort = LavaPyType(PyRefPort.VEC_DENSE, float)
    error: PyRefPort = LavaPyType(PyRefPort.VEC_DENSE, float)
    factor: PyRefPort = LavaPyType(PyRefPort.VEC_DENSE, float)
    synapses_cut: PyRefPort = LavaPyType(PyRefPort.VEC_DENSE, float)
    neurons_cut: PyRefPort = LavaPyType(PyRefPort.VEC_DENSE, float)

    def __init__(self, proc_params):
        super().__init__(proc_params)
        self._arrays = {
            name: np.load(path, mmap_mode="r+")
            for name, path in proc_params["files"].items()
        }

    def post_guard(self) -> bool:
        """In the steps that were asked for, after learning."""
        return (self.time_step - 1) % self.proc_params["period"] in self.proc_params[
            "steps"
        ]

    def run_post_mgmt(self) -> None:
        """Read all variables."""
        step = (self.time_step - 1) % self.proc_params["period"]
        slot = self.proc_params["steps"].index(step)
        for name, array in self._arrays.items():
            array[slot] = getattr(self, name).read()

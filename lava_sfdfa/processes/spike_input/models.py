"""Models of `SpikeInput`: the same integers in both."""

import numpy as np
from lava.magma.core.decorator import implements, requires, tag
from lava.magma.core.model.py.model import PyLoihiProcessModel
from lava.magma.core.model.py.ports import PyOutPort
from lava.magma.core.model.py.type import LavaPyType
from lava.magma.core.resources import CPU
from lava.magma.core.sync.protocols.loihi_protocol import LoihiProtocol

from lava_sfdfa.processes.spike_input.process import SpikeInput


@implements(proc=SpikeInput, protocol=LoihiProtocol)
@requires(CPU)
@tag("fixed_pt", "floating_pt")
class SpikeInputModel(PyLoihiProcessModel):
    """Spikes are integers 0 and 1; the label is a one of its class."""

    s_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int32, precision=1)
    label_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int32, precision=1)
    sample: np.ndarray = LavaPyType(np.ndarray, np.int32)

    def __init__(self, proc_params):
        super().__init__(proc_params)
        self._events, self._labels, self._order, self._schedule = (
            proc_params[name] for name in ("events", "labels", "order", "schedule")
        )
        self._n_classes = proc_params["n_classes"]

    def run_spk(self):
        """Send the spikes of this step; silent after the presentation."""
        step = (self.time_step - 1) % self._schedule.period
        sample = self._order[self.sample[0] % len(self._order)]
        spikes = np.zeros(self._events.n_inputs, np.int32)
        spikes[self._events.inputs_at(sample, step)] = 1
        self.s_out.send(spikes)
        label = np.zeros(self._n_classes, np.int32)
        if step == self._schedule.error:
            label[self._labels[sample]] = 1
        self.label_out.send(label)
        if step == self._schedule.rest:
            self.sample = self.sample + 1

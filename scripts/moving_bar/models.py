"""Model of `MovingBar`."""

import numpy as np
from lava.magma.core.decorator import implements, requires, tag
from lava.magma.core.model.py.model import PyLoihiProcessModel
from lava.magma.core.model.py.ports import PyOutPort
from lava.magma.core.model.py.type import LavaPyType
from lava.magma.core.resources import CPU
from lava.magma.core.sync.protocols.loihi_protocol import LoihiProtocol

from moving_bar.process import MovingBar, direction


@implements(proc=MovingBar, protocol=LoihiProtocol)
@requires(CPU)
@tag("fixed_pt")
class MovingBarModel(PyLoihiProcessModel):
    """The bar passes all sensors in half of the presentation; noise does not stop."""

    s_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int32)
    label_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int32)

    def run_spk(self):
        """Every connected port has to send in every step."""
        params = self.proc_params
        sample, step = divmod(self.time_step - 1, params["period"])
        to = direction(params["seed"], sample)
        spikes = np.zeros(params["n_sensors"], np.int32)
        if step < params["steps"]:
            rng = np.random.default_rng([params["seed"], self.time_step])
            spikes[rng.random(spikes.size) < 0.01] = 1
            place = 2 * step * spikes.size // params["steps"]
            if place < spikes.size:
                spikes[place if to == 1 else spikes.size - 1 - place] = 1
        self.s_out.send(spikes)
        label = np.zeros(2, np.int32)
        if step == params["label_step"]:
            label[to] = 1
        self.label_out.send(label)

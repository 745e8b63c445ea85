"""Model of `PathCopy`."""

import numpy as np
from lava.magma.core.decorator import implements, requires, tag
from lava.magma.core.model.py.model import PyLoihiProcessModel
from lava.magma.core.model.py.ports import PyRefPort
from lava.magma.core.model.py.type import LavaPyType
from lava.magma.core.resources import CPU
from lava.magma.core.sync.protocols.loihi_protocol import LoihiProtocol

from lava_sfdfa.chip import arithmetic, widths
from lava_sfdfa.chip.protocol import FEEDBACK_SCALE
from lava_sfdfa.processes.path_copy.process import PathCopy


@implements(proc=PathCopy, protocol=LoihiProtocol)
@requires(CPU)
@tag("fixed_pt")
class PathCopyModel(PyLoihiProcessModel):
    """Integers, exact; the copies scaled, rounded and saturated to 8 bits."""

    path: np.ndarray = LavaPyType(np.ndarray, np.int64)
    weights: PyRefPort = LavaPyType(PyRefPort.VEC_DENSE, np.int32)
    path_above: PyRefPort = LavaPyType(PyRefPort.VEC_DENSE, np.int64)
    spikes_above: PyRefPort = LavaPyType(PyRefPort.VEC_DENSE, np.int32)
    feedback: PyRefPort = LavaPyType(PyRefPort.VEC_DENSE, np.int32)

    def post_guard(self) -> bool:
        """After the presentation, the layer under the outputs first."""
        schedule, layer = self.proc_params["schedule"], self.proc_params["layer"]
        step = (self.time_step - 1) % schedule.period
        return step == schedule.copy(layer)

    def run_post_mgmt(self) -> None:
        """Multiply the path on, and write the feedback weights."""
        weights = self.weights.read().astype(np.int64)
        layer, schedule = self.proc_params["layer"], self.proc_params["schedule"]
        if layer == schedule.n_hidden - 1:
            self.path = weights.T.copy()
        else:
            fired = self.spikes_above.read() > 0
            self.path = weights.T @ np.where(fired[:, None], self.path_above.read(), 0)
        shift = self.proc_params["path_shift"]
        scaled = arithmetic.shift_rounded.py_func(FEEDBACK_SCALE * self.path, shift)
        copied = np.clip(scaled, widths.WEIGHT.minimum, widths.WEIGHT.maximum)
        self.feedback.write(copied.astype(np.int32))
        self.feedback.wait()

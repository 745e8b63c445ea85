"""Models of `OutputNeuron`."""

import numpy as np
from lava.magma.core.decorator import implements, requires, tag
from lava.magma.core.model.py.ports import PyInPort, PyOutPort
from lava.magma.core.model.py.type import LavaPyType
from lava.magma.core.resources import CPU
from lava.magma.core.sync.protocols.loihi_protocol import LoihiProtocol

from lava_sfdfa.chip import widths
from lava_sfdfa.chip.protocol import DIRECTION_MAX, DIRECTION_MIN, output_errors
from lava_sfdfa.processes.lif import FixedArithmetic, FloatArithmetic, Phases
from lava_sfdfa.processes.output_neuron.process import OutputNeuron


class OutputPhases(Phases):
    """The schedule of an output."""

    def run_spk(self) -> None:
        """One step: take input, do what the phase asks, send all ports."""
        step, sample = self.begin()
        schedule, probes = self.proc_params["schedule"], self.proc_params["probes"]
        a_in, label = self.a_in.recv(), self.label_in.recv()
        self.a_third_factor_in.recv()
        feedback = np.zeros(self._shape, self.number)
        if step < schedule.steps:
            self.present(a_in)
        elif step == schedule.error:
            self._find_error(label, sample)
            feedback = self.error
            if probes:
                self._read_payloads(a_in, schedule.probing(sample))
        elif step in schedule.reset:
            self.reset_tags()
        elif step == schedule.feedback and probes:
            feedback = np.maximum(2 * (self.payload - DIRECTION_MIN), 1)
        elif step == schedule.rest:
            self.rest()
            self.error = np.zeros_like(self.error)
        self.s_out_feedback.send(feedback)
        self.send()

    def _find_error(self, label: np.ndarray, sample: int) -> None:
        """Target minus count; y3 is the error, scaled."""
        params, is_true = self.proc_params, label != 0
        wanted = np.where(is_true, params["target_true"], params["target_false"])
        one_sided = params["one_sided"]
        self.error = output_errors(self.n_spikes, wanted, is_true, one_sided)
        total = self.error.astype(self.wide) * self.error_gain
        self.factor = self.third_factor(total, sample)
        self.y3 = self.factor * self.variable_unit

    def _read_payloads(self, a_in: np.ndarray, probing: int) -> None:
        """The sum of payloads, in the 7 bits that can be sent."""
        low, high = widths.PAYLOAD.minimum, widths.PAYLOAD.maximum
        total = np.clip(a_in, low, high)
        sent = self.scaled(total, self.proc_params["payload_shifts"][probing])
        self.payload = np.clip(sent, DIRECTION_MIN, DIRECTION_MAX)


@implements(proc=OutputNeuron, protocol=LoihiProtocol)
@requires(CPU)
@tag("fixed_pt")
class OutputNeuronFixed(OutputPhases, FixedArithmetic):
    """In the chip's integers."""

    label_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int32, precision=1)
    s_out_feedback: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int32, precision=8)
    error: np.ndarray = LavaPyType(np.ndarray, np.int32, precision=7)


@implements(proc=OutputNeuron, protocol=LoihiProtocol)
@requires(CPU)
@tag("floating_pt")
class OutputNeuronFloat(OutputPhases, FloatArithmetic):
    """In floating point."""

    label_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, float)
    s_out_feedback: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, float)
    error: np.ndarray = LavaPyType(np.ndarray, float)

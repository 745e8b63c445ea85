"""What hidden and output neurons share: Lava's LIF, and the factors they send.

The phases of a sample are the same in fixed and in floating point; the arithmetic is
in two classes, `FixedArithmetic` and `FloatArithmetic`.
"""

import numpy as np
from lava.magma.core.model.py.model import PyLoihiProcessModel
from lava.magma.core.model.py.neuron import (
    LearningNeuronModelFixed,
    LearningNeuronModelFloat,
)
from lava.magma.core.model.py.ports import PyInPort, PyOutPort
from lava.magma.core.model.py.type import LavaPyType
from lava.magma.core.process.neuron import LearningNeuronProcess
from lava.magma.core.process.ports.ports import InPort, OutPort
from lava.magma.core.process.process import AbstractProcess
from lava.magma.core.process.variable import Var
from lava.proc.lif.models import AbstractPyLifModelFixed

from lava_sfdfa.chip import arithmetic, random, widths
from lava_sfdfa.chip.protocol import FACTOR_BITS, WAKE_SLOPE, Schedule
from lava_sfdfa.chip.widths import TRACE_SHIFT, VARIABLE_SHIFT
from lava_sfdfa.network.frozen import bias_parts

RESET_FACTOR = 2**VARIABLE_SHIFT  # y2 that takes a tag to zero
shift_rounded = arithmetic.shift_rounded.py_func  # for arrays, not compiled
FACTORS_CUT, CURRENTS_WRAPPED = 0, 1  # positions in `n_cut`


class LearningLif(LearningNeuronProcess, AbstractProcess):
    """Leaky integrate-and-fire neurons that learn from samples.

    shape: (n,); schedule: of a sample; layer: its number; du, dv, vth: as in `LIF`;
    bias: int32 (n,), added to v in every step of the presentation, or None.
    reciprocal_exponent: y1 is 2**this / u at a spike; error_gain: y3 is the error
    times this, with 16 fraction bits, and may be written between samples; it is a
    multiple of 2**factor_bits. seed: of random numbers; first_sample: samples learned
    before.

    `spikes` are those of the step, `n_spikes` those of the sample; `tagged` says who
    has tags, since it spiked or was woken; `factor` is y3; `n_cut` counts third factors
    that were cut off and steps in which a u left its 24 bits.
    """

    def __init__(
        self,
        *,
        shape: tuple[int],
        schedule: Schedule,
        layer: int,
        du: int,
        dv: int,
        vth: int,
        reciprocal_exponent: int,
        error_gain: int,
        bias: np.ndarray | None = None,
        factor_bits: int = 0,
        seed: int = 0,
        first_sample: int = 0,
        **options,
    ):
        super().__init__(
            shape=shape,
            learning_rule=None,
            schedule=schedule,
            layer=layer,
            reciprocal_exponent=reciprocal_exponent,
            factor_bits=factor_bits,
            seed=seed,
            first_sample=first_sample,
            **options,
        )
        self.a_in, self.s_out = InPort(shape=shape), OutPort(shape=shape)
        self.u, self.v = Var(shape=shape, init=0), Var(shape=shape, init=0)
        self.du, self.dv = Var(shape=(1,), init=du), Var(shape=(1,), init=dv)
        self.vth = Var(shape=(1,), init=vth)
        mantissa, exponent = (0, 0) if bias is None else bias_parts(bias)
        self.bias_mant = Var(shape=shape, init=mantissa)
        self.bias_exp = Var(shape=shape, init=exponent)
        self.spikes, self.n_spikes = Var(shape=shape, init=0), Var(shape=shape, init=0)
        self.payload, self.factor = Var(shape=shape, init=0), Var(shape=shape, init=0)
        self.tagged = Var(shape=shape, init=0)
        self.error_gain = Var(shape=(1,), init=error_gain)
        self.n_cut = Var(shape=(2,), init=0)
        arithmetic.reciprocal(1, 0)  # compiled here, before Lava forks
        key = np.uint64(random.stream_key(0, 0, 0, 0))
        arithmetic.round_factors(np.zeros(1, np.int64), FACTOR_BITS, 0, key, 0)


class FixedArithmetic(LearningNeuronModelFixed, AbstractPyLifModelFixed):
    """Integers that neuron microcode could compute: no division, a table of 32."""

    a_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int32, precision=24)
    s_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int32, precision=24)
    vth: int = LavaPyType(int, np.int32, precision=17)
    spikes: np.ndarray = LavaPyType(np.ndarray, np.int32, precision=1)
    n_spikes: np.ndarray = LavaPyType(np.ndarray, np.int32, precision=6)
    payload: np.ndarray = LavaPyType(np.ndarray, np.int32, precision=24)
    tagged: np.ndarray = LavaPyType(np.ndarray, np.int32, precision=1)
    factor: np.ndarray = LavaPyType(np.ndarray, np.int32, precision=8)
    error_gain: np.ndarray = LavaPyType(np.ndarray, np.int32)
    n_cut: np.ndarray = LavaPyType(np.ndarray, np.int32)
    trace_unit = variable_unit = 1  # of y1, and of y2 and y3
    number, wide = np.int32, np.int64

    def integrate(self, a_in: np.ndarray) -> np.ndarray:
        """Lava's LIF for one step; returns who spikes: bool (n,)."""
        decay = self.decay_unity - (self.du + self.ds_offset)
        kept = np.sign(self.u) * (np.abs(self.u).astype(np.int64) * decay >> 12)
        self.scale_bias()
        self.subthr_dynamics(a_in)
        wrapped = kept + (a_in.astype(np.int64) << widths.INPUT_SHIFT) != self.u
        self.n_cut[CURRENTS_WRAPPED] += wrapped.any()
        return self.v > self.vth << widths.INPUT_SHIFT

    def slope(self, current: int) -> int:
        """y1 of a spike, about 1 / u."""
        return arithmetic.reciprocal(
            int(current), self.proc_params["reciprocal_exponent"]
        )

    def third_factor(self, total: np.ndarray, sample: int) -> np.ndarray:
        """y3: rounded to 7 bits and a sign. total: int64 (n,)."""
        seed, layer = self.proc_params["seed"], self.proc_params["layer"]
        key = np.uint64(random.stream_key(seed, random.FACTOR, layer, sample))
        bits = self.proc_params["factor_bits"]
        factors, cut = arithmetic.round_factors(total, FACTOR_BITS, bits, key, 0)
        self.n_cut[FACTORS_CUT] += np.count_nonzero(cut & (self.tagged > 0))
        return factors

    def scaled(self, value: np.ndarray, shift: int) -> np.ndarray:
        """value / 2**shift, to the nearest integer."""
        return shift_rounded(value, shift)


class FloatArithmetic(LearningNeuronModelFloat):
    """The same in floating point: nothing is rounded, nothing saturates."""

    a_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, float)
    s_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, float)
    u: np.ndarray = LavaPyType(np.ndarray, float)
    v: np.ndarray = LavaPyType(np.ndarray, float)
    du: int = LavaPyType(int, np.int32)
    dv: int = LavaPyType(int, np.int32)
    vth: int = LavaPyType(int, np.int32)
    bias_mant: np.ndarray = LavaPyType(np.ndarray, float)
    bias_exp: np.ndarray = LavaPyType(np.ndarray, float)
    spikes: np.ndarray = LavaPyType(np.ndarray, np.int32)
    n_spikes: np.ndarray = LavaPyType(np.ndarray, np.int32)
    payload: np.ndarray = LavaPyType(np.ndarray, float)
    tagged: np.ndarray = LavaPyType(np.ndarray, np.int32)
    factor: np.ndarray = LavaPyType(np.ndarray, float)
    error_gain: np.ndarray = LavaPyType(np.ndarray, float)
    n_cut: np.ndarray = LavaPyType(np.ndarray, np.int32)
    # The float engine does not shift products right: factors are smaller instead.
    trace_unit, variable_unit = 2.0**-TRACE_SHIFT, 2.0**-VARIABLE_SHIFT
    number = wide = float

    def integrate(self, a_in: np.ndarray) -> np.ndarray:
        """One step; units of u and v are those of the fixed model."""
        unity = 2.0**widths.DECAY_BITS
        self.u = self.u * (1 - (self.du + 1) / unity) + a_in * 2.0**widths.INPUT_SHIFT
        bias = self.bias_mant * 2.0**self.bias_exp
        self.v = self.v * (1 - self.dv / unity) + self.u + bias
        return self.v > self.vth << widths.INPUT_SHIFT

    def slope(self, current: float) -> float:
        """y1 of a spike, 1 / u; at most 127, since u can be very small."""
        most = 2.0 ** self.proc_params["reciprocal_exponent"] / widths.TRACE.maximum
        return widths.TRACE.maximum * most / max(current, most)

    def third_factor(self, total: np.ndarray, sample: int) -> np.ndarray:
        """y3."""
        return total / 2.0**FACTOR_BITS

    def scaled(self, value: np.ndarray, shift: int) -> np.ndarray:
        """value / 2**shift."""
        return value / 2.0**shift


class Phases(PyLoihiProcessModel):
    """One step of a neuron: what it does depends on the phase of the sample."""

    def begin(self) -> tuple[int, int]:
        """Clear what is sent; returns the step of the sample and its number."""
        zeros = np.zeros(self._shape, self.number)
        self.y1, self.y2, self.y3 = zeros.copy(), zeros.copy(), zeros.copy()
        self.spikes = self._learning = np.zeros(self._shape, np.int32)
        self._sent = zeros
        sample, step = divmod(self.time_step - 1, self.proc_params["schedule"].period)
        return step, self.proc_params["first_sample"] + sample

    def present(self, a_in: np.ndarray) -> None:
        """Integrate; a neuron that spikes shows the reciprocal of its u as y1."""
        spiked = self.integrate(a_in)
        self.v[spiked] = 0
        self.spikes[spiked] = 1
        self.n_spikes = self.n_spikes + self.spikes
        self._learning = self.spikes
        for neuron in np.flatnonzero(spiked):
            self.y1[neuron] = self.slope(self.u[neuron]) * self.trace_unit
        self._sent = self.spikes.astype(self.number)

    def wake(self, silent: np.ndarray) -> None:
        """Show the spike of a neuron that sends none, to its synapses alone. silent:
        bool (n,), who does."""
        self._learning = self.spikes | silent
        self.y1[silent] = WAKE_SLOPE * self.trace_unit

    def reset_tags(self) -> None:
        """y2 that takes the tags to zero."""
        self.y2[:] = RESET_FACTOR * self.variable_unit

    def rest(self) -> None:
        """All state of the sample returns to zero."""
        for name in ("u", "v", "n_spikes", "payload", "factor", "tagged"):
            setattr(self, name, np.zeros_like(getattr(self, name)))

    def send(self) -> None:
        """Send all ports: one that stays silent would block its receiver for ever."""
        self.s_out.send(self._sent)
        self.tagged = self.tagged | self._learning
        self.s_out_bap.send(self._learning.astype(bool))
        self.s_out_y1.send(self.y1)
        self.s_out_y2.send(self.y2)
        self.s_out_y3.send(self.y3)

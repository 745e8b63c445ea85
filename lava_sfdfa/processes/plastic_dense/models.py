"""Models of `PlasticDense`: the learning engine in integers, and in floating point."""

import numpy as np
from lava.magma.core.decorator import implements, requires, tag
from lava.magma.core.model.py.connection import (
    LearningConnectionModelBitApproximate,
    LearningConnectionModelFloat,
)
from lava.magma.core.model.py.ports import PyInPort
from lava.magma.core.model.py.type import LavaPyType
from lava.magma.core.resources import CPU
from lava.magma.core.sync.protocols.loihi_protocol import LoihiProtocol
from lava.proc.dense.models import AbstractPyDenseModelBitAcc, AbstractPyDenseModelFloat
from lava.utils.weightutils import truncate_weights

from lava_sfdfa.chip import arithmetic, random, widths
from lava_sfdfa.chip.rule_text import check_rule
from lava_sfdfa.engine.state import LAVA_Y_TAU, OWN, lava_alpha, make_noise
from lava_sfdfa.processes import plastic
from lava_sfdfa.processes.plastic_dense.process import PlasticDense


@implements(proc=PlasticDense, protocol=LoihiProtocol)
@requires(CPU)
@tag("fixed_pt", "bit_approximate_loihi")
class PlasticDenseFixed(
    LearningConnectionModelBitApproximate, AbstractPyDenseModelBitAcc
):
    """The arithmetic is in `lava_sfdfa.plastic`; ports and variables are Lava's."""

    s_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int32, precision=24)
    weights: np.ndarray = LavaPyType(np.ndarray, np.int32, precision=8)
    tag_1: np.ndarray = LavaPyType(np.ndarray, np.int32, precision=9)
    tag_2: np.ndarray = LavaPyType(np.ndarray, np.int32, precision=8)
    n_cut: np.ndarray = LavaPyType(np.ndarray, np.int32)

    def __init__(self, proc_params):
        super().__init__(proc_params)
        names = ("rounding", "seed", "layer", "first_step", "limits", "reset_interval")
        self._rounding, self._seed, self._layer, *rest = (
            proc_params[name] for name in names
        )
        self._first_step, self._limits, self._reset_interval = rest
        self._purposes = {
            "tag_1": random.TAG,
            "tag_2": random.JUMP,
            "weights": proc_params["weight_purpose"],
        }
        self._products = check_rule(self._learning_rule)
        if self._rounding == "shared":  # as in Lava, by the seed of the rule
            self._seed, self._layer = self._learning_rule.rng_seed, 0
        self._start_tags = None

    def on_var_update(self):
        """A variable was written from outside: it may have been a rule."""
        super().on_var_update()
        self._products = check_rule(self._learning_rule)

    def run_spk(self):
        """Send what arrived a step ago, take spikes, and what the neurons tell."""
        if self._start_tags is None:
            self._start()
        self.a_out.send(self.a_buff)
        spikes = self.s_in.recv()
        if not self.num_message_bits.item():
            spikes = spikes.astype(bool)
        active = np.flatnonzero(spikes)
        arrived = self.weights[:, active] @ spikes[active].astype(np.int32)
        exponent = self.weight_exp
        self.a_buff = arrived << exponent if exponent > 0 else arrived >> -exponent
        self.recv_traces(spikes)

    def _start(self):
        """In the first step: what lava-nc does to mixed weights, and the start tags."""
        if self._limits == plastic.LAVA:
            self.weights = truncate_weights(
                self.weights, sign_mode=self.sign_mode, num_weight_bits=8
            )
        self._start_tags = self.tag_1.copy(), self.tag_2.copy()

    def _update_trace_randoms(self):
        """Lava draws here; we draw by step, in `run_lrn`."""

    def run_lrn(self):
        """Traces decay and take spikes; all variables with a rule change at once."""
        step = self._first_step + self.time_step - 1
        noise = make_noise(self._rounding, self._seed, self._layer, step, 1)
        values = self._values(noise)
        changed = {
            name: self._changed(name, products, values, step, int(noise.bits[0]))
            for name, products in self._products.items()
        }
        for name, variable in changed.items():
            setattr(self, name, variable)
        self._reset_dependencies_and_spike_times()
        if self._reset_interval and self.time_step % self._reset_interval == 0:
            self._rest()

    def _values(self, noise) -> plastic.Values:
        """All factors of this step, shaped to be broadcast over (n_post, n_pre)."""
        pre, post = self.tx > 0, self.ty > 0
        self._pass_traces(pre, noise)
        alpha = lava_alpha(LAVA_Y_TAU) if self._rounding == "shared" else 1.0
        values = {"time_step": np.array(self.time_step)}
        values |= {"w": self.weights, "t": self.tag_1, "d": self.tag_2}
        values |= {"x0": pre[None, :], "y0": post[:, None]}
        values |= {name: getattr(self, name)[None, :] for name in ("x1", "x2")}
        for name in ("y1", "y2", "y3"):
            sent = getattr(self, name)
            value = plastic.received(sent, post, alpha, noise.y[0], self._limits)
            values[name] = value[:, None]
        return values

    def _pass_traces(self, spiked, noise) -> None:
        """x1 and x2 decay for a step, and take the spikes of this step."""
        alpha = lava_alpha if self._rounding == "shared" else arithmetic.trace_alpha
        for name, uniform in (("x1", noise.x1[0]), ("x2", noise.x2[0])):
            tau = getattr(self._learning_rule, f"{name}_tau")
            impulse = int(getattr(self._learning_rule, f"{name}_impulse"))
            trace = plastic.decay(getattr(self, name), alpha(tau), uniform)
            trace = trace + impulse * spiked
            if name == "x1":
                self.n_cut[0] += np.count_nonzero(trace > widths.TRACE.maximum)
            setattr(self, name, np.clip(trace, 0, widths.TRACE.maximum))

    def _changed(self, name, products, values, step, shared_bits) -> np.ndarray:
        """A variable after its rule; only rows in which something can happen."""
        variable = getattr(self, name)
        rows = np.flatnonzero(plastic.touched_rows(products, values))
        if not rows.size:
            return variable
        some = plastic.take_rows(values, rows)
        total = plastic.accumulate(products, variable[rows], some)
        bits = shared_bits
        if bits == OWN:
            key = random.stream_key(self._seed, self._purposes[name], self._layer, step)
            bits = plastic.own_bits(np.uint64(key), rows, variable.shape[1])
        field = getattr(self._limits, name)
        changed = variable.copy()
        changed[rows] = plastic.round_off(total, bits, field)
        self._count_cut(name, total, field)
        return changed

    def _count_cut(self, name, total, field) -> None:
        whole = total >> widths.FRACTION_BITS
        outside = (whole < field.minimum) | (whole > field.maximum)
        self.n_cut[2 if name == "weights" else 1] += np.count_nonzero(outside)

    def _rest(self):
        """The end of a sample: nothing of it stays but the weights."""
        self.x1, self.x2 = np.zeros_like(self.x1), np.zeros_like(self.x2)
        self.a_buff = np.zeros_like(self.a_buff)
        self.tag_1, self.tag_2 = (tags.copy() for tags in self._start_tags)


@implements(proc=PlasticDense, protocol=LoihiProtocol)
@requires(CPU)
@tag("floating_pt")
class PlasticDenseFloat(LearningConnectionModelFloat, AbstractPyDenseModelFloat):
    """Lava's own float model, with the reset. Its products are not shifted: neurons
    send it smaller factors, see `processes/lif.py`."""

    s_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, float)
    n_cut: np.ndarray = LavaPyType(np.ndarray, np.int32)

    def __init__(self, proc_params):
        super().__init__(proc_params)
        self._reset_interval = proc_params["reset_interval"]
        self._start_tags = None

    def run_spk(self):
        """As `PyLearningDenseModelFloat`."""
        if self._start_tags is None:
            self._start_tags = self.tag_1.copy(), self.tag_2.copy()
        self.a_out.send(self.a_buff)
        spikes = self.s_in.recv()
        if not self.num_message_bits.item():
            spikes = spikes.astype(bool)
        self.a_buff = self.weights.dot(spikes)
        self.recv_traces(spikes)

    def run_lrn(self):
        """Lava's, and the reset at the end of a sample."""
        super().run_lrn()
        if self._reset_interval and self.time_step % self._reset_interval == 0:
            self.x1, self.x2 = np.zeros_like(self.x1), np.zeros_like(self.x2)
            self.a_buff = np.zeros_like(self.a_buff)
            self.tag_1, self.tag_2 = (tags.copy() for tags in self._start_tags)

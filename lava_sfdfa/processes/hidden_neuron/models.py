"""Models of `HiddenNeuron`."""

import numpy as np
from lava.magma.core.decorator import implements, requires, tag
from lava.magma.core.model.py.type import LavaPyType
from lava.magma.core.resources import CPU
from lava.magma.core.sync.protocols.loihi_protocol import LoihiProtocol

from lava_sfdfa.chip import random, widths
from lava_sfdfa.chip.protocol import (
    FEEDBACK_DECAY_FACTOR,
    PAYLOAD_FACTOR,
    RATE_BITS,
    RATE_COARSE_BITS,
    RATE_SHIFT,
    RELAY_SHIFT,
    SILENT_RATE,
)
from lava_sfdfa.processes.hidden_neuron.process import HiddenNeuron
from lava_sfdfa.processes.lif import FixedArithmetic, FloatArithmetic, Phases


class HiddenPhases(Phases):
    """The schedule of a hidden neuron."""

    def run_spk(self) -> None:
        """One step: take input, do what the phase asks, send all ports."""
        step, sample = self.begin()
        schedule, layer = self.proc_params["schedule"], self.proc_params["layer"]
        a_in, third = self.a_in.recv(), self.a_third_factor_in.recv()
        probing = self.proc_params["probes"] and schedule.probing(sample) == layer
        if step < schedule.steps:
            self.present(a_in)
            if step == self.proc_params["wake_step"]:
                self.wake((self.n_spikes == 0) & (self.rate < SILENT_RATE))
        elif step == schedule.probe(layer) and self.proc_params["probes"]:
            self._probe(a_in, sample)
        elif step == schedule.commit:
            self._commit(third, sample)
        elif step in schedule.reset:
            self.reset_tags()
        elif step == schedule.feedback and probing:
            self._learn_feedback()
        elif step == schedule.rest:
            self.rest()
            self.own = np.zeros_like(self.own)
        self.send()

    def _probe(self, a_in: np.ndarray, sample: int) -> None:
        """Send a payload of one's own, or pass on what was received times the running
        mean of spikes, see `credit.relay`."""
        layer = self.proc_params["layer"]
        probing = self.proc_params["schedule"].probing(sample)
        fired = self.n_spikes > 0
        if probing == layer:
            self.own = np.where(fired, self._draw_payloads(sample), 0)
            self.payload = self.own.astype(self.number)
        elif layer > probing:
            low, high = widths.PAYLOAD.minimum, widths.PAYLOAD.maximum
            received = np.clip(a_in, low, high).astype(self.wide)
            share = self.scaled_down(self.rate)
            relayed = self.scaled(received * share, RATE_COARSE_BITS + RELAY_SHIFT)
            self.payload = np.clip(relayed, low, high).astype(self.number)
        self._sent = self.payload

    def _draw_payloads(self, sample: int) -> np.ndarray:
        """-1 or 1 for every neuron, random: int32 (n,)."""
        seed, layer = self.proc_params["seed"], self.proc_params["layer"]
        key = np.uint64(random.stream_key(seed, random.PAYLOAD, layer, sample))
        draws = [random.draw(key, post) >> 31 for post in range(self._shape[0])]
        return np.where(np.array(draws) == 1, 1, -1).astype(np.int32)

    def _commit(self, third: np.ndarray, sample: int) -> None:
        """y3 from the errors and from homeostasis; only of neurons that have tags."""
        missing = self.scaled_down(self.proc_params["target_rate"] - self.rate)
        total = third.astype(self.wide) * self.error_gain
        total = total + missing.astype(self.wide) * self.homeostasis_gain
        self.factor = np.where(self.tagged > 0, self.third_factor(total, sample), 0)
        self.y3 = self.factor * self.variable_unit
        count = self.n_spikes.astype(self.number) * 2**RATE_BITS
        self.rate = self.rate + self.scaled(count - self.rate, RATE_SHIFT)

    def _learn_feedback(self) -> None:
        """Show one's payload in y1, and in y3 that one fired."""
        self.y1 = PAYLOAD_FACTOR * self.own * self.trace_unit
        self.y3 = FEEDBACK_DECAY_FACTOR * (self.n_spikes > 0) * self.variable_unit


@implements(proc=HiddenNeuron, protocol=LoihiProtocol)
@requires(CPU)
@tag("fixed_pt")
class HiddenNeuronFixed(HiddenPhases, FixedArithmetic):
    """In the chip's integers."""

    rate: np.ndarray = LavaPyType(np.ndarray, np.int32, precision=24)
    own: np.ndarray = LavaPyType(np.ndarray, np.int32, precision=2)
    homeostasis_gain: np.ndarray = LavaPyType(np.ndarray, np.int32)

    def scaled_down(self, rate: np.ndarray) -> np.ndarray:
        """The bits of a rate that homeostasis and the probe use."""
        return rate >> (RATE_BITS - RATE_COARSE_BITS)


@implements(proc=HiddenNeuron, protocol=LoihiProtocol)
@requires(CPU)
@tag("floating_pt")
class HiddenNeuronFloat(HiddenPhases, FloatArithmetic):
    """In floating point."""

    rate: np.ndarray = LavaPyType(np.ndarray, float)
    own: np.ndarray = LavaPyType(np.ndarray, float)
    homeostasis_gain: np.ndarray = LavaPyType(np.ndarray, float)

    def scaled_down(self, rate: np.ndarray) -> np.ndarray:
        """A rate in the unit that homeostasis and the probe use."""
        return rate / 2.0 ** (RATE_BITS - RATE_COARSE_BITS)

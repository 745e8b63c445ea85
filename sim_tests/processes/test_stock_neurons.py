"""Neurons of the engine and of the Processes against stock `LIF` of lava-nc 0.10.0."""

import numpy as np
import pytest

from lava_sfdfa.chip.protocol import Schedule
from lava_sfdfa.engine.neurons import integrate

pytest.importorskip("lava.proc.dense", reason="lava-nc is not installed")

from lava.proc.lif.models import PyLifModelBitAcc
from lava.proc.lif.process import LIF
from lava_models import make_model, step

from lava_sfdfa.processes.hidden_neuron.models import HiddenNeuronFixed
from lava_sfdfa.processes.hidden_neuron.process import HiddenNeuron
from lava_sfdfa.processes.output_neuron.models import OutputNeuronFixed
from lava_sfdfa.processes.output_neuron.process import OutputNeuron

NEURON = {"du": 400, "dv": 200, "vth": 300}
SCHEDULE = Schedule(steps=100_000, n_hidden=1)


def make_neuron(kind, n, **parameters):
    more = {"reciprocal_exponent": 20, "error_gain": 1, "schedule": SCHEDULE}
    if kind == "hidden":
        made = HiddenNeuron(
            shape=(n,), layer=0, homeostasis_gain=0, target_rate=0, **more, **parameters
        )
        return make_model(made, HiddenNeuronFixed)
    made = OutputNeuron(
        shape=(n,), layer=1, target_true=1, target_false=0, payload_shifts=(0,),
        **more, **parameters,
    )  # fmt: skip
    return make_model(made, OutputNeuronFixed)


class EngineNeurons:
    """The engine's neurons, step by step."""

    def __init__(self, n, du, dv, vth):
        self.u, self.v = np.zeros(n, np.int32), np.zeros(n, np.int32)
        self.bias = np.zeros(n, np.int32)
        self.decay_u, self.decay_v, self.threshold = 4095 - du, 4096 - dv, vth << 6

    def step(self, a_in):
        total = a_in.astype(np.int32)
        integrate(self.u, self.v, total, self.bias, self.decay_u, self.decay_v)
        spikes = self.v > self.threshold
        self.v[spikes] = 0
        return spikes


@pytest.mark.parametrize("kind", ["hidden", "output"])
@pytest.mark.parametrize(
    ("parameters", "size"),
    [
        (NEURON, 500),
        ({"du": 0, "dv": 0, "vth": 2**17 - 1}, 32767),  # u and v overflow
        ({"du": 4095, "dv": 4095, "vth": 0}, 3),
        ({"du": 1, "dv": 4094, "vth": 100}, 30000),
    ],
)
def test_neurons_equal_stock_lif(kind, parameters, size):
    n, n_steps = 40, 400
    own = make_neuron(kind, n, **parameters)
    stock = make_model(LIF(shape=(n,), **parameters), PyLifModelBitAcc)
    engine = EngineNeurons(n, **parameters)
    rng = np.random.default_rng(size)
    drift = np.linspace(-0.9, 1, n)  # some neurons sink, some rise
    n_spikes, ends = 0, set()
    for number in range(n_steps):
        noise = rng.uniform(-0.5, 1, n) if number % 7 else np.zeros(n)
        a_in = np.clip(size * (drift + noise), -32768, 32767).astype(np.int64)
        for model in (own, stock):
            step(model, a_in=a_in)
        spikes = engine.step(a_in)
        for found in (own, engine):
            np.testing.assert_array_equal(found.u, stock.u, f"u, step {number}")
            np.testing.assert_array_equal(found.v, stock.v, f"v, step {number}")
        np.testing.assert_array_equal(own.s_out.value, stock.s_out.value)
        np.testing.assert_array_equal(spikes, stock.s_out.value)
        n_spikes += spikes.sum()
        ends |= set(stock.v[abs(stock.v) == 2**23 - 1])
    assert n_spikes > 20
    if size == 32767:
        assert -(2**23) + 1 in ends, "v was to reach its lower end"
        assert own.n_cut[1] > 10, "u was to leave its 24 bits"


@pytest.mark.parametrize(
    ("start", "a_in", "expected"),
    [
        (2**23 - 64, 1, 2**23),  # stays, though it is beyond 24 bits
        (2**23 - 64, 2, -(2**23) + 64),
        (-(2**23) + 128, -1, -(2**23) + 64),
        (-(2**23) + 128, -2, 2**23),
        (-(2**23) + 128, -3, 2**23 - 64),
    ],
)
def test_u_at_the_very_edge(start, a_in, expected):
    stock = make_model(LIF(shape=(1,), du=0, dv=0, vth=2**17 - 1), PyLifModelBitAcc)
    stock.u[:], stock.du = start, -1  # no decay
    step(stock, a_in=np.array([a_in]))
    own = make_neuron("hidden", 1, du=0, dv=0, vth=2**17 - 1)
    own.u[:], own.du = start, -1
    step(own, a_in=np.array([a_in]))
    engine = EngineNeurons(1, -1, 0, 2**17 - 1)
    engine.u[:] = start
    engine.step(np.array([a_in]))
    assert stock.u[0] == own.u[0] == engine.u[0] == expected
    assert stock.v[0] == own.v[0] == engine.v[0]

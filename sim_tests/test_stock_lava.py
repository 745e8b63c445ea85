"""The engine's integers against stock lava-nc 0.10.0; its defects, and what we do.

Every defect is pinned: where Lava mends it, a test here fails and tells.
"""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from conftest import dense, random_samples, small_config, small_network

from lava_sfdfa import plastic
from lava_sfdfa import rule as rule_module
from lava_sfdfa.engine import Engine
from lava_sfdfa.errors import InputError
from lava_sfdfa.presentation import integrate
from lava_sfdfa.rule import JUMP_REST
from lava_sfdfa.rule_text import check_rule, explain, parse
from lava_sfdfa.state import by_synapse

pytest.importorskip("lava.proc.dense", reason="lava-nc is not installed")

from lava.magma.core.learning.constants import GradedSpikeCfg
from lava.magma.core.learning.learning_rule import Loihi3FLearningRule
from lava.proc.dense.models import PyLearningDenseModelBitApproximate
from lava.proc.dense.process import LearningDense
from lava.proc.lif.models import PyLifModelBitAcc
from lava.proc.lif.process import LIF
from lava_models import make_model, step

from lava_sfdfa.lava_backend import make_feedback_rule, make_rule
from lava_sfdfa.processes.hidden_neuron.models import HiddenNeuronFixed
from lava_sfdfa.processes.hidden_neuron.process import HiddenNeuron
from lava_sfdfa.processes.output_neuron.models import OutputNeuronFixed
from lava_sfdfa.processes.output_neuron.process import OutputNeuron
from lava_sfdfa.processes.plastic_dense.models import PlasticDenseFixed
from lava_sfdfa.processes.plastic_dense.process import PlasticDense
from lava_sfdfa.schedule import Schedule

PROCESSES = Path(plastic.__file__).parent / "processes"

# --- the engine against LearningDense -----------------------------------------------


class Stock:
    """The stock connections of a network, fed with what the engine's neurons sent."""

    def __init__(self, network):
        self.network, self.schedule = network, network.schedule
        self.forward = [self._forward(i) for i in range(len(network.layers))]
        self.feedback = [self._feedback(i) for i in range(network.n_hidden)]

    def _forward(self, number):
        layer = self.network.layers[number]
        jumps = np.full(layer.weights.shape, JUMP_REST) if layer.rule.jump else None
        rule = make_rule(layer, self.network.seed + number)
        made = LearningDense(
            weights=layer.weights.astype(int), learning_rule=rule, tag_2=jumps
        )
        return make_model(made, PyLearningDenseModelBitApproximate)

    def _feedback(self, number):
        made = LearningDense(
            weights=self.network.layers[number].feedback.astype(int),
            learning_rule=make_feedback_rule(self.network.seed + number),
            num_message_bits=8,
            graded_spike_cfg=GradedSpikeCfg.OVERWRITE,
        )
        model = make_model(made, PyLearningDenseModelBitApproximate)
        model.weights_set = True  # it would clear the lowest bit, see below
        return model

    def show(self, sample):
        """One sample through all steps. Returns the tags before the commit."""
        for now in range(self.schedule.period):
            for number, model in enumerate(self.forward):
                step(model, **sample.forward(now, number))
            for number, model in enumerate(self.feedback):
                step(model, **sample.feedback(now, number))
            if now == self.schedule.steps - 1:
                tags = [(m.tag_1.copy(), m.tag_2.copy()) for m in self.forward]
        for model in self.forward:  # no rule can clear traces; nor wholly d - 128
            model.x1[:], model.x2[:] = 0, 0
            assert not model.tag_1.any() and (abs(model.tag_2 - JUMP_REST) <= 128).all()
            if model._learning_rule.dd is not None:
                model.tag_2[:] = JUMP_REST
        return tags


class Sample:
    """What neurons sent in a sample that the engine learns: spikes and factors."""

    def __init__(self, engine, events, labels, number):
        self.engine, net = engine, engine.start_network
        self.net, self.schedule = net, net.schedule
        self.input = dense(events, number, net.steps)
        self.shown = [engine.presented(events, number, t + 1) for t in range(net.steps)]
        self.probing = engine.n_learned % net.n_hidden
        before = [(s.feedback.copy(), s.rate.copy()) for s in engine.states]
        engine.learn(events, labels, np.array([number]))
        self.scratch = engine._scratches
        self.fired = [s.n_spikes > 0 for s in self.scratch]
        targets = np.full(net.sizes[-1], net.target_false)
        targets[labels[number]] = net.target_true
        self.errors = targets - self.scratch[-1].n_spikes
        self.y3 = [self._third(i, *before[i]) for i in range(len(net.layers))]

    def _third(self, i, feedback, rate):
        layer = self.net.layers[i]
        if i == self.net.n_hidden:
            total = self.errors * layer.error_gain
        else:
            missing = (layer.target_rate - rate.astype(np.int64)) >> 8
            total = (feedback.astype(np.int64) @ self.errors) * layer.error_gain
            total = total + missing * layer.homeostasis_gain
        bits = layer.rule.factor_bits
        most = 127 >> bits << bits
        wanted = (total + 2 ** (15 + bits)) >> (16 + bits) << bits
        return np.clip(wanted, -most, most) * self.fired[i]

    def spikes(self, now, layer):
        """Spikes of a layer in a step; layer -1 is the input."""
        if now >= self.schedule.steps:
            size = self.net.sizes[layer + 1]
            return np.zeros(size, bool)
        if layer < 0:
            return self.input[now]
        scratch = self.shown[now][layer]
        spikes = np.zeros(scratch.v.size, bool)
        spikes[scratch.spikes[scratch.start[now] : scratch.start[now + 1]]] = True
        return spikes

    def forward(self, now, layer):
        """What a forward connection receives."""
        spikes = self.spikes(now, layer)
        y1, y2, y3 = (np.zeros(spikes.size, np.int64) for _ in range(3))
        if spikes.any():
            scratch, params = self.shown[now][layer], self.engine._parameters[layer]
            for post in np.flatnonzero(spikes):
                u, exponent = int(scratch.u[post]), params.reciprocal_exponent
                y1[post] = rule_module.fp.reciprocal(u, exponent)
        is_output = layer == self.net.n_hidden
        if now == (self.schedule.error if is_output else self.schedule.commit):
            y3 = self.y3[layer]
        if now in self.schedule.reset:
            y2[:] = 32
        if now == self.schedule.feedback and layer == self.probing:
            y1, y3 = self._shown_payload()
        return self._received(self.spikes(now, layer - 1), spikes, y1, y2, y3)

    def feedback(self, now, layer):
        """What a feedback connection receives."""
        sent = np.zeros(self.net.sizes[-1], np.int64)
        y1 = y3 = np.zeros(self.net.sizes[layer + 1], np.int64)
        if now == self.schedule.error:
            sent = self.errors
        if now == self.schedule.feedback:
            shift = self.net.layers[self.probing].payload_shift
            total = self.scratch[-1].payload.astype(np.int64)
            sent = np.clip((total + (1 << shift >> 1)) >> shift, -64, 63)
            sent = np.maximum(2 * (sent + 64), 1)
            if layer == self.probing:
                y1, y3 = self._shown_payload()
        return self._received(sent, self.spikes(now, layer), y1, 0 * y1, y3)

    def _shown_payload(self):
        fired = self.fired[self.probing]
        return 32 * self.scratch[self.probing].own * fired, 8 * fired.astype(int)

    @staticmethod
    def _received(s_in, spikes, y1, y2, y3):
        names = ("s_in", "s_in_bap", "s_in_y1", "s_in_y2", "s_in_y3")
        return dict(zip(names, (s_in, spikes, y1, y2, y3), strict=True))


@pytest.mark.parametrize("eligibility", ["trace", "recursive"])
@pytest.mark.parametrize("hidden", [(12,), (10, 8)])
def test_engine_equals_stock_connections(hidden, eligibility):
    """Neurons of the engine drive stock connections: tags, weights and feedback."""
    config = small_config(
        hidden=hidden,
        eligibility=eligibility,
        rounding="shared",
        weight_limit=4.0,
        learning_rate=0.05,
    )
    network = small_network(config)
    layers = [  # even, since stock Lava clears the lowest bit
        dataclasses.replace(layer, weights=layer.weights & ~1)
        for layer in network.layers
    ]
    network = dataclasses.replace(network, layers=layers)
    events, labels = random_samples(config, 25)
    engine, stock = Engine(network), Stock(network)
    n_tags = 0
    for number in range(25):
        tags = stock.show(Sample(engine, events, labels, number))
        for i, state in enumerate(engine.states):
            where = f"layer {i}, sample {number}"
            scratch = engine._scratches[i]
            found = by_synapse(scratch, scratch.tags, 0)
            np.testing.assert_array_equal(found, tags[i][0], where)
            n_tags += np.count_nonzero(found)
            if eligibility == "recursive":
                found = by_synapse(scratch, scratch.jumps, int(JUMP_REST))
                np.testing.assert_array_equal(found, tags[i][1], where)
            expected = stock.forward[i].weights
            np.testing.assert_array_equal(state.weights.T, expected, where)
            assert abs(expected).max() < 127, "beyond 8 bits stock Lava goes on"
        for i, model in enumerate(stock.feedback):
            found = engine.states[i].feedback
            np.testing.assert_array_equal(found, model.weights, f"feedback {i}")
    changed = [
        np.count_nonzero(layer.weights != state.weights.T)
        for state, layer in zip(engine.states, network.layers, strict=True)
    ]
    assert n_tags > 100 and min(changed) > 0
    assert all(state.feedback.any() for state in engine.states[:-1])


# --- neurons against LIF --------------------------------------------------------------

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
        self.decay_u, self.decay_v, self.threshold = 4095 - du, 4096 - dv, vth << 6

    def step(self, a_in):
        total = a_in.astype(np.int32)
        integrate(self.u, self.v, total, self.decay_u, self.decay_v)
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


# --- defects of stock Lava, and what we do ------------------------------------------


def connect(process, model, weights=((0,),), graded=None, **rule):
    """One connection with a rule of its own; traces that do not decay."""
    given = {"x1_tau": 2.0**60, "x2_tau": 2.0**60, "t_epoch": 1, "rng_seed": 0, **rule}
    options = given.pop("options", {})
    made = process(
        weights=np.array(weights), learning_rule=Loihi3FLearningRule(**given), **options
    )
    return make_model(made, model)


def stock_dense(**rule):
    return connect(LearningDense, PyLearningDenseModelBitApproximate, **rule)


def own_dense(**rule):
    return connect(PlasticDense, PlasticDenseFixed, **rule)


def refuse(match, **rule):
    given = {"x1_tau": 9, "x2_tau": 9, "t_epoch": 1, "rng_seed": 0, **rule}
    made = Loihi3FLearningRule(**given)  # stock Lava takes it
    with pytest.raises(InputError, match=match):
        check_rule(made)


BAP = {"s_in_bap": np.array([True])}


def test_second_tag_is_unsigned():
    """Stock: d stops at 0. We: the tag holds d + 128, and rules subtract it."""
    stock = stock_dense(dd="-4*y0")
    step(stock, **BAP)
    assert stock.tag_2[0, 0] == 0
    own = own_dense(dd="-4*y0", options={"tag_2": np.array([[int(JUMP_REST)]])})
    step(own, **BAP)
    assert own.tag_2[0, 0] - JUMP_REST == -4


def test_negative_factor_of_a_spiking_neuron():
    """Stock: becomes 0 without a word. We: it keeps its sign; our networks do not need
    it, since they send signed factors in silent steps only."""
    received = {**BAP, "s_in_y1": np.array([-20])}
    for made, expected in ((stock_dense, 0), (own_dense, -20)):
        model = made(dt="y0*y1")
        step(model, **received)
        assert model.tag_1[0, 0] == expected


def test_fixed_products_are_smaller_than_float_and_rounded_down():
    """y0*x1*y1 with 1, 1: an eighth, lost; its negative: -1. `explain` tells, and
    `Rule` writes 4*2^-6 for 2^-4, which loses two bits less."""
    received = {**BAP, "s_in": np.array([True]), "s_in_y1": np.array([1])}
    for text, expected in (("y0*x1*y1", 0), ("-1*y0*x1*y1", -1)):
        model = stock_dense(dt=text, x1_impulse=1)
        step(model, **received)
        assert model.tag_1[0, 0] == expected
    (sentence,) = explain(parse("-1*y0*x1*y1"))
    assert "-1 * 2^-3 of x1*y1, in steps of 2^0, rounded down" in sentence


def test_a_received_factor_loses_one_now_and_then():
    """Stock: y decays with tau 65535, so that a reset with 32 fails in 1 of 2048 steps.
    We: it is exact, and with stock's rounding the reset is held for two steps."""
    failed = {}
    for name, made in (("stock", stock_dense), ("own", own_dense)):
        model = made(dt="- u0*t*y2")
        failed[name] = 0
        for _ in range(6000):
            model.tag_1[:] = 200
            step(model, s_in_y2=np.array([32]))
            failed[name] += int(model.tag_1[0, 0] != 0)
    assert 0 < failed["stock"] < 20 and failed["own"] == 0


def test_longer_epochs_take_the_factor_of_their_last_step():
    """Stock: y1 = 1, 2, 3, 4 with a spike in step 2 gives 4. We: t_epoch is 1."""
    model = stock_dense(dt="y0*y1", t_epoch=4)
    for number in range(1, 5):
        step(model, s_in_bap=np.array([number == 2]), s_in_y1=np.array([number]))
    assert model.tag_1[0, 0] == 4
    with pytest.raises(InputError, match="t_epoch is 4; PlasticDense takes 1"):
        own_dense(dt="y0*y1", t_epoch=4)


def test_all_synapses_share_one_random_number_whatever_the_seed():
    """Stock: 30 equal synapses round alike, with any seed. We: each on its own."""
    tags = {}
    for name, made, seed in (
        ("stock", stock_dense, 1),
        ("other seed", stock_dense, 999),
        ("own", own_dense, 1),
    ):
        model = made(dt="2^-1*u0", weights=np.zeros((5, 6), int), rng_seed=seed)
        seen = []
        for _ in range(40):
            model.tag_1[:] = 0
            step(model)
            seen.append(model.tag_1.copy())
        tags[name] = np.array(seen)
    assert (tags["stock"] == tags["stock"][:, :1, :1]).all()
    assert set(tags["stock"].ravel()) == {0, 1}
    np.testing.assert_array_equal(tags["stock"], tags["other seed"])
    assert all(0 < step_tags.mean() < 1 for step_tags in tags["own"])


def test_two_digit_k_is_misread():
    """Stock: u10*t never does anything, u23*t is 3*u2*t."""
    model = stock_dense(dt="u10*t", options={"tag_1": np.array([[5]])})
    for _ in range(1024):
        step(model)
    assert model.tag_1[0, 0] == 5
    refuse("reads u10 as 0 times u1", dt="u10*t")
    refuse("reads u23 as 3 times u2", dt="u23*t")


def test_a_time_constant_of_zero_reads_no_trace():
    model = stock_dense(dt="u0*x1", x1_impulse=100, x1_tau=0)
    step(model, s_in=np.array([True]))
    first = model.x1[0]
    step(model, s_in=np.array([False]))
    assert first == 100 and model.x1[0] == 0
    refuse("x1_tau is 0, and a trace without a time constant", dt="u0*x1", x1_tau=0)


def test_impulses_that_no_trace_can_hold():
    """Stock: 200 becomes 127, and 10.5 always adds 11."""
    for impulse, expected in ((200, 127), (10.5, 11)):
        model = stock_dense(dt="u0*x1", x1_impulse=impulse)
        step(model, s_in=np.array([True]))
        assert model.x1[0] == expected
        refuse("x1_impulse is", dt="u0*x1", x1_impulse=impulse)


def test_products_beyond_32_bits_wrap():
    """254 * 100 * 255 * 127 * 127 >> 30 is 97, but stock Lava adds at most 1."""
    text = "u0*w*t*d*y3*y2"  # 45 bits
    tags = {"tag_1": np.array([[100]]), "tag_2": np.array([[255]])}
    model = stock_dense(dt=text, weights=[[254]], options=tags)
    step(model, s_in_y2=np.array([127]), s_in_y3=np.array([127]))
    assert 98 <= model.tag_1[0, 0] <= 101
    refuse("has 45 bits, and lava-nc wraps beyond 31", dt=text)


def test_epochs_that_no_chip_holds():
    refuse("t_epoch is 1000", dt="u0*t", t_epoch=1000)


def test_weights_beyond_eight_bits():
    """Stock: -256..255, the lowest bit of start weights cleared, start weights beyond
    that as they are. We: -128..127, every bit kept, others refused."""
    for made, start, expected in (
        (stock_dense, 101, 255),
        (stock_dense, 901, 255),
        (own_dense, 101, 127),
    ):
        model = made(dw="2^7*y0", weights=[[start]])
        step(model)
        assert model.weights[0, 0] == (
            start if made is own_dense else min(start - 1, 255)
        )
        for _ in range(4):
            step(model, **BAP)
        assert model.weights[0, 0] == expected
    assert model.n_cut[2] > 0, "what was cut off is counted"
    idle = stock_dense(dt="y0", weights=[[901]])
    step(idle)
    assert idle.weights[0, 0] == 900
    with pytest.raises(InputError, match="weights are 901 to 901; allowed is -128"):
        own_dense(dw="y0", weights=[[901]])


def test_a_tag_falls_below_nine_bits():
    """Stock: -257, in one of 128 steps at the lower end. We: -256."""
    lowest = {}
    for name, made, options in (
        ("stock", stock_dense, {}),
        ("equal", own_dense, {"rounding": "shared", "limits": plastic.LAVA}),
        ("own", own_dense, {"rounding": "shared"}),
    ):
        model = made(dt="-4*2^8*u0*y2", options=options)
        lowest[name] = []
        for _ in range(1000):
            step(model, s_in_y2=np.array([127]))
            lowest[name].append(int(model.tag_1[0, 0]))
    assert set(lowest["stock"]) == {-257, -256} and lowest["equal"] == lowest["stock"]
    assert set(lowest["own"]) == {-256}


def test_traces_live_on_into_the_next_sample():
    """Stock: nothing clears x1 and x2. We: `reset_interval`; tags start anew, too."""
    rule = {"dt": "u0*x1", "x1_impulse": 50}
    options = {"reset_interval": 3, "tag_1": np.array([[7]])}
    stock, own = stock_dense(**rule), own_dense(**rule, options=options)
    for number in range(3):
        for model in (stock, own):
            step(model, s_in=np.array([number == 0]))
    assert stock.x1[0] == 50 and own.x1[0] == 0 and own.tag_1[0, 0] == 7


def test_hardware_configuration_without_its_extension():
    """Stock: a NameError while it compiles. We: do not offer it."""
    from lava.magma.core.run_conditions import RunSteps
    from lava.magma.core.run_configs import Loihi2HwCfg

    with pytest.raises(NameError, match="CLoihiProcessModel"):
        LIF(shape=(1,)).run(RunSteps(1), Loihi2HwCfg())


def test_lava_executes_all_files_beside_a_process():
    """So there are none but the three that belong there."""
    for folder in PROCESSES.iterdir():
        if folder.is_dir() and folder.name != "__pycache__":
            names = {path.name for path in folder.glob("*.py")}
            assert names == {"__init__.py", "process.py", "models.py"}, folder.name
    assert len(list(PROCESSES.glob("*/process.py"))) >= 6

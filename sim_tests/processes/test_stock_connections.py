"""The engine in shared rounding against stock `LearningDense` of lava-nc 0.10.0."""

import dataclasses

import numpy as np
import oracle
import pytest
from small import random_samples, small_config, small_network

from lava_sfdfa.chip import arithmetic
from lava_sfdfa.chip.protocol import JUMP_REST
from lava_sfdfa.engine.engine import Engine
from lava_sfdfa.engine.state import by_synapse

pytest.importorskip("lava.proc.dense", reason="lava-nc is not installed")

from lava.magma.core.learning.constants import GradedSpikeCfg
from lava.proc.dense.models import PyLearningDenseModelBitApproximate
from lava.proc.dense.process import LearningDense
from lava_models import make_model, step

from lava_sfdfa.processes.graph import make_feedback_rule, make_rule


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
        self.engine, self.number, net = engine, number, engine.start_network
        self.net, self.schedule = net, net.schedule
        self.input = events.dense(number, net.steps)
        self.shown = [engine.presented(events, number, t + 1) for t in range(net.steps)]
        self.probing = engine.n_learned % net.n_hidden
        before = [(s.feedback.copy(), s.rate.copy()) for s in engine.states]
        engine.learn(events, labels, np.array([number]))
        self.scratch = engine._scratches
        self.fired = [s.n_spikes > 0 for s in self.scratch]
        self.woken = [self._woken(i, rate) for i, (_, rate) in enumerate(before)]
        targets = np.full(net.sizes[-1], net.target_false)
        targets[labels[number]] = net.target_true
        self.errors = targets - self.scratch[-1].n_spikes
        self.y3 = [self._third(i, *before[i]) for i in range(len(net.layers))]

    def _woken(self, i, rate):
        """Who shows a spike to its synapses in the step of waking."""
        step = self.net.layers[i].wake_step
        if step is None:
            return np.zeros(rate.size, bool)
        return (self.shown[step][i].n_spikes == 0) & (rate < 327)

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
        key = oracle.stream(self.net.seed, 12, i, self.number)
        dither = oracle.draw(key, np.arange(total.size)).astype(np.int64)
        wanted = (total + (dither >> (16 - bits))) >> (16 + bits) << bits
        return np.clip(wanted, -most, most) * (self.fired[i] | self.woken[i])

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
                y1[post] = arithmetic.reciprocal(u, exponent)
        if now == self.net.layers[layer].wake_step:
            y1[self.woken[layer]] = 64
            spikes = spikes | self.woken[layer]
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
@pytest.mark.parametrize(
    ("hidden", "threshold"), [((12,), 0.1), ((10, 8), 0.1), ((12,), 0.8)]
)
def test_engine_equals_stock_connections(hidden, threshold, eligibility):
    """Neurons of the engine drive stock connections: tags, weights and feedback."""
    config = small_config(
        hidden=hidden,
        threshold_hidden=threshold,
        eligibility=eligibility,
        rounding="shared",
        weight_limit=8.0,
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
    n_tags = n_woken = 0
    for number in range(25):
        sample = Sample(engine, events, labels, number)
        tags = stock.show(sample)
        n_woken += np.count_nonzero(sample.woken[0])
        for i, state in enumerate(engine.states):
            where = f"layer {i}, sample {number}"
            scratch = engine._scratches[i]
            found = by_synapse(scratch, scratch.tags, 0)
            np.testing.assert_array_equal(found, tags[i][0], where)
            n_tags += np.count_nonzero(found)
            if eligibility == "recursive":
                found = by_synapse(scratch, scratch.jumps, JUMP_REST)
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
    assert n_tags > 100 and n_woken > 10 and min(changed) > 0
    assert all(state.feedback.any() for state in engine.states[:-1])

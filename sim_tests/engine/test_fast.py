"""The fast kernels against the plain ones, integer for integer."""

import dataclasses

import numpy as np
import pytest
from numba import njit
from small import random_samples, small_config, small_network

from lava_sfdfa.chip import arithmetic, random, widths
from lava_sfdfa.engine import engine as engine_module
from lava_sfdfa.engine import neurons
from lava_sfdfa.engine.engine import Engine
from lava_sfdfa.engine.layers import make_layers, scratch_of
from lava_sfdfa.engine.narrow import (
    change_narrowly,
    grow_narrowly,
    growth_bound,
    largest_tag,
)
from lava_sfdfa.engine.presentation import fade, fade_plainly
from lava_sfdfa.engine.state import make_scratch
from lava_sfdfa.engine.synapses import grow_tags, weight_changes

N = 64
INPUTS = np.random.RandomState(5).permutation(500)[:N].astype(np.int32)
KEYS = np.array([random.synapse_step(pre) for pre in INPUTS], np.uint32)
SHARED = -1  # every synapse draws its own bits


@njit
def faded(x, alpha, uniform):
    fade(x, x.size, alpha, uniform)


# --- synapses -----------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(20))
def test_tags_grow_in_16_bits_as_they_do_plainly(seed):
    rng = np.random.RandomState(seed)
    scale, most = (rng.randint(1, 8), rng.randint(-7, -3)), rng.randint(0, 200)
    fitting = [
        y1
        for y1 in range(1, 128)
        if growth_bound(scale, y1) + most < widths.TAG.maximum
    ]
    assert fitting
    for y1 in (fitting[0], fitting[len(fitting) // 2], fitting[-1]):
        plain = rng.randint(-most, most + 1, N).astype(np.int16)
        x1, x2 = rng.randint(0, 128, (2, 3, N)).astype(np.uint8)
        rows, row_key = np.zeros((2, N), np.int16), np.uint32(rng.randint(2**31))
        rows[1] = plain
        grow_tags(plain, (x1[2], x2[2]), y1, scale, row_key, INPUTS, SHARED)
        factor, noise = 1 << (scale[1] + 7), np.zeros(32, np.uint8)
        grow_narrowly(
            rows, 1, x1, x2, 2, N, scale[0] * y1, factor, row_key, KEYS, noise
        )
        np.testing.assert_array_equal(rows[1], plain)
        assert not rows[0].any() and np.unique(plain).size > 3
        assert largest_tag(rows, 1, N) == abs(plain).max()


def test_no_bound_is_given_where_16_bits_may_not_do():
    beyond = widths.TAG.maximum + 1
    assert growth_bound((7, -7), 127) >= beyond  # 7 * 127 * 127 is above 2**16
    assert growth_bound((-1, -7), 10) >= beyond
    for y1 in range(1, 128):
        largest = np.zeros(1, np.int16)
        traces = (np.full(1, 127, np.int32), np.zeros(1, np.int32))
        grow_tags(largest, traces, y1, (4, -7), np.uint32(1), INPUTS, 0)
        assert largest[0] <= growth_bound((4, -7), y1)


@pytest.mark.parametrize("exponent", [-7, -4, 0, 3])
@pytest.mark.parametrize("y3", [-127, -3, 1, 127])
def test_weights_change_a_vector_at_a_time_as_they_do_plainly(exponent, y3):
    rng = np.random.RandomState(1)
    tags = rng.randint(-256, 256, (2, N)).astype(np.int16)
    plain, changes = np.zeros(N, np.int16), np.zeros((3, N), np.int16)
    weight_changes(plain, tags[1], y3, (5, exponent), np.uint32(77), INPUTS, SHARED)
    factor = 1 << (exponent + 7)
    change_narrowly(changes, 2, tags, 1, N, 5 * y3, factor, np.uint32(77), KEYS)
    np.testing.assert_array_equal(changes[2], plain)
    assert plain.any() and not changes[:2].any()


def test_traces_fade_in_integers_as_they_do_plainly():
    rng = np.random.RandomState(2)
    for tau in (1.5, 6.4, 41.6, 1e5):
        alpha = arithmetic.trace_alpha(tau)
        for _ in range(50):
            x = rng.randint(0, 128, N).astype(np.uint32)
            plain, uniform = x.copy(), rng.randint(2**24) / 2.0**24
            faded(x, alpha, uniform)
            fade_plainly(plain, N, alpha, uniform)
            np.testing.assert_array_equal(x, plain)


# --- neurons ------------------------------------------------------------------------


@njit
def run_plainly(layers, k, spikes, start):
    s = scratch_of(layers, k)
    s.u[:] = 0
    s.v[:] = 0
    s.n_spikes[:] = 0
    s.start[0] = 0
    neurons.run_plainly(layers, k, (spikes, start))


@njit
def run(layers, k, spikes, start, is_shown):
    return neurons.run_neurons(layers, k, (spikes, start), is_shown)


def spikes_of(seed, n_inputs, steps, most):
    """Spikes in some of the steps; in one of them very many."""
    rng = np.random.RandomState(seed)
    counts = rng.randint(0, 6, steps) * (rng.rand(steps) < 0.5)
    counts[rng.randint(steps // 2)] = most
    counts[steps * 2 // 3 :] = 0  # and none at the end
    spikes = rng.randint(0, n_inputs, counts.sum()).astype(np.int32)
    return spikes, np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)


@pytest.mark.parametrize("most", [0, 1, 7, 60, 255, 256, 300])
@pytest.mark.parametrize("n_post", [1, 32, 45])
def test_neurons_run_fast_as_they_do_plainly(n_post, most):
    config = small_config(hidden=(n_post,), steps=40)
    network = small_network(config, n_inputs=90)
    engine = Engine(network)
    fixed, n_spikes = network.layers[0], 0
    for seed in range(10):
        spikes, start = spikes_of(seed, 90, 40, most)
        found = []
        for fast, is_shown in ((False, True), (True, True), (True, False)):
            scratch = make_scratch(fixed, 40)
            table = make_layers(
                engine._parameters[:1],
                engine.states[:1],
                (scratch,),
                engine._noises(0, 0)[:1],
            )
            if fast:
                assert neurons.cannot_wrap(40, engine._parameters[0].decay_u, 0, start)
                run(table, 0, spikes, start, is_shown)
            else:
                run_plainly(table, 0, spikes, start)
            found.append(scratch)
        plain, shown, hidden = found
        end = plain.start[-1]
        for other in (shown, hidden):
            np.testing.assert_array_equal(other.start, plain.start)
            for name in ("spikes", "spike_u"):
                a, b = getattr(other, name)[:end], getattr(plain, name)[:end]
                np.testing.assert_array_equal(a, b)
            np.testing.assert_array_equal(other.n_spikes, plain.n_spikes)
        for name in ("u", "v"):
            a, b = getattr(shown, name)[:n_post], getattr(plain, name)[:n_post]
            np.testing.assert_array_equal(a, b)
        n_spikes += end
    assert n_spikes > 10 or most == 0


def test_what_could_wrap_runs_plainly():
    """Whatever the weights: 1,100 spikes at once may leave 24 bits, 1,000 may not."""
    for most, fits in ((1000, True), (1100, False)):
        start = np.array([0, most, most, most], np.int32)
        assert neurons.cannot_wrap(3, 4000, 0, start) == fits


def test_layers_of_any_number_are_compiled_once():
    from lava_sfdfa.engine.sample import learn_samples

    known = None  # after the first; other tests may have compiled for other inputs
    for hidden in ((5,), (5, 4), (5, 4, 3)):
        for eligibility in ("trace", "recursive"):
            config = small_config(hidden=hidden, eligibility=eligibility)
            events, labels = random_samples(config, 2)
            engine = Engine(small_network(config))
            engine.learn(events, labels, np.arange(2))
            engine.learn(events, labels, np.arange(2))
            known = known or list(learn_samples.signatures)
            assert learn_samples.signatures == known
            assert dataclasses.astuple(config)


def test_samples_are_classified_on_all_cores_as_on_one(monkeypatch):
    config = small_config(hidden=(12, 6))
    events, labels = random_samples(config, 40)
    found = []
    for cores in (1, 3):
        monkeypatch.setattr(engine_module, "LEAST_PART", 5)
        engine = Engine(small_network(config))
        engine.cores = cores
        engine.learn(events, labels, np.arange(20))
        engine.take_counts()
        predictions, n_spikes = engine.classify(events, np.arange(40)[::-1])
        found.append(
            (predictions, n_spikes, engine.scores(events), engine.take_counts())
        )
    one, three = found
    for a, b in zip(one[:3], three[:3], strict=True):
        np.testing.assert_array_equal(a, b)
    assert one[3] == three[3] and one[1].all() and len(set(one[0].tolist())) > 1


def test_arrays_that_compiled_code_would_misread_are_refused():
    config = small_config()
    network = small_network(config)
    events, labels = random_samples(config, 3)
    engine = Engine(network)
    engine.states = tuple(
        s._replace(rate=s.rate.astype(np.int64)) for s in engine.states
    )
    with pytest.raises(TypeError, match="holds int64, not int32"):
        engine.learn(events, labels, np.arange(3))
    with pytest.raises(ValueError, match="rate has the shape"):
        Engine(network, rates=(np.zeros(500, np.int32),))
    other = small_network(config, n_inputs=7)
    for use in (Engine(other).classify, Engine(other).scores):
        with pytest.raises(ValueError, match="20 inputs"):
            use(events)


def test_what_was_learned_last_is_known_after_others_were_classified():
    config = small_config()
    events, labels = random_samples(config, 6)
    engine = Engine(small_network(config))
    engine.learn(events, labels, np.arange(2))
    before = engine.sample(0)
    engine.classify(events, np.array([5]))
    after = engine.sample(0)
    for a, b in zip(before, after, strict=True):
        np.testing.assert_array_equal(a, b)
    assert before.tags.any() and before.counts.any()

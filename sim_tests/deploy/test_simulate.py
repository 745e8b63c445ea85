"""Plans at work: the same spikes and weights as the engine, wherever cores are."""

import dataclasses
from itertools import pairwise

import numpy as np
import pytest
from small import quiet_config, random_samples, small_config, small_network

from lava_sfdfa.data.datasets import load_dataset
from lava_sfdfa.data.encoding import encode
from lava_sfdfa.deploy.boards import BOARDS, LOIHI2, RESOURCES, Board, Fact
from lava_sfdfa.deploy.compiler import place_and_cost
from lava_sfdfa.deploy.mapping.activity import measure
from lava_sfdfa.deploy.mapping.costs import Placement, SampleCosts, place_network
from lava_sfdfa.deploy.mapping.fit import Request, fit
from lava_sfdfa.deploy.mapping.partition import Partition, partition
from lava_sfdfa.deploy.mapping.place import make_geometry
from lava_sfdfa.deploy.mapping.traffic import Traffic
from lava_sfdfa.deploy.plan.plan import PlanContent, build_plan, planned_network
from lava_sfdfa.deploy.run.simulate import Simulator
from lava_sfdfa.engine.engine import Engine
from lava_sfdfa.engine.front import through_front
from lava_sfdfa.network.artifact import Artifact
from lava_sfdfa.network.quantise import quantise
from lava_sfdfa.network.real import build_network
from lava_sfdfa.presets import named_config

N_SAMPLES = 20
# A third layer takes half a minute to compile, and nothing else is new in it.
DEEP = pytest.param((8, 7, 6), marks=pytest.mark.slow)
# A chip of two tiny cores, so that small networks spread over many.
TINY = dataclasses.replace(
    LOIHI2,
    name="tiny",
    cores_per_chip=Fact(2, "invented for this test", "L"),
    limits={
        **LOIHI2.limits,
        "synapses": Fact(64, "invented for this test", "L"),
        "neurons": Fact(16, "invented for this test", "L"),
    },
)
BOARD = Board("tiny-board", TINY, Fact(64, "invented for this test", "L"))


NOTHING = np.zeros(0, np.int32)
NO_TRAFFIC = Traffic(NOTHING, NOTHING, NOTHING, 0, 1)
NO_COSTS = SampleCosts(
    energy_per_sample_joule={},
    time_per_sample_s={},
    energy_by_kind={},
    constants={},
    spike_hops_per_sample=0,
    sequential_hops_per_sample=0,
    messages_per_sample=0,
    messages_between_chips_per_sample=0,
    samples_measured=0,
)


def make_artifact(network, config, rates=None, n_learned=0):
    rates = rates or tuple(np.zeros(n, np.int32) for n in config.hidden)
    shape = (network.n_inputs,)
    return Artifact(config, "data", shape, network, rates, n_learned, {})


def request(network, config, mode, board=BOARD):
    settings = (config.feedback, config.eligibility)
    return Request(network.sizes, board, mode, *settings, front=network.front)


def compiled(artifact, mode, events, board=BOARD) -> PlanContent:
    """As `compile` does it, for a chip with tiny cores."""
    asked = request(artifact.network, artifact.config, mode, board)
    graph = asked.graph()
    packed = partition(graph, board.model)
    activity = measure(graph, artifact.network, events)
    n_chips = asked.chips(packed.n_cores)
    placement = place_network(board, graph, packed, n_chips, activity)
    return build_plan(artifact, placement, NO_COSTS)


def scattered(artifact, mode, seed) -> PlanContent:
    """Random slices on random cores at random places."""
    graph = request(artifact.network, artifact.config, mode).graph()
    rng = np.random.RandomState(seed)
    rows = []
    for number, population in enumerate(graph.populations):
        cuts = np.unique([0, population.size, *rng.randint(0, population.size + 1, 3)])
        rows += [(number, a, b, rng.randint(9)) for a, b in pairwise(cuts)]
    population, begin, end, core = np.array(rows)[rng.permutation(len(rows))].T
    used, core = np.unique(core, return_inverse=True)
    use = np.zeros((len(used), len(RESOURCES)), np.int64)
    packed = Partition(
        population.astype(np.int32), begin, end, core.astype(np.int32), use
    )
    place = rng.permutation(300)[: len(used)]
    board = Board("large", LOIHI2, Fact(3, "invented for this test", "L"))
    geometry = make_geometry(board, 3)
    placement = Placement(board, graph, packed, NO_TRAFFIC, geometry, place, 3)
    return build_plan(artifact, placement, NO_COSTS)


def plans(artifact, mode, events):
    found = [compiled(artifact, mode, events)]
    found += [scattered(artifact, mode, seed) for seed in range(2)]
    chips = [len(set(plan.arrays["core_chip"].tolist())) for plan in found]
    assert min(len(plan.arrays["core_place"]) for plan in found) > 1 and max(chips) > 1
    return found


def compare_learning(artifact, plan, events, labels):
    """Learn the same samples in both, one by one; return how much happened."""
    network = artifact.network
    engine = Engine(network, artifact.rates, artifact.n_learned)
    simulator = Simulator(plan)
    sent = [events]
    for layer in network.front:
        sent.append(through_front((layer,), sent[-1], network.steps))
    n_spikes = np.zeros(len(network.as_frozen), np.int64)
    for sample in range(len(labels)):
        chosen = np.array([sample])
        expected = [(one.steps_of(sample), one.inputs_of(sample)) for one in sent[1:]]
        expected += engine.raster(sent[-1], sample)
        predicted = engine.learn(sent[-1], labels, chosen)
        assert simulator.learn(events, labels, chosen) == predicted
        for layer, (steps, neurons) in enumerate(expected):
            spikes = sorted(zip(steps.tolist(), neurons.tolist(), strict=True))
            assert sorted(simulator.spikes[layer + 1]) == spikes
            n_spikes[layer] += len(spikes)
        found = simulator.learned_network()
        for ours, state in zip(found.layers, engine.states, strict=True):
            np.testing.assert_array_equal(ours.weights, state.weights.T)
            np.testing.assert_array_equal(ours.feedback, state.feedback)
        for rate, state in zip(simulator.rates(), engine.states, strict=False):
            np.testing.assert_array_equal(rate, state.rate)
    assert n_spikes.min() > 0
    for before, state in zip(artifact.network.layers, engine.states, strict=True):
        assert (before.weights != state.weights.T).any()
    return simulator, engine


def compare_classes(network, plan, events):
    """Classify the same samples in both; the spikes of the last are compared."""
    above = through_front(network.front, events, network.steps)
    engine = Engine(network)
    expected, n_spikes = engine.classify(above)
    assert n_spikes.min() > 0
    simulator = Simulator(plan)
    np.testing.assert_array_equal(
        simulator.classify(events, np.arange(len(events))), expected
    )
    first = len(network.front) + 1
    for layer, (steps, neurons) in enumerate(engine.raster(above, len(events) - 1)):
        spikes = sorted(zip(steps.tolist(), neurons.tolist(), strict=True))
        assert sorted(simulator.spikes[first + layer]) == spikes


@pytest.mark.parametrize("rounding", ["synapse", "shared"])
@pytest.mark.parametrize("eligibility", ["trace", "recursive"])
@pytest.mark.parametrize("feedback", ["sfdfa", "random"])
@pytest.mark.parametrize("hidden", [(12,), (10, 8), DEEP])
def test_learning_as_placed_equals_the_engine(hidden, feedback, eligibility, rounding):
    config = small_config(
        hidden=hidden, feedback=feedback, eligibility=eligibility, rounding=rounding
    )
    artifact = make_artifact(small_network(config), config)
    events, labels = random_samples(config, N_SAMPLES)
    for plan in plans(artifact, "learning", events):
        _, engine = compare_learning(artifact, plan, events, labels)
        if feedback == "sfdfa":
            assert all(state.feedback.any() for state in engine.states[:-1])


@pytest.mark.parametrize("eligibility", ["trace", "recursive"])
@pytest.mark.parametrize("hidden", [(12,), (10, 8)])
def test_silent_neurons_are_woken_as_in_the_engine(hidden, eligibility):
    config = quiet_config(hidden=hidden, eligibility=eligibility)
    artifact = make_artifact(small_network(config), config)
    events, labels = random_samples(config, N_SAMPLES)
    for plan in plans(artifact, "learning", events):
        _, engine = compare_learning(artifact, plan, events, labels)
        layers = [
            dataclasses.replace(layer, wake_step=None)
            for layer in artifact.network.layers
        ]
        left = Engine(dataclasses.replace(artifact.network, layers=layers))
        left.learn(events, labels, np.arange(N_SAMPLES))
        assert (left.states[0].weights != engine.states[0].weights).any()


def test_learning_with_one_sided_errors_equals_the_engine():
    config = small_config(hidden=(10, 8), loss="margin")
    artifact = make_artifact(small_network(config), config)
    events, labels = random_samples(config, N_SAMPLES)
    for plan in plans(artifact, "learning", events):
        compare_learning(artifact, plan, events, labels)


@pytest.mark.parametrize("hidden", [(12,), (10, 8)])
def test_learning_by_margins_as_placed_equals_the_engine(hidden):
    config = small_config(hidden=hidden, loss="margin")
    artifact = make_artifact(small_network(config), config)
    events, labels = random_samples(config, N_SAMPLES)
    for plan in plans(artifact, "learning", events):
        compare_learning(artifact, plan, events, labels)


@pytest.mark.parametrize("feedback", ["sfdfa", "random", "symmetric"])
@pytest.mark.parametrize("hidden", [(12,), (10, 8), DEEP])
def test_classifying_as_placed_equals_the_engine(hidden, feedback):
    config = small_config(hidden=hidden, feedback=feedback)
    artifact = make_artifact(small_network(config), config)
    events, _ = random_samples(config, N_SAMPLES)
    for plan in plans(artifact, "inference", events):
        compare_classes(artifact.network, plan, events)


def test_learning_goes_on_where_an_artifact_ended():
    config = small_config(hidden=(10, 8))
    engine = Engine(small_network(config))
    events, labels = random_samples(config, 15)
    engine.learn(events, labels, np.arange(5))
    rates = tuple(state.rate.copy() for state in engine.states[:-1])
    artifact = make_artifact(engine.network(), config, rates, 5)
    assert any(rate.any() for rate in rates)
    plan = scattered(artifact, "learning", 3)
    simulator = Simulator(plan)
    rest = np.arange(5, 15)
    engine.learn(events, labels, rest)
    simulator.learn(events, labels, rest)
    for ours, state in zip(
        simulator.learned_network().layers, engine.states, strict=True
    ):
        np.testing.assert_array_equal(ours.weights, state.weights.T)


@pytest.mark.parametrize("mode", ["inference", "learning"])
@pytest.mark.parametrize("hidden", [(12,), (10, 8)])
def test_messages_are_those_that_the_placement_counted_on(hidden, mode):
    config = small_config(hidden=hidden, learning_rate=0.0)
    artifact = make_artifact(small_network(config), config)
    compare_messages(artifact, mode, *random_samples(config, N_SAMPLES))


def compare_messages(artifact, mode, events, labels, board=BOARD):
    """Without changes of the weights the prediction is exact, core by core."""
    config = artifact.config
    asked = request(artifact.network, config, mode, board)
    graph = asked.graph()
    packed = partition(graph, board.model)
    activity = measure(graph, artifact.network, events)
    n_chips = asked.chips(packed.n_cores)
    placement = place_network(board, graph, packed, n_chips, activity)
    traffic, plan = placement.traffic, build_plan(artifact, placement, NO_COSTS)
    simulator, order = Simulator(plan), np.arange(len(labels))
    if mode == "learning":
        simulator.learn(events, labels, order)
    else:
        simulator.classify(events, order)
    expected = np.zeros_like(simulator.messages)
    expected[traffic.source, traffic.target] = traffic.messages
    assert expected.sum() > 100 and packed.n_cores > 2
    assert np.trace(simulator.messages) == traffic.local
    np.fill_diagonal(simulator.messages, 0)
    np.testing.assert_array_equal(simulator.messages, expected)


@pytest.mark.parametrize("table", ["axon_out_axon", "axon_in_row", "axon_out_core"])
def test_the_axon_tables_decide(table):
    """A wrong entry changes what is learned: the tables are used, all of them."""
    config = small_config(hidden=(12,))
    artifact = make_artifact(small_network(config), config)
    events, labels = random_samples(config, N_SAMPLES)
    plan = compiled(artifact, "learning", events)
    arrays = {name: array.copy() for name, array in plan.arrays.items()}
    if table == "axon_out_core":  # all spikes of the first inputs go to one core
        arrays[table][:20] = arrays[table][0]
        arrays["axon_out_axon"][:20] = arrays["axon_out_axon"][0]
    else:
        arrays[table][[0, 1]] = arrays[table][[1, 0]]
        arrays[table][:20] = arrays[table][:20][::-1]
    right, wrong = Simulator(plan), Simulator(PlanContent(plan.facts, arrays))
    for simulator in (right, wrong):
        simulator.learn(events, labels, np.arange(N_SAMPLES))
    a, b = (s.learned_network().layers[0].weights for s in (right, wrong))
    assert (a != b).any()


def test_the_planned_network_is_the_artifacts():
    config = small_config(hidden=(10, 8))
    artifact = make_artifact(small_network(config), config)
    found = planned_network(scattered(artifact, "learning", 1))
    for ours, layer in zip(found.layers, artifact.network.layers, strict=True):
        for entry in dataclasses.fields(layer):
            a, b = getattr(ours, entry.name), getattr(layer, entry.name)
            assert np.array_equal(a, b) if isinstance(a, np.ndarray) else a == b
    same = dataclasses.replace(found, layers=artifact.network.layers)
    assert same == artifact.network


def test_a_wide_network_over_several_chips():
    """Chips of four cores stand in for those of 120, which would take minutes."""
    config = small_config(hidden=(60,), threshold_hidden=1.0)
    network = small_network(config, n_inputs=300)
    artifact = make_artifact(network, config)
    events, labels = random_samples(config, 3, n_inputs=300)
    model = dataclasses.replace(
        LOIHI2,
        cores_per_chip=Fact(4, "invented for this test", "L"),
        limits={**LOIHI2.limits, "synapses": Fact(2400, "invented", "L")},
    )
    board = Board("b", model, Fact(9, "here", "L"))
    asked = request(network, config, "learning", board)
    graph = asked.graph()
    packed = partition(graph, model)
    assert asked.chips(packed.n_cores) > 1
    place = np.random.RandomState(5).permutation(packed.n_cores)
    geometry = make_geometry(board, 9)
    placement = Placement(board, graph, packed, NO_TRAFFIC, geometry, place, 9)
    plan = build_plan(artifact, placement, NO_COSTS)
    compare_learning(artifact, plan, events, labels)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("hidden", "board", "n_chips"),
    [
        ((400, 200), "oheo-gulch", 1),
        ((400, 200), "kapoho-bay", 1),
        ((2000, 1000), "kapoho-point", 2),
    ],
)
def test_mnist_as_compiled_equals_the_engine(hidden, board, n_chips, data_dir):
    """Whole networks on real boards, learning from real samples."""
    config = named_config("mnist", hidden=hidden)
    data = load_dataset("mnist", data_dir)
    network = quantise(build_network(config, 784, 10), config)
    train = encode(data.train.first(300), config)
    engine = Engine(network)
    engine.learn(train.events, train.labels, np.arange(300))
    rates = tuple(state.rate.copy() for state in engine.states[:-1])
    artifact = make_artifact(engine.network(), config, rates, 300)
    asked = request(network, config, "learning", BOARDS[board])
    summary, graph, packed = fit(asked)
    assert summary.chips == n_chips
    part = encode(data.validation.first(6), config)
    activity = measure(graph, artifact.network, part.events)
    plan = place_and_cost(artifact, asked, summary, graph, packed, activity)
    simulator, _ = compare_learning(artifact, plan.content, part.events, part.labels)
    assert simulator.messages.sum() > 1000

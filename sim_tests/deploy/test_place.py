"""Traffic between cores, and their places."""

import dataclasses
import itertools

import numpy as np
import pytest
from oracle import Oracle
from small import quiet_config, random_samples, small_config, small_network

from lava_sfdfa.deploy.boards import BOARDS, LOIHI2
from lava_sfdfa.deploy.mapping.activity import (
    layer_trains,
    measure,
    spike_counts,
    woken_neurons,
)
from lava_sfdfa.deploy.mapping.energy import HIGH, LOW, Work, band
from lava_sfdfa.deploy.mapping.graph import build_graph
from lava_sfdfa.deploy.mapping.partition import partition
from lava_sfdfa.deploy.mapping.place import (
    between_chips,
    curve_order,
    hilbert,
    hops,
    make_geometry,
    place_cores,
)
from lava_sfdfa.deploy.mapping.traffic import Traffic, core_loads, measure_traffic
from lava_sfdfa.engine.engine import Engine


def layered(width: int, depth: int) -> Traffic:
    """Cores in layers, every core of one sends to all of the next."""
    pairs = [
        (layer * width + a, (layer + 1) * width + b)
        for layer in range(depth - 1)
        for a, b in itertools.product(range(width), repeat=2)
    ]
    source, target = np.array(pairs, np.int32).T
    weight = 1 + (source.astype(np.int64) * 7 + target) % 5
    return Traffic(source, target, weight, 0, 1)


def brute_hops(traffic, geometry, place) -> int:
    total = 0
    for a, b, messages in zip(
        traffic.source, traffic.target, traffic.messages, strict=True
    ):
        dx = int(geometry.x[place[a]]) - int(geometry.x[place[b]])
        dy = int(geometry.y[place[a]]) - int(geometry.y[place[b]])
        total += int(messages) * (abs(dx) + abs(dy))
    return total


def test_the_curve_has_no_jumps():
    x, y = (grid.ravel() for grid in np.meshgrid(np.arange(16), np.arange(16)))
    order = np.argsort(hilbert(x, y))
    steps = np.abs(np.diff(x[order])) + np.abs(np.diff(y[order]))
    assert (steps == 1).all() and len(set(hilbert(x, y).tolist())) == 256


@pytest.mark.parametrize("n_chips", [1, 3, 40])
def test_places_of_chips_do_not_overlap(n_chips):
    geometry = make_geometry(BOARDS["hala-point"], n_chips)
    order = curve_order(geometry)
    assert sorted(order.tolist()) == list(range(120 * n_chips))
    tiles = set(zip(geometry.x.tolist(), geometry.y.tolist(), strict=True))
    assert len(tiles) == 30 * n_chips  # four cores a tile
    assert (np.diff(geometry.chip(order)) != 0).sum() == n_chips - 1


@pytest.mark.parametrize(
    ("board", "width", "depth"),
    [("oheo-gulch", 12, 4), ("kapoho-point", 40, 6), ("nahuku", 60, 5)],
)
def test_layered_networks_take_fewer_hops_than_in_sequence(board, width, depth):
    traffic, n_cores = layered(width, depth), width * depth
    per_chip = BOARDS[board].model.cores_per_chip.value
    geometry = make_geometry(BOARDS[board], -(-n_cores // per_chip))
    place = place_cores(traffic, geometry, n_cores)
    assert len(set(place.tolist())) == n_cores and place.max() < len(geometry.x)
    ours = sum(hops(traffic, geometry, place))
    assert ours == brute_hops(traffic, geometry, place) > 0
    assert ours < 0.95 * sum(hops(traffic, geometry, np.arange(n_cores)))
    np.testing.assert_array_equal(place, place_cores(traffic, geometry, n_cores))


def test_no_swap_near_the_middle_would_help():
    """A tiny case against all swaps of two cores: the end is not far from the best."""
    traffic = layered(3, 3)
    geometry = make_geometry(BOARDS["oheo-gulch"], 1)
    place = place_cores(traffic, geometry, 9)
    found = brute_hops(traffic, geometry, place)
    best = found
    for a, b in itertools.combinations(range(9), 2):
        swapped = place.copy()
        swapped[[a, b]] = swapped[[b, a]]
        best = min(best, brute_hops(traffic, geometry, swapped))
    assert best >= 0.9 * found > 0


def test_messages_between_chips_are_counted():
    traffic = Traffic(np.array([0, 1]), np.array([1, 2]), np.array([5, 7]), 0, 1)
    geometry = make_geometry(BOARDS["kapoho-point"], 2)
    assert between_chips(traffic, geometry, np.array([0, 120, 121])) == 5
    assert between_chips(traffic, geometry, np.array([0, 1, 121])) == 7


def test_activity_is_that_of_the_engine():
    config = small_config(hidden=(10, 8))
    network = small_network(config)
    events, _ = random_samples(config, 9)
    counts = spike_counts(network, layer_trains(network, events))
    engine = Engine(network)
    assert min(count.sum() for count in counts) > 0
    for sample in range(9):
        for layer, (_, neurons) in enumerate(engine.raster(events, sample)):
            expected = np.bincount(neurons, minlength=counts[layer + 1].shape[1])
            np.testing.assert_array_equal(counts[layer + 1][sample], expected)
    assert counts[0][3].sum() == len(events.inputs_of(3))


def test_who_is_woken_is_what_the_plain_implementation_says():
    """Of every sample, with the weights and rates that learning the others left."""
    config = quiet_config(hidden=(10, 8))
    events, labels = random_samples(config, 9)
    plain = Oracle(small_network(config))
    n_woken = 0
    for sample in range(9):
        layers = [
            dataclasses.replace(layer, weights=weights.astype(np.int8))
            for layer, weights in zip(plain.net.layers, plain.weights, strict=True)
        ]
        network = dataclasses.replace(plain.net, layers=tuple(layers))
        rates = tuple(rate.copy() for rate in plain.rates)
        plain.learn(events.dense(sample, network.steps), labels[sample])
        trains = layer_trains(network, events)
        for number, woken in enumerate(plain.woken):
            found = woken_neurons(network, number, trains[number + 1], rates)
            np.testing.assert_array_equal(found[sample], woken)
            n_woken += np.count_nonzero(woken)
    assert n_woken > 20


def test_loads_of_a_single_core_by_hand():
    config = small_config(hidden=(12,))
    network = small_network(config)
    events, _ = random_samples(config, 6)
    for mode in ("inference", "learning"):
        graph = build_graph(network.sizes, mode)
        packed = partition(graph, LOIHI2)
        assert packed.n_cores == 1
        activity = measure(graph, network, events)
        loads = core_loads(graph, packed, activity)
        inputs, hidden, outputs = (int(s.sum()) for s in activity.spikes[:3])
        if mode == "inference":
            expected = 12 * inputs + 3 * hidden
            assert loads["neurons"] == (20 + 12 + 3) * config.steps * 6
            assert loads["updates"] == 0 and loads["plastic"] == 0
        else:
            fired = int(
                (spike_counts(network, layer_trains(network, events))[1] > 0).sum()
            )
            sent = outputs + 18  # and what they read, handed on: 3 each sample
            labels, errors = 18, 36
            expected = 12 * inputs + 3 * (hidden + fired) + 3 * (sent + labels)
            expected += (3 + 12) * errors
            plastic = 20 * 12 + 12 * 3 + 3 * 12
            assert loads["plastic"] == plastic * network.period * 6
            assert 0 < loads["updates"] < loads["plastic"]
        assert loads["synapses"] == expected
        sent = sum(int(activity.messages[p.source].sum()) for p in graph.projections)
        assert loads["received"] == sent > 0
        traffic = measure_traffic(graph, packed, activity)
        assert len(traffic.messages) == 0 and traffic.local > 0


def test_energy_by_hand_and_low_below_high():
    loads = {
        "received": np.array([60, 0]),
        "synapses": np.array([1000, 0]),
        "neurons": np.array([100, 50]),
        "spikes": np.array([10, 0]),
        "updates": np.array([20, 0]),
        "plastic": np.array([500, 0]),
    }
    work = Work(loads, messages=7, hops=(3, 2), steps=4, n_chips=1, n_samples=2)
    costs = band(work, is_loihi1=True)
    low = costs.low
    busy = 1000 * 3.5 + 100 * 5.3 + 10 * 3.1 + 20 * 6.1 + 60 * 2.1
    seconds = (busy / 2 + 4 * 113) * 1e-9
    pico = 1000 * 23.6 + 150 * 52 + 10 * 29 + 7 * 1.7 + 3 * 3.0 + 2 * 4.0 + 20 * 120
    assert low["seconds"] == pytest.approx(seconds)
    assert low["joule"] == pytest.approx(pico * 1e-12 / 2 + 0.104 * seconds)
    assert low["joule"] < costs.high["joule"]
    assert costs.high["learning"] == pytest.approx(500 * 120e-12 / 2)
    assert costs.note is None
    other = band(work, is_loihi1=False)
    assert "no energy or time" in other.note and other.constants_of == "loihi1"
    for costs in (LOW, HIGH):
        named = " ".join(costs.sources)
        for kind in ("synapse", "neuron", "update", "hop", "static"):
            assert kind in named


def test_chips_stand_near_a_square():
    """Tiles are twice as wide as high, so one chip across takes two high."""
    found = []
    for n_chips in (1, 2, 3, 8):
        geometry = make_geometry(BOARDS["oheo-gulch"], n_chips)
        assert geometry.width * geometry.height >= n_chips
        found.append((geometry.width, geometry.height))
    assert found == [(1, 1), (1, 2), (2, 2), (2, 4)]

"""What a network does in a sample, counted by the engine's kernels on real samples."""

from dataclasses import dataclass

import numpy as np

from lava_sfdfa.chip.protocol import SILENT_RATE
from lava_sfdfa.data.events import Events
from lava_sfdfa.deploy.mapping.graph import Graph
from lava_sfdfa.engine.engine import Engine
from lava_sfdfa.engine.front import through_front
from lava_sfdfa.network.fixed import FixedNetwork
from lava_sfdfa.types import Array

Train = tuple[Array, Array]  # neurons, and where each step begins, as in `Scratch`


@dataclass(frozen=True)
class Activity:
    """Sums over `n_samples`, an array (size,) int64 for each population of a graph."""

    messages: tuple[Array, ...]  # sent by a neuron, each to all of its targets
    spikes: tuple[Array, ...]  # of these, spikes of the presentation
    updates: tuple[Array, ...]  # plastic synapses of a neuron that rules visited
    n_samples: int
    steps: int  # of a sample, presentation and learning


def measure(
    graph: Graph,
    network: FixedNetwork,
    events: Events,
    n_learned: int = 0,
    rates: tuple[Array, ...] = (),
) -> Activity:
    """Present the samples and count; weights stay as they are.

    events: the samples, for the first layer, frozen or not; n_learned: samples learned
    before, which says whose turn it is to probe; rates: of an artifact, which say who
    is woken. In a learning graph the messages of `assign_credit` in `simulate.py` are
    added. A rule visits the synapses of a neuron
    with the inputs that spiked: at each of its spikes, where it is woken, and three
    times after the presentation (commit, two steps of reset) if either was so.
    """
    trains = layer_trains(network, events)
    counts = spike_counts(network, trains)
    spikes = [np.zeros(p.size, np.int64) for p in graph.populations]
    for number, count in enumerate(counts):
        spikes[number] += count.sum(axis=0)
    messages, updates = [s.copy() for s in spikes], [np.zeros_like(s) for s in spikes]
    if graph.mode == "learning":
        first = len(network.front)  # the populations that those that learn read
        woken = [
            woken_neurons(network, number, trains[first + number + 1], rates)
            for number in range(len(network.layers))
        ]
        above = (messages[first:], updates[first:])  # the same arrays
        _add_learning(network, counts[first:], woken, n_learned, *above)
    steps = network.period if graph.mode == "learning" else network.steps
    return Activity(tuple(messages), tuple(spikes), tuple(updates), len(events), steps)


def _add_learning(
    network: FixedNetwork,
    counts: list[Array],
    woken: list[Array],
    n_learned: int,
    messages: list[Array],
    updates: list[Array],
) -> None:
    """Messages and visits of the rules after and during the presentation."""
    n_samples, n_hidden = len(counts[0]), network.n_hidden
    fired = [count > 0 for count in counts]
    for layer in range(len(network.layers)):
        n_active = fired[layer].sum(axis=1, dtype=np.int64)
        tagged = fired[layer + 1] | woken[layer]
        updates[layer + 1] += n_active @ (counts[layer + 1] + woken[layer] + 3 * tagged)
    for population in (-2, -1):  # label and error
        messages[population] += n_samples
    if not network.learns_feedback:
        return
    for population in (n_hidden + 1, -1):  # what the outputs read is handed on
        messages[population] += n_samples
    probing = (n_learned + np.arange(n_samples)) % n_hidden
    for layer in range(n_hidden):
        mine = fired[layer + 1][probing == layer].sum(axis=0, dtype=np.int64)
        messages[layer + 1] += mine + np.count_nonzero(probing < layer)
        updates[layer + 1] += mine * network.sizes[-1]


def layer_trains(network: FixedNetwork, events: Events) -> list[list[Train]]:
    """Spikes of the inputs and of every layer, a train a sample each."""
    engine = Engine(network)
    sent = [events]
    for layer in network.front:
        sent.append(through_front((layer,), sent[-1], network.steps))
    shown = [engine.spikes(sent[-1], sample) for sample in range(len(events))]
    below = [
        [_input_train(one, sample, network.steps) for sample in range(len(events))]
        for one in sent
    ]
    return [*below, *map(list, zip(*shown, strict=True))]


def spike_counts(network: FixedNetwork, trains: list[list[Train]]) -> list[Array]:
    """Spikes of the inputs and of every layer: int32 (n_samples, n_neurons) each."""
    pairs = zip(trains, network.all_sizes, strict=True)
    return [_counts([spikes for spikes, _ in each], size) for each, size in pairs]


def woken_neurons(
    network: FixedNetwork, number: int, trains: list[Train], rates: tuple[Array, ...]
) -> Array:
    """Which neurons of a layer are woken in each sample: bool (n_samples, n_post).

    rates: running means of the hidden layers; without them all are zero, as in a
    network that has learned nothing.
    """
    layer = network.layers[number]
    if layer.wake_step is None:
        return np.zeros((len(trains), layer.n_post), bool)
    end = layer.wake_step + 1
    until = [spikes[: start[end]] for spikes, start in trains]
    rate = rates[number] if rates else np.zeros(layer.n_post, np.int32)
    woken: Array = (_counts(until, layer.n_post) == 0) & (rate < SILENT_RATE)
    return woken


def _input_train(events: Events, sample: int, steps: int) -> Train:
    """Spikes and where each step begins, as in `Scratch`: int32."""
    inputs = events.inputs_of(sample).astype(np.int32)
    start = np.searchsorted(events.steps_of(sample), np.arange(steps + 1))
    return inputs, start.astype(np.int32)


def _counts(samples: list[Array], size: int) -> Array:
    rows = [np.bincount(spikes, minlength=size) for spikes in samples]
    return np.array(rows, np.int32).reshape(len(samples), size)

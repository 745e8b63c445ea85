"""What a network does in a sample, counted by the engine's kernels on real samples."""

from dataclasses import dataclass

import numpy as np
from lava_sfdfa.deploy.graph import Graph

from lava_sfdfa.compiled import disk_cached
from lava_sfdfa.encoding import Events
from lava_sfdfa.presentation import present
from lava_sfdfa.quantise import FixedNetwork
from lava_sfdfa.state import make_noise, make_parameters, make_scratch, make_state


@dataclass(frozen=True)
class Activity:
    """Sums over `n_samples`, an array (size,) int64 for each population of a graph."""

    messages: tuple[np.ndarray, ...]  # sent by a neuron, each to all of its targets
    spikes: tuple[np.ndarray, ...]  # of these, spikes of the presentation
    updates: tuple[np.ndarray, ...]  # plastic synapses of a neuron that rules visited
    n_samples: int
    steps: int  # of a sample, presentation and learning


def measure(
    graph: Graph, network: FixedNetwork, events: Events, n_learned: int = 0
) -> Activity:
    """Present the samples and count; weights stay as they are.

    n_learned: samples learned before, which says whose turn it is to probe. In a
    learning graph the messages of `assign_credit` in `simulate.py` are added. A rule
    visits the synapses of a neuron with the inputs that spiked: at each of its spikes,
    and three times after the presentation (commit, two steps of reset) if it fired.
    """
    counts = count_spikes(network, events)
    spikes = [np.zeros(p.size, np.int64) for p in graph.populations]
    for number, count in enumerate(counts):
        spikes[number] += count.sum(axis=0)
    messages, updates = [s.copy() for s in spikes], [np.zeros_like(s) for s in spikes]
    if graph.mode == "learning":
        _add_learning(network, counts, n_learned, messages, updates)
    steps = network.period if graph.mode == "learning" else network.steps
    return Activity(tuple(messages), tuple(spikes), tuple(updates), len(events), steps)


def _add_learning(network, counts, n_learned, messages, updates) -> None:
    """Messages and visits of the rules after and during the presentation."""
    n_samples, n_hidden = len(counts[0]), network.n_hidden
    fired = [count > 0 for count in counts]
    for layer in range(len(network.layers)):
        n_active = fired[layer].sum(axis=1, dtype=np.int64)
        updates[layer + 1] += n_active @ (counts[layer + 1] + 3 * fired[layer + 1])
    for population in (-2, -1):  # label and error
        messages[population] += n_samples
    if network.feedback_kind != "sfdfa":
        return
    for population in (n_hidden + 1, -1):  # what the outputs read is handed on
        messages[population] += n_samples
    probing = (n_learned + np.arange(n_samples)) % n_hidden
    for layer in range(n_hidden):
        mine = fired[layer + 1][probing == layer].sum(axis=0, dtype=np.int64)
        messages[layer + 1] += mine + np.count_nonzero(probing < layer)
        updates[layer + 1] += mine * network.sizes[-1]


@disk_cached
def present_once(p, state, s, spikes, start, noise):
    """One sample to one layer, without learning."""
    present(p, state, s, spikes, start, noise, 0, 0, 0, False)


def count_spikes(network: FixedNetwork, events: Events) -> list[np.ndarray]:
    """Spikes of the inputs and of every layer: int32 (n_samples, n_neurons) each.

    Layer by layer, so that only the spikes between two layers are kept.
    """
    trains = [
        _input_train(events, sample, network.steps) for sample in range(len(events))
    ]
    found = [_counts(trains, network.sizes[0])]
    for number, layer in enumerate(network.layers):
        p, state = make_parameters(network, number, 1.0), make_state(layer, None)
        scratch = make_scratch(layer, network.steps)
        noise = make_noise(network.rounding, network.seed, number, 0, 0)
        for sample, (spikes, start) in enumerate(trains):
            present_once(p, state, scratch, spikes, start, noise)
            out = scratch.spikes[: scratch.start[-1]].copy()
            trains[sample] = (out, scratch.start.copy())
        found.append(_counts(trains, layer.n_post))
    return found


def _input_train(
    events: Events, sample: int, steps: int
) -> tuple[np.ndarray, np.ndarray]:
    """Spikes and where each step begins, as in `Scratch`: int32."""
    begin, end = events.offset[sample], events.offset[sample + 1]
    start = np.full(steps + 1, end - begin, np.int32)
    start[0] = 0
    shown = events.counts.shape[1]
    start[1 : shown + 1] = np.cumsum(events.counts[sample])
    return events.index[begin:end].astype(np.int32), start


def _counts(trains: list[tuple[np.ndarray, np.ndarray]], size: int) -> np.ndarray:
    rows = [np.bincount(spikes, minlength=size) for spikes, _ in trains]
    return np.array(rows, np.int32).reshape(len(trains), size)

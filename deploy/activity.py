"""What a network does in a sample, counted by the engine on real samples."""

from dataclasses import dataclass

import numpy as np
from lava_sfdfa.deploy.graph import Graph

from lava_sfdfa.encoding import Events
from lava_sfdfa.engine import Engine
from lava_sfdfa.quantise import FixedNetwork


@dataclass(frozen=True)
class Activity:
    """Sums over `n_samples`, an array (size,) int64 for each population of a graph."""

    messages: tuple[np.ndarray, ...]  # sent by a neuron, each to all of its targets
    spikes: tuple[np.ndarray, ...]  # of these, spikes of the presentation
    updates: tuple[np.ndarray, ...]  # plastic synapses of a neuron that rules visited
    n_samples: int
    steps: int  # of a sample, presentation and learning


def measure(
    graph: Graph,
    network: FixedNetwork,
    events: Events,
    labels: np.ndarray,
    rates: tuple[np.ndarray, ...] = (),
    n_learned: int = 0,
) -> Activity:
    """Run the samples through the engine and count; learning goes on in that mode.

    rates, n_learned: of the artifact, as in `Engine`. A rule visits the synapses of
    a neuron with the inputs that spiked so far: at each of its spikes, and three times
    after the presentation (commit, two steps of reset) where it fired.
    """
    learning = graph.mode == "learning"
    engine = Engine(network, rates, n_learned)
    zeros = [np.zeros(p.size, np.int64) for p in graph.populations]
    messages, spikes, updates = ([z.copy() for z in zeros] for _ in range(3))
    n_layers, n_out = len(network.layers), network.sizes[-1]
    for sample in range(len(events)):
        probing = engine.n_learned % network.n_hidden
        chosen = np.array([sample])
        if learning:
            engine.learn(events, labels, chosen)
        else:
            engine.classify(events, chosen)
        counts = [_input_counts(events, sample), *engine.spike_counts()]
        for number, count in enumerate(counts):
            spikes[number] += count
        if not learning:
            continue
        for layer in range(n_layers):
            count, n_active = counts[layer + 1], np.count_nonzero(counts[layer])
            updates[layer + 1] += (count + 3 * (count > 0)) * n_active
        if network.feedback_kind == "sfdfa":
            updates[probing + 1] += (counts[probing + 1] > 0) * n_out
            for layer in range(probing, network.n_hidden):  # payloads
                messages[layer + 1] += counts[layer + 1] > 0
            messages[n_layers] += 1  # the outputs hand on what they read
            messages[-1] += 1
        messages[-2] += 1  # label
        messages[-1] += 1  # error
    messages = [m + s for m, s in zip(messages, spikes, strict=True)]
    steps = network.period if learning else network.steps
    return Activity(tuple(messages), tuple(spikes), tuple(updates), len(events), steps)


def _input_counts(events: Events, sample: int) -> np.ndarray:
    begin, end = events.offset[sample], events.offset[sample + 1]
    return np.bincount(events.index[begin:end], minlength=events.n_inputs)

"""Who sends how much to whom: routes between slices, messages between cores.

A message goes once to every core that has a slice of a target population, as on the
chip: there is no multicast.
"""

from dataclasses import dataclass

import numpy as np

from lava_sfdfa.deploy.mapping.activity import Activity
from lava_sfdfa.deploy.mapping.graph import Graph, Projection
from lava_sfdfa.deploy.mapping.partition import Partition
from lava_sfdfa.deploy.mapping.reach import reached
from lava_sfdfa.types import Array

LOADS = ("received", "synapses", "neurons", "spikes", "updates", "plastic")


@dataclass(frozen=True)
class Traffic:
    """Messages between different cores, over all samples of an activity."""

    source: Array  # (n_pairs,) int32, core
    target: Array  # (n_pairs,) int32, core
    messages: Array  # (n_pairs,) int64
    local: int  # messages that stay on their core
    n_samples: int


def measure_traffic(graph: Graph, packed: Partition, activity: Activity) -> Traffic:
    """Messages between the cores of a partition."""
    pieces = []
    for projection in graph.projections:
        sums = slice_sums(packed, projection.source, activity.messages)
        sources = packed.core[packed.slices_of(projection.source)]
        targets = packed.core[packed.slices_of(projection.target)]
        source, target = np.meshgrid(sources, targets, indexing="ij")
        if projection.kind == "frozen":
            sent = _read_sums(graph, packed, projection, activity)
        else:
            sent = np.broadcast_to(sums[:, None], source.shape)
        pieces.append((source.ravel(), target.ravel(), sent.ravel()))
    source, target, sent = (
        np.concatenate([piece[k] for piece in pieces]) for k in range(3)
    )
    key = source.astype(np.int64) * packed.n_cores + target
    pairs, place = np.unique(key, return_inverse=True)
    messages = np.zeros(len(pairs), np.int64)
    np.add.at(messages, place, sent)
    source, target = np.divmod(pairs, packed.n_cores)
    remote = (source != target) & (messages > 0)
    return Traffic(
        source[remote].astype(np.int32),
        target[remote].astype(np.int32),
        messages[remote],
        int(messages[source == target].sum()),
        activity.n_samples,
    )


def _read_sums(
    graph: Graph, packed: Partition, projection: Projection, activity: Activity
) -> Array:
    """Messages of each slice of inputs that each slice of a frozen layer reads: int64
    (slices of the source, slices of the target)."""
    layer = graph.front[projection.layer]
    slices = packed.slices_of(projection.source)
    messages = activity.messages[projection.source]
    sent = []
    for cut in packed.slices_of(projection.target):
        inputs, _ = reached(layer, packed.begin[cut], packed.end[cut])
        part = np.searchsorted(packed.end[slices], inputs, side="right")
        total = np.zeros(len(slices), np.int64)
        np.add.at(total, part, messages[inputs])
        sent.append(total)
    return np.array(sent).T


def slice_sums(packed: Partition, population: int, values: tuple[Array, ...]) -> Array:
    """Sum of a quantity of a population over each of its slices: int64."""
    slices = packed.slices_of(population)
    total = np.concatenate([[0], np.cumsum(values[population])])
    return total[packed.end[slices]] - total[packed.begin[slices]]


def core_loads(graph: Graph, packed: Partition, activity: Activity) -> dict[str, Array]:
    """What each core does over all samples: int64 (n_cores,) each.

    received: messages at input axons; synapses: synaptic operations; neurons: neuron
    updates; spikes; updates: plastic synapses that rules visited; plastic: plastic
    synapses times learning steps.
    """
    loads = {name: np.zeros(packed.n_cores, np.int64) for name in LOADS}
    steps = activity.steps * activity.n_samples
    for number in range(len(graph.populations)):
        slices = packed.slices_of(number)
        cores, n = packed.core[slices], (packed.end - packed.begin)[slices]
        np.add.at(loads["neurons"], cores, steps * n)
        for name in ("spikes", "updates"):
            sums = slice_sums(packed, number, getattr(activity, name))
            np.add.at(loads[name], cores, sums)
        layer = graph.frozen_into(number)
        if layer is not None:  # inputs of a slice, and the synapses of each
            messages = activity.messages[number - 1]
            for core, cut in zip(cores, slices, strict=True):
                inputs, counts = reached(layer, packed.begin[cut], packed.end[cut])
                loads["received"][core] += messages[inputs].sum()
                loads["synapses"][core] += messages[inputs] @ counts
            continue
        received, n_plastic = 0, 0
        for projection in (graph.projections[k] for k in graph.into(number)):
            received += int(activity.messages[projection.source].sum())
            if projection.plastic:
                n_plastic += graph.populations[projection.source].size
        np.add.at(loads["received"], cores, received)
        np.add.at(loads["synapses"], cores, received * n)
        np.add.at(loads["plastic"], cores, steps * n_plastic * n)
    return loads


def adjacency(traffic: Traffic, n_cores: int) -> tuple[Array, Array, Array]:
    """Messages between cores in both directions, by row: first (n_cores + 1,) int64,
    neighbour (n,) int32, messages (n,) int64. A pair with traffic both ways stands
    twice, which does not matter to a sum."""
    here = np.concatenate([traffic.source, traffic.target])
    there = np.concatenate([traffic.target, traffic.source])
    weight = np.concatenate([traffic.messages, traffic.messages])
    order = np.argsort(here, kind="stable")
    first = np.searchsorted(here[order], np.arange(n_cores + 1))
    return first.astype(np.int64), there[order], weight[order]

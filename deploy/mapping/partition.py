"""Split populations into slices, and pack slices onto cores.

A slice is a run of neurons of one population on one core; it receives every input of
its population, so that splitting over neurons costs input axons and nothing else. As
many neurons as fit go to a core of their own; what remains, and small populations,
share cores. Nothing is random: the same graph gives the same partition.
"""

from dataclasses import dataclass

import numpy as np

from lava_sfdfa.deploy.boards import RESOURCES, CoreModel
from lava_sfdfa.deploy.mapping.graph import Graph
from lava_sfdfa.errors import CheckError
from lava_sfdfa.types import Array

AXON_IN, SYNAPSES, NEURONS, AXON_OUT, AXON_MEM, GROUPS, TOTAL = range(len(RESOURCES))


@dataclass(frozen=True)
class Partition:
    """Slices and the cores that they share; cores are numbered in the order of the
    data and have no place yet."""

    population: Array  # (n_slices,) int32, index in the graph
    begin: Array  # (n_slices,) int64, first neuron
    end: Array  # (n_slices,) int64, behind the last
    core: Array  # (n_slices,) int32
    use: Array  # (n_cores, len(RESOURCES)) int64

    @property
    def n_cores(self) -> int:
        """Cores in use."""
        return len(self.use)

    def slices_of(self, population: int) -> Array:
        """Indices of the slices of a population, in the order of its neurons."""
        chosen = np.flatnonzero(self.population == population)
        return chosen[np.argsort(self.begin[chosen], kind="stable")]


def slice_use(
    graph: Graph, model: CoreModel, population: int, n: int | Array, n_targets: int
) -> Array:
    """What `n` neurons of a population take of a core: int64, shape (.., resources).

    n_targets: slices that a spike of theirs goes to.
    """
    n = np.asarray(n, np.int64)
    use = np.zeros((*n.shape, len(RESOURCES)), np.int64)
    learning_core = model.is_all_plastic and graph.mode == "learning"
    for k in graph.into(population):
        projection = graph.projections[k]
        plastic = projection.plastic or learning_core
        n_axons = graph.populations[projection.source].size
        bits = model.synapse_bits(projection.weight_bits, plastic, graph.recursive)
        words = model.axon_words(n, bits)
        use[..., AXON_IN] += n_axons * (model.plastic_slots.value if plastic else 1)
        use[..., SYNAPSES] += n_axons * words
    units = model.learning_units.value if graph.populations[population].learning else 1
    use[..., NEURONS] = n * units
    use[..., AXON_OUT] = n * (n_targets if model.is_unicast else 1)
    use[..., GROUPS] = 1
    use[..., TOTAL] = use[..., :TOTAL].sum(axis=-1)
    return use


def most_neurons(
    graph: Graph, model: CoreModel, population: int, n_targets: int
) -> int:
    """The most neurons of a population that an empty core holds; 0 for none."""
    low, high = 0, graph.populations[population].size
    while low < high:
        middle = (low + high + 1) // 2
        use = slice_use(graph, model, population, middle, n_targets)
        if (use <= model.limit_vector).all() and axons_fit(
            graph, model, population, middle
        ):
            low = middle
        else:
            high = middle - 1
    return low


def axons_fit(graph: Graph, model: CoreModel, population: int, n: int) -> bool:
    """Whether no single axon is longer than the chip can read."""
    learning = graph.mode == "learning"
    return all(
        model.axon_words(
            n, model.synapse_bits(p.weight_bits, learning, graph.recursive)
        )
        <= model.axon_words_most.value
        for p in graph.projections
        if p.target == population
    )


def partition(graph: Graph, model: CoreModel) -> Partition:
    """Slices and cores for a graph. Errors: CheckError where one neuron of a
    population is too much for an empty core.

    How many output axons a neuron takes is known when its targets have been cut, so
    packing is repeated, each time with the counts counts, until they hold.
    """
    n_targets = np.array([len(graph.out_of(k)) for k in range(len(graph.populations))])
    while True:
        packed = Packing(graph, model, n_targets).result()
        counts = count_targets(graph, packed)
        if (counts <= n_targets).all():
            return packed
        n_targets = np.maximum(n_targets, counts)


def count_targets(graph: Graph, packed: Partition) -> Array:
    """Slices that a spike of each population goes to: int64 (n_populations,)."""
    n_slices = np.bincount(packed.population, minlength=len(graph.populations))
    return np.array(
        [
            sum(n_slices[graph.projections[k].target] for k in graph.out_of(source))
            for source in range(len(graph.populations))
        ]
    )


class Packing:
    """Cores that fill up, population after population, the largest need first."""

    def __init__(self, graph: Graph, model: CoreModel, n_targets: Array):
        self.graph, self.model, self.n_targets = graph, model, n_targets
        self.limits = model.limit_vector
        self.slices: list[
            tuple[int, int, int, int]
        ] = []  # population, begin, end, core
        self.use = np.zeros((64, len(RESOURCES)), np.int64)
        self.n_cores = 0
        order = range(len(graph.populations))
        for population in sorted(order, key=self._need, reverse=True):
            self._add(population)

    def _need(self, population: int) -> int:
        size = self.graph.populations[population].size
        return sum(
            size * self.graph.populations[self.graph.projections[k].source].size
            for k in self.graph.into(population)
        )

    def _use(self, population: int, n: int | Array) -> Array:
        return slice_use(
            self.graph, self.model, population, n, int(self.n_targets[population])
        )

    def _add(self, population: int) -> None:
        size = self.graph.populations[population].size
        most = most_neurons(
            self.graph, self.model, population, int(self.n_targets[population])
        )
        if most == 0:
            raise CheckError(self._too_large(population))
        full = (size - 1) // most if self.graph.into(population) else 0
        use = self._use(population, most)
        for number in range(full):
            self._put(population, number * most, most, self._open(), use)
        begin = full * most
        while begin < size:
            core, n = self._room(population, min(size - begin, most))
            self._put(population, begin, n, core, self._use(population, n))
            begin += n

    def _room(self, population: int, n: int) -> tuple[int, int]:
        """A core that holds the next `n` neurons, the latest first, else a new one.

        Populations without inputs cost nothing to split, so these take what is free.
        """
        free = self.limits - self.use[: self.n_cores]
        fits = (self._use(population, n) <= free).all(axis=1)
        if fits.any():
            return int(np.flatnonzero(fits)[-1]), n
        if not self.graph.into(population):
            one, two = self._use(population, np.array([1, 2]))
            each = two - one
            room = (free - (one - each)) // np.maximum(each, 1)
            room = np.where(each > 0, room, np.where(free >= one, n, 0)).min(axis=1)
            if room.size and room.max() > 0:
                core = int(np.argmax(room))
                return core, int(min(room[core], n))
        return self._open(), n

    def _open(self) -> int:
        if self.n_cores == len(self.use):
            self.use = np.concatenate([self.use, np.zeros_like(self.use)])
        self.n_cores += 1
        return self.n_cores - 1

    def _put(self, population: int, begin: int, n: int, core: int, use: Array) -> None:
        self.slices.append((population, begin, begin + n, core))
        self.use[core] += use

    def result(self) -> Partition:
        """The slices in the order of the data, and the cores in that of their first
        slices."""
        population, begin, end, core = np.array(sorted(self.slices), np.int64).T
        _, first = np.unique(core, return_index=True)
        order = core[np.sort(first)]  # cores by their first slice
        number = np.empty(self.n_cores, np.int32)
        number[order] = np.arange(self.n_cores)
        return Partition(
            population.astype(np.int32), begin, end, number[core], self.use[order]
        )

    def _too_large(self, population: int) -> str:
        """Layer, resource, need, limit, remedy."""
        use = self._use(population, 1)
        over = np.flatnonzero(use > self.limits)
        resource = int(over[0]) if over.size else SYNAPSES
        name = self.graph.populations[population].name
        remedies = [self._remedy(population, use)]
        if self.graph.mode == "learning":
            remedies.append("--mode inference")
        return (
            f"layer {name!r} can never fit: one neuron needs {use[resource]:,} "
            f"{RESOURCE_WORDS[resource]}, a core of {self.model.name} has "
            f"{self.limits[resource]:,}; {', '.join(remedies)}, or a board with "
            "another chip"
        )

    def _remedy(self, population: int, use: Array) -> str:
        """The most neurons in the largest source with which one neuron would fit."""
        sources = [
            self.graph.populations[self.graph.projections[k].source]
            for k in self.graph.into(population)
        ]
        if use[AXON_OUT] > self.limits[AXON_OUT]:
            return "make the layers that it feeds smaller"
        n_inputs = sum(source.size for source in sources)
        largest = max(sources, key=lambda source: source.size)
        an_axon = np.maximum(use // n_inputs, 1)
        excess = -(-(use - self.limits) // an_axon)
        return (
            f"use {largest.size - excess.max():,} neurons in {largest.name!r} at most"
        )


RESOURCE_WORDS = (
    "input axons",
    "words of synapse memory",
    "units of neuron state",
    "output axons",
    "words of axon lists",
    "neuron groups",
    "words of memory in all",
)

"""Split populations into slices, and pack slices onto cores.

A slice is a run of neurons of one population on one core; it receives every input of
its population, so that splitting over neurons costs input axons and nothing else; a
slice of a convolution receives those that its kernels read, see `reach.py`. As many
neurons as fit go to a core of their own; what remains, and small populations, share
cores. Nothing is random: the same graph gives the same partition.
"""

from dataclasses import dataclass

import numpy as np

from lava_sfdfa.deploy.boards import RESOURCES, CoreModel
from lava_sfdfa.deploy.mapping.graph import Graph
from lava_sfdfa.deploy.mapping.reach import geometry_of, reached, reads_all, tally
from lava_sfdfa.errors import CheckError
from lava_sfdfa.network.frozen import FrozenLayer
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
    graph: Graph,
    model: CoreModel,
    population: int,
    n: int | Array,
    n_targets: int,
    begin: int = 0,
) -> Array:
    """What `n` neurons of a population take of a core: int64, shape (.., resources).

    n_targets: slices that a spike of theirs goes to; begin: the first neuron, which
    matters to a frozen layer, whose `n` has to be a number.
    """
    n = np.asarray(n, np.int64)
    use = np.zeros((*n.shape, len(RESOURCES)), np.int64)
    learning_core = model.is_all_plastic and graph.mode == "learning"
    for k in graph.into(population):
        projection = graph.projections[k]
        frozen = graph.frozen_into(population)
        if frozen is not None:
            end = begin + int(n)
            taken = frozen_use(frozen, model, projection.weight_bits, begin, end)
            use[..., AXON_IN] += taken[0]
            use[..., SYNAPSES] += taken[1]
            continue
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


def frozen_use(
    layer: FrozenLayer, model: CoreModel, weight_bits: int, begin: int, end: int
) -> tuple[int, int, int]:
    """Input axons, words of synapses, and words of the longest axon of the neurons from
    `begin` to before `end` of a frozen layer.

    A kernel that is kept once takes an entry for each of its places and channels in,
    with the channels out that these neurons can have.
    """
    if reads_all(layer):
        bits = model.synapse_bits(weight_bits, False, False)
        longest = int(model.axon_words(end - begin, bits))
        return layer.n_pre, layer.n_pre * longest, longest
    counts, n_inputs = tally(geometry_of(layer), begin, end)
    n_axons = int(n_inputs.sum())
    n_out, rows, columns, n_in = layer.kernel.shape
    if model.shared is None:
        bits = model.synapse_bits(weight_bits, False, False) + model.sparse_bits.value
        words = model.axon_words(counts, bits)
        return n_axons, int(n_inputs @ words), int(words.max(initial=0))
    n_entries = rows * columns * n_in * layer.groups
    n_weights = min(end - begin, n_out // layer.groups)
    longest = int(model.axon_words(n_weights, weight_bits + model.shared.value))
    return n_axons, n_entries * longest, longest


def most_neurons(
    graph: Graph, model: CoreModel, population: int, n_targets: int, begin: int = 0
) -> int:
    """The most neurons of a population, from `begin` on, that an empty core holds; 0
    for none."""
    low, high = 0, graph.populations[population].size - begin
    if graph.frozen_into(population) is not None:  # whose use is slow to count
        high = min(high, model.limits["neurons"].value)
    while low < high:
        middle = (low + high + 1) // 2
        use = slice_use(graph, model, population, middle, n_targets, begin)
        if (use <= model.limit_vector).all() and axons_fit(
            graph, model, population, middle, begin
        ):
            low = middle
        else:
            high = middle - 1
    return low


def axons_fit(
    graph: Graph, model: CoreModel, population: int, n: int, begin: int = 0
) -> bool:
    """Whether no single axon is longer than the chip can read."""
    frozen = graph.frozen_into(population)
    if frozen is not None:
        (k,) = graph.into(population)
        bits = graph.projections[k].weight_bits
        longest = frozen_use(frozen, model, bits, begin, begin + n)[2]
        return longest <= model.axon_words_most.value
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
    """Slices that a spike of each population goes to, of the neuron with most:
    int64 (n_populations,)."""
    n_slices = np.bincount(packed.population, minlength=len(graph.populations))
    return np.array(
        [
            sum(
                _most_readers(graph, packed, graph.projections[k].target)
                if graph.projections[k].kind == "frozen"
                else n_slices[graph.projections[k].target]
                for k in graph.out_of(source)
            )
            for source in range(len(graph.populations))
        ]
    )


def _most_readers(graph: Graph, packed: Partition, population: int) -> int:
    """Slices of a frozen layer that the same input reaches, the most."""
    layer = graph.frozen_into(population)
    assert layer is not None
    n_readers = np.zeros(layer.n_pre, np.int64)
    for cut in packed.slices_of(population):
        n_readers[reached(layer, packed.begin[cut], packed.end[cut])[0]] += 1
    return int(n_readers.max())


class Packing:
    """Cores that fill up, population after population, the largest need first."""

    def __init__(self, graph: Graph, model: CoreModel, n_targets: Array):
        self.graph, self.model, self.n_targets = graph, model, n_targets
        self.limits = model.limit_vector
        self.slices: list[
            tuple[int, int, int, int]
        ] = []  # population, begin, end, core
        self.use = np.zeros((64, len(RESOURCES)), np.int64)
        self.kind = np.zeros(64, np.int8)  # of the synapses of a core, see `_kind`
        self.n_cores = 0
        order = range(len(graph.populations))
        for population in sorted(order, key=self._need, reverse=True):
            self._add(population)

    def _need(self, population: int) -> int:
        size = self.graph.populations[population].size
        frozen = self.graph.frozen_into(population)
        if frozen is not None:
            return size * int(np.prod(frozen.kernel.shape[1:]))
        return sum(
            size * self.graph.populations[self.graph.projections[k].source].size
            for k in self.graph.into(population)
        )

    def _use(self, population: int, n: int | Array, begin: int = 0) -> Array:
        n_targets = int(self.n_targets[population])
        return slice_use(self.graph, self.model, population, n, n_targets, begin)

    def _most(self, population: int, begin: int = 0) -> int:
        n_targets = int(self.n_targets[population])
        most = most_neurons(self.graph, self.model, population, n_targets, begin)
        if most == 0:
            raise CheckError(self._too_large(population, begin))
        return most

    def _kind(self, population: int) -> int:
        """1 and 2 for synapses that cannot be on one core, 0 for those that can be
        anywhere: on some chips a core that learns has no static synapses."""
        is_apart = self.model.is_all_plastic and self.graph.mode == "learning"
        if not is_apart or not self.graph.into(population):
            return 0
        return 1 if self.graph.frozen_into(population) is not None else 2

    def _add(self, population: int) -> None:
        if self.graph.frozen_into(population) is not None:
            self._add_frozen(population)
            return
        size = self.graph.populations[population].size
        most = self._most(population)
        full = (size - 1) // most if self.graph.into(population) else 0
        use = self._use(population, most)
        for number in range(full):
            self._put(population, number * most, most, self._open(), use)
        begin = full * most
        while begin < size:
            core, n = self._room(population, min(size - begin, most))
            self._put(population, begin, n, core, self._use(population, n))
            begin += n

    def _add_frozen(self, population: int) -> None:
        """What a slice takes depends on where it begins."""
        size, begin = self.graph.populations[population].size, 0
        while begin < size:
            n = self._most(population, begin)
            is_last = begin + n == size
            core = self._room(population, n, begin)[0] if is_last else self._open()
            self._put(population, begin, n, core, self._use(population, n, begin))
            begin += n

    def _room(self, population: int, n: int, begin: int = 0) -> tuple[int, int]:
        """A core that holds the next `n` neurons, the latest first, else a new one.

        Populations without inputs cost nothing to split, so these take what is free.
        """
        free = self.limits - self.use[: self.n_cores]
        fits = (self._use(population, n, begin) <= free).all(axis=1)
        kind, kinds = self._kind(population), self.kind[: self.n_cores]
        fits &= (kinds == 0) | (kinds == kind) | (kind == 0)
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
            self.kind = np.concatenate([self.kind, np.zeros_like(self.kind)])
        self.n_cores += 1
        return self.n_cores - 1

    def _put(self, population: int, begin: int, n: int, core: int, use: Array) -> None:
        self.slices.append((population, begin, begin + n, core))
        self.use[core] += use
        self.kind[core] = max(self.kind[core], self._kind(population))

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

    def _too_large(self, population: int, begin: int) -> str:
        """Layer, resource, need, limit, remedy."""
        use = self._use(population, 1, begin)
        over = np.flatnonzero(use > self.limits)
        resource = int(over[0]) if over.size else SYNAPSES
        name = self.graph.populations[population].name
        remedies = [self._remedy(population, use)]
        if self.graph.frozen_into(population) is not None:
            remedies = ["use kernels with fewer places or channels"]
        elif self.graph.mode == "learning":
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

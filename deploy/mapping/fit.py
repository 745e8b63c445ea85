"""Does a network fit a board, on how many cores, what limits it, what would help."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from lava_sfdfa.deploy.boards import (
    BOARDS,
    RESOURCES,
    UNLIMITED,
    WORD_BITS,
    Board,
    CoreModel,
)
from lava_sfdfa.deploy.mapping.graph import Graph, build_graph
from lava_sfdfa.deploy.mapping.partition import (
    AXON_IN,
    AXON_OUT,
    GROUPS,
    NEURONS,
    SYNAPSES,
    TOTAL,
    Partition,
    count_targets,
    most_neurons,
    partition,
    slice_use,
)
from lava_sfdfa.deploy.mapping.reach import reached, reads_all
from lava_sfdfa.errors import CheckError
from lava_sfdfa.network.frozen import FrozenLayer
from lava_sfdfa.results import Result

LOIHI1_LEARNING = (
    "Loihi 1 has neither graded spikes nor programmable neurons: cores, axons and "
    "synapses are counted, but errors and payloads would take several binary spikes "
    "or an embedded processor"
)


@dataclass(frozen=True)
class Request:
    """What shall go on which board."""

    sizes: tuple[int, ...]  # inputs, hidden layers, outputs
    board: Board
    mode: str
    feedback: str = "sfdfa"
    eligibility: str = "trace"
    front: tuple[FrozenLayer, ...] = ()  # below, the last of which gives the inputs

    @property
    def all_sizes(self) -> tuple[int, ...]:
        """Inputs, neurons of each frozen layer, hidden layers, outputs."""
        return (*(layer.n_pre for layer in self.front), *self.sizes)

    def graph(self, weight_bits: int = 8, sizes: tuple[int, ...] = ()) -> Graph:
        """Populations and projections, perhaps with one thing changed."""
        return build_graph(
            sizes or self.sizes,
            self.mode,
            self.feedback,
            self.eligibility,
            weight_bits,
            self.front,
        )

    def chips(self, n_cores: int) -> int:
        """Chips that so many cores take."""
        return -(-n_cores // self.board.model.cores_per_chip.value)


@dataclass(frozen=True, kw_only=True)
class LayerFit(Result):
    """A population on its cores."""

    name: str
    neurons: int
    neurons_per_core: int
    cores: int
    limiting_resource: str
    utilisation: float  # of that resource, on the fullest of its cores
    frozen: str | None = None  # what it is, where it never learns


@dataclass(frozen=True, kw_only=True)
class ResourceUse(Result):
    """A resource over the cores: the limit, the highest and the mean share."""

    limit: int
    highest: float
    mean: float


@dataclass(frozen=True, kw_only=True)
class LowerBound(Result):
    """Cores that no partition can do without, also by resource."""

    cores: int
    by_resource: dict[str, int]


@dataclass(frozen=True, kw_only=True)
class FitReport(Result):
    """Whether a network fits a board, and why.

    For a network that no board could hold `reason` is set, and nothing is known of
    cores.
    """

    fits: bool
    cores: int | None = None
    chips: int | None = None
    layers: list[LayerFit] = field(default_factory=list)
    sizes: list[int]  # inputs, neurons of each layer, frozen ones too; outputs last
    board: str
    chip: str
    mode: str
    chips_of_board: int
    notes: list[str]  # what is assumed
    lower_bound: LowerBound | None = None
    above_bound: float | None = None  # share of cores above the lower bound
    why_above: str | None = None
    resources: dict[str, ResourceUse] = field(default_factory=dict)
    smallest_change: str | None = None  # that makes it fit
    savings: list[str] = field(default_factory=list)  # what would need fewer cores
    reason: str | None = None

    @property
    def sentence(self) -> str:
        """Why a network does not fit, and the smallest change that would help."""
        if self.reason is not None:
            return self.reason
        return (
            f"{'-'.join(map(str, self.sizes))} in mode {self.mode} needs "
            f"{self.cores:,} cores on {self.chips:,} chips; {self.board} has "
            f"{self.chips_of_board:,}; the smallest change that makes it fit: "
            f"{self.smallest_change}"
        )


def fit(request: Request) -> tuple[FitReport, Graph, Partition | None]:
    """The answer, the graph and its partition, which is None where none is possible."""
    graph = request.graph()
    try:
        packed = partition(graph, request.board.model)
    except CheckError as error:
        reason = str(error)
        change = reason.rpartition("; ")[2]
        about = _about(request)
        return (
            FitReport(fits=False, reason=reason, smallest_change=change, **about),
            graph,
            None,
        )
    chips = request.chips(packed.n_cores)
    fits = chips <= request.board.chips.value
    bounds = lower_bounds(graph, request)
    bound = max(bounds.values())
    report = FitReport(
        fits=fits,
        cores=packed.n_cores,
        chips=chips,
        layers=describe_layers(graph, request, packed),
        lower_bound=LowerBound(cores=bound, by_resource=bounds),
        above_bound=round(packed.n_cores / bound - 1, 4),
        why_above=why_above(graph, request, packed, bound),
        resources=describe_cores(request, packed),
        smallest_change=None if fits else smallest_change(request, packed),
        savings=savings(request, packed.n_cores),
        **_about(request),
    )
    return report, graph, packed


def _about(request: Request) -> dict[str, Any]:
    """What a report says of its request."""
    model = request.board.model
    recursive = request.eligibility == "recursive"
    notes = model.assumptions(recursive) if request.mode == "learning" else []
    if request.mode == "learning" and model.is_unicast:
        notes.append(LOIHI1_LEARNING)
    if not all(reads_all(layer) for layer in request.front):
        notes.append(model.of_convolutions())
    return {
        "sizes": list(request.all_sizes),
        "board": request.board.name,
        "chip": model.name,
        "mode": request.mode,
        "chips_of_board": request.board.chips.value,
        "notes": notes,
    }


# --- where the limits are ---------------------------------------------------------


def describe_layers(
    graph: Graph, request: Request, packed: Partition
) -> list[LayerFit]:
    """Each population: neurons a core, cores, what limits it and how full that is."""
    model, n_targets = request.board.model, count_targets(graph, packed)
    limits = model.limit_vector
    layers: list[LayerFit] = []
    for number, population in enumerate(graph.populations):
        slices = packed.slices_of(number)
        targets, frozen = int(n_targets[number]), graph.frozen_into(number)
        sizes = (packed.end - packed.begin)[slices]
        begin = 0 if frozen is None else int(packed.begin[slices][np.argmax(sizes)])
        most = most_neurons(graph, model, number, targets, begin)
        more = most + (begin + most < population.size)
        use = slice_use(graph, model, number, more, targets, begin)
        resource = int(np.argmax(use[:GROUPS] / limits[:GROUPS]))
        if use[TOTAL] > limits[TOTAL]:
            resource = TOTAL
        share = packed.use[packed.core[slices], resource] / limits[resource]
        layers.append(
            LayerFit(
                name=population.name,
                neurons=population.size,
                neurons_per_core=int(sizes.max()),
                cores=len(slices),
                limiting_resource=RESOURCES[resource],
                utilisation=round(float(share.max()), 4),
                frozen=None if frozen is None else str(frozen),
            )
        )
    return layers


def describe_cores(request: Request, packed: Partition) -> dict[str, ResourceUse]:
    """Each resource over the cores: the limit, the highest and the mean share."""
    limits = request.board.model.limit_vector
    return {
        name: ResourceUse(
            limit=int(limits[k]),
            highest=round(float(packed.use[:, k].max() / limits[k]), 4),
            mean=round(float(packed.use[:, k].mean() / limits[k]), 4),
        )
        for k, name in enumerate(RESOURCES)
        if limits[k] < UNLIMITED and packed.use[:, k].any()
    }


def lower_bounds(graph: Graph, request: Request) -> dict[str, int]:
    """Cores that no partition can do without: the need of the whole network over the
    budget of a core, by resource; synapses without headers and without padding."""
    model = request.board.model
    learning_core = model.is_all_plastic and graph.mode == "learning"
    need = np.zeros(len(RESOURCES))
    for projection in graph.projections:
        frozen = graph.frozen_into(projection.target)
        if frozen is not None:
            axons, bits = least_of_frozen(frozen, model, projection.weight_bits)
            need[AXON_IN] += axons
            need[SYNAPSES] += bits / WORD_BITS
            continue
        n_pre = graph.populations[projection.source].size
        n_post = graph.populations[projection.target].size
        plastic = projection.plastic or learning_core
        bits = model.synapse_bits(projection.weight_bits, plastic, graph.recursive)
        need[AXON_IN] += n_pre * (model.plastic_slots.value if plastic else 1)
        need[SYNAPSES] += n_pre * n_post * bits / WORD_BITS
    for population in graph.populations:
        units = model.learning_units.value if population.learning else 1
        need[NEURONS] += population.size * units
        need[AXON_OUT] += population.size
    need[GROUPS] = len(graph.populations)
    need[TOTAL] = need[:TOTAL].sum()
    return {
        name: int(np.ceil(need[k] / model.limits[name].value))
        for k, name in enumerate(RESOURCES)
        if name in model.limits and need[k]
    }


def least_of_frozen(
    layer: FrozenLayer, model: CoreModel, weight_bits: int
) -> tuple[int, int]:
    """Input axons, and bits of synapses without headers: what a frozen layer takes if
    one core holds it."""
    inputs, counts = reached(layer, 0, layer.n_post)
    bits = model.synapse_bits(weight_bits, False, False)
    if reads_all(layer):
        return len(inputs), int(counts.sum()) * bits
    if model.shared is None:
        return len(inputs), int(counts.sum()) * (bits + model.sparse_bits.value)
    return len(inputs), layer.kernel.size * (weight_bits + model.shared.value)


def why_above(
    graph: Graph, request: Request, packed: Partition, bound: int
) -> str | None:
    """Why more than a tenth above the bound is needed; None where it is not."""
    if packed.n_cores <= 1.1 * bound:
        return None
    model, n_targets = request.board.model, count_targets(graph, packed)
    most = [
        most_neurons(graph, model, k, int(n_targets[k]))
        for k in range(len(graph.populations))
    ]
    wholes = [-(-p.size // n) for p, n in zip(graph.populations, most, strict=True)]
    worst = int(np.argmax(wholes))
    is_apart = model.is_all_plastic and graph.mode == "learning" and graph.front
    if is_apart and wholes[worst] == 1:
        return (
            f"a core of {model.name} that learns has no static synapses, so that "
            "frozen layers have cores of their own"
        )
    name = graph.populations[worst].name
    if graph.frozen_into(worst) is not None:
        layer = describe_layers(graph, request, packed)[worst]
        return (
            f"a core holds {layer.neurons_per_core} neurons of {name!r} at most, "
            f"limited by {layer.limiting_resource}: {layer.cores} cores for this layer "
            "alone"
        )
    return (
        f"every core of {name!r} receives all inputs and an axon's synapses fill whole "
        f"words, so that a core holds {most[worst]} neurons at most: {wholes[worst]} "
        "cores for this layer alone"
    )


# --- what would help --------------------------------------------------------------


def savings(request: Request, n_cores: int) -> list[str]:
    """Narrower weights, each width that needs fewer cores than the one before."""
    lines = []
    for bits in request.board.model.narrower:
        n_needed = _cores(request, weight_bits=bits)
        if n_needed is not None and n_needed < n_cores:
            lines.append(f"with {bits}-bit weights {n_needed} cores")
            n_cores = n_needed
    return lines


def smallest_change(request: Request, packed: Partition) -> str:
    """The smallest change that makes it fit: narrower weights, else fewer neurons in
    the largest hidden layer, else a larger board."""
    most = request.board.chips.value * request.board.model.cores_per_chip.value
    for bits in request.board.model.narrower:
        n_needed = _cores(request, weight_bits=bits)
        if n_needed is not None and n_needed <= most:
            return f"weights of {bits} bits ({n_needed} cores)"
    changes = [_fewer_neurons(request, most), _larger_board(request, packed.n_cores)]
    return " or ".join(change for change in changes if change) or (
        "none of one kind: split the network over several boards"
    )


def _cores(request: Request, **changes: Any) -> int | None:
    try:
        return partition(request.graph(**changes), request.board.model).n_cores
    except CheckError:
        return None


def _fewer_neurons(request: Request, most_cores: int) -> str | None:
    if len(request.sizes) == 2:
        return None  # outputs alone, above frozen layers
    layer = 1 + int(np.argmax(request.sizes[1:-1]))
    low, high = 0, request.sizes[layer] - 1

    def fits(n: int) -> bool:
        sizes = (*request.sizes[:layer], n, *request.sizes[layer + 1 :])
        n_needed = _cores(request, sizes=sizes)
        return n_needed is not None and n_needed <= most_cores

    if request.front and not fits(1):
        return None  # the frozen layers alone are too much
    while low < high:
        middle = (low + high + 1) // 2
        if fits(middle):
            low = middle
        else:
            high = middle - 1
    if low == 0:
        return None
    return f"{low} instead of {request.sizes[layer]} neurons in hidden layer {layer}"


def _larger_board(request: Request, n_cores: int) -> str | None:
    chip = request.board.model.name.partition("-")[0]
    for board in sorted(BOARDS.values(), key=lambda board: board.chips.value):
        if board.model.name == chip and request.chips(n_cores) <= board.chips.value:
            return f"the board {board.name} ({board.chips.value} chips)"
    return None

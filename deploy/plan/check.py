"""What has to hold in a plan, proved on its arrays. A digest proves identity only."""

import numpy as np

from lava_sfdfa.deploy.boards import find_board
from lava_sfdfa.deploy.mapping.graph import MODES
from lava_sfdfa.deploy.plan.plan import PlanContent
from lava_sfdfa.errors import CheckError


def check_content(content: PlanContent) -> None:
    """Check placement, axon tables, weights and use. Errors: CheckError, for the first
    thing that does not hold."""
    if content.mode not in MODES:
        raise CheckError(f"the plan's mode must be one of {', '.join(MODES)}")
    _check_slices(content)
    _check_cores(content)
    _check_weights(content)
    _check_axons(content)


def require(holds: object, sentence: str) -> None:
    """Errors: CheckError with the sentence where it does not hold."""
    if not holds:
        raise CheckError(f"the plan is not whole: {sentence}; compile it again")


def _check_slices(content: PlanContent) -> None:
    """Every neuron of every population lies in exactly one slice."""
    arrays = content.arrays
    for number, population in enumerate(content.graph.populations):
        chosen = np.flatnonzero(arrays["slice_population"] == number)
        order = chosen[np.argsort(arrays["slice_begin"][chosen], kind="stable")]
        begin, end = arrays["slice_begin"][order], arrays["slice_end"][order]
        edges = np.concatenate([[0], end])
        require(
            np.array_equal(edges[:-1], begin)
            and edges[-1] == population.size
            and (end > begin).all(),
            f"the slices of {population.name!r} do not hold each of its "
            f"{population.size} neurons once",
        )


def _check_cores(content: PlanContent) -> None:
    """Cores stand on places of the board, each on its own, and none is too full."""
    arrays, facts = content.arrays, content.facts
    conservative = facts["chip"].endswith("conservative")
    board = find_board(facts["costs"]["board"], conservative)
    require(board.model.name == facts["chip"], "chip and board do not go together")
    place, n_cores = arrays["core_place"], len(arrays["core_place"])
    capacity = board.model.cores_per_chip.value
    n_places = capacity * board.chips.value
    require(len(np.unique(place)) == n_cores, "two cores stand on one place")
    require(
        ((place >= 0) & (place < n_places)).all(),
        f"a core stands outside the {n_places} places of {board.name}",
    )
    require(
        np.array_equal(arrays["core_chip"], place // capacity),
        "the chip of a core is not that of its place",
    )
    core = arrays["slice_core"]
    require(((core >= 0) & (core < n_cores)).all(), "a slice is on an unknown core")
    require(
        arrays["core_use"].shape == (n_cores, len(board.model.limit_vector))
        and (arrays["core_use"] <= board.model.limit_vector).all(),
        f"a core uses more than a core of {board.model.name} has",
    )


def _check_weights(content: PlanContent) -> None:
    """Every connection has a weight for each of its axons and neurons."""
    arrays, graph = content.arrays, content.graph
    cuts, first = arrays["connection_slice"], arrays["connection_first"]
    sizes = np.array([population.size for population in graph.populations])
    sources = np.array([projection.source for projection in graph.projections])
    n_axons = sizes[sources[arrays["connection_projection"]]]
    n_neurons = (arrays["slice_end"] - arrays["slice_begin"])[cuts]
    require(
        np.array_equal(np.diff(first), n_axons * n_neurons)
        and first[0] == 0
        and first[-1] == len(arrays["weights"]),
        "a connection has not as many weights as axons times neurons",
    )


def _check_axons(content: PlanContent) -> None:
    """Messages and input axons are the same set, and each comes from the neuron that
    its axon names."""
    arrays, graph = content.arrays, content.graph
    first, core = arrays["axon_in_first"], arrays["axon_out_core"]
    target = first[core] + arrays["axon_out_axon"]
    require(
        (arrays["axon_out_axon"] < np.diff(first)[core]).all()
        and np.array_equal(np.sort(target), np.arange(first[-1])),
        "output axons and input axons are not one to one",
    )
    n_messages = np.diff(arrays["axon_out_first"])
    sizes = np.array([population.size for population in graph.populations])
    owner = np.repeat(np.arange(len(sizes)), sizes)
    number = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    connection = arrays["axon_in_connection"][target]
    sources = np.array([projection.source for projection in graph.projections])
    require(
        len(n_messages) == sizes.sum()
        and np.array_equal(
            arrays["axon_in_source"][target], np.repeat(number, n_messages)
        )
        and np.array_equal(
            sources[arrays["connection_projection"][connection]],
            np.repeat(owner, n_messages),
        ),
        "an axon comes from another neuron than the one that sends to it",
    )

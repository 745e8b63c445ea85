"""What has to hold in a plan, proved. A digest proves identity only.

What follows from other parts (populations and projections, slices, axon tables, rules,
phases) is made again by the code that compiles, and has to be equal; nothing that was
read is an index before that.
"""

import math
import reprlib
from dataclasses import dataclass
from typing import Any

import numpy as np

from lava_sfdfa.chip.protocol import RATE_BITS
from lava_sfdfa.config import EARLIER, Config, known_settings
from lava_sfdfa.deploy.boards import Board
from lava_sfdfa.deploy.mapping.costs import ENDS
from lava_sfdfa.deploy.mapping.energy import HIGH, LOIHI2_NOTE, LOW
from lava_sfdfa.deploy.mapping.graph import Graph, build_graph
from lava_sfdfa.deploy.mapping.partition import partition
from lava_sfdfa.deploy.plan.plan import (
    PlanContent,
    assemble,
    graph_facts,
    network_facts,
    placed_tables,
    planned_network,
)
from lava_sfdfa.deploy.plan.schema import AGAIN, Amount, check_schema, inside
from lava_sfdfa.errors import CheckError, InputError
from lava_sfdfa.fields import checked
from lava_sfdfa.network.artifact import Artifact
from lava_sfdfa.network.fixed import FixedNetwork
from lava_sfdfa.network.quantise import with_settings
from lava_sfdfa.results import Result
from lava_sfdfa.types import Array

SUM_TOLERANCE = 1e-4  # costs are kept with six figures


@dataclass(frozen=True, kw_only=True)
class Checked(Result):
    """A plan that was proved whole: what is in it."""

    digest: str
    holds: bool
    board: str
    mode: str
    cores: int
    neurons: int  # each placed once
    axons: int  # input axons, each with its one message
    weights: int


def check_content(content: PlanContent) -> Checked:
    """Prove that a plan is whole. Errors: InputError for what is not made as plans are,
    CheckError for the first thing that does not follow from the rest."""
    facts, arrays = content.facts, content.arrays
    check_schema(facts, arrays)
    _check_config(facts["config"])
    _check_front(content)
    board, graph = content.board, _graph(content)
    network = with_settings((), content.config.steps, content.config)
    _compare_all({**graph_facts(graph), "network": network_facts(network)}, facts)
    _check_lengths(content, graph)
    _check_places(arrays["core_place"], board)
    tables = _tables(graph, board, arrays["core_place"])
    _compare_all(tables, arrays)
    again = assemble(_artifact(content), graph, board.model, tables, facts["costs"])
    own = {"artifact_digest": facts["artifact_digest"]}
    _compare("", {**again.facts, **own}, facts)
    for name in arrays:
        require(name in again.arrays, f"{name} belongs to no layer")
    _compare_all(again.arrays, arrays)
    _check_costs(facts["costs"], board)
    return Checked(
        digest=content.digest,
        holds=True,
        board=board.name,
        mode=content.mode,
        cores=len(arrays["core_place"]),
        neurons=sum(population.size for population in graph.populations),
        axons=len(arrays["axon_in_row"]),
        weights=len(arrays["weights"]) + len(arrays.get("kernels", ())),
    )


def require(holds: object, sentence: str) -> None:
    """Errors: CheckError with the sentence where it does not hold."""
    if not holds:
        raise CheckError(f"the plan is not whole: {sentence}; {AGAIN}")


# --- what the rest follows from ------------------------------------------------------


def _check_config(settings: dict[str, Any]) -> None:
    """Settings are known, in their ranges, and go together. Errors: InputError."""
    try:
        Config(**{**EARLIER, **known_settings(settings)})
    except InputError as error:
        raise InputError(f"config: {error}; {AGAIN}") from None


def _check_front(content: PlanContent) -> None:
    """Frozen layers go together, and have the kernels and biases that they name.
    Errors: InputError for a layer that is none."""
    facts, arrays = content.facts, content.arrays
    front, nothing = facts.get("front", ()), np.zeros(0)
    n_biases = sum(
        size
        for layer, size in zip(content.all_layers, content.bias_sizes, strict=True)
        if layer.get("has_bias", False)
    )
    n_weights = sum(math.prod(layer["kernel_shape"]) for layer in front)
    for name, wanted in (("kernels", n_weights), ("biases", n_biases)):
        found = len(arrays.get(name, nothing))
        require(found == wanted, f"{name} has {found:,} entries, not {wanted:,}")
    try:
        layers = content.front
    except InputError as error:
        raise InputError(f"front: {error}; {AGAIN}") from None
    sizes = content.sizes
    for number, layer in enumerate(layers):
        for what, size, wanted in (
            ("inputs", sizes[number], layer.n_pre),
            ("neurons", sizes[number + 1], layer.n_post),
        ):
            require(
                size == wanted,
                f"front[{number}] has {wanted:,} {what}, the population {size:,}",
            )


def _graph(content: PlanContent) -> Graph:
    """Populations and projections of the layers that shape and settings name."""
    config, n_out = content.config, content.sizes[-1]
    n_layers, hidden = len(content.facts["layers"]), config.hidden
    require(
        len(hidden) == n_layers - 1,
        f"config.hidden names {len(hidden)} hidden layers, layers has {n_layers - 1}",
    )
    front, n_inputs = content.front, math.prod(content.shape)
    if front:
        require(
            front[0].n_pre == n_inputs,
            f"image_shape has {n_inputs:,} values, front[0] {front[0].n_pre:,} inputs",
        )
        n_inputs = front[-1].n_post
    sizes = (n_inputs, *hidden, n_out)
    return build_graph(
        sizes, content.mode, config.feedback, config.eligibility, front=front
    )


def _check_lengths(content: PlanContent, graph: Graph) -> None:
    """As many weights as synapses, as many rates as hidden neurons."""
    sizes = [population.size for population in graph.populations]
    n_weights = sum(
        sizes[p.source] * sizes[p.target]
        for p in graph.projections
        if p.kind != "frozen"
    )
    n_rates, rates = sum(content.config.hidden), content.arrays["rates"]
    for name, wanted in (("weights", n_weights), ("rates", n_rates)):
        found = len(content.arrays[name])
        require(found == wanted, f"{name} has {found:,} entries, not {wanted:,}")
    found, wanted = len(content.arrays["axon_out_first"]), sum(sizes) + 1
    require(found == wanted, f"axon_out_first has {found:,} entries, not {wanted:,}")
    most = content.config.steps << RATE_BITS
    require(
        ((rates >= 0) & (rates <= most)).all(),
        f"rates must be between 0 and {most}, a spike in every step",
    )


def _check_places(place: Array, board: Board) -> None:
    """Cores stand on places of the board, each on its own."""
    n_places = board.model.cores_per_chip.value * board.chips.value
    require(
        len(np.unique(place)) == len(place),
        "core_place has two cores on one place",
    )
    require(
        ((place >= 0) & (place < n_places)).all(),
        f"core_place has a core outside the {n_places} places of {board.name}",
    )


def _tables(graph: Graph, board: Board, place: Array) -> dict[str, Array]:
    """The arrays that follow: slices, connections and axons."""
    packed = partition(graph, board.model)
    require(
        len(place) == packed.n_cores,
        f"core_place has {len(place)} cores, {packed.n_cores} are needed",
    )
    return placed_tables(graph, board.model, packed, place)


def _artifact(content: PlanContent) -> Artifact:
    """What a plan keeps of its artifact. Errors: InputError for what no chip holds."""
    config = content.config
    network = _network(content)
    ends = np.cumsum(config.hidden, dtype=np.int64)
    rates = np.split(content.arrays["rates"], ends)[:-1]
    n_learned = content.facts["n_learned"]
    return Artifact(config, "", content.shape, network, tuple(rates), n_learned, {})


def _network(content: PlanContent) -> FixedNetwork:
    """The planned network; its layers learn in the way that the settings name."""
    for number, layer in enumerate(content.facts["layers"]):
        require(
            content.mode == "inference"
            or ("jump" in layer["scales"]) == content.graph.recursive,
            f"layers[{number}].scales does not go with the eligibility "
            f"{content.facts['eligibility']!r}",
        )
        require(
            layer.get("wake_step", 0) < content.config.steps,
            f"layers[{number}].wake_step lies behind the last step",
        )
    try:
        return planned_network(content)
    except InputError as error:
        raise InputError(f"layers: {error}") from None


# --- comparing --------------------------------------------------------------------


def _compare_all(wanted: dict[str, Any], found: dict[str, Any]) -> None:
    """Compare what is wanted with the entries of these names."""
    for name, value in wanted.items():
        _compare(name, value, found[name])


def _compare(where: str, wanted: Any, found: Any) -> None:
    """Errors: CheckError, which names the first place that differs."""
    if isinstance(wanted, np.ndarray):
        _compare_arrays(where, wanted, found)
    elif isinstance(wanted, dict) and isinstance(found, dict):
        for name in {**wanted, **found}:
            place = inside(where, name)
            require(name in wanted, f"{place} is unknown")
            require(name in found, f"{place} is missing")
            _compare(place, wanted[name], found[name])
    elif isinstance(wanted, list) and isinstance(found, list):
        n_found, n_wanted = len(found), len(wanted)
        require(n_found == n_wanted, f"{where} has {n_found} entries, not {n_wanted}")
        for number, pair in enumerate(zip(wanted, found, strict=True)):
            _compare(f"{where}[{number}]", *pair)
    else:
        require(
            repr(wanted) == repr(found),
            f"{where} is {reprlib.repr(found)}; from the rest of the plan follows "
            f"{reprlib.repr(wanted)}",
        )


def _compare_arrays(name: str, wanted: Array, found: Array) -> None:
    require(
        found.dtype == wanted.dtype and found.shape == wanted.shape,
        f"{name} has the shape {found.shape}, not {wanted.shape}",
    )
    wrong = np.argwhere(found != wanted)
    if len(wrong):
        place = tuple(wrong[0].tolist())
        require(
            False,
            f"{name}{list(place)} is {found[place]}; from the rest of the plan follows "
            f"{wanted[place]}",
        )


# --- costs ------------------------------------------------------------------------


def _check_costs(costs: dict[str, Any], board: Board) -> None:
    """What a sample costs: finite, with the known constants, and sums that are right.

    Spikes cannot be counted again without the data.
    """
    kinds = costs["energy_by_kind"]
    for end in ENDS:
        _check_band_end(f"costs.energy_by_kind.{end}", kinds[end])
    wanted = {
        "energy_per_sample_joule": {
            **{end: kinds[end]["joule"] for end in ENDS},
            "constants_of": "loihi1",
            "note": None if board.model.name == "loihi1" else LOIHI2_NOTE,
        },
        "time_per_sample_s": {end: kinds[end]["seconds"] for end in ENDS},
        "constants": {"low": LOW.sources, "high": HIGH.sources},
    }
    for name, value in wanted.items():
        _compare(f"costs.{name}", value, costs[name])
    require(
        costs["messages_between_chips_per_sample"] <= costs["messages_per_sample"],
        "costs.messages_between_chips_per_sample is more than messages_per_sample",
    )


def _check_band_end(where: str, values: dict[str, Any]) -> None:
    names = ("synapses", "neurons", "spikes", "hops", "learning", "static")
    _compare(where, sorted([*names, "joule", "seconds"]), sorted(values))
    for name, value in values.items():
        checked(f"{where}.{name}", Amount, value)
    total = sum(values[name] for name in names)
    require(
        math.isclose(total, values["joule"], rel_tol=SUM_TOLERANCE, abs_tol=1e-30),
        f"{where}.joule is {values['joule']}, the sum of its kinds {total:.6g}",
    )

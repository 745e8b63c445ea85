"""Where the cores of a network stand, and what a sample costs there."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from lava_sfdfa.deploy.boards import Board
from lava_sfdfa.deploy.mapping.activity import Activity
from lava_sfdfa.deploy.mapping.energy import HIGH, LOW, Work, band
from lava_sfdfa.deploy.mapping.graph import Graph
from lava_sfdfa.deploy.mapping.partition import Partition
from lava_sfdfa.deploy.mapping.place import (
    Geometry,
    between_chips,
    hops,
    make_geometry,
    place_cores,
)
from lava_sfdfa.deploy.mapping.traffic import Traffic, core_loads, measure_traffic
from lava_sfdfa.results import Result
from lava_sfdfa.types import Array

ENDS = ("low", "high")


@dataclass(frozen=True)
class Placement:
    """A partition with a place for every core, and the messages between them."""

    board: Board
    graph: Graph
    packed: Partition
    traffic: Traffic
    geometry: Geometry
    place: Array  # (n_cores,) int32, in the order of `Geometry`
    n_chips: int

    @property
    def chip(self) -> Array:
        """The chip of every core."""
        return self.geometry.chip(self.place)


@dataclass(frozen=True, kw_only=True)
class SampleCosts(Result):
    """Energy, time and messages of a sample, in the mean over those measured."""

    energy_per_sample_joule: dict[str, Any]  # low, high, constants_of, note
    time_per_sample_s: dict[str, float]  # low, high
    energy_by_kind: dict[str, dict[str, float]]  # low and high, by kind of work
    constants: dict[str, dict[str, str]]  # the source of each
    spike_hops_per_sample: float
    sequential_hops_per_sample: float  # if the cores were placed in sequence
    messages_per_sample: float  # between cores
    messages_between_chips_per_sample: float
    samples_measured: int


def place_network(
    board: Board, graph: Graph, packed: Partition, n_chips: int, activity: Activity
) -> Placement:
    """A place for every core of a partition."""
    traffic = measure_traffic(graph, packed, activity)
    geometry = make_geometry(board, n_chips)
    place = place_cores(traffic, geometry, packed.n_cores)
    return Placement(board, graph, packed, traffic, geometry, place, n_chips)


def costs_of(placement: Placement, activity: Activity) -> SampleCosts:
    """What a sample costs with the cores where they stand."""
    traffic, geometry, place = (
        placement.traffic,
        placement.geometry,
        placement.place,
    )
    work = Work(
        loads=core_loads(placement.graph, placement.packed, activity),
        messages=int(traffic.messages.sum()),
        hops=hops(traffic, geometry, place),
        steps=activity.steps,
        n_chips=placement.n_chips,
        n_samples=activity.n_samples,
    )
    costs = band(work, placement.board.model.name == "loihi1")
    by_end = dict(zip(ENDS, (costs.low, costs.high), strict=True))
    sequence = np.arange(len(place))

    def per_sample(total: int) -> float:
        return rounded(total / traffic.n_samples)

    return SampleCosts(
        energy_per_sample_joule={
            **{end: rounded(by_end[end]["joule"]) for end in ENDS},
            "constants_of": costs.constants_of,
            "note": costs.note,
        },
        time_per_sample_s={end: rounded(by_end[end]["seconds"]) for end in ENDS},
        energy_by_kind={
            end: {kind: rounded(value) for kind, value in by_end[end].items()}
            for end in ENDS
        },
        constants={"low": LOW.sources, "high": HIGH.sources},
        spike_hops_per_sample=per_sample(sum(work.hops)),
        sequential_hops_per_sample=per_sample(sum(hops(traffic, geometry, sequence))),
        messages_per_sample=per_sample(work.messages),
        messages_between_chips_per_sample=per_sample(
            between_chips(traffic, geometry, place)
        ),
        samples_measured=activity.n_samples,
    )


def rounded(value: float) -> float:
    """Six figures, so that the last bit of a sum cannot change a digest."""
    return float(f"{value:.6g}")

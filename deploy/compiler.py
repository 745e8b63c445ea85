"""From an artifact to a plan in a folder: fit, measure, place, cost, write."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lava_sfdfa.deploy.boards import Board
from lava_sfdfa.deploy.mapping.activity import Activity, measure
from lava_sfdfa.deploy.mapping.energy import band
from lava_sfdfa.deploy.mapping.fit import Request, fit
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
from lava_sfdfa.deploy.plan.plan import Plan, build_plan
from lava_sfdfa.errors import CheckError
from lava_sfdfa.network.artifact import Artifact, load_artifact

N_SAMPLES = 100  # of the validation part, whose spikes are counted


@dataclass(frozen=True)
class Compiled:
    """A plan, and what its report shows."""

    plan: Plan
    summary: dict[str, Any]  # as `compile --json` prints it
    graph: Graph
    packed: Partition
    traffic: Traffic
    geometry: Geometry
    board: Board


def request_of(artifact: Artifact, board: Board, mode: str) -> Request:
    """What an artifact asks of a board."""
    network, config = artifact.network, artifact.config
    return Request(
        network.sizes, board, mode, network.feedback_kind, config.eligibility
    )


def count_activity(artifact: Artifact, graph: Graph, data_dir: Path | None) -> Activity:
    """Spikes, messages and updates on samples of the artifact's own data set.

    Errors: InputError where the data set is not there.
    """
    from lava_sfdfa.data.datasets import load_dataset
    from lava_sfdfa.data.encoding import encode
    from lava_sfdfa.network.artifact import check_fits

    config, network = artifact.config, artifact.network
    data = load_dataset(artifact.provenance.get("dataset", config.dataset), data_dir)
    check_fits(artifact, data, network.sizes[-1])
    part = encode(data.validation.first(N_SAMPLES), config)
    return measure(graph, network, part.events, artifact.n_learned)


def compile_artifact(
    path: Path, board: Board, mode: str, data_dir: Path | None
) -> Compiled:
    """The plan of an artifact on a board; nothing is written.

    Errors: CheckError where it does not fit, with what would make it fit;
    InputError for an artifact or a data set that cannot be read.
    """
    artifact = load_artifact(path)
    request = request_of(artifact, board, mode)
    summary, graph, packed = fit(request)
    if packed is None or not summary["fits"]:
        raise CheckError(sentence(summary))
    activity = count_activity(artifact, graph, data_dir)
    return place_and_cost(artifact, request, summary, graph, packed, activity)


def place_and_cost(
    artifact: Artifact,
    request: Request,
    summary: dict[str, Any],
    graph: Graph,
    packed: Partition,
    activity: Activity,
) -> Compiled:
    """Places for the cores, the costs of a sample there, and the plan."""
    board = request.board
    traffic = measure_traffic(graph, packed, activity)
    geometry = make_geometry(board, summary["chips"])
    place = place_cores(traffic, geometry, packed.n_cores)
    costs = band(
        core_loads(graph, packed, activity),
        int(traffic.messages.sum()),
        hops(traffic, geometry, place),
        activity.steps,
        summary["chips"],
        activity.n_samples,
        is_loihi1=board.model.name == "loihi1",
    )
    figures = {
        **cost_figures(costs),
        **traffic_figures(traffic, geometry, place),
        "samples_measured": activity.n_samples,
    }
    facts = {"board": board.name, **figures}
    plan = build_plan(artifact, graph, board.model, packed, place, facts)
    return Compiled(
        plan, {**summary, **figures}, graph, packed, traffic, geometry, board
    )


def cost_figures(costs: dict[str, Any]) -> dict[str, Any]:
    """Energy and time of a sample as `compile --json` prints them."""
    ends = ("low", "high")
    return {
        "energy_per_sample_joule": {
            **{end: rounded(costs[end]["joule"]) for end in ends},
            "constants_of": costs["constants_of"],
            "note": costs["note"],
        },
        "time_per_sample_s": {end: rounded(costs[end]["seconds"]) for end in ends},
        "energy_by_kind": {
            end: {kind: rounded(value) for kind, value in costs[end].items()}
            for end in ends
        },
        "constants": costs["sources"],
    }


def traffic_figures(
    traffic: Traffic, geometry: Geometry, place: np.ndarray
) -> dict[str, float]:
    """Messages of a sample and their hops, also if placed in sequence."""
    sequence = np.arange(len(place))
    sums = {
        "spike_hops_per_sample": sum(hops(traffic, geometry, place)),
        "sequential_hops_per_sample": sum(hops(traffic, geometry, sequence)),
        "messages_per_sample": int(traffic.messages.sum()),
        "messages_between_chips_per_sample": between_chips(traffic, geometry, place),
    }
    return {name: rounded(total / traffic.n_samples) for name, total in sums.items()}


def rounded(value: float) -> float:
    """Six figures, so that the last bit of a sum cannot change a digest."""
    return float(f"{value:.6g}")


def sentence(summary: dict[str, Any]) -> str:
    """Why a network does not fit, and the smallest change that would help."""
    if "reason" in summary:
        return summary["reason"]
    return (
        f"{'-'.join(map(str, summary['sizes']))} in mode {summary['mode']} needs "
        f"{summary['cores']:,} cores on {summary['chips']:,} chips; {summary['board']} "
        f"has {summary['chips_of_board']:,}; the smallest change that makes it fit: "
        f"{summary['smallest_change']}"
    )

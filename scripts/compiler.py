"""Figures of the compiler: cores, placement, growth. One JSON line for each case.

    python scripts/compiler.py cores > scripts/results/compiler_cores.jsonl
    python scripts/compiler.py placement --data-dir DIR \\
        > scripts/results/compiler_placement.jsonl
    python scripts/compiler.py growth > scripts/results/compiler_growth.jsonl

`placement` holds our places against others on the same cores and traffic: in sequence;
each chip filled with the cores that talk most to those it has (the idea of
nengo-loihi's GreedyInterchip); chips from METIS (the idea of its PartitionInterchip;
left out where pymetis is not installed). Their order of cores on a chip is arbitrary,
here as they were chosen. `growth` makes networks of random weights and no artifact.
"""

import argparse
import json
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from lava_sfdfa.config import Config
from lava_sfdfa.data.datasets import load_dataset
from lava_sfdfa.data.encoding import encode, encode_latency
from lava_sfdfa.deploy.boards import find_board
from lava_sfdfa.deploy.compiler import place_and_cost
from lava_sfdfa.deploy.mapping.activity import Activity, measure
from lava_sfdfa.deploy.mapping.fit import Request, fit
from lava_sfdfa.deploy.mapping.graph import MODES
from lava_sfdfa.deploy.mapping.partition import partition
from lava_sfdfa.deploy.mapping.place import (
    between_chips,
    hops,
    make_geometry,
    place_cores,
)
from lava_sfdfa.deploy.mapping.traffic import Traffic, adjacency, measure_traffic
from lava_sfdfa.deploy.plan.files import write_plan
from lava_sfdfa.deploy.plan.page import html_page
from lava_sfdfa.engine.engine import Engine
from lava_sfdfa.network.artifact import Artifact
from lava_sfdfa.network.fixed import FixedNetwork
from lava_sfdfa.network.quantise import quantise
from lava_sfdfa.network.real import build_network
from lava_sfdfa.presets import named_config

SIZES: tuple[tuple[int, ...], ...] = (
    (784, 100, 10),
    (784, 400, 10),
    (784, 800, 10),
    (784, 400, 200, 10),
    (2312, 800, 10),
    (700, 256, 20),
)
PLACED = {  # hidden layers and boards
    (400, 200): ("oheo-gulch", "kapoho-bay"),
    (800, 400, 200): ("oheo-gulch", "kapoho-bay"),
    (1000, 1000, 1000): ("oheo-gulch", "nahuku"),
    (2000, 1000, 500): ("kapoho-point", "nahuku"),
    (2000, 2000, 2000): ("nahuku",),
    (3000, 2000, 1000): ("kapoho-point",),
}
N_TRAINED, N_MEASURED = 2000, 50
GROWTH = (12_500, 25_000, 50_000, 100_000)  # neurons
WIDTH = 1000  # of a layer of `growth`


def cores() -> None:
    """Cores against the lower bound."""
    for sizes in SIZES:
        for board, small in (("oheo-gulch", False), ("oheo-gulch", True),
                             ("kapoho-bay", False)):  # fmt: skip
            for mode in MODES:
                found = fit(Request(sizes, find_board(board, small), mode))[0].to_json()
                names = ("fits", "cores", "lower_bound", "above_bound", "why_above")
                row = {name: found[name] for name in (*names, "reason", "savings")}
                what = {"layers": sizes, "chip": found["chip"], "mode": mode}
                hidden = [
                    layer["neurons_per_core"]
                    for layer in found["layers"]
                    if layer["name"].startswith("hidden")
                ]
                show({**what, "hidden_neurons_per_core": hidden, **row})


def show(row: dict[str, Any]) -> None:
    """A line, now."""
    print(json.dumps(row), flush=True)


# --- placement --------------------------------------------------------------------


def placement(data_dir: Path | None, quick: bool) -> None:
    """Spike-hops and messages between chips, of every way to place."""
    name = "digits" if quick else "mnist"
    data = load_dataset(name, data_dir)
    cases = {(500, 500, 100): ("oheo-gulch",)} if quick else PLACED
    n_trained = 50 if quick else N_TRAINED
    for hidden, boards in cases.items():
        config = named_config(name, hidden=hidden)
        n_inputs = data.train.n_inputs
        network = quantise(build_network(config, n_inputs, data.n_classes), config)
        train = encode(data.train.first(n_trained), config)
        engine = Engine(network)
        engine.learn(train.events, train.labels, np.arange(len(train)))
        part = encode(data.validation.first(N_MEASURED), config)
        for board in boards:
            for mode in MODES:
                show_ways(engine.network(), board, mode, part)


def show_ways(network: FixedNetwork, board_name: str, mode: str, part) -> None:
    """All ways to place one network on one board."""
    board = find_board(board_name)
    request = Request(network.sizes, board, mode)
    graph = request.graph()
    packed = partition(graph, board.model)
    activity = measure(graph, network, part.events)
    traffic = measure_traffic(graph, packed, activity)
    n_chips = request.chips(packed.n_cores)
    geometry = make_geometry(board, n_chips)
    capacity = board.model.cores_per_chip.value
    begin = time.perf_counter()
    ours = place_cores(traffic, geometry, packed.n_cores)
    seconds = time.perf_counter() - begin
    ways = {
        "ours": ours,
        "sequential": np.arange(packed.n_cores),
        "greedy": greedy_chips(traffic, packed.n_cores, capacity),
        "metis": metis_chips(traffic, packed.n_cores, n_chips, capacity),
    }
    what = {"layers": network.sizes, "board": board_name, "mode": mode}
    show(
        {
            **what,
            "cores": packed.n_cores,
            "chips": n_chips,
            "spikes_per_sample": [
                round(float(s.sum() / activity.n_samples), 1) for s in activity.spikes
            ],
            "seconds": round(seconds, 3),
            "spike_hops_per_sample": {
                way: round(sum(hops(traffic, geometry, place)) / activity.n_samples, 1)
                for way, place in ways.items()
                if place is not None
            },
            "between_chips_per_sample": {
                way: round(between_chips(traffic, geometry, p) / activity.n_samples, 1)
                for way, p in ways.items()
                if p is not None
            },
        }
    )


def greedy_chips(traffic: Traffic, n_cores: int, capacity: int) -> np.ndarray:
    """Fill a chip with the core that talks most to those it has; begin the next with
    the core that talks least."""
    matrix = np.zeros((n_cores, n_cores), np.int64)
    matrix[traffic.source, traffic.target] = traffic.messages
    matrix += matrix.T
    left, place = np.ones(n_cores, bool), np.zeros(n_cores, np.int64)
    chosen = 0
    for position in range(n_cores):
        if position % capacity == 0:
            with_chip = np.zeros(n_cores, np.int64)
            total = matrix.sum(axis=1)
            chosen = (
                0 if position == 0 else int(np.argmin(np.where(left, total, 2**62)))
            )
        else:
            chosen = int(np.argmax(np.where(left, with_chip, -1)))
        place[chosen], left[chosen] = position, False
        with_chip = with_chip + matrix[chosen]
    return place


def metis_chips(
    traffic: Traffic, n_cores: int, n_chips: int, capacity: int
) -> np.ndarray | None:
    """Chips from METIS, cores in sequence on each; None without pymetis."""
    try:
        import pymetis
    except ImportError:
        return None
    chip = np.zeros(n_cores, np.int64)
    if n_chips > 1:
        first, neighbour, weight = merged(traffic, n_cores)
        graph = pymetis.CSRAdjacency(adj_starts=first, adjacent=neighbour)
        _, parts = pymetis.part_graph(n_chips, adjacency=graph, eweights=weight)
        chip = np.array(parts)
    room, place = np.full(n_chips, capacity), np.zeros(n_cores, np.int64)
    for core in range(n_cores):  # a part may be larger than a chip
        if room[chip[core]] == 0:
            chip[core] = int(np.argmax(room))
        place[core] = chip[core] * capacity + capacity - room[chip[core]]
        room[chip[core]] -= 1
    return place


def merged(traffic: Traffic, n_cores: int) -> tuple[list[int], list[int], list[int]]:
    """`adjacency` with one link for each pair, as METIS wants it."""
    first, neighbour, weight = adjacency(traffic, n_cores)
    here = np.repeat(np.arange(n_cores), np.diff(first))
    pairs, place = np.unique(here * n_cores + neighbour, return_inverse=True)
    total = np.bincount(place, weights=weight).astype(np.int64)
    starts = np.searchsorted(pairs // n_cores, np.arange(n_cores + 1))
    return starts.tolist(), (pairs % n_cores).tolist(), total.tolist()


# --- growth -----------------------------------------------------------------------


def growth(quick: bool) -> None:
    """Time and memory of a whole compilation to a Hala Point, by neurons."""
    for neurons in (2_000,) if quick else GROWTH:
        show(compile_random(neurons, 200 if quick else WIDTH))


def compile_random(neurons: int, width: int) -> dict[str, Any]:
    """A network of equal hidden layers of random weights: from layers to files."""
    # Enough steps and drive for spikes to reach the last layer.
    config = Config(
        hidden=(width,) * (neurons // width),
        steps=128,
        threshold_hidden=0.05,
        weight_init=2.0,
    )
    network = quantise(build_network(config, width, 10), config)
    rng = np.random.RandomState(0)
    images = rng.randint(0, 256, size=(5, width)).astype(np.uint8)
    events = encode_latency(images, config.window_steps)
    rates = tuple(np.zeros(width, np.int32) for _ in config.hidden)
    artifact = Artifact(config, "random", (width,), network, rates, 0, {})
    request = Request(network.sizes, find_board("hala-point"), "learning")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begin, begin_cpu = time.perf_counter(), time.process_time()
    seconds = {}
    report, graph, packed = fit(request)
    assert packed is not None
    seconds["partition"] = time.perf_counter() - begin
    activity: Activity = measure(graph, network, events)
    seconds["activity"] = time.perf_counter() - begin
    done = place_and_cost(artifact, request, report, graph, packed, activity)
    seconds["place"] = time.perf_counter() - begin
    with tempfile.TemporaryDirectory() as folder:
        write_plan(Path(folder), done.content)
        size = sum(file.stat().st_size for file in Path(folder).iterdir())
    seconds["write"] = time.perf_counter() - begin
    assert done.placement is not None
    n_letters = len(html_page(done.report, done.placement))
    seconds["report"] = time.perf_counter() - begin
    cpu = time.process_time() - begin_cpu
    return {
        "neurons": sum(network.sizes),
        "synapses": sum(layer.weights.size for layer in network.layers),
        "cores": packed.n_cores,
        "chips": report.chips,
        "cpu_seconds": round(cpu, 2),
        "seconds_until": {name: round(value, 2) for name, value in seconds.items()},
        "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "memory_before_mb": before // 1024,
        "plan_mb": size // 2**20,
        "report_mb": round(n_letters / 2**20, 2),
        "spikes_per_sample": float(sum(s.sum() for s in activity.spikes) / 5),
        "spike_hops_per_sample": done.report.spike_hops_per_sample,
        "sequential_hops_per_sample": done.report.sequential_hops_per_sample,
    }


def main() -> None:
    """Print the lines of one table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("cores", "placement", "growth"))
    parser.add_argument("--data-dir", type=Path)
    parser.add_argument("--quick", action="store_true", help="one small case")
    options = parser.parse_args()
    if options.what == "cores":
        cores()
    elif options.what == "placement":
        placement(options.data_dir, options.quick)
    else:
        growth(options.quick)
    sys.stdout.flush()


if __name__ == "__main__":
    main()

"""A plan: a network placed on a board, as plain data under one digest.

Synapses are stored as integers, axon by axon, with the number of 64-bit words
they take; the order of bits in a word is not published. Of a frozen layer the kernel is
stored, once; with its geometry it says which synapses a slice has, see `reach.py`.
"""

import dataclasses
import json
import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from lava_sfdfa.config import EARLIER, Config, kept_settings
from lava_sfdfa.deploy.boards import (
    LOIHI2,
    LOIHI2_CONSERVATIVE,
    Board,
    CoreModel,
    find_board,
)
from lava_sfdfa.deploy.mapping.costs import Placement, SampleCosts
from lava_sfdfa.deploy.mapping.graph import Graph, Mode, Population, Projection
from lava_sfdfa.deploy.mapping.partition import Partition, frozen_use
from lava_sfdfa.deploy.mapping.reach import reached
from lava_sfdfa.network.artifact import Artifact
from lava_sfdfa.network.content import content_digest
from lava_sfdfa.network.fixed import FixedLayer, FixedNetwork
from lava_sfdfa.network.frozen import FrozenLayer
from lava_sfdfa.network.rule import FEEDBACK_RULE, Rule, Scale
from lava_sfdfa.types import Array

FORMAT = "lava-sfdfa-plan"
VERSION = 1
RULES = ("dt", "dd", "dw")  # of `Rule`
NOT_FIELDS = ("rules", "scales", "has_bias")  # of a `FixedLayer`, of its facts
FRONT_ARRAYS = ("kernel_shape", "has_bias")  # say what a frozen layer has in arrays


@dataclass(frozen=True)
class PlanContent:
    """What the files of a plan hold.

    facts: what is in the JSON file. arrays, integers all:

    slice_population, slice_begin, slice_end, slice_core: (n_slices,)
    core_place, core_chip: (n_cores,), place on the board, in the order of `Geometry`
    connection_projection, connection_slice, connection_words: (n_connections,), a
        projection into a slice, words of an axon (of a frozen layer: of all axons)
    connection_first: (n_connections + 1,), the weights of a connection; a frozen layer
        has none
    axon_in_first: (n_cores + 1,), the input axons of a core in the next three
    axon_in_connection, axon_in_source, axon_in_row: (n_axons,), the connection that an
        axon drives, the neuron that it comes from, its row of weights
    axon_out_first: (n_neurons + 1,), neurons of all populations in turn
    axon_out_core, axon_out_axon: (n_messages,), where a message of a neuron goes
    weights: int8, of every connection (axons, neurons of the slice)
    rates: int32, running means of all hidden neurons in turn
    kernels: int8, of all frozen layers in turn; only where there are some
    biases: int32, of all layers that have some in turn, of a frozen one by its channels
        out; only where there are some
    """

    facts: dict[str, Any]
    arrays: dict[str, Array]

    @property
    def digest(self) -> str:
        """SHA-256 of the content, in hexadecimal."""
        text = json.dumps(self.facts, sort_keys=True)
        content = {"format": FORMAT, "version": VERSION, "facts": text}
        return content_digest({**content, "arrays": self.arrays})

    @property
    def mode(self) -> Mode:
        """Whether it learns."""
        return self.facts["mode"]

    @property
    def source(self) -> str:
        """Name of the data set that the network was trained on."""
        return self.facts["dataset"]

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of a sample."""
        return tuple(self.facts["image_shape"])

    @property
    def sizes(self) -> tuple[int, ...]:
        """Inputs, neurons of each layer, frozen ones too; outputs last."""
        n_layers = len(self.facts.get("front", ())) + len(self.facts["layers"])
        return tuple(p["size"] for p in self.facts["populations"][: n_layers + 1])

    @property
    def config(self) -> Config:
        """The network in real units, and its encoding."""
        return Config(**{**EARLIER, **self.facts["config"]})

    @property
    def board(self) -> Board:
        """The board that it is for. Errors: InputError for one that is unknown."""
        name = self.facts["costs"]["board"]
        smaller = self.facts["chip"] == LOIHI2_CONSERVATIVE.name
        return find_board(name, smaller and find_board(name).model is LOIHI2)

    @property
    def graph(self) -> Graph:
        """Populations and projections."""
        return Graph(
            tuple(Population(**entry) for entry in self.facts["populations"]),
            tuple(Projection(**entry) for entry in self.facts["projections"]),
            self.facts["mode"],
            self.facts["eligibility"] == "recursive" and self.mode == "learning",
            self.front,
        )

    @property
    def front(self) -> tuple[FrozenLayer, ...]:
        """The frozen layers."""
        layers, at, biases = [], 0, self.biases
        for number, facts in enumerate(self.facts.get("front", ())):
            values = {k: v for k, v in facts.items() if k not in FRONT_ARRAYS}
            shape = facts["kernel_shape"]
            kernel = self.arrays["kernels"][at : at + math.prod(shape)].reshape(shape)
            layers.append(FrozenLayer(kernel.copy(), bias=biases[number], **values))
            at += kernel.size
        return tuple(layers)

    @property
    def biases(self) -> list[Array | None]:
        """Biases of all layers, frozen ones first: int32, None for one without."""
        found: list[Array | None] = []
        at = 0
        for facts, size in zip(self.all_layers, self.bias_sizes, strict=True):
            held = facts.get("has_bias", False)
            found.append(self.arrays["biases"][at : at + size].copy() if held else None)
            at += size * held
        return found

    @property
    def all_layers(self) -> list[dict[str, Any]]:
        """Facts of all layers, frozen ones first."""
        return [*self.facts.get("front", ()), *self.facts["layers"]]

    @property
    def bias_sizes(self) -> list[int]:
        """How many biases each layer would have: of channels out, or of neurons."""
        front = self.facts.get("front", ())
        sizes = [facts["kernel_shape"][0] for facts in front]
        return sizes + list(self.sizes[len(front) + 1 :])

    def weights_of(self, connection: int) -> Array:
        """Weights of a connection: int8 (axons, neurons of the slice), a view."""
        first = self.arrays["connection_first"]
        cut = self.arrays["connection_slice"][connection]
        n = int(self.arrays["slice_end"][cut] - self.arrays["slice_begin"][cut])
        return self.arrays["weights"][
            first[connection] : first[connection + 1]
        ].reshape(-1, n)


# --- build ------------------------------------------------------------------------


def build_plan(
    artifact: Artifact, placement: Placement, costs: SampleCosts
) -> PlanContent:
    """The plan of an artifact whose cores are placed."""
    graph, model = placement.graph, placement.board.model
    tables = placed_tables(graph, model, placement.packed, placement.place)
    about = {"board": placement.board.name, **costs.to_json()}
    return assemble(artifact, graph, model, tables, about)


def assemble(
    artifact: Artifact,
    graph: Graph,
    model: CoreModel,
    tables: dict[str, Array],
    costs: dict[str, Any],
) -> PlanContent:
    """A plan of its parts. tables: of `placed_tables`; costs: of a sample, and the name
    of the board."""
    arrays = {
        **tables,
        "weights": _weights(artifact.network, graph, tables),
        "rates": np.concatenate([np.zeros(0, np.int32), *artifact.rates]),
        **_front_arrays(artifact.network),
    }
    return PlanContent(_facts(artifact, graph, model, costs), arrays)


def _front_arrays(network: FixedNetwork) -> dict[str, Array]:
    """Kernels of the frozen layers, and biases of all layers, where there are some."""
    kernels = [layer.kernel.ravel() for layer in network.front]
    every = [layer.bias for layer in network.front]
    every += [layer.bias for layer in network.layers]
    biases = [bias for bias in every if bias is not None]
    return {
        **({"kernels": np.concatenate(kernels)} if kernels else {}),
        **({"biases": np.concatenate(biases)} if biases else {}),
    }


def placed_tables(
    graph: Graph, model: CoreModel, packed: Partition, place: Array
) -> dict[str, Array]:
    """All arrays of a plan that follow from where its cores stand."""
    arrays = {
        "slice_population": packed.population,
        "slice_begin": packed.begin,
        "slice_end": packed.end,
        "slice_core": packed.core,
        "core_place": place.astype(np.int32),
        "core_chip": (place // model.cores_per_chip.value).astype(np.int32),
        "core_use": packed.use,
        **_connections(graph, model, packed),
    }
    return arrays | axon_tables(graph, arrays)


def _connections(graph: Graph, model: CoreModel, packed: Partition) -> dict[str, Array]:
    rows: list[tuple[int, int, Any]] = []
    sizes: list[Any] = []
    learning_core = model.is_all_plastic and graph.mode == "learning"
    for number, projection in enumerate(graph.projections):
        bits = model.synapse_bits(
            projection.weight_bits, projection.plastic or learning_core, graph.recursive
        )
        n_axons = graph.populations[projection.source].size
        for cut in packed.slices_of(projection.target):
            if projection.kind == "frozen":
                layer, width = graph.front[projection.layer], projection.weight_bits
                band = int(packed.begin[cut]), int(packed.end[cut])
                rows.append((number, cut, frozen_use(layer, model, width, *band)[1]))
                sizes.append(0)
                continue
            n = packed.end[cut] - packed.begin[cut]
            rows.append((number, cut, model.axon_words(n, bits)))
            sizes.append(n_axons * n)
    table = np.array(rows, np.int64)
    return {
        "connection_projection": table[:, 0].astype(np.int32),
        "connection_slice": table[:, 1].astype(np.int32),
        "connection_words": table[:, 2].astype(np.int32),
        "connection_first": np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
    }


def _weights(network: FixedNetwork, graph: Graph, tables: dict[str, Array]) -> Array:
    """Weights of all connections, one after the other: int8."""
    matrices = [
        np.zeros((0, graph.populations[p.target].size), np.int8)
        if p.kind == "frozen"
        else projection_weights(network, graph, p)
        for p in graph.projections
    ]
    begin, end = tables["slice_begin"], tables["slice_end"]
    connections = zip(
        tables["connection_projection"], tables["connection_slice"], strict=True
    )
    return np.concatenate(
        [
            np.ascontiguousarray(matrices[number][:, begin[cut] : end[cut]]).ravel()
            for number, cut in connections
        ]
    )


def projection_weights(
    network: FixedNetwork, graph: Graph, projection: Projection
) -> Array:
    """Weights of a projection by source and target: int8, a view where it can be; not
    of a frozen one."""
    if projection.kind == "forward":
        return network.layers[projection.layer].weights.T
    if projection.kind == "feedback":
        return network.layers[projection.layer].feedback.T
    return np.eye(graph.populations[projection.source].size, dtype=np.int8)


def axon_tables(graph: Graph, arrays: dict[str, Array]) -> dict[str, Array]:
    """Input axons of every core and output axons of every neuron.

    The axons of a core are numbered connection by connection, in the order of their
    source neurons.
    """
    read = frozen_inputs(graph, arrays)
    projections, cuts = arrays["connection_projection"], arrays["connection_slice"]
    core = arrays["slice_core"][cuts]
    sizes = np.array([population.size for population in graph.populations])
    source = np.array([p.source for p in graph.projections])[projections]
    order = np.argsort(core, kind="stable")
    n_axons = sizes[source]
    for connection, inputs in read.items():
        n_axons[connection] = len(inputs)
    before = np.concatenate([[0], np.cumsum(n_axons[order])])
    row = np.arange(before[-1]) - np.repeat(before[:-1], n_axons[order])
    n_cores = len(arrays["core_place"])
    first_of_core = before[np.searchsorted(core[order], np.arange(n_cores + 1))]
    first_axon = np.empty(len(order), np.int64)
    first_axon[order] = before[:-1]
    first_axon -= first_of_core[core]
    sources = row
    if read:
        sources = np.concatenate([read.get(k, np.arange(n_axons[k])) for k in order])
    return {
        "axon_in_first": first_of_core,
        "axon_in_connection": np.repeat(order, n_axons[order]).astype(np.int32),
        "axon_in_source": sources.astype(np.int32),
        "axon_in_row": row.astype(np.int32),
        **_axons_out(sizes, source, core, first_axon, read),
    }


def frozen_inputs(graph: Graph, arrays: dict[str, Array]) -> dict[int, Array]:
    """The inputs of every connection of a frozen layer, rising: int64."""
    cuts, found = arrays["connection_slice"], {}
    for connection, number in enumerate(arrays["connection_projection"]):
        projection = graph.projections[number]
        if projection.kind == "frozen":
            cut = cuts[connection]
            band = int(arrays["slice_begin"][cut]), int(arrays["slice_end"][cut])
            found[connection] = reached(graph.front[projection.layer], *band)[0]
    return found


def _axons_out(
    sizes: Array, source: Array, core: Array, first_axon: Array, read: dict[int, Array]
) -> dict[str, Array]:
    """read: of `frozen_inputs`; other connections read all neurons of their source."""
    n_targets = np.repeat(np.bincount(source, minlength=len(sizes)), sizes)
    cores, axons = [], []
    for population, size in enumerate(sizes):
        chosen = np.flatnonzero(source == population)
        if any(connection in read for connection in chosen):
            parts = [read.get(k, np.arange(size)) for k in chosen]
            inputs, lengths = np.concatenate(parts), [len(part) for part in parts]
            order = np.argsort(inputs, kind="stable")
            axon = np.concatenate([np.arange(length) for length in lengths])
            axon += np.repeat(first_axon[chosen], lengths)
            cores.append(np.repeat(core[chosen], lengths)[order].astype(np.int32))
            axons.append(axon[order].astype(np.int32))
            begin = sizes[:population].sum()
            n_targets[begin : begin + size] = np.bincount(inputs, minlength=size)
            continue
        cores.append(np.tile(core[chosen].astype(np.int32), size))
        axon = np.arange(size)[:, None] + first_axon[chosen]
        axons.append(axon.astype(np.int32).ravel())
    return {
        "axon_out_first": np.concatenate([[0], np.cumsum(n_targets)]),
        "axon_out_core": np.concatenate(cores),
        "axon_out_axon": np.concatenate(axons),
    }


def _facts(
    artifact: Artifact, graph: Graph, model: CoreModel, costs: dict[str, Any]
) -> dict[str, Any]:
    network = artifact.network
    facts = {
        "chip": model.name,
        "mode": graph.mode,
        "artifact_digest": artifact.digest,
        "dataset": artifact.config.dataset,
        "config": kept_settings(artifact.config),
        "image_shape": list(artifact.shape),
        "eligibility": artifact.config.eligibility,
        "n_learned": artifact.n_learned,
        "network": network_facts(network),
        "layers": [_layer_facts(layer) for layer in network.layers],
        **(
            {"front": [_frozen_facts(x) for x in network.front]}
            if network.front
            else {}
        ),
        **graph_facts(graph),
        "feedback_rule": FEEDBACK_RULE,
        "period": network.period,
        "phases": phases(network),
        "costs": costs,
    }
    return json.loads(json.dumps(facts))  # tuples become lists, as on reading


def network_facts(network: FixedNetwork) -> dict[str, Any]:
    """What all layers share."""
    return {
        entry.name: getattr(network, entry.name)
        for entry in dataclasses.fields(network)
        if entry.name not in ("layers", "front")
    }


def graph_facts(graph: Graph) -> dict[str, Any]:
    """Populations and projections as plain data."""
    return {
        "populations": [dataclasses.asdict(p) for p in graph.populations],
        "projections": [dataclasses.asdict(p) for p in graph.projections],
    }


def _layer_facts(layer: FixedLayer) -> dict[str, Any]:
    facts = {
        entry.name: getattr(layer, entry.name)
        for entry in dataclasses.fields(layer)
        if entry.name not in ("weights", "feedback", "rule", "bias")
        and getattr(layer, entry.name) is not None
    }
    if layer.bias is not None:
        facts["has_bias"] = True
    facts["scales"] = {
        name: [scale["mantissa"], scale["exponent"]]
        for name, scale in dataclasses.asdict(layer.rule).items()
        if scale is not None
    }
    return {**facts, "rules": {name: getattr(layer.rule, name) for name in RULES}}


def _frozen_facts(layer: FrozenLayer) -> dict[str, Any]:
    """A frozen layer but for its kernel and biases."""
    facts = {
        entry.name: getattr(layer, entry.name)
        for entry in dataclasses.fields(layer)
        if entry.name not in ("kernel", "bias")
    }
    if layer.bias is not None:
        facts["has_bias"] = True
    return {**facts, "kernel_shape": layer.kernel.shape}


def phases(network: FixedNetwork) -> dict[str, list[int]]:
    """First step of each phase of a sample, and the step behind its last."""
    first = network.schedule.phases
    ends = [*list(first.values())[1:], network.period]
    return {
        name: [begin, end]
        for (name, begin), end in zip(first.items(), ends, strict=True)
    }


# --- the network that a plan holds -------------------------------------------------


def planned_network(plan: PlanContent) -> FixedNetwork:
    """The network, put together again from the slices of its weights."""
    graph, arrays = plan.graph, plan.arrays
    matrices = {}
    for connection, number in enumerate(arrays["connection_projection"]):
        projection = graph.projections[number]
        if projection.kind == "frozen":
            continue
        key = (projection.kind, projection.layer)
        if key not in matrices:
            sizes = (
                graph.populations[k].size
                for k in (projection.target, projection.source)
            )
            matrices[key] = np.zeros(tuple(sizes), np.int8)
        cut = arrays["connection_slice"][connection]
        begin, end = arrays["slice_begin"][cut], arrays["slice_end"][cut]
        matrices[key][begin:end] = plan.weights_of(connection).T
    layers = []
    n_out, biases = plan.sizes[-1], plan.biases[len(graph.front) :]
    for number, facts in enumerate(plan.facts["layers"]):
        values = {k: v for k, v in facts.items() if k not in NOT_FIELDS}
        scales = {name: Scale(*pair) for name, pair in facts["scales"].items()}
        weights = matrices["forward", number]
        width = 0 if number == len(plan.facts["layers"]) - 1 else n_out
        empty = np.zeros((len(weights), width), np.int8)
        feedback = matrices.get(("feedback", number), empty)
        rule, bias = Rule(**scales), biases[number]
        layers.append(FixedLayer(weights, feedback, rule=rule, bias=bias, **values))
    return FixedNetwork(
        layers=tuple(layers), front=graph.front, **plan.facts["network"]
    )

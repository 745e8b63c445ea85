"""The order of a NIR graph that is a chain of nodes, graphs inside of it unpacked."""

from collections import defaultdict
from pathlib import Path

from lava_sfdfa.deploy.exchange.limits import Limits
from lava_sfdfa.deploy.exchange.nir_file import Graph, Node
from lava_sfdfa.errors import InputError

LINEAR = ("Linear", "Affine", "Conv1d", "Conv2d", "SumPool2d", "AvgPool2d", "Scale")
SPIKING, SILENT = ("LIF", "CubaLIF", "IF"), ("LI", "CubaLI", "I")  # kinds of neurons
SHAPES = ("Input", "Output", "Flatten")  # nodes that only name a shape
ALLOWED = (*LINEAR, *SPIKING, *SILENT, *SHAPES)
WANTED = "allowed is a chain of layers from the input to the output"


def chain_of(path: Path, graph: Graph) -> list[tuple[str, Node]]:
    """All nodes with their names, each after the one that leads to it.

    Graphs inside are unpacked: their nodes are called by both names with a dot between.
    Errors: InputError, with all that is no such chain.
    """
    limits = Limits(path)
    flat = _unpacked(graph, "", limits)
    _check_loops(flat, limits)
    _check_kinds(flat, limits)
    limits.check()
    _check_edges(flat, limits)
    limits.check()
    with limits.here():
        names = _in_order(flat)
    limits.check()
    return [(name, flat.nodes[name]) for name in names]


# --- graphs inside ----------------------------------------------------------------


def _unpacked(graph: Graph, inside: str, limits: Limits) -> Graph:
    """One graph without others inside; inside: begins the names of its nodes."""
    nodes: dict[str, Node] = {}
    edges = [(inside + a, inside + b) for a, b in graph.edges]
    for name, node in graph.nodes.items():
        own = inside + name
        if node.graph is None:
            nodes[own] = node
            continue
        inner = _unpacked(node.graph, f"{own}.", limits)
        nodes |= inner.nodes
        begin, end = (_port(own, node.graph, kind, limits) for kind in SHAPES[:2])
        edges = [(end if a == own else a, begin if b == own else b) for a, b in edges]
        edges += inner.edges
    return Graph(nodes, edges)


def _port(name: str, graph: Graph, kind: str, limits: Limits) -> str:
    """The node by which data enter or leave a graph inside."""
    found = [own for own, node in graph.nodes.items() if node.kind == kind]
    if len(found) != 1:
        limits.add(
            f"node {name!r} is a graph with {len(found)} nodes {kind}; allowed is one"
        )
    return f"{name}.{found[0]}" if found else name


# --- what is no chain -------------------------------------------------------------


def _check_loops(graph: Graph, limits: Limits) -> None:
    """Every loop, by a node in it."""
    after = defaultdict(list)
    for a, b in graph.edges:
        after[a].append(b)
    seen: set[str] = set()
    for name in [*graph.nodes, *after]:
        loop = [] if name in seen else _loop_from(name, after)
        if loop and not seen & set(loop):
            way = _listed(loop[1:]) or "itself"
            limits.add(
                f"node {loop[0]!r} is recurrent: its output comes back to it by {way}; "
                "layers here have no recurrent connections, so train the network "
                "without them and export it again"
            )
        seen |= set(loop)


def _listed(names: list[str]) -> str:
    """Names for a sentence, at most two of many."""
    if len(names) > 3:
        return f"{names[0]!r}, {names[1]!r} and {len(names) - 2} more"
    return " and ".join(map(repr, names))


def _loop_from(start: str, after: dict[str, list[str]]) -> list[str]:
    """A way from a node back to it, or nothing."""
    came_from: dict[str, str] = {}
    waiting = [start]
    while waiting:
        name = waiting.pop()
        for other in after.get(name, ()):
            if other == start:
                way = [name]
                while way[-1] != start:
                    way.append(came_from[way[-1]])
                return way[::-1]
            if other not in came_from:
                came_from[other] = name
                waiting.append(other)
    return []


def _check_kinds(graph: Graph, limits: Limits) -> None:
    for name, node in graph.nodes.items():
        if node.kind not in ALLOWED:
            limits.add(
                f"node {name!r} is a {node.kind:.40}, which cannot be taken over here; "
                f"allowed are {', '.join(ALLOWED[:-1])} and {ALLOWED[-1]}"
            )
    if not graph.nodes:
        limits.add(f"the graph has no nodes; {WANTED}")
    elif all(node.kind in SHAPES for node in graph.nodes.values()):
        limits.add(f"the graph has no layers; {WANTED}")


def _check_edges(graph: Graph, limits: Limits) -> None:
    """Every edge joins two nodes, and no node has two before or after it."""
    after, before = defaultdict(set), defaultdict(set)
    for a, b in graph.edges:
        for name in {a, b} - graph.nodes.keys():
            limits.add(
                f"the edge from {a!r} to {b!r} names the node {name!r}, which is "
                f"missing; {WANTED}"
            )
        after[a].add(b)
        before[b].add(a)
    for found, verb in ((after, "leads to"), (before, "follows")):
        for name, others in found.items():
            if len(others) > 1:
                several = " and ".join(map(repr, sorted(others)))
                limits.add(
                    f"the graph branches: node {name!r} {verb} {several}; {WANTED}"
                )


def _in_order(graph: Graph) -> list[str]:
    """Names from the one node that follows no other. Errors: InputError."""
    after = dict(graph.edges)
    followers = set(after.values())
    starts = [name for name in graph.nodes if name not in followers]
    if len(starts) != 1:
        several = " and ".join(map(repr, starts))
        raise InputError(f"nodes {several} follow no other; {WANTED}")
    names = starts
    while names[-1] in after:
        names.append(after[names[-1]])
    return names

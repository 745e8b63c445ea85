"""The order of a NIR graph that is a chain of layers."""

from collections import defaultdict
from pathlib import Path

from lava_sfdfa.deploy.exchange.nir_file import Graph
from lava_sfdfa.errors import InputError

DENSE, NEURONS = ("Linear", "Affine"), ("CubaLIF", "LIF")
SHAPES = ("Input", "Output", "Flatten")  # nodes that only name a shape
WANTED = "allowed is a chain of layers from the input to the output"


def pairs_of(path: Path, graph: Graph) -> list[tuple[str, str]]:
    """Names of each dense layer and of its neurons, in the order of the data.

    Errors: InputError, naming the node, for all that is not such a chain.
    """
    chain = order_of(path, graph)
    names = [name for name in chain if graph.nodes[name].kind not in SHAPES]
    for position, name in enumerate(names):
        if graph.nodes[name].kind not in (DENSE, NEURONS)[position % 2]:
            raise InputError(
                f"{path}: node {name!r} is a {graph.nodes[name].kind}, which cannot be "
                f"taken over here; allowed are {' or '.join(DENSE)} and "
                f"{' or '.join(NEURONS)} in turn"
            )
    if not names:
        raise InputError(f"{path}: the graph has no layers; {WANTED}")
    if len(names) % 2:
        raise InputError(f"{path}: node {names[-1]!r} leads to no neurons; {WANTED}")
    return list(zip(names[::2], names[1::2], strict=True))


def order_of(path: Path, graph: Graph) -> list[str]:
    """Names of all nodes, each after the one that leads to it. Errors: InputError."""
    _check_edges(path, graph)
    after = dict(graph.edges)
    names = list(_starts(path, graph))
    while names[-1] in after:
        names.append(after[names[-1]])
    for name in graph.nodes:
        if name not in names:
            raise InputError(f"{path}: node {name!r} is in a loop; {WANTED}")
    return names


def _check_edges(path: Path, graph: Graph) -> None:
    """Every edge joins two nodes, and no node has two before or after it."""
    after, before = defaultdict(set), defaultdict(set)
    for a, b in graph.edges:
        for name in (a, b):
            if name not in graph.nodes:
                raise InputError(
                    f"{path}: the edge from {a!r} to {b!r} names the node {name!r}, "
                    f"which is missing; {WANTED}"
                )
        after[a].add(b)
        before[b].add(a)
    for found, verb in ((after, "leads to"), (before, "follows")):
        for name, others in found.items():
            if len(others) > 1:
                several = " and ".join(map(repr, sorted(others)))
                raise InputError(
                    f"{path}: the graph branches or has a loop: node {name!r} {verb} "
                    f"{several}; {WANTED}"
                )


def _starts(path: Path, graph: Graph) -> list[str]:
    """The one node that follows no other."""
    followers = {b for _, b in graph.edges}
    starts = [name for name in graph.nodes if name not in followers]
    if len(starts) == 1:
        return starts
    if not graph.nodes:
        raise InputError(f"{path}: the graph has no nodes; {WANTED}")
    if not starts:
        name = next(iter(graph.nodes))
        raise InputError(f"{path}: node {name!r} is in a loop; {WANTED}")
    several = " and ".join(map(repr, starts))
    raise InputError(f"{path}: nodes {several} follow no other; {WANTED}")

"""The HDF5 file of a NIR graph as plain values, without the package nir.

The layout is that of `nir.write` of the package nir (0.1 to 1.0.8). To read, that
package checks more than we need (it refuses the `Output` of three dimensions that
Rockpool writes), and it does not say where a damaged file is wrong.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lava_sfdfa.errors import InputError
from lava_sfdfa.hdf5.reader import Group, Rows, read_file

PROBLEM = "cannot be read as a NIR graph"
REMEDY = "allowed is a file that nir.write made"


@dataclass(frozen=True)
class Node:
    """A node by its type, such as "Linear", and its parameters by name."""

    kind: str
    fields: dict[str, Any]


@dataclass(frozen=True)
class Graph:
    """Nodes by name, edges from name to name, and what tools add."""

    nodes: dict[str, Node]
    edges: list[tuple[str, str]]
    metadata: dict[str, Any]


def read_graph(path: Path) -> Graph:
    """Read a file; its numbers are not looked at. Errors: InputError."""
    file = read_file(path, PROBLEM, REMEDY)
    try:
        top = file.group("node")
        nodes = {
            name: _read_node(f"{path}: node {name!r}", entry)
            for name, entry in top.group("nodes").entries.items()
        }
        edges = [(_text(a), _text(b)) for a, b in top.value("edges")]
        has_more = "metadata" in top
        metadata = _values(top.group("metadata")) if has_more else {}
    except (LookupError, ValueError, TypeError) as error:
        raise InputError(f"{path}: {PROBLEM} ({error}); {REMEDY}") from None
    return Graph(nodes, edges, metadata)


def _read_node(where: str, entry: Any) -> Node:
    if not isinstance(entry, Group) or "type" not in entry:
        raise InputError(f"{where}: type is missing, such as Linear or CubaLIF")
    fields = _values(entry)
    return Node(_text(fields.pop("type", None)), fields)


def _values(group: Group) -> dict[str, Any]:
    """The entries that hold values of one shape, by name."""
    return {
        name: entry
        for name, entry in group.entries.items()
        if not isinstance(entry, (Group, Rows))
    }


def _text(value: Any) -> str:
    if not isinstance(value, (bytes, str)):
        raise ValueError(f"{type(value).__name__} where a name belongs")
    return value.decode() if isinstance(value, bytes) else value

"""The HDF5 file of a NIR graph as plain values, without the package nir.

The layout is that of `nir.write` of the package nir (0.1 to 1.0.8). To read, that
package checks more than we need (it refuses the `Output` of three dimensions that
Rockpool writes), and it does not say where a damaged file is wrong.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lava_sfdfa.errors import InputError
from lava_sfdfa.hdf5.reader import Group, Rows, read_file

PROBLEM = "cannot be read as a NIR graph"
REMEDY = "allowed is a file that nir.write made"
DEEPEST = 8  # graphs inside of graphs


@dataclass(frozen=True)
class Node:
    """A node by its type, such as "Linear", and its parameters by name; graph: of a
    node that is a graph itself."""

    kind: str
    fields: dict[str, Any]
    graph: "Graph | None" = None


@dataclass(frozen=True)
class Graph:
    """Nodes by name, edges from name to name, and what tools add."""

    nodes: dict[str, Node]
    edges: list[tuple[str, str]]
    metadata: dict[str, Any] = field(default_factory=dict)


def read_graph(path: Path) -> Graph:
    """Read a file; its numbers are not looked at. Errors: InputError."""
    file = read_file(path, PROBLEM, REMEDY)
    try:
        return _read_graph(path, file.group("node"), "", 0)
    except (LookupError, ValueError, TypeError) as error:
        raise InputError(f"{path}: {PROBLEM} ({error}); {REMEDY}") from None


def _read_graph(path: Path, group: Group, inside: str, depth: int) -> Graph:
    """inside: the names of the graphs around this one, each with a dot."""
    if depth > DEEPEST:
        raise ValueError(f"graphs inside of graphs are more than {DEEPEST} deep")
    nodes = {
        name: _read_node(path, inside + name, entry, depth)
        for name, entry in group.group("nodes").entries.items()
    }
    edges = [(_text(a), _text(b)) for a, b in group.value("edges")]
    has_more = "metadata" in group
    metadata = _values(group.group("metadata")) if has_more else {}
    return Graph(nodes, edges, metadata)


def _read_node(path: Path, name: str, entry: Any, depth: int) -> Node:
    if not isinstance(entry, Group) or "type" not in entry:
        raise InputError(
            f"{path}: node {name!r}: type is missing, such as Linear or CubaLIF"
        )
    fields = _values(entry)
    kind = _text(fields.pop("type", None))
    if kind == "NIRGraph":
        return Node(kind, fields, _read_graph(path, entry, f"{name}.", depth + 1))
    if "metadata" in entry and isinstance(entry.entries["metadata"], Group):
        fields["metadata"] = _values(entry.group("metadata"))
    return Node(kind, fields)


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

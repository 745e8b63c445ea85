"""The HDF5 file of a NIR graph as plain values; needs nothing but h5py.

The layout is that of `nir.write` of the package nir (0.1 to 1.0.8). To read, that
package checks more than we need (it refuses the `Output` of three dimensions that
Rockpool writes), and it does not say where a damaged file is wrong.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py

from lava_sfdfa.deploy.exchange.hdf5 import check_hdf5
from lava_sfdfa.errors import InputError


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
    check_hdf5(path, "a NIR graph")
    try:
        with h5py.File(path, "r") as file:
            top = file["node"]
            nodes = {
                name: _read_node(f"{path}: node {name!r}", group)
                for name, group in top["nodes"].items()
            }
            edges = [(_text(a), _text(b)) for a, b in top["edges"][()]]
            added = top.get("metadata", {})
            metadata = {name: entry[()] for name, entry in added.items()}
    except (OSError, RuntimeError, LookupError, ValueError, TypeError) as error:
        raise _unreadable(path, error) from None
    except AttributeError:  # a dataset where a group belongs, or the reverse
        raise _unreadable(path, "a group is missing") from None
    return Graph(nodes, edges, metadata)


def _read_node(where: str, group: h5py.Group) -> Node:
    if not isinstance(group, h5py.Group) or "type" not in group:
        raise InputError(f"{where}: type is missing, such as Linear or CubaLIF")
    fields = {
        name: entry[()]
        for name, entry in group.items()
        if isinstance(entry, h5py.Dataset)
    }
    return Node(_text(fields.pop("type")), fields)


def _text(value: Any) -> str:
    if not isinstance(value, (bytes, str)):
        raise ValueError(f"{type(value).__name__} where a name belongs")
    return value.decode() if isinstance(value, bytes) else value


def _unreadable(path: Path, why: object) -> InputError:
    return InputError(
        f"{path}: cannot be read as a NIR graph ({why}); allowed is a file that "
        "nir.write made"
    )

"""NIR, in: a graph as layers in the chip's integers.

The nodes between two layers of neurons become one linear map (`geometry.py`), and each
map with its neurons a layer (`nir_integers.py`).
"""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lava_sfdfa.deploy.exchange.geometry import Image, Map, compose, identity
from lava_sfdfa.deploy.exchange.limits import Limits
from lava_sfdfa.deploy.exchange.nir_chain import LINEAR, SILENT, SPIKING, chain_of
from lava_sfdfa.deploy.exchange.nir_file import Node, read_graph
from lava_sfdfa.deploy.exchange.nir_integers import layer_of
from lava_sfdfa.deploy.exchange.nir_linear import image_of, map_of
from lava_sfdfa.deploy.exchange.nir_neurons import Neurons, read_neurons
from lava_sfdfa.deploy.exchange.nir_reader import Reader
from lava_sfdfa.deploy.exchange.nir_step import STEP_S, step_of
from lava_sfdfa.errors import InputError
from lava_sfdfa.network.frozen import FrozenLayer

METADATA = "lava_sfdfa"  # its name among the metadata of a graph of ours
STEPS = 64  # of a sample, where nothing else is said


def read_nir(
    path: Path, step_s: float | None = None, steps: int = STEPS
) -> tuple[tuple[FrozenLayer, ...], dict[str, Any], list[str]]:
    """Layers, the metadata of the graph as they stand there, and what was changed.

    step_s: of the tool that wrote the graph, if we did not,
    None for what the file tells; steps: of a sample, in which outputs without spikes
    shall stay in range. Errors: InputError, naming nodes and fields.
    """
    graph = read_graph(path)
    chain = chain_of(path, graph)
    readers = [Reader(path, name, node) for name, node in chain]
    notes: list[str] = []
    if METADATA in graph.metadata:
        step_s = STEP_S
    else:
        step_s, notes = step_of(readers, step_s)
        notes += _about_resets(readers)
    blocks, more = _blocks(path, readers, step_s)
    limits, layers, notes = Limits(path), list[FrozenLayer](), notes + more
    for number, block in enumerate(blocks):
        with limits.here():
            layer, more = layer_of(
                block.where, block.map, block.neurons, steps, is_input=number == 0
            )
            layers.append(layer)
            notes += more
    limits.check()
    notes = [note.removeprefix(f"{path}: ") for note in notes]
    return tuple(layers), graph.metadata, notes


# --- blocks: a map and its neurons ------------------------------------------------


@dataclass(frozen=True)
class Block:
    """A linear map, its neurons, and what messages call the map."""

    where: str
    map: Map
    neurons: Neurons


@dataclass
class _Data:
    """What comes out of the nodes so far."""

    image: Image | None = None  # None where nothing said it
    map: Map | None = None  # since the last neurons
    reader: Reader | None = None  # of the last node of it
    is_first: bool = True  # whether no node but of shapes was before


def _blocks(
    path: Path, readers: list[Reader], step_s: float
) -> tuple[list[Block], list[str]]:
    """The layers of a chain in floating point, and notes. Errors: InputError, with all
    that the nodes hold which cannot be taken over."""
    limits, neurons = Limits(path), dict[str, Neurons]()
    for reader in readers:
        if reader.node.kind in (*SPIKING, *SILENT):
            with limits.here():
                neurons[reader.name] = read_neurons(reader, step_s)
    _check_silent(readers, limits)
    data, blocks, notes = _Data(), list[Block](), list[str]()
    with limits.here():
        for reader in readers:
            if reader.node.kind in LINEAR:
                notes += _add_map(data, reader)
            elif reader.name in neurons:
                blocks.append(_block(path, data, reader, neurons[reader.name]))
            elif reader.node.kind in ("Input", "Flatten"):
                _add_shape(data, reader)
            elif reader.node.kind != "Output":
                data.map = None  # of neurons that were refused
        if data.map is not None:
            blocks.append(_sums(path, data, step_s))
            notes.append(
                f"node {blocks[-1].neurons.reader.name!r} leads to no neurons; the sum "
                "of what it makes over a sample is the output"
            )
    limits.check()
    if not blocks:
        raise InputError(f"{path}: the graph has no layers")
    return blocks, notes


def _check_silent(readers: list[Reader], limits: Limits) -> None:
    """Neurons that send values instead of spikes are outputs only."""
    kinds = [reader.node.kind for reader in readers]
    for number, reader in enumerate(readers):
        is_last = not {*LINEAR, *SPIKING, *SILENT} & set(kinds[number + 1 :])
        if reader.node.kind in SILENT and not is_last:
            limits.add(
                f"node {reader.name!r} is a {reader.node.kind}, which sends values and "
                "no spikes to the next node; allowed is that at the end only; make it "
                "a LIF"
            )


def _add_shape(data: _Data, reader: Reader) -> None:
    """An Input or Flatten, which may say what the image is."""
    field = "shape" if reader.node.kind == "Input" else "input_type"
    image = image_of(reader.sizes(field))
    if image is None:
        return
    if data.image is None or (data.is_first and math.prod(image) == _size(data)):
        data.image = image
    elif reader.node.kind == "Flatten" and math.prod(image) != _size(data):
        raise InputError(
            f"{reader.where}: {field} has {math.prod(image)} values, but "
            f"{_size(data)} come; they have to be equal"
        )


def _size(data: _Data) -> int:
    return math.prod(data.image or (0,))


def _add_map(data: _Data, reader: Reader) -> list[str]:
    """A node without neurons, made one with those before it. Returns notes."""
    found = map_of(reader, data.image, data.is_first)
    notes = []
    if data.map is not None and data.reader is not None:
        try:
            found = compose(data.map, found)
        except InputError as error:
            raise InputError(
                f"{reader.where} behind {data.reader.name!r}: {error}"
            ) from None
        notes = [f"nodes {data.reader.name!r} and {reader.name!r} became one layer"]
    data.map, data.reader, data.is_first = found, reader, False
    data.image = found.output_shape
    return notes


def _block(path: Path, data: _Data, reader: Reader, neurons: Neurons) -> Block:
    """A layer of neurons; without a map before them each takes its own input."""
    if data.map is None and data.image is None:
        data.image = image_of(np.shape(reader.numbers("r")))
    found = data.map or identity(data.image or (1, 1, 1))
    block = Block((data.reader or reader).where, found, neurons)
    data.map, data.reader, data.is_first = None, None, False
    data.image = found.output_shape
    return block


def _sums(path: Path, data: _Data, step_s: float) -> Block:
    """What is left at the end, with neurons that add it up and never spike."""
    assert data.map is not None and data.reader is not None
    node = Node("I", {"r": np.ones(1)})
    neurons = read_neurons(Reader(path, data.reader.name, node), step_s)
    return Block(data.reader.where, data.map, neurons)


# --- resets ----------------------------------------------------------------------


def _about_resets(readers: list[Reader]) -> list[str]:
    """A note where a file says that its neurons subtract the threshold."""
    for reader in readers:
        fields = {**reader.node.fields, **reader.node.fields.get("metadata", {})}
        for value in fields.values():
            if isinstance(value, (bytes, str)) and "subtract" in str(value).lower():
                return [
                    f"node {reader.name!r} subtracts the threshold from v at a spike; "
                    "the chip's neurons return to 0, so they spike less often"
                ]
    return []

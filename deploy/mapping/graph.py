"""What has to be placed on cores: populations of neurons and projections.

A learning network is more than its layers. `label` tells the class, `error` compares
it with the spikes of the output and sends the difference back: to the output, whose
third factor it is, and through the feedback weights to the hidden layers.

    input -> hidden.. -> output -> error -> hidden.., output
                          label -> error
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, get_args

from lava_sfdfa.errors import CheckError, InputError

Mode = Literal["learning", "inference"]
MODES: tuple[Mode, ...] = get_args(Mode)
LAYER_MOST = 10**6
WEIGHT_BITS = 8  # of forward and feedback weights, see `widths.WEIGHT`


@dataclass(frozen=True)
class Population:
    """Neurons with the same parameters. learning: they hold third factors."""

    name: str
    size: int
    learning: bool


@dataclass(frozen=True)
class Projection:
    """Synapses from every neuron of one population to every one of another.

    kind: forward, feedback, or identity (one synapse a neuron, but memory for all, as
    the compiler's tables charge it). layer: index in `FixedNetwork.layers`, or -1.
    """

    source: int  # populations, by their index in `Graph`
    target: int
    kind: str
    weight_bits: int
    plastic: bool
    layer: int = -1


@dataclass(frozen=True)
class Graph:
    """A network as its populations and projections, in the order of the data."""

    populations: tuple[Population, ...]
    projections: tuple[Projection, ...]
    mode: str
    recursive: bool  # every plastic synapse has a second tag

    def into(self, population: int) -> list[int]:
        """Indices of the projections that end in a population."""
        return [k for k, p in enumerate(self.projections) if p.target == population]

    def out_of(self, population: int) -> list[int]:
        """Indices of the projections that begin in a population."""
        return [k for k, p in enumerate(self.projections) if p.source == population]


def parse_layers(layers: str | Sequence[int]) -> tuple[int, ...]:
    """Sizes such as "784,800,10": inputs, hidden layers, outputs; or as numbers.

    Errors: InputError.
    """
    parts = layers.split(",") if isinstance(layers, str) else layers
    try:
        sizes = tuple(int(part) for part in parts)
    except (ValueError, TypeError):
        sizes = ()
    if len(sizes) < 3 or not all(1 <= size <= LAYER_MOST for size in sizes):
        raise InputError(
            "layers must be the inputs, the hidden layers and the outputs, at least "
            f"three numbers between 1 and {LAYER_MOST:,}, such as 784,800,10, not "
            f"{layers!r}"
        )
    return sizes


def build_graph(
    sizes: tuple[int, ...],
    mode: str,
    feedback: str = "sfdfa",
    eligibility: str = "trace",
    weight_bits: int = WEIGHT_BITS,
) -> Graph:
    """Populations and projections of a network.

    sizes: inputs, hidden layers, outputs; feedback, eligibility: as in `Config`.
    Errors: CheckError for what no chip can learn.
    """
    learning = mode == "learning"
    if learning and feedback == "symmetric":
        raise CheckError(
            'feedback "symmetric" copies the forward weights after every sample, which '
            'no chip can; train with --feedback "sfdfa", or use --mode inference'
        )
    n_hidden = len(sizes) - 2
    hidden = [f"hidden{k + 1}" for k in range(n_hidden)] if n_hidden > 1 else ["hidden"]
    names = ["input", *hidden, "output"]
    populations = [
        Population(name, size, learning and name != "input")
        for name, size in zip(names, sizes, strict=True)
    ]
    projections = [
        Projection(before, after, "forward", weight_bits, learning, before)
        for before, after in pairwise(range(len(sizes)))
    ]
    if learning:
        output, label, error = (len(sizes) + k for k in (-1, 0, 1))
        populations += [
            Population("label", sizes[-1], False),
            Population("error", sizes[-1], True),
        ]
        for source, target in ((label, error), (output, error), (error, output)):
            projections.append(Projection(source, target, "identity", 1, False))
        plastic = feedback == "sfdfa"
        for layer in range(n_hidden):
            projections.append(
                Projection(error, layer + 1, "feedback", weight_bits, plastic, layer)
            )
    recursive = learning and eligibility == "recursive"
    return Graph(tuple(populations), tuple(projections), mode, recursive)

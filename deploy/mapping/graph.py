"""What has to be placed on cores: populations of neurons and projections.

A learning network is more than its layers. `label` tells the class, `error` compares
it with the spikes of the output and sends the difference back: to the output, whose
third factor it is, and through the feedback weights to the hidden layers.

    input -> frozen.. -> hidden.. -> output -> error -> hidden.., output
                                      label -> error
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal, get_args

from lava_sfdfa.errors import CheckError, InputError
from lava_sfdfa.network.frozen import FrozenLayer

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
    The kind frozen has only the synapses of a frozen layer, see `reach.py`; layer is
    then its index in `FixedNetwork.front`.
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
    front: tuple[FrozenLayer, ...] = field(default=(), compare=False)

    def frozen_into(self, population: int) -> FrozenLayer | None:
        """The frozen layer that a population is, or None."""
        number = population - 1
        return self.front[number] if 0 <= number < len(self.front) else None

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
    front: tuple[FrozenLayer, ...] = (),
) -> Graph:
    """Populations and projections of a network.

    sizes: inputs, hidden layers, outputs; feedback, eligibility: as in `Config`; front:
    frozen layers, the last of which gives the inputs.
    Errors: CheckError for what no chip can learn.
    """
    learning = mode == "learning"
    if learning and feedback == "symmetric":
        raise CheckError(
            'feedback "symmetric" copies the forward weights after every sample, which '
            'no chip can; train with --feedback "sfdfa", or use --mode inference'
        )
    n_hidden, n_front = len(sizes) - 2, len(front)
    below = ["input", *_names("frozen", n_front)]
    names = [*below, *_names("hidden", n_hidden), "output"]
    all_sizes = (*(layer.n_pre for layer in front), *sizes)
    populations = [
        Population(name, size, learning and name not in below)
        for name, size in zip(names, all_sizes, strict=True)
    ]
    projections = [
        Projection(number, number + 1, "frozen", weight_bits, False, number)
        for number in range(n_front)
    ]
    projections += [
        Projection(before, after, "forward", weight_bits, learning, before - n_front)
        for before, after in pairwise(range(n_front, len(all_sizes)))
    ]
    if learning:
        output, label, error = (len(all_sizes) + k for k in (-1, 0, 1))
        populations += [
            Population("label", sizes[-1], False),
            Population("error", sizes[-1], True),
        ]
        for source, target in ((label, error), (output, error), (error, output)):
            projections.append(Projection(source, target, "identity", 1, False))
        plastic = feedback == "sfdfa"
        for layer in range(n_hidden):
            hidden = n_front + layer + 1
            projections.append(
                Projection(error, hidden, "feedback", weight_bits, plastic, layer)
            )
    recursive = learning and eligibility == "recursive"
    return Graph(tuple(populations), tuple(projections), mode, recursive, front)


def _names(kind: str, n: int) -> list[str]:
    """Of the layers of a kind: numbered where there are several."""
    return [f"{kind}{k + 1}" for k in range(n)] if n > 1 else [kind] * n

"""NIR, in: the layers of a graph in the chip's integers.

NIR has no time step, so a graph is read with forward Euler and the step of the tool
that wrote it: `u += step / tau_syn * (w_in * x - u)`, then
`v += step / tau_mem * (r * u - v)`. The factors go into the weights, so that u and v
are those of Lava's `LIF`. A `LIF` node has no current of its own: its u forgets all in
a step, which is du 4095.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lava_sfdfa.chip import widths
from lava_sfdfa.deploy.exchange.dense import (
    DenseLif,
    check_field,
    finite,
    held_membrane_decay,
)
from lava_sfdfa.deploy.exchange.nir import METADATA, STEP_S, WHOLE
from lava_sfdfa.deploy.exchange.nir_chain import pairs_of
from lava_sfdfa.deploy.exchange.nir_file import Graph, Node, read_graph
from lava_sfdfa.errors import InputError
from lava_sfdfa.types import Array

LEAST = 1e-100  # of a threshold; smaller weights are none


def read_nir(
    path: Path, step_s: float = STEP_S
) -> tuple[tuple[DenseLif, ...], dict[str, Any], list[str]]:
    """Layers, the metadata of the graph as they stand there, and what was changed.

    step_s: of the tool that wrote the graph, if we did not. Errors: InputError, naming
    node and field, for all that is not a chain of dense layers and CubaLIF or LIF.
    """
    graph = read_graph(path)
    step_s = STEP_S if METADATA in graph.metadata else step_s
    pairs, layers, notes = pairs_of(path, graph), [], []
    n_before = _inputs_named(path, graph, pairs[0][0])
    for linear, lif in pairs:
        dense = Reader(path, linear, graph.nodes[linear])
        neurons = Reader(path, lif, graph.nodes[lif])
        weights = _weights(dense, n_before)
        layer, more = _layer(dense, neurons, weights, step_s)
        layers.append(layer)
        notes += more
        n_before = len(weights)
    return tuple(layers), graph.metadata, notes


@dataclass(frozen=True)
class Reader:
    """A node whose fields are read by name, each checked."""

    path: Path
    name: str
    node: Node

    @property
    def where(self) -> str:
        """How messages call the node."""
        return f"{self.path}: node {self.name!r}"

    def numbers(self, field: str, default: float | None = None) -> Array:
        """A field as finite numbers, float64. Errors: InputError."""
        value = self.node.fields.get(field, default)
        if value is None:
            raise InputError(
                f"{self.where}: {field} is missing, which a {self.node.kind} must have"
            )
        return finite(self.where, field, value)

    def matrix(self) -> Array:
        """The weights (n_post, n_pre) of a dense layer. Errors: InputError."""
        weights = self.numbers("weight")
        if weights.ndim != 2:
            raise InputError(
                f"{self.where}: weight has the shape {weights.shape}; allowed is "
                "(neurons, inputs)"
            )
        return weights

    def same(self, field: str, n: int, default: float | None = None) -> float:
        """A field that is the same in each of n neurons. Errors: InputError."""
        values = self.numbers(field, default)
        if values.size not in (1, n):
            raise InputError(
                f"{self.where}: {field} has the shape {values.shape}, but the layer "
                f"has {n} neurons; allowed is a number for each"
            )
        if not np.allclose(values, values.flat[0], rtol=1e-5, atol=0):
            raise InputError(
                f"{self.where}: {field} is from {values.min():.4g} to "
                f"{values.max():.4g}; allowed is one for all neurons of a layer"
            )
        return float(values.flat[0])

    def zero(self, field: str, what: str) -> None:
        """Errors: InputError for a field other than 0; what: why it has to be."""
        values = self.numbers(field, 0.0)
        if np.any(values != 0):
            raise InputError(
                f"{self.where}: {field} is from {values.min():.4g} to "
                f"{values.max():.4g}; allowed is 0, since {what}"
            )

    def share(self, field: str, n: int, step_s: float) -> float:
        """What decays in a step by the time constant `field`. Errors: InputError."""
        tau = self.same(field, n)
        if tau < step_s * (1 - 1e-5):
            raise InputError(
                f"{self.where}: {field} is {tau:.4g} s; allowed is a step or more, "
                f"{step_s:.4g} s; give the step of the tool that wrote it with --step, "
                "1e-6 for Norse"
            )
        return min(step_s / tau, 1.0)


def _inputs_named(path: Path, graph: Graph, first: str) -> int:
    """How many inputs the first layer takes. Errors: InputError where the graph names
    another number."""
    n_inputs = Reader(path, first, graph.nodes[first]).matrix().shape[1]
    for name, node in graph.nodes.items():
        if node.kind == "Input":
            shape = Reader(path, name, node).numbers("shape")
            if n_inputs not in (shape.prod(), shape.flat[-1]):
                raise InputError(
                    f"{path}: node {name!r}: shape is "
                    f"{', '.join(f'{size:g}' for size in shape.flat)}, but node "
                    f"{first!r} takes {n_inputs} inputs; they have to be equal"
                )
    return n_inputs


def _weights(dense: Reader, n_before: int) -> Array:
    """The matrix (n_post, n_pre) of a dense layer without bias. Errors: InputError."""
    dense.zero("bias", "neurons of an artifact have no constant input")
    weights = dense.matrix()
    if weights.shape[1] != n_before:
        raise InputError(
            f"{dense.where}: weight has the shape {weights.shape}, but {n_before} "
            f"inputs lead to it; allowed is (neurons, {n_before})"
        )
    return weights


def _layer(
    dense: Reader, neurons: Reader, weights: Array, step_s: float
) -> tuple[DenseLif, list[str]]:
    """A dense layer and its neurons in our integers, and notes."""
    n = len(weights)
    for field in ("v_leak", "v_reset"):
        neurons.zero(field, "the chip's neurons rest at 0 and reset to it")
    is_plain = neurons.node.kind == "LIF"
    share_u, w_in = 1.0, 1.0  # of a LIF
    if not is_plain:
        share_u = neurons.share("tau_syn", n, step_s)
        w_in = neurons.same("w_in", n, 1.0)
    share_v = neurons.share("tau" if is_plain else "tau_mem", n, step_s)
    threshold = neurons.same("v_threshold", n)
    if threshold < LEAST:
        raise InputError(
            f"{neurons.where}: v_threshold is {threshold:.4g}; allowed is more than 0, "
            f"and {LEAST:g} at least"
        )
    gain = share_u * w_in * share_v * neurons.same("r", n)
    weights = finite(dense.where, f"weight times {gain:.4g}", weights * gain)
    whole, vth, notes = _to_eight_bits(dense.where, weights, threshold)
    du = check_field(
        neurons.where, "du of tau_syn", round(share_u * WHOLE) - 1, widths.DECAY
    )
    dv, note = held_membrane_decay(neurons.where, round(share_v * WHOLE))
    return DenseLif(whole, du, dv, vth), [*notes, *note]


def _to_eight_bits(
    where: str, weights: Array, threshold: float
) -> tuple[Array, int, list[str]]:
    """Integers as they are where they fit, or scaled to the largest that the weights
    and the threshold of the chip allow. Errors: InputError where nothing is left."""
    # Products of floats that should be integers miss them by less than this.
    is_whole = all(
        np.allclose(values, np.rint(values), rtol=0, atol=1e-4)
        for values in (weights, threshold)
    )
    most = widths.THRESHOLD.maximum
    if is_whole and widths.WEIGHT.holds(np.rint(weights)) and threshold <= most:
        return np.rint(weights).astype(np.int8), round(threshold), []
    largest = np.abs(weights).max()
    largest = largest if largest >= LEAST else 1.0
    scale = min(widths.WEIGHT.maximum / largest, most / threshold)
    scaled = weights * scale
    rounded = np.rint(scaled)
    if weights.any() and not rounded.any():
        raise InputError(
            f"{where}: the threshold is {threshold / largest:.3g} times the largest "
            f"weight, as u and v see it; the chip holds less than {2 * most}"
        )
    note = (
        f"{where}: weights were rounded to 8 bits, {1 / scale:.3g} a unit, off by "
        f"{np.abs(rounded - scaled).max():.2f} units at most; vth {threshold:.4g} "
        f"became {round(threshold * scale)}"
    )
    if scale * threshold == most:
        note += (
            ", the most that the chip holds; is the step of the tool right (--step)?"
        )
    return rounded.astype(np.int8), round(threshold * scale), [note]

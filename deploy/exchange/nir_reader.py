"""The fields of a NIR node, each checked as it is read."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lava_sfdfa.deploy.exchange.dense import finite
from lava_sfdfa.deploy.exchange.geometry import Image
from lava_sfdfa.deploy.exchange.nir_file import Node
from lava_sfdfa.errors import InputError
from lava_sfdfa.network.frozen import MOST, Pair
from lava_sfdfa.types import Array

EQUAL = 1e-5  # relative, of values that are the same but for rounding


@dataclass(frozen=True)
class Reader:
    """A node whose fields are read by name. All errors are InputError."""

    path: Path
    name: str
    node: Node

    @property
    def where(self) -> str:
        """How messages call the node."""
        return f"{self.path}: node {self.name!r}"

    def numbers(self, field: str, default: float | None = None) -> Array:
        """A field as finite numbers, float64."""
        value = self.node.fields.get(field, default)
        if value is None:
            raise InputError(
                f"{self.where}: {field} is missing, which a {self.node.kind} must have"
            )
        return finite(self.where, field, value)

    def weights(self, axes: str) -> Array:
        """The field `weight`; axes: what they are, such as "neurons, inputs"."""
        weights = self.numbers("weight")
        if weights.ndim != len(axes.split(", ")):
            raise InputError(
                f"{self.where}: weight has the shape {weights.shape}; allowed is "
                f"({axes})"
            )
        if weights.size > MOST:
            raise InputError(
                f"{self.where}: weight has {weights.size} values; allowed are {MOST}"
            )
        return weights

    def bias(self, n: int) -> Array:
        """The field `bias` of n channels, or zeros: (n,) or (1,)."""
        bias = self.numbers("bias", 0.0)
        if bias.size not in (1, n):
            raise InputError(
                f"{self.where}: bias has the shape {bias.shape}; allowed is ({n},)"
            )
        return bias.ravel()

    def integers(self, field: str, n: int, default: int, least: int) -> tuple[int, ...]:
        """A field of n whole numbers; one stands for all."""
        values = self.numbers(field, default)
        whole = np.rint(values).ravel()
        if (
            whole.size not in (1, n)
            or np.any(whole != values.ravel())
            or not np.all((whole >= least) & (whole <= MOST))
        ):
            raise InputError(
                f"{self.where}: {field} is {_shown(values)}; allowed are integers from "
                f"{least} on, one for each of {n} directions"
            )
        return tuple(int(value) for value in np.broadcast_to(whole, n))

    def pair(self, field: str, default: int, least: int) -> Pair:
        """A field of rows and columns."""
        rows, columns = self.integers(field, 2, default, least)
        return rows, columns

    def sizes(self, field: str) -> tuple[int, ...] | None:
        """A shape that a node names, or None where it says nothing."""
        value = self.node.fields.get(field)
        if value is None or np.size(value) == 0:
            return None
        if np.asarray(value).dtype.kind in "SO" and np.ravel(value)[0] in (b"", "None"):
            return None
        values = self.numbers(field).ravel()
        if np.any(values != np.rint(values)) or not np.all(values >= 1):
            raise InputError(
                f"{self.where}: {field} is {_shown(values)}; allowed are integers from "
                "1 on"
            )
        return tuple(int(value) for value in values)

    def same(self, field: str, default: float | None = None) -> float:
        """A field that is the same in every neuron."""
        values = self.numbers(field, default)
        if not np.allclose(values, values.flat[0], rtol=EQUAL, atol=0):
            raise InputError(
                f"{self.where}: {field} is from {values.min():.4g} to "
                f"{values.max():.4g}; allowed is one for all neurons of a layer"
            )
        return float(values.flat[0])

    def by_channel(
        self, field: str, image: Image, default: float | None = None
    ) -> Array:
        """A field of neurons as one number for each channel: (channels,) or (1,)."""
        values = self.numbers(field, default)
        rows, columns, channels = image
        n = rows * columns * channels
        if values.size not in (1, channels, n):
            raise InputError(
                f"{self.where}: {field} has the shape {values.shape}, but the layer "
                f"has {n} neurons; allowed is a number for each"
            )
        if values.size in (1, channels):
            return values.ravel()
        values = values.reshape(channels, -1)
        if not np.allclose(values, values[:, :1], rtol=EQUAL, atol=0):
            raise InputError(
                f"{self.where}: {field} is from {values.min():.4g} to "
                f"{values.max():.4g} and differs within a channel; allowed is one for "
                "all neurons of a channel, which share their weights"
            )
        return values[:, 0]

    def zero(self, field: str, what: str) -> None:
        """A field has to be 0; what: why."""
        values = self.numbers(field, 0.0)
        if np.any(values != 0):
            raise InputError(
                f"{self.where}: {field} is from {values.min():.4g} to "
                f"{values.max():.4g}; allowed is 0, since {what}"
            )


def _shown(values: Array) -> str:
    return ", ".join(f"{value:g}" for value in values.ravel()[:6])

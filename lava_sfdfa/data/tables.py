"""Tables of features as inputs: a population code, learned from the training part.

A feature becomes a row of inputs with overlapping receptive fields; the nearer a value
is to the centre of a field, the brighter its input is, and so the earlier it spikes in
the latency code. A value is seen by about six fields. Few features get many narrow
fields each, many features few wide ones.
"""

from dataclasses import dataclass

import numpy as np

from lava_sfdfa.types import Array

INPUTS = 72  # that all features shall have together
FIELDS_MOST, FIELDS_LEAST = 24, 4  # of a feature
SPREAD = 3  # fields whose centres lie within the width of one, to either side
WIDEST = 0.8  # share of the range: where all fields see all values, they say little


@dataclass(frozen=True)
class PopulationCode:
    """Receptive fields of every feature, at quantiles of its values.

    knots: (n_features, n_knots) float64, values of the training part that rise along a
    row; a value's place between them, 0 to 1, is what the fields see. So units and
    outliers of a feature do not matter.
    """

    knots: Array
    n_fields: int

    @classmethod
    def of(cls, x: Array) -> "PopulationCode":
        """The code for the training samples x: float64 (n, n_features)."""
        shares = np.linspace(0, 1, min(len(x), 65))
        knots = np.ascontiguousarray(np.quantile(x, shares, axis=0).T)
        fields = round(INPUTS / x.shape[1])
        return cls(knots, int(np.clip(fields, FIELDS_LEAST, FIELDS_MOST)))

    @property
    def n_inputs(self) -> int:
        """Inputs of all features."""
        return len(self.knots) * self.n_fields

    def encode(self, x: Array) -> Array:
        """Samples as images: uint8 (n, n_inputs). x: float64 (n, n_features)."""
        places = np.stack(
            [_place(column, row) for column, row in zip(x.T, self.knots, strict=True)],
            axis=1,
        )
        centres = np.linspace(0, 1, self.n_fields)
        width = min(SPREAD / (self.n_fields - 1), WIDEST)
        distance = np.abs(places[:, :, None] - centres) / width
        bright = np.clip(1 - distance, 0, 1)
        return np.rint(255 * bright).astype(np.uint8).reshape(len(x), -1)


def _place(values: Array, knots: Array) -> Array:
    """Where values lie between the knots of a feature, 0 to 1.

    The mean of the rank and of the position on the scale: ranks alone would forget gaps
    between groups of values, positions alone would let one outlier hide the rest.
    """
    rank = np.linspace(0, 1, len(knots))
    first = np.searchsorted(knots, values, "left").clip(0, len(knots) - 1)
    last = (np.searchsorted(knots, values, "right") - 1).clip(0, len(knots) - 1)
    tied = (rank[first] + rank[last]) / 2  # of a value that many samples have
    ranks = np.where(last > first, tied, np.interp(values, knots, rank))
    span = knots[-1] - knots[0]
    if span <= 0:  # a constant feature says nothing
        return np.full(len(values), 0.5)
    return (ranks + ((values - knots[0]) / span).clip(0, 1)) / 2

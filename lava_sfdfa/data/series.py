"""Time series as features: what each channel holds, and how much it moves.

A series has channels and a length of its own; what is missing at its end is NaN. It
becomes as many values a channel as all others have, at equal shares of its length, and
the size of its changes in a few parts of its length, which says how a channel moves
wherever in time it does so.
"""

from itertools import pairwise

import numpy as np

from lava_sfdfa.types import Array

POINTS_MOST = 64  # values of a channel
PARTS = 4  # in which the size of changes is taken


def points_of(length: int) -> int:
    """Values of a channel for series of this length."""
    return min(length, POINTS_MOST)


def features_of(x: Array, points: int) -> Array:
    """Features of series: float64 (n, channels * (points + `PARTS`)).

    x: float64 (n, channels, length), NaN behind the end of a series.
    """
    rows = [_one(series[:, : _length(series)], points) for series in x]
    return np.array(rows).reshape(len(x), -1)


def _length(series: Array) -> int:
    """Steps up to the last value of any channel, at least one."""
    there = np.flatnonzero(np.isfinite(series).any(axis=0))
    return int(there[-1]) + 1 if there.size else 1


def _one(series: Array, points: int) -> Array:
    length = series.shape[1]
    at = np.linspace(0, length - 1, points)
    values = np.array([np.interp(at, np.arange(length), row) for row in series])
    return np.concatenate([values, _changes(series)], axis=1).ravel()


def _changes(series: Array) -> Array:
    """The logarithm of the mean change in each part of a series: (channels, PARTS)."""
    steps = np.abs(np.diff(series, axis=1, prepend=series[:, :1]))
    edges = np.linspace(0, series.shape[1], PARTS + 1).astype(int)
    parts = [
        steps[:, begin : max(end, begin + 1)].mean(axis=1)
        for begin, end in pairwise(edges)
        if begin < series.shape[1]
    ]
    parts += [parts[-1]] * (PARTS - len(parts))
    smallest = np.finfo(np.float64).tiny
    return np.log(np.maximum(np.array(parts).T, smallest))

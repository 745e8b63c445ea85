"""The cosine between two arrays."""

import math

import numpy as np

from lava_sfdfa.types import Array


def cosine(a: Array, b: Array) -> float:
    """Cosine of two arrays of one shape; 0 where one of them is zero.

    The sums are exact, so that it is the same on every machine.
    """
    x, y = (array.astype(np.float64).ravel() for array in (a, b))
    size = math.fsum(x * x) * math.fsum(y * y)
    return math.fsum(x * y) / math.sqrt(size) if size > 0 else 0.0

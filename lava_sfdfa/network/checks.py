"""Arrays and integers of a layer: of the right type, shape and range."""

from typing import Any

import numpy as np

from lava_sfdfa.chip import widths
from lava_sfdfa.errors import InputError


def check_array(
    name: str, array: Any, dtype: type, shape: tuple[int | None, ...]
) -> None:
    """Errors: InputError for what is no array of this type and shape; None in a shape
    is any number."""
    found = getattr(array, "shape", ())
    if (
        not isinstance(array, np.ndarray)
        or array.dtype != dtype
        or len(found) != len(shape)
        or any(n not in (None, k) for n, k in zip(shape, found, strict=True))
    ):
        sizes = ", ".join("any" if n is None else str(n) for n in shape)
        kind = getattr(array, "dtype", type(array).__name__)
        raise InputError(
            f"{name} must be {np.dtype(dtype)} of the shape ({sizes}), not {kind} of "
            f"{found}"
        )


def in_range(name: str, values: Any, field: widths.Field) -> None:
    """Errors: InputError for an integer that the chip cannot hold."""
    values = np.asarray(values)
    if values.dtype.kind not in "iu":
        raise InputError(f"{name} must be an integer, not {values.dtype}")
    if values.size and not field.holds(values):
        raise InputError(
            f"{name} has {values.min()} to {values.max()}; the chip holds "
            f"{field.minimum} to {field.maximum} ({field.source}); "
            "change thresholds, time constants, weight_limit or hidden_range"
        )

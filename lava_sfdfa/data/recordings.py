"""One recording of events, checked: its times become microseconds from 0, in order."""

import math
from typing import Any

import numpy as np

from lava_sfdfa.data.events import index_type
from lava_sfdfa.errors import InputError
from lava_sfdfa.types import Array

LATEST_US = 2**31 - 1  # times are held in 32 bits
MOST_INPUTS = 2**31 - 1


def recording(
    times: Any, inputs: Any, n_inputs: int, unit_us: float, where: str
) -> tuple[Array, Array]:
    """Times in microseconds, int32 (n,), and the input of each, uint16 or int32 (n,).

    times: (n,) numbers in units of `unit_us` microseconds, in any order; inputs: (n,)
    whole numbers below n_inputs. where: the sample, for messages. Errors: InputError.
    """
    found = numbers(times, f"{where}, times")
    if (bad := ~((found >= 0) & (found <= LATEST_US / unit_us))).any():
        time_s = float(found[bad][0]) * unit_us / 1e6
        raise InputError(
            f"{where} has a spike at {time_s:g} s; times must be 0 to "
            f"{LATEST_US / 1e6:.0f} s since the recording began"
        )
    index = whole_numbers(inputs, n_inputs, "input", where)
    if len(found) != len(index):
        raise InputError(
            f"{where} has {len(found)} times and {len(index)} inputs; each spike "
            "needs one of both"
        )
    time_us = np.minimum(np.rint(found * unit_us), LATEST_US)
    order = np.argsort(time_us, kind="stable")
    kind = index_type(n_inputs)
    return time_us[order].astype(np.int32), index[order].astype(kind)


def whole_numbers(values: Any, n: int, what: str, where: str) -> Array:
    """Whole numbers from 0 to n - 1: int64 (k,). Errors: InputError."""
    found = numbers(values, f"{where}, {what}s")
    with np.errstate(invalid="ignore"):  # NaN is none
        is_whole = found == np.rint(found)
    if (bad := ~((found >= 0) & (found < n) & is_whole)).any():
        raise InputError(
            f"{where} has the {what} {found[bad][0]:g}; it must be a whole number from "
            f"0 to {n - 1}"
        )
    return found.astype(np.int64)


def numbers(values: Any, where: str) -> Array:
    """A list of numbers: float64 (n,). Errors: InputError for anything else."""
    try:
        array = np.asarray(values)
    except ValueError:  # lists of several lengths
        raise InputError(
            f"{where} is a nested list; it must be a list of numbers"
        ) from None
    if array.ndim != 1 or (array.dtype.kind not in "iufb" and array.size):
        raise InputError(
            f"{where} has the shape {array.shape} and holds {array.dtype}; it must be "
            "a list of numbers"
        )
    with np.errstate(over="ignore"):  # of more than 64 bits
        return array.astype(np.float64) if array.size else np.zeros(0)


def inputs_of(shape: Any, where: str) -> tuple[int, ...]:
    """The shape of inputs, such as (2, 34, 34). Errors: InputError."""
    sizes = whole_numbers(np.ravel(shape), MOST_INPUTS + 1, "size", where).tolist()
    if not 0 < math.prod(sizes) <= MOST_INPUTS or not sizes:
        raise InputError(
            f"{where} is {tuple(sizes)}; it must say how many inputs there are, 1 to "
            f"{MOST_INPUTS}"
        )
    return tuple(sizes)

"""What all formats have in common: numbers of files in the chip's integers.

A learning network is more than this; `LOST` names what is left behind where a format
has no place for it.
"""

import numpy as np

from lava_sfdfa.chip import widths
from lava_sfdfa.errors import InputError
from lava_sfdfa.types import Array

LARGEST = 1e100  # of numbers in files, so that products of three are numbers too

LOST = (  # what an inference format has no place for
    "the learning rule and its constants",
    "feedback weights",
    "running means of the firing rates",
    "targets, learning rate and the other settings of the training",
    "the input encoding (latency code, window)",
    "the record of the training",
    "widths of traces and tags",
    "which layers are frozen",
)


def whole_weights(where: str, weights: Array, vth: int) -> tuple[Array, int, str]:
    """Integer weights of another tool in our 8 bits: weights, vth, a note or ''.

    A mixed-sign synapse of the chip has 9 bits without the lowest, -256 to 254
    (lava-nc: utils/weightutils.py). Such weights are halved, as is the threshold.
    Errors: InputError for weights that need all of 9 bits.
    """
    whole = np.rint(finite(where, "weight", weights))
    if not np.array_equal(whole, weights):
        raise InputError(f"{where}: weights have to be integers of the chip")
    if widths.WEIGHT.holds(whole):
        return whole.astype(np.int8), vth, ""
    if (whole % 2).any() or not widths.WEIGHT.holds(whole // 2):
        raise InputError(
            f"{where}: weights must be between {widths.WEIGHT.minimum} and "
            f"{widths.WEIGHT.maximum}, or even ones of twice that range, not from "
            f"{whole.min():g} to {whole.max():g}; scale weights and threshold down"
        )
    note = (
        f"{where}: even 9-bit weights were halved to 8 bits, and vth {vth} to "
        f"{round(vth / 2)}; decays round on half the scale, so single spikes may move"
    )
    return (whole // 2).astype(np.int8), round(vth / 2), note


def check_field(where: str, name: str, value: int, field: widths.Field) -> int:
    """`value` where the chip holds it. Errors: InputError, naming the field."""
    if not field.minimum <= value <= field.maximum:
        raise InputError(
            f"{where}: {name} is {value}; the chip holds {field.minimum} to "
            f"{field.maximum} ({field.source})"
        )
    return int(value)


def held_membrane_decay(where: str, dv: int) -> tuple[int, list[str]]:
    """`dv` where the chip holds it, and notes: 4096, a membrane that forgets all,
    becomes 4095, which keeps 1/4096. Errors: InputError."""
    if dv != widths.DECAY.maximum + 1:
        return check_field(where, "dv", dv, widths.DECAY), []
    return dv - 1, [f"{where}: dv {dv} became {dv - 1}, the most that the chip holds"]


def finite(where: str, name: str, values: object) -> Array:
    """Numbers of a file as float64, at least one. Errors: InputError, naming them."""
    array = np.asarray(values)
    if array.dtype.kind not in "iufb":
        held = "text" if array.dtype.kind in "SUO" else array.dtype
        raise InputError(f"{where}: {name} holds {held}; allowed are numbers")
    if array.size == 0:
        raise InputError(f"{where}: {name} has the shape {array.shape}; it is empty")
    array = array.astype(np.float64)
    bad = array[~(np.abs(array) <= LARGEST)]
    if bad.size:
        raise InputError(
            f"{where}: {name} holds {bad[0]}, in {bad.size} of {array.size} places; "
            f"allowed are finite numbers up to {LARGEST:g}"
        )
    return array

"""What a plastic connection computes in a step, for any rule: integers, dense.

The arithmetic of Loihi's learning engine as lava-nc 0.10.0 has it
(magma/core/learning, model/py/connection.py), written anew: traces decay and take
spikes; every product of a rule is shifted right to 15 bits and left by its exponent
and added to an accumulator with 7 fraction bits, which is rounded stochastically.
Rows are the neurons of the connection, columns its inputs.
"""

from dataclasses import dataclass

import numpy as np
from numba import njit

from lava_sfdfa.chip import arithmetic, random, widths
from lava_sfdfa.chip.rule_text import WIDTHS, Factor, Product

Values = dict[str, np.ndarray]  # a factor's name to its values, to be broadcast


@dataclass(frozen=True)
class Limits:
    """How far the variables of a synapse reach, and whether y keeps its sign."""

    weights: widths.Field
    tag_1: widths.Field
    tag_2: widths.Field
    signed_spikes: bool  # else a negative y of a spiking neuron becomes 0


CHIP = Limits(widths.WEIGHT, widths.TAG, widths.TAG_2, True)
LAVA = Limits(widths.LAVA_WEIGHT, widths.LAVA_TAG, widths.TAG_2, False)


# --- traces -----------------------------------------------------------------------


def decay(trace: np.ndarray, alpha: float, uniform: float) -> np.ndarray:
    """One step of decay, rounded stochastically: see `arithmetic.decay_trace`."""
    exact = trace * alpha
    whole = np.floor(exact)
    return (whole + (uniform < exact - whole)).astype(np.int32)


def received(
    y: np.ndarray, spiked: np.ndarray, alpha: float, uniform: float, limits: Limits
) -> np.ndarray:
    """A post-synaptic factor as the products see it; y, spiked: (n_post,)."""
    value = decay(y, alpha, uniform)
    if limits.signed_spikes:
        return value
    return np.where(spiked, np.clip(value, 0, widths.TRACE.maximum), value)


# --- rules ------------------------------------------------------------------------


def touched_rows(products: tuple[Product, ...], values: Values) -> np.ndarray:
    """Rows in which a product can differ from zero: bool (n_post,).

    The others keep their variable as it is, whatever the random numbers.
    """
    touched = np.zeros(values["y0"].shape[0], bool)
    for product in products:
        rows = np.full(touched.shape, bool(_dependency(product, values).any()))
        if product.dependency == "y0":
            rows = values["y0"][:, 0] != 0
        for factor in product.factors:
            if rows.any():
                rows = rows & (_shifted(factor, values) != 0).any(axis=1)
        touched |= rows
    return touched


def take_rows(values: Values, rows: np.ndarray) -> Values:
    """The values of some neurons and of their synapses; rows: int64, which."""
    by_row = ("y0", "y1", "y2", "y3", "w", "t", "d")
    return {name: v[rows] if name in by_row else v for name, v in values.items()}


def accumulate(
    products: tuple[Product, ...], variable: np.ndarray, values: Values
) -> np.ndarray:
    """The accumulator after all products: variable * 2**7 + sum, saturated, int32."""
    low, high = widths.ACCUMULATOR.minimum, widths.ACCUMULATOR.maximum
    total = variable.astype(np.int32) << widths.FRACTION_BITS
    for product in products:
        value = product.mantissa * _dependency(product, values)
        for factor in product.factors:
            value = value * _shifted(factor, values)
        value = (value >> product.shift) << (product.exponent + widths.FRACTION_BITS)
        total = np.clip(total + np.clip(value, low, high), low, high)
    return total


def round_off(total: np.ndarray, bits, field: widths.Field) -> np.ndarray:
    """Accumulator to integer: one more where bits (0..127) < the fraction."""
    rounded = (total + (arithmetic.FRACTION_MASK - bits)) >> widths.FRACTION_BITS
    return np.clip(rounded, field.minimum, field.maximum)


def _dependency(product: Product, values: Values) -> np.ndarray:
    if product.dependency == "u":
        on = int(values["time_step"]) % 2**product.decimation == 0
        return np.array([[on]], np.int32)
    return values[product.dependency].astype(np.int32)


def _shifted(factor: Factor, values: Values) -> np.ndarray:
    """A factor with its constant, saturated to its width; or its sign."""
    value = values[factor.name].astype(np.int32) + np.int32(factor.constant)
    if factor.is_sign:
        return np.sign(value)
    limit = 2 ** WIDTHS[factor.name]
    return np.clip(value, -limit, limit - 1)


# --- random numbers of synapses -----------------------------------------------------


@njit
def own_bits(key, rows, n_pre):
    """Seven random bits for each synapse of some rows: int32 (rows.size, n_pre).

    key: 64 bits of `random.stream_key`; rows: int64, the neurons' numbers.
    """
    bits = np.empty((rows.size, n_pre), np.int32)
    for position in range(rows.size):
        row_key = random.draw(key, rows[position])
        for pre in range(n_pre):
            bits[position, pre] = random.synapse_bits(row_key, pre)
    return bits

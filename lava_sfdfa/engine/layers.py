"""The layers of a network for compiled code: a table of where their arrays are.

Code that takes a tuple of layers is compiled anew for every number of them. Here it
takes a table of addresses, so that adding a layer compiles nothing; and since nobody
owns an array that is made from an address, none is counted in the sample loop.
"""

from typing import Any, NamedTuple

import numpy as np
from numba import carray, njit

from lava_sfdfa.engine.machine import pointer
from lava_sfdfa.engine.state import Noise, Parameters, Scratch, State, whole
from lava_sfdfa.types import Array

STATE, SCRATCH = 0, len(State._fields)  # where the fields of each begin in the table
NOISE = SCRATCH + len(Scratch._fields)
# Of each field in this order; the functions at the end read them so.
DTYPES = (
    *("int8", "int8", "int32", "int64", "int32"),
    *("int32", "int16", "int32", "int32", "uint32", "int32", "int32", "int32"),
    *("int32", "int32", "int32", "int32", "int32", "int32", "int32", "int32"),
    *("uint32", "uint32", "uint32", "uint8", "uint8", "int32", "uint64", "uint8"),
    *("int16", "int16", "int16", "int32", "int32", "int32", "int32", "int64"),
    *("float64", "float64", "float64", "int32"),
)
ADDRESS, LENGTH, WIDTH = range(3)  # of an array in the table


class Layers(NamedTuple):
    """All layers, as numbers. The arrays live as long as who made the table."""

    integers: Array  # (n_layers, n) int64, the parameters that are no reals, in order
    reals: Array  # (n_layers, n) float64
    places: Array  # (n_layers, fields, 3) int64: address, length, width or 0


def make_layers(
    parameters: tuple[Parameters, ...],
    states: tuple[State, ...],
    scratches: tuple[Scratch, ...],
    noises: tuple[Noise, ...],
) -> Layers:
    """The table of arrays that have to outlive it, contiguous all of them."""
    layers = zip(states, scratches, noises, strict=True)
    arrays = [[array for part in parts for array in part] for parts in layers]
    return Layers(
        np.array([_integers(p) for p in parameters], np.int64),
        np.array([_reals(p) for p in parameters], np.float64),
        np.array([[_place(*x) for x in zip(r, DTYPES, strict=True)] for r in arrays]),
    )


def _flat(p: Parameters) -> list[Any]:
    values: list[Any] = []
    for value in p:
        values += value if isinstance(value, tuple) else [value]
    return values


def _integers(p: Parameters) -> list[int]:
    return [int(value) for value in _flat(p) if not isinstance(value, float)]


def _reals(p: Parameters) -> list[float]:
    return [value for value in _flat(p) if isinstance(value, float)]


def _place(array: Array, dtype: str) -> tuple[int, int, int]:
    """Errors: TypeError for an array that compiled code would read as another."""
    if array.dtype != dtype or not array.flags.c_contiguous:
        raise TypeError(f"an array holds {array.dtype}, not {dtype}, or has gaps")
    return (array.ctypes.data, *(*array.shape, 0)[:2])  # type: ignore[return-value]


# --- compiled ---------------------------------------------------------------------

padded = njit(whole)


def _views(dtype):
    """Functions that make a vector, and a matrix, of an entry of the table."""

    @njit(forceinline=True)
    def vector(places, layer, field):
        where, n = places[layer, field, ADDRESS], places[layer, field, LENGTH]
        return carray(pointer(where), (n,), dtype)

    @njit(forceinline=True)
    def matrix(places, layer, field):
        n, m = places[layer, field, LENGTH], places[layer, field, WIDTH]
        return carray(pointer(places[layer, field, ADDRESS]), (n, m), dtype)

    return vector, matrix


_, int8s = _views(np.int8)
uint8, uint8s = _views(np.uint8)
int16, int16s = _views(np.int16)
int32, _ = _views(np.int32)
uint32, _ = _views(np.uint32)
int64, _ = _views(np.int64)
uint64, _ = _views(np.uint64)
float64, _ = _views(np.float64)


@njit(forceinline=True)
def parameters_of(layers, k):
    """The `Parameters` of layer `k`."""
    i, x = layers.integers[k], layers.reals[k]
    return Parameters(
        layer=i[0],
        steps=i[1],
        decay_u=i[2],
        decay_v=i[3],
        threshold=i[4],
        impulse=i[5],
        reciprocal_exponent=i[6],
        tag=(i[7], i[8]),
        weight=(i[9], i[10]),
        recursive=i[11] != 0,
        jump=(i[12], i[13]),
        jump_decay=(i[14], i[15]),
        error_gain=i[16],
        homeostasis_gain=i[17],
        target_rate=i[18],
        payload_shift=i[19],
        path_shift=i[20],
        factor_bits=i[21],
        wake_step=i[22],
        has_bias=i[23] != 0,
        on_grid=i[24] != 0,
        alpha1=x[0],
        alpha2=x[1],
        alpha_y=x[2],
        last_rise=x[3],
    )


@njit(forceinline=True)
def state_of(layers, k):
    """The `State` of layer `k`."""
    t = layers.places
    return State(
        weights=int8s(t, k, STATE),
        feedback=int8s(t, k, STATE + 1),
        rate=int32(t, k, STATE + 2),
        counts=int64(t, k, STATE + 3),
        bias=int32(t, k, STATE + 4),
    )


@njit(forceinline=True)
def scratch_of(layers, k):
    """The `Scratch` of layer `k`."""
    t = layers.places
    return Scratch(
        input=int32(t, k, SCRATCH),
        sums=int16(t, k, SCRATCH + 1),
        u=int32(t, k, SCRATCH + 2),
        v=int32(t, k, SCRATCH + 3),
        above=uint32(t, k, SCRATCH + 4),
        n_spikes=int32(t, k, SCRATCH + 5),
        spikes=int32(t, k, SCRATCH + 6),
        spike_u=int32(t, k, SCRATCH + 7),
        start=int32(t, k, SCRATCH + 8),
        row=int32(t, k, SCRATCH + 9),
        tagged=int32(t, k, SCRATCH + 10),
        first=int32(t, k, SCRATCH + 11),
        growth_step=int32(t, k, SCRATCH + 12),
        growth_y1=int32(t, k, SCRATCH + 13),
        column=int32(t, k, SCRATCH + 14),
        active=int32(t, k, SCRATCH + 15),
        key=uint32(t, k, SCRATCH + 16),
        x1=uint32(t, k, SCRATCH + 17),
        x2=uint32(t, k, SCRATCH + 18),
        kept_x1=uint8s(t, k, SCRATCH + 19),
        kept_x2=uint8s(t, k, SCRATCH + 20),
        n_kept=int32(t, k, SCRATCH + 21),
        step_key=uint64(t, k, SCRATCH + 22),
        noise=uint8(t, k, SCRATCH + 23),
        tags=int16s(t, k, SCRATCH + 24),
        jumps=int16s(t, k, SCRATCH + 25),
        changes=int16s(t, k, SCRATCH + 26),
        moved=int32(t, k, SCRATCH + 27),
        own=int32(t, k, SCRATCH + 28),
        payload=int32(t, k, SCRATCH + 29),
        factor=int32(t, k, SCRATCH + 30),
        size=int64(t, k, SCRATCH + 31),
    )


@njit(forceinline=True)
def noise_of(layers, k):
    """The `Noise` of layer `k`."""
    t = layers.places
    return Noise(
        x1=float64(t, k, NOISE),
        x2=float64(t, k, NOISE + 1),
        y=float64(t, k, NOISE + 2),
        bits=int32(t, k, NOISE + 3),
    )

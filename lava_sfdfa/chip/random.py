"""Counter-based random numbers: a hash of seed, purpose, place and step."""

import numpy as np
from numba import njit

from lava_sfdfa.cache import disk_cached


@njit(inline="always")
def mix64(value):
    """A bijective hash of 64 bits (the finaliser of SplitMix64, Steele 2014)."""
    value = np.uint64(value)
    value ^= value >> np.uint64(30)
    value *= np.uint64(0xBF58476D1CE4E5B9)
    value ^= value >> np.uint64(27)
    value *= np.uint64(0x94D049BB133111EB)
    return value ^ (value >> np.uint64(31))


@njit(inline="always")
def mix32(value):
    """A bijective hash of 32 bits (constants of lowbias32, Wellons 2018)."""
    value = np.uint32(value)
    value = np.uint32(value ^ np.uint32(value >> np.uint32(16)))
    value = np.uint32(value * np.uint32(0x7FEB352D))
    value = np.uint32(value ^ np.uint32(value >> np.uint32(15)))
    value = np.uint32(value * np.uint32(0x846CA68B))
    return np.uint32(value ^ np.uint32(value >> np.uint32(16)))


@njit
def stream_key(seed, purpose, layer, counter):
    """Start of a stream of random numbers: a 64-bit hash of the four integers.

    purpose: what the numbers are for (the constants below); layer: index of the
    projection; counter: step or sample, from 0.
    """
    golden = np.uint64(0x9E3779B97F4A7C15)
    key = mix64(np.uint64(seed) + golden)
    key = mix64(key ^ (np.uint64(purpose) << np.uint64(32)) ^ np.uint64(layer))
    return mix64(key + golden * np.uint64(counter))


@njit(inline="always")
def draw(key, index):
    """Number `index` of a stream: 32 random bits. key: 64 bits of `stream_key`."""
    low = np.uint32(key & np.uint64(0xFFFFFFFF))
    high = np.uint32(key >> np.uint64(32))
    return np.uint32(mix32(np.uint32(low + np.uint32(index))) ^ high)


@disk_cached
def draw_many(seed, purpose, layer, first, count):
    """Numbers `first` to `first + count - 1` of a stream: uint32, shape (count,)."""
    key = stream_key(seed, purpose, layer, 0)
    numbers = np.empty(count, np.uint32)
    for position in range(count):
        numbers[position] = draw(key, first + position)
    return numbers


@njit(inline="always")
def synapse_step(pre):
    """Where the random numbers of an input stand in those of a row."""
    return np.uint32(np.uint32(pre) * np.uint32(0x9E3779B9))


@njit(inline="always")
def synapse_bits(row_key, pre):
    """Seven random bits for one synapse of a row; `row_key = draw(key, post)`."""
    return np.int32(mix32(np.uint32(row_key + synapse_step(pre))) >> np.uint32(25))


# Purposes of the streams. A number stands for its purpose for ever: artifacts
# that were written with it must train on in the same way.
WEIGHT_INIT = 1

FEEDBACK_INIT = 2

ORDER = 3

X1 = 4

X2 = 5

TAG = 6

WEIGHT = 7

PAYLOAD = 8

FEEDBACK = 9

SPLIT = 10

JUMP = 11

FACTOR = 12

"""Swap cores while that saves hops, compiled."""

from typing import NamedTuple

import numpy as np

from lava_sfdfa.cache import disk_cached
from lava_sfdfa.types import Array

RADIUS = 3  # tiles around the middle that are tried
SWEEPS = 30  # at most


class Links(NamedTuple):
    """`adjacency`: the cores that each core talks to, and how much."""

    first: Array
    neighbour: Array
    messages: Array


class Tiles(NamedTuple):
    """Where places are, and which places a tile has."""

    x: Array  # of each place
    y: Array
    table: Array  # `tile_table`


@disk_cached
def swap_cores(place, tiles, links):
    """Swap and move cores while that saves hops; `place` (n,) int32 is changed."""
    core_at = np.full(tiles.x.size, -1, np.int32)
    shared = np.zeros(place.size, np.int64)  # messages between `core` and another
    for core in range(place.size):
        core_at[place[core]] = core
    for _ in range(SWEEPS):
        n_moves = 0
        for core in range(place.size):
            for link in range(links.first[core], links.first[core + 1]):
                shared[links.neighbour[link]] += links.messages[link]
            n_moves += swap_core(core, place, core_at, shared, tiles, links)
            for link in range(links.first[core], links.first[core + 1]):
                shared[links.neighbour[link]] = 0
        if n_moves == 0:
            break


@disk_cached
def hops_along(core, positions, axis, place, links):
    """Hops of a core's messages in one direction, were it at each of `positions`,
    with all others where they are: int64, shape as positions."""
    total = np.zeros(positions.size, np.int64)
    for link in range(links.first[core], links.first[core + 1]):
        end = axis[place[links.neighbour[link]]]
        for k in range(positions.size):
            total[k] += links.messages[link] * abs(positions[k] - end)
    return total


@disk_cached
def hops_of_core(core, there, place, tiles, links):
    """Hops of a core's messages, were it at `there`, with all others where they are."""
    total = 0
    for link in range(links.first[core], links.first[core + 1]):
        end = place[links.neighbour[link]]
        total += links.messages[link] * distance(there, end, tiles)
    return total


@disk_cached
def distance(here, there, tiles):
    """Hops between two places."""
    return abs(tiles.x[here] - tiles.x[there]) + abs(tiles.y[here] - tiles.y[there])


@disk_cached
def swap_core(core, place, core_at, shared, tiles, links):
    """Do the best swap of a core with a place near the mean position of its neighbours,
    of those where the core itself gains. Returns whether there was one."""
    if links.first[core] == links.first[core + 1]:
        return False
    here, best, best_there = place[core], 0, -1
    table = tiles.table
    columns = window(mean_position(core, place, tiles.x, links), table.shape[1])
    rows = window(mean_position(core, place, tiles.y, links), table.shape[0])
    in_x = hops_along(core, columns, tiles.x, place, links)
    in_y = hops_along(core, rows, tiles.y, place, links)
    now = hops_of_core(core, here, place, tiles, links)
    for row in range(rows.size):
        for column in range(columns.size):
            own = in_x[column] + in_y[row] - now
            if own >= 0:
                continue
            entry = table[rows[row], columns[column]]
            for there in range(entry[0], entry[0] + entry[1]):
                other, gain = core_at[there], own
                if other >= 0:
                    gain += hops_of_core(other, here, place, tiles, links)
                    gain -= hops_of_core(other, there, place, tiles, links)
                    # The way between the two stays; both sums took it for gone.
                    gain += 2 * shared[other] * distance(here, there, tiles)
                if gain < best:
                    best, best_there = gain, there
    if best_there < 0:
        return False
    other = core_at[best_there]
    place[core], core_at[best_there], core_at[here] = best_there, core, other
    if other >= 0:
        place[other] = here
    return True


@disk_cached
def mean_position(core, place, axis, links):
    """Mean position of a core's neighbours, weighted by messages, rounded down."""
    total, messages = 0, 0
    for link in range(links.first[core], links.first[core + 1]):
        total += links.messages[link] * axis[place[links.neighbour[link]]]
        messages += links.messages[link]
    return total // messages


@disk_cached
def window(position, size):
    """Positions around one, inside 0..size - 1: int64."""
    return np.arange(max(0, position - RADIUS), min(size, position + RADIUS + 1))

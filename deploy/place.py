"""Give every core a place on the chips, so that messages take few hops.

Start: the cores in the order of the data along a space-filling curve (as Jin et al.,
ASPLOS 2023, doi 10.1145/3582016.3582038), and in plain sequence. From each start cores
are swapped with others, or moved to free places, near the middle of those they talk
to, while that saves hops; the better end is taken. All in integers, nothing random.

A hop is a step between tiles, in x or y; the chips of a board are taken to form one
mesh (Davies 2018, p.86, for Loihi 1), near to a square. How the tiles of a chip are
arranged is not published, see `CoreModel.mesh_source`.
"""

import math
from dataclasses import dataclass

import numpy as np
from lava_sfdfa.deploy.traffic import Traffic, adjacency

from lava_sfdfa.compiled import disk_cached
from lava_sfdfa.resources import Board

RADIUS = 3  # tiles around the middle that are tried
SWEEPS = 30  # at most


@dataclass(frozen=True)
class Geometry:
    """Places for cores on a number of chips, numbered chip by chip, tile by tile."""

    x: np.ndarray  # (n_places,) int32, tile
    y: np.ndarray  # (n_places,) int32
    cores_per_chip: int
    width: int  # chips in a row
    height: int

    def chip(self, place: np.ndarray) -> np.ndarray:
        """The chip of a place."""
        return place // self.cores_per_chip


def make_geometry(board: Board, n_chips: int) -> Geometry:
    """Places of `n_chips` chips, which stand as near to a square as they can."""
    tiles_x, tiles_y, per_tile = board.model.mesh
    n = board.model.cores_per_chip.value
    # Tiles are twice as wide as high, so chips stand two high for each one across.
    width = max(1, math.ceil(math.sqrt(n_chips * tiles_y / tiles_x)))
    place = np.arange(n_chips * n)
    chip, tile = place // n, place % n // per_tile
    x = chip % width * tiles_x + tile % tiles_x
    y = chip // width * tiles_y + tile // tiles_x
    height = -(-n_chips // width)
    return Geometry(x.astype(np.int32), y.astype(np.int32), n, width, height)


def curve_order(geometry: Geometry) -> np.ndarray:
    """Places along Hilbert's curve, chip by chip along a curve of chips."""
    chip = geometry.chip(np.arange(len(geometry.x)))
    of_chip = hilbert(chip % geometry.width, chip // geometry.width)
    of_tile = hilbert(geometry.x, geometry.y)
    return np.lexsort((of_tile, of_chip))


def hilbert(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Position along Hilbert's curve of a square that holds all points: int64."""
    x, y = x.astype(np.int64), y.astype(np.int64)
    position = np.zeros(len(x), np.int64)
    side = 1 << int(max(x.max(), y.max(), 1)).bit_length()
    while side > 1:
        side //= 2
        right, top = (x & side) > 0, (y & side) > 0
        position = 4 * position + (3 * right ^ top)
        x, y = x & (side - 1), y & (side - 1)
        mirror = right & ~top
        x, y = np.where(mirror, side - 1 - x, x), np.where(mirror, side - 1 - y, y)
        x, y = np.where(top, x, y), np.where(top, y, x)
    return position


def hops(traffic: Traffic, geometry: Geometry, place: np.ndarray) -> tuple[int, int]:
    """Message hops in x and in y, over all samples, with the cores at `place`."""
    found = []
    for axis in (geometry.x, geometry.y):
        way = np.abs(axis[place[traffic.source]] - axis[place[traffic.target]])
        found.append(int((way * traffic.messages).sum()))
    return found[0], found[1]


def between_chips(traffic: Traffic, geometry: Geometry, place: np.ndarray) -> int:
    """Messages that leave their chip, over all samples."""
    source, target = (
        geometry.chip(place[core]) for core in (traffic.source, traffic.target)
    )
    return int(traffic.messages[source != target].sum())


def place_cores(traffic: Traffic, geometry: Geometry, n_cores: int) -> np.ndarray:
    """A place for every core: int32 (n_cores,)."""
    links = adjacency(traffic, n_cores)
    at = tile_table(geometry)
    best, fewest = np.zeros(0, np.int32), -1
    for order in (curve_order(geometry), np.arange(len(geometry.x))):
        place = order[:n_cores].astype(np.int32)
        improve(place, geometry.x, geometry.y, at, *links)
        found = sum(hops(traffic, geometry, place))
        if fewest < 0 or found < fewest:
            best, fewest = place, found
    return best


def tile_table(geometry: Geometry) -> np.ndarray:
    """First place of the tile at (y, x), and how many it has: int32 (.., 2)."""
    table = np.zeros((geometry.y.max() + 1, geometry.x.max() + 1, 2), np.int32)
    for place in range(len(geometry.x) - 1, -1, -1):
        entry = table[geometry.y[place], geometry.x[place]]
        entry[0] = place
        entry[1] += 1
    return table


@disk_cached
def improve(place, x, y, at, first, neighbour, weight):
    """Swap and move cores while that saves hops; `place` (n,) int32 is changed.

    x, y: of the places; at: `tile_table`; first, neighbour, weight: `adjacency`.
    """
    core_at = np.full(x.size, -1, np.int32)
    for core in range(place.size):
        core_at[place[core]] = core
    for _ in range(SWEEPS):
        n_moves = 0
        for core in range(place.size):
            n_moves += move(core, place, core_at, x, y, at, first, neighbour, weight)
        if n_moves == 0:
            break


@disk_cached
def cost(core, there, other, place, x, y, first, neighbour, weight):
    """Hops of a core's messages if it were at `there`; `other`, which would change
    places with it, is left out, since the way to it would stay the same."""
    total = 0
    for link in range(first[core], first[core + 1]):
        end = neighbour[link]
        if end != other:
            way = abs(x[there] - x[place[end]]) + abs(y[there] - y[place[end]])
            total += weight[link] * way
    return total


@disk_cached
def move(core, place, core_at, x, y, at, first, neighbour, weight):
    """Do the best swap of a core with a place near the middle of its neighbours.
    Returns whether there was one."""
    sum_x, sum_y, sum_w = 0, 0, 0
    for link in range(first[core], first[core + 1]):
        end = place[neighbour[link]]
        sum_x += weight[link] * x[end]
        sum_y += weight[link] * y[end]
        sum_w += weight[link]
    if sum_w == 0:
        return False
    middle_x, middle_y = sum_x // sum_w, sum_y // sum_w
    here, best, best_there = place[core], 0, -1
    for tile_y in range(
        max(0, middle_y - RADIUS), min(at.shape[0], middle_y + RADIUS + 1)
    ):
        for tile_x in range(
            max(0, middle_x - RADIUS), min(at.shape[1], middle_x + RADIUS + 1)
        ):
            if tile_x == x[here] and tile_y == y[here]:
                continue
            entry = at[tile_y, tile_x]
            for there in range(entry[0], entry[0] + entry[1]):
                other = core_at[there]
                links = (place, x, y, first, neighbour, weight)
                gain = cost(core, there, other, *links) - cost(
                    core, here, other, *links
                )
                if other >= 0:
                    gain += cost(other, here, core, *links)
                    gain -= cost(other, there, core, *links)
                if gain < best:
                    best, best_there = gain, there
    if best_there < 0:
        return False
    other = core_at[best_there]
    place[core], core_at[best_there], core_at[here] = best_there, core, other
    if other >= 0:
        place[other] = here
    return True

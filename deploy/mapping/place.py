"""Give every core a place on the chips, so that messages take few hops.

Start: the cores in the order of the data along a space-filling curve (as Jin et al.,
ASPLOS 2023, doi 10.1145/3582016.3582038), and in plain sequence. From each start cores
are swapped with others, or moved to free places, near the middle of those they talk
to, while that saves hops; the better end is taken. All in integers, nothing random.

A hop is a step between tiles, in x or y; the chips of a board are taken to form one
mesh (Davies 2018, p.86, for Loihi 1), near to a square. How the tiles of a chip are
arranged is not published, see `CoreModel.mesh_source`.
"""

import dataclasses
import math
from dataclasses import dataclass

import numpy as np

from lava_sfdfa.deploy.boards import Board
from lava_sfdfa.deploy.mapping.traffic import Traffic, adjacency
from lava_sfdfa.engine.cache import disk_cached

RADIUS = 3  # tiles around the middle that are tried
SWEEPS = 30  # at most
BORDER = 2  # hops that a border between chips counts as, more, while cores are placed


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
    apart = with_borders(geometry)
    at = tile_table(apart)
    best, fewest = np.zeros(0, np.int32), -1
    for order in (curve_order(geometry), np.arange(len(geometry.x))):
        place = order[:n_cores].astype(np.int32)
        improve(place, apart.x, apart.y, at, *links)
        found = sum(hops(traffic, apart, place))
        if fewest < 0 or found < fewest:
            best, fewest = place, found
    return best


def with_borders(geometry: Geometry) -> Geometry:
    """The same places with chips further apart: messages between chips are slower,
    by how much is not published."""
    chip = geometry.chip(np.arange(len(geometry.x)))
    x = geometry.x + BORDER * (chip % geometry.width)
    y = geometry.y + BORDER * (chip // geometry.width)
    return dataclasses.replace(geometry, x=x.astype(np.int32), y=y.astype(np.int32))


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
    shared = np.zeros(place.size, np.int64)  # messages between `core` and another
    for core in range(place.size):
        core_at[place[core]] = core
    for _ in range(SWEEPS):
        n_moves = 0
        for core in range(place.size):
            for link in range(first[core], first[core + 1]):
                shared[neighbour[link]] += weight[link]
            n_moves += move(
                core, place, core_at, shared, x, y, at, first, neighbour, weight
            )
            for link in range(first[core], first[core + 1]):
                shared[neighbour[link]] = 0
        if n_moves == 0:
            break


@disk_cached
def along(core, positions, axis, place, first, neighbour, weight):
    """Hops of a core's messages in one direction, were it at each of `positions`,
    with all others where they are: int64, shape as positions."""
    total = np.zeros(positions.size, np.int64)
    for link in range(first[core], first[core + 1]):
        end = axis[place[neighbour[link]]]
        for k in range(positions.size):
            total[k] += weight[link] * abs(positions[k] - end)
    return total


@disk_cached
def cost(core, there, place, x, y, first, neighbour, weight):
    """Hops of a core's messages, were it at `there`, with all others where they are."""
    total = 0
    for link in range(first[core], first[core + 1]):
        end = place[neighbour[link]]
        total += weight[link] * (abs(x[there] - x[end]) + abs(y[there] - y[end]))
    return total


@disk_cached
def move(core, place, core_at, shared, x, y, at, first, neighbour, weight):
    """Do the best swap of a core with a place near the middle of its neighbours, of
    those where the core itself gains. Returns whether there was one."""
    if first[core] == first[core + 1]:
        return False
    links = (first, neighbour, weight)
    here, best, best_there = place[core], 0, -1
    columns = near(middle(core, place, x, *links), at.shape[1])
    rows = near(middle(core, place, y, *links), at.shape[0])
    in_x = along(core, columns, x, place, *links)
    in_y = along(core, rows, y, place, *links)
    now = cost(core, here, place, x, y, *links)
    for row in range(rows.size):
        for column in range(columns.size):
            own = in_x[column] + in_y[row] - now
            if own >= 0:
                continue
            entry = at[rows[row], columns[column]]
            for there in range(entry[0], entry[0] + entry[1]):
                other, gain = core_at[there], own
                if other >= 0:
                    gain += cost(other, here, place, x, y, *links)
                    gain -= cost(other, there, place, x, y, *links)
                    # The way between the two stays; both sums took it for gone.
                    way = abs(x[here] - x[there]) + abs(y[here] - y[there])
                    gain += 2 * shared[other] * way
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
def middle(core, place, axis, first, neighbour, weight):
    """Mean position of a core's neighbours, weighted by messages, rounded down."""
    total, sum_w = 0, 0
    for link in range(first[core], first[core + 1]):
        total += weight[link] * axis[place[neighbour[link]]]
        sum_w += weight[link]
    return total // sum_w


@disk_cached
def near(position, size):
    """Positions around one, inside 0..size - 1: int64."""
    return np.arange(max(0, position - RADIUS), min(size, position + RADIUS + 1))

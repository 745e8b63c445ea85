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
from lava_sfdfa.deploy.mapping.swap import Links, Tiles, swap_cores
from lava_sfdfa.deploy.mapping.traffic import Traffic, adjacency
from lava_sfdfa.types import Array

BORDER = 2  # hops that a border between chips counts as, more, while cores are placed


@dataclass(frozen=True)
class Geometry:
    """Places for cores on a number of chips, numbered chip by chip, tile by tile."""

    x: Array  # (n_places,) int32, tile
    y: Array  # (n_places,) int32
    cores_per_chip: int
    width: int  # chips in a row
    height: int

    def chip(self, place: Array) -> Array:
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


def curve_order(geometry: Geometry) -> Array:
    """Places along Hilbert's curve, chip by chip along a curve of chips."""
    chip = geometry.chip(np.arange(len(geometry.x)))
    of_chip = hilbert(chip % geometry.width, chip // geometry.width)
    of_tile = hilbert(geometry.x, geometry.y)
    return np.lexsort((of_tile, of_chip))


def hilbert(x: Array, y: Array) -> Array:
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


def hops(traffic: Traffic, geometry: Geometry, place: Array) -> tuple[int, int]:
    """Message hops in x and in y, over all samples, with the cores at `place`."""
    in_x, in_y = (
        np.abs(axis[place[traffic.source]] - axis[place[traffic.target]])
        for axis in (geometry.x, geometry.y)
    )
    messages = traffic.messages
    return int((in_x * messages).sum()), int((in_y * messages).sum())


def between_chips(traffic: Traffic, geometry: Geometry, place: Array) -> int:
    """Messages that leave their chip, over all samples."""
    source, target = (
        geometry.chip(place[core]) for core in (traffic.source, traffic.target)
    )
    return int(traffic.messages[source != target].sum())


def place_cores(traffic: Traffic, geometry: Geometry, n_cores: int) -> Array:
    """A place for every core: int32 (n_cores,)."""
    links = Links(*adjacency(traffic, n_cores))
    apart = with_borders(geometry)
    tiles = Tiles(apart.x, apart.y, tile_table(apart))
    best, fewest = np.zeros(0, np.int32), -1
    for order in (curve_order(geometry), np.arange(len(geometry.x))):
        place = order[:n_cores].astype(np.int32)
        swap_cores(place, tiles, links)
        n_hops = sum(hops(traffic, apart, place))
        if fewest < 0 or n_hops < fewest:
            best, fewest = place, n_hops
    return best


def with_borders(geometry: Geometry) -> Geometry:
    """The same places with chips further apart: messages between chips are slower,
    by how much is not published."""
    chip = geometry.chip(np.arange(len(geometry.x)))
    x = geometry.x + BORDER * (chip % geometry.width)
    y = geometry.y + BORDER * (chip // geometry.width)
    return dataclasses.replace(geometry, x=x.astype(np.int32), y=y.astype(np.int32))


def tile_table(geometry: Geometry) -> Array:
    """First place of the tile at (y, x), and how many it has: int32 (.., 2)."""
    table = np.zeros((geometry.y.max() + 1, geometry.x.max() + 1, 2), np.int32)
    for place in range(len(geometry.x) - 1, -1, -1):
        entry = table[geometry.y[place], geometry.x[place]]
        entry[0] = place
        entry[1] += 1
    return table

"""Streets of the built-up land: a grid of blocks, classed by line, bent and thinned by draws."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import KDTree

from sim.kernel.basemap import ROAD_CLASSES
from sim.kernel.rng import Streams

F64 = NDArray[np.float64]
I32 = NDArray[np.int32]
I64 = NDArray[np.int64]

BLOCK_M = 250.0
"""Side of a block: streets of 8 km per km2, the least that GB/T 51328-2018 asks for."""
_CLASS_BY_STEP = ((8, "primary"), (4, "secondary"), (2, "tertiary"), (1, "residential"))
"""Class of a line by what its number divides by, and the blocks that it must run without a gap
to be of that class: arterials 1 km apart, and none in a hamlet. Assumed after the same
standard's spacings of arterial roads."""
_DROPPED = {"residential": 0.35, "tertiary": 0.06}
"""Shares of blocks whose street was never built through. Assumed: compounds and parks."""
_MIN_CELLS = 2
"""Built-up cells around a crossing before there is one, where another lies near. Assumed."""
_GAP_BLOCKS = 4
"""Arterials go on over open land of up to so many blocks. Assumed: around a park or a lake."""
_ARTERIAL = ROAD_CLASSES.index("secondary")
_JITTER_M, _WAVE_M, _WAVE_LENGTH_M = 10.0, 45.0, 2_600.0
"""How crookedly streets run, from crossing to crossing and over a few blocks. Assumed."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Grid:
    """Crossings and the streets between them.

    Attributes
    ----------
    xy_m
        ``(n, 2)`` crossings [m].
    line
        ``(n, 2)`` numbers of the north-south and the east-west line that cross there.
    ends
        ``(m, 2)`` int32 crossings of each street.
    road_class
        ``(m,)`` int32.
    on
        ``(m,)`` number of the line that each street is part of.
    north_south
        ``(m,)`` bool, which way its line runs.
    """

    xy_m: F64
    line: I64
    ends: I32
    road_class: I32
    on: I64
    north_south: NDArray[np.bool_]


def lay_grid(cells_m: F64, streams: Streams) -> Grid:
    """Return the street grid over built-up cells.

    Parameters
    ----------
    cells_m
        ``(n, 2)`` middles of the built-up cells [m].
    """
    draw = streams.at("city.beijing.grid", 0)
    nearest = np.rint(cells_m / BLOCK_M).astype(np.int64)
    line = _crossings(*np.unique(nearest, axis=0, return_counts=True))
    phase = draw.uniform(0, 2 * np.pi, 2)
    wave = _WAVE_M * np.sin(2 * np.pi * BLOCK_M / _WAVE_LENGTH_M * line[:, ::-1] + phase)
    xy_m = line * BLOCK_M + wave + draw.normal(0.0, _JITTER_M, line.shape)
    ends, on, north_south = _streets(line)
    road_class = np.maximum(line_class(on), _run_class(line[ends], on, north_south))
    chance = np.zeros(len(ROAD_CLASSES))
    for name, share in _DROPPED.items():
        chance[ROAD_CLASSES.index(name)] = share
    kept = draw.random(len(ends)) >= chance[road_class]
    return Grid(
        xy_m=xy_m,
        line=line,
        ends=ends[kept],
        road_class=road_class[kept],
        on=on[kept],
        north_south=north_south[kept],
    )


def _crossings(line: I64, cells: I64) -> I64:
    """Return the crossings that there are; the last house of a farm has one of its own."""
    dense = cells >= _MIN_CELLS
    if not dense.any():
        return line
    gap, _ = KDTree(line[dense]).query(line, p=np.inf)
    return line[dense | (np.asarray(gap) > 1.0)]


def line_class(line: I64) -> I32:
    """Return the road class of each line of the grid, by its number."""
    found = np.full(line.shape, -1, dtype=np.int32)
    for step, name in _CLASS_BY_STEP:
        found = np.where((found < 0) & (line % step == 0), ROAD_CLASSES.index(name), found)
    return found.astype(np.int32)


def _run_class(line_of: I64, on: I64, north_south: NDArray[np.bool_]) -> I32:
    """Return the highest class that each street may have by how far its line runs on."""
    begin, end = (np.where(north_south, line_of[:, i, 1], line_of[:, i, 0]) for i in (0, 1))
    order = np.lexsort((begin, on, north_south))
    same = (np.diff(on[order]) == 0) & (np.diff(north_south[order].astype(int)) == 0)
    goes_on = same & (begin[order][1:] == end[order][:-1])
    run = np.empty(len(on), dtype=np.int64)
    run[order] = np.cumsum(np.concatenate([[0], ~goes_on]))
    blocks = np.bincount(run, weights=end - begin)[run]
    found = np.full(len(on), ROAD_CLASSES.index("residential"), dtype=np.int32)
    for least, name in reversed(_CLASS_BY_STEP):
        found[blocks >= least] = ROAD_CLASSES.index(name)
    return found


def _streets(line: I64) -> tuple[I32, I64, NDArray[np.bool_]]:
    """Return streets to the next crossing north and east: one block on, or over a gap.

    Only arterials go on over a gap, and only one of two that would cross in it.
    """
    found = []
    for axis in (0, 1):
        across, along = line[:, axis], line[:, 1 - axis]
        order = np.lexsort((along, across))
        blocks = np.diff(along[order])
        same = np.diff(across[order]) == 0
        arterial = line_class(across[order][:-1]) <= _ARTERIAL
        goes_on = same & ((blocks == 1) | (arterial & (blocks <= _GAP_BLOCKS)))
        at = np.flatnonzero(goes_on)
        found.append((np.stack([order[at], order[at + 1]], axis=1), blocks[at] > 1))
    ends = np.concatenate([pair for pair, _ in found]).astype(np.int32)
    over = np.concatenate([gap for _, gap in found])
    north_south = np.repeat([True, False], [len(pair) for pair, _ in found])
    east, north = (np.flatnonzero(over & (north_south == way)) for way in (False, True))
    tree = shapely.STRtree(np.asarray(shapely.linestrings(line[ends[east]])))
    meets, _ = tree.query(shapely.linestrings(line[ends[north]]), predicate="crosses")
    kept = np.ones(len(ends), dtype=np.bool_)
    kept[north[meets]] = False
    ends, north_south = ends[kept], north_south[kept]
    on = np.where(north_south, line[ends[:, 0], 0], line[ends[:, 0], 1])
    return ends, on, north_south

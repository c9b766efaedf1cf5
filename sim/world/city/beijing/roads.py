"""The roads of the synthetic Beijing: grid, expressways and country roads in one network."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from sim.kernel.basemap import ROAD_CLASSES, Roads
from sim.kernel.rng import Streams
from sim.world.city.beijing.country import join_up
from sim.world.city.beijing.courses import lay_courses, lay_railways
from sim.world.city.beijing.crossings import bridges, cross
from sim.world.city.beijing.expressways import build_expressways
from sim.world.city.beijing.grid import Grid, lay_grid, line_class
from sim.world.city.beijing.names import line_name
from sim.world.city.beijing.web import Web
from sim.world.city.draft import I8, RAILWAY_RANK, Overhead

F64 = NDArray[np.float64]

_LANES = {"primary": 3, "secondary": 2, "tertiary": 1, "residential": 1}
"""Lanes of one direction. Assumed: an arterial's six, a sub-arterial's four, a street's two."""
_ARTERIAL, _STREET = ROAD_CLASSES.index("secondary"), ROAD_CLASSES.index("tertiary")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Laid:
    """Roads with the level of each link, and the bridges and railways above them."""

    roads: Roads
    level: I8
    overhead: tuple[Overhead, ...]


def lay_roads(cells_m: F64, city: shapely.Polygon, shrink: float, streams: Streams) -> Laid:
    """Return the roads of a city whose lengths are `shrink` times the true ones.

    Parameters
    ----------
    cells_m
        ``(n, 2)`` middles of the built-up cells [m].
    city
        Outline of the scaled city [m].
    """
    courses, meetings = lay_courses(shrink, city)
    railways = lay_railways(shrink, city)
    grid, crossing, below = cross(lay_grid(cells_m, streams), courses, railways, streams)
    web = Web()
    web.add_nodes(grid.xy_m)
    _add_grid(web, grid)
    feet = build_expressways(web, grid, courses, meetings, crossing)
    country = join_up(web, len(grid.xy_m), courses, streams)
    roads, level = web.to_roads(_lights(web, grid, feet))
    return Laid(
        roads=roads,
        level=level,
        overhead=(
            *below,
            *bridges(courses, country),
            *(Overhead(line_m=shapely.get_coordinates(r), rank=RAILWAY_RANK) for r in railways),
        ),
    )


def _add_grid(web: Web, grid: Grid) -> None:
    lanes = np.array([_LANES.get(name, 1) for name in ROAD_CLASSES])
    # A line keeps its name where it is of a lower class.
    titles = {
        (line, north_south): line_name(line, ROAD_CLASSES[rank], north_south=north_south)
        for line, north_south, rank in zip(
            grid.on.tolist(), grid.north_south.tolist(), line_class(grid.on).tolist(), strict=True
        )
    }
    web.add(
        grid.ends,
        road_class=grid.road_class,
        lanes=lanes[grid.road_class],
        names=[
            titles[key] for key in zip(grid.on.tolist(), grid.north_south.tolist(), strict=True)
        ],
    )


def _lights(web: Web, grid: Grid, feet: list[int]) -> NDArray[np.bool_]:
    """Return where lights stand: at junctions of an arterial with a street, and below ramps."""
    rank = np.full((2, len(web)), len(ROAD_CLASSES), dtype=np.int32)
    for way in (False, True):
        mine = grid.north_south == way
        for end in grid.ends[mine].T:
            np.minimum.at(rank[int(way)], end, grid.road_class[mine])
    signal = (rank.min(axis=0) <= _ARTERIAL) & (rank.max(axis=0) <= _STREET)
    signal[feet] = True
    # Where streets were never built through there may be nothing to regulate.
    arms = np.bincount(web.ends.ravel(), minlength=len(web))
    return np.asarray(signal & (arms >= 3), dtype=np.bool_)

"""Where expressways and railways cross the grid: what passes below, what ends, what joins."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import shapely
import shapely.ops
from numpy.typing import NDArray

from sim.kernel.basemap import ROAD_CLASSES
from sim.kernel.rng import Streams
from sim.world.city.beijing.courses import Course
from sim.world.city.beijing.grid import Grid
from sim.world.city.draft import Overhead

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

CLEAR_M = 45.0
"""Room between a crossing of streets and an expressway or railway. Assumed: the expressway's
half width and a frontage."""
_PIECE_M = 800.0
_PASSES = {"primary": 1.0, "secondary": 1.0, "tertiary": 0.5}
"""Share of the streets of a class that pass below; the others end there. Assumed."""
_BRIDGE_HALF_M = 30.0
"""Half the length of a bridge along the road above. Assumed: eight lanes and their verges."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Crossing:
    """Streets that pass below courses, one row each.

    Attributes
    ----------
    street
        ``(k,)`` index into the grid's streets.
    course
        ``(k,)`` index into the courses.
    at_m
        ``(k,)`` metres along the course.
    """

    street: I64
    course: I64
    at_m: F64


class Barriers:
    """Lines that streets may not cross as they please, cut short for quick search."""

    def __init__(self, lines: Sequence[shapely.LineString]) -> None:
        self.lines = np.array(lines, dtype=object)
        pieces, owner = [], []
        for number, line in enumerate(lines):
            cuts = np.linspace(0, line.length, max(2, int(line.length / _PIECE_M) + 2))
            for a, b in pairwise(cuts.tolist()):
                pieces.append(shapely.ops.substring(line, a, b))
                owner.append(number)
        self._pieces = np.array(pieces, dtype=object)
        self._owner = np.array(owner, dtype=np.int64)
        self._tree = shapely.STRtree(self._pieces)

    def pushed_away(self, xy_m: F64) -> F64:
        """Return points, those nearer than `CLEAR_M` to a line moved to that distance."""
        points = np.asarray(shapely.points(xy_m))
        near, piece = self._tree.query_nearest(points, max_distance=CLEAR_M, all_matches=False)
        lines = self._pieces[piece]
        foot = shapely.get_coordinates(
            shapely.line_interpolate_point(lines, shapely.line_locate_point(lines, points[near]))
        )
        away = xy_m[near] - foot
        gap_m = np.hypot(*away.T)[:, None]
        # A point on the line itself may go either way; east is as good as any.
        ahead = np.where(gap_m > 1e-6, away / np.maximum(gap_m, 1e-6), (1.0, 0.0))
        moved = xy_m.copy()
        moved[near] = foot + CLEAR_M * ahead
        return moved

    def crossed_by(self, segments: NDArray[np.object_]) -> tuple[I64, I64]:
        """Return which of ``(n,)`` lines crosses which barrier, each pair once, in order."""
        line, piece = self._tree.query(segments, predicate="intersects")
        pairs = np.unique(np.stack([line, self._owner[piece]], axis=1), axis=0)
        return pairs[:, 0], pairs[:, 1]

    def meetings(self, lines: NDArray[np.object_], barrier: I64) -> NDArray[np.object_]:
        """Return a point of each of ``(n,)`` lines where it meets its barrier.

        Where they only just touch, rounding may part them; the nearest point is as good then.
        """
        nearest = shapely.shortest_line(lines, self.lines[barrier])
        return np.asarray(shapely.get_point(nearest, 0), dtype=object)


def cross(
    grid: Grid,
    courses: Sequence[Course],
    railways: Sequence[shapely.LineString],
    streams: Streams,
) -> tuple[Grid, Crossing, tuple[Overhead, ...]]:
    """Return the grid kept clear of the lines, the streets below courses, and the bridges."""
    barriers = Barriers([*(course.line for course in courses), *railways])
    xy_m = barriers.pushed_away(grid.xy_m)
    segments = np.asarray(shapely.linestrings(xy_m[grid.ends]))
    street, barrier = barriers.crossed_by(segments)
    luck = streams.at("city.beijing.crossings", 0).random(len(grid.ends))
    chance = np.array([_PASSES.get(name, 0.0) for name in ROAD_CLASSES])
    kept = np.ones(len(grid.ends), dtype=bool)
    kept[street] = luck[street] < chance[grid.road_class[street]]
    passing = kept[street]
    number = np.cumsum(kept) - 1
    below, above = street[passing], barrier[passing]
    over_road = above < len(courses)
    below, above = below[over_road], above[over_road]
    points = barriers.meetings(segments[below], above)
    at_m = shapely.line_locate_point(barriers.lines[above], points)
    crossing = Crossing(street=number[below], course=above, at_m=np.asarray(at_m, dtype=float))
    clear = replace(
        grid,
        xy_m=xy_m,
        ends=grid.ends[kept],
        road_class=grid.road_class[kept],
        on=grid.on[kept],
        north_south=grid.north_south[kept],
    )
    return clear, crossing, bridges(courses, crossing)


def bridges(courses: Sequence[Course], crossing: Crossing) -> tuple[Overhead, ...]:
    """Return a bridge of a course at each crossing."""
    made = []
    for number, at_m in zip(crossing.course.tolist(), crossing.at_m.tolist(), strict=True):
        line = courses[number].line
        start, stop = max(at_m - _BRIDGE_HALF_M, 0.0), min(at_m + _BRIDGE_HALF_M, line.length)
        span = shapely.ops.substring(line, start, stop)
        rank = courses[number].road_class
        made.append(Overhead(line_m=shapely.get_coordinates(span), rank=rank))
    return tuple(made)


def by_course(crossing: Crossing) -> dict[int, list[tuple[float, int]]]:
    """Return for each course its crossings as (metres along, street), in order along it."""
    found: defaultdict[int, list[tuple[float, int]]] = defaultdict(list)
    rows = zip(
        crossing.course.tolist(), crossing.at_m.tolist(), crossing.street.tolist(), strict=True
    )
    for course, at_m, street in rows:
        found[course].append((at_m, street))
    return {course: sorted(rows) for course, rows in sorted(found.items())}

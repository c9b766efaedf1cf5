"""Expressways as stretches between interchanges, and the ramps that join them to streets."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import shapely
import shapely.ops
from numpy.typing import NDArray
from scipy.spatial import KDTree

from sim.kernel.basemap import ROAD_CLASSES
from sim.world.city.beijing.courses import Course, Meeting
from sim.world.city.beijing.crossings import Barriers, Crossing, by_course
from sim.world.city.beijing.grid import Grid
from sim.world.city.beijing.web import Web
from sim.world.city.draft import RAISED

F64 = NDArray[np.float64]

_GAP_M = {"trunk": 800.0, "motorway": 1_500.0, "primary": 800.0}
"""Least distance of interchanges: urban expressways' and motorways'. Assumed after Beijing's
ring roads, which have one every 1 to 2 km."""
_ASIDE_M = 70.0
"""A ramp leaves the expressway so far from the street that passes below. Assumed."""
_COUNTRY_GAP_M = 3_000.0
_COUNTRY_REACH_M = 2_500.0
"""In open country an exit is made in gaps longer than this, to a crossing within that reach; at
a loose end the reach is twice that. Assumed."""
_FEET_TRIED = 8
_ARTERIAL = ROAD_CLASSES.index("secondary")
_RAMP_CLASS = ROAD_CLASSES.index("secondary")
_RING_STOPS = 3
"""A ring of fewer stretches would lead from a node to itself."""


class _Stops:
    """Nodes along one course, by metres."""

    def __init__(self, course: Course) -> None:
        self.course = course
        self.rows: list[tuple[float, int]] = []
        self.ends: list[int] = []

    def gap_m(self, at_m: float) -> float:
        """Return the distance along the course to the nearest stop."""
        gaps = [abs(at_m - other) for other, _ in self.rows]
        if self.course.closed:
            gaps += [self.course.line.length - gap for gap in gaps]
        return min(gaps, default=float("inf"))


def build_expressways(
    web: Web,
    grid: Grid,
    courses: Sequence[Course],
    meetings: Sequence[Meeting],
    crossing: Crossing,
) -> list[int]:
    """Add stretches and ramps to a web that holds the grid's nodes; returns the ramps' feet."""
    stops = [_Stops(course) for course in courses]
    _meet(web, courses, meetings, stops)
    ramps: list[tuple[int, int, int]] = []
    for number, rows in by_course(crossing).items():
        ramps += _interchanges(web, grid, stops[number], number, rows)
    barriers = Barriers([course.line for course in courses])
    tree = KDTree(grid.xy_m)
    for number, mine in enumerate(stops):
        ramps += _country_exits(web, grid, mine, number, tree, barriers)
        _close(web, mine)
    for mine in stops:
        _add_stretches(web, mine)
    if ramps:
        names = [_ramp_name(courses[course].name) for *_, course in ramps]
        ends = [(stop, foot) for stop, foot, _ in ramps]
        web.add(ends, road_class=_RAMP_CLASS, lanes=1, names=names)
    return sorted({foot for _, foot, _ in ramps})


def _ramp_name(road: str) -> str:
    latin, chinese = road.rsplit(" ", 1)
    return f"{latin} Ramp {chinese}匝道"


def _meet(
    web: Web, courses: Sequence[Course], meetings: Sequence[Meeting], stops: list[_Stops]
) -> None:
    """Make one node of every meeting, and one of every end that meets nothing."""
    for meeting in meetings:
        point = courses[meeting.second].line.interpolate(meeting.second_m)
        node = int(web.add_nodes(np.array([[point.x, point.y]]))[0])
        stops[meeting.first].rows.append((meeting.first_m, node))
        stops[meeting.second].rows.append((meeting.second_m, node))
    for course, mine in zip(courses, stops, strict=True):
        if not course.closed:
            for at_m in (0.0, course.line.length):
                if mine.gap_m(at_m) > 1.0:
                    mine.ends.append(_stop(web, mine, at_m))


def _stop(web: Web, mine: _Stops, at_m: float) -> int:
    point = mine.course.line.interpolate(at_m)
    node = int(web.add_nodes(np.array([[point.x, point.y]]))[0])
    mine.rows.append((at_m, node))
    return node


def _interchanges(
    web: Web, grid: Grid, mine: _Stops, number: int, rows: list[tuple[float, int]]
) -> list[tuple[int, int, int]]:
    """Return ramps (stop, foot, course) at arterials below, as far apart as they must be."""
    gap_m = _GAP_M[ROAD_CLASSES[mine.course.road_class]]
    ramps = []
    last = -gap_m
    for at_m, street in rows:
        aside_m = at_m + _ASIDE_M
        fits = aside_m < mine.course.line.length - _ASIDE_M and at_m - last >= gap_m
        if grid.road_class[street] <= _ARTERIAL and fits and mine.gap_m(aside_m) > _ASIDE_M:
            stop = _stop(web, mine, aside_m)
            ramps += [(stop, int(foot), number) for foot in grid.ends[street]]
            last = at_m
    return ramps


def _country_exits(
    web: Web, grid: Grid, mine: _Stops, number: int, tree: KDTree, barriers: Barriers
) -> list[tuple[int, int, int]]:
    """Return one ramp in each long gap and at a loose end, where a crossing is in plain reach."""

    def reach(at_m: float, limit_m: float) -> int | None:
        point = mine.course.line.interpolate(at_m)
        gaps_m, feet = tree.query((point.x, point.y), k=_FEET_TRIED)
        for gap_m, foot in zip(np.asarray(gaps_m).tolist(), np.asarray(feet).tolist(), strict=True):
            # With fewer crossings than are asked for, the rest are infinitely far.
            if gap_m > limit_m:
                break
            # It begins on its own road, so that one is looked for from a little way off.
            way = shapely.LineString([(point.x, point.y), grid.xy_m[foot]])
            off = shapely.ops.substring(way, min(5.0, way.length / 2), way.length)
            if not len(barriers.crossed_by(np.array([off], dtype=object))[0]):
                return int(foot)
        return None

    ramps = []
    for at_m, stop in mine.rows:
        if stop in mine.ends and (foot := reach(at_m, 2 * _COUNTRY_REACH_M)) is not None:
            ramps.append((stop, foot, number))
    spots = [
        (at_m, reach(at_m, _COUNTRY_REACH_M))
        for a, b in pairwise(sorted(at_m for at_m, _ in mine.rows))
        for at_m in np.linspace(a, b, int((b - a) // _COUNTRY_GAP_M) + 2)[1:-1].tolist()
    ]
    ramps += [(_stop(web, mine, at_m), foot, number) for at_m, foot in spots if foot is not None]
    return ramps


def _close(web: Web, mine: _Stops) -> None:
    """Give a ring as many stops as it needs to lead from node to node."""
    length_m = mine.course.line.length
    for part in range(2 * _RING_STOPS if mine.course.closed else 0):
        at_m = length_m * part / (2 * _RING_STOPS)
        if len(mine.rows) < _RING_STOPS and mine.gap_m(at_m) > length_m / (4 * _RING_STOPS):
            _stop(web, mine, at_m)


def _add_stretches(web: Web, mine: _Stops) -> None:
    """Add the course between each stop and the next, the ring's last to its first."""
    course = mine.course
    rows = sorted(mine.rows)
    pairs = list(pairwise(rows))
    if course.closed:
        pairs.append((rows[-1], (rows[0][0] + course.line.length, rows[0][1])))
        line = shapely.LineString([*course.line.coords, *course.line.coords[1:]])
    else:
        line = course.line
    at = web.xy_m
    shapes = []
    for (from_m, a), (to_m, b) in pairs:
        shape = shapely.get_coordinates(shapely.ops.substring(line, from_m, to_m))
        shapes.append(np.concatenate([[at[a]], shape[1:-1], [at[b]]]))
    web.add(
        [(a, b) for (_, a), (_, b) in pairs],
        road_class=course.road_class,
        lanes=course.lanes,
        names=[course.name] * len(pairs),
        shapes=shapes,
        level=RAISED,
    )

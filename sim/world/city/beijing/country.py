"""Country roads: what joins the towns and hamlets to each other and to the city."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import Delaunay

from sim.kernel.basemap import ROAD_CLASSES
from sim.kernel.rng import Streams
from sim.world.city.beijing.courses import Course
from sim.world.city.beijing.crossings import Barriers, Crossing
from sim.world.city.beijing.web import Web

F64 = NDArray[np.float64]

_PIECE_M = 1_500.0
"""A country road has a junction about so often. Assumed: a village's turning."""
_BEND = 0.04
"""How far a piece bends aside, as a share of its length. Assumed."""
_CLASS_BY_SIZE = ((100, "secondary"), (15, "tertiary"), (0, "residential"))
"""Class by the crossings of the smaller of the two settlements joined. Assumed."""
_EXPRESSWAY_ENDS = 3.0
"""A country road to an expressway's node counts as so much longer. Assumed: it would need an
interchange."""


def join_up(web: Web, grid_nodes: int, courses: Sequence[Course], streams: Streams) -> Crossing:
    """Add roads until all of a web is one network; returns where they pass below courses.

    Two settlements are joined where no third lies nearer to both: their relative neighbourhood
    graph, which holds the shortest tree that joins them all and adds the rings that people
    would build.

    Parameters
    ----------
    grid_nodes
        The first so many nodes are the grid's; the others are expressways'.

    References
    ----------
    Toussaint 1980, doi:10.1016/0031-3203(80)90066-7.
    """
    xy_m = web.xy_m
    part = web.components()
    size = np.bincount(part)
    chosen = _neighbours(xy_m, part, grid_nodes)
    draw = streams.at("city.beijing.country", 0)
    bends = draw.normal(0.0, _BEND, (len(chosen), 2))
    drawn: list[F64] = []
    for number, ((a, b), bend) in enumerate(zip(chosen, bends.tolist(), strict=True), start=1):
        smaller = int(min(size[part[a]], size[part[b]]))
        name = next(name for least, name in _CLASS_BY_SIZE if smaller >= least)
        shape = _bent(xy_m[a], xy_m[b], bend)
        drawn.append(shape)
        _add_road(web, a, b, shape, ROAD_CLASSES.index(name), number)
    barriers = Barriers([course.line for course in courses])
    lines = np.array([shapely.LineString(shape) for shape in drawn], dtype=object)
    road, course = barriers.crossed_by(lines)
    points = barriers.meetings(lines[road], course)
    # An end on an expressway's own node is a junction, not a bridge.
    below = shapely.distance(points, shapely.boundary(lines[road])) >= 1.0
    road, course, points = road[below], course[below], points[below]
    at_m = shapely.line_locate_point(barriers.lines[course], points)
    return Crossing(street=road, course=course, at_m=np.asarray(at_m, dtype=float))


def _neighbours(xy_m: F64, part: NDArray[np.int32], grid_nodes: int) -> list[tuple[int, int]]:
    """Return the nodes to join, in order."""
    corners = Delaunay(xy_m).simplices
    pairs = np.concatenate([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [0, 2]]])
    pairs = np.unique(np.sort(pairs, axis=1), axis=0)
    pairs = pairs[part[pairs[:, 0]] != part[pairs[:, 1]]]
    length_m = np.hypot(*(xy_m[pairs[:, 0]] - xy_m[pairs[:, 1]]).T)
    length_m *= np.where((pairs >= grid_nodes).any(axis=1), _EXPRESSWAY_ENDS, 1.0)
    sides = np.sort(part[pairs], axis=1)
    order = np.lexsort((length_m, sides[:, 1], sides[:, 0]))
    best: dict[tuple[int, int], int] = {}
    gap_m: defaultdict[int, dict[int, float]] = defaultdict(dict)
    for row in order.tolist():
        a, b = sides[row].tolist()
        if (a, b) not in best:
            best[a, b] = row
            gap_m[a][b] = gap_m[b][a] = float(length_m[row])
    return [
        (int(pairs[row, 0]), int(pairs[row, 1]))
        for (a, b), row in best.items()
        if not any(
            to_c < gap_m[a][b] and gap_m[b].get(c, math.inf) < gap_m[a][b]
            for c, to_c in gap_m[a].items()
        )
    ]


def _bent(a: F64, b: F64, bend: Sequence[float]) -> F64:
    """Return a course of pieces from a to b that swings to one side and back."""
    length_m = float(np.hypot(*(b - a)))
    count = 2 * max(1, math.ceil(length_m / _PIECE_M))
    along = np.linspace(0.0, 1.0, count + 1)[:, None]
    aside = np.array([a[1] - b[1], b[0] - a[0]])
    swing = bend[0] * np.sin(np.pi * along) + bend[1] / 2 * np.sin(2 * np.pi * along)
    course: F64 = a + along * (b - a) + swing * aside
    return course


def _add_road(web: Web, a: int, b: int, shape: F64, road_class: int, number: int) -> None:
    """Add a road with a node at every other point of its course."""
    middle = web.add_nodes(shape[2:-1:2])
    nodes = [a, *middle.tolist(), b]
    web.add(
        list(pairwise(nodes)),
        road_class=road_class,
        lanes=1,
        names=[f"County Road {number} 县道{number}"] * (len(nodes) - 1),
        shapes=[shape[2 * i : 2 * i + 3] for i in range(len(nodes) - 1)],
    )

"""Courses of the rings, the roads out of the city, and the railways."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import shapely
import shapely.ops
from numpy.typing import NDArray

from sim.kernel.basemap import ROAD_CLASSES
from sim.world.city.beijing.facts import RADIALS, RAILWAYS, RINGS, Radial
from sim.world.city.beijing.land import PROJECTION

F64 = NDArray[np.float64]

_SQUARE = (3.2, 3.0, 2.8, 2.5, 2.2)
"""Exponent of each ring's superellipse: the inner ones follow the old town's square walls, the
outer ones are nearly round. Assumed."""
_RING_POINTS = 120
_ROUNDINGS = 3
"""Times that a course's corners are cut off (Chaikin 1974, doi:10.1016/0146-664X(74)90028-8)."""
_SNAP_KM = 5.0
"""A road that begins at another begins within this of it in the true city."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Course:
    """An expressway from end to end; closed for a ring."""

    name: str
    line: shapely.LineString
    road_class: int
    lanes: int
    closed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """Where two courses meet, by metres along each."""

    first: int
    first_m: float
    second: int
    second_m: float


def lay_courses(
    shrink: float, city: shapely.Polygon
) -> tuple[tuple[Course, ...], tuple[Meeting, ...]]:
    """Return rings and radials of a city whose lengths are `shrink` times the true ones.

    Parameters
    ----------
    city
        Outline of the scaled city [m]; roads end at it.
    """
    courses = [
        Course(
            name=ring.name,
            line=_ring_line(ring.length_km * 1_000 * shrink, exponent),
            road_class=ROAD_CLASSES.index(ring.road_class),
            lanes=ring.lanes,
            closed=True,
        )
        for ring, exponent in zip(RINGS, _SQUARE, strict=True)
    ]
    meetings: list[Meeting] = []
    for radial in RADIALS:
        line = _within(_course_line(radial.course, shrink), city)
        line, begins = _begun(line, radial, courses, shrink)
        number = len(courses)
        meetings += [
            Meeting(first=number, first_m=0.0, second=other, second_m=at_m)
            for other, at_m in begins
        ]
        courses.append(
            Course(
                name=radial.name,
                line=line,
                road_class=ROAD_CLASSES.index(radial.road_class),
                lanes=radial.lanes,
                closed=False,
            )
        )
    begun = {(m.first, m.second) for m in meetings}
    for a, b in combinations(range(len(courses)), 2):
        if (b, a) not in begun:
            meetings += _crossings(a, courses[a].line, b, courses[b].line)
    return tuple(courses), tuple(meetings)


def lay_railways(shrink: float, city: shapely.Polygon) -> tuple[shapely.LineString, ...]:
    """Return the railways' courses within the city."""
    return tuple(_within(_course_line(course, shrink), city) for _, course in RAILWAYS)


def _ring_line(length_m: float, exponent: float) -> shapely.LineString:
    """Return a superellipse of this length around the middle, counter-clockwise."""
    angle = np.linspace(0, 2 * math.pi, _RING_POINTS + 1)
    cos, sin = np.cos(angle), np.sin(angle)
    # By angle rather than by the usual parameter, so that the points lie evenly.
    radius = (np.abs(cos) ** exponent + np.abs(sin) ** exponent) ** (-1 / exponent)
    xy = np.stack([radius * cos, radius * sin], axis=-1)
    xy[-1] = xy[0]
    return shapely.LineString(xy * length_m / np.hypot(*np.diff(xy, axis=0).T).sum())


def _course_line(course: tuple[tuple[float, float], ...], shrink: float) -> shapely.LineString:
    xy_m = PROJECTION.to_xy(np.array(course)) * shrink
    for _ in range(_ROUNDINGS):
        near, far = 0.75 * xy_m[:-1] + 0.25 * xy_m[1:], 0.25 * xy_m[:-1] + 0.75 * xy_m[1:]
        between = np.stack([near, far], axis=1).reshape(-1, 2)
        xy_m = np.concatenate([xy_m[:1], between[1:-1], xy_m[-1:]])
    return shapely.LineString(xy_m)


def _within(line: shapely.LineString, city: shapely.Polygon) -> shapely.LineString:
    """Return the part of a course from its beginning to the city's edge."""
    parts = shapely.get_parts(shapely.intersection(line, city))
    begin = shapely.Point(line.coords[0])
    part = min(parts, key=lambda p: float(p.distance(begin)))
    assert isinstance(part, shapely.LineString)
    return part


def _begun(
    line: shapely.LineString, radial: Radial, courses: list[Course], shrink: float
) -> tuple[shapely.LineString, list[tuple[int, float]]]:
    """Return the course from where it leaves its ring or road, and what it leaves where."""
    if radial.ring:
        ring = courses[radial.ring - 2].line
        at_m = min(p.first_m for p in _crossings(0, line, 1, ring))
        start = line.interpolate(at_m)
        rest = shapely.ops.substring(line, at_m, line.length)
        assert isinstance(rest, shapely.LineString)
        return rest, [(radial.ring - 2, float(ring.project(start)))]
    begin = shapely.Point(line.coords[0])
    other = min(range(len(courses)), key=lambda i: float(courses[i].line.distance(begin)))
    road = courses[other].line
    assert road.distance(begin) < _SNAP_KM * 1_000 * shrink
    at_m = float(road.project(begin))
    start = road.interpolate(at_m)
    return shapely.LineString([*start.coords, *line.coords[1:]]), [(other, at_m)]


def _crossings(
    a: int, first: shapely.LineString, b: int, second: shapely.LineString
) -> list[Meeting]:
    points = shapely.get_parts(shapely.intersection(first, second))
    middle = [shapely.centroid(point) for point in points if not point.is_empty]
    return [
        Meeting(first=a, first_m=first.project(p), second=b, second_m=second.project(p))
        for p in middle
    ]

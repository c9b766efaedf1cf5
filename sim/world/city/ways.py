"""Roads as maps draw them: ways over shared nodes, cut where they meet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from sim.kernel.basemap import ROAD_CLASSES
from sim.kernel.geo import Projection
from sim.world.city.draft import GROUND
from sim.world.city.graph import Street, polyline_length_m

F64 = NDArray[np.float64]

CLASS_SPEED_KMH = dict(zip(ROAD_CLASSES, (100, 80, 60, 50, 40, 30, 20), strict=True))
"""Speed where none is stated: design speeds of expressways, arterials, sub-arterials and
branch roads, CJJ 37-2012 table 3.2.1, one of its grades for each class."""

CLASS_LANES = dict(zip(ROAD_CLASSES, (2, 2, 2, 1, 1, 1, 1), strict=True))
"""Lanes of one direction where none are stated. Assumed: the commonest in European and
Chinese extracts; a map that knows better says so."""

MIN_LENGTH_M = 1.0
"""Shorter stretches are drawing artefacts, and a length of 0 has no travel time. Assumed."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Way:
    """A road over nodes that it may share with others.

    Attributes
    ----------
    refs
        Key of each node along the way.
    lonlat
        ``(len(refs), 2)`` degrees.
    lanes
        Lanes forward and backward; 0 where that direction is not driven.
    """

    refs: Sequence[int]
    lonlat: F64
    lanes: tuple[int, int]
    speed_mps: float
    road_class: int
    name: str
    source_id: str
    level: int = GROUND


def centre(ways: Sequence[Way]) -> Projection:
    """Return the projection around the middle of the ways' bounding box."""
    lonlat = np.concatenate([way.lonlat for way in ways])
    lon, lat = np.round((lonlat.min(axis=0) + lonlat.max(axis=0)) / 2, 6).tolist()
    return Projection(lon, lat)


def to_streets(ways: Sequence[Way], projection: Projection) -> list[Street]:
    """Return each way cut at the nodes it shares, a street for each driven direction."""
    uses = Counter(ref for way in ways for ref in way.refs)
    return [street for way in ways for street in _cut(way, uses, projection)]


def _cut(way: Way, uses: Counter[int], projection: Projection) -> Iterator[Street]:
    xy_m = projection.to_xy(way.lonlat)
    last = len(way.refs) - 1
    cuts = [0, *(i for i in range(1, last) if uses[way.refs[i]] > 1), last]
    for a, b in pairwise(cuts):
        # A loop from a node to itself would be a link that leads nowhere.
        middle = (a + b) // 2
        pieces = [(a, b)] if way.refs[a] != way.refs[b] else [(a, middle), (middle, b)]
        for first, final in pieces:
            yield from _directions(way, xy_m, first, final)


def _directions(way: Way, xy_m: F64, first: int, final: int) -> Iterator[Street]:
    shape_m = xy_m[first : final + 1]
    if len(shape_m) < 2:
        return
    length_m = max(polyline_length_m(shape_m), MIN_LENGTH_M)
    start, end = way.refs[first], way.refs[final]
    for lanes, from_key, to_key, line_m in (
        (way.lanes[0], start, end, shape_m),
        (way.lanes[1], end, start, shape_m[::-1]),
    ):
        if lanes:
            yield Street(
                start=from_key,
                end=to_key,
                shape_m=line_m,
                length_m=length_m,
                lanes=lanes,
                speed_mps=way.speed_mps,
                road_class=way.road_class,
                name=way.name,
                source_id=way.source_id,
                level=way.level,
            )

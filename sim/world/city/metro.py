"""Metro: lines of stations under arterial roads, rings in a large city."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from sim.kernel.basemap import ROAD_CLASSES, Place, Roads
from sim.kernel.rng import Streams
from sim.world.city.draft import Mark
from sim.world.city.facilities import Land
from sim.world.city.networks import Metro
from sim.world.city.sites import SiteGroup, apart
from sim.world.city.spread import owners

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

PEOPLE_PER_LINE, PEOPLE_PER_STOP = 800_000.0, 40_000.0
"""Beijing: 27 lines of 879 km and about 500 stations for 21.8 million people."""
_SPACING_M = (800.0, 1_800.0)
"""Distance of stations: 879 km over 500 stations is 1.8 km; 0.8 km in a small centre
(assumed)."""
_STOPS = (4, 40)
_CROSSED_FROM = 150_000.0
"""From so many people on there are two lines, which cross. Assumed."""
_JOINED_M = 400.0
"""Stations nearer than this are one, where lines cross. Assumed: the length of a passage."""
_RINGS_FROM, _RING_EVERY = 8, 12
"""From so many lines on one in so many is a ring: Beijing's lines 2 and 10 among 27."""
_OFF_CENTRE = 0.35
"""How far the middle of a line lies from the city's, at most, as a share of the radius.
Assumed: lines spread over the inner city instead of all meeting at one point."""
_RING_REACH = 0.25
"""Radius of the outermost ring, as a share of the lines'. Assumed: Beijing's line 10 is 57 km
long, about 9 km around the centre, of lines that reach 35 km."""
_DETOUR = np.array([1.6, 1.1, 1.0, 1.05, 1.3, 2.5, 4.0])
"""How unwillingly a line follows a class of road, in the order of `ROAD_CLASSES`. Assumed:
lines are dug under arterials."""
_HOLDS, _AREA_M2 = 2_000.0, 2_500.0
"""People and floor of a station. Assumed: two platforms of 120 m by 6 m and a concourse; a full
six-coach train brings about 1,500."""
_GIVEN_STOPS_PER_LINE = 20
"""Stations that the source tells without their lines are strung together so many at a time.
Assumed: the mean of Beijing's lines."""

assert len(_DETOUR) == len(ROAD_CLASSES)


def make_metro(
    roads: Roads, land: Land, marks: Sequence[Mark], streams: Streams
) -> tuple[SiteGroup, list[I64]]:
    """Return the stations, and each line as rows of them in driving order."""
    known = apart([mark for mark in marks if mark.kind == "metro_station"], _JOINED_M)
    if known:
        xy_m = np.array([(mark.x_m, mark.y_m) for mark in known])
        lines = _strung(xy_m)
    else:
        known = []
        nodes, lines = _drawn(roads, land, streams)
        xy_m = roads.node_xy_m[nodes]
    n = len(xy_m)
    return SiteGroup(
        kind="metro_station",
        names=[(known[i].name if known else "") or f"Metro station {i + 1}" for i in range(n)],
        xy_m=xy_m,
        known=len(known),
        links=[()] * n,
        capacity=np.full(n, _HOLDS),
        area_m2=np.full(n, _AREA_M2),
        rule="put under arterial roads, in lines through the centre and rings",
    ), lines


def metro_net(places: Sequence[Place], lines: Sequence[I64]) -> Metro:
    """Return the lines over the map's places."""
    first = next((i for i, p in enumerate(places) if p.kind == "metro_station"), 0)
    rows = np.concatenate([*lines, np.empty(0, dtype=np.int64)])
    line = np.repeat(np.arange(len(lines)), [len(stops) for stops in lines])
    return Metro(station=(first + rows).astype(np.int32), line=line.astype(np.int32))


def _strung(xy_m: F64) -> list[I64]:
    """Return stations in the order of their longest direction, cut into lines."""
    offset = xy_m - xy_m.mean(axis=0)
    _, _, ways = np.linalg.svd(offset, full_matrices=False)
    order = np.argsort(offset @ ways[0], kind="stable")
    return np.array_split(order, max(1, round(len(order) / _GIVEN_STOPS_PER_LINE)))


def _drawn(roads: Roads, land: Land, streams: Streams) -> tuple[I64, list[I64]]:
    """Return the nodes of all stations, and the lines as rows of them."""
    people = float(land.people.sum())
    count = max(1 if people < _CROSSED_FROM else 2, round(people / PEOPLE_PER_LINE))
    stops = int(np.clip(round(people / PEOPLE_PER_STOP / count), *_STOPS))
    middle_m = np.average(land.xy_m, axis=0, weights=land.people)
    offset = land.xy_m - middle_m
    radius_m = np.sqrt(2 * np.average((offset**2).sum(axis=1), weights=land.people))
    spacing_m = float(np.clip(2 * radius_m / stops, *_SPACING_M))
    graph = _graph(roads)
    rings = count // _RING_EVERY if count >= _RINGS_FROM else 0
    paths = []
    for line in range(count):
        draw = streams.at("city.metro", line)
        if line < rings:
            course_m = _ring(middle_m, _RING_REACH * radius_m * (line + 1) / rings, draw)
        else:
            turn = np.pi * (line - rings + draw.uniform(-0.2, 0.2)) / (count - rings)
            half_m = min((stops - 1) * spacing_m / 2, radius_m)
            course_m = _chord(middle_m, radius_m, turn, half_m, draw)
        paths.append(np.array(_path(graph, owners(course_m, roads.node_xy_m))))
    found: list[int] = []
    lines = [
        np.array(_stops(roads.node_xy_m, path, crossed, spacing_m, found))
        for path, crossed in zip(paths, _crossings(paths), strict=True)
    ]
    return np.array(found, dtype=np.int64), lines


def _ring(middle_m: F64, radius_m: float, draw: np.random.Generator) -> F64:
    turn = draw.uniform(0, np.pi / 4) + np.linspace(0, 2 * np.pi, 9)
    ring: F64 = middle_m + radius_m * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    return ring


def _chord(
    middle_m: F64, radius_m: float, turn: float, half_m: float, draw: np.random.Generator
) -> F64:
    """Return the two ends of a line and its middle, which lies off the centre by lot."""
    along = np.array([np.cos(turn), np.sin(turn)])
    across = np.array([-along[1], along[0]])
    aside, ahead = draw.uniform(-_OFF_CENTRE, _OFF_CENTRE, 2) * radius_m
    via_m = middle_m + aside * across + ahead * along
    chord: F64 = via_m + np.array([-half_m, 0.0, half_m])[:, None] * along
    return chord


def _graph(roads: Roads) -> csr_array:
    n = len(roads.node_xy_m)
    cost = roads.length_m * _DETOUR[roads.road_class]
    order = np.lexsort((cost, roads.end, roads.start))
    pair = roads.start[order].astype(np.int64) * n + roads.end[order]
    # Of parallel links only the cheapest counts: a sparse matrix would add them up.
    order = order[np.unique(pair, return_index=True)[1]]
    return csr_array((cost[order], (roads.start[order], roads.end[order])), shape=(n, n))


def _path(graph: csr_array, via: I64) -> list[int]:
    """Return the nodes of the cheapest way through all of `via`."""
    path = [int(via[0])]
    for goal in via[1:].tolist():
        _, before = dijkstra(graph, indices=np.array(path[-1]), return_predecessors=True)
        back = [goal]
        while back[-1] != path[-1]:
            back.append(int(before[back[-1]]))
        path.extend(back[-2::-1])
    return path


def _crossings(paths: list[I64]) -> list[list[int]]:
    """Return where along each path it meets another: once, in the middle of what they share."""
    crossed: list[list[int]] = [[] for _ in paths]
    for i, path in enumerate(paths):
        for j in range(i):
            shared = np.flatnonzero(np.isin(path, paths[j]))
            if len(shared):
                at = int(shared[len(shared) // 2])
                crossed[i].append(at)
                crossed[j].append(int(np.argmax(paths[j] == path[at])))
    return crossed


def _stops(
    node_xy_m: F64, path: I64, crossed: list[int], spacing_m: float, found: list[int]
) -> list[int]:
    """Return the rows of a line's stations, with new ones added to `found`.

    One stands at either end and wherever the line crosses another, the rest evenly between.
    """
    gone_m = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(node_xy_m[path], axis=0).T))])
    rows: list[int] = []
    for a, b in pairwise(sorted({0, *crossed, len(path) - 1})):
        count = 1 + max(1, round(float(gone_m[b] - gone_m[a]) / spacing_m))
        for at_m in np.linspace(gone_m[a], gone_m[b], count).tolist():
            row = _station(node_xy_m, int(path[np.argmin(np.abs(gone_m - at_m))]), found)
            if row not in rows:
                rows.append(row)
    return rows or [_station(node_xy_m, int(path[0]), found)]


def _station(node_xy_m: F64, node: int, found: list[int]) -> int:
    """Return the row of the station at or near a junction, a new one where none is near."""
    if found:
        gaps_m = np.hypot(*(node_xy_m[found] - node_xy_m[node]).T)
        if gaps_m.min() <= _JOINED_M:
            return int(np.argmin(gaps_m))
    found.append(node)
    return len(found) - 1

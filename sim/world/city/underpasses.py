"""Low points of the road network: where the source shows them, else well spread."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from sim.kernel.basemap import ROAD_CLASSES, Place, Roads
from sim.kernel.rng import Streams
from sim.world.city.draft import BELOW, RAISED, Draft
from sim.world.city.streets import along_m, lines_of

F64 = NDArray[np.float64]

MIN_COUNT, MAX_COUNT = 4, 12
_PEOPLE_PER_UNDERPASS = 280_000.0
"""Underpasses of a city: enough to compare, few enough to staff (assumed); in a metropolis one
for so many people: Beijing counted 78 sunken bridges in 2012, for 21.8 million."""
_APART_M = 150.0
"""Crossings nearer than this drain to one low point. Assumed: twice the length of a bowl."""
_BRIDGE_END_M = 8.0
"""A bridge is not overhead of the road it ends on. Assumed: half a junction's width."""
_BESIDE_M = 45.0
_OPPOSITE = -0.8
"""The other carriageway runs within this distance, at a cosine of heading below this. Assumed:
a wide median, and 37 degrees of skew."""
_MARK_REACH_M = 150.0
_LENGTH_RANGE_M = (80.0, 1500.0)
"""A generated underpass needs a link that holds its 80 m bowl. Assumed."""
_ARTERIAL = ROAD_CLASSES.index("tertiary")
_STREET = ROAD_CLASSES.index("residential")

Spot = tuple[int, float, float, bool, str]
"""Link, x and y [m], whether it was made up, and the source's name for it."""


def make_underpasses(
    draft: Draft, people: float, district_of: Callable[[F64], list[str]], streams: Streams
) -> tuple[Place, ...]:
    """Return the underpasses, both directions of the road where it has two.

    Those that the source marks come first, then roads in a tunnel or cutting and roads under
    a bridge or railway, by rank of road and from one street after the other; where those are
    too few, arterial links far from the others and with a way round are taken as if they were
    low.
    """
    asked = round(people / _PEOPLE_PER_UNDERPASS)
    picker = _Picker(draft.roads, most=max(MAX_COUNT, asked))
    for spot in (*_marked(draft, picker), *_mapped(draft, picker)):
        picker.offer(spot)
    for spot in _made_up(draft, picker, max(MIN_COUNT, asked), streams):
        picker.offer(spot)
    names = _names(draft.roads, picker.taken)
    xy_m = np.array([(x, y) for _, x, y, _, _ in picker.taken]).reshape(-1, 2)
    return tuple(
        Place(
            place_id=f"underpass-{i:02d}",
            kind="underpass",
            name=name,
            x_m=x_m,
            y_m=y_m,
            district_id=district,
            links=links,
            assumed=assumed,
        )
        for i, (name, (_, x_m, y_m, assumed, _), links, district) in enumerate(
            zip(names, picker.taken, picker.links, district_of(xy_m), strict=True), start=1
        )
    )


class _Picker:
    """Takes spots in the order of their worth, each on roads and ground of its own."""

    def __init__(self, roads: Roads, *, most: int) -> None:
        self.roads = roads
        self.most = most
        self.lines = lines_of(roads, np.arange(len(roads)))
        self.tree = shapely.STRtree(self.lines)
        self.taken: list[Spot] = []
        self.links: list[tuple[int, ...]] = []

    def offer(self, spot: Spot) -> None:
        """Take the spot unless it is too near to another, or there are enough."""
        link, x_m, y_m, *_ = spot
        apart = all(np.hypot(x_m - x, y_m - y) >= _APART_M for _, x, y, _, _ in self.taken)
        if len(self.taken) >= self.most or not apart:
            return
        links = self.directions(link, x_m, y_m)
        if not any(used in links for place in self.links for used in place):
            self.taken.append(spot)
            self.links.append(links)

    def directions(self, link: int, x_m: float, y_m: float) -> tuple[int, ...]:
        """Return the link and the one that leads the other way at this point, if any."""
        roads, point = self.roads, shapely.Point(x_m, y_m)
        near = np.sort(self.tree.query(point, predicate="dwithin", distance=_BESIDE_M))
        heading = _heading(self.lines[link], point)
        best: tuple[bool, float, int] | None = None
        for other in near.tolist():
            same_road = (
                abs(int(roads.road_class[other]) - int(roads.road_class[link])) <= 1
                and roads.names[other] == roads.names[link]
            )
            turned = bool(
                roads.start[other] == roads.end[link] and roads.end[other] == roads.start[link]
            )
            if same_road and heading @ _heading(self.lines[other], point) < _OPPOSITE:
                found = (not turned, float(self.lines[other].distance(point)), other)
                best = found if best is None else min(best, found)
        return (link,) if best is None else (link, best[2])

    def has_way_round(self, links: Sequence[int]) -> bool:
        """Return whether drivers still get everywhere with these links closed."""
        roads = self.roads
        openly = np.ones(len(roads), dtype=bool)
        openly[list(links)] = False
        n = len(roads.node_xy_m)
        ends = (roads.start[openly], roads.end[openly])
        graph = csr_array((np.ones(len(ends[0])), ends), shape=(n, n))
        parts, _ = connected_components(graph, directed=True, connection="strong")
        return int(parts) == 1


def _heading(line: shapely.LineString, point: shapely.Point) -> F64:
    """Return the unit vector along the line where it passes the point."""
    at = line.project(point)
    ends = [line.interpolate(max(at - 5.0, 0.0)), line.interpolate(min(at + 5.0, line.length))]
    vector = np.array([ends[1].x - ends[0].x, ends[1].y - ends[0].y])
    unit: F64 = vector / max(float(np.hypot(*vector)), 1e-9)
    return unit


def _marked(draft: Draft, picker: _Picker) -> Iterator[Spot]:
    """Yield the points that the source itself calls underpasses, on the nearest road."""
    for mark in draft.marks:
        if mark.kind == "underpass":
            point = shapely.Point(mark.x_m, mark.y_m)
            hits = picker.tree.query_nearest(point, max_distance=_MARK_REACH_M)
            if len(hits):
                link = int(hits.min())
                yield (link, *_on_line(picker.lines[link], point), mark.assumed, mark.name)


def _mapped(draft: Draft, picker: _Picker) -> list[Spot]:
    """Return low roads, and roads under bridges and railways, by rank of road."""
    roads, level = draft.roads, draft.level
    fit = roads.road_class <= _STREET
    low = np.flatnonzero(fit & (level == BELOW)).tolist()
    spots: list[Spot] = [(link, *roads.midpoint(link), False, "") for link in low]
    grounded = fit & (level != RAISED)
    for overhead in draft.overhead:
        bridge = shapely.LineString(overhead.line_m)
        for link in np.sort(picker.tree.query(bridge, predicate="intersects")).tolist():
            # The lesser road gives way: a lane's bridge climbs over a highway that stays level.
            if not grounded[link] or overhead.rank > roads.road_class[link]:
                continue
            crossing = shapely.intersection(bridge, picker.lines[link])
            point = crossing.representative_point()
            if point.distance(bridge.boundary) > _BRIDGE_END_M:
                spots.append((link, *_on_line(picker.lines[link], point), False, ""))
    spots.sort(key=lambda s: (roads.road_class[s[0]], -roads.lanes[s[0]], s[0]))
    return _by_turns(roads, spots)


def _by_turns(roads: Roads, spots: Sequence[Spot]) -> list[Spot]:
    """Return spots in their order, but one of each street of a class before the next of any.

    A source with more low roads than are taken would else give those of a single avenue.
    """
    seen: Counter[tuple[int, str]] = Counter()
    turns = []
    for link, *_ in spots:
        street = (int(roads.road_class[link]), roads.names[link])
        turns.append((street[0], seen[street]))
        seen[street] += 1
    order = sorted(range(len(spots)), key=turns.__getitem__)
    return [spots[i] for i in order]


def _made_up(draft: Draft, picker: _Picker, least: int, streams: Streams) -> Iterator[Spot]:
    """Yield arterial links far from the underpasses so far, until there are enough."""
    if len(picker.taken) >= least:
        return
    roads = draft.roads
    low, high = _LENGTH_RANGE_M
    sound = (roads.length_m >= low) & (roads.length_m <= high) & (draft.level != RAISED)
    arterial = sound & (roads.road_class <= _ARTERIAL) & (roads.road_class > 0)
    luck = streams.at("city.underpasses", 0).uniform(0.7, 1.0, len(roads))
    middle = along_m(roads, np.arange(len(roads)), np.full(len(roads), 0.5))
    gaps = _Gaps(middle)
    # Each wish gives way to the next when no link is left that fulfils it.
    for wish, detour in ((arterial, True), (sound, True), (sound, False), (sound | True, False)):
        candidates = np.flatnonzero(wish)
        tried = np.zeros(len(candidates), dtype=bool)
        while len(picker.taken) < least and not tried.all():
            worth = gaps.to(picker.taken)[candidates] * luck[candidates]
            best = int(np.where(tried, -1.0, worth).argmax())
            tried[best] = True
            link = int(candidates[best])
            x_m, y_m = middle[link].tolist()
            if not detour or picker.has_way_round(picker.directions(link, x_m, y_m)):
                yield (link, x_m, y_m, True, "")


class _Gaps:
    """Distance of each link's middle from the nearest spot that is taken."""

    def __init__(self, middle_m: F64) -> None:
        self._middle_m = middle_m
        self._gap_m = np.full(len(middle_m), np.inf)
        self._known = 0

    def to(self, taken: Sequence[Spot]) -> F64:
        """Return ``(n,)`` distances; from the middle of all while nothing is taken [m]."""
        if not taken:
            from_middle: F64 = np.hypot(*(self._middle_m - self._middle_m.mean(axis=0)).T)
            return from_middle
        for _, x_m, y_m, _, _ in taken[self._known :]:
            gap_m = np.hypot(*(self._middle_m - (x_m, y_m)).T)
            self._gap_m = np.minimum(self._gap_m, gap_m)
        self._known = len(taken)
        return self._gap_m


def _on_line(line: shapely.LineString, point: shapely.Point) -> tuple[float, float]:
    foot = line.interpolate(line.project(point))
    return float(foot.x), float(foot.y)


def _names(roads: Roads, spots: Sequence[Spot]) -> list[str]:
    """Return the source's name, else one after the street, told apart by a number."""
    seen: Counter[str] = Counter()
    names = []
    for i, (link, *_, given) in enumerate(spots, start=1):
        name = given or _after(roads.names[link]) or f"Underpass {i}"
        seen[name] += 1
        names.append(name if seen[name] == 1 else f"{name} {seen[name]}")
    return names


def _after(street: str) -> str:
    """Return the name of a street's underpass, in each of the scripts the street has."""
    chinese = re.search(r"[\u4e00-\u9fff].*", street)
    latin = street[: chinese.start()].strip() if chinese else street
    return " ".join(
        part
        for part in (
            f"{latin} underpass" if latin else "",
            f"{chinese.group()}下凹桥" if chinese else "",
        )
        if part
    )

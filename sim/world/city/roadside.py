"""Bridges and junctions: places that the road network itself makes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from sim.kernel.basemap import ROAD_CLASSES, Roads
from sim.kernel.rng import Streams
from sim.world.city.curve import spots
from sim.world.city.draft import RAISED, Draft, Mark
from sim.world.city.sites import SiteGroup
from sim.world.city.spread import owners
from sim.world.city.streets import Streets, along_m

F64 = NDArray[np.float64]
I32 = NDArray[np.int32]
I64 = NDArray[np.int64]

_STREET = ROAD_CLASSES.index("residential")
_ARTERIAL = ROAD_CLASSES.index("secondary")
_SHORTEST_M = 15.0
"""A shorter bridge is a culvert, which no one watches. Assumed."""
_MARK_REACH_M = 100.0
_PEOPLE_PER_BRIDGE_MAX, _PEOPLE_PER_BRIDGE_MIN = 3_000.0, 25_000.0
"""Bridges watched: not more than one for so many people, and where the map shows fewer than one
for so many, arterial streets are taken as if they ran on one. Assumed; Beijing keeps some 2,500
urban bridges for 21.8 million people, one for 9,000."""
_AT_LEAST = 2
_BRIDGE_NAME = re.compile(r"(bridge|brücke|brug|silta|桥)$|^(pont|ponte|puente)\b", re.IGNORECASE)
"""A street called after its bridge needs no second word."""
_DECK_RANGE_M = (60.0, 600.0)
_LANE_M = 3.5
"""Width of a lane, CJJ 37-2012 section 5.3 for mixed traffic."""
_JUNCTIONS_MIN = 4
"""Crossings taken as signalised where the map shows no light. Assumed: enough to compare."""


def make_bridges(
    draft: Draft, streets: Streets, taken: Iterable[int], people: float, streams: Streams
) -> SiteGroup:
    """Return bridges with their links: raised roads joined end to end, then made-up ones.

    Parameters
    ----------
    taken
        Links of the underpasses, which cannot be bridges as well.
    """
    roads = draft.roads
    free = np.ones(len(roads), dtype=bool)
    free[list(taken)] = False
    spans = _spans(roads, free & (draft.level == RAISED) & (roads.road_class <= _STREET))
    spans.sort(key=lambda span: (roads.road_class[span].min(), -roads.length_m[span].sum()))
    known = spans[: max(_AT_LEAST, round(people / _PEOPLE_PER_BRIDGE_MAX))]
    missing = max(_AT_LEAST, round(people / _PEOPLE_PER_BRIDGE_MIN)) - len(known)
    free[[link for span in known for link in span]] = False
    made = _arterial_links(roads, streets, free, missing, streams) if missing > 0 else []
    links = [*known, *made]
    middle = np.array([span[len(span) // 2] for span in links], dtype=np.int64)
    xy_m = along_m(roads, middle, np.full(len(middle), 0.5))
    deck_m2 = [float((roads.length_m[s] * roads.lanes[s]).sum() * _LANE_M) for s in links]
    return SiteGroup(
        kind="bridge",
        names=_named(xy_m, [_deck_name(roads, span, i) for i, span in enumerate(links, 1)], draft),
        xy_m=xy_m,
        known=len(known),
        links=[tuple(span) for span in links],
        capacity=np.zeros(len(links)),
        area_m2=np.array(deck_m2),
        rule="put on arterial streets",
    )


def _spans(roads: Roads, raised: NDArray[np.bool_]) -> list[list[int]]:
    """Return the raised links grouped into bridges: those that share a junction."""
    links = np.flatnonzero(raised)
    n = len(roads.node_xy_m)
    ends = (roads.start[links], roads.end[links])
    graph = csr_array((np.ones(len(links)), ends), shape=(n, n))
    _, part = connected_components(graph, directed=False)
    groups: dict[int, list[int]] = {}
    for link, owner in zip(links.tolist(), part[roads.start[links]].tolist(), strict=True):
        groups.setdefault(owner, []).append(link)
    return [span for span in groups.values() if roads.length_m[span].max() >= _SHORTEST_M]


def _arterial_links(
    roads: Roads, streets: Streets, free: NDArray[np.bool_], count: int, streams: Streams
) -> list[list[int]]:
    """Return both directions of arterial streets long enough for a bridge, well spread."""
    twin = _both_ways(roads, streets)
    low, high = _DECK_RANGE_M
    whole = np.array([free[links].all() for links in twin], dtype=bool)
    sized = whole & (streets.length_m >= low) & (streets.length_m <= high)
    arterial = sized & (streets.road_class <= _ARTERIAL)
    # Each wish gives way to the next when too few streets fulfil it.
    wishes = [np.flatnonzero(wish) for wish in (arterial, sized, whole)]
    fit = next((wish for wish in wishes if len(wish) >= count), wishes[-1])
    if not len(fit):
        return []
    draw = streams.at("city.bridges", 0)
    spread = spots(streets.middle_m[fit], np.ones(len(fit)), min(count, len(fit)), draw)
    return [twin[i] for i in np.unique(fit[spread]).tolist()]


def _both_ways(roads: Roads, streets: Streets) -> list[list[int]]:
    """Return the links of each street."""
    n = len(roads.node_xy_m)

    def key(ends: I32) -> I64:
        low, high = np.sort(ends, axis=1).astype(np.int64).T
        keys: I64 = low * n + high
        return keys

    of_link = key(np.stack([roads.start, roads.end], axis=1))
    of_street = key(streets.ends)
    order = np.argsort(of_street)
    street = order[np.searchsorted(of_street, of_link, sorter=order)]
    links: list[list[int]] = [[] for _ in range(len(streets))]
    for link, owner in enumerate(street.tolist()):
        links[owner].append(link)
    return links


def _deck_name(roads: Roads, span: list[int], number: int) -> str:
    name = next((roads.names[link] for link in span if roads.names[link]), "")
    if _BRIDGE_NAME.search(name):
        return name
    return f"{name} bridge" if name else f"Bridge {number}"


def _named(xy_m: F64, names: list[str], draft: Draft) -> list[str]:
    """Return the names with those of marked bridges where one stands near."""
    marks: list[Mark] = [m for m in draft.marks if m.kind == "bridge" and m.name]
    if marks and len(xy_m):
        at_m = np.array([(m.x_m, m.y_m) for m in marks])
        nearest = owners(xy_m, at_m)
        near = np.hypot(*(at_m[nearest] - xy_m).T) <= _MARK_REACH_M
        for i in np.flatnonzero(near).tolist():
            names[i] = marks[nearest[i]].name
    return names


def make_junctions(roads: Roads) -> SiteGroup:
    """Return the crossings with signals, with the links that lead to each.

    Where the map shows no light at all, the largest crossings are taken.
    """
    nodes = np.flatnonzero(roads.signal)
    known = len(nodes)
    order = np.argsort(roads.end, kind="stable")
    first = np.searchsorted(roads.end[order], np.arange(len(roads.node_xy_m) + 1))
    if not known:
        lanes = np.bincount(roads.end, weights=roads.lanes, minlength=len(roads.node_xy_m))
        arms = np.diff(first)
        nodes = np.sort(np.lexsort((-lanes, -arms))[:_JUNCTIONS_MIN])
    links = [tuple(order[first[node] : first[node + 1]].tolist()) for node in nodes.tolist()]
    return SiteGroup(
        kind="junction",
        names=[_crossing_name(roads, into, i) for i, into in enumerate(links, 1)],
        xy_m=roads.node_xy_m[nodes],
        known=known,
        links=links,
        capacity=np.zeros(len(nodes)),
        area_m2=np.zeros(len(nodes)),
        rule="taken to have signals, as the map shows none",
    )


def _crossing_name(roads: Roads, links: Sequence[int], number: int) -> str:
    """Return the names of the two greatest streets that meet."""
    ranked = sorted(links, key=lambda link: (int(roads.road_class[link]), link))
    names = list(dict.fromkeys(roads.names[link] for link in ranked if roads.names[link]))
    return " × ".join(names[:2]) or f"Junction {number}"

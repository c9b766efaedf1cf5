"""How responders find their way: by true travel times, through queues, round deep water."""

from __future__ import annotations

from collections.abc import Iterable, Set
from typing import Protocol

import numpy as np
import shapely
from numpy.typing import NDArray

from sim.kernel.basemap import Roads
from sim.kernel.routing import Router

F64 = NDArray[np.float64]

SLOWEST = 0.5
"""Share of the empty road's speed that lights and siren keep up in queues, on closed roads
and in shallow water; assumed: they use the lane against the traffic or the hard shoulder."""


class Streets(Protocol):
    """What responders ask of traffic."""

    @property
    def link_time_s(self) -> F64:
        """``(n_links,)`` travel time now; infinite where closed or too deep [s]."""


class Navigator:
    """Plan and time the drives of vehicles with lights and siren.

    Parameters
    ----------
    roads
        The road graph; one-way streets are respected.
    streets
        Traffic now.
    depth_m
        ``(n_links,)`` water on each link, an array that its owner changes in place [m].
    blocked
        Links that nobody gets through, responders neither; its owner changes it.
    """

    def __init__(
        self, roads: Roads, streets: Streets, depth_m: F64, blocked: Set[int] = frozenset()
    ) -> None:
        self._roads = roads
        self._router = Router(roads)
        self._streets = streets
        self._depth_m = depth_m
        self._blocked = blocked
        self._slowest_s = roads.free_time_s / SLOWEST

    def is_shut(self, link: int, wade_m: float) -> bool:
        """Return whether a vehicle that can wade through `wade_m` must keep off a link."""
        return link in self._blocked or bool(self._depth_m[link] >= wade_m)

    def time_s(self, link: int) -> float:
        """Return how long a responder takes over one link now [s]."""
        return float(min(self._streets.link_time_s[link], self._slowest_s[link]))

    def path(self, start: int, goals: Iterable[int], wade_m: float) -> list[int] | None:
        """Return the links of the quickest way to any of `goals`; None when all are cut off."""
        times = np.minimum(self._streets.link_time_s, self._slowest_s)
        times = np.where(self._depth_m >= wade_m, np.inf, times)
        times[list(self._blocked)] = np.inf
        found: list[int] | None = None
        for goal in goals:
            path = self._router.path(start, goal, times)
            if path is not None and (found is None or times[path].sum() < times[found].sum()):
                found = path
        return found

    def point(self, link: int, share: float) -> tuple[float, float]:
        """Return where a vehicle is that has driven `share` of a link [m]."""
        line = shapely.LineString(self._roads.shapes[link])
        point = line.interpolate(share, normalized=True)
        return float(point.x), float(point.y)

    def end_of(self, link: int) -> int:
        """Return the node that a link leads to."""
        return int(self._roads.end[link])

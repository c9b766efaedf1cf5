"""Lanes that are blocked on a link: what capacity is left, and which place is nearest."""

from __future__ import annotations

from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sim.world.city.model import City
from sim.world.city.spread import owners

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

LEFT_SHARE = {
    2: (0.81, 0.35, 0.0),
    3: (0.83, 0.49, 0.17, 0.0),
    4: (0.85, 0.58, 0.25, 0.13, 0.0),
    5: (0.87, 0.65, 0.40, 0.20, 0.10, 0.0),
    6: (0.89, 0.71, 0.50, 0.26, 0.15, 0.07, 0.0),
}
"""Share of a direction's capacity that is left, by its lanes, for 0 (on the shoulder), 1, 2, …
blocked lanes: HCM 2000, exhibit 22-6. Its table ends at three blocked lanes; what follows is
assumed to fall on evenly."""
ONE_LANE = (0.7, 0.0)
"""The same for a road of one lane; assumed: drivers squeeze past a car at the kerb."""


class Roadway(Protocol):
    """What crashes and works ask of traffic."""

    @property
    def passed(self) -> I64:
        """``(n_links,)`` vehicles that have left each link since the start."""

    def limit_capacity(self, link: int, share: float, by: str) -> None:
        """Leave a link a share of its capacity while `by` holds it so; 1 gives up the hold."""


def capacity_left(lanes: int, blocked: int) -> float:
    """Return the share of its capacity that a direction of `lanes` keeps."""
    table = ONE_LANE if lanes <= 1 else LEFT_SHARE[min(lanes, max(LEFT_SHARE))]
    return table[min(max(blocked, 0), len(table) - 1)] if blocked < lanes else 0.0


class LinkPlaces:
    """The place at which an event on a link is said to be: the nearest junction."""

    def __init__(self, city: City) -> None:
        self._city = city

    @cached_property
    def place(self) -> I64:
        """``(n_links,)`` index of the nearest junction; of the nearest place without any."""
        basemap = self._city.basemap
        rows = [i for i, place in enumerate(basemap.places) if place.kind == "junction"]
        rows = rows or list(range(len(basemap.places)))
        xy_m = np.array([(basemap.places[i].x_m, basemap.places[i].y_m) for i in rows])
        found: I64 = np.array(rows, dtype=np.int64)[owners(self.middle_m, xy_m)]
        return found

    @cached_property
    def middle_m(self) -> F64:
        """``(n_links, 2)`` half way between the ends of each link [m]."""
        roads = self._city.basemap.roads
        middle: F64 = (roads.node_xy_m[roads.start] + roads.node_xy_m[roads.end]) / 2
        return middle

    def links_at(self, place: int) -> list[int]:
        """Return the links of a place, or those nearest to it; never none."""
        links = list(self._city.basemap.places[place].links)
        links = links or np.flatnonzero(self.place == place).tolist()
        if not links:
            at = self._city.basemap.places[place]
            far_m = np.hypot(*(self.middle_m - (at.x_m, at.y_m)).T)
            links = [int(np.argmin(far_m))]
        return links

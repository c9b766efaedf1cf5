"""How long a unit would take to each place, as far as the centre can know."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from sim.kernel.basemap import BaseMap
from sim.kernel.routing import Router

F64 = NDArray[np.float64]

EMERGENCY_SHARE = 0.5
"""A responder with siren keeps at least this share of free speed in queues (assumed)."""
TURNOUT_S = 90.0
"""Expected time from order to wheels turning: between NFPA 1710's 60 s and 80 s, and a pump
crew's (assumed)."""


class TravelTimes:
    """Believed driving times: measured speeds where sensors see them, free flow elsewhere.

    Dispatch sees expected, not actual, delay: a link without a detector is taken to flow as
    the measured links do on average, and known closures and deep water are closed.
    """

    def __init__(self, basemap: BaseMap) -> None:
        self._basemap = basemap
        self._roads = basemap.roads
        self._router = Router(basemap.roads)
        self._nodes = cKDTree(basemap.roads.node_xy_m)
        self._time_s = basemap.roads.free_time_s
        self._to_place: dict[str, F64] = {}
        self._ask: Callable[[], tuple[F64, frozenset[int]]] | None = None

    def believe(self, ask: Callable[[], tuple[F64, frozenset[int]]]) -> None:
        """Let `ask` tell, when the next question comes, what is believed of the roads.

        It returns the believed speed of every link (NaN: not measured) and the blocked links.
        Most ticks send nobody, and then nothing needs to be reckoned.
        """
        self._ask = ask
        self._to_place.clear()

    def _bring_up_to_date(self) -> None:
        if self._ask is None:
            return
        speed_mps, blocked = self._ask()
        self._ask = None
        free = self._roads.speed_mps
        seen = np.isfinite(speed_mps)
        ratio = float(np.mean(speed_mps[seen] / free[seen])) if seen.any() else 1.0
        speed = np.where(seen, speed_mps, free * min(ratio, 1.0))
        speed = np.clip(speed, EMERGENCY_SHARE * free, free)
        self._time_s = self._roads.length_m / speed
        if blocked:
            self._time_s[sorted(blocked)] = np.inf

    def to_place(self, place_id: str) -> F64:
        """Return ``(n_nodes,)`` the time from every node to the edge of a place [s]."""
        self._bring_up_to_date()
        times = self._to_place.get(place_id)
        if times is None:
            place = self._basemap.get_place(place_id)
            nodes = dict.fromkeys(int(self._roads.start[link]) for link in place.links)
            if not nodes:
                nodes = {int(self._nodes.query((place.x_m, place.y_m))[1]): None}
            times = np.min([self._router.times_to(n, self._time_s) for n in nodes], axis=0)
            self._to_place[place_id] = times
        return times

    def nearest_node(self, lonlat: list[tuple[float, float]]) -> NDArray[np.int64]:
        """Return the road node nearest to each position."""
        return np.asarray(self._nodes.query(self.to_xy(lonlat))[1], dtype=np.int64)

    def to_xy(self, lonlat: list[tuple[float, float]]) -> F64:
        """Return ``(n, 2)`` the positions in metres."""
        return self._basemap.projection.to_xy(np.array(lonlat).reshape(-1, 2))

    def place_xy(self, place_id: str) -> tuple[float, float]:
        """Return where a place is [m]."""
        place = self._basemap.get_place(place_id)
        return place.x_m, place.y_m

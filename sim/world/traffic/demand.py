"""Who sets out when, from where, to where."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.kernel.basemap import Roads
from sim.kernel.clock import HOUR, Ns
from sim.kernel.rng import Streams
from sim.world.city.model import Zones
from sim.world.traffic.config import TrafficConfig

I64 = NDArray[np.int64]

BEIJING_OFFSET = 8 * HOUR


class Demand:
    """Trips by a gravity model over zones, Poisson in time, by the hour of the day.

    The wish to travel from i to j is people_i · jobs_j · exp(-d_ij / d0), d the straight line.
    """

    def __init__(self, roads: Roads, zones: Zones, streams: Streams, config: TrafficConfig) -> None:
        self._streams = streams
        self._profile = np.array(config.profile)
        self._step_s = config.step_s
        n = len(zones.node)
        xy = roads.node_xy_m[zones.node]
        distance = np.hypot(*(xy[:, None, :] - xy[None, :, :]).transpose(2, 0, 1))
        wish = zones.people[:, None] * zones.jobs[None, :] * np.exp(-distance / config.gravity_m)
        wish[zones.node[:, None] == zones.node[None, :]] = 0.0
        total = float(wish.sum())
        peak = config.peak_trips_per_h
        if peak is None:
            peak = config.trips_per_person * float(zones.people.sum())
        self._peak_per_s = peak / 3600 if total > 0 else 0.0
        self._cumulative = np.cumsum(wish.ravel()) / total if total > 0 else np.ones(n * n)
        self._n = n

    def trips(self, now: Ns, tick: int) -> tuple[I64, I64]:
        """Return origin and destination zone of the trips that begin in this step."""
        hour = (now + BEIJING_OFFSET) / HOUR % 24
        # Linear between the middles of hours.
        rate = np.interp(hour, np.arange(-1, 25) + 0.5, self._profile[np.arange(-1, 25) % 24])
        draw = self._streams.at("traffic.demand", tick)
        count = int(draw.poisson(self._peak_per_s * float(rate) * self._step_s))
        if not count:
            none = np.zeros(0, dtype=np.int64)
            return none, none
        pair = np.searchsorted(self._cumulative, draw.random(count), side="right")
        origin, goal = np.divmod(np.minimum(pair, self._n**2 - 1), self._n)
        return origin, goal

"""Who drives from where to where, and when: gravity between zones, Poisson in time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.kernel.clock import HOUR
from sim.kernel.rng import Streams
from sim.world.city.model import Zones
from sim.world.traffic.config import TRIPS_PER_PERSON_PEAK_H, TrafficConfig

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

DETER_S = 900.0
"""Driving time that makes a destination e times less likely. Assumed: car trips within a large
city's district take 10 to 20 min."""
_TO_WORK = (*(0.5,) * 6, *(0.75,) * 4, *(0.5,) * 6, *(0.25,) * 4, *(0.5,) * 4)
"""Share of trips from people to jobs in each hour; the others go from jobs to people. Assumed:
three in four go with the commuters in the morning from 6 to 10 and the evening from 16 to 20."""
_UTC_OFFSET_H = 8


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Trips:
    """Trips that begin within one step, ``(n,)`` each.

    Attributes
    ----------
    origin, goal
        int64 zones.
    after
        When within the step, as a share of it.
    luck
        Uniform in [0, 1), a driver's own: what he heeds and notices hangs on it.
    """

    origin: I64
    goal: I64
    after: F64
    luck: F64


class Demand:
    """Trips between zones: T_ij proportional to out_i in_j exp(-t_ij / DETER_S).

    Parameters
    ----------
    zones
        People and jobs; both serve as origin and as destination, by the hour.
    time_s
        ``(n, n)`` driving time on empty roads from each zone to each [s]; inf without a way.
    config, streams
        How many trips and when; ``traffic.demand`` draws them.

    References
    ----------
    Wilson 1967, doi:10.1016/0041-1647(67)90035-4, with the weights as they are, unbalanced.
    """

    def __init__(self, zones: Zones, time_s: F64, config: TrafficConfig, streams: Streams) -> None:
        peak = config.peak_trips_per_h
        if peak is None:
            peak = TRIPS_PER_PERSON_PEAK_H * float(zones.people.sum())
        busiest = max(config.profile)
        self._per_step = [peak * w / busiest / 3600 * config.step_s for w in config.profile]
        closeness = np.exp(-time_s / DETER_S)
        np.fill_diagonal(closeness, 0.0)
        self._to_work = closeness * np.outer(zones.people, zones.jobs)
        self._to_home = closeness * np.outer(zones.jobs, zones.people)
        self._streams = streams
        self._n = len(zones.node)
        self._hour = -1
        self._cumulative: F64 = np.zeros(0)
        self._from_half = 0

    def draw(self, now: int, tick: int) -> Trips | None:
        """Return the trips of the step that ends at `now`, None without any."""
        hour = (now // HOUR + _UTC_OFFSET_H) % 24
        if hour != self._hour:
            self._turn_to(hour)
        if not len(self._cumulative):
            return None
        draw = self._streams.at("traffic.demand", tick)
        count = int(draw.poisson(self._per_step[hour]))
        if count == 0:
            return None
        pair, after, luck = draw.random((3, count))
        cell = np.searchsorted(self._cumulative, pair * self._cumulative[-1], side="right")
        origin, goal = np.divmod(cell, self._n)
        return Trips(origin=origin, goal=goal, after=after, luck=luck)

    def _turn_to(self, hour: int) -> None:
        self._hour = hour
        share = _TO_WORK[hour]
        cumulative = np.cumsum(share * self._to_work + (1 - share) * self._to_home)
        self._cumulative = cumulative if cumulative[-1:] > 0 else np.zeros(0)

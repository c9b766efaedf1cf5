"""Who drives from where to where, and when: gravity between zones, Poisson in time; crowds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.kernel.basemap import Roads
from sim.kernel.rng import Streams
from sim.world.background.calendar import hour_of_day
from sim.world.city.model import Zones
from sim.world.traffic.config import (
    DETOUR,
    KM_PER_LANE_KM_DAY,
    KM_PER_PERSON_DAY,
    TrafficConfig,
)

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

DETER_S = 900.0
"""Driving time that makes a destination e times less likely. Assumed: car trips within a large
city's district take 10 to 20 min."""
_TO_WORK = (*(0.5,) * 6, *(0.75,) * 4, *(0.5,) * 6, *(0.25,) * 4, *(0.5,) * 4)
"""Share of trips from people to jobs in each hour; the others go from jobs to people. Assumed:
three in four go with the commuters in the morning from 6 to 10 and the evening from 16 to 20."""
_BLOCK_S = 60.0
"""Trips are drawn a minute ahead: a draw a step costs as much as a step's traffic."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Trips:
    """Trips by the time at which they begin, ``(n,)`` each.

    Attributes
    ----------
    origin, goal
        int64 zones.
    at_s
        When they begin, counted from the start of the traffic, never falling [s].
    luck
        Uniform in [0, 1), a driver's own: what he heeds and notices hangs on it.
    """

    origin: I64
    goal: I64
    at_s: F64
    luck: F64

    def __len__(self) -> int:
        return len(self.at_s)

    def pick(self, which: slice | I64) -> Trips:
        """Return some of them."""
        return Trips(
            origin=self.origin[which],
            goal=self.goal[which],
            at_s=self.at_s[which],
            luck=self.luck[which],
        )

    def merge(self, other: Trips) -> Trips:
        """Return both, by time; at the same time these go first."""
        both = Trips(
            origin=np.concatenate((self.origin, other.origin)),
            goal=np.concatenate((self.goal, other.goal)),
            at_s=np.concatenate((self.at_s, other.at_s)),
            luck=np.concatenate((self.luck, other.luck)),
        )
        return both.pick(np.argsort(both.at_s, kind="stable"))


_NONE = Trips(
    origin=np.zeros(0, dtype=np.int64),
    goal=np.zeros(0, dtype=np.int64),
    at_s=np.zeros(0),
    luck=np.zeros(0),
)


def peak_trips_per_h(roads: Roads, zones: Zones, config: TrafficConfig) -> float:
    """Return the trips of the busiest hour: the ordered ones, or Beijing's use of roads [1/h].

    Trips as long as the gravity model makes them on straight ways keep people and lanes as busy as
    `KM_PER_PERSON_DAY` and `KM_PER_LANE_KM_DAY` say, whichever is less.
    """
    if config.peak_trips_per_h is not None:
        return config.peak_trips_per_h
    xy_m = roads.node_xy_m[zones.node]
    way_m = np.hypot(*(xy_m[:, None] - xy_m[None]).transpose(2, 0, 1)) * DETOUR
    speed_mps = float(roads.length_m.sum() / roads.free_time_s.sum())
    weight = np.exp(-way_m / speed_mps / DETER_S) * np.outer(zones.people, zones.jobs)
    np.fill_diagonal(weight, 0.0)
    total = float(weight.sum())
    if total <= 0:
        return 0.0
    trip_km = max(float((weight * way_m).sum()) / total / 1000, 0.1)
    lane_km = float(roads.length_m @ roads.lanes) / 1000
    day_km = min(KM_PER_PERSON_DAY * float(zones.people.sum()), KM_PER_LANE_KM_DAY * lane_km)
    return day_km / trip_km * max(config.profile) / sum(config.profile)


class Demand:
    """Trips between zones: T_ij proportional to out_i in_j exp(-t_ij / DETER_S).

    Parameters
    ----------
    zones
        People and jobs; both serve as origin and as destination, by the hour.
    time_s
        ``(n, n)`` driving time on empty roads from each zone to each [s]; inf without a way.
    peak_per_h
        Trips drawn in the busiest hour [1/h].
    step_s
        Length of a step [s].
    config, streams
        How many trips and when; ``traffic.demand`` draws them.
    known
        Trips known beforehand, such as a survey's; then none are drawn.

    References
    ----------
    Wilson 1967, doi:10.1016/0041-1647(67)90035-4, with the weights as they are, unbalanced.
    """

    def __init__(
        self,
        zones: Zones,
        time_s: F64,
        peak_per_h: float,
        config: TrafficConfig,
        streams: Streams,
        *,
        step_s: float = 5.0,
        known: Trips | None = None,
    ) -> None:
        self._streams = streams
        self._n = len(zones.node)
        self._step_s = step_s
        self._block_steps = max(1, round(_BLOCK_S / step_s))
        self._drawn_to = 0
        self._factor = 1.0
        self._due = _NONE if known is None else known
        self._begun = 0
        self._hour = -1
        self._cumulative: F64 = np.zeros(0)
        closeness = np.exp(-time_s / DETER_S)
        np.fill_diagonal(closeness, 0.0)
        self._to_work = closeness * np.outer(zones.people, zones.jobs)
        self._to_home = closeness * np.outer(zones.jobs, zones.people)
        busiest = max(config.profile)
        self._per_s = [peak_per_h * w / busiest / 3600 for w in config.profile]

    def draw(self, now: int, tick: int) -> Trips | None:
        """Return the trips of the step that ends at `now`, None without any."""
        if tick > self._drawn_to and any(self._per_s):
            self._draw_block(now, tick)
        first = self._begun
        last = int(np.searchsorted(self._due.at_s, tick * self._step_s))
        if first == last:
            return None
        self._begun = last
        return self._due.pick(slice(first, last))

    def scale(self, factor: float) -> None:
        """Draw so many times the trips from the next minute on."""
        self._factor = factor

    def add(self, trips: Trips) -> None:
        """Let trips begin besides those that are drawn; their order does not matter."""
        self._due = self._due.pick(slice(self._begun, None)).merge(trips)
        self._begun = 0

    def _draw_block(self, now: int, tick: int) -> None:
        hour = hour_of_day(now)
        if hour != self._hour:
            self._turn_to(hour)
        self._drawn_to = tick - 1 + self._block_steps
        if not len(self._cumulative):
            return
        span_s = self._block_steps * self._step_s
        draw = self._streams.at("traffic.demand", tick)
        count = int(draw.poisson(self._per_s[hour] * span_s * self._factor))
        if count == 0:
            return
        pair, after, luck = draw.random((3, count))
        cell = np.searchsorted(self._cumulative, pair * self._cumulative[-1], side="right")
        origin, goal = np.divmod(cell, self._n)
        begin_s = (tick - 1) * self._step_s
        block = Trips(origin=origin, goal=goal, at_s=begin_s + after * span_s, luck=luck)
        self.add(block)

    def _turn_to(self, hour: int) -> None:
        self._hour = hour
        share = _TO_WORK[hour]
        cumulative = np.cumsum(share * self._to_work + (1 - share) * self._to_home)
        self._cumulative = cumulative if cumulative[-1:] > 0 else np.zeros(0)

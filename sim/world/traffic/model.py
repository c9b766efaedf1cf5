"""Traffic on the city's links: single vehicles, queues, water, closures, all in arrays.

It knows no sensors and no rain; water comes as a depth on each link.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.kernel.basemap import Roads
from sim.kernel.clock import Ns
from sim.kernel.rng import Streams
from sim.world.city.model import Zones
from sim.world.traffic.config import TrafficConfig
from sim.world.traffic.demand import Demand
from sim.world.traffic.links import COVERED_M, JAM_PER_M, WAVE_MPS, Links
from sim.world.traffic.queues import BOWL_M, Queues
from sim.world.traffic.routes import HEEDING, PUBLIC, TURNS, Routes

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
I32 = NDArray[np.int32]


class Traffic:
    """A city's vehicles, in steps of some seconds.

    Each step, in this order: trips begin; beliefs and routes follow the queues; holes reach
    the starts of their links; vehicles at the ends of links choose, are granted room, move.

    A vehicle drives over a link at the speed that road and water allow, then queues at its
    end. A link passes vehicles at its capacity, in fractional credits, as long as the next
    link takes them: that one takes its own capacity, up to the room that is left, and room
    comes back one wave's run after a vehicle left (Newell's theory in link transmission form).
    Vehicles leave a link first in, first out, but for those of the last 50 m who want another
    link than a blocked one: at real junctions they stand in lanes of their own, and strict
    order would lock whole grids. Merging links take turns by capacity. Times within a step
    are kept, so that an empty road is driven in its own time however long the step.

    A link of 0.30 m of water or more stalls whom the bowl holds (its middle 80 m); those
    before it turn round, or get through where the road is one-way; those behind it drive on.
    Of newcomers, careless drivers run into it as long as the bowl has room, unless a sign
    warns; the others see it and turn away. Stalled vehicles stay until rescued.

    Who is cut off from his goal waits, and parks after ten minutes. Conservation holds at
    every moment: ``entered == left + removed + inside``.

    Parameters
    ----------
    roads, zones
        The road graph, and where trips begin and end.
    streams
        Draws the trips and their drivers, ``traffic.demand``.
    config
        How many trips, and what drivers do.

    References
    ----------
    Newell 1993, doi:10.1016/0191-2615(93)90038-C; Yperman 2007, The link transmission model
    for dynamic network loading, KU Leuven; Pregnolato et al. 2017,
    doi:10.1016/j.trd.2017.06.020, for speed in water.
    """

    def __init__(self, roads: Roads, zones: Zones, streams: Streams, config: TrafficConfig) -> None:
        self.config = config
        self._n = len(roads)
        self._free_time_s = roads.free_time_s
        self._lane_m = roads.length_m * roads.lanes
        self._links = Links(roads, zones, config.step_s)
        self._routes = Routes(roads, zones, self._links)
        self._queues = Queues(
            self._links, self._routes, step_s=config.step_s, careless=config.careless
        )
        between_s = self._routes.free_s[:, zones.node].T
        self._demand = Demand(zones, between_s, config, streams)
        self._holders: dict[int, set[str]] = {}
        self._turn_steps = max(1, round(config.reroute_s / TURNS / config.step_s))
        self._tick = 0

    @property
    def passed(self) -> I64:
        """``(n_links,)`` int64 vehicles that have left each link at its end since the start."""
        return self._queues.passed[: self._n]

    @property
    def on_link(self) -> I32:
        """``(n_links,)`` int32 vehicles on each link: driving, queueing, stalled."""
        return self._queues.on[: self._n]

    @property
    def stalled(self) -> I32:
        """``(n_links,)`` int32 vehicles stalled in water on each link."""
        return self._queues.stalled[: self._n]

    @property
    def entered(self) -> int:
        """Vehicles that have come onto the road since the start."""
        return self._queues.entered

    @property
    def left(self) -> int:
        """Vehicles that have arrived."""
        return self._queues.left

    @property
    def removed(self) -> int:
        """Vehicles that were towed, or gave up because no way led to their goal."""
        return self._queues.removed

    @property
    def inside(self) -> int:
        """Vehicles on the road now."""
        return self._queues.inside

    @property
    def waiting(self) -> int:
        """Vehicles that wait at their origin for room on the road."""
        return self._queues.waiting

    @property
    def squeezed(self) -> int:
        """How often a vehicle was let into a full link after three minutes at its head."""
        return self._queues.squeezed

    @property
    def speed_mps(self) -> F64:
        """``(n_links,)`` mean speed now, by the triangular diagram from density [m/s]."""
        per_m = self.on_link / self._lane_m
        jammed = WAVE_MPS * (JAM_PER_M / np.maximum(per_m, 1e-9) - 1)
        speed: F64 = np.clip(jammed, 0.0, self._links.speed_mps)
        return speed

    @property
    def occupancy(self) -> F64:
        """``(n_links,)`` share of time that a detector is covered, 0 to 1."""
        share: F64 = np.minimum(self.on_link / self._lane_m * COVERED_M, 1.0)
        return share

    @property
    def link_time_s(self) -> F64:
        """``(n_links,)`` driving and queueing time now; inf where closed or too deep [s]."""
        n = self._n
        time_s: F64 = self._links.time_s[:n] + self._queues.queue_time_s()
        time_s[self._routes.closed[:n] | self._routes.deep[:n]] = np.inf
        return time_s

    @property
    def delay_vehicle_h(self) -> float:
        """Time in the system beyond that on empty roads, of all trips since the start [h].

        Vehicles that run, stand or wait at their origin count with what they have lost so far.
        """
        return self._queues.delay_s / 3600

    def step(self, now: Ns) -> None:
        """Advance by one step, to the end at `now`."""
        self._tick += 1
        self._begin_trips(now)
        if self._tick % self._turn_steps == 0:
            self._routes.learn(self._free_time_s + self._queues.queue_time_s())
        self._queues.step()

    def set_depth(self, depth_m: F64) -> None:
        """Let water of ``(n_links,)`` depth stand on the links [m]."""
        shut, opened = self._links.set_depth(depth_m)
        if len(opened):
            self._routes.tell(self._routes.deep, opened, False)
        if len(shut):
            self._routes.tell(self._routes.deep, shut, True)
            for link in shut.tolist():
                self._flood(link)

    def close(self, link: int, by: str) -> None:
        """Let nobody enter `link` until everyone who holds it closed has reopened it.

        Vehicles on it drive off at its end. All drivers know at once.
        """
        holders = self._holders.setdefault(link, set())
        holders.add(by)
        if not self._routes.closed[link]:
            self._routes.close(link)

    def reopen(self, link: int, by: str) -> None:
        """Give up the hold of `by`; harmless when it holds nothing."""
        holders = self._holders.get(link)
        if holders is None:
            return
        holders.discard(by)
        if not holders:
            del self._holders[link]
            self._routes.reopen(link)

    def warn(self, link: int) -> None:
        """Let a message sign warn of `link`: those who heed signs avoid it at once."""
        if not self._routes.warned[link]:
            self._routes.tell(self._routes.warned, link, True)

    def unwarn(self, link: int) -> None:
        """Take the warning away."""
        if self._routes.warned[link]:
            self._routes.tell(self._routes.warned, link, False)

    def rescue(self, link: int) -> int:
        """Tow the stalled vehicles of a link away and return how many."""
        return self._queues.rescue(link)

    def _begin_trips(self, now: Ns) -> None:
        trips = self._demand.draw(now, self._tick)
        if trips is None:
            return
        fleet = self._queues.fleet
        slots = fleet.take(len(trips.goal))
        origin = self._n + trips.origin
        born_s = (self._tick - 1 + trips.after) * self.config.step_s
        heeds = trips.luck >= 1 - self.config.compliance
        fleet.row[slots] = self._routes.row(np.where(heeds, HEEDING, PUBLIC), trips.goal)
        fleet.luck[slots] = trips.luck
        fleet.born_s[slots] = born_s
        fleet.free_s[slots] = self._routes.free_s[trips.goal, self._links.end[origin]]
        self._queues.begin(slots, origin, born_s)

    def _flood(self, link: int) -> None:
        """Stall whom the bowl of a link holds, and turn those before it round."""
        queues, fleet = self._queues, self._queues.fleet
        slots = np.flatnonzero(fleet.link == link)
        slots = slots[np.isfinite(fleet.ready_s[slots])]
        slots = slots[np.argsort(fleet.order[slots])]
        length_m, lanes = self._links.length_m[link], self._links.lanes[link]
        ahead_s = fleet.ready_s[slots] - queues.now_s
        # Those who queue stand one behind the other from the end back.
        row = np.cumsum(ahead_s <= 0) - 1
        to_end_m = np.where(
            ahead_s > 0,
            np.minimum(ahead_s / self._free_time_s[link], 1.0) * length_m,
            np.minimum(row / (JAM_PER_M * lanes), length_m),
        )
        from_middle_m = to_end_m - length_m / 2
        caught = np.abs(from_middle_m) <= BOWL_M / 2
        queues.stall(slots[caught], link)
        before = ~caught & (from_middle_m > 0)
        if self._links.reverse[link] < self._n:
            driven_m = length_m - to_end_m[before]
            queues.turn_round(slots[before], link, driven_m / self._links.free_mps[link])

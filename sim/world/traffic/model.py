"""Traffic on the city's links: single vehicles, queues, water, closures, all in arrays.

It knows no sensors and no rain; water comes as a depth on each link.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sim.kernel.basemap import ROAD_CLASSES, Roads
from sim.kernel.clock import Ns
from sim.kernel.errors import InputError
from sim.kernel.rng import Streams
from sim.world.city.model import Zones
from sim.world.traffic.config import TrafficConfig
from sim.world.traffic.demand import Demand, Trips, peak_trips_per_h
from sim.world.traffic.flood import flood
from sim.world.traffic.index import travel_index
from sim.world.traffic.links import COVERED_M, Links
from sim.world.traffic.queues import Queues
from sim.world.traffic.routes import HEEDING, PUBLIC, TURNS, Routes
from sim.world.traffic.signals import Plans, Signals, assume_plans

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
I32 = NDArray[np.int32]
Bool = NDArray[np.bool_]

_INDEX_CLASS = ROAD_CLASSES.index("tertiary")
"""The index looks at roads of this class and above. Assumed: local streets have no probes."""


class Traffic:
    """A city's vehicles, in steps of some seconds.

    Each step, in this order: trips begin; beliefs and routes follow the queues; holes reach
    the starts of their links; vehicles at the ends of links choose, are granted room, move.

    A vehicle drives over a link at the speed that road and water allow, then queues at its
    end. Vehicles leave a link at least its capacity's headway apart, as long as the next link
    takes them: that one takes its own capacity, up to the room that is left, and room comes
    back one wave's run after a vehicle left (Newell's theory in link transmission form).
    Vehicles leave a link first in, first out, but for those of the last 50 m who want another
    link than a blocked one: at real junctions they stand in lanes of their own, and strict
    order would lock whole grids. Merging links take turns by capacity. Times within a step
    are kept, so that an empty road is driven in its own time however long the step.

    A link of 0.30 m of water or more stalls whom the bowl holds (its middle 80 m); those
    before it turn round, or get through where the road is one-way; those behind it drive on.
    Of newcomers, careless drivers run into it as long as the bowl has room, unless a sign
    warns; the others see it and turn away. Stalled vehicles stay until rescued.

    Lights run fixed cycles, each approach of a junction green for its part of it; within a step
    nobody leaves before his green or after it, so red costs its time however long the step.
    Pre-emption and green waves move the greens; a power cut makes it a stop for all.

    Who is cut off from his goal waits, and parks after ten minutes. Conservation holds at
    every moment: ``entered == left + removed + inside``.

    Parameters
    ----------
    roads, zones
        The road graph, and where trips begin and end.
    streams
        Draws the trips and their drivers, ``traffic.demand``, and crowds, ``traffic.crowd``.
    config
        How many trips, how many vehicles drive as one, and what drivers do.
    trips
        Trips known beforehand, instead of drawn ones.
    plans
        Signal plans, instead of assumed ones; a light without one is always green.

    Attributes
    ----------
    platoon
        Vehicles that drive as one; every count that is told is of vehicles, and so a multiple.
    step_s
        Length of a step [s].

    References
    ----------
    Newell 1993, doi:10.1016/0191-2615(93)90038-C; Yperman 2007, The link transmission model
    for dynamic network loading, KU Leuven; Pregnolato et al. 2017,
    doi:10.1016/j.trd.2017.06.020, for speed in water.
    """

    def __init__(
        self,
        roads: Roads,
        zones: Zones,
        streams: Streams,
        config: TrafficConfig,
        *,
        trips: Trips | None = None,
        plans: Plans | None = None,
    ) -> None:
        self.config = config
        self._n = len(roads)
        self._free_time_s = roads.free_time_s
        self._lane_m = roads.length_m * roads.lanes
        peak_per_h = 0.0 if trips is not None else peak_trips_per_h(roads, zones, config)
        self.platoon = 1 if trips is not None else config.platoon_of(peak_per_h)
        self.step_s = config.step_of(self.platoon)
        self._links = Links(roads, zones, self.step_s, self.platoon)
        self._signals = Signals(
            assume_plans(roads) if plans is None else plans, roads.end, roads.free_time_s
        )
        usual_s = roads.free_time_s.copy()
        usual_s[self._signals.link] += self._signals.red_wait_s
        self._routes = Routes(roads, zones, self._links, usual_s)
        self._queues = Queues(
            self._links,
            self._routes,
            self._signals,
            step_s=self.step_s,
            careless=config.careless,
        )
        between_s = self._routes.free_s[:, zones.node].T
        self._demand = Demand(
            zones,
            between_s,
            peak_per_h / self.platoon,
            config,
            streams,
            step_s=self.step_s,
            known=trips,
        )
        self._streams = streams
        self._zone_xy_m = roads.node_xy_m[zones.node]
        self._node_xy_m = roads.node_xy_m
        self._in_index = np.flatnonzero(roads.road_class <= _INDEX_CLASS)
        self._holders: dict[int, set[str]] = {}
        self._limits: dict[int, dict[str, float]] = {}
        self._crowds = 0
        self._weather = 1.0
        self._turn_steps = max(1, round(config.reroute_s / TURNS / self.step_s))
        self._tick = 0

    @property
    def passed(self) -> I64:
        """``(n_links,)`` int64 vehicles that have left each link at its end since the start."""
        return self._queues.passed[: self._n] * self.platoon

    @property
    def on_link(self) -> I32:
        """``(n_links,)`` int32 vehicles on each link: driving, queueing, stalled."""
        on: I32 = self._queues.on[: self._n] * np.int32(self.platoon)
        return on

    @property
    def stalled(self) -> I32:
        """``(n_links,)`` int32 vehicles stalled in water on each link."""
        stalled: I32 = self._queues.stalled[: self._n] * np.int32(self.platoon)
        return stalled

    @property
    def entered(self) -> int:
        """Vehicles that have come onto the road since the start."""
        return self._queues.entered * self.platoon

    @property
    def left(self) -> int:
        """Vehicles that have arrived."""
        return self._queues.left * self.platoon

    @property
    def removed(self) -> int:
        """Vehicles that were towed, or gave up because no way led to their goal."""
        return self._queues.removed * self.platoon

    @property
    def inside(self) -> int:
        """Vehicles on the road now."""
        return self._queues.inside * self.platoon

    @property
    def waiting(self) -> int:
        """Vehicles that wait at their origin for room on the road."""
        return self._queues.waiting * self.platoon

    @property
    def squeezed(self) -> int:
        """How often a vehicle was let into a full link after three minutes at its head."""
        return self._queues.squeezed * self.platoon

    @property
    def speed_mps(self) -> F64:
        """``(n_links,)`` mean speed of the last one or two signal cycles [m/s].

        Those who drive go at the speed that road and water allow, those who queue stand.
        """
        speed: F64 = self._links.speed_mps * (1 - self._queues.watch.standing_share)
        return speed

    @property
    def mean_speed_mps(self) -> float:
        """Mean speed of all vehicles on the road, of empty roads without any [m/s]."""
        on = self.on_link
        weight = on if on.any() else self._lane_m
        return float(self.speed_mps @ weight / weight.sum())

    @property
    def index(self) -> float:
        """Beijing's traffic performance index, 0 to 10, of tertiary roads and above now.

        Their vehicles' time over that on empty roads for the same vehicle kilometres.
        """
        on, which = self.on_link[self._in_index], self._in_index
        driven = float(on @ self.speed_mps[which])
        could_be = float(on @ self._links.free_mps[which])
        return travel_index(could_be / driven if driven > 0 else np.inf if could_be > 0 else 1.0)

    @property
    def occupancy(self) -> F64:
        """``(n_links,)`` share of time that a detector is covered, 0 to 1."""
        share: F64 = np.minimum(self.on_link / self._lane_m * COVERED_M, 1.0)
        return share

    @property
    def link_time_s(self) -> F64:
        """``(n_links,)`` driving and queueing time now; inf where closed or too deep [s]."""
        n = self._n
        time_s: F64 = self._links.time_s[:n] + self._queues.watch.wait_s()
        time_s[self._routes.closed[:n] | self._routes.deep[:n]] = np.inf
        return time_s

    @property
    def delay_vehicle_h(self) -> float:
        """Time in the system beyond that on empty roads, of all trips since the start [h].

        Vehicles that run, stand or wait at their origin count with what they have lost so far.
        """
        return self._queues.delay_s * self.platoon / 3600

    def step(self, now: Ns) -> None:
        """Advance by one step, to the end at `now`."""
        self._tick += 1
        self._begin_trips(now)
        if self._tick % self._turn_steps == 0:
            self._routes.learn(self._free_time_s + self._queues.watch.wait_s())
        self._queues.step()

    def set_depth(self, depth_m: F64) -> None:
        """Let water of ``(n_links,)`` depth stand on the links [m]."""
        shut, opened = self._links.set_depth(depth_m)
        if len(opened):
            self._routes.tell(self._routes.deep, opened, False)
        if len(shut):
            self._routes.tell(self._routes.deep, shut, True)
            for link in shut.tolist():
                flood(self._queues, self._links, link)

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
        return self._queues.rescue(link) * self.platoon

    def limit_capacity(self, link: int, share: float, by: str) -> None:
        """Let a link take and pass at most a share of its capacity while `by` holds it so.

        The smallest share of all holders counts; 1 gives up the hold.
        """
        self._check("link", link, self._n)
        if not 0.0 <= share <= 1.0:
            raise InputError("traffic", place="capacity share", value=share, expected="0 to 1")
        holders = self._limits.setdefault(link, {})
        holders[by] = share
        if share == 1.0:
            del holders[by]
        self._links.set_limit(link, min(holders.values(), default=1.0))
        if not holders:
            del self._limits[link]

    def set_weather(self, factor: float) -> None:
        """Let drivers be slower and roads pass less by a factor, 1 when dry and clear.

        HCM 2010 exhibit 10-15 has capacities of 0.98, 0.93 and 0.86 in rain up to 2.5, up to 6.4
        and beyond 6.4 mm/h, and of 0.96 to 0.78 in snow; speeds fall by as much or a little
        more, and the same factor is assumed for both.
        """
        if not 0.1 <= factor <= 1.0:
            raise InputError("traffic", place="weather factor", value=factor, expected="0.1 to 1")
        if factor != self._weather:
            self._weather = factor
            self._links.set_weather(factor)

    def set_dark(self, dark: Bool) -> None:
        """Let the lights of ``(n_nodes,)`` be without power: everybody stops, then goes."""
        if dark.shape != (len(self._node_xy_m),):
            raise InputError(
                "traffic", place="dark", value=dark.shape, expected=f"({len(self._node_xy_m)},)"
            )
        was = self._signals.dark.copy()
        changed = self._signals.set_dark(dark)
        now_dark = self._signals.dark & ~was
        if len(changed):
            out = self._signals.link[now_dark]
            self._links.set_all_stop(out, True)
            self._links.set_all_stop(np.setdiff1d(changed, out), False)
            self._queues.watch.relight()

    def preempt(self, node: int, link: int, by: str) -> None:
        """Give `link` green at its end `node`, and the others red, until `by` releases it.

        Who came first is served first. Without a light nothing happens.
        """
        self._check("link", link, self._n)
        if int(self._links.end[link]) != node:
            raise InputError(
                "pre-emption", place=f"link {link}", value=node, expected="the node it ends at"
            )
        if self._signals.has(node):
            self._signals.preempt(node, link, by, self._queues.now_s)
            self._queues.watch.relight()

    def release(self, node: int, by: str) -> None:
        """Let the plan of a node go on; harmless when `by` holds nothing."""
        self._signals.release(node, by, self._queues.now_s)
        self._queues.watch.relight()

    def green_wave(self, links: Sequence[int], by: str) -> None:
        """Let green run along a path of links at the speed of the empty road until released."""
        for link in links:
            self._check("link", link, self._n)
        self._signals.wave(links, by, self._queues.now_s)

    def release_wave(self, by: str) -> None:
        """Take a green wave away; harmless without one."""
        self._signals.release_wave(by, self._queues.now_s)

    def set_demand(self, factor: float) -> None:
        """Scale the trips that are drawn, from the next minute on."""
        if not 0.0 <= factor <= 100.0:
            raise InputError("traffic", place="demand factor", value=factor, expected="0 to 100")
        self._demand.scale(factor)

    def add_trips(self, origin_node: int, goal_node: int, count: int, over_s: float) -> None:
        """Let a crowd drive home: trips from now on, evenly over a time.

        They begin and end at the zones nearest to the nodes, and not at all where that is one.
        """
        for node in (origin_node, goal_node):
            self._check("node", node, len(self._node_xy_m))
        ends = self._node_xy_m[[origin_node, goal_node]]
        away_m = np.hypot(*(ends[:, None] - self._zone_xy_m).transpose(2, 0, 1))
        origin, goal = away_m.argmin(axis=1).tolist()
        if count <= 0 or origin == goal:
            return
        self._crowds += 1
        draw = self._streams.at("traffic.crowd", self._crowds)
        units = int(count / self.platoon + draw.random()) if self.platoon > 1 else count
        self._demand.add(
            Trips(
                origin=np.full(units, origin),
                goal=np.full(units, goal),
                at_s=self._queues.now_s + (np.arange(units) + 0.5) / max(units, 1) * over_s,
                luck=draw.random(units),
            )
        )

    @staticmethod
    def _check(what: str, number: int, count: int) -> None:
        if not 0 <= number < count:
            raise InputError("traffic", place=what, value=number, expected=f"0 to {count - 1}")

    def _begin_trips(self, now: Ns) -> None:
        trips = self._demand.draw(now, self._tick)
        if trips is None:
            return
        fleet = self._queues.fleet
        slots = fleet.take(len(trips))
        origin = self._n + trips.origin
        heeds = trips.luck >= 1 - self.config.compliance
        fleet.row[slots] = self._routes.row(np.where(heeds, HEEDING, PUBLIC), trips.goal)
        fleet.luck[slots] = trips.luck
        fleet.born_s[slots] = trips.at_s
        fleet.free_s[slots] = self._routes.free_s[trips.goal, self._links.end[origin]]
        self._queues.begin(slots, origin, trips.at_s)

"""What a link can hold and pass: the triangular fundamental diagram, water, weather, crashes.

It knows links, not vehicles. Besides the roads there are three kinds of link without length,
so that every vehicle always has one and every step treats all alike: an origin per zone,
which holds the trips that have not found room on the road yet; `sink`, which takes those who
have arrived; and `nowhere`, which takes nobody and stands for "no way".
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.kernel.basemap import ROAD_CLASSES, Roads
from sim.world.city.model import Zones

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
I32 = NDArray[np.int32]
Bool = NDArray[np.bool_]

JAM_PER_M = 0.15
"""Vehicles in a metre of lane at a standstill: one in 6.7 m. Usual in kinematic wave models."""
WAVE_MPS = 5.0
"""How fast a queue's start-up runs backwards, 18 km/h: 15 to 20 km/h is seen on many roads."""
COVERED_M = 6.5
"""Length over which a vehicle covers a detector: 4.5 m of car and 2 m of field. Assumed."""
LANE_PER_H = dict(zip(ROAD_CLASSES, (2200, 2100, 1800, 1700, 1650, 1600, 1400), strict=True))
"""Most vehicles a lane passes in an hour: basic capacities by design speed, CJJ 37-2012
tables 4.2.2 and 4.3.2."""
POCKET_M = 50.0
"""Length before a junction in which vehicles of different movements stand beside each other.
Assumed: turning lanes of urban junctions are 30 to 70 m long."""
GIVE_WAY, UNCLEAR = 0.5, 0.65
"""Share of its capacity that a lesser road keeps where it gives way, and that each of equals
keeps where three or more roads meet without a signal. Assumed: gaps in moderate traffic."""
ALL_WAY_STOP_S = (3.9, 5.8, 7.0, 9.6)
"""Time between vehicles of an approach where all stop: one approach, two that cross, three, and
four or more, with somebody waiting on each. HCM 2010 chapter 20, saturation headways of single
lanes, degrees of conflict 1, 3, 4 and 5."""
FURTHER_LANE = 0.5
"""What each further lane of such an approach passes of the first. Assumed: those who stop side
by side hide each other's way, and the manual's headways grow with the lanes."""
KERB_SHARE = 0.5
"""What car parks and side streets at a junction feed, of what its roads carry away. Assumed."""
SHUT_M = 0.30
"""Depth from which cars neither drive nor run on; the formula's own end."""
_LAG_STEPS_MAX = 120
"""Longest memory of the backward wave, 3 km of road at 5 s; beyond it holes arrive early."""


def water_speed_mps(depth_m: F64) -> F64:
    """Return the speed that drivers dare at in standing water, any shape [m/s].

    Valid from 0 to 0.30 m; 0 from there.

    References
    ----------
    Pregnolato et al. 2017, doi:10.1016/j.trd.2017.06.020:
    v = 0.0009 w^2 - 0.5529 w + 86.9448 in km/h and mm.
    """
    w = depth_m * 1000
    speed: F64 = np.where(depth_m < SHUT_M, (0.0009 * w**2 - 0.5529 * w + 86.9448) / 3.6, 0.0)
    return speed


def lane_flow_per_s(speed_mps: F64) -> F64:
    """Return the capacity of a lane at a free speed, the diagram's tip [1/s].

    References
    ----------
    Newell 1993, doi:10.1016/0191-2615(93)90038-C; the triangle with its sides at free speed
    and `WAVE_MPS`, and its foot from 0 to `JAM_PER_M`.
    """
    flow: F64 = JAM_PER_M * speed_mps * WAVE_MPS / (speed_mps + WAVE_MPS)
    return flow


def yield_share(roads: Roads) -> F64:
    """Return ``(n_links,)`` the share of its capacity that a link keeps at its end.

    At a signal all of it, while it is green.
    """
    n = len(roads.node_xy_m)
    top = np.full(n, len(ROAD_CLASSES), dtype=np.int32)
    low = np.zeros(n, dtype=np.int32)
    np.minimum.at(top, roads.end, roads.road_class)
    np.maximum.at(low, roads.end, roads.road_class)
    equal = (top == low)[roads.end]
    is_top = roads.road_class == top[roads.end]
    # Two links at a node are a road that bends or widens: nobody gives way.
    junction = np.bincount(roads.end, minlength=n)[roads.end] > 2
    share = np.where(equal, UNCLEAR, np.where(is_top, 1.0, GIVE_WAY))
    return np.where(junction & ~roads.signal[roads.end], share, 1.0)


def all_way_stop_per_s(roads: Roads) -> F64:
    """Return ``(n_links,)`` what passes the end where all stop, somebody on every approach [1/s].

    References
    ----------
    HCM 2010, chapter 20; `ALL_WAY_STOP_S`.
    """
    approaches = np.bincount(roads.end, minlength=len(roads.node_xy_m))[roads.end]
    headway_s = np.array(ALL_WAY_STOP_S)[np.minimum(approaches, len(ALL_WAY_STOP_S)) - 1]
    flow: F64 = (1 + FURTHER_LANE * (roads.lanes - 1)) / headway_s
    return flow


class Links:
    """Roads, origins, sink and nowhere in one row of arrays, ``(size,)`` each.

    Parameters
    ----------
    roads, zones
        The road graph and the trip ends.
    step_s
        Length of a step [s].
    platoon
        Vehicles that drive as one; all counts and flows below are of such units.

    Attributes
    ----------
    jam_per_m
        Units in a metre of lane at a standstill [1/m].
    n, size
        How many are roads; how many there are in all.
    sink, nowhere
        Their indices.
    start, end
        int64 nodes; of an origin, its zone's.
    time_s
        Driving time at the speed that road and water allow [s].
    out_per_s, in_per_s
        Most vehicles that leave at the end, and that enter [1/s].
    storage
        Vehicles that fit, more than stand there in a jam by what flows while the step holds
        vehicles, and on short links their holes, back.
    lag
        int64 steps until a hole at the end has wandered to the start.
    pocket
        int64 vehicles at the end that may pass each other; at least those of one step.
    kerb
        bool, whether it is an origin within the city, no road and no road's end outside.
    reverse
        int64 link from the end to the start, `nowhere` without one.
    """

    def __init__(self, roads: Roads, zones: Zones, step_s: float, platoon: int = 1) -> None:
        n, z = len(roads), len(zones.node)
        self.n, self.size = n, n + z + 2
        self.sink, self.nowhere = n + z, n + z + 1
        self._lanes = roads.lanes.astype(float)
        self._most = np.array([LANE_PER_H[c] for c in ROAD_CLASSES])[roads.road_class] / 3600
        self._platoon = platoon
        self.jam_per_m = JAM_PER_M / platoon
        self._share = yield_share(roads)
        self.length_m = roads.length_m
        self.free_mps = roads.speed_mps
        self.lanes = self._pad(roads.lanes, 1, 1, 1)
        self.start = self._pad(roads.start, zones.node, 0, 0)
        self.end = self._pad(roads.end, zones.node, 0, 0)
        self.time_s = np.zeros(self.size)
        self.time_s[:n] = roads.free_time_s
        flow = self._flow(roads.speed_mps, slice(None))
        supply = np.bincount(roads.start, weights=flow, minlength=len(roads.node_xy_m))
        # Where roads only begin they come in from elsewhere, and bring what they can carry.
        arriving = np.bincount(roads.end, minlength=len(roads.node_xy_m))
        self.kerb = np.zeros(self.size, dtype=bool)
        self.kerb[n : self.sink] = arriving[zones.node] > 0
        feeds = np.where(self.kerb[n : self.sink], KERB_SHARE, 1.0) * supply[zones.node]
        self.out_per_s = np.concatenate((flow * self._share, feeds, [0.0, 0.0]))
        self.in_per_s = np.concatenate((flow, np.zeros(z), [np.inf, 0.0]))
        # A lane takes a vehicle however short it is.
        jam = np.maximum(self.jam_per_m * roads.length_m, 1.0) * self._lanes
        late_s = step_s + np.maximum(step_s - roads.length_m / WAVE_MPS, 0.0)
        self.storage = np.concatenate((jam + flow * late_s, np.full(z + 1, np.inf), [0.0]))
        lag = np.clip(roads.length_m / WAVE_MPS // step_s, 1, _LAG_STEPS_MAX)
        self.lag = self._pad(lag, 1, 1, 1)
        pocket = np.ceil(self.jam_per_m * np.minimum(roads.length_m, POCKET_M) * self._lanes)
        pocket = np.maximum(pocket, np.ceil(flow * step_s) + 1)
        self.pocket = self._pad(pocket, np.iinfo(np.int32).max, 0, 0)
        self.reverse = self._find_reverse(roads)
        self.speed_mps = roads.speed_mps.copy()
        self.depth_m = np.zeros(n)
        self.shut = np.zeros(self.size, dtype=bool)
        self._dry_per_s = flow
        self._stop_per_s = all_way_stop_per_s(roads) / platoon
        self._all_stop = np.zeros(n, dtype=bool)
        self._limit = np.ones(n)
        self._weather = 1.0

    def set_depth(self, depth_m: F64) -> tuple[I64, I64]:
        """Let water stand on the links and return those that it has just shut, and opened."""
        changed = np.flatnonzero(depth_m != self.depth_m)
        if not len(changed):
            return changed, changed
        self.depth_m[changed] = depth_m[changed]
        shut = depth_m[changed] >= SHUT_M
        was_shut = self.shut[changed]
        self.shut[changed] = shut
        self._refresh(changed)
        return changed[shut & ~was_shut], changed[was_shut & ~shut]

    def set_limit(self, link: int, share: float) -> None:
        """Let a link take and pass at most a share of its dry capacity."""
        self._limit[link] = share
        self._refresh(np.array([link]))

    def set_all_stop(self, links: I64, value: bool) -> None:
        """Let all vehicles stop at the ends of links, or no longer."""
        self._all_stop[links] = value
        self._refresh(links)

    def set_weather(self, factor: float) -> None:
        """Let drivers be slower, and roads pass less, by a factor."""
        self._weather = factor
        self._refresh(np.arange(self.n))

    def _refresh(self, which: I64) -> None:
        """Work out speed, time and capacities of some roads anew."""
        depth = self.depth_m[which]
        shut = depth >= SHUT_M
        # Whoever is past the water of a shut link drives off as on a dry road.
        dry = shut | (depth <= 0)
        free = self.free_mps[which] * self._weather
        wet_mps = np.where(dry, free, np.minimum(free, water_speed_mps(depth)))
        self.speed_mps[which] = np.where(shut, 0.0, wet_mps)
        self.time_s[which] = self.length_m[which] / wet_mps
        flow = np.minimum(self._flow(wet_mps, which), self._dry_per_s[which] * self._weather)
        most = self._dry_per_s[which] * self._limit[which]
        self.in_per_s[which] = np.minimum(flow, most)
        out = np.minimum(flow, self._dry_per_s[which] * self._weather * self._share[which])
        out = np.where(self._all_stop[which], np.minimum(out, self._stop_per_s[which]), out)
        self.out_per_s[which] = np.minimum(out, most)

    def fan_out(self, n_nodes: int) -> I64:
        """Return ``(n_nodes, most)`` the links that leave each node, filled up with `nowhere`."""
        start = self.start[: self.n]
        order = np.argsort(start, kind="stable")
        count = np.bincount(start, minlength=n_nodes)
        first = np.concatenate(([0], np.cumsum(count)[:-1]))
        table = np.full((n_nodes, int(count.max(initial=1))), self.nowhere, dtype=np.int64)
        table[start[order], np.arange(self.n) - first[start[order]]] = order
        return table

    def _flow(self, speed_mps: F64, which: I64 | slice) -> F64:
        lane = np.minimum(lane_flow_per_s(speed_mps), self._most[which]) / self._platoon
        flow: F64 = lane * self._lanes[which]
        return flow

    def _pad(self, roads: F64 | I32, origins: I32 | int, sink: int, nowhere: int) -> I64:
        row = np.empty(self.size, dtype=np.int64)
        row[: self.n] = roads
        row[self.n : self.sink] = origins
        row[self.sink], row[self.nowhere] = sink, nowhere
        return row

    def _find_reverse(self, roads: Roads) -> I64:
        n_nodes = len(roads.node_xy_m)
        there = roads.start.astype(np.int64) * n_nodes + roads.end
        back = roads.end.astype(np.int64) * n_nodes + roads.start
        order = np.argsort(there, kind="stable")
        at = np.minimum(np.searchsorted(there[order], back), self.n - 1)
        found = there[order][at] == back
        row = np.full(self.size, self.nowhere, dtype=np.int64)
        row[: self.n][found] = order[at][found]
        return row

"""The link-queue: every vehicle runs its link at free speed, then queues at its end.

A spatial-queue model of single vehicles held in arrays. A vehicle leaves its link at the
link's capacity, first come first served, when the next link has room: a full link holds up
those behind it. Vehicles bound for another link pass one that is held up, as on approaches
with lanes for turning; strict order would let one full link lock a whole net.

Against grid-lock, which such models make where real drivers find a gap: who stands for
`REROUTE_AFTER_S` takes any way with room that leads on, and after `SQUEEZE_AFTER_S` squeezes
in (counted in `squeezed`).

References
----------
Gawron 1998, Int. J. Mod. Phys. C 9(3), doi:10.1142/S0129183198000303 (queue model);
Cetin et al. 2003 (spatial queue).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.kernel.basemap import Roads
from sim.kernel.clock import SECOND, Ns, seconds
from sim.kernel.rng import Streams
from sim.world.city.model import Zones
from sim.world.traffic.config import (
    FELT_M,
    TrafficConfig,
    capacity_veh_s,
    storage_veh,
    wet_speed_mps,
)
from sim.world.traffic.demand import Demand
from sim.world.traffic.ways import BOLD, CAREFUL, ORDINARY, Ways

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
I32 = NDArray[np.int32]
Bool = NDArray[np.bool_]

DEEP_M = 0.30
"""Water in which cars stall: Pregnolato et al. 2017."""
BOWL_M = 80.0
"""Length of road under water in a flooded underpass (assumed)."""
REROUTE_AFTER_S = 60.0
SQUEEZE_AFTER_S = 180.0
OUTFLOW_MEMORY_S = 120.0
"""Over which a link's own outflow is averaged for its travel time (assumed: two cycles)."""
HURRY_S = 30.0
"""Least time between two looks at the way ahead that closures bring about."""
NEVER = np.inf


class Traffic:
    """Vehicles on the road graph.

    Parameters
    ----------
    roads, zones
        Where they drive, and between which ends.
    streams
        Chance: ``traffic.demand``, ``traffic.drivers``, ``traffic.stall``.
    config
        Demand and drivers.

    Attributes
    ----------
    passed
        ``(n_links,)`` vehicles that left each link so far.
    on_link
        ``(n_links,)`` int32 vehicles on each link, running, queued or stalled.
    stalled
        ``(n_links,)`` int32 vehicles stalled in water.
    entered, left, removed
        Vehicles that came onto a road, arrived, were towed away. At any time
        ``entered == left + removed + inside``.
    waiting
        Vehicles that have set out and found no room on their first road yet.
    squeezed
        How often a vehicle squeezed into a full link.
    """

    def __init__(self, roads: Roads, zones: Zones, streams: Streams, config: TrafficConfig) -> None:
        n, n_zones = len(roads), len(zones.node)
        self.config = config
        self.passed: I64 = np.zeros(n, dtype=np.int64)
        self.on_link: I32 = np.zeros(n, dtype=np.int32)
        self.stalled: I32 = np.zeros(n, dtype=np.int32)
        self.entered = self.left = self.removed = self.waiting = self.squeezed = 0
        self._roads = roads
        self._streams = streams
        self._n = n
        self._demand = Demand(roads, zones, streams, config)
        self._goal_node = zones.node.astype(np.int32)
        self._ways = Ways(roads, self._goal_node)
        self._storage = storage_veh(roads)
        self._capacity = capacity_veh_s(roads)
        # A trip begins on a road of its own at its zone's node, beyond the last real link.
        self._end = np.concatenate([roads.end, self._goal_node]).astype(np.int32)
        release = np.full(n_zones, float(self._capacity.max(initial=0.5)))
        self._flow = np.concatenate([self._capacity, release])
        self._credit = np.zeros(n + n_zones)
        self._outflow = self._capacity.copy()
        self._queued: I64 = np.zeros(n, dtype=np.int64)
        self._depth_m: F64 = np.zeros(n)
        self._speed_limit = roads.speed_mps.copy()
        self._deep: Bool = np.zeros(n, dtype=np.bool_)
        self._held: dict[int, set[str]] = {}
        self._closed: Bool = np.zeros(n, dtype=np.bool_)
        self._warned: Bool = np.zeros(n, dtype=np.bool_)
        self._looked_ns = -seconds(10 * config.reroute_s)
        self._hurry = False
        self._time_total_s = 0.0
        self._free_total_s = 0.0
        self._now_s = 0.0
        self._epoch_ns: int | None = None
        self._allocate(1024)

    # --- what others see ------------------------------------------------------------------

    @property
    def inside(self) -> int:
        """Vehicles on the roads now."""
        return self.entered - self.left - self.removed

    @property
    def speed_mps(self) -> F64:
        """``(n_links,)`` mean speed over each link now [m/s]."""
        return self._roads.length_m / self._travel_time_s()

    @property
    def occupancy(self) -> F64:
        """``(n_links,)`` share of time a vehicle stands over a detector, 0 to 1."""
        lane_m = self._roads.length_m * self._roads.lanes
        return np.minimum(self.on_link * FELT_M / lane_m, 1.0)

    @property
    def link_time_s(self) -> F64:
        """``(n_links,)`` travel time now [s]; inf where a barrier or water shuts the road."""
        return np.where(self._closed | self._deep, np.inf, self._travel_time_s())

    @property
    def delay_vehicle_h(self) -> float:
        """Time lost against an empty, dry road so far, of all who set out [vehicle h]."""
        slots = slice(0, self._used)
        running = self._ready_s[slots]
        ahead = running[(running > self._now_s) & (running < NEVER)] - self._now_s
        return float((self._time_total_s - self._free_total_s + ahead.sum()) / 3600)

    # --- what others do -------------------------------------------------------------------

    def set_depth(self, depth_m: F64) -> None:
        """Let water stand on the links, ``(n_links,)`` [m]: it slows, stalls and shuts."""
        if np.array_equal(depth_m, self._depth_m):
            return
        self._depth_m = depth_m.copy()
        self._speed_limit = np.minimum(self._roads.speed_mps, wet_speed_mps(depth_m))
        deep = depth_m >= DEEP_M
        drowned = deep & ~self._deep
        if not np.array_equal(deep, self._deep):
            self._hurry = True
        self._deep = deep
        if drowned.any():
            self._stall(drowned)

    def close(self, link: int, by: str) -> None:
        """Let `by` hold a link closed: nobody enters, who is on it may leave."""
        self._held.setdefault(link, set()).add(by)
        self._set(self._closed, link, value=True)

    def reopen(self, link: int, by: str) -> None:
        """Let `by` no longer hold a link closed; it opens when nobody does."""
        self._held.get(link, set()).discard(by)
        self._set(self._closed, link, value=bool(self._held.get(link)))

    def warn(self, link: int) -> None:
        """Let signs warn of a link: careful drivers avoid it."""
        self._set(self._warned, link, value=True)

    def unwarn(self, link: int) -> None:
        """Let signs no longer warn of a link."""
        self._set(self._warned, link, value=False)

    def rescue(self, link: int) -> int:
        """Tow away the vehicles that stalled on a link; return how many."""
        slots = np.flatnonzero(
            (self._link[: self._used] == link) & (self._ready_s[: self._used] == NEVER)
        )
        self.on_link[link] -= len(slots)
        self.stalled[link] -= len(slots)
        self.removed += len(slots)
        self._release(slots)
        return len(slots)

    def step(self, now: Ns) -> None:
        """Advance by one step, to `now`.

        Order: set out; look at the way ahead when it is time; let links discharge in order of
        arrival; arrive, or enter the next link in order of arrival while there is room.
        """
        if self._epoch_ns is None:
            self._epoch_ns = int(now) - seconds(self.config.step_s)
        self._now_s = (int(now) - self._epoch_ns) / SECOND
        tick = int(now) // seconds(self.config.step_s)
        self._set_out(now, tick)
        self._look(now)
        self._discharge()
        self._time_total_s += (self.inside + self.waiting) * self.config.step_s

    # --- the parts of a step --------------------------------------------------------------

    def _set_out(self, now: Ns, tick: int) -> None:
        origin, goal = self._demand.trips(now, tick)
        if not len(origin):
            return
        slots = self._take_slots(len(origin))
        kind = self._streams.at("traffic.drivers", tick).random(len(slots))
        view = np.full(len(slots), ORDINARY, dtype=np.int8)
        view[kind < self.config.careful] = CAREFUL
        view[kind >= 1 - self.config.bold] = BOLD
        self._view[slots] = view
        self._link[slots] = self._n + origin
        self._goal[slots] = goal
        self._ready_s[slots] = self._now_s
        self.waiting += len(slots)

    def _look(self, now: Ns) -> None:
        since_ns = int(now) - self._looked_ns
        due = since_ns >= seconds(self.config.reroute_s)
        if due or (self._hurry and since_ns >= seconds(HURRY_S)):
            self._looked_ns = int(now)
            self._hurry = False
            self._ways.renew(
                self._travel_time_s(), closed=self._closed, deep=self._deep, warned=self._warned
            )

    def _discharge(self) -> None:
        flow_step = self._flow * self.config.step_s
        np.minimum(self._credit + flow_step, np.maximum(flow_step, 1.0), out=self._credit)
        heads = np.flatnonzero(self._ready_s[: self._used] <= self._now_s)
        link = self._link[heads]
        self._queued = np.bincount(link, minlength=self._n)[: self._n]
        self._note_outflow(np.zeros(0, dtype=np.int64)) if not len(heads) else None
        if not len(heads):
            return
        order = np.lexsort((self._ready_s[heads], link))
        heads, link = heads[order], link[order]
        allowed = _rank(link) < np.floor(self._credit + 1e-9)[link]
        movers, link = heads[allowed], link[allowed]
        node = self._end[link]
        goal = self._goal[movers]
        arrives = node == self._goal_node[goal]
        moved = arrives.copy()
        bound = np.flatnonzero(~arrives)
        target = np.full(len(movers), -1, dtype=np.int32)
        if len(bound):
            target[bound] = self._target(movers[bound], goal[bound], node[bound])
            going = bound[target[bound] >= 0]
            moved[going] = True
        self._move(movers[moved], link[moved], target[moved])

    def _target(self, movers: I64, goal: I32, node: I32) -> I32:
        """Return the link each mover enters now, -1 where it must wait."""
        target = self._ways.next(self._view[movers], goal, node)
        stood_s = self._now_s - self._ready_s[movers]
        room = self._storage - self.on_link
        open_ = ~self._closed & (~self._deep)
        stuck = (stood_s >= REROUTE_AFTER_S) & ((target < 0) | (room[target] < 1))
        if stuck.any():
            other = self._ways.other(goal[stuck], node[stuck], (room >= 1) & open_)
            target = target.copy()
            target[stuck] = np.where(other >= 0, other, target[stuck])
        wants = target >= 0
        bold = self._view[movers] == BOLD
        wants &= ~self._closed[target] & (~self._deep[target] | bold)
        rows = np.flatnonzero(wants)
        order = np.lexsort((-stood_s[rows], target[rows]))
        rows = rows[order]
        fits = _rank(target[rows]) < room[target[rows]]
        squeezes = ~fits & (stood_s[rows] >= SQUEEZE_AFTER_S)
        # One a link and step, so that a jam dissolves and does not burst.
        squeezes &= _rank(target[rows]) == 0
        self.squeezed += int(squeezes.sum())
        enters = np.full(len(movers), -1, dtype=np.int32)
        chosen = rows[fits | squeezes]
        enters[chosen] = target[chosen]
        return enters

    def _move(self, movers: I64, link: I32, target: I32) -> None:
        """Take movers off their links and put them on their targets, -1 for arrival."""
        out = np.bincount(link, minlength=len(self._end))
        self._credit -= out
        self.passed += out[: self._n]
        self.on_link -= out[: self._n].astype(np.int32)
        self._note_outflow(out[: self._n])
        from_origin = int(out[self._n :].sum())
        self.waiting -= from_origin
        self.entered += from_origin
        self.left += int((target < 0).sum())
        self._release(movers[target < 0])
        going, target = movers[target >= 0], target[target >= 0]
        self._link[going] = target
        self.on_link += np.bincount(target, minlength=self._n).astype(np.int32)
        run_s = self._roads.length_m[target] / self._speed_limit[target]
        self._ready_s[going] = self._now_s + run_s
        self._free_total_s += float(self._roads.free_time_s[target].sum())
        drowned = going[self._deep[target]]
        if len(drowned):
            self._ready_s[drowned] = NEVER
            self.stalled += np.bincount(self._link[drowned], minlength=self._n).astype(np.int32)

    def _stall(self, drowned: Bool) -> None:
        """Stall those whom the water caught in the bowl."""
        slots = np.flatnonzero(self._ready_s[: self._used] < NEVER)
        slots = slots[self._link[slots] < self._n]
        slots = slots[drowned[self._link[slots]]]
        if not len(slots):
            return
        tick = round(self._now_s / self.config.step_s)
        share = np.minimum(BOWL_M / self._roads.length_m[self._link[slots]], 1.0)
        slots = slots[self._streams.at("traffic.stall", tick).random(len(slots)) < share]
        self._ready_s[slots] = NEVER
        self.stalled += np.bincount(self._link[slots], minlength=self._n).astype(np.int32)

    def _note_outflow(self, out: I64) -> None:
        weight = min(self.config.step_s / OUTFLOW_MEMORY_S, 1.0)
        self._outflow *= 1 - weight
        if len(out):
            self._outflow += weight * out / self.config.step_s

    def _travel_time_s(self) -> F64:
        """Return free travel time, and for the queue its length over its outflow."""
        # Who queues behind a red light or a full link waits as long as the link has lately
        # needed; a link that let nobody out lately is not for that reason blocked for ever.
        flow = np.maximum(self._outflow, 0.1 * self._capacity)
        return self._roads.length_m / self._speed_limit + self._queued / flow

    def _set(self, flags: Bool, link: int, *, value: bool) -> None:
        if flags[link] != value:
            flags[link] = value
            self._hurry = True

    # --- slots ----------------------------------------------------------------------------

    def _allocate(self, size: int) -> None:
        self._link: I32 = np.full(size, -1, dtype=np.int32)
        self._goal: I32 = np.zeros(size, dtype=np.int32)
        self._view: NDArray[np.int8] = np.zeros(size, dtype=np.int8)
        # A free slot is never ready, like a stalled vehicle, but stands on no link.
        self._ready_s: F64 = np.full(size, NEVER)
        self._free: list[int] = list(range(size - 1, -1, -1))
        self._used = 0

    def _take_slots(self, count: int) -> I64:
        if len(self._free) < count:
            self._grow(count)
        slots = np.array(self._free[-count:][::-1], dtype=np.int64)
        del self._free[-count:]
        self._used = max(self._used, int(slots.max()) + 1)
        return slots

    def _grow(self, count: int) -> None:
        old = len(self._link)
        more = max(old, count)
        self._link = np.concatenate([self._link, np.full(more, -1, dtype=np.int32)])
        self._goal = np.concatenate([self._goal, np.zeros(more, dtype=np.int32)])
        self._view = np.concatenate([self._view, np.zeros(more, dtype=np.int8)])
        self._ready_s = np.concatenate([self._ready_s, np.full(more, NEVER)])
        self._free = list(range(old + more - 1, old - 1, -1)) + self._free

    def _release(self, slots: I64) -> None:
        self._link[slots] = -1
        self._ready_s[slots] = NEVER
        self._free.extend(slots[::-1].tolist())


def _rank(group: NDArray[np.integer]) -> I64:
    """Return each entry's position within its run of equal values; equal values stand together."""
    n = len(group)
    if not n:
        return np.zeros(0, dtype=np.int64)
    starts = np.flatnonzero(np.concatenate([[True], group[1:] != group[:-1]]))
    lengths = np.diff(np.concatenate([starts, [n]]))
    return np.arange(n) - np.repeat(starts, lengths)

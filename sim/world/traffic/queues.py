"""The vehicles' way from link to link: who stands where, who moves on, and the count of all.

It is told when trips begin and who is towed, and asks the routes where to; it decides neither
what drivers believe nor where water stands.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.world.traffic.fleet import NONE, Fleet
from sim.world.traffic.junction import Merges, ranks, stretches
from sim.world.traffic.links import Links
from sim.world.traffic.routes import WITNESS, Routes
from sim.world.traffic.signals import Signals
from sim.world.traffic.watch import Watch

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
I32 = NDArray[np.int32]
Bool = NDArray[np.bool_]

DETOUR_AFTER_S = 60.0
"""A vehicle at the head that found no room for so long takes another link that has some.
Assumed: most of a signal cycle; a red counts once the first green has found no room."""
SQUEEZE_AFTER_S = 180.0
"""After so long it is let in where there is no room, and counted in `squeezed`. Assumed: two or
three cycles; drivers close up, creep into the junction, are waved through. Without it a ring of
full links would stand for ever, which streets do not."""
GIVE_UP_S = 600.0
"""A vehicle near the head without any way to its goal parks after so long, and counts as
removed. Assumed."""
GATE = 0.6
"""How full a road may be for those who pull out of an origin. Assumed: nobody forces his way
from a car park into a standing queue. It also keeps demand beyond capacity at the kerb instead
of in a locked grid: on a 10 x 10 grid at twice what it can pass, the second hour then brings
nine tenths of the first hour's arrivals, and without it a sixth."""
BOWL_M = 80.0
"""Length of road that stands under water at an underpass. Assumed: a crossing of 20 m with
ramps of 30 m under water at depths that matter."""
_OLDEST_S = 1000.0
"""Longest that a vehicle may come late to a step because it passed short links before [s]."""
_ORDER_BITS = 40
_WHOLE = 1e-9
"""Slack for credits that rounding has left just short of a whole vehicle."""


class Queues:
    """Where every vehicle is; moves them in steps.

    Parameters
    ----------
    links, routes, signals
        What links hold and pass; where drivers want to go; what is green.
    step_s
        Length of a step [s].
    careless
        Share of drivers who drive into deep water.

    Attributes
    ----------
    fleet
        The vehicles.
    watch
        What can be seen of the queues.
    now_s
        End of the last step, counted from the start [s].
    on, stalled
        ``(links.size,)`` int32 vehicles on each link, and those of them stalled in water.
    passed
        ``(links.size,)`` int64 vehicles that have left each link at its end.
    entered, left, removed, waiting, squeezed
        As in `Traffic`.
    """

    def __init__(
        self, links: Links, routes: Routes, signals: Signals, *, step_s: float, careless: float
    ) -> None:
        self.fleet = Fleet()
        self._links = links
        self._routes = routes
        self._signals = signals
        self._dt_s = step_s
        self._careless = careless
        size = links.size
        self.now_s = 0.0
        self.on: I32 = np.zeros(size, dtype=np.int32)
        self.stalled: I32 = np.zeros(size, dtype=np.int32)
        self.passed: I64 = np.zeros(size, dtype=np.int64)
        self.entered = self.left = self.removed = self.waiting = self.squeezed = 0
        self._fan = links.fan_out(routes.n_nodes)
        # Vehicles, and holes they have left that have not reached the start of the link yet.
        self._held = np.zeros(size)
        self._rows = int(links.lag.max()) + 1
        self._holes: I64 = np.zeros(self._rows * size, dtype=np.int64)
        self._tick = 0
        self._last_s = np.full(size, -np.inf)
        self._in_credit = np.ones(size)
        self._merges = Merges(size)
        # Of links without a light this never changes.
        self._green_from_s = np.full(size, -np.inf)
        self._until_s = np.zeros(size)
        self.watch = Watch(links, signals, step_s)
        self._bowl_room = np.ceil(links.jam_per_m * BOWL_M * links.lanes)
        self._entries = 0
        self._past_delay_s = 0.0

    @property
    def inside(self) -> int:
        """Vehicles on the road now, stalled ones too."""
        return self.entered - self.left - self.removed

    @property
    def delay_s(self) -> float:
        """Time lost by all trips since the start, also those still running or waiting [s]."""
        alive = np.flatnonzero(self.fleet.link != NONE)
        return self._past_delay_s + float(self._lost_s(alive).sum())

    def begin(self, slots: I64, origin: I64, born_s: F64) -> None:
        """Let vehicles, filled in but for their place, wait at ``(n,)`` origin links."""
        self._put(slots, origin, born_s)
        self.on += np.bincount(origin, minlength=len(self.on)).astype(np.int32)
        self.waiting += len(slots)

    def step(self) -> None:
        """Let the vehicles at the ends of links move on, as far as capacity and room allow."""
        fleet, links, dt_s = self.fleet, self._links, self._dt_s
        self._tick += 1
        self.now_s = self._tick * dt_s
        row = self._tick % self._rows * links.size
        holes = self._holes[row : row + links.size]
        self._held -= holes
        holes[:] = 0

        (queue,) = (fleet.ready_s <= self.now_s).nonzero()
        queue = queue[np.argsort(fleet.order[queue])]
        link = fleet.link[queue]
        until_s = self._follow_signals()
        self._in_credit = np.minimum(self._in_credit, 1.0) + links.in_per_s * dt_s
        room = np.floor(np.minimum(links.storage - self._held, self._in_credit) + _WHOLE)
        room[self._routes.closed] = 0.0

        place = ranks(link)
        goes = fleet.ready_s[queue] <= until_s[link]
        goes &= place < links.pocket[link]
        (near,) = goes.nonzero()
        front, source = queue[near], link[near]
        target = self._choose(front, source)
        able, squeezed, parks = self._unblock(front, source, place[near], target, room)
        (picked,) = able.nonzero()
        leave_s, turn = self._leave_s(front[picked], source[picked])
        (due,) = (leave_s <= until_s[source[picked]]).nonzero()
        picked, turn, leave_s = picked[due], turn[due], leave_s[due]
        per_s = links.out_per_s[source[picked]]
        granted = self._merges.share(source[picked], target[picked], turn, per_s, room)
        picked, leave_s = picked[granted], leave_s[granted]
        self.squeezed += int(squeezed[picked].sum())

        moved, origin, target = front[picked], source[picked], target[picked]
        # The last to leave a link stands last, so his time is the one that stays.
        self._last_s[origin] = leave_s
        fleet.ready_s[queue] = self.now_s
        self._count(link, origin, target)
        self._move(moved, target, leave_s)
        if len(parks):
            self._remove(parks)

    def _leave_s(self, slots: I64, source: I64) -> tuple[F64, I64]:
        """Return when each could leave its link, and its place among those who could.

        Nobody leaves before he has come, before green, or sooner after the one before him than
        the capacity's headway: ``l_j = max(l_j-1 + h, c_j)``, which is the greatest of
        ``c_i + (j - i) h`` over all before him. A running maximum finds it for all links at
        once, every link's times being lifted above those of the link before. The first after
        red takes half a headway, so that a green passes its length over h on average.
        """
        t_s, per_s = self.now_s - self._dt_s, self._links.out_per_s[source]
        turn, group = stretches(source)
        headway_s = 1 / np.maximum(per_s, 1e-9)
        pace_s = np.maximum(self._last_s[source], self._green_from_s[source] - headway_s / 2)
        come_s = np.maximum(self.fleet.ready_s[slots], pace_s + headway_s) - t_s
        behind_s = turn * headway_s
        lift_s = group * (_OLDEST_S + 3 * self._dt_s)
        first_s = np.clip(come_s - behind_s, -_OLDEST_S, 2 * self._dt_s) + lift_s
        leave_s = np.maximum.accumulate(first_s) - lift_s + behind_s + t_s
        return np.where(per_s > 0, leave_s, np.inf), turn

    def _follow_signals(self) -> F64:
        """Note the green of this step and return ``(size,)`` until when each link lets go [s]."""
        signals, dt_s, until_s = self._signals, self._dt_s, self._until_s
        until_s.fill(self.now_s + _WHOLE)
        if len(signals.link):
            t_s = self.now_s - dt_s
            begin_s, end_s = signals.open_s(t_s, dt_s)
            green = end_s > np.maximum(begin_s, 0.0)
            self._green_from_s[signals.link] = t_s + begin_s
            until_s[signals.link] = np.where(green, t_s + end_s, -np.inf) + _WHOLE
        return until_s

    def turn_round(self, slots: I64, link: int, back_s: F64) -> None:
        """Move vehicles to the opposite lane, which they will have driven in `back_s` [s]."""
        back = int(self._links.reverse[link])
        fleet = self.fleet
        fleet.row[slots] = self._routes.inform(fleet.row[slots], WITNESS)
        self._put(slots, np.full(len(slots), back), self.now_s + back_s)
        for counted in (self.on, self._held):
            counted[link] -= len(slots)
            counted[back] += len(slots)

    def stall(self, slots: I64, link: int) -> None:
        """Let vehicles on a link stand where they are until they are taken away."""
        self.fleet.ready_s[slots] = np.inf
        self.stalled[link] += len(slots)

    def rescue(self, link: int) -> int:
        """Take the stalled vehicles of a link away and return how many."""
        count = int(self.stalled[link])
        if count:
            slots = np.flatnonzero(self.fleet.link == link)
            self._remove(slots[np.isinf(self.fleet.ready_s[slots])])
            self.stalled[link] = 0
        return count

    def _choose(self, front: I64, source: I64) -> I64:
        """Return the link that each wants; who meets deep water and is not careless turns away."""
        fleet, routes = self.fleet, self._routes
        node = self._links.end[source]
        target: I64 = routes.table[fleet.row[front] + node]
        if not routes.any_deep:
            return target
        wet = np.flatnonzero(routes.deep[target])
        if len(wet):
            into = target[wet]
            runs_in = (fleet.luck[front[wet]] < self._careless) & ~routes.warned[into]
            runs_in &= self.stalled[into] < self._bowl_room[into]
            sees = wet[~runs_in]
            fleet.row[front[sees]] = routes.inform(fleet.row[front[sees]], WITNESS)
            target[sees] = routes.table[fleet.row[front[sees]] + node[sees]]
        return target

    def _unblock(
        self, front: I64, source: I64, place: I64, target: I64, room: F64
    ) -> tuple[Bool, Bool, I64]:
        """Return who may ask for room, who of them is squeezed in, and which slots give up.

        Heads of queues that were blocked for long turn elsewhere (`target` changes), or are
        squeezed in (`room` becomes one).
        """
        fleet, links, now_s = self.fleet, self._links, self.now_s
        able = room[target] >= 1
        (kerb,) = links.kerb[source].nonzero()
        into = target[kerb]
        able[kerb] &= self._held[into] <= GATE * links.storage[into]
        squeezed = np.zeros(len(front), dtype=bool)
        # Who has no way at all need not be first to notice.
        lost = target == links.nowhere
        (head,) = ((place < links.lanes[source]) | lost).nonzero()
        since_s = np.minimum(fleet.head_s[front[head]], now_s)
        fleet.head_s[front[head]] = since_s
        stuck = ~able[head] & (now_s - since_s >= DETOUR_AFTER_S) & (source[head] < links.n)
        if not stuck.any():
            return able, squeezed, head[:0]
        head, since_s = head[stuck], since_s[stuck]
        gone = lost[head]
        parks = front[head[gone & (now_s - since_s >= GIVE_UP_S)]]
        head, since_s = head[~gone], since_s[~gone]

        other, found = self._detour(front[head], source[head], room)
        target[head[found]] = other[found]
        able[head[found]] = True
        wanted = target[head]
        open_ = ~(self._routes.closed[wanted] | self._routes.deep[wanted])
        push = head[~found & open_ & (now_s - since_s >= SQUEEZE_AFTER_S)]
        able[push] = squeezed[push] = True
        room[target[push]] = 1.0
        return able, squeezed, parks

    def _detour(self, slots: I64, source: I64, room: F64) -> tuple[I64, Bool]:
        """Return the best other link with room for each, and whether there is one; no U-turns."""
        links, routes = self._links, self._routes
        fan = self._fan[links.end[source]]
        usable = (room[fan] >= 1) & ~routes.deep[fan] & (fan != links.reverse[source][:, None])
        zone = routes.zone_of(self.fleet.row[slots])
        cost_s = links.time_s[fan] + routes.left_s[zone[:, None], links.end[fan]]
        cost_s[~usable] = np.inf
        best = np.argmin(cost_s, axis=1)
        rows = np.arange(len(slots))
        return fan[rows, best], np.isfinite(cost_s[rows, best])

    def _count(self, link: I64, source: I64, target: I64) -> None:
        """Book the moves of a step; `link` is where everyone stood who was ready to move."""
        links, size = self._links, len(self.on)
        sent = np.bincount(source, minlength=size)
        got = np.bincount(target, minlength=size)
        self._in_credit -= got
        self.passed += sent
        self._held += got
        row = (self._tick + links.lag[source]) % self._rows
        np.add.at(self._holes, row * size + source, 1)
        began = int(sent[links.n :].sum())
        self.waiting -= began
        self.entered += began
        self.left += int(got[links.sink])
        got -= sent
        self.on += got
        self.on[links.sink] = 0
        queued = np.bincount(link, minlength=size) - sent
        self.watch.note(queued, sent, self.on, self.stalled)

    def _move(self, moved: I64, target: I64, leave_s: F64) -> None:
        fleet, links = self.fleet, self._links
        home = target == links.sink
        if home.any():
            done = moved[home]
            lost_s = leave_s[home] - fleet.born_s[done] - fleet.free_s[done]
            self._past_delay_s += float(lost_s.sum())
            fleet.give_back(done)
            on = ~home
            moved, target, leave_s = moved[on], target[on], leave_s[on]
        self._put(moved, target, leave_s + links.time_s[target])
        if self._routes.any_deep:
            deep = self._routes.deep[target]
            fleet.ready_s[moved[deep]] = np.inf
            self.stalled += np.bincount(target[deep], minlength=len(self.on))

    def _put(self, slots: I64, link: I64, ready_s: F64) -> None:
        """Put vehicles on links, each behind those already there."""
        fleet = self.fleet
        fleet.link[slots] = link
        fleet.order[slots] = (link << _ORDER_BITS) + self._entries + np.arange(len(slots))
        self._entries += len(slots)
        fleet.ready_s[slots] = ready_s
        fleet.head_s[slots] = np.inf

    def _remove(self, slots: I64) -> None:
        """Take vehicles off the road for good; the room they held is free at once."""
        self._past_delay_s += float(self._lost_s(slots).sum())
        taken = np.bincount(self.fleet.link[slots], minlength=len(self.on))
        self.on -= taken.astype(np.int32)
        self._held -= taken
        self.removed += len(slots)
        self.fleet.give_back(slots)

    def _lost_s(self, slots: I64) -> F64:
        """Return what each has lost so far: its time, less the way made on empty roads [s]."""
        fleet, links, routes = self.fleet, self._links, self._routes
        link = fleet.link[slots]
        ready_s = fleet.ready_s[slots]
        # Before now for one who has passed several short links within a step or two.
        ahead_s = np.where(np.isinf(ready_s), 0.0, ready_s - self.now_s)
        left_s = routes.free_s[routes.zone_of(fleet.row[slots]), links.end[link]]
        lost: F64 = self.now_s - fleet.born_s[slots] - fleet.free_s[slots] + ahead_s + left_s
        return lost

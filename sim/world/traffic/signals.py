"""Traffic lights: fixed cycles, and those who change them for a while.

It knows approaches and the clock, not who stands there. A junction's plan is a cycle in which
every approach has one green; approaches on the same axis are green together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.kernel.basemap import Roads

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
Bool = NDArray[np.bool_]

CYCLE_S = 90.0
"""Cycle of a junction without a plan. Assumed: two phases run in 60 to 120 s in large cities."""
GREEN_TOP, GREEN_EQUAL, GREEN_LOW = 0.55, 0.45, 0.35
"""Share of green for the axis of the road of highest rank, for equals, and for the lesser axis;
the tenth of the cycle that is left is lost between the phases. An approach whose axis nobody
crosses but people on foot has the first. Assumed."""
CLEAR_S = 5.0
"""Time in which a junction clears before a green out of turn, and after it. Assumed: yellow of
3 s and 2 s of red for all."""
_GOLDEN = 0.618034
"""Offsets of neighbours that nobody has set lie anywhere in the cycle; multiples of this share
of it are as even as can be without being in step."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Plans:
    """Signal plans of approaches, ``(n,)`` each.

    Attributes
    ----------
    link
        int64 links that end at a light, rising.
    cycle_s, start_s, green_s
        Cycle; when within it the green begins, any offset included; how long it lasts [s].
    """

    link: I64
    cycle_s: F64
    start_s: F64
    green_s: F64


def assume_plans(roads: Roads) -> Plans:
    """Return two-phase plans for all junctions with lights.

    The first axis is that of the approach of highest rank, the second all else.
    """
    link = np.flatnonzero(roads.signal[roads.end])
    node = roads.end[link]
    rank = roads.road_class[link]
    bearing = _bearing(roads, link)
    by_rank = np.lexsort((link, rank, node))
    _, first = np.unique(node[by_rank], return_index=True)
    lead = np.full(len(roads.signal), -1)
    lead[node[by_rank[first]]] = by_rank[first]
    leader = lead[node]
    # On the same axis: within 45 degrees of the leader, there or back.
    along = np.abs(np.cos(bearing - bearing[leader])) >= np.cos(np.pi / 4) - 1e-9
    top = np.full((2, len(roads.signal)), 99)
    np.minimum.at(top, (np.where(along, 0, 1), node), rank)
    mine, other = top[np.where(along, 0, 1), node], top[np.where(along, 1, 0), node]
    share = np.where(mine < other, GREEN_TOP, np.where(mine > other, GREEN_LOW, GREEN_EQUAL))
    lost = (1 - GREEN_TOP - GREEN_LOW) / 2
    offset: F64 = node * np.float64(_GOLDEN) % 1
    begin: F64 = np.where(along, 0.0, 1 - share - lost)
    return Plans(
        link=link,
        cycle_s=np.full(len(link), CYCLE_S),
        start_s=((offset + begin) % 1 * CYCLE_S).astype(np.float64),
        green_s=share * CYCLE_S,
    )


def _bearing(roads: Roads, link: I64) -> F64:
    """Return the direction in which each link arrives, from its last stretch of any length."""
    away = np.empty((len(link), 2))
    for row, i in enumerate(link.tolist()):
        shape = roads.shapes[i]
        far = shape[np.hypot(*(shape - shape[-1]).T) > 1.0]
        away[row] = shape[-1] - far[-1] if len(far) else (1.0, 0.0)
    bearing: F64 = np.arctan2(away[:, 1], away[:, 0])
    return bearing


class Signals:
    """What is green in a step.

    Of those who want a junction their way, power comes first, for without it there is no
    light; then who pre-empted first; then the first green wave.

    Parameters
    ----------
    plans
        The fixed plans.
    end
        ``(n_links,)`` node at which each link ends.
    free_time_s
        ``(n_links,)`` driving time on the empty road, by which waves run [s].

    Attributes
    ----------
    link
        int64 links with a light at their end, a row of the others each.
    dark
        ``(n,)`` bool, whether the light is out.
    ratio
        ``(n,)`` share of green of the plan, 1 where it is dark.
    red_wait_s
        ``(n,)`` mean wait for green on an empty road [s]: Webster's uniform delay r^2 / 2C
        without flow; none for who has pre-empted, and assumed a cycle for the others there.

    References
    ----------
    Webster 1958, Traffic signal settings, Road Research Technical Paper 39.
    """

    def __init__(self, plans: Plans, end: NDArray[np.int32], free_time_s: F64) -> None:
        self._plan = plans
        self.link = plans.link
        self._node = end[plans.link]
        self._row = {link: row for row, link in enumerate(plans.link.tolist())}
        self._free_time_s = free_time_s
        self._cycle_s, self._start_s = plans.cycle_s.copy(), plans.start_s.copy()
        self._green_s = plans.green_s.copy()
        self._endless: I64 = np.zeros(0, dtype=np.int64)
        self._not_before_s = np.full(len(plans.link), -np.inf)
        self.dark = np.zeros(len(plans.link), dtype=bool)
        self.ratio = plans.green_s / plans.cycle_s
        self._plan_wait_s = (plans.cycle_s - plans.green_s) ** 2 / (2 * plans.cycle_s)
        self.red_wait_s = self._plan_wait_s.copy()
        self._preempts: dict[int, dict[str, int]] = {}
        self._waves: dict[int, dict[str, tuple[int, float, float]]] = {}

    def has(self, node: int) -> bool:
        """Return whether a node has lights."""
        return bool((self._node == node).any())

    def open_s(self, t_s: float, dt_s: float) -> tuple[F64, F64]:
        """Return ``(n,)`` begin and end of the green of the step from `t_s` on, from there [s].

        A green that stands already began before 0. Without green in the step the end is not
        after the begin, or not after 0. A second green in one step is left out.
        """
        into_s = (t_s - self._start_s) % self._cycle_s
        green = into_s < self._green_s
        begin_s = np.where(green, -into_s, self._cycle_s - into_s)
        end_s = np.minimum(begin_s + self._green_s, dt_s)
        # A green without end does not begin again with every cycle.
        begin_s[self._endless] = -np.inf
        np.maximum(begin_s, self._not_before_s - t_s, out=begin_s)
        return begin_s, end_s

    def set_dark(self, dark: Bool) -> I64:
        """Put lights out at ``(n_nodes,)`` and return the links where that changed."""
        now_dark = dark[self._node]
        changed = np.flatnonzero(now_dark != self.dark)
        self.dark = now_dark
        for node in np.unique(self._node[changed]).tolist():
            self._apply(node)
        return self.link[changed]

    def preempt(self, node: int, link: int, by: str, now_s: float) -> None:
        """Let `link` have green and the others red until `by` releases the node."""
        self._preempts.setdefault(node, {})[by] = link
        self._change(node, now_s)

    def release(self, node: int, by: str, now_s: float) -> None:
        """Let the plan of the node go on as if nothing had been; harmless without a hold."""
        holders = self._preempts.get(node, {})
        if holders.pop(by, None) is not None:
            if not holders:
                del self._preempts[node]
            self._change(node, now_s)

    def wave(self, links: Sequence[int], by: str, now_s: float) -> None:
        """Let green run along a path at the speed of the empty road.

        The first junction keeps its plan, the others follow with its cycle. A wave that `by`
        has already gives way to the new one.
        """
        self.release_wave(by, now_s)
        lead: tuple[float, float] | None = None
        t_s = 0.0
        for link in links:
            t_s += float(self._free_time_s[link])
            row = self._row.get(link)
            if row is None:
                continue
            if lead is None:
                lead = float(self._plan.start_s[row]) - t_s, float(self._plan.cycle_s[row])
            node = int(self._node[row])
            self._waves.setdefault(node, {}).setdefault(by, (row, lead[0] + t_s, lead[1]))
            self._change(node, now_s)

    def release_wave(self, by: str, now_s: float) -> None:
        """Take a wave away; harmless without one."""
        for node in [node for node, holders in self._waves.items() if by in holders]:
            del self._waves[node][by]
            if not self._waves[node]:
                del self._waves[node]
            self._change(node, now_s)

    def _change(self, node: int, now_s: float) -> None:
        """Apply what holds now; a green that this begins waits until the junction has cleared."""
        rows = np.flatnonzero(self._node == node)
        was = self._is_green(rows, now_s)
        self._apply(node)
        begun = rows[self._is_green(rows, now_s) & ~was]
        self._not_before_s[begun] = now_s + CLEAR_S

    def _is_green(self, rows: I64, now_s: float) -> Bool:
        green: Bool = (now_s - self._start_s[rows]) % self._cycle_s[rows] < self._green_s[rows]
        return green & (self._not_before_s[rows] <= now_s)

    def _apply(self, node: int) -> None:
        rows = np.flatnonzero(self._node == node)
        plan = self._plan
        cycle_s, start_s = plan.cycle_s[rows], plan.start_s[rows]
        green_s = plan.green_s[rows]
        if node in self._waves:
            row, lead_s, wave_cycle_s = next(iter(self._waves[node].values()))
            scale = wave_cycle_s / cycle_s
            start_s = lead_s + (start_s - plan.start_s[row]) * scale
            cycle_s, green_s = cycle_s * scale, green_s * scale
        if node in self._preempts:
            chosen = next(iter(self._preempts[node].values()))
            green_s = np.where(self.link[rows] == chosen, np.inf, 0.0)
        if len(rows) and self.dark[rows[0]]:
            green_s = np.full(len(rows), np.inf)
        self._cycle_s[rows], self._start_s[rows], self._green_s[rows] = cycle_s, start_s, green_s
        self._endless = np.flatnonzero(np.isinf(self._green_s))
        free, shut = np.isinf(green_s), green_s == 0
        wait_s = np.where(free, 0.0, np.where(shut, cycle_s, self._plan_wait_s[rows]))
        self.red_wait_s[rows] = wait_s
        self.ratio[rows] = np.where(self.dark[rows], 1.0, plan.green_s[rows] / plan.cycle_s[rows])

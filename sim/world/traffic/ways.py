"""Which link to take next: tables by destination, one for each way of seeing the road."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.kernel.basemap import Roads
from sim.kernel.routing import Router

F64 = NDArray[np.float64]
I32 = NDArray[np.int32]
Bool = NDArray[np.bool_]

CAREFUL, ORDINARY, BOLD = range(3)
"""Heeds signs and water; heeds water; heeds barriers only."""

SMOOTHING = 0.5
"""Weight of the newest times: drivers follow half of what they hear, which damps the swing
between two ways (assumed)."""


class Ways:
    """Next link by (view, destination zone, node), from smoothed travel times."""

    def __init__(self, roads: Roads, goal_node: I32) -> None:
        self._router = Router(roads)
        self._goals = goal_node
        self._smooth_s = roads.free_time_s.copy()
        self._end = roads.end
        out = np.argsort(roads.start, kind="stable").astype(np.int32)
        counts = np.bincount(roads.start, minlength=len(roads.node_xy_m))
        width = int(counts.max(initial=1))
        self._out = np.full((len(counts), width), -1, dtype=np.int32)
        column = np.arange(len(out)) - np.repeat(np.cumsum(counts) - counts, counts)
        self._out[roads.start[out], column] = out
        none = np.zeros(len(roads), dtype=np.bool_)
        self._table: I32 = np.zeros((1, 1, 1), dtype=np.int32)
        self._cost_s: F64 = np.zeros((1, 1))
        self.renew(roads.free_time_s, closed=none, deep=none, warned=none)

    def renew(self, time_s: F64, *, closed: Bool, deep: Bool, warned: Bool) -> None:
        """Look at the road anew.

        Parameters
        ----------
        time_s
            ``(n_links,)`` current travel time [s], finite.
        closed, deep, warned
            ``(n_links,)`` what barriers shut, what is too deep to drive, what signs warn of.
        """
        self._smooth_s += SMOOTHING * (time_s - self._smooth_s)
        views = [closed | deep | warned, closed | deep, closed]
        tables: list[I32] = []
        for number, shut in enumerate(views):
            if number and np.array_equal(shut, views[number - 1]):
                tables.append(tables[-1])
                continue
            table, cost_s = self._router.next_links(
                self._goals, np.where(shut, np.inf, self._smooth_s)
            )
            if number == 0:
                self._cost_s = cost_s
            tables.append(table)
        same = all(table is tables[0] for table in tables)
        self._table = tables[0][None] if same else np.stack(tables)

    def next(self, view: NDArray[np.int8], goal: I32, node: I32) -> I32:
        """Return the link each vehicle takes next, -1 where it knows no way."""
        seen = np.zeros_like(view) if len(self._table) == 1 else view
        links: I32 = self._table[seen, goal, node]
        return links

    def other(self, goal: I32, node: I32, room: Bool) -> I32:
        """Return, for vehicles that stand, the quickest next link with room, or -1."""
        links = self._out[node]
        cost = np.where(
            (links >= 0) & room[links],
            self._smooth_s[links] + self._cost_s[goal[:, None], self._end[links]],
            np.inf,
        )
        best = np.argmin(cost, axis=1)
        rows = np.arange(len(node))
        found: I32 = np.where(np.isfinite(cost[rows, best]), links[rows, best], -1)
        return found.astype(np.int32)

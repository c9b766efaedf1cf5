"""Shortest driving times on the road graph; the one router of world and centre."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from sim.kernel.basemap import Roads

F64 = NDArray[np.float64]
I32 = NDArray[np.int32]


class Router:
    """Dijkstra over links whose times change.

    Parallel links between two nodes are kept apart: the quickest of them stands for the pair
    at each query. A link of infinite time is closed.
    """

    def __init__(self, roads: Roads) -> None:
        n = len(roads.node_xy_m)
        self._n = n
        pair = roads.start.astype(np.int64) * n + roads.end
        # Sorted pairs of nodes are the rows and columns of a CSR matrix, in its own order.
        self._pairs, self._group = np.unique(pair, return_inverse=True)
        self._first = np.searchsorted(np.sort(self._group), np.arange(len(self._pairs)))
        # Without parallel links the order of the pairs is all there is to choose.
        self._only = np.argsort(self._group) if len(self._pairs) == len(pair) else None
        self._rows, self._columns = np.divmod(self._pairs, n)
        self._indptr = np.searchsorted(self._rows, np.arange(n + 1))
        # The pairs that leave each node side by side, so that the link to a neighbour is found
        # by comparing with the few neighbours there are.
        degree = np.diff(self._indptr)
        column = np.arange(len(self._pairs)) - self._indptr[self._rows]
        self._neighbour = np.full((n, int(degree.max(initial=1))), -1, dtype=np.int32)
        self._pair_at = np.zeros_like(self._neighbour)
        self._neighbour[self._rows, column] = self._columns
        self._pair_at[self._rows, column] = np.arange(len(self._pairs))
        # The same matrix transposed, for questions asked from the goal.
        self._turned = np.lexsort((self._rows, self._columns))
        self._turned_indptr = np.searchsorted(self._columns[self._turned], np.arange(n + 1))

    def times_to(self, node: int, link_time_s: F64, limit_s: float = np.inf) -> F64:
        """Return ``(n_nodes,)`` the time from every node to `node` [s]; inf out of reach."""
        times: F64 = dijkstra(self._reverse(link_time_s)[0], indices=[node], limit=limit_s)[0]
        return times

    def times_from(self, node: int, link_time_s: F64, limit_s: float = np.inf) -> F64:
        """Return ``(n_nodes,)`` the time from `node` to every node [s]; inf out of reach."""
        times: F64 = dijkstra(self._forward(link_time_s)[0], indices=[node], limit=limit_s)[0]
        return times

    def path(self, start: int, goal: int, link_time_s: F64) -> list[int] | None:
        """Return the links of the quickest way, empty when already there, None without one."""
        graph, link_of = self._forward(link_time_s)
        (times,), (before,) = dijkstra(graph, indices=[start], return_predecessors=True)
        if not np.isfinite(times[goal]):
            return None
        links: list[int] = []
        node = goal
        while node != start:
            previous = int(before[node])
            links.append(int(link_of[np.searchsorted(self._pairs, previous * self._n + node)]))
            node = previous
        links.reverse()
        return links

    def next_links(self, goals: I32, link_time_s: F64) -> tuple[I32, F64]:
        """Return the link to take at every node towards each goal, and the time it takes.

        Returns
        -------
        tuple
            ``(len(goals), n_nodes)`` int32 link indices, -1 at the goal itself and where
            there is no way; and the times [s] of the same shape.
        """
        graph, link_of = self._reverse(link_time_s)
        times, after = dijkstra(graph, indices=goals, return_predecessors=True)
        which = (self._neighbour == after[:, :, None]).argmax(axis=2)
        pair = self._pair_at[np.arange(self._n), which]
        table = np.where(after >= 0, link_of[pair], -1).astype(np.int32)
        return table, times

    def _quickest(self, link_time_s: F64) -> tuple[F64, I32]:
        """Return time and link of each connected pair of nodes."""
        if self._only is None:
            order = np.lexsort((link_time_s, self._group))
            link_of = order[self._first].astype(np.int32)
        else:
            link_of = self._only.astype(np.int32)
        # A stored zero would read as no road.
        return np.maximum(link_time_s[link_of], 1e-3), link_of

    def _forward(self, link_time_s: F64) -> tuple[csr_array, I32]:
        weight, link_of = self._quickest(link_time_s)
        graph = csr_array((weight, self._columns, self._indptr), shape=(self._n, self._n))
        return graph, link_of

    def _reverse(self, link_time_s: F64) -> tuple[csr_array, I32]:
        weight, link_of = self._quickest(link_time_s)
        turned = self._turned
        graph = csr_array(
            (weight[turned], self._rows[turned], self._turned_indptr), shape=(self._n, self._n)
        )
        return graph, link_of

"""Which link to take at every node towards every zone, as drivers believe.

Drivers know usual queues, with a delay, and closures; they do not know of water until a sign
tells them or they stand before it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.kernel.basemap import Roads
from sim.kernel.routing import Router
from sim.world.city.model import Zones
from sim.world.traffic.links import Links

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
Bool = NDArray[np.bool_]

PUBLIC, HEEDING, WITNESS = range(3)
"""What a driver knows: what all know; that, and the signs; that, and where water is deep."""

TURNS = 5
"""Destinations take turns: a fifth of them is routed anew at a time, so not all the city turns
at once into the same street, and no step pays for all routes."""
SMOOTHING = 0.4
"""Weight of the queues of now against those believed before, at each turn. Assumed: with five
turns in 600 s beliefs follow the street within some four minutes, which keeps routes from
flipping to and fro."""
STALE_S, STALE_SHARE, STALE_LINKS = 5.0, 0.1, 0.03
"""A link's time is stale when it differs by more than the sum of this much and this share of it
from what routes were made for; routes are left as they are while no more than this share of links
is. Assumed: nobody turns elsewhere for that, and lights alone make single times play by as much."""
AVOIDANCE_S = 3600.0
"""How much longer a link feels that a sign warns of: taken only when nothing else leads on."""


class Routes:
    """Route tables of all destinations, for each state of knowledge.

    Parameters
    ----------
    roads, zones, links
        The map, the destinations, the links with their two ends `sink` and `nowhere`.
    usual_s
        ``(n_links,)`` time that drivers believe in at first: with the lights' red [s].

    Attributes
    ----------
    table
        ``(3 * n_zones * n_nodes,)`` int64 link to take, by knowledge, zone and node; `sink`
        at the zone's node, `nowhere` where there is no way.
    left_s
        ``(n_zones, n_nodes)`` believed time to the zone, of the public [s].
    free_s
        The same on empty roads.
    closed, warned, deep
        ``(links.size,)`` bool, what the owner has told so far.
    any_deep
        Whether any link is deep under water.
    """

    def __init__(self, roads: Roads, zones: Zones, links: Links, usual_s: F64) -> None:
        self._router = Router(roads)
        self._goals = zones.node
        self._links = links
        self._n = links.n
        self._start = roads.start
        self._believed_s = usual_s.copy()
        shape = (3, len(zones.node), len(roads.node_xy_m))
        self.n_zones, self.n_nodes = shape[1:]
        self._table = np.full(shape, links.nowhere, dtype=np.int64)
        self.table: I64 = self._table.reshape(-1)
        self.left_s = np.zeros(shape[1:])
        self.closed, self.warned, self.deep = (np.zeros(links.size, dtype=bool) for _ in range(3))
        self.any_deep = False
        self._turn = 0
        self._solved_for_s = np.tile(usual_s, (TURNS, 1))
        self._must_solve = np.zeros(TURNS, dtype=bool)
        self._all = np.arange(self.n_zones)
        self._solve_public(self._all)
        self._solve_informed(self._all)
        self.free_s = self._router.next_links(zones.node, roads.free_time_s)[1]

    def row(self, knowledge: int | I64, zone: I64) -> I64:
        """Return where in `table` the nodes of each ``(n,)`` zone begin."""
        begin: I64 = (knowledge * self.n_zones + zone) * self.n_nodes
        return begin

    def zone_of(self, row: I64) -> I64:
        """Return the zone of each row that `row` returned."""
        zone: I64 = row // self.n_nodes % self.n_zones
        return zone

    def inform(self, row: I64, knowledge: int) -> I64:
        """Return the rows of the same zones for drivers who now know that."""
        return self.row(knowledge, self.zone_of(row))

    def learn(self, time_s: F64) -> None:
        """Let beliefs follow ``(n_links,)`` times, and route the next fifth of zones anew."""
        self._believed_s += SMOOTHING * (time_s - self._believed_s)
        turn, self._turn = self._turn, (self._turn + 1) % TURNS
        zones, solved_s = self._all[turn::TURNS], self._solved_for_s[turn]
        stale = np.abs(self._believed_s - solved_s) > STALE_S + STALE_SHARE * solved_s
        many = np.count_nonzero(stale) > STALE_LINKS * len(stale)
        if len(zones) and (many or self._must_solve[turn]):
            solved_s[:] = self._believed_s
            self._must_solve[turn] = False
            self._solve_public(zones)
            self._solve_informed(zones)

    def close(self, link: int) -> None:
        """Route everybody round a link at once; only trees that use it can change."""
        self.closed[link] = True
        zones = self._using(self._all, np.array([link]))
        if len(zones):
            self._solve_public(zones)
        self._solve_informed(self._all)

    def reopen(self, link: int) -> None:
        """Let a link be used again; word of it spreads with the turns of the zones."""
        self.closed[link] = False
        self._must_solve[:] = True
        self._solve_informed(self._all)

    def tell(self, flags: Bool, links: I64 | int, value: bool) -> None:
        """Set `warned` or `deep` of some links, and route those who know of it."""
        flags[links] = value
        self.any_deep = bool(self.deep.any())
        self._solve_informed(self._all)

    def _solve_public(self, zones: I64) -> None:
        self._solve(PUBLIC, zones, np.where(self.closed[: self._n], np.inf, self._believed_s))

    def _solve_informed(self, zones: I64) -> None:
        """Route those who know more; they differ only where the public would use such a link."""
        n = self._n
        warned, deep = self.warned[:n] & ~self.closed[:n], self.deep[:n] & ~self.closed[:n]
        self._table[HEEDING:, zones] = self._table[PUBLIC, zones]
        cost_s = np.where(self.closed[:n], np.inf, self._believed_s) + AVOIDANCE_S * warned
        touched = self._using(zones, np.flatnonzero(warned))
        if len(touched):
            self._solve(HEEDING, touched, cost_s)
            self._table[WITNESS, touched] = self._table[HEEDING, touched]
        touched = self._using(zones, np.flatnonzero(deep), WITNESS)
        if len(touched):
            self._solve(WITNESS, touched, np.where(deep, np.inf, cost_s))

    def _using(self, zones: I64, links: NDArray[np.intp], knowledge: int = PUBLIC) -> I64:
        """Return those zones whose routes lead over any of the links."""
        rows = self._table[knowledge, zones][:, self._start[links]]
        using: I64 = zones[(rows == links).any(axis=1)]
        return using

    def _solve(self, knowledge: int, zones: I64, cost_s: F64) -> None:
        table, left_s = self._router.next_links(self._goals[zones], cost_s)
        solved = np.where(table < 0, self._links.nowhere, table)
        solved[np.arange(len(zones)), self._goals[zones]] = self._links.sink
        self._table[knowledge, zones] = solved
        if knowledge == PUBLIC:
            self.left_s[zones] = left_s

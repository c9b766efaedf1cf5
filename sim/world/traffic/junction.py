"""Who may pass the junctions in one step: queues, merges, room."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
Bool = NDArray[np.bool_]


def stretches(groups: I64) -> tuple[I64, I64]:
    """Return the place of each member within its group, and the number of the group.

    Both from 0; equal groups stand together.
    """
    n = len(groups)
    if n == 0:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    first = np.empty(n, dtype=bool)
    first[0] = True
    np.not_equal(groups[1:], groups[:-1], out=first[1:])
    (begin,) = first.nonzero()
    number: I64 = np.cumsum(first)
    number -= 1
    place: I64 = np.arange(n)
    place -= begin[number]
    return place, number


def ranks(groups: I64) -> I64:
    """Return the place of each member within its group, from 0; equal groups stand together."""
    return stretches(groups)[0]


class Merges:
    """Sharing out of a link's room among those who want to enter it, by capacity.

    Self-clocked fair queueing: every entry moves its source's clock on by one over the
    source's capacity, and the source whose clock is furthest behind goes first. A clock is at
    most one vehicle ahead or behind of the last that entered, so that nobody saves up turns.

    References
    ----------
    Golestani 1994, doi:10.1109/INFCOM.1994.337677; merging in proportion to capacity: Daganzo
    1995, doi:10.1016/0191-2615(94)00022-R.
    """

    def __init__(self, size: int) -> None:
        self._clock_s = np.zeros(size)
        self._last_s = np.zeros(size)

    def share(self, source: I64, target: I64, turn: I64, per_s: F64, room: F64) -> Bool:
        """Return who enters.

        Parameters
        ----------
        source, target
            ``(n,)`` link that each leaves, and that it wants to enter.
        turn
            ``(n,)`` place among those who want to leave the same source, from 0.
        per_s
            ``(n,)`` capacity of the source, above 0 [1/s].
        room
            ``(size,)`` whole vehicles that each link takes.
        """
        granted = np.bincount(target, minlength=len(room))[target] <= room[target]
        (contested,) = (~granted).nonzero()
        if not len(contested):
            return granted
        source, target = source[contested], target[contested]
        each_s = 1 / per_s[contested]
        last_s = self._last_s[target]
        start_s = np.clip(self._clock_s[source], last_s - each_s, last_s + each_s)
        due_s = start_s + (turn[contested] + 1) * each_s
        order = np.lexsort((due_s, target))
        won = order[ranks(target[order]) < room[target[order]]]
        granted[contested[won]] = True
        # The last of several to the same link is the latest, for they stand in order.
        latest = won[np.argsort(due_s[won], kind="stable")]
        self._clock_s[source[latest]] = due_s[latest]
        self._last_s[target[latest]] = due_s[latest]
        return granted

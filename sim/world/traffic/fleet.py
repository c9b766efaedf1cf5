"""Vehicles as slots of arrays; a slot that falls free is used again."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

NONE = -1
"""Link of a free slot."""


class Fleet:
    """One slot a vehicle, ``(capacity,)`` arrays that double when they are full.

    Attributes
    ----------
    link
        int64 link that it is on, an origin's before it has entered; `NONE` in a free slot.
    order
        int64 place in the order of link first, then of entering it.
    row
        int64 route table that it follows: what it knows, and its destination.
    ready_s
        When it reaches the end of its link; `inf` when stalled and in a free slot [s].
    head_s
        Since when it has stood at the head of its queue; `inf` before [s].
    born_s, free_s
        When its trip began; how long that would take on empty roads [s].
    luck
        The driver's own number in [0, 1).
    """

    def __init__(self, capacity: int = 1024) -> None:
        self.link: I64 = np.full(capacity, NONE, dtype=np.int64)
        self.order: I64 = np.zeros(capacity, dtype=np.int64)
        self.row: I64 = np.zeros(capacity, dtype=np.int64)
        self.ready_s: F64 = np.full(capacity, np.inf)
        self.head_s: F64 = np.full(capacity, np.inf)
        self.born_s: F64 = np.zeros(capacity)
        self.free_s: F64 = np.zeros(capacity)
        self.luck: F64 = np.zeros(capacity)
        # A stack, the lowest slot on top.
        self._free: I64 = np.arange(capacity)[::-1].copy()
        self._n_free = capacity

    def take(self, count: int) -> I64:
        """Return `count` free slots, now taken; the caller fills them."""
        while self._n_free < count:
            self._grow()
        self._n_free -= count
        return self._free[self._n_free : self._n_free + count][::-1].copy()

    def give_back(self, slots: I64) -> None:
        """Free slots."""
        self.link[slots] = NONE
        self.ready_s[slots] = np.inf
        self._free[self._n_free : self._n_free + len(slots)] = slots
        self._n_free += len(slots)

    def on(self, link: int) -> I64:
        """Return the slots on one link."""
        return np.flatnonzero(self.link == link)

    def _grow(self) -> None:
        old = len(self.link)
        fresh = Fleet(old)
        for name in ("link", "order", "row", "ready_s", "head_s", "born_s", "free_s", "luck"):
            setattr(self, name, np.concatenate((getattr(self, name), getattr(fresh, name))))
        # The new slots go under the old ones, which stay on top.
        free = np.empty(2 * old, dtype=np.int64)
        free[:old] = np.arange(2 * old - 1, old - 1, -1)
        free[old : old + self._n_free] = self._free[: self._n_free]
        self._free = free
        self._n_free += old

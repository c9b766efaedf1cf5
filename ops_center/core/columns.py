"""Rows of columns: how readings point at per-device state without a loop over devices.

State is arrays by slot. Readings of one device each in unbroken slot order point at it with a
slice, everything else with an index array: a slice reads and writes several times faster.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
I32 = NDArray[np.int32]
U8 = NDArray[np.uint8]
Bool = NDArray[np.bool_]
Index = NDArray[np.intp]
Slots = slice | NDArray[np.integer[Any]]
"""Positions in per-slot state: ``slice(a, b)``, or an index array."""

Scalar = TypeVar("Scalar", bound=np.generic)

_DENSE = 8
"""A scatter over all slots beats a sort once every eighth slot is among the rows (measured)."""


def is_rising(slot: NDArray[np.integer[Any]]) -> bool:
    """Return whether `slot` rises strictly, so that no slot comes twice."""
    return bool((slot[1:] > slot[:-1]).all())


def as_slots(rising: NDArray[np.integer[Any]]) -> Slots:
    """Return strictly rising slots as a slice where nothing is left out, else as an index."""
    if len(rising) and int(rising[-1]) - int(rising[0]) == len(rising) - 1:
        return slice(int(rising[0]), int(rising[-1]) + 1)
    return rising.astype(np.intp, copy=False)


def pick(slots: Slots, rows: NDArray[Any]) -> Index:
    """Return the slots of some `rows` (an index or a mask) as an index."""
    if isinstance(slots, slice):
        if rows.dtype == np.bool_:
            rows = np.flatnonzero(rows)
        rows = rows + slots.start
    else:
        rows = slots[rows]
    picked: Index = rows.astype(np.intp, copy=False)
    return picked


def order(slot: I32, time_ns: I64, seq: I64, n_slots: int) -> Index:
    """Return the permutation into (slot, time, sequence number) order.

    Where no slot comes twice one scatter over the slots is enough, and no sort is needed.
    """
    if len(slot) * _DENSE > n_slots:
        position = np.full(n_slots, -1, dtype=np.intp)
        position[slot] = np.arange(len(slot), dtype=np.intp)
        found = position[position >= 0]
        if len(found) == len(slot):
            return found
    return np.lexsort((seq, time_ns, slot))


def rounds(slot: NDArray[np.integer[Any]]) -> Iterator[Index]:
    """Yield the rows of every slot's first reading, then of every second one, and so on.

    Parameters
    ----------
    slot
        ``(n,)`` in rising order, repeats side by side. One round a repeat, not a reading.
    """
    n = len(slot)
    first = np.ones(n, dtype=np.bool_)
    np.not_equal(slot[1:], slot[:-1], out=first[1:])
    starts = np.flatnonzero(first)
    rank = np.arange(n) - np.repeat(starts, np.diff(starts, append=n))
    by_rank = np.argsort(rank, kind="stable")
    ends = np.cumsum(np.bincount(rank, minlength=1)) if n else np.zeros(0, dtype=np.intp)
    begin = 0
    for end in ends.tolist():
        yield by_rank[begin:end]
        begin = end


def grown(array: NDArray[Scalar], size: int, fill: float) -> NDArray[Scalar]:
    """Return a copy whose last axis is `size` long, filled up with `fill`."""
    longer = np.full((*array.shape[:-1], size), fill, dtype=array.dtype)
    longer[..., : array.shape[-1]] = array
    return longer

"""Who may pass the junctions in one step: queues, merges, room."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
Bool = NDArray[np.bool_]


def ranks(groups: I64) -> I64:
    """Return the place of each member within its group, from 0; equal groups stand together."""
    n = len(groups)
    if n == 0:
        return np.zeros(0, dtype=np.int64)
    first = np.empty(n, dtype=bool)
    first[0] = True
    np.not_equal(groups[1:], groups[:-1], out=first[1:])
    begin = np.flatnonzero(first)
    place: I64 = np.arange(n) - begin[np.cumsum(first) - 1]
    return place


def share_room(target: I64, claim: F64, room: F64) -> Bool:
    """Return who gets the room of the links they want to enter.

    Parameters
    ----------
    target
        ``(n,)`` link that each wants to enter.
    claim
        ``(n,)`` the higher, the earlier served; equals keep their order.
    room
        ``(n_links,)`` whole vehicles that each link takes.
    """
    granted = np.bincount(target, minlength=len(room))[target] <= room[target]
    contested = np.flatnonzero(~granted)
    if len(contested):
        order = contested[np.lexsort((-claim[contested], target[contested]))]
        wanted = target[order]
        granted[order] = ranks(wanted) < room[wanted]
    return granted

"""How much gateways can take: what is too much at once waits, and what is too much to wait is lost.

Every gateway serves its reports one after another, in the order in which they were sent.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.kernel.clock import Ns, to_seconds
from sim.messages.telemetry import F64, I32


class Load:
    """The queues of all gateways.

    Parameters
    ----------
    gateways
        How many there are.
    capacity_per_s
        Reports that each handles a second.
    limit
        Most reports that wait at one; those beyond are dropped.

    Attributes
    ----------
    waiting
        ``(n + 1,)`` reports that wait at each; the last stands for none, and never fills.
    dropped
        Reports for which there was no room.
    """

    def __init__(self, gateways: int, *, capacity_per_s: float, limit: int) -> None:
        self._per_s = capacity_per_s
        self._limit = limit
        self._at = Ns(0)
        self.waiting: F64 = np.zeros(gateways + 1)
        self.dropped = 0

    def admit(self, now: Ns, gateway: I32) -> tuple[F64, NDArray[np.bool_]]:
        """Return ``(m,)`` how long reports sent now wait [s], and which find no room.

        Parameters
        ----------
        gateway
            ``(m,)`` where each comes in, -1 for a report that no gateway carries.
        """
        if now > self._at:
            self.waiting -= self._per_s * to_seconds(Ns(now - self._at))
            np.maximum(self.waiting, 0.0, out=self.waiting)
            self._at = now
        gateway = np.where(gateway < 0, len(self.waiting) - 1, gateway)
        counts = np.bincount(gateway, minlength=len(self.waiting))
        order = np.argsort(gateway, kind="stable")
        place = np.empty(len(gateway), dtype=np.int64)
        place[order] = np.arange(len(gateway)) - (np.cumsum(counts) - counts)[gateway[order]]
        ahead = self.waiting[gateway] + place
        carried = gateway < len(self.waiting) - 1
        is_dropped = carried & (ahead >= self._limit)
        self.dropped += int(np.count_nonzero(is_dropped))
        self.waiting += np.bincount(gateway[~is_dropped], minlength=len(self.waiting))
        self.waiting[-1] = 0.0
        return np.where(carried, ahead / self._per_s, 0.0), is_dropped

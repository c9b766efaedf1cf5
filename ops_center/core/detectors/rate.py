"""The rate of a counter that only counts up, from one report to the next."""

from __future__ import annotations

import numpy as np

from ops_center.core.columns import F64, I64, Index, Slots, grown, pick
from sim.kernel.clock import SECOND


class CounterRate:
    """Smoothed rate of every series' counter.

    The rate between two reports counts for the time between them: with time constant T, a
    report after dt moves the rate by 1 - exp(-dt/T) towards it. A counter that fell was reset
    and starts anew.

    Parameters
    ----------
    per_s
        Seconds in the unit of the rate: 3600 for a rate an hour.
    smooth_s
        Time constant [s].
    """

    def __init__(self, per_s: float, smooth_s: float) -> None:
        self._per_s = per_s
        self._smooth_s = smooth_s
        self._count: F64 = np.zeros(0)
        self._time_ns: I64 = np.zeros(0, dtype=np.int64)
        self._rate: F64 = np.zeros(0)

    def resize(self, n: int) -> None:
        """Make room for `n` series."""
        self._count = grown(self._count, n, np.nan)
        self._time_ns = grown(self._time_ns, n, 0)
        self._rate = grown(self._rate, n, np.nan)

    def update(self, slots: Slots, time_ns: I64, count: F64) -> tuple[Index | None, F64]:
        """Take one count a series.

        Returns
        -------
        rows
            Rows of the input that have a rate, None for all.
        rate
            Their smoothed rates.
        """
        counted = count - self._count[slots]
        passed_s = (time_ns - self._time_ns[slots]) / SECOND
        self._count[slots] = count
        self._time_ns[slots] = time_ns
        usable = (counted >= 0) & (passed_s > 0)
        if usable.all():
            return None, self._smoothed(slots, counted, passed_s)
        rows = np.flatnonzero(usable)
        return rows, self._smoothed(pick(slots, rows), counted[rows], passed_s[rows])

    def _smoothed(self, slots: Slots, counted: F64, passed_s: F64) -> F64:
        rate = counted / passed_s * self._per_s
        before = self._rate[slots]
        kept = np.exp(-passed_s / self._smooth_s) * (before - rate)
        rate += np.where(np.isnan(before), 0.0, kept)
        self._rate[slots] = rate
        return rate

"""Tests of the device itself; they run first, and a series at fault is heard no further.

A fault is a work order, not an emergency.
"""

from __future__ import annotations

import math

import numpy as np

from ops_center.core.columns import F64, I32, I64, Bool, Index, Slots, grown, pick
from ops_center.core.detectors.base import Opinions

LLR_MAX = math.log(1000.0)
"""Most that a fault test claims: one healthy device in a thousand looks so too (assumed)."""
SOUND_AGAIN = 3
"""Readings in range before an out-of-range sensor is believed again (assumed)."""


class StuckDetector:
    """Odd while a value that ought to move has been exactly the same for long.

    Parameters
    ----------
    readings
        Equal readings in a row that are odd.
    resting_at
        Values up to this may stand still for ever: a dry road, an empty street.
    p_equal
        Probability that two readings of a healthy sensor are equal by its own noise and
        resolution. LLR = -(readings - 1)·ln p_equal, cut at `LLR_MAX`.
    """

    def __init__(self, readings: int, *, resting_at: float = -math.inf, p_equal: float) -> None:
        self._readings = readings
        self._resting_at = resting_at
        self._llr = min(LLR_MAX, -(readings - 1) * math.log(p_equal))
        self._last: F64 = np.zeros(0)
        self._run: I32 = np.zeros(0, dtype=np.int32)
        self._active: Bool = np.zeros(0, dtype=np.bool_)
        self._n_active = 0

    def resize(self, n: int) -> None:
        """Make room for `n` series."""
        self._last = grown(self._last, n, math.nan)
        self._run = grown(self._run, n, 0)
        self._active = grown(self._active, n, False)

    def update(self, slots: Slots, time_ns: I64, value: F64) -> Opinions:
        """Take one reading a series, see `Detector`."""
        del time_ns
        same = value == self._last[slots]
        if self._resting_at > -math.inf:
            same &= value > self._resting_at
        run = self._run[slots] + 1
        run *= same
        self._run[slots] = run
        self._last[slots] = value
        stuck = run >= self._readings - 1
        if not self._n_active and not stuck.any():
            return ()
        before = self._active[slots]
        rows = np.flatnonzero(stuck != before)
        at = pick(slots, rows)
        self._active[at] = stuck[rows]
        self._n_active += 2 * int(np.count_nonzero(stuck[rows])) - len(rows)
        return [
            (row, odd, self._llr if odd else 0.0)
            for row, odd in zip(rows.tolist(), stuck[rows].tolist(), strict=True)
        ]

    def retract(self, slots: Index) -> Index:
        """Give up the opinion on some series, see `Detector`."""
        active = slots[self._active[slots]]
        self._active[active] = False
        self._run[active] = 0
        self._n_active -= len(active)
        return active


class RangeDetector:
    """Odd from the first reading outside of what the sensor can measure.

    Parameters
    ----------
    low, high
        Range of the sensor, in the series' unit. LLR = `LLR_MAX`: a healthy sensor is as good
        as never outside its range.
    """

    def __init__(self, low: float, high: float) -> None:
        assert low < high, f"range was {low} to {high}, must rise"
        self._low = low
        self._high = high
        self._distrust: I32 = np.zeros(0, dtype=np.int32)
        self._n_active = 0

    def resize(self, n: int) -> None:
        """Make room for `n` series."""
        self._distrust = grown(self._distrust, n, 0)

    def update(self, slots: Slots, time_ns: I64, value: F64) -> Opinions:
        """Take one reading a series, see `Detector`."""
        del time_ns
        if not self._n_active and (
            not len(value) or (value.min() >= self._low and value.max() <= self._high)
        ):
            return ()
        outside = (value < self._low) | (value > self._high)
        before = self._distrust[slots]
        after = np.where(outside, SOUND_AGAIN, np.maximum(before - 1, 0)).astype(np.int32)
        odd = after > 0
        rows = np.flatnonzero(odd != (before > 0))
        self._distrust[slots] = after
        self._n_active += 2 * int(np.count_nonzero(odd[rows])) - len(rows)
        return [
            (row, is_odd, LLR_MAX if is_odd else 0.0)
            for row, is_odd in zip(rows.tolist(), odd[rows].tolist(), strict=True)
        ]

    def retract(self, slots: Index) -> Index:
        """Give up the opinion on some series, see `Detector`."""
        active = slots[self._distrust[slots] > 0]
        self._distrust[active] = 0
        self._n_active -= len(active)
        return active

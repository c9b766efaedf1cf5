"""Which reports have been seen, and up to when each device's have been released.

Bounded: a device costs its last sequence number, one bit for each of the 64 up to it, and two
times.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ops_center.core.columns import I64, U8, Slots, grown

FRESH, DUPLICATE, LATE = range(3)
"""Verdicts on one report."""

WINDOW = 64
"""Sequence numbers remembered a device."""


class SeenWindow:
    """Sequence numbers and times of every device, as columns by slot.

    A device that starts anew counts from the beginning again: a number already passed, on a
    reading newer than any before, opens a new window (so a device without sequence numbers is
    judged by its times alone). A number further back than the window, on an old reading, is
    taken as not seen; it is late by then unless the device reports many times a lateness.
    """

    def __init__(self) -> None:
        self._last_seq: I64 = np.zeros(0, dtype=np.int64)
        self._seen: NDArray[np.uint64] = np.zeros(0, dtype=np.uint64)
        self._newest_ns: I64 = np.zeros(0, dtype=np.int64)
        self._released_ns: I64 = np.zeros(0, dtype=np.int64)

    def reserve(self, size: int) -> None:
        """Make room for `size` slots."""
        if size <= len(self._last_seq):
            return
        size = max(size, 2 * len(self._last_seq))
        self._last_seq = grown(self._last_seq, size, -1)
        self._seen = grown(self._seen, size, 0)
        self._newest_ns = grown(self._newest_ns, size, 0)
        self._released_ns = grown(self._released_ns, size, 0)

    def judge(self, slots: Slots, seq: I64, time_ns: I64) -> U8 | None:
        """Return the verdict on one report a device, and remember the reports.

        Parameters
        ----------
        slots
            No slot twice.
        seq, time_ns
            ``(n,)``.

        Returns
        -------
        array or None
            ``(n,)`` of `FRESH`, `DUPLICATE`, `LATE`; None when all are fresh.
        """
        ahead = seq - self._last_seq[slots]
        newest_ns = self._newest_ns[slots]
        in_time = time_ns > self._released_ns[slots]
        if (ahead == 1).all():
            # The steady state: every device's next report.
            self._seen[slots] = (self._seen[slots] << np.uint64(1)) | np.uint64(1)
            duplicate = None
        else:
            duplicate = self._judge_each(slots, ahead, time_ns > newest_ns)
            seq = np.maximum(seq, self._last_seq[slots])
        self._last_seq[slots] = seq
        self._newest_ns[slots] = np.maximum(newest_ns, time_ns)
        if duplicate is None and in_time.all():
            return None
        verdict = np.where(in_time, FRESH, LATE).astype(np.uint8)
        if duplicate is not None:
            verdict[duplicate] = DUPLICATE
        return verdict

    def note_released(self, slots: Slots, time_ns: I64) -> None:
        """Note up to when readings were released; of repeated slots the last one counts."""
        self._released_ns[slots] = time_ns

    def _judge_each(self, slots: Slots, ahead: I64, newer: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Mark the windows; sets the last number of devices that start anew back by one."""
        anew = (ahead <= 0) & newer
        shift = np.where(anew | (ahead >= WINDOW), 0, np.maximum(ahead, 0)).astype(np.uint64)
        kept = np.where(anew | (ahead >= WINDOW), np.uint64(0), self._seen[slots] << shift)
        back = np.where(anew, 0, np.clip(-ahead, 0, WINDOW - 1)).astype(np.uint64)
        bit = np.uint64(1) << back
        inside = (ahead > -WINDOW) | anew
        duplicate: NDArray[np.bool_] = inside & ((kept & bit) != 0)
        self._seen[slots] = np.where(inside, kept | bit, kept)
        if anew.any():
            last = self._last_seq[slots]
            self._last_seq[slots] = np.where(anew, last + ahead - 1, last)
        return duplicate

"""Which reports have been seen, and up to when each device's have been released.

Bounded: a device costs its last sequence number, one bit for each of the 64 up to it, and two
times.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ops_center.core.columns import I64, U8, Bool, Slots, grown

FRESH, DUPLICATE, LATE = range(3)
"""Verdicts on one report."""

WINDOW = 64
"""Sequence numbers remembered a device."""

_NOW = np.uint64(1)
"""The bit of the last number; the one before it is the next higher."""


class SeenWindow:
    """Sequence numbers and times of every device, as columns by slot.

    A device that starts anew counts from the beginning again: a number already passed, on a
    reading newer than any before, opens a new window (so a device without sequence numbers is
    judged by its times alone). A number further back than the window, on an old reading, is
    taken as not seen: by then it is late, or it is part of a backlog that is still waiting.
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
        last_seq = self._last_seq[slots]
        newest_ns = self._newest_ns[slots]
        ahead = seq - last_seq
        late = time_ns <= self._released_ns[slots]
        duplicate: Bool | None = None
        if ahead.min(initial=1) > 0:
            # The usual: every device goes on. A shift by 64 and more leaves nothing.
            seen = self._seen[slots] << ahead.view(np.uint64)
            self._seen[slots] = seen | _NOW
            self._last_seq[slots] = seq
        else:
            anew = (ahead <= 0) & (time_ns > newest_ns)
            duplicate = self._look_back(slots, np.where(anew, WINDOW, ahead))
            self._last_seq[slots] = np.where(anew, seq, np.maximum(seq, last_seq))
        self._newest_ns[slots] = np.maximum(newest_ns, time_ns)
        if duplicate is None and not late.any():
            return None
        verdict = late * np.uint8(LATE)
        if duplicate is not None:
            verdict[duplicate] = DUPLICATE
        return verdict

    def note_released(self, slots: Slots, time_ns: I64) -> None:
        """Note up to when readings were released; of repeated slots the last one counts."""
        self._released_ns[slots] = time_ns

    def _look_back(self, slots: Slots, ahead: I64) -> Bool:
        """Mark every report in its window; return which had been marked before."""
        kept = self._seen[slots] << np.maximum(ahead, 0).view(np.uint64)
        bit = _NOW << np.maximum(-ahead, 0).view(np.uint64)
        self._seen[slots] = kept | bit
        duplicate: Bool = (kept & bit) != 0
        return duplicate

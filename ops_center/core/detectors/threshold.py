"""Fixed limits, graded, each left only well on the other side (hysteresis)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ops_center.core.columns import F64, I64, Index, Slots, grown, pick
from ops_center.core.detectors.base import Opinions


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """One limit, and what it means to be beyond it.

    Attributes
    ----------
    at
        In the series' unit.
    llr
        ln P(reading beyond | event) / P(reading beyond | no event), for one reading taken at
        an unknown time: the share of time a series spends beyond the limit, with and without.
    """

    at: float
    llr: float

    def __post_init__(self) -> None:
        assert self.llr > 0, f"llr was {self.llr}, must be > 0"


class ThresholdDetector:
    """One graded opinion a series: how many limits it is beyond.

    Parameters
    ----------
    limits
        In the order in which a worsening series meets them.
    hysteresis
        How far back behind a limit a reading must be to leave it, in the series' unit.
    above
        Whether high values are odd; else low ones.
    """

    def __init__(self, limits: Sequence[Limit], hysteresis: float, *, above: bool = True) -> None:
        self._sign = 1.0 if above else -1.0
        self._enter = np.array([self._sign * limit.at for limit in limits])
        assert (np.diff(self._enter) > 0).all(), "limits must worsen from one to the next"
        assert hysteresis >= 0, f"hysteresis was {hysteresis}, must be >= 0"
        self._leave = self._enter - hysteresis
        self._llr = np.array([0.0, *(limit.llr for limit in limits)])
        self._grade: NDArray[np.int8] = np.zeros(0, dtype=np.int8)
        self._n_active = 0

    def resize(self, n: int) -> None:
        """Make room for `n` series."""
        self._grade = grown(self._grade, n, 0)

    def update(self, slots: Slots, time_ns: I64, value: F64) -> Opinions:
        """Take one reading a series, see `Detector`."""
        del time_ns
        badness = value if self._sign > 0 else -value
        if not self._n_active and (not len(value) or badness.max() < self._enter[0]):
            return ()
        rows = np.flatnonzero((badness >= self._enter[0]) | (self._grade[slots] > 0))
        at = pick(slots, rows)
        before = self._grade[at]
        entered = np.searchsorted(self._enter, badness[rows], side="right")
        not_left = np.searchsorted(self._leave, badness[rows], side="right")
        after = np.maximum(entered, np.minimum(before, not_left)).astype(np.int8)
        self._grade[at] = after
        self._n_active += int(np.count_nonzero(after > 0) - np.count_nonzero(before > 0))
        changed = after != before
        return [
            (row, grade > 0, float(self._llr[grade]))
            for row, grade in zip(rows[changed].tolist(), after[changed].tolist(), strict=True)
        ]

    def retract(self, slots: Index) -> Index:
        """Give up the opinion on some series, see `Detector`."""
        active = slots[self._grade[slots] > 0]
        self._grade[active] = 0
        self._n_active -= len(active)
        return active

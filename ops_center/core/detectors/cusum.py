"""Slow shifts: the two-sided tabular CUSUM on the standardised residual.

References
----------
Page 1954, doi:10.1093/biomet/41.1-2.100. Montgomery, Introduction to Statistical Quality
Control, ch. 9: k = 0.5, h = 5 finds a shift of one sigma in about ten readings and gives one
false alarm in about 470 readings of independent normal residuals on both sides together (930
on one).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from ops_center.core.columns import F64, I64, Bool, Index, Slots, grown, pick
from ops_center.core.detectors.base import Opinions
from sim.kernel.clock import seconds

_SIGMA_OF_MEAN_DEVIATION = 1.2533
"""Standard deviation of a normal over its mean absolute deviation, sqrt(pi / 2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CusumSettings:
    """How a CUSUM is tuned.

    Attributes
    ----------
    k, h
        Slack a reading, and decision limit, in sigmas.
    direction
        Which shifts are odd.
    sigma_floor
        Smallest sigma believed, in the series' unit: the sensor's own accuracy.
    alpha
        Share of a new reading in the usual mean and deviation (0.002: the long memory of the
        project's detection survey).
    clip
        A residual counts at most so many sigmas, below `h`: one spike is no shift (assumed).
    prior
        Usual mean and how many readings it is worth, where it is known beforehand.
    warm_up
        Readings before there is an opinion.
    adopt_after_s
        After so long beyond the limit the new level is taken as usual [s].
    llr_max
        Most that is claimed: residuals are not independent, as the theory would have them.
    """

    k: float = 0.5
    h: float = 5.0
    direction: Literal["up", "down", "both"] = "both"
    sigma_floor: float
    alpha: float = 0.002
    clip: float = 4.0
    prior: tuple[float, float] | None = None
    warm_up: float = 20.0
    adopt_after_s: float = 6 * 3600.0
    llr_max: float = 6.0

    @property
    def cap(self) -> float:
        """The sums grow no further, so that the end of a shift is seen in bounded time."""
        return 1.5 * self.h


class CusumDetector:
    """S+ = max(0, S+ + z - k), S- likewise; odd above h, over again at half of it.

    The usual mean and sigma are learned while nothing is odd. With k half the shift looked
    for, 2k·S is the log-likelihood ratio of "shifted by 2k since the best moment" to "not
    shifted"; that is the LLR handed on, cut at `llr_max`.
    """

    def __init__(self, settings: CusumSettings) -> None:
        self._settings = settings
        self._mean: F64 = np.zeros(0)
        self._deviation: F64 = np.zeros(0)
        self._count: F64 = np.zeros(0)
        self._up: F64 = np.zeros(0)
        self._down: F64 = np.zeros(0)
        self._active: Bool = np.zeros(0, dtype=np.bool_)
        self._since_ns: I64 = np.zeros(0, dtype=np.int64)
        self._n_active = 0

    def resize(self, n: int) -> None:
        """Make room for `n` series."""
        mean, count = self._settings.prior or (0.0, 0.0)
        floor = self._settings.sigma_floor / _SIGMA_OF_MEAN_DEVIATION
        self._mean = grown(self._mean, n, mean)
        self._deviation = grown(self._deviation, n, floor)
        self._count = grown(self._count, n, count)
        self._up = grown(self._up, n, 0.0)
        self._down = grown(self._down, n, 0.0)
        self._active = grown(self._active, n, False)
        self._since_ns = grown(self._since_ns, n, 0)

    def update(self, slots: Slots, time_ns: I64, value: F64) -> Opinions:
        """Take one reading a series, see `Detector`."""
        settings = self._settings
        count = self._count[slots]
        residual = value - self._mean[slots]
        deviation = self._deviation[slots]
        z = residual / np.maximum(_SIGMA_OF_MEAN_DEVIATION * deviation, settings.sigma_floor)
        np.clip(z, -settings.clip, settings.clip, out=z)
        ready = count >= settings.warm_up
        if not ready.all():
            z *= ready
        sums = self._add_up(slots, z)
        self._learn(slots, residual, deviation, count, sums)
        return self._judge(slots, time_ns, sums)

    def retract(self, slots: Index) -> Index:
        """Give up the opinion on some series, see `Detector`."""
        active = slots[self._active[slots]]
        self._active[active] = False
        self._n_active -= len(active)
        self._up[slots] = 0.0
        self._down[slots] = 0.0
        return active

    def _add_up(self, slots: Slots, z: F64) -> F64:
        """Return the greater of the sums that count."""
        settings = self._settings
        sums: F64 | None = None
        if settings.direction != "down":
            sums = self._up[slots] + z
            sums -= settings.k
            np.clip(sums, 0.0, settings.cap, out=sums)
            self._up[slots] = sums
        if settings.direction != "up":
            falling = self._down[slots] - z
            falling -= settings.k
            np.clip(falling, 0.0, settings.cap, out=falling)
            self._down[slots] = falling
            sums = falling if sums is None else np.maximum(sums, falling)
        assert sums is not None
        return sums

    def _judge(self, slots: Slots, time_ns: I64, sums: F64) -> Opinions:
        settings = self._settings
        if not self._n_active and not (sums > settings.h).any():
            return ()
        rows = np.flatnonzero((sums > settings.h) | self._active[slots])
        at = pick(slots, rows)
        before = self._active[at]
        after = sums[rows] > np.where(before, settings.h / 2, settings.h)
        begun = after & ~before
        self._since_ns[at[begun]] = time_ns[rows[begun]]
        usual_now = after & (time_ns[rows] - self._since_ns[at] > seconds(settings.adopt_after_s))
        if usual_now.any():
            self._up[at[usual_now]] = 0.0
            self._down[at[usual_now]] = 0.0
            self._count[at[usual_now]] = 0.0
            after &= ~usual_now
        self._active[at] = after
        self._n_active += int(np.count_nonzero(after) - np.count_nonzero(before))
        changed = after != before
        return [
            (row, active, min(settings.llr_max, 2 * settings.k * total) if active else 0.0)
            for row, active, total in zip(
                rows[changed].tolist(),
                after[changed].tolist(),
                sums[rows[changed]].tolist(),
                strict=True,
            )
        ]

    def _learn(self, slots: Slots, residual: F64, deviation: F64, count: F64, sums: F64) -> None:
        """Move mean and deviation towards the reading, where nothing is odd."""
        share = np.maximum(1.0 / (count + 1.0), self._settings.alpha)
        odd = sums > self._settings.h
        if self._n_active:
            odd |= self._active[slots]
        if odd.any():
            share[odd] = 0.0
        self._mean[slots] += share * residual
        # A first reading is the mean itself; how far readings lie from it shows from the next.
        if len(count) and count.min() < 1.0:
            share[count < 1.0] = 0.0
        self._deviation[slots] += share * (np.abs(residual) - deviation)
        self._count[slots] = count + 1.0

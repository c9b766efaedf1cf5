"""Level shifts against the usual of that time of day: seasonal baseline, short against long.

The method and its defaults (long 0.002, short 0.05, 96 bins, 0.15 a bin) are those of the
project's detection survey, there tried on the Numenta Anomaly Benchmark. Control chart:
Roberts 1959, doi:10.1080/00401706.1959.10489860.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ops_center.core.columns import F64, I32, I64, Bool, Index, Slots, grown, pick
from ops_center.core.detectors.base import Opinions
from sim.kernel.clock import HOUR, seconds

BINS = 96
"""Quarter hours of a day."""
_BIN_NS = 24 * HOUR // BINS
_NO_BIN = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class EwmaSettings:
    """How a seasonal EWMA contrast is tuned.

    Attributes
    ----------
    above
        Whether shifts upwards are odd; else downwards.
    z
        Standard deviations of the contrast at which a shift is odd; it is over at half.
    shift_min
        Smallest shift that matters, in the series' unit.
    relative_min
        Smallest shift that matters, as a share of the usual.
    sigma_floor
        Smallest standard deviation of the contrast believed, in the series' unit.
    alpha_long, alpha_short
        Share of a new reading in the long and the short memory; a short one of 1 tests single
        readings.
    alpha_bin
        Share of a new day in the baseline of a quarter hour.
    warm_up
        Readings before there is an opinion (assumed: one and a half short memories).
    refractory_s
        An opinion stands at least so long [s] (assumed).
    adopt_after_s
        After so long odd the new level is taken as usual [s] (assumed).
    llr_max
        Most that is claimed: the tails of real contrasts are heavier than the normal's.
    """

    above: bool
    z: float = 4.0
    shift_min: float = 0.0
    relative_min: float = 0.0
    sigma_floor: float
    alpha_long: float = 0.002
    alpha_short: float = 0.05
    alpha_bin: float = 0.15
    warm_up: int = 30
    refractory_s: float = 300.0
    adopt_after_s: float = 6 * 3600.0
    llr_max: float = 2.0


class EwmaDetector:
    """Compares the recent past of each series with its usual.

    Usual is the mean of the same quarter hour on earlier days, or the long-run mean as long as
    that quarter hour has not been seen. The contrast d is the short memory of (reading -
    usual). Its variance is learned from d itself, so that readings which hang together do not
    pass for a shift, but is at least alpha/(2 - alpha) of the readings' own (Roberts), which
    is known much sooner. No square counts for more than nine variances, and while odd only
    quarter hours never seen before are learned.

    d over its sigma is taken as normal: mean 0 without the event, mean z with it. Hence
    LLR = z·|d|/sigma - z²/2, cut at `llr_max`.
    """

    def __init__(self, settings: EwmaSettings) -> None:
        self._settings = settings
        self._sign = 1.0 if settings.above else -1.0
        self._smoothing = settings.alpha_short / (2 - settings.alpha_short)
        self._floor = settings.sigma_floor**2
        self._long: F64 = np.zeros(0)
        self._contrast: F64 = np.zeros(0)
        self._variance: F64 = np.zeros(0)
        self._spread: F64 = np.zeros(0)
        self._count: I32 = np.zeros(0, dtype=np.int32)
        self._active: Bool = np.zeros(0, dtype=np.bool_)
        self._changed_ns: I64 = np.zeros(0, dtype=np.int64)
        self._n_active = 0
        self._known_bins: Bool = np.zeros(BINS, dtype=np.bool_)
        self._baseline: NDArray[np.float32] = np.zeros((BINS, 0), dtype=np.float32)
        self._bin: NDArray[np.int8] = np.zeros(0, dtype=np.int8)
        self._bin_sum: F64 = np.zeros(0)
        self._bin_count: I32 = np.zeros(0, dtype=np.int32)

    def resize(self, n: int) -> None:
        """Make room for `n` series."""
        self._long = grown(self._long, n, 0.0)
        self._contrast = grown(self._contrast, n, 0.0)
        self._variance = grown(self._variance, n, self._floor)
        self._spread = grown(self._spread, n, self._floor / self._smoothing)
        self._count = grown(self._count, n, 0)
        self._active = grown(self._active, n, False)
        self._changed_ns = grown(self._changed_ns, n, 0)
        self._baseline = grown(self._baseline, n, np.nan)
        self._bin = grown(self._bin, n, _NO_BIN)
        self._bin_sum = grown(self._bin_sum, n, 0.0)
        self._bin_count = grown(self._bin_count, n, 0)

    def update(self, slots: Slots, time_ns: I64, value: F64) -> Opinions:
        """Take one reading a series, see `Detector`."""
        if not len(value):
            return ()
        alpha = self._settings.alpha_short
        count = self._count[slots]
        if not count.min():
            first = count == 0
            self._long[pick(slots, first)] = value[first]
        usual = self._usual(slots, time_ns)
        residual = value - usual
        before = self._contrast[slots]
        contrast = alpha * (residual - before)
        contrast += before
        self._contrast[slots] = contrast
        variance = np.maximum(self._variance[slots], self._smoothing * self._spread[slots])
        opinions = self._judge(slots, time_ns, value, usual, variance)
        self._learn(slots, value, residual, contrast, count)
        return opinions

    def retract(self, slots: Index) -> Index:
        """Give up the opinion on some series, see `Detector`."""
        active = slots[self._active[slots]]
        self._active[active] = False
        self._n_active -= len(active)
        self._contrast[slots] = 0.0
        return active

    # --- within ---------------------------------------------------------------------------

    def _usual(self, slots: Slots, time_ns: I64) -> F64:
        """Return the baseline of the quarter hour, where there is one, else the long mean."""
        first, last = int(time_ns.min()) // _BIN_NS, int(time_ns.max()) // _BIN_NS
        quarter: NDArray[np.int8] | int
        if first == last:
            quarter = first % BINS
            self._fold(slots, np.int8(quarter))
            if not self._known_bins[quarter]:
                return self._long[slots]
            baseline = self._baseline[quarter, slots]
        else:
            quarters = (time_ns // _BIN_NS % BINS).astype(np.int8)
            self._fold(slots, quarters)
            rows = pick(slots, np.arange(len(time_ns)))
            baseline = self._baseline[quarters, rows]
        return np.where(np.isnan(baseline), self._long[slots], baseline)

    def _fold(self, slots: Slots, quarter: NDArray[np.int8] | np.int8) -> None:
        """Where a quarter hour is over, take its mean into the baseline."""
        over = self._bin[slots] != quarter
        if not over.any():
            return
        at = pick(slots, over)
        told = at[self._bin_count[at] > 0]
        old = self._bin[told]
        mean = self._bin_sum[told] / self._bin_count[told]
        baseline = self._baseline[old, told].astype(np.float64)
        moved = baseline + self._settings.alpha_bin * (mean - baseline)
        self._baseline[old, told] = np.where(np.isnan(baseline), mean, moved)
        self._known_bins[old] = True
        self._bin[at] = quarter if isinstance(quarter, np.int8) else quarter[over]
        self._bin_sum[at] = 0.0
        self._bin_count[at] = 0

    def _judge(self, slots: Slots, time_ns: I64, value: F64, usual: F64, variance: F64) -> Opinions:
        settings = self._settings
        contrast = self._contrast[slots]
        far = contrast * contrast > settings.z**2 * variance
        far &= contrast > 0 if settings.above else contrast < 0
        if self._n_active:
            far |= self._active[slots]
        if not far.any():
            return ()
        rows = np.flatnonzero(far)
        at = pick(slots, rows)
        shift = self._sign * contrast[rows]
        score = shift / np.sqrt(variance[rows])
        matters = np.maximum(settings.shift_min, settings.relative_min * np.abs(usual[rows]))
        before = self._active[at]
        standing_ns = time_ns[rows] - self._changed_ns[at]
        begins = (score > settings.z) & (shift >= matters) & (self._count[at] >= settings.warm_up)
        after = np.where(before, score > settings.z / 2, begins)
        after = np.where(standing_ns >= seconds(settings.refractory_s), after, before)
        usual_now = before & (standing_ns > seconds(settings.adopt_after_s))
        if usual_now.any():
            self._start_anew(at[usual_now], value[rows[usual_now]])
            after &= ~usual_now
        changed = after != before
        self._active[at] = after
        self._changed_ns[at[changed]] = time_ns[rows[changed]]
        self._n_active += int(np.count_nonzero(after) - np.count_nonzero(before))
        llr = np.minimum(settings.llr_max, settings.z * score - settings.z**2 / 2)
        return [
            (row, active, ratio if active else 0.0)
            for row, active, ratio in zip(
                rows[changed].tolist(), after[changed].tolist(), llr[changed].tolist(), strict=True
            )
        ]

    def _start_anew(self, at: Index, value: F64) -> None:
        """Forget what was usual; the reading in hand is the first of what is."""
        self._long[at] = value
        self._count[at] = 0
        self._contrast[at] = 0.0
        self._variance[at] = self._floor
        self._spread[at] = self._floor / self._smoothing
        self._baseline[:, at] = np.nan
        self._bin_sum[at] = 0.0
        self._bin_count[at] = 0

    def _learn(self, slots: Slots, value: F64, residual: F64, contrast: F64, count: I32) -> None:
        """Move what is usual towards the reading, where nothing is odd."""
        alpha = self._settings.alpha_long
        share: Any = alpha
        if count.min() < 1 / alpha:
            share = np.maximum(1.0 / (count + 1.0), alpha)
        typical: Any = 1
        counted = value
        if self._n_active:
            odd = self._active[slots]
            share = share * ~odd
            # A quarter hour not known yet may well be odd every day: it is learned as it is.
            typical = ~odd
            at = pick(slots, odd)
            typical[odd] = np.isnan(self._baseline[self._bin[at], at])
            counted = np.where(typical, value, 0.0)
        _learn_square(self._variance, slots, contrast, share, self._floor)
        _learn_square(self._spread, slots, residual, share, self._floor / self._smoothing)
        self._long[slots] += share * (value - self._long[slots])
        self._bin_sum[slots] += counted
        self._bin_count[slots] += typical
        self._count[slots] += 1


def _learn_square(
    variance: F64, slots: Slots, deviation: F64, share: F64 | float, floor: float
) -> None:
    """Move a variance towards the square of a deviation, in bounded steps."""
    known = variance[slots]
    square = deviation * deviation
    np.minimum(square, 9.0 * known, out=square)
    square -= known
    square *= share
    square += known
    variance[slots] = np.maximum(square, floor, out=square)

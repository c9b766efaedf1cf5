"""From a standard normal score to a quantity with its seasonal and daily shape, and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sim.world.background.calendar import Hours

F64 = NDArray[np.float64]

SCORES: F64 = np.linspace(-3.6, 3.6, 25)
"""Standard normal scores at which quantiles are kept; beyond them the distribution ends. The
scores stand for one hour in 6,000, about the rarest that four years of six stations show."""

_STEP = float(SCORES[1] - SCORES[0])

Scale = Literal["linear", "log", "sqrt"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Marginal:
    """Distribution of a quantity at each hour of each month.

    A value is ``inverse(level + weekend + spread * quantile(score))``. Levels and spreads of
    two months blend between their middles.

    Attributes
    ----------
    scale
        On which the rest is counted: the quantity itself, its natural logarithm or its root.
    level, spread
        ``(12, 24)`` mean and standard deviation by month and hour of the day.
    quantile
        ``(12, 25)`` what stands at each of `SCORES`, in spreads from the level.
    weekend
        Added on Saturdays and Sundays.
    """

    scale: Scale
    level: F64
    spread: F64
    quantile: F64
    weekend: float = 0.0

    def values(self, score: F64, when: Hours, shift: F64 | float = 0.0) -> F64:
        """Return ``(…, n)`` values of ``(…, n)`` scores at `when`, n hours.

        `shift` is added on the scale of the distribution.
        """
        place = np.clip((score - SCORES[0]) / _STEP, 0.0, len(SCORES) - 1.000001)
        below = place.astype(np.intp)
        rows = when.between(self.quantile)
        n = np.arange(rows.shape[0])
        low, high = rows[n, below], rows[n, below + 1]
        level = when.of_day(self.level) + self.weekend * (when.weekday >= 5)
        scaled = level + shift + when.of_day(self.spread) * (low + (place - below) * (high - low))
        return inverse(self.scale, scaled)

    def scores(self, value: F64, when: Hours) -> F64:
        """Return ``(n,)`` scores of values at `when`; NaN stays NaN."""
        level = when.of_day(self.level) + self.weekend * (when.weekday >= 5)
        inner = (forward(self.scale, value) - level) / when.of_day(self.spread)
        rows = when.between(self.quantile)
        n = np.arange(len(inner))
        below = np.clip((rows < inner[:, None]).sum(axis=1) - 1, 0, len(SCORES) - 2)
        low, high = rows[n, below], rows[n, below + 1]
        share = np.clip((inner - low) / (high - low), 0.0, 1.0)
        scores: F64 = SCORES[below] + _STEP * share
        return scores


def forward(scale: Scale, value: F64) -> F64:
    """Return values on a scale."""
    if scale == "log":
        return np.log(value)
    return np.sqrt(value) if scale == "sqrt" else value


def inverse(scale: Scale, scaled: F64) -> F64:
    """Return the values that stand at places on a scale."""
    if scale == "log":
        return np.exp(scaled)
    return np.maximum(scaled, 0.0) ** 2 if scale == "sqrt" else scaled

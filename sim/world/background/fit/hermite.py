"""Turns correlation of values into correlation of the scores they are mapped from.

A skewed map weakens correlation, and real air is more persistent when it is bad than when it is
good; so it is the values' own correlation that a simulation has to have, and the scores' has to
be found for it.

References
----------
Cario & Nelson 1997, "Modeling and generating random vectors with arbitrary marginal
distributions and correlation matrix" (NORTA). The covariance of two maps of correlated normal
scores is a power series of the scores' correlation, with the maps' Hermite coefficients.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations_with_replacement

import numpy as np
from numpy.polynomial.hermite_e import hermegauss, hermevander
from numpy.typing import NDArray

from sim.world.background.calendar import Hours
from sim.world.background.marginal import Marginal

F64 = NDArray[np.float64]

ORDERS = 12
"""Terms of the series; the last holds less than 1e-4 of any variance met here."""
_NODES = 80
_RHO: F64 = np.linspace(-1.0, 1.0, 801)


def coefficients(marginal: Marginal) -> F64:
    """Return ``(ORDERS + 1, 12, 24)`` Hermite coefficients of the map at each month and hour."""
    nodes, weights = hermegauss(_NODES)
    weights = weights / math.sqrt(2 * math.pi)
    month, hour = (
        axis.ravel() for axis in np.meshgrid(np.arange(12), np.arange(24), indexing="ij")
    )
    plain = np.zeros(len(month))
    when = Hours(
        hour=hour,
        weekday=np.zeros_like(hour),
        month=month,
        toward=plain,
        day_of_year=np.zeros_like(hour),
        date_key=np.zeros_like(hour),
        rest=plain > 0,
        rest_tomorrow=plain > 0,
        spring=plain > 0,
    )
    values = marginal.values(np.broadcast_to(nodes[:, None], (_NODES, len(month))), when)
    scale = [1 / math.sqrt(math.factorial(n)) for n in range(ORDERS + 1)]
    polynomials = hermevander(nodes, ORDERS) * scale
    return ((polynomials * weights[:, None]).T @ values).reshape(ORDERS + 1, 12, 24)


def of_scores(coefficient: Sequence[F64], lags_h: tuple[int, ...], correlation: F64) -> F64:
    """Return ``(lags, n, n)`` correlation of scores for a correlation of values.

    Parameters
    ----------
    coefficient
        `coefficients` of each of n variables.
    lags_h
        Hours between the two.
    correlation
        ``(lags, n, n)`` of what is left of the values without their mean by month and hour.
    """
    inner = [c[1:] for c in coefficient]
    spread = [math.sqrt(float((c**2).sum(0).mean())) for c in inner]
    out = np.empty_like(correlation)
    powers = _RHO ** np.arange(1, ORDERS + 1)[:, None]
    for i, j in combinations_with_replacement(range(len(inner)), 2):
        for k, lag in enumerate(lags_h):
            terms = (inner[i] * np.roll(inner[j], -lag, axis=2)).mean(axis=(1, 2))
            back = (inner[j] * np.roll(inner[i], -lag, axis=2)).mean(axis=(1, 2))
            series = ((terms + back) / 2) @ powers / (spread[i] * spread[j])
            out[k, i, j] = out[k, j, i] = _solve(series, float(correlation[k, i, j]))
    return out


def _solve(series: F64, wanted: float) -> float:
    """Return the score correlation nearest to 0 that gives the wanted one, or the nearest end."""
    middle = len(_RHO) // 2
    falls = np.diff(series) <= 0
    above, below = np.flatnonzero(falls[middle:]), np.flatnonzero(falls[:middle])
    end = middle + int(above[0]) if len(above) else len(_RHO) - 1
    start = int(below[-1]) + 1 if len(below) else 0
    return float(np.interp(wanted, series[start : end + 1], _RHO[start : end + 1]))

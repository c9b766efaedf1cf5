"""Fits weather and air: shapes of day and year, distributions, and what goes with what."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from sim.world.background.calendar import Hours, hours
from sim.world.background.fit.hermite import coefficients, of_scores
from sim.world.background.fit.signals import AirSeries
from sim.world.background.fitted import POLLUTANTS, WEATHER
from sim.world.background.marginal import SCORES, Marginal, Scale, forward, inverse
from sim.world.background.persistence import correlation

F64 = NDArray[np.float64]

VARIABLES = (*WEATHER, *POLLUTANTS)
_ROOTED = ("no2", "o3", "dew_point_gap", "wind_speed")
_SCALES: dict[str, Scale] = {
    name: "sqrt" if name in _ROOTED else "linear" if name in WEATHER else "log"
    for name in VARIABLES
}
"""What reaches nought, and nitrogen dioxide, whose upper end is short, on the root."""

PARTS: tuple[tuple[float, bool], ...] = (
    (1.0, False),
    (4.0, False),
    (120.0, False),
    (480.0, False),
    (2.0, True),
    (4.0, True),
    (9.0, True),
    (14.0, True),
    (24.0, True),
)
"""Memory [h] of the parts, from a gust to a season that is off, and whether they are smooth; the
fit gives each as much of the variance as it can use."""
LAGS_H = (0, 1, 2, 3, 4, 6, 8, 10, 12, 18, 24, 30, 36, 48, 60, 72, 96, 120, 168, 240, 336, 480)
_LENGTHS_M = np.arange(4_000.0, 25_001.0, 1_000.0)
"""Up to half the greatest distance between two stations: what fades more slowly cannot be told
from what all the city shares."""
_BLEND = 0.75 * np.eye(12) + 0.125 * (np.eye(12, k=1) + np.eye(12, k=-1))
_BLEND[0, 11] = _BLEND[11, 0] = 0.125
"""A month's mean, by what stands in the middles of it and its neighbours, with straight lines
between middles."""
_NEGLIGIBLE = 5e-3
"""Of a variable's variance; directions of a part with less are left out."""
REFERENCE = 0
"""Weather is that of the first station, Aotizhongxin, inside the fourth ring."""
_RURAL = 4
"""Shunyi: the plain at the same height, outside the built-up city."""


def fit_skies(series: AirSeries) -> dict[str, Any]:
    """Return the fitted figures of weather and air, ready to be written."""
    when = hours(series.first, series.air.shape[2])
    slope = _gradients(series)
    reach_m = np.hypot(*series.xy_m.T)
    marginals, rest, coefficient = [], [], []
    scores: dict[str, F64] = {}
    for v, name in enumerate(VARIABLES):
        scale = _SCALES[name]
        if name in WEATHER:
            values = series.weather[v][REFERENCE][None]
        else:
            p = v - len(WEATHER)
            shift = slope[p] * reach_m[:, None]
            values = inverse(scale, forward(scale, series.air[p]) - shift)
        marginal = _marginal(scale, values, when, weekly=name in POLLUTANTS)
        marginals.append(marginal)
        coefficient.append(coefficients(marginal))
        if name in ("pm25", "o3"):
            scores[name] = np.stack([marginal.scores(row, when) for row in values])
        rest.append(values - when.of_day(coefficient[-1][0]))
    city, local, length_m = _covariances(rest, coefficient, series.xy_m)
    city_parts, local_parts = _split(city, local)
    return {
        "variables": {n: _written(m) for n, m in zip(VARIABLES, marginals, strict=True)},
        "city": _parts(city_parts),
        "local": _parts(local_parts),
        "length_m": float(length_m),
        "gradient_per_km": {
            n: round(1000 * float(s), 5) for n, s in zip(POLLUTANTS, slope, strict=True)
        },
        "ozone_with_dust": _by_hour(scores["o3"], scores["pm25"], when),
        "heat_island_c": _heat_island(series, when),
    }


def _gradients(series: AirSeries) -> F64:
    """Return how much each pollutant's level changes a metre from the middle, on its scale."""
    reach = np.hypot(*series.xy_m.T)
    levels = [
        np.nanmean(forward(_SCALES[name], series.air[p]), axis=1)
        for p, name in enumerate(POLLUTANTS)
    ]
    return np.array([np.polyfit(reach, level, 1)[0] for level in levels])


def _marginal(scale: Scale, values: F64, when: Hours, *, weekly: bool) -> Marginal:
    """Fit one distribution to ``(stations, hours)`` values."""
    scaled = forward(scale, values)
    month = np.where(when.toward >= 0.5, (when.month + 1) % 12, when.month)
    free = when.weekday >= 5 if weekly else np.zeros(len(when.hour), dtype=bool)
    level, spread = np.empty((12, 24)), np.empty((12, 24))
    for m, h in product(range(12), range(24)):
        cell = scaled[:, (month == m) & (when.hour == h)]
        level[m, h], spread[m, h] = np.nanmean(cell), np.nanstd(cell)
    inner = scaled - level[month, when.hour]
    weekend = float(np.nanmean(inner[:, free]) - np.nanmean(inner[:, ~free])) if weekly else 0.0
    # Levels are those of all days; the weekend's share of them is taken off again.
    level = np.linalg.solve(_BLEND, level) - weekend * free.mean()
    inner = (scaled - when.of_day(level) - weekend * free) / when.of_day(spread)
    shares = ndtr(SCORES)
    quantile = np.stack([_quantiles(inner[:, month == m], shares) for m in range(12)])
    return Marginal(scale=scale, level=level, spread=spread, quantile=quantile, weekend=weekend)


def _quantiles(inner: F64, shares: F64) -> F64:
    """Return strictly rising quantiles; measured values are rounded, so some would be equal."""
    found = np.quantile(inner[~np.isnan(inner)], shares)
    rising: F64 = np.maximum.accumulate(found) + np.arange(len(shares)) * 1e-4
    return rising


def _covariances(
    rest: Sequence[F64], coefficient: Sequence[F64], xy_m: F64
) -> tuple[F64, F64, float]:
    """Return city-wide and local covariance of scores by lag, and the length local fades over.

    A pair of pollutants at two stations is taken as ``city + exp(-distance / length) local``;
    the two are found by least squares over all pairs of stations.
    """
    n_weather, n_air = len(WEATHER), len(POLLUTANTS)
    each = [c for c, rows in zip(coefficient, rest, strict=True) for _ in rows]
    lagged = of_scores(each, LAGS_H, _lagged(np.concatenate(rest)))
    air = lagged[:, n_weather:, n_weather:].reshape(len(LAGS_H), n_air, 6, n_air, 6)
    distance = np.hypot(*(xy_m[:, None] - xy_m[None]).transpose(2, 0, 1)).ravel()
    flat = air.transpose(2, 4, 0, 1, 3).reshape(36, -1)
    best: tuple[float, F64, float] | None = None
    for length in _LENGTHS_M:
        design = np.stack([np.ones(36), np.exp(-distance / length)], axis=1)
        found, residual, *_ = np.linalg.lstsq(design, flat, rcond=None)
        if best is None or residual.sum() < best[0]:
            best = (float(residual.sum()), found, float(length))
    assert best is not None
    parts = best[1].reshape(2, len(LAGS_H), n_air, n_air)
    city = np.empty((len(LAGS_H), len(VARIABLES), len(VARIABLES)))
    city[:, n_weather:, n_weather:] = parts[0]
    city[:, :n_weather, :n_weather] = lagged[:, :n_weather, :n_weather]
    across = lagged[:, :n_weather, n_weather:].reshape(len(LAGS_H), n_weather, n_air, 6).mean(3)
    city[:, :n_weather, n_weather:] = across
    city[:, n_weather:, :n_weather] = across.transpose(0, 2, 1)
    return city, parts[1], best[2]


def _lagged(rows: F64) -> F64:
    """Return ``(lags, n, n)`` correlations of ``(n, hours)`` rows, the same both ways in time."""
    rows = (rows - np.nanmean(rows, axis=1)[:, None]) / np.nanstd(rows, axis=1)[:, None]
    known = ~np.isnan(rows)
    rows = np.where(known, rows, 0.0)
    weight = known.astype(float)
    out = np.empty((len(LAGS_H), len(rows), len(rows)))
    for i, lag in enumerate(LAGS_H):
        end = rows.shape[1] - lag
        both = weight[:, :end] @ weight[:, lag:].T
        product_ = rows[:, :end] @ rows[:, lag:].T
        out[i] = (product_ + product_.T) / (both + both.T)
    return out


def _split(city: F64, local: F64) -> tuple[F64, F64]:
    """Return the parts' matrices, scaled so that each variable has variance 1 in all.

    Directions that hold next to nothing are left out before.
    """
    lags = np.array(LAGS_H, dtype=float)
    basis = np.stack([correlation(lags, memory, smooth) for memory, smooth in PARTS], axis=1)
    city_parts, local_parts = (_thinned(_psd_parts(each, basis)) for each in (city, local))
    total = np.einsum("kii->i", city_parts).copy()
    n_weather = len(WEATHER)
    total[n_weather:] += np.einsum("kii->i", local_parts)
    scale = 1 / np.sqrt(total)
    city_parts = city_parts * scale[:, None] * scale[None, :]
    air = scale[n_weather:]
    return city_parts, local_parts * air[:, None] * air[None, :]


def _psd_parts(by_lag: F64, basis: F64, rounds: int = 4000) -> F64:
    """Return ``(parts, n, n)`` covariances whose sum over `basis` comes closest to `by_lag`.

    Accelerated projected gradient over positive semidefinite matrices (Beck & Teboulle 2009,
    doi:10.1137/080716542); the problem is convex.
    """
    gram, target = basis.T @ basis, np.einsum("lk,lij->kij", basis, by_lag)
    step = 1 / float(np.linalg.eigvalsh(gram)[-1])
    parts = np.zeros((basis.shape[1], *by_lag.shape[1:]))
    ahead, pace = parts, 1.0
    for _ in range(rounds):
        moved = ahead - step * (np.einsum("km,mij->kij", gram, ahead) - target)
        weight, axes = np.linalg.eigh((moved + moved.transpose(0, 2, 1)) / 2)
        following = np.einsum("kia,ka,kja->kij", axes, np.maximum(weight, 0.0), axes)
        after = (1 + np.sqrt(1 + 4 * pace * pace)) / 2
        ahead = following + (pace - 1) / after * (following - parts)
        parts, pace = following, after
    return parts


def _thinned(covariances: F64) -> F64:
    weight, axes = np.linalg.eigh(covariances)
    kept = np.where(weight > _NEGLIGIBLE, weight, 0.0)
    thinned: F64 = np.einsum("kia,ka,kja->kij", axes, kept, axes)
    return thinned


def _parts(covariances: F64) -> list[dict[str, Any]]:
    """Return the parts that hold any of the variance, as roots of their covariances."""
    written = []
    for (memory_h, smooth), part in zip(PARTS, covariances, strict=True):
        weight, axes = np.linalg.eigh(part)
        kept = weight > _NEGLIGIBLE / 2
        if kept.any():
            root = axes[:, kept] * np.sqrt(weight[kept])
            # Signs are the solver's own choice; fixed, the file is the same on every machine.
            root = root * np.sign(root[np.abs(root).argmax(axis=0), np.arange(root.shape[1])])
            rows = [[round(float(x), 4) for x in row] for row in root]
            written.append({"memory_h": memory_h, "smooth": smooth, "loading": rows})
    return written


def _by_hour(first: F64, second: F64, when: Hours) -> list[list[float]]:
    """Return the correlation of two ``(stations, hours)`` scores by month and hour."""
    month = np.where(when.toward >= 0.5, (when.month + 1) % 12, when.month)
    found = np.empty((12, 24))
    for m, h in product(range(12), range(24)):
        here = (month == m) & (when.hour == h)
        a, b = first[:, here].ravel(), second[:, here].ravel()
        known = ~np.isnan(a + b)
        found[m, h] = np.corrcoef(a[known], b[known])[0, 1]
    rows: list[list[float]] = np.round(found, 3).tolist()
    return rows


def _heat_island(series: AirSeries, when: Hours) -> list[float]:
    """Return by hour how much warmer the city is than the plain around it [°C]."""
    warmer = series.weather[0][REFERENCE] - series.weather[0][_RURAL]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return [round(float(np.nanmean(warmer[when.hour == h])), 3) for h in range(24)]


def _written(marginal: Marginal) -> dict[str, Any]:
    return {
        "scale": marginal.scale,
        "weekend": round(marginal.weekend, 4),
        "level": np.round(marginal.level, 3).tolist(),
        "spread": np.round(marginal.spread, 3).tolist(),
        "quantile": np.round(marginal.quantile, 4).tolist(),
    }

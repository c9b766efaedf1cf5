"""Fits what people make: noise, footfall, arrivals in hospital, the hours of fires."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls
from scipy.special import ndtr

from sim.world.background.fit.signals import (
    read_arrivals,
    read_fires,
    read_footfall,
    read_infections,
    read_noise,
)
from sim.world.background.marginal import SCORES
from sim.world.background.shapes import normalised

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

_NOISE_MEMORY_MIN = (0.3, 5.0, 60.0, 600.0)
_NOISE_LAGS_MIN = (0, 1, 2, 3, 5, 10, 20, 30, 60, 120, 240, 480)
_FOOTFALL_MEMORY_H = (0.3, 3.0, 24.0, 240.0)
_FOOTFALL_LAGS_H = (0, 1, 2, 3, 6, 12, 24, 48, 96, 168, 336)

PLACES = {
    "office": ("19 Shortland Street",),
    "transit": ("Commerce Street West", "7 Custom Street East", "45 Queen Street"),
    "shopping": ("210 Queen Street", "261 Queen Street", "59 High Street"),
    "nightlife": ("8 Darby Street EW", "183 K Road"),
    "leisure": ("107 Quay Street", "188 Quay Street Lower Albert (EW)"),
}
"""Places whose week shows what they are for; the others lie in between."""
_YEARS = (2023, 2024, 2025)
"""Years without closures of the pandemic."""


def fit_noise(signals: Path) -> dict[str, Any]:
    """Return the hourly shape [dB], the residual's spread, distribution and memory [min]."""
    minute, level = read_noise(signals)
    hourly = np.array([level[minute // 60 == h].mean() for h in range(24)])
    middle = np.arange(-1, 25) + 0.5
    rest = level - np.interp(minute / 60, middle, hourly[np.r_[23, 0:24, 0]])
    spread = float(rest.std())
    return {
        "hourly_db": _rounded(hourly - hourly.mean(), 2),
        "mean_db": round(float(level.mean()), 2),
        "spread_db": round(spread, 3),
        "quantile": _rounded(np.quantile((rest - rest.mean()) / spread, ndtr(SCORES)), 3),
        "memory_min": _memory([rest], _NOISE_MEMORY_MIN, _NOISE_LAGS_MIN),
    }


def fit_footfall(signals: Path) -> dict[str, Any]:
    """Return by kind of place the week's shape, and the residual's spread and memory [h]."""
    weekday, hour, counts = read_footfall(signals, _YEARS)
    kind = np.where(weekday < 5, 0, weekday - 4)
    shape = np.empty((len(PLACES), 3, 24))
    rest, spread = [], []
    for k, places in enumerate(PLACES.values()):
        # An hour counts only where all of the kind's places were counted.
        people = np.mean([counts[p] / np.nanmean(counts[p]) for p in places], axis=0)
        for d in range(3):
            for h in range(24):
                shape[k, d, h] = np.nanmean(people[(kind == d) & (hour == h)])
        usual = shape[k, kind, hour]
        # A hundredth of the mean keeps empty hours of the night in reach.
        log = np.log((people + 0.01) / (usual + 0.01))
        rest.append(log - np.nanmean(log))
        # What is rare on both sides are festivals and closures, which are not background.
        low, high = np.nanquantile(log, (0.16, 0.84))
        spread.append((high - low) / 2)
    table = np.array(rest)
    known = ~np.isnan(table.sum(axis=0))
    alike = np.corrcoef(table[:, known])[np.triu_indices(len(rest), 1)]
    return {
        "shape": {
            name: [_rounded(row, 3) for row in rows]
            for name, rows in zip(PLACES, normalised(shape), strict=True)
        },
        "spread_log": dict(zip(PLACES, _rounded(spread, 3), strict=True)),
        "together": round(float(np.median(alike)), 3),
        "memory_h": _memory(rest, _FOOTFALL_MEMORY_H, _FOOTFALL_LAGS_H),
    }


def fit_clinics(signals: Path) -> dict[str, Any]:
    """Return the week of an emergency department, and how much more than chance varies."""
    weekday, arrivals = read_arrivals(signals)
    week = np.array([arrivals[weekday == d].mean() for d in range(7)])
    mean = float(arrivals.mean())
    rest = arrivals - week[weekday]
    excess = (float(rest.var()) * len(rest) / (len(rest) - 7) - mean) / mean**2
    lasting = np.mean([_lagged(rest, lag) for lag in range(1, 8)]) * float(rest.var()) / mean**2
    infections = read_infections(signals)
    return {
        "emergency_week": _rounded(week / week.mean(), 3),
        "emergency_spread_log": round(float(np.sqrt(excess)), 4),
        "emergency_lasting_share": round(float(lasting / excess), 3),
        **_infections(infections),
    }


def _infections(weekly: F64) -> dict[str, Any]:
    """Return season and excess spread of weekly counts without their labelled outbreaks."""
    week = np.arange(len(weekly)) * 2 * np.pi / 52.18
    design = np.stack([np.ones_like(week), np.cos(week), np.sin(week)], axis=1)
    (mean, cosine, sine), *_ = np.linalg.lstsq(design, weekly, rcond=None)
    usual = design @ np.array([mean, cosine, sine])
    excess = float(((weekly - usual) ** 2 - usual).mean() / (usual**2).mean())
    return {
        "infection_season": round(float(np.hypot(cosine, sine) / mean), 3),
        "infection_peak_day": round(float(np.arctan2(sine, cosine) / (2 * np.pi) % 1 * 365.25), 1),
        "infection_spread_log": round(float(np.sqrt(np.log1p(max(excess, 0.0)))), 3),
    }


def fit_fires(signals: Path) -> list[float]:
    """Return how many fires begin in each hour of the day, as a shape with mean 1."""
    _, hour = read_fires(signals)
    return _rounded(np.bincount(hour, minlength=24) * 24 / len(hour), 3)


def _memory(series: Iterable[F64], memory: tuple[float, ...], lags: tuple[int, ...]) -> Any:
    """Return the shares of the variance by correlation time that come closest."""
    found = np.mean([[_lagged(rest, lag) for lag in lags] for rest in series], axis=0)
    basis = np.exp(-np.array(lags)[:, None] / np.array(memory))
    share, _ = nnls(basis, found)
    share = share / share.sum()
    return {f"{tau:g}": round(float(s), 3) for tau, s in zip(memory, share, strict=True) if s > 0}


def _lagged(rest: F64, lag: int) -> float:
    if lag == 0:
        return 1.0
    centred = rest - np.nanmean(rest)
    return float(np.nanmean(centred[:-lag] * centred[lag:]) / np.nanvar(rest))


def _rounded(values: Any, digits: int) -> list[float]:
    return [round(float(v), digits) for v in values]

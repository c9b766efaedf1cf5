"""The figures by which simulated weather and air are held against the real stations."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.world.background.aqi import CLASSES, aqi, iaqi
from sim.world.background.calendar import Hours
from sim.world.background.fitted import POLLUTANTS, WEATHER

F64 = NDArray[np.float64]

LAGS_H = (1, 3, 6, 12, 24, 48, 72)


def air_statistics(air: F64, when: Hours) -> dict[str, Any]:
    """Return figures of ``(6, stations, hours)`` concentrations [µg/m³]; NaN is not counted.

    Autocorrelations and correlations are of the concentrations themselves, medians over the
    stations and their pairs. Classes are those of HJ 633-2012 for the hour, in percent of the
    hours of all stations: of fine dust alone, and of the index of all six.
    """
    every = {
        name: {
            "mean": round(float(np.nanmean(rows)), 2),
            "deviation": round(float(np.nanstd(rows)), 2),
            "autocorrelation": {
                str(lag): round(float(np.median([autocorrelation(row, lag) for row in rows])), 3)
                for lag in LAGS_H
            },
            "between_stations": round(between(rows), 3),
        }
        for name, rows in zip(POLLUTANTS, air, strict=True)
    }
    dust = air[POLLUTANTS.index("pm25")]
    known = ~np.isnan(air).any(axis=0)
    month = np.where(when.toward >= 0.5, (when.month + 1) % 12, when.month)
    return {
        "pollutants": every,
        "pm25_classes": _classes(iaqi("pm25", dust[~np.isnan(dust)], "2012")),
        "aqi_classes": _classes(aqi(air[:, known], "2012")),
        "by_hour": {
            name: [round(float(np.nanmean(rows[:, when.hour == h])), 2) for h in range(24)]
            for name, rows in zip(POLLUTANTS, air, strict=True)
        },
        "by_month": {
            name: [round(float(np.nanmean(rows[:, month == m])), 2) for m in range(12)]
            for name, rows in zip(POLLUTANTS, air, strict=True)
        },
    }


def weather_statistics(weather: F64) -> dict[str, Any]:
    """Return figures of ``(6, hours)`` weather in the order of `WEATHER`; NaN is not counted."""
    return {
        name: {
            "mean": round(float(np.nanmean(row)), 2),
            "deviation": round(float(np.nanstd(row)), 2),
            "autocorrelation": {
                str(lag): round(float(autocorrelation(row, lag)), 3) for lag in LAGS_H
            },
        }
        for name, row in zip(WEATHER, weather, strict=True)
    }


def autocorrelation(row: F64, lag: int) -> float:
    """Return the correlation of a series with itself `lag` steps later; NaN is not counted."""
    centred = row - np.nanmean(row)
    return float(np.nanmean(centred[:-lag] * centred[lag:]) / np.nanvar(row))


def between(rows: F64) -> float:
    """Return the median correlation between ``(n, hours)`` series."""
    found = []
    for i in range(len(rows)):
        for j in range(i):
            known = ~np.isnan(rows[i] + rows[j])
            found.append(np.corrcoef(rows[i, known], rows[j, known])[0, 1])
    return float(np.median(found))


def _classes(index: NDArray[np.int64]) -> list[float]:
    """Return percent of values in each of the six classes, good to severely polluted."""
    which = np.searchsorted(CLASSES, index, side="left")
    return [round(float(s), 2) for s in 100 * np.bincount(which, minlength=6) / len(index)]

"""Air quality index of China: IAQI and AQI by the table that is in force on the day.

The standard of 2012 was replaced on 2026-03-01. Three limits moved: PM2.5 at IAQI 100 from 75
to 60 µg/m³, PM10 at IAQI 100 from 150 to 120 µg/m³; so an index without its date is a trap.
Concentrations are µg/m³ throughout, carbon monoxide too; the standard's CO is in mg/m³.
"""

from __future__ import annotations

from datetime import date
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sim.kernel.errors import InputError
from sim.world.background.fitted import POLLUTANTS

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

Table = Literal["2012", "2026"]
Average = Literal["hour", "day"]

IN_FORCE_2026 = date(2026, 3, 1)
"""HJ 633-2026 and GB 3095-2026 apply from this day."""

STEPS: F64 = np.array([0.0, 50, 100, 150, 200, 300, 400, 500])
"""IAQI values of the breakpoints: HJ 633-2012 table 1."""
CLASSES: F64 = STEPS[1:6]
"""Upper bounds of the classes good to heavily polluted; above 300 is severely polluted."""

_PM25_2012 = (0, 35, 75, 115, 150, 250, 350, 500)
_PM10_2012 = (0, 50, 150, 250, 350, 420, 500, 600)
_PM25_2026 = (0, 35, 60, 115, 150, 250, 350, 500)
_PM10_2026 = (0, 50, 120, 250, 350, 420, 500, 600)

_DAY_GASES = {
    "so2": (0, 50, 150, 475, 800, 1600, 2100, 2620),
    "no2": (0, 40, 80, 180, 280, 565, 750, 940),
    "co": (0, 2_000, 4_000, 14_000, 24_000, 36_000, 48_000, 60_000),
    "o3": (0, 100, 160, 215, 265, 800),
}
"""Daily means, ozone the greatest 8-hour mean, which has no value above IAQI 300."""
_HOUR_GASES = {
    "so2": (0, 150, 500, 650, 800),
    "no2": (0, 100, 200, 700, 1200, 2340, 3090, 3840),
    "co": (0, 5_000, 10_000, 35_000, 60_000, 90_000, 120_000, 150_000),
    "o3": (0, 160, 200, 300, 400, 800, 1000, 1200),
}
"""Hourly means; hourly SO2 has no value above IAQI 200."""

BREAKPOINTS: dict[Table, dict[Average, dict[str, tuple[int, ...]]]] = {
    "2012": {
        "hour": {"pm25": _PM25_2012, "pm10": _PM10_2012, **_HOUR_GASES},
        "day": {"pm25": _PM25_2012, "pm10": _PM10_2012, **_DAY_GASES},
    },
    "2026": {
        "hour": {"pm25": _PM25_2026, "pm10": _PM10_2026, **_HOUR_GASES},
        "day": {"pm25": _PM25_2026, "pm10": _PM10_2026, **_DAY_GASES},
    },
}
"""Concentration at each of `STEPS`. Particles have daily values only; an hourly report uses
them for the hour. HJ 633-2012 table 1; the changed values of 2026: domain facts, source S17,
which names PM2.5, PM10 and O3 (8 h); the gases' other rows are assumed to have stayed."""


def table_on(day: date) -> Table:
    """Return the table in force on a day."""
    return "2026" if day >= IN_FORCE_2026 else "2012"


def iaqi(pollutant: str, value: F64, table: Table, average: Average = "hour") -> I64:
    """Return the individual index of concentrations, any shape, rounded up as the rule says.

    Parameters
    ----------
    pollutant
        One of ``pm25 pm10 so2 no2 co o3``.
    value
        Concentration [µg/m³].
    table
        Which edition; see `table_on`.
    average
        Over an hour, or over a day (ozone: 8 hours).

    Raises
    ------
    InputError
        For an unknown pollutant.

    References
    ----------
    HJ 633-2012, equation 1, clause 4: "IAQI is rounded up to a whole number".
    """
    rows = BREAKPOINTS[table][average]
    if pollutant not in rows:
        raise InputError("pollutant", value=pollutant, expected="one of " + ", ".join(rows))
    points = np.array(rows[pollutant], dtype=float)
    index = np.interp(np.asarray(value, dtype=float), points, STEPS[: len(points)])
    # A breakpoint must not be pushed over its own index by the last bit of a division.
    rounded: I64 = np.ceil(np.round(index, 9)).astype(np.int64)
    return rounded


def aqi(values: F64, table: Table, average: Average = "hour") -> I64:
    """Return the index of ``(6, …)`` concentrations of all pollutants: the greatest IAQI."""
    each = [iaqi(name, row, table, average) for name, row in zip(POLLUTANTS, values, strict=True)]
    worst: I64 = np.max(each, axis=0)
    return worst

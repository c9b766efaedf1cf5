"""``python -m sim.world.background.fit.compare``: the fitted stations beside simulated ones.

Prints Markdown. It needs no data: the stations' own figures are part of ``fitted.json``.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.kernel.rng import SeededStreams
from sim.world.background.calendar import hours
from sim.world.background.city import Background
from sim.world.background.fit.signals import station_xy_m
from sim.world.background.fit.statistics import LAGS_H, air_statistics, weather_statistics
from sim.world.background.fitted import POLLUTANTS, WEATHER, document

F64 = NDArray[np.float64]

YEARS = 12
"""Long enough for the sampling error of a class's share to be near one point."""
FIRST = int(np.datetime64("2013-03-01T00", "h").astype(np.int64)) - 8
_SPAN_H = 8_766

CLASS_NAMES = ("good", "moderate", "light", "medium", "heavy", "severe")


def simulated_air(seed: int, years: int = YEARS) -> F64:
    """Return ``(6, 6, hours)`` background air where the six stations stand."""
    air = Background(SeededStreams(seed), np.zeros(2)).air
    xy = station_xy_m()
    parts = [air.series(xy, FIRST + year * _SPAN_H, _SPAN_H) for year in range(years)]
    return np.concatenate(parts, axis=2)


def simulated_weather(seed: int, years: int = YEARS) -> F64:
    """Return ``(6, hours)`` weather of the city's middle, in the order of `WEATHER`."""
    climate = Background(SeededStreams(seed), np.zeros(2)).climate
    parts = [climate.series(FIRST + year * _SPAN_H, _SPAN_H) for year in range(years)]
    return np.concatenate(parts, axis=1)[: len(WEATHER)]


def table(seed: int, years: int) -> Iterator[str]:
    """Yield the lines of the comparison."""
    measured = document()["measured"]
    air = simulated_air(seed, years)
    ours = air_statistics(air, hours(FIRST, air.shape[2]))
    yield "| air | figure | real | simulated |"
    yield "|---|---|---|---|"
    for name in POLLUTANTS:
        theirs, own = measured["air"]["pollutants"][name], ours["pollutants"][name]
        for label, value in _figures(theirs).items():
            yield f"| {name} | {label} | {value} | {_figures(own)[label]} |"
    for key, label in (("pm25_classes", "PM2.5 alone"), ("aqi_classes", "all six")):
        for k, name in enumerate(CLASS_NAMES):
            theirs, own = measured["air"][key][k], ours[key][k]
            yield f"| hours, {label} | {name}, % | {theirs:.1f} | {own:.1f} |"
    yield ""
    weather = weather_statistics(simulated_weather(seed, years))
    yield "| weather | figure | real | simulated |"
    yield "|---|---|---|---|"
    for name in WEATHER:
        theirs, own = measured["weather"][name], weather[name]
        for label, value in _figures(theirs).items():
            yield f"| {name} | {label} | {value} | {_figures(own)[label]} |"


def _figures(found: dict[str, Any]) -> dict[str, str]:
    lasting = found["autocorrelation"]
    rows = {
        "mean ± deviation": f"{found['mean']:.1f} ± {found['deviation']:.1f}",
        "autocorrelation at " + ", ".join(str(lag) for lag in LAGS_H) + " h": ", ".join(
            f"{lasting[str(lag)]:.2f}" for lag in LAGS_H
        ),
    }
    if "between_stations" in found:
        rows["median correlation between stations"] = f"{found['between_stations']:.3f}"
    return rows


def main(arguments: list[str] | None = None) -> int:
    """Print the comparison."""
    parser = argparse.ArgumentParser(prog="python -m sim.world.background.fit.compare")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--years", type=int, default=YEARS)
    options = parser.parse_args(arguments)
    for line in table(options.seed, options.years):
        print(line)
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Reads the real series that the background is fitted to: ``shared/data/signals``."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sim.kernel.errors import InputError

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

_COLUMNS = ("PM2.5", "PM10", "SO2", "NO2", "CO", "O3", "TEMP", "DEWP", "PRES", "WSPM")
_SECTORS = (
    *("N", "NNE", "NE", "ENE", "E", "ESE", "SE", "SSE"),
    *("S", "SSW", "SW", "WSW", "W", "WNW", "NW", "NNW"),
)

STATIONS = {
    "Aotizhongxin": (116.397, 39.982),
    "Dingling": (116.220, 40.292),
    "Guanyuan": (116.339, 39.929),
    "Huairou": (116.628, 40.328),
    "Shunyi": (116.655, 40.127),
    "Wanliu": (116.287, 39.987),
}
"""Longitude and latitude of the six stations, as the Beijing monitoring centre's list has them."""

CENTRE = (116.397, 39.908)
"""The middle of the ring roads: domain facts, source S47."""


@dataclass(frozen=True, slots=True)
class AirSeries:
    """Six stations, hour by hour.

    Attributes
    ----------
    first
        The first hour, counted from the epoch.
    air
        ``(6 pollutants, stations, hours)`` [µg/m³]; NaN where nothing was measured.
    weather
        ``(6, stations, hours)``: air temperature, how far the dew point lies below it [°C],
        pressure [hPa], wind towards east and towards north, and its speed [m/s].
    xy_m
        ``(stations, 2)`` from the city's middle.
    """

    first: int
    air: F64
    weather: F64
    xy_m: F64


def station_xy_m() -> F64:
    """Return ``(6, 2)`` where the stations stand, from the city's middle [m]."""
    lon, lat = np.array([STATIONS[name] for name in sorted(STATIONS)]).T
    east = np.radians(lon - CENTRE[0]) * 6_371_000 * np.cos(np.radians(CENTRE[1]))
    return np.stack([east, np.radians(lat - CENTRE[1]) * 6_371_000], axis=1)


def read_air(signals: Path) -> AirSeries:
    """Return the six stations of ``beijing_air``."""
    tables = []
    for name in sorted(STATIONS):
        file = signals / "beijing_air" / f"PRSA_Data_{name}_20130301-20170228.csv.gz"
        tables.append([_station_row(row) for row in _rows(file)])
    values = np.array(tables).transpose(2, 0, 1)
    first = np.datetime64("2013-03-01T00", "h").astype(np.int64) - 8
    speed, direction = values[9], values[10]
    wind = np.stack([-speed * np.sin(direction), -speed * np.cos(direction), speed])
    temperature, dew_point, pressure = values[6:9]
    # The two were rounded apart, so that damp air can seem more than saturated.
    gap = np.maximum(temperature - dew_point, 0.0)
    weather = np.concatenate([np.stack([temperature, gap, pressure]), wind])
    return AirSeries(int(first), values[:6], weather, station_xy_m())


def _station_row(row: dict[str, str]) -> list[float]:
    sector = row["wd"]
    angle = _SECTORS.index(sector) * np.pi / 8 if sector in _SECTORS else np.nan
    return [*(_number(row[column]) for column in _COLUMNS), angle]


def read_noise(signals: Path) -> tuple[I64, F64]:
    """Return minute of the day and level [dB(A)] of each minute, in order."""
    minutes, levels = [], []
    for row in _rows(signals / "noise" / "laeq1m.csv.gz"):
        at = datetime.fromisoformat(row["datetime"])
        minutes.append(at.hour * 60 + at.minute)
        levels.append(_number(row["LEQ dB -A"]))
    return np.array(minutes), np.array(levels)


def read_footfall(signals: Path, years: tuple[int, ...]) -> tuple[I64, I64, dict[str, F64]]:
    """Return weekday and hour of each row, and each place's people an hour."""
    weekdays, hours, rows = [], [], []
    for row in _rows(signals / "pedestrian" / "akl_hourly_counts.csv.gz"):
        if int(row["year"]) in years:
            weekdays.append(date.fromisoformat(row["date"]).weekday())
            hours.append(int(row["hour"].split(":")[0]))
            rows.append(row)
    places = [name for name in rows[0] if name not in ("date", "hour", "year")]
    counts = {name: np.array([_number(row[name]) for row in rows]) for name in places}
    return np.array(weekdays), np.array(hours), counts


def read_arrivals(signals: Path) -> tuple[I64, F64]:
    """Return weekday and arrivals of each day in an emergency department."""
    days = list(_rows(signals / "health" / "ed_ts.csv"))
    weekdays = [datetime.strptime(row["date"] + " +0000", "%d/%m/%y %z").weekday() for row in days]
    return np.array(weekdays), np.array([_number(row["arrivals"]) for row in days])


def read_infections(signals: Path) -> F64:
    """Return salmonella cases a week, without those of labelled outbreaks; from January 2004."""
    weeks = list(_rows(signals / "health" / "salmonella_train.csv"))
    return np.array([_number(row["n_cases"]) - _number(row["n_outbreak_cases"]) for row in weeks])


def read_fires(signals: Path) -> tuple[I64, I64]:
    """Return weekday and hour of each dwelling fire of ``fire_london``, beside `signals`."""
    file = signals.parent / "fire_london" / "dwelling_fires_2009_jan_jun.csv.gz"
    rows = list(_rows(file))
    weekdays = [date.fromisoformat(row["date"]).weekday() for row in rows]
    return np.array(weekdays), np.array([int(row["time"][:2]) for row in rows])


def _rows(file: Path) -> Iterator[dict[str, str]]:
    if not file.is_file():
        raise InputError(str(file), expected="a file of the shared real data")
    if file.suffix == ".gz":
        with gzip.open(file, "rt", encoding="utf-8") as handle:
            yield from csv.DictReader(handle)
    else:
        with file.open(encoding="utf-8") as handle:
            yield from csv.DictReader(handle)


def _number(text: str) -> float:
    return np.nan if text.strip() in ("", "NA") else float(text)

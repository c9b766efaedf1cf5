"""What day it is in Beijing: hour, weekday, season, rest days; it draws nothing."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from sim.kernel.clock import HOUR

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
Bool = NDArray[np.bool_]

HOURS_AHEAD = 8
"""Beijing's clocks stand this far ahead of UTC, all year."""

NEW_YEAR = (
    "2010-02-14 2011-02-03 2012-01-23 2013-02-10 2014-01-31 2015-02-19 2016-02-08 2017-01-28 "
    "2018-02-16 2019-02-05 2020-01-25 2021-02-12 2022-02-01 2023-01-22 2024-02-10 2025-01-29 "
    "2026-02-17 2027-02-06 2028-01-26 2029-02-13 2030-02-03 2031-01-23 2032-02-11 2033-01-31 "
    "2034-02-19 2035-02-08"
)
"""First days of the Chinese year: the lunar calendar, GB/T 33661-2017. Other years have none."""

_SPRING_DAYS = range(-1, 7)
"""Days off around the first day of the Chinese year: the eve and the week that follows, as the
State Council's yearly notices have set them."""

_FIXED = (101, 404, 405, 501, 502, 503, 1001, 1002, 1003, 1004, 1005, 1006, 1007)
"""Days off at fixed dates, month and day: New Year, Tomb Sweeping (the 4th or 5th of April; both
taken), Labour Day, the National Day week. The Dragon Boat and Mid-Autumn days, and the
weekends worked in exchange, are left out: they move each year by notice."""


def _spring_days() -> I64:
    first = np.array(NEW_YEAR.split(), dtype="datetime64[D]").astype(np.int64)
    return np.sort((first[:, None] + np.array(_SPRING_DAYS)).ravel())


_SPRING = _spring_days()


@dataclass(frozen=True, slots=True)
class Hours:
    """Whole hours as Beijing's calendar sees them, ``(n,)`` each.

    Attributes
    ----------
    hour
        Hour of the day, 0 to 23.
    weekday
        0 for Monday to 6 for Sunday.
    month
        Index of the month whose middle is the last one passed, 0 for January.
    toward
        How far on the way from that middle to the next one, 0 to 1.
    day_of_year
        0 for the first of January.
    date_key
        Month and day as a number, 1115 for the 15th of November.
    rest
        Weekend or holiday.
    rest_tomorrow
        The day after is a weekend's or a holiday's too.
    spring
        In the holiday of the Chinese New Year.
    """

    hour: I64
    weekday: I64
    month: I64
    toward: F64
    day_of_year: I64
    date_key: I64
    rest: Bool
    rest_tomorrow: Bool
    spring: Bool

    @property
    def day_kind(self) -> I64:
        """0 on workdays, 1 on Saturdays and holidays before a day off, 2 on the last day off."""
        kind: I64 = np.where(self.rest, np.where(self.rest_tomorrow, 1, 2), 0)
        return kind

    def between(self, table: F64) -> F64:
        """Return ``(n, …)`` rows of a ``(12, …)`` table of months, taken from middle to middle."""
        late = self.toward.reshape(-1, *[1] * (table.ndim - 1))
        rows: F64 = table[self.month] * (1 - late) + table[(self.month + 1) % 12] * late
        return rows

    def of_day(self, table: F64) -> F64:
        """Return ``(n,)`` entries of a ``(12, 24)`` table of months and hours of the day."""
        late, after = self.toward, (self.month + 1) % 12
        entries: F64 = table[self.month, self.hour] * (1 - late) + table[after, self.hour] * late
        return entries


def hour_of(now: int) -> int:
    """Return the whole hour that holds a time, counted from the epoch."""
    return int(now) // HOUR


def hour_of_day(now: int) -> int:
    """Return the hour that Beijing's clocks show, 0 to 23."""
    return (hour_of(now) + HOURS_AHEAD) % 24


def days(first_day: int, count: int) -> Hours:
    """Return noon of each of `count` days, the first given by its number in Beijing."""
    return _hours((first_day + np.arange(count)) * 24 + 12)


def hours(first: int, count: int) -> Hours:
    """Return `count` hours from the hour `first`, counted from the epoch (UTC)."""
    return _hours(first + HOURS_AHEAD + np.arange(count))


@lru_cache(maxsize=64)
def around(hour: int) -> Hours:
    """Return the hour `hour` and the one after it; kept, for all that is read each minute."""
    return hours(hour, 2)


def _hours(local: I64) -> Hours:
    day = local // 24
    date = day.astype("datetime64[D]")
    month0 = date.astype("datetime64[M]")
    month = month0.astype(np.int64) % 12
    of_month = day - month0.astype("datetime64[D]").astype(np.int64)
    year0 = date.astype("datetime64[Y]").astype("datetime64[D]").astype(np.int64)
    # A month is taken as 30.4 days, so the share of the way jumps by at most a twentieth.
    since_middle = (of_month + (local % 24) / 24) / 30.4 - 0.5
    before = since_middle < 0
    return Hours(
        hour=local % 24,
        weekday=(day + 3) % 7,
        month=np.where(before, (month + 11) % 12, month),
        toward=np.clip(np.where(before, since_middle + 1, since_middle), 0.0, 1.0),
        day_of_year=day - year0,
        date_key=(month + 1) * 100 + of_month + 1,
        rest=_rests(day),
        rest_tomorrow=_rests(day + 1),
        spring=np.isin(day, _SPRING),
    )


def _rests(day: I64) -> Bool:
    date = day.astype("datetime64[D]")
    month0 = date.astype("datetime64[M]")
    of_month = (date - month0.astype("datetime64[D]")).astype(np.int64) + 1
    key = (month0.astype(np.int64) % 12 + 1) * 100 + of_month
    rests: Bool = ((day + 3) % 7 >= 5) | np.isin(key, _FIXED) | np.isin(day, _SPRING)
    return rests

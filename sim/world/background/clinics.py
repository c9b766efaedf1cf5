"""What hospitals count each day when no outbreak is about."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.kernel.clock import HOUR, Ns
from sim.kernel.rng import Streams
from sim.world.background.calendar import HOURS_AHEAD, Hours, days
from sim.world.background.fitted import document
from sim.world.background.residual import Residual

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

COUNTS = ("outpatients", "influenza_like", "fever", "diarrhoea", "emergency")
"""Visits to sentinel outpatient departments; those of them with influenza-like illness; to fever
clinics; to clinics for diarrhoea; arrivals in emergency departments."""

_DAY = 24 * HOUR

_PER_1000_DAY = np.array([7.5, 1.0, 0.5, 0.15, 0.5])
"""assumed: Beijing's hospitals count about 240 million visits a year, 30 per 1,000 people and day,
of which sentinel departments see a quarter; emergency departments about 0.5, as the country's
220 million a year are 0.43; fever and diarrhoea clinics a few in a hundred of all. The second
is a share of the first."""
INFLUENZA_LIKE_SHARE = 0.0256
"""Mean share of visits, Beijing 2009-10, 421 hospitals: domain facts, source S21."""

_REST = np.array([0.45, 0.45, 0.9, 1.0, 1.0])
"""assumed: half the outpatient departments close on days off."""
_SEASON = np.array([0.0, 0.5, 0.35])
_PEAK_DAY = np.array([0, 15, 15])
"""assumed: influenza of northern China has its crest in January; half as much again then, half in
July; the great waves are hazards."""
_SPREAD = np.array([0.05, 0.12, 0.10])
"""assumed: as in sentinel series between waves."""
_MEMORY_D = 10.0
"""assumed: what makes a week unlike the usual lasts about as long."""


class Clinics:
    """Daily counts of any areas.

    Days differ by a factor that all areas share, on top of which each count is Poisson: over
    days this is more than chance, close to a negative binomial, as real counts have it. The
    emergency departments' week and excess, and the season and excess of diarrhoea, are fitted.

    Parameters
    ----------
    streams
        Days differ by ``world.background.clinic_days``; counts are drawn from
        ``world.background.clinics`` at the day.
    """

    def __init__(self, streams: Streams) -> None:
        written = document()["clinics"]
        self._streams = streams
        self._week = np.array(written["emergency_week"])
        self._gut_season = written["infection_season"]
        self._gut_peak_day = written["infection_peak_day"]
        lasting = written["emergency_lasting_share"]
        self._days = Residual(
            streams,
            "world.background.clinic_days",
            [*_SPREAD, written["infection_spread_log"], written["emergency_spread_log"]],
            {_MEMORY_D: lasting, 0.3: 1 - lasting},
            _DAY,
        )

    def expected(self, day: int) -> F64:
        """Return ``(5,)`` counts per 1,000 people on a day, in the order of `COUNTS`.

        Days are numbered from 1970-01-01 on Beijing's calendar.
        """
        when = days(day, 1)
        rate = _PER_1000_DAY * self._season(when) * self._days.steps(day, 1)[:, 0]
        rate[1] *= rate[0]
        return rate

    def counts(self, day: int, population: F64, factor: F64 | float = 1.0) -> I64:
        """Return ``(5, n)`` counts of areas with ``(n,)`` people on a day.

        `factor` is what hazards make of the expected counts: one number, or ``(5, n)``.
        """
        expected = self.expected(day)[:, None] / 1000 * np.asarray(population, dtype=float)
        rng = self._streams.at("world.background.clinics", day)
        drawn: I64 = rng.poisson(expected * factor)
        # Those with influenza-like illness are among the visits.
        drawn[1] = np.minimum(drawn[1], drawn[0])
        return drawn

    def _season(self, when: Hours) -> F64:
        day = float(when.day_of_year[0])
        wave = np.cos(2 * np.pi * (day - np.append(_PEAK_DAY, self._gut_peak_day)) / 365.25)
        season = np.ones(5)
        season[:4] += np.append(_SEASON, self._gut_season) * wave
        season[4] = self._week[when.weekday[0]]
        if when.rest[0]:
            season *= _REST
        # The share of visits does not close with the departments.
        season[1] = INFLUENZA_LIKE_SHARE * (1 + _SEASON[1] * wave[1])
        return season


def day_of(now: Ns) -> int:
    """Return the number of Beijing's day that holds a time."""
    return (int(now) // HOUR + HOURS_AHEAD) // 24

"""Calls people make when nothing special has happened, by line and hour."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.kernel.clock import HOUR, Ns, to_seconds
from sim.kernel.errors import InputError
from sim.kernel.rng import Streams
from sim.world.background.calendar import around, hour_of
from sim.world.background.fitted import document
from sim.world.background.residual import Residual
from sim.world.background.shapes import at, normalised

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

LINES = ("110", "119", "120", "122", "12345")
"""Police, fire and rescue, ambulance, traffic police, the city's own line."""

PER_1000_DAY = np.array(
    [
        # 7 million calls in 2019 for 21.8 million people: domain facts, source S26.
        7e6 / 365 / 21_832,
        # 1.7 alarms per 1,000 people and year: domain facts, source S43.
        1.7 / 365,
        # 4,700 calls on a normal day: domain facts, source S42.
        4_700 / 21_832,
        # assumed: a third of the police's calls; in Guangzhou traffic was 30 % of them.
        0.3 * 7e6 / 365 / 21_832,
        # 21.43 million contacts in 2023: domain facts, source S27.
        21.43e6 / 365 / 21_832,
    ]
)
"""Calls per 1,000 people and day; population 21.832 million at the end of 2024."""
DEMAND_SHARE = 0.415
"""Share of contacts of 12345 that ask for something to be done: domain facts, source S27."""

_HOTLINE_REST = 0.6
"""assumed: offices that answer are closed on days off."""
_AMBULANCE_REST = 1 / 1.11
"""Calls on days off over those on workdays, Beijing 2024 (Beijing Emergency Medical Center
2018-2024, Journal of Bengbu Medical University)."""
_SPRING = np.array([0.7, 1.0, 0.8, 0.6, 0.5])
"""In the holiday of the Chinese New Year. assumed, after reports that the police's lines have their
fewest calls then (Hefei 2015) and ambulances a trough (Beijing 2018-2024)."""
_SEASON = np.array([0.08, 0.0, -0.06, 0.0, 0.0])
_SEASON_PEAK_DAY = 200
"""More calls to the police in summer, more to ambulances in winter: the same sources; the sizes are
assumed."""
_HEAT_PER_C = 0.03
_HEAT_FROM_C = 32.0
"""More calls to ambulances in heat: domain facts 4.10."""
_DAY_SPREAD = (0.05, 0.0, 0.05, 0.08, 0.06)
"""assumed: days differ by more than chance alone; fires' rarity leaves that unseen."""


def _shapes() -> F64:
    """Return ``(5, 3, 24)`` hourly shapes by line and kind of day."""
    hour = np.arange(24)

    def through(corners: list[tuple[float, float]]) -> F64:
        at_hour, value = np.array(corners).T
        shape: F64 = np.interp(hour, at_hour, value)
        return shape

    # assumed: trouble grows through the day into the evening.
    police = through([(0, 0.8), (4, 0.35), (8, 0.9), (11, 1.2), (17, 1.25), (21, 1.6), (23, 1.1)])
    # Fitted: dwelling fires of London by hour.
    fire = np.array(document()["fires_by_hour"])
    # Least at 4 to 5 h, most at 9 to 10 h, a second crest at 20 to 22 h: Beijing 2010 (Chinese
    # General Practice 16, "120 demand by region and time"); the heights are assumed.
    ambulance = through(
        [
            (0, 0.85),
            (4, 0.5),
            (6, 0.8),
            (9, 1.5),
            (12, 1.2),
            (16, 1.1),
            (20, 1.25),
            (21, 1.2),
            (23, 1),
        ]
    )
    # assumed: crashes and jams follow the traffic's two peaks.
    traffic = through(
        [
            (0, 0.4),
            (4, 0.2),
            (6, 0.6),
            (8, 1.9),
            (10, 1.3),
            (15, 1.2),
            (18, 1.9),
            (21, 1.0),
            (23, 0.6),
        ]
    )
    # assumed: office hours, with a dip at noon and a tail in the evening.
    hotline = through(
        [
            (0, 0.25),
            (5, 0.15),
            (9, 2.0),
            (10, 2.2),
            (12, 1.4),
            (15, 1.9),
            (18, 1.2),
            (22, 0.6),
            (23, 0.4),
        ]
    )
    rests = np.array([1.05, 1.03, _AMBULANCE_REST, 0.85, _HOTLINE_REST])
    day = np.stack([police, fire, ambulance, traffic, hotline])
    return normalised(np.stack([day, rests[:, None] * day, rests[:, None] * day], axis=1))


class Calls:
    """Calls that come from no incident of the simulation.

    Parameters
    ----------
    streams
        Days differ by ``world.background.call_days``; calls are drawn from
        ``world.background.calls``.
    """

    def __init__(self, streams: Streams) -> None:
        self._streams = streams
        self._shape = _shapes()
        self._days = Residual(
            streams, "world.background.call_days", _DAY_SPREAD, {48.0: 1.0}, HOUR, together=0.3
        )

    def rates(self, now: Ns, temp_c: float = 20.0) -> F64:
        """Return ``(5,)`` calls per 1,000 people and day now, by `LINES`."""
        when = around(hour_of(now))
        season = 1 + _SEASON * np.cos(2 * np.pi * (when.day_of_year[0] - _SEASON_PEAK_DAY) / 365.25)
        rate: F64 = PER_1000_DAY * at(self._shape, now) * season * self._days.at(now)
        if when.spring[0]:
            rate = rate * _SPRING
        rate[LINES.index("120")] *= 1 + _HEAT_PER_C * max(temp_c - _HEAT_FROM_C, 0.0)
        return rate

    def draw(
        self,
        since: Ns,
        until: Ns,
        population: F64,
        temp_c: float = 20.0,
        factor: F64 | float = 1.0,
    ) -> I64:
        """Return ``(5, n)`` calls of n areas between two times.

        Parameters
        ----------
        since, until
            Draws are keyed by the second of `until`: ask for each span once.
        population
            ``(n,)`` people of each area.
        temp_c
            The air's temperature.
        factor
            What hazards make of the rates: one number, or ``(5, n)``.

        Raises
        ------
        InputError
            When the span is not at least a second.
        """
        span_s = to_seconds(int(until) - int(since))
        if span_s < 1.0:
            raise InputError("calls.span", value=span_s, expected="at least 1 s")
        middle = Ns((int(since) + int(until)) // 2)
        each_s = self.rates(middle, temp_c) / 1000 / 86_400
        expected = each_s[:, None] * np.asarray(population, dtype=float) * span_s * factor
        rng = self._streams.at("world.background.calls", int(until) // 1_000_000_000)
        drawn: I64 = rng.poisson(expected)
        return drawn

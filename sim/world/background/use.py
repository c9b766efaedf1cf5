"""Use of water, power and heat, as factors with mean 1 over a year."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.kernel.clock import HOUR, Ns
from sim.kernel.rng import Streams
from sim.world.background.calendar import around, hour_of
from sim.world.background.climate import Climate
from sim.world.background.fitted import Skies
from sim.world.background.residual import Residual
from sim.world.background.shapes import at, normalised

F64 = NDArray[np.float64]

USERS = ("homes", "public", "industry")
"""Who uses: homes; offices, shops, schools and hospitals; factories."""


_TEXTBOOK = np.array(
    [
        *(1.10, 0.70, 0.90, 1.10, 1.30, 3.91, 6.61, 5.84, 7.04, 6.69, 7.17, 7.31),
        *(6.62, 5.23, 3.59, 4.76, 4.24, 5.99, 6.97, 5.66, 3.05, 2.01, 1.42, 0.79),
    ]
)
"""Percent of the day's water in each hour in a Chinese town, as recalled from the worked table of
hourly demand in the textbooks of water supply (Yan & Fan, 给水工程, 4th edition); it sums to 100.
Its greatest hour is 1.75 times the mean."""
_LARGE_CITY_PEAK = 1.44
"""Greatest hour over the mean in a large city: recalled from the same book; GB 50013-2018,
section 4, has 1.2 to 1.6."""
_WATER_SHARE = np.array([0.5, 0.35, 0.15])
"""assumed: Beijing's mains serve homes, then services, and little industry."""
_WATER_PER_C = 0.01
_WATER_FROM_C = 20.0
"""assumed: 1 % more for each degree of the day's mean over 20 °C, between published 0.5 and 2 %."""

POWER_SHARE = np.array([0.25, 0.45, 0.30])
"""assumed: Beijing uses less than a third of its power in industry, and most in services."""
_COOLING_PER_C = 0.02
_COOLING_FROM_C = 26.0
"""Domain facts 4.10."""
_HEATING_PER_C = 0.047
_HEATING_FROM_C = 5.0
"""On the coldest day of January 2021, about 20 °C below this, 48.2 % of the load was heating (State
Grid Beijing): 1 / (1 - 0.482) is 0.93 more than without, or 4.7 % a degree. assumed: from 5 °C on,
Beijing's own threshold for its heating season."""

_HEAT_ROOM_C = 18.0
"""Rooms are kept at 18 °C at least: Beijing heating rules, domain facts section 2."""
_HEAT_LEAST = 0.15
"""assumed: mains keep turning over on a mild day."""
_SEASON_START = 1115
_SEASON_END = 315
"""Month and day. Beijing's heating season, both days included: the municipal heating rules."""


def _spread_out(rows: list[list[float]]) -> F64:
    """Return 24 hourly values through (hour, value) corners, in straight lines."""
    hour, value = np.array(rows).T
    through: F64 = np.interp(np.arange(24), hour, value)
    return through


def published_water_day() -> F64:
    """Return ``(24,)`` the published day of a town, flattened to a large city's greatest hour."""
    town = _TEXTBOOK * 0.24
    flattened: F64 = 1 + (town - 1) * (_LARGE_CITY_PEAK - 1) / (town.max() - 1)
    return flattened


def _water_shapes() -> F64:
    """Return ``(3, 3, 24)`` hourly shapes of water by user and kind of day."""
    homes = published_water_day()
    # assumed: people rise an hour later on days off and are at home, 5 % more in all.
    late = 1.05 * (0.5 * homes + 0.5 * np.roll(homes, 1))
    # assumed: services draw by their opening hours; factories nearly alike all day.
    public = _spread_out(
        [[0, 0.4], [5, 0.4], [8, 1.5], [12, 1.6], [14, 1.35], [20, 1.2], [23, 0.5]]
    )
    industry = _spread_out([[0, 0.8], [6, 0.8], [9, 1.2], [17, 1.2], [20, 0.9], [23, 0.8]])
    shapes = np.array(
        [
            [homes, late, late],
            [public, 0.85 * public, 0.8 * public],
            [industry, 0.95 * industry, 0.9 * industry],
        ]
    )
    return normalised(shapes)


def _power_shapes() -> F64:
    """Return ``(3, 3, 24)`` hourly shapes of power by user and kind of day.

    assumed: low before dawn, a plateau of offices and factories by day, homes in the evening;
    the sum has Beijing's two crests, before noon and after dusk, and its trough near 4 h.
    """
    homes = _spread_out(
        [[0, 0.85], [4, 0.55], [7, 0.95], [12, 0.95], [15, 0.75], [19, 1.5], [21, 1.6], [23, 1.1]]
    )
    public = _spread_out(
        [[0, 0.7], [5, 0.65], [9, 1.3], [11, 1.45], [13, 1.3], [17, 1.35], [21, 1.05], [23, 0.75]]
    )
    industry = _spread_out([[0, 0.9], [5, 0.85], [9, 1.1], [17, 1.1], [21, 1.0], [23, 0.9]])
    shapes = np.array(
        [
            [homes, 1.08 * homes, 1.08 * homes],
            [public, 0.75 * public, 0.7 * public],
            [industry, 0.95 * industry, 0.92 * industry],
        ]
    )
    return normalised(shapes)


class WaterUse:
    """Demand for mains water.

    Parameters
    ----------
    streams
        Draws come from ``world.background.water_use``.
    climate
        The weather it depends on.
    skies
        The fitted year whose yearly mean of the dependence is 1.
    """

    share = _WATER_SHARE

    def __init__(self, streams: Streams, climate: Climate, skies: Skies) -> None:
        self._shape = _water_shapes()
        self._climate = climate
        self._usual = float(_more_in_warmth(_day_means_c(skies)).mean())
        # assumed: metered districts stray from their usual day by 4 %, for hours to days.
        self._residual = Residual(
            streams,
            "world.background.water_use",
            [0.04, 0.04, 0.04],
            {2.0: 0.5, 48.0: 0.5},
            HOUR,
            together=0.3,
        )

    def factor(self, now: Ns) -> F64:
        """Return ``(3,)`` by `USERS`."""
        warm = float(_more_in_warmth(np.array(self._climate.day_mean_c(now)))) / self._usual
        factor: F64 = at(self._shape, now) * warm * self._residual.at(now)
        return factor

    def total(self, now: Ns) -> float:
        """Return the factor of all users of the city together."""
        return float(self.share @ self.factor(now))


class PowerUse:
    """Load of the power grid.

    Parameters
    ----------
    streams
        Draws come from ``world.background.power_use``.
    climate
        The weather it depends on.
    skies
        The fitted year whose yearly mean of the dependence is 1.
    """

    share = POWER_SHARE

    def __init__(self, streams: Streams, climate: Climate, skies: Skies) -> None:
        self._shape = _power_shapes()
        self._climate = climate
        level = skies.weather["temperature"].level
        day = _day_means_c(skies)
        self._usual = float(
            _more_in_extremes(level, np.broadcast_to(day[:, None], (12, 24))).mean()
        )
        # assumed: load forecasts a day ahead miss by 2 to 3 %.
        self._residual = Residual(
            streams,
            "world.background.power_use",
            [0.025, 0.025, 0.025],
            {3.0: 0.5, 48.0: 0.5},
            HOUR,
            together=0.5,
        )

    def factor(self, now: Ns) -> F64:
        """Return ``(3,)`` by `USERS`."""
        climate = self._climate
        air, day = np.array(climate.temp_c(now)), np.array(climate.day_mean_c(now))
        more = float(_more_in_extremes(air, day)) / self._usual
        factor: F64 = at(self._shape, now) * more * self._residual.at(now)
        return factor

    def total_without_weather(self, now: Ns) -> float:
        """Return what `total` would be in weather that loads nothing."""
        return float(self.share @ (at(self._shape, now) * self._residual.at(now)))

    def total(self, now: Ns) -> float:
        """Return the factor of all users of the city together."""
        return float(self.share @ self.factor(now))


class HeatUse:
    """Load of district heating: by the last day's mean temperature, in the season only.

    Parameters
    ----------
    climate
        The weather it depends on.
    skies
        The fitted year over whose heating season the mean is 1.
    """

    def __init__(self, climate: Climate, skies: Skies) -> None:
        self._climate = climate
        # January to mid-March and mid-November on, in months.
        weight = np.array([1.0, 1, 0.5, 0, 0, 0, 0, 0, 0, 0, 0.5, 1])
        need = np.maximum(_HEAT_ROOM_C - _day_means_c(skies), 0.0)
        self._usual_c = float((need * weight).sum() / weight.sum())

    def factor(self, now: Ns) -> float:
        """Return the load over the season's mean; 0 outside the season."""
        if not in_heating_season(now):
            return 0.0
        need_c = _HEAT_ROOM_C - self._climate.day_mean_c(now)
        return max(need_c / self._usual_c, _HEAT_LEAST)


def in_heating_season(now: int) -> bool:
    """Return whether Beijing heats: 15 November to 15 March."""
    key = int(around(hour_of(now)).date_key[0])
    return key >= _SEASON_START or key <= _SEASON_END


def _day_means_c(skies: Skies) -> F64:
    means: F64 = skies.weather["temperature"].level.mean(axis=1)
    return means


def _more_in_warmth(day_mean_c: F64) -> F64:
    more: F64 = 1 + _WATER_PER_C * np.maximum(day_mean_c - _WATER_FROM_C, 0.0)
    return more


def _more_in_extremes(now_c: F64, day_mean_c: F64) -> F64:
    cooling = _COOLING_PER_C * np.maximum(now_c - _COOLING_FROM_C, 0.0)
    heating = _HEATING_PER_C * np.maximum(_HEATING_FROM_C - day_mean_c, 0.0)
    more: F64 = np.asarray(1 + cooling + heating)
    return more

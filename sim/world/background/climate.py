"""Weather over the city but for its rain: heat, damp, pressure, wind, sight and sun.

Hourly values are drawn jointly with the air and go in straight lines in between. Heat and cold
waves, fog and gales are hazards' anomalies on top, by name.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from sim.kernel.clock import HOUR, Ns
from sim.kernel.errors import InputError
from sim.kernel.rng import Streams
from sim.world.background.calendar import around, hour_of, hours
from sim.world.background.city_hours import CityHours
from sim.world.background.fitted import Skies
from sim.world.background.persistence import Part, Persistence
from sim.world.background.sun import clear_sky_wm2, sun_height

F64 = NDArray[np.float64]

GUST_FACTOR = 1.66
"""3-second gust over 10-minute mean, inland: WMO/TD-No. 1555 (Harper et al. 2010), table 1.1."""

_RADIUS_M = 15_700.0
"""Reach of the built-up city: equivalent radius of the fifth ring, domain facts, source S47."""

_EXTINCTION_M2_G = 4.5
"""assumed: light scattered and absorbed by a gram of dry fine dust; published values for
Beijing lie at 3 to 6 m²/g."""
_GROWTH_RH = 0.3
_GROWTH_END_RH = 0.97
"""assumed: damp swells the dust between these humidities, by (1 - RH) to the power -0.5."""
_CLEAN_PER_M = 3.912 / 30_000
"""assumed: sight of 30 km in clean air; Koschmieder's 3.912 is a contrast of 2 %."""

_CLOUD_MEMORY_H = 8.0
_CLOUD_OF_DAMP = 0.6
_CLOUD_SPREAD = 1.5
_CLOUD_MIDDLE = -0.23
_CLOUD_SEASON = 0.35
_CLOUDIEST_DAY = 200
"""assumed, no series of cloud being at hand: cover follows how damp the air is for the season
with 0.6, is mostly clear or mostly closed, and on average 0.37 in winter, 0.53 in July."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sky:
    """The weather at one time.

    Attributes
    ----------
    temp_c, dew_point_c
        Air temperature and dew point.
    rh
        Relative humidity, 0 to 1.
    pressure_pa
        At the station's height, 50 m.
    wind_mps, gust_mps
        Mean wind of ten minutes; strongest three seconds.
    wind_from_deg
        Where it blows from, 0 for north, 90 for east.
    visibility_m
        How far one sees.
    cloud
        Share of the sky covered, 0 to 1.
    solar_wm2
        Sunlight on level ground.
    """

    temp_c: float
    dew_point_c: float
    rh: float
    pressure_pa: float
    wind_mps: float
    gust_mps: float
    wind_from_deg: float
    visibility_m: float
    cloud: float
    solar_wm2: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What an anomaly does to the weather; as it stands, nothing.

    Attributes
    ----------
    temp_c, dew_point_c
        Added.
    wind_factor, gust_factor
        On mean wind and gusts, and on gusts once more.
    visibility_m
        Sight is no farther than this.
    """

    temp_c: float = 0.0
    dew_point_c: float = 0.0
    wind_factor: float = 1.0
    gust_factor: float = 1.0
    visibility_m: float = float("inf")


class Climate:
    """The weather from hour to hour.

    Parameters
    ----------
    city
        What all the city shares.
    skies
        The fitted figures.
    streams
        Cloud draws from ``world.background.cloud``.
    centre_xy_m
        ``(2,)`` the city's middle, where its warmth is greatest.
    haze_ugm3
        Fine dust over the city now, which limits the sight [µg/m³].
    """

    def __init__(
        self,
        city: CityHours,
        skies: Skies,
        streams: Streams,
        centre_xy_m: F64,
        haze_ugm3: Callable[[Ns], float],
    ) -> None:
        self._city = city
        self._skies = skies
        self._cloud = Persistence(
            streams,
            "world.background.cloud",
            [Part(memory=_CLOUD_MEMORY_H, smooth=False, loading=np.ones((1, 1)))],
        )
        self._centre_m = np.asarray(centre_xy_m, dtype=float)
        self._haze_ugm3 = haze_ugm3
        self._anomalies: dict[str, Callable[[Ns], Change]] = {}
        self._hour: int | None = None
        self._pair = np.empty((7, 2))
        self._day_hour: int | None = None
        self._day_c = 0.0

    def add_anomaly(self, name: str, change: Callable[[Ns], Change]) -> None:
        """Let a hazard change the weather until it is removed.

        Raises
        ------
        InputError
            When the name is taken.
        """
        if name in self._anomalies:
            raise InputError("weather anomaly", value=name, expected="a name not in use")
        self._anomalies[name] = change

    def remove_anomaly(self, name: str) -> None:
        """Take an anomaly away.

        Raises
        ------
        InputError
            When there is none of that name.
        """
        if name not in self._anomalies:
            raise InputError("weather anomaly", value=name, expected="one that was added before")
        del self._anomalies[name]

    def at(self, now: Ns) -> Sky:
        """Return the weather of the city's middle."""
        temp_c, gap_c, pressure_hpa, east, north, speed_mps, cloud = self._between(now).tolist()
        dew_c = temp_c - gap_c
        wind_factor, gust_factor, sight_m = 1.0, GUST_FACTOR, float("inf")
        for anomaly in self._anomalies.values():
            change = anomaly(now)
            temp_c += change.temp_c
            dew_c += change.dew_point_c
            wind_factor *= change.wind_factor
            gust_factor *= change.gust_factor
            sight_m = min(sight_m, change.visibility_m)
        dew_c = min(dew_c, temp_c)
        rh = _vapour_hpa(dew_c) / _vapour_hpa(temp_c)
        wind_mps = wind_factor * speed_mps
        return Sky(
            temp_c=temp_c,
            dew_point_c=dew_c,
            rh=rh,
            pressure_pa=100 * pressure_hpa,
            wind_mps=wind_mps,
            gust_mps=gust_factor * wind_mps,
            wind_from_deg=float(np.degrees(np.arctan2(-east, -north)) % 360),
            visibility_m=min(sight_m, _sight_m(self._haze_ugm3(now), rh)),
            cloud=cloud,
            solar_wm2=clear_sky_wm2(sun_height(now)) * (1 - 0.75 * cloud**3.4),
        )

    def temp_c(self, now: Ns) -> float:
        """Return the temperature in the city's middle [°C], quicker than all of `at`."""
        return float(self._between(now)[0]) + self._warmer_c(now)

    def day_mean_c(self, now: Ns) -> float:
        """Return the mean temperature of the 24 hours before [°C]; anomalies as they are now."""
        hour = hour_of(now)
        if hour != self._day_hour:
            scores = self._city.weather(hour - 24, 24)
            air = self._skies.weather["temperature"].values(scores[0], hours(hour - 24, 24))
            self._day_c, self._day_hour = float(air.mean()), hour
        return self._day_c + self._warmer_c(now)

    def temperature_c(self, xy_m: F64, now: Ns) -> F64:
        """Return ``(n,)`` the air's temperature at ``(n, 2)`` points [°C].

        The middle is warmer than the plain by the fitted hourly difference, which fades with
        ``exp(-(distance / 15.7 km)^2)``.
        """
        offset = np.asarray(xy_m, dtype=float).reshape(-1, 2) - self._centre_m
        hour = around(hour_of(now)).hour[0]
        late = (int(now) % HOUR) / HOUR
        island = self._skies.heat_island_c
        warmer_c = island[hour] * (1 - late) + island[(hour + 1) % 24] * late
        lost = 1 - np.exp(-(offset**2).sum(axis=1) / _RADIUS_M**2)
        warmth: F64 = self.temp_c(now) - warmer_c * lost
        return warmth

    def series(self, first: int, count: int) -> F64:
        """Return ``(7, count)`` the undisturbed weather at whole hours from `first` on.

        Air temperature, how far the dew point lies below it [°C], pressure [hPa], wind towards
        east and north, its speed [m/s], cloud [0 to 1]. The two components tell where the wind
        goes; how fast it goes is drawn by itself, for calm and gale have a distribution and a
        hold on the air that two normal components miss.
        """
        when = hours(first, count)
        scores = self._city.weather(first, count)
        rows = [
            marginal.values(score, when)
            for score, marginal in zip(scores, self._skies.weather.values(), strict=True)
        ]
        own = self._cloud.steps(first, count)[0, 0]
        cover = -_CLOUD_OF_DAMP * scores[1] + np.sqrt(1 - _CLOUD_OF_DAMP**2) * own
        season = np.cos(2 * np.pi * (when.day_of_year - _CLOUDIEST_DAY) / 365.25)
        rows.append(ndtr(_CLOUD_SPREAD * cover + _CLOUD_MIDDLE + _CLOUD_SEASON * season))
        return np.stack(rows)

    def _warmer_c(self, now: Ns) -> float:
        return sum((anomaly(now).temp_c for anomaly in self._anomalies.values()), 0.0)

    def _between(self, now: Ns) -> F64:
        hour = hour_of(now)
        if hour != self._hour:
            self._pair, self._hour = self.series(hour, 2), hour
        late = (int(now) - hour * HOUR) / HOUR
        between: F64 = self._pair[:, 0] * (1 - late) + self._pair[:, 1] * late
        return between


def _vapour_hpa(temp_c: float) -> float:
    """Saturation vapour pressure over water: Alduchov & Eskridge 1996, equation 21."""
    return float(6.1094 * np.exp(17.625 * temp_c / (243.04 + temp_c)))


def _sight_m(dust_ugm3: float, rh: float) -> float:
    """Koschmieder's law over clean air and dust that damp has swollen."""
    swollen = ((1 - _GROWTH_RH) / (1 - min(max(rh, _GROWTH_RH), _GROWTH_END_RH))) ** 0.5
    return 3.912 / float(_CLEAN_PER_M + 1e-6 * _EXTINCTION_M2_G * swollen * dust_ugm3)

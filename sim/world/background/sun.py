"""Where the sun stands over Beijing, and what it gives through clear air."""

from __future__ import annotations

import math

from sim.kernel.clock import SECOND
from sim.kernel.errors import InputError

LATITUDE = math.radians(39.908)
LONGITUDE_DEG = 116.397
"""The middle of the ring roads: domain facts, source S47."""

_DAY_S = 86_400
_YEAR_D = 365.2425


def sun_height(now: int) -> float:
    """Return the sine of the sun's height over the horizon, negative at night.

    References
    ----------
    Spencer 1971, Fourier series of declination and equation of time; good to 0.05° and half a
    minute.
    """
    since_s = now / SECOND
    # The epoch is a first of January; the series runs over one mean year.
    angle = 2 * math.pi * ((since_s / _DAY_S) % _YEAR_D) / _YEAR_D
    declination = (
        0.006918
        - 0.399912 * math.cos(angle)
        + 0.070257 * math.sin(angle)
        - 0.006758 * math.cos(2 * angle)
        + 0.000907 * math.sin(2 * angle)
        - 0.002697 * math.cos(3 * angle)
        + 0.00148 * math.sin(3 * angle)
    )
    ahead_min = 229.18 * (
        0.000075
        + 0.001868 * math.cos(angle)
        - 0.032077 * math.sin(angle)
        - 0.014615 * math.cos(2 * angle)
        - 0.040849 * math.sin(2 * angle)
    )
    solar_s = since_s + LONGITUDE_DEG * 240 + ahead_min * 60
    turn = 2 * math.pi * ((solar_s % _DAY_S) / _DAY_S - 0.5)
    return math.sin(LATITUDE) * math.sin(declination) + math.cos(LATITUDE) * math.cos(
        declination
    ) * math.cos(turn)


def clear_sky_wm2(height: float) -> float:
    """Return sunlight on level ground under a clear sky, by the sine of the sun's height [W/m²].

    Raises
    ------
    InputError
        When the sine is outside -1 to 1.

    References
    ----------
    Haurwitz 1945, J. Meteorology 2:154-166; clouds take 0.75 cover^3.4 of it, Kasten & Czeplak
    1980, doi:10.1016/0038-092X(80)90391-6.
    """
    if not -1.0 <= height <= 1.0:
        raise InputError("sun height", value=height, expected="a sine, -1 to 1")
    return 1098 * height * math.exp(-0.057 / height) if height > 1e-3 else 0.0

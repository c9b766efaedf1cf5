"""Degrees from the transverse Mercator coordinates that SUMO networks are drawn in."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]

_A_M = 6_378_137.0
_F = 1 / 298.257223563
"""WGS 84 semi-major axis and flattening (NIMA TR8350.2)."""
_N = _F / (2 - _F)
_RECTIFYING_M = _A_M / (1 + _N) * (1 + _N**2 / 4 + _N**4 / 64)
_BETA = (
    _N / 2 - 2 / 3 * _N**2 + 37 / 96 * _N**3 - _N**4 / 360,
    _N**2 / 48 + _N**3 / 15 - 437 / 1440 * _N**4,
    17 / 480 * _N**3 - 37 / 840 * _N**4,
    4397 / 161280 * _N**4,
)
_DELTA = (
    2 * _N - 2 / 3 * _N**2 - 2 * _N**3 + 116 / 45 * _N**4,
    7 / 3 * _N**2 - 8 / 5 * _N**3 - 227 / 45 * _N**4,
    56 / 15 * _N**3 - 136 / 35 * _N**4,
    4279 / 630 * _N**4,
)
_SCALE, _EAST_M, _NORTH_SOUTH_M = 0.9996, 500_000.0, 10_000_000.0
"""Scale and false origin of the Universal Transverse Mercator grid (NGA.SIG.0012)."""


def parse_utm(text: str) -> tuple[int, bool] | None:
    """Return zone and whether it is of the south from a PROJ string; None for any other."""
    zone = re.search(r"\+zone=(\d+)\b", text)
    if "+proj=utm" not in text or zone is None or not 1 <= int(zone.group(1)) <= 60:
        return None
    return int(zone.group(1)), "+south" in text


def utm_to_lonlat(xy_m: F64, zone: int, *, south: bool = False) -> F64:
    """Return WGS 84 degrees of UTM eastings and northings, both ``(n, 2)``.

    Errs by less than a millimetre within 1,000 km of the zone's middle.

    References
    ----------
    Krüger's series to fourth order: Karney 2011, doi:10.1007/s00190-011-0445-3, eq. 11, 35-37.
    """
    north_m = xy_m[:, 1] - (_NORTH_SOUTH_M if south else 0.0)
    xi = north_m / (_SCALE * _RECTIFYING_M)
    eta = (xy_m[:, 0] - _EAST_M) / (_SCALE * _RECTIFYING_M)
    xi_s = xi - sum(
        b * np.sin(2 * j * xi) * np.cosh(2 * j * eta) for j, b in enumerate(_BETA, start=1)
    )
    eta_s = eta - sum(
        b * np.cos(2 * j * xi) * np.sinh(2 * j * eta) for j, b in enumerate(_BETA, start=1)
    )
    chi = np.arcsin(np.sin(xi_s) / np.cosh(eta_s))
    lat = chi + sum(d * np.sin(2 * j * chi) for j, d in enumerate(_DELTA, start=1))
    lon = np.arctan2(np.sinh(eta_s), np.cos(xi_s))
    return np.stack([np.degrees(lon) + zone * 6 - 183, np.degrees(lat)], axis=1)

"""A flat map in metres around one point, and questions of nearness on it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]

_A_M = 6_378_137.0
_E2 = 6.694_379_990_14e-3
"""WGS 84 semi-major axis and first eccentricity squared (NIMA TR8350.2)."""


@dataclass(frozen=True, slots=True)
class Projection:
    """Local tangent plane: x east, y north [m], from WGS 84 degrees.

    Valid within about 100 km of the origin, where lengths err by less than 0.1 %.
    Radii of curvature: Snyder 1987, USGS PP 1395, eq. 4-18 and 4-19.
    """

    lon0: float
    lat0: float

    def metres_per_degree(self) -> tuple[float, float]:
        """Return metres per degree of longitude and of latitude at the origin."""
        sin2 = math.sin(math.radians(self.lat0)) ** 2
        prime = _A_M / math.sqrt(1 - _E2 * sin2)
        meridian = _A_M * (1 - _E2) / (1 - _E2 * sin2) ** 1.5
        return (
            math.radians(1) * prime * math.cos(math.radians(self.lat0)),
            math.radians(1) * meridian,
        )

    def to_xy(self, lonlat: F64) -> F64:
        """Return metres for degrees, both ``(n, 2)``."""
        kx, ky = self.metres_per_degree()
        return (np.asarray(lonlat, dtype=float) - (self.lon0, self.lat0)) * (kx, ky)

    def to_lonlat(self, xy_m: F64) -> F64:
        """Return degrees for metres, both ``(n, 2)``, rounded to 1e-7 degree."""
        kx, ky = self.metres_per_degree()
        degrees = np.asarray(xy_m, dtype=float) / (kx, ky) + (self.lon0, self.lat0)
        rounded: F64 = np.round(degrees, 7)
        return rounded

    def point_to_lonlat(self, x_m: float, y_m: float) -> tuple[float, float]:
        """Return the degrees of one point."""
        lon, lat = self.to_lonlat(np.array([[x_m, y_m]]))[0]
        return float(lon), float(lat)

    def point_to_xy(self, lon: float, lat: float) -> tuple[float, float]:
        """Return the metres of one point."""
        x, y = self.to_xy(np.array([[lon, lat]]))[0]
        return float(x), float(y)

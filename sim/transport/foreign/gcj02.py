"""GCJ-02, the offset coordinates of Chinese maps and vehicle feeds, to WGS 84.

The offset has no official publication; this is the formula in common use since 2010, as in
googollee/eviltransform (BSD), which agrees with Chinese map services to about a metre.
"""

from __future__ import annotations

import math

_A_M = 6_378_245.0
_E2 = 0.00669342162296594323
"""Krasovsky 1940 ellipsoid, on which the formula is written."""

_CLOSE_DEG = 1e-9
"""Stop within 0.1 mm."""
_TURNS = 30
"""Each turn leaves less than a hundredth of the error; assumed: ample."""


def in_offset_area(lon: float, lat: float) -> bool:
    """Return whether coordinates lie in the box in which GCJ-02 differs from WGS 84."""
    return 72.004 <= lon <= 137.8347 and 0.8293 <= lat <= 55.8271


def to_gcj02(lon: float, lat: float) -> tuple[float, float]:
    """Return GCJ-02 degrees for WGS 84 degrees."""
    if not in_offset_area(lon, lat):
        return lon, lat
    east, north = _offset(lon, lat)
    return lon + east, lat + north


def to_wgs84(lon: float, lat: float) -> tuple[float, float]:
    """Return WGS 84 degrees for GCJ-02 degrees, by fixed-point iteration of the forward formula."""
    if not in_offset_area(lon, lat):
        return lon, lat
    x, y = lon, lat
    for _ in range(_TURNS):
        east, north = _offset(x, y)
        nearer_x, nearer_y = lon - east, lat - north
        done = max(abs(nearer_x - x), abs(nearer_y - y)) < _CLOSE_DEG
        x, y = nearer_x, nearer_y
        if done:
            break
    return x, y


def _offset(lon: float, lat: float) -> tuple[float, float]:
    """Return the offset of GCJ-02 at a WGS 84 point, east and north [degrees]."""
    x, y = lon - 105.0, lat - 35.0
    ripple = (20.0 * math.sin(6.0 * x * math.pi) + 20.0 * math.sin(2.0 * x * math.pi)) * 2 / 3
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * math.sqrt(abs(x))
    north += ripple + _waves(y, 20.0, 40.0, 160.0, 320.0)
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * math.sqrt(abs(x))
    east += ripple + _waves(x, 20.0, 40.0, 150.0, 300.0)
    phi = math.radians(lat)
    w2 = 1 - _E2 * math.sin(phi) ** 2
    meridian_m = _A_M * (1 - _E2) / w2**1.5
    parallel_m = _A_M / math.sqrt(w2) * math.cos(phi)
    return math.degrees(east / parallel_m), math.degrees(north / meridian_m)


def _waves(z: float, first: float, third: float, twelfth: float, thirtieth: float) -> float:
    """Return the sum of the formula's four waves along one axis [m]."""
    return (2 / 3) * (
        first * math.sin(z * math.pi)
        + third * math.sin(z * math.pi / 3)
        + twelfth * math.sin(z * math.pi / 12)
        + thirtieth * math.sin(z * math.pi / 30)
    )

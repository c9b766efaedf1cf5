"""Height of the ground, which no road map tells: a smooth plain drawn from the seed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.kernel.rng import Streams

F64 = NDArray[np.float64]

_FALL = 0.001
"""Fall of the plain [m/m]. Assumed: about that of Beijing's, 50 m in the west to 20 m in the
east of the built-up area 30 km across."""
_BASE_M = 45.0
"""Height at the middle of the city. Assumed: Beijing's centre."""
_WAVES = 6
_WAVELENGTH_M = (2_500.0, 9_000.0)
_SWELL_M = 1.2
"""Gentle swells over the plain: count, wavelengths, amplitude of each. Assumed: old river beds
and banks, a few metres within a few kilometres."""


def make_ground(xy_m: F64, streams: Streams) -> F64:
    """Return ``(n,)`` heights of ``(n, 2)`` points [m]: a tilted plain with gentle swells."""
    draw = streams.at("city.ground", 0)
    bearing = draw.uniform(0, 2 * np.pi)
    middle = (xy_m.min(axis=0) + xy_m.max(axis=0)) / 2
    offset = xy_m - middle
    height_m: F64 = _BASE_M - _FALL * offset @ np.array([np.cos(bearing), np.sin(bearing)])
    ways, phases = draw.uniform(0, 2 * np.pi, (2, _WAVES))
    lengths_m = draw.uniform(*_WAVELENGTH_M, _WAVES)
    for way, phase, length_m in zip(ways, phases, lengths_m, strict=True):
        across_m = offset @ np.array([np.cos(way), np.sin(way)])
        height_m = height_m + _SWELL_M * np.sin(2 * np.pi * across_m / length_m + phase)
    return height_m

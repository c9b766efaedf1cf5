"""A curve through the plane that keeps neighbours together: cheap, even shares of a city."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

_BITS = 16
"""Steps of the curve along each side, as a power of two: 3 m of a city 200 km across."""

_SWAY = (0.3, 0.7)
"""Where within its share a site is drawn, so that neighbours stay apart. Assumed."""


def curve_order(xy_m: F64) -> I64:
    """Return the order in which Hilbert's curve passes ``(n, 2)`` points.

    References
    ----------
    Hilbert 1891, doi:10.1007/BF01199431; by turning squares: Warren 2012, Hacker's Delight,
    section 16-1.
    """
    low = xy_m.min(axis=0)
    side = max(float(np.ptp(xy_m, axis=0).max()), 1.0)
    x, y = ((xy_m - low) / side * (2**_BITS - 1)).astype(np.int64).T
    along = np.zeros(len(xy_m), dtype=np.int64)
    for bit in reversed(range(_BITS)):
        s = 1 << bit
        right, up = (x & s) > 0, (y & s) > 0
        along += s * s * ((3 * right.astype(np.int64)) ^ up.astype(np.int64))
        turned = right & ~up
        x, y = (
            np.where(turned, s - 1 - (x & (s - 1)), x),
            np.where(turned, s - 1 - (y & (s - 1)), y),
        )
        x, y = np.where(up, x, y), np.where(up, y, x)
    return np.argsort(along, kind="stable")


def shares(xy_m: F64, weight: F64, count: int) -> I64:
    """Return the part, from 0 to `count` - 1, of each point: compact, of about equal weight."""
    order = curve_order(xy_m)
    passed = np.cumsum(weight[order])
    middle = (passed - weight[order] / 2) / passed[-1]
    part = np.empty(len(xy_m), dtype=np.int64)
    part[order] = np.minimum((middle * count).astype(np.int64), count - 1)
    return part


def spots(xy_m: F64, weight: F64, count: int, draw: np.random.Generator) -> I64:
    """Return `count` points, well spread, each drawn from an equal share of the weight."""
    order = curve_order(xy_m)
    passed = np.cumsum(weight[order])
    wanted = (np.arange(count) + draw.uniform(*_SWAY, count)) / max(count, 1) * passed[-1]
    chosen: I64 = order[np.minimum(np.searchsorted(passed, wanted), len(order) - 1)]
    return chosen

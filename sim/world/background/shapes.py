"""Shapes of the day: how much of something there is at each hour of a workday and a day off."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.kernel.clock import HOUR
from sim.world.background.calendar import around

F64 = NDArray[np.float64]

DAY_KINDS = 3
"""Workday, Saturday, Sunday: see `calendar.Hours.day_kind`."""
_DAYS = np.array([5.0, 1.0, 1.0]) / 7


def normalised(table: F64) -> F64:
    """Return ``(classes, 3, 24)`` shapes scaled so that each class has mean 1 over a week."""
    mean = (table.mean(axis=2) * _DAYS).sum(axis=1)
    scaled: F64 = table / mean[:, None, None]
    return scaled


def at(table: F64, now: int) -> F64:
    """Return ``(classes,)`` of ``(classes, 3, 24)`` hourly shapes now.

    An hour's value stands in its middle; in between it goes in a straight line.
    """
    before, rest = divmod(int(now) - HOUR // 2, HOUR)
    late, when = rest / HOUR, around(before)
    pair = table[:, when.day_kind, when.hour]
    value: F64 = pair[:, 0] * (1 - late) + pair[:, 1] * late
    return value

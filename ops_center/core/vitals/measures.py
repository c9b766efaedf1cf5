"""Indicator values out of the inventory's columns, for every district at once.

Each measure returns ``(n_districts + 1,)`` values, the last for the whole city, NaN where
nothing fresh tells, and the fresh share of the sensors that feed it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ops_center.core.columns import F64, I32, I64, Bool, grown
from ops_center.core.inventory import Inventory
from ops_center.core.presence import NEVER_HEARD, ONLINE
from ops_center.core.snapshot import DEVICE_STATUS
from sim.kernel.clock import HOUR, MINUTE, Ns

Measure = tuple[F64, F64]
"""Values, and fresh shares, a district and the city."""

_TPI_EXTRA = (0.0, 0.2, 0.5, 0.8, 1.1, 1.4)
_TPI = (0.0, 2.0, 4.0, 6.0, 8.0, 10.0)
"""Extra travel time as a share of free flow, and the index: classes of the Beijing index,
whose last class is open; its end is assumed as wide as the others."""

_SLOWEST = 0.05
"""Speed ratios below this count as this: at a standstill the ratio says no more (assumed)."""

_BUCKET_NS = 2 * MINUTE
_BUCKETS = HOUR // _BUCKET_NS


class RainHour:
    """Rain of the last hour at every gauge, from cumulative counts, in two-minute buckets.

    The current bucket is not full yet, so the window is 58 to 60 minutes. A count that fell
    was reset, and tells nothing until the next.
    """

    def __init__(self) -> None:
        self._count_mm: F64 = np.zeros(0)
        self._rain_mm: NDArray[np.float32] = np.zeros((_BUCKETS, 0), dtype=np.float32)
        self._bucket = 0

    def update(self, now: Ns, count_mm: F64) -> F64:
        """Take ``(n,)`` counts and return ``(n,)`` rain of the last hour [mm]."""
        n = len(count_mm)
        if n > len(self._count_mm):
            self._count_mm = grown(self._count_mm, n, np.nan)
            self._rain_mm = grown(self._rain_mm, n, 0.0)
        bucket = now // _BUCKET_NS
        for passed in range(max(self._bucket, bucket - _BUCKETS) + 1, bucket + 1):
            self._rain_mm[passed % _BUCKETS] = 0.0
        self._bucket = bucket
        fell_mm = count_mm - self._count_mm
        self._rain_mm[bucket % _BUCKETS] += np.where(fell_mm > 0, fell_mm, 0.0)
        self._count_mm = np.where(np.isnan(count_mm), self._count_mm, count_mm)
        hour_mm: F64 = self._rain_mm.sum(axis=0, dtype=np.float64)
        return hour_mm


def greatest(inventory: Inventory, slots: I32, value: F64) -> Measure:
    """Return the greatest fresh value: one street under water is not made good by others."""
    fresh = _is_fresh(inventory, slots, value)
    n = len(inventory.districts)
    values = np.full(n + 1, -np.inf)
    np.maximum.at(values, inventory.district[slots[fresh]], value[fresh])
    values[n] = values[:n].max(initial=-np.inf)
    return np.where(np.isfinite(values), values, np.nan), _share(inventory, slots, fresh)


def traffic_index(inventory: Inventory, slots: I32, speed_mps: F64, free_speed_mps: F64) -> Measure:
    """Return the index of the mean speed over the mean free speed at the detectors.

    Parameters
    ----------
    slots, speed_mps
        ``(n,)`` detectors and what they measure; NaN where no vehicle passed.
    free_speed_mps
        ``(n_links,)`` speed on the empty road.
    """
    link = inventory.link[slots]
    placed = (link >= 0) & (link < len(free_speed_mps))
    fresh = _is_fresh(inventory, slots, speed_mps) & placed
    district = inventory.district[slots]
    # Weights of zero are quicker than picking rows out of every column.
    limit_mps = free_speed_mps[np.where(placed, link, 0)] if placed.any() else np.zeros(len(slots))
    free_mps = _by_district(inventory, district, np.where(fresh, limit_mps, 0.0))
    mean_mps = _by_district(inventory, district, np.where(fresh, speed_mps, 0.0))
    with np.errstate(invalid="ignore"):
        ratio = np.clip(mean_mps / free_mps, _SLOWEST, 1.0)
    return np.interp(1 / ratio - 1, _TPI_EXTRA, _TPI), _share(inventory, slots, fresh)


def devices_online(inventory: Inventory) -> Measure:
    """Return the share of devices that report [%]."""
    n, states = len(inventory), len(DEVICE_STATUS)
    # Districts by status in one count.
    mixed = inventory.district[:n] * states + inventory.presence.status[:n]
    counts = np.bincount(mixed, minlength=len(inventory.districts) * states)
    table = counts.reshape(-1, states)
    table = np.vstack([table, table.sum(axis=0)])
    total = table.sum(axis=1)
    share = np.zeros(len(table))
    np.divide(table[:, ONLINE], total, out=share, where=total > 0)
    # Before the first word of anyone nothing is known; after that silence tells too.
    known = total > table[:, NEVER_HEARD]
    return np.where(known, 100.0 * share, np.nan), known.astype(np.float64)


def _is_fresh(inventory: Inventory, slots: I32, value: F64) -> Bool:
    fresh: Bool = (inventory.presence.status[slots] == ONLINE) & np.isfinite(value)
    return fresh


def _share(inventory: Inventory, slots: I32, fresh: Bool) -> F64:
    total = _count(inventory, slots)
    share = np.zeros(len(total))
    heard = _by_district(inventory, inventory.district[slots], fresh)
    np.divide(heard, total, out=share, where=total > 0)
    return share


def _count(inventory: Inventory, slots: I32) -> I64:
    counted: I64 = np.bincount(inventory.district[slots], minlength=len(inventory.districts))
    return np.append(counted, counted.sum())


def _by_district(inventory: Inventory, district: I64, weights: NDArray[Any]) -> F64:
    total = np.bincount(district, weights=weights, minlength=len(inventory.districts))
    return np.append(total, total.sum()).astype(np.float64)

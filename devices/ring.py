"""What is kept back while nobody listens: by gateways for their devices, and by devices."""

from __future__ import annotations

import numpy as np

from devices.readings import Readings, concatenate

RING_LIMIT = 50_000
"""Readings of one sensor kind that a gateway keeps, the oldest dropped first; assumed: about
10 MB of flash at 200 bytes each."""


class Ring:
    """What gateways keep back of one cohort, at most `limit` readings a gateway."""

    def __init__(self, limit: int = RING_LIMIT) -> None:
        self._limit = limit
        self._kept: dict[int, Readings] = {}
        self.dropped = 0

    def held(self, gateway: int) -> int:
        """Return how many readings `gateway` keeps."""
        kept = self._kept.get(gateway)
        return 0 if kept is None else len(kept)

    def push(self, gateway: int, readings: Readings) -> None:
        """Keep `readings`, dropping and counting the oldest beyond the limit."""
        kept = self._kept.get(gateway)
        merged = readings if kept is None else concatenate([kept, readings])
        excess = max(0, len(merged) - self._limit)
        self._kept[gateway] = merged.newest(self._limit) if excess else merged
        self.dropped += excess

    def pop(self, gateway: int) -> Readings | None:
        """Return what `gateway` keeps, oldest first, and forget it."""
        return self._kept.pop(gateway, None)


class Memories:
    """What devices of one cohort keep themselves, at most `limit` readings each.

    They are found by the gateway that does not hear them.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._kept: dict[int, Readings] = {}
        self.dropped = 0

    def push(self, gateway: int, readings: Readings) -> None:
        """Let the devices of `gateway` keep what they read, dropping their oldest."""
        kept = self._kept.get(gateway)
        merged = readings if kept is None else concatenate([kept, readings])
        if np.bincount(merged.device).max() > self._limit:
            newest = self._newest(merged)
            self.dropped += len(merged) - len(newest)
            merged = newest
        self._kept[gateway] = merged

    def pop(self, gateway: int) -> Readings | None:
        """Return what the devices of `gateway` keep, oldest first, and forget it."""
        return self._kept.pop(gateway, None)

    def _newest(self, readings: Readings) -> Readings:
        """Return the last `limit` readings of each device."""
        by_device = np.argsort(readings.device, kind="stable")
        device = readings.device[by_device]
        ends = np.searchsorted(device, device, side="right")
        is_kept = ends - np.arange(len(device)) <= self._limit
        return readings.take(np.sort(by_device[is_kept]))

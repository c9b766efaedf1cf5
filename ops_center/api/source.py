"""Where the centre leaves its newest snapshot, and everybody who shows it picks it up.

One thread publishes, any thread reads, any event loop waits. A snapshot is immutable, so
handing over the reference is all the sharing there is.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from contextlib import suppress
from dataclasses import dataclass

from ops_center.core.snapshot import Snapshot
from sim.kernel.clock import monotonic_s, to_seconds

_PACE_WINDOW = 8
"""Publications over which the pace of city time is measured. Assumed: a few seconds."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Published:
    """A snapshot as it was handed over.

    Attributes
    ----------
    serial
        Rises by one with every publication, whatever run the snapshot belongs to.
    wall_s
        Wall reading at that moment.
    speed
        City seconds per wall second; None while it cannot be told.
    """

    serial: int
    snapshot: Snapshot
    wall_s: float
    speed: float | None


class SnapshotSource:
    """Thread-safe holder of the newest snapshot."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._published: Published | None = None
        self._pace: deque[tuple[float, int]] = deque(maxlen=_PACE_WINDOW)
        self._waiting: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []
        self._closed = False

    def publish(self, snapshot: Snapshot, *, speed: float | None = None) -> None:
        """Make `snapshot` the newest; wakes who waits. For the centre's own thread.

        Parameters
        ----------
        speed
            City seconds per wall second where the centre knows it; measured otherwise.
        """
        wall_s = monotonic_s()
        with self._lock:
            serial = self._published.serial + 1 if self._published else 1
            self._published = Published(
                serial=serial,
                snapshot=snapshot,
                wall_s=wall_s,
                speed=speed if speed is not None else self._measured(wall_s, snapshot.now),
            )
            self._wake()

    def close(self) -> None:
        """Let everybody who waits go: there will be no more snapshots."""
        with self._lock:
            self._closed = True
            self._wake()

    def latest(self) -> Snapshot | None:
        """Return the newest snapshot, or None before the first."""
        published = self._published
        return published.snapshot if published else None

    def latest_published(self) -> Published | None:
        """Return the newest snapshot with its publication, or None before the first."""
        return self._published

    async def wait_after(self, serial: int, timeout_s: float | None = None) -> Published | None:
        """Return the newest publication later than `serial`, waiting for it.

        Returns
        -------
        Published or None
            None when the source was closed or `timeout_s` of wall time went by.
        """
        woken = asyncio.Event()
        entry = (asyncio.get_running_loop(), woken)
        with self._lock:
            if (ready := self._later_than(serial)) or self._closed:
                return ready
            self._waiting.append(entry)
        try:
            with suppress(TimeoutError):
                await asyncio.wait_for(woken.wait(), timeout_s)
        finally:
            with self._lock, suppress(ValueError):
                self._waiting.remove(entry)
        return self._later_than(serial)

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
        return self._closed

    def _later_than(self, serial: int) -> Published | None:
        published = self._published
        return published if published and published.serial > serial else None

    def _wake(self) -> None:
        for loop, woken in self._waiting:
            # A loop that ended with its reader still listed has nobody left to wake.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(woken.set)
        self._waiting.clear()

    def _measured(self, wall_s: float, now: int) -> float | None:
        if self._pace and now < self._pace[-1][1]:
            self._pace.clear()
        self._pace.append((wall_s, now))
        first_wall_s, first_now = self._pace[0]
        elapsed_s = wall_s - first_wall_s
        return to_seconds(now - first_now) / elapsed_s if elapsed_s > 0 else None

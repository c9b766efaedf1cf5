"""The stream of changes: worked out once, kept for a while, read by many.

A reader holds nothing but its place in one shared, bounded buffer. Whoever falls behind
that buffer, or comes back after too long, is told to fetch the lists anew, so a slow
reader costs no memory.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable, Collection
from dataclasses import dataclass

from fastapi.sse import format_sse_event

from ops_center.api.changes import (
    Change,
    DeviceColumns,
    TrafficColumns,
    changes,
    is_another_run,
    reload,
)
from ops_center.api.layers import encode
from ops_center.api.schemas import ClockView
from ops_center.api.settings import ApiSettings
from ops_center.api.source import Published, SnapshotSource

log = logging.getLogger(__name__)

COMMENT = b": still here\n\n"
RETRY_MS = 2_000
"""How long a browser waits before it reconnects [ms]. Assumed: a person hardly notices."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamEvent:
    """One event as it goes out."""

    number: int
    event: str
    wire: bytes


class Feed:
    """Watch the source, buffer what changed, and serve readers.

    Parameters
    ----------
    source
        Where snapshots come from.
    settings
        Limits.
    epoch
        Names this buffer: places in another one are unknown here.
    wall_s
        Wall reading, for throttling.
    """

    def __init__(
        self,
        source: SnapshotSource,
        settings: ApiSettings,
        *,
        epoch: str,
        wall_s: Callable[[], float],
    ) -> None:
        self._source = source
        self._settings = settings
        self._epoch = epoch
        self._wall_s = wall_s
        self._events: deque[StreamEvent] = deque()
        self._bytes = 0
        self._number = 0
        self._last: Published | None = None
        self._devices: DeviceColumns | None = None
        self._traffic: TrafficColumns | None = None
        self._columns_at_s = float("-inf")
        self._columns_due = False
        self._grown = asyncio.Event()
        self._ended = False

    @property
    def told_version(self) -> int | None:
        """Version of the newest snapshot that was worked through, or None before the first."""
        return self._last.snapshot.version if self._last else None

    @property
    def kept(self) -> int:
        """How many events the buffer holds."""
        return len(self._events)

    async def run(self) -> None:
        """Follow the source until it closes; readers are let go whatever ends it."""
        try:
            while not self._source.closed:
                serial = self._last.serial if self._last else 0
                published = await self._source.wait_after(serial, self._patience_s())
                if published is not None:
                    self._take(published)
                elif self._columns_due and self._last is not None:
                    self._take_columns(self._last)
        except Exception:
            log.exception("the stream of changes stopped")
            raise
        finally:
            self.end()

    def end(self) -> None:
        """Let every reader go."""
        self._ended = True
        self._wake()

    async def read(
        self, last_event_id: str | None, wanted: Collection[str]
    ) -> AsyncIterator[bytes]:
        """Yield the wire form of `wanted` events from a place on, and comments in between.

        Parameters
        ----------
        last_event_id
            The id of the last event a reader has seen; None starts with what is next.
        """
        place = self._number if last_event_id is None else self._place(last_event_id)
        yield f"retry: {RETRY_MS}\n\n".encode()
        if self._last is not None:
            yield self._wire("clock", encode(ClockView.of(self._last).model_dump()), place)
        while not self._ended:
            if place is None or place < self._oldest() - 1:
                place = self._number
                missed = reload(["all"], "events were missed")
                yield self._wire(missed.event, encode(missed.data), place)
            if place < self._number:
                # Copied before sending: the buffer moves on while a slow reader takes its time.
                batch = [event for event in self._events if event.number > place]
                chunk = b"".join(event.wire for event in batch if event.event in wanted)
                place = self._number
                if chunk:
                    yield chunk
                continue
            try:
                await asyncio.wait_for(self._grown.wait(), self._settings.ping_s)
            except TimeoutError:
                yield COMMENT

    def _patience_s(self) -> float | None:
        if not self._columns_due:
            return None
        return max(self._columns_at_s + self._settings.columns_interval_s - self._wall_s(), 0.0)

    def _take(self, published: Published) -> None:
        previous = self._last
        self._last = published
        snapshot = published.snapshot
        if previous is None or is_another_run(previous.snapshot, snapshot):
            self._begin(published)
            self._wake()
            return
        for change in changes(previous.snapshot, snapshot):
            self._push(change)
        self._push(Change(event="clock", data=ClockView.of(published).model_dump()))
        self._columns_due = True
        if self._patience_s() == 0.0:
            self._take_columns(published)
        self._wake()

    def _begin(self, published: Published) -> None:
        """Start from a snapshot that follows from nothing told before."""
        rows_max = self._settings.columns_max
        self._devices = DeviceColumns(published.snapshot.devices, rows_max)
        self._traffic = TrafficColumns(published.snapshot, rows_max)
        self._push(reload(["all"], "a run begins"))
        self._push(Change(event="clock", data=ClockView.of(published).model_dump()))

    def _take_columns(self, published: Published) -> None:
        assert self._devices is not None
        assert self._traffic is not None
        self._columns_due = False
        self._columns_at_s = self._wall_s()
        snapshot = published.snapshot
        if not self._devices.is_same_roster(snapshot.devices):
            self._devices = DeviceColumns(snapshot.devices, self._settings.columns_max)
            self._push(reload(["devices"], "devices were born"))
        elif told := self._devices.take(snapshot.devices):
            self._columns_due = len(told["row"]) >= self._settings.columns_max
            self._push(Change(event="devices", data=told))
        if told := self._traffic.take(snapshot):
            self._columns_due |= len(told["link"]) >= self._settings.columns_max
            self._push(Change(event="traffic", data=told))
        self._wake()

    def _push(self, change: Change) -> None:
        self._number += 1
        wire = self._wire(change.event, encode(change.data), self._number)
        self._events.append(StreamEvent(number=self._number, event=change.event, wire=wire))
        self._bytes += len(wire)
        settings = self._settings
        while len(self._events) > settings.buffer_events or (
            self._bytes > settings.buffer_bytes and len(self._events) > 1
        ):
            self._bytes -= len(self._events.popleft().wire)

    def _wire(self, event: str, data: bytes, number: int | None) -> bytes:
        event_id = None if number is None else f"{self._epoch}-{number}"
        return format_sse_event(data_str=data.decode(), event=event, id=event_id)

    def _oldest(self) -> int:
        return self._events[0].number if self._events else self._number + 1

    def _place(self, event_id: str) -> int | None:
        """Return the place an id names, or None when it is not in this buffer."""
        epoch, _, number = event_id.rpartition("-")
        if epoch != self._epoch or not number.isdecimal() or int(number) > self._number:
            return None
        return int(number)

    def _wake(self) -> None:
        self._grown.set()
        self._grown = asyncio.Event()
        if self._ended:
            self._grown.set()

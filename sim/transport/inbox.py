"""What came in from the network and waits for its owner's thread."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from threading import Condition
from typing import Protocol

from sim.kernel.clock import monotonic_s


class Receipt(Protocol):
    """What tells the broker that a message was dealt with."""

    def acknowledge(self) -> None:
        """Tell the broker; harmless when the connection it came over is gone."""


@dataclass(frozen=True, slots=True)
class Inbound:
    """One message as it came in.

    Attributes
    ----------
    receipt
        To be acknowledged once the message was dealt with; None for QoS 0 (telemetry), which
        may be dropped under overload, and for what did not come over a network.
    droppable
        Whether it may be dropped under overload.
    retained
        Whether the broker kept it from before we subscribed.
    qos
        Quality of service it came with; 0 for what did not come over a network.
    """

    topic: str
    payload: bytes
    receipt: Receipt | None = field(default=None, repr=False, compare=False)
    droppable: bool = False
    retained: bool = field(default=False, compare=False)
    qos: int = field(default=0, compare=False)


class Inbox:
    """A queue between network threads and one owner, with a bound and a stated policy.

    Of droppable messages (telemetry) it keeps the newest; what it dropped is counted. The
    others are never dropped: how many there can be is the broker's to bound, by how many it
    sends before the first is acknowledged. Messages leave in the order in which they came.

    Parameters
    ----------
    limit
        Most droppable messages that wait.
    limit_bytes
        Most bytes of payload in droppable messages that wait.
    """

    def __init__(self, *, limit: int = 100_000, limit_bytes: int = 256_000_000) -> None:
        self._droppable: deque[tuple[int, Inbound]] = deque()
        self._kept: deque[tuple[int, Inbound]] = deque()
        self._arrived = 0
        self._bytes = 0
        self._limit = limit
        self._limit_bytes = limit_bytes
        self._wanted = 1
        self._woken = False
        self._changed = Condition()
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._droppable) + len(self._kept)

    def put(self, message: Inbound) -> None:
        """Add a message, from any thread; never waits."""
        with self._changed:
            self._arrived += 1
            if not message.droppable:
                self._kept.append((self._arrived, message))
            else:
                self._droppable.append((self._arrived, message))
                self._bytes += len(message.payload)
                while len(self._droppable) > self._limit or self._bytes > self._limit_bytes:
                    _, oldest = self._droppable.popleft()
                    self._bytes -= len(oldest.payload)
                    self.dropped += 1
            # A switch of threads a message would cost more than the message.
            if len(self) >= self._wanted:
                self._changed.notify()

    def wake(self) -> None:
        """Make the present or the next `take` return without waiting, from any thread."""
        with self._changed:
            self._woken = True
            self._changed.notify()

    def take(self, max_messages: int, timeout_s: float, linger_s: float = 0.0) -> list[Inbound]:
        """Return at most `max_messages` in order of arrival, waiting for the first.

        Nothing comes back when nothing arrived in `timeout_s`, or when woken. After the first
        arrival, `linger_s` more may pass for others to join it.
        """
        deadline_s = monotonic_s() + timeout_s
        with self._changed:
            self._wait(1, deadline_s)
            if self._droppable or self._kept:
                self._wait(max_messages, min(deadline_s, monotonic_s() + linger_s))
            self._woken = False
            return [self._next() for _ in range(min(max_messages, len(self)))]

    def _wait(self, messages: int, deadline_s: float) -> None:
        self._wanted = messages
        while len(self) < messages and not self._woken:
            left_s = deadline_s - monotonic_s()
            if left_s <= 0:
                return
            self._changed.wait(left_s)

    def _next(self) -> Inbound:
        kept_first = not self._droppable or (
            bool(self._kept) and self._kept[0][0] < self._droppable[0][0]
        )
        if kept_first:
            return self._kept.popleft()[1]
        _, message = self._droppable.popleft()
        self._bytes -= len(message.payload)
        return message

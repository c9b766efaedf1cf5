"""The only place that knows what time it is.

Times are integer nanoseconds since the Unix epoch, in the city's time. Everything else is
given a `Clock`. `SteppedClock` is moved by its owner (the live runner, a replay, a test);
the simulated city's clock lives with its engine in `sim.world.engine`.
"""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import NewType, Protocol

Ns = NewType("Ns", int)

MILLISECOND = 1_000_000
SECOND = 1_000_000_000
MINUTE = 60 * SECOND
HOUR = 3600 * SECOND

BEIJING = timezone(timedelta(hours=8), "+08:00")


class Timer(Protocol):
    """A call that is due later and can be called off."""

    def cancel(self) -> None:
        """Call it off; harmless when it has already run."""


class Clock(Protocol):
    """What every part that needs the time is given."""

    def now(self) -> Ns:
        """Return the current time."""

    def call_at(self, when: Ns, fn: Callable[[], None], *, name: str) -> Timer:
        """Run `fn` once at `when`, after the messages of that instant."""

    def call_every(self, period: Ns, fn: Callable[[], None], *, name: str) -> Timer:
        """Run `fn` at every whole multiple of `period` since the epoch, from the next one."""


def seconds(value: float) -> Ns:
    """Return `value` seconds as nanoseconds, rounded to the millisecond."""
    return Ns(round(value * 1000) * MILLISECOND)


def to_seconds(span: int) -> float:
    """Return nanoseconds as seconds."""
    return span / SECOND


def iso(at: int) -> str:
    """Return `at` as an ISO 8601 time in Beijing, to the millisecond."""
    whole, rest = divmod(at, SECOND)
    base = datetime.fromtimestamp(whole, UTC).astimezone(BEIJING)
    return f"{base:%Y-%m-%dT%H:%M:%S}.{rest // MILLISECOND:03d}+08:00"


def next_multiple(after: int, period: int) -> Ns:
    """Return the first whole multiple of `period` that is later than `after`."""
    return Ns((after // period + 1) * period)


class _Entry:
    __slots__ = ("cancelled", "fn", "period", "seq", "when")

    def __init__(self, when: int, seq: int, fn: Callable[[], None], period: int | None) -> None:
        self.when = when
        self.seq = seq
        self.fn = fn
        self.period = period
        self.cancelled = False

    def __lt__(self, other: _Entry) -> bool:
        return (self.when, self.seq) < (other.when, other.seq)

    def cancel(self) -> None:
        self.cancelled = True


class SteppedClock:
    """A clock that its owner moves; between two moves it stands still.

    Timers due before the target run first, each seeing its own due time as now, so a run
    that is moved by the same stamps takes the same decisions, live or replayed.
    """

    def __init__(self, start: Ns) -> None:
        self._now = int(start)
        self._timers: list[_Entry] = []
        self._seq = 0

    def now(self) -> Ns:
        """Return the time last moved to."""
        return Ns(self._now)

    def call_at(self, when: Ns, fn: Callable[[], None], *, name: str) -> Timer:
        """Run `fn` once at `when`; a time already past runs at the next move."""
        del name
        return self._push(when, fn, None)

    def call_every(self, period: Ns, fn: Callable[[], None], *, name: str) -> Timer:
        """Run `fn` at every whole multiple of `period`."""
        del name
        return self._push(next_multiple(self._now, period), fn, int(period))

    def next_due(self) -> Ns | None:
        """Return when the earliest timer is due, or None when none is set."""
        while self._timers and self._timers[0].cancelled:
            heapq.heappop(self._timers)
        return Ns(self._timers[0].when) if self._timers else None

    def advance_to(self, when: Ns, *, inclusive: bool = False) -> None:
        """Run the timers due before `when` (at `when` too if `inclusive`), then stand there.

        Messages of an instant come before its timers: move to the instant, handle the
        messages, and let the next move run the timers.
        """
        assert when >= self._now, f"clock was at {self._now}, asked to go back to {when}"
        while (due := self.next_due()) is not None and (due < when or (inclusive and due == when)):
            entry = heapq.heappop(self._timers)
            self._now = max(self._now, entry.when)
            if entry.period is not None:
                # The same entry goes back in, so the handle its owner holds still cancels it.
                entry.when += entry.period
                self._seq += 1
                entry.seq = self._seq
                heapq.heappush(self._timers, entry)
            entry.fn()
        self._now = int(when)

    def _push(self, when: int, fn: Callable[[], None], period: int | None) -> _Entry:
        self._seq += 1
        entry = _Entry(int(when), self._seq, fn, period)
        heapq.heappush(self._timers, entry)
        return entry


class WallClock:
    """City time that runs with the wall, `speed` times as fast.

    Parameters
    ----------
    start
        City time at the moment of construction; None for the wall's own time.
    speed
        City seconds per wall second.
    """

    def __init__(self, start: Ns | None = None, speed: float = 1.0) -> None:
        self.speed = speed
        self._wall0 = time.monotonic_ns()
        self._city0 = int(start) if start is not None else time.time_ns()

    def now(self) -> Ns:
        """Return the city time now."""
        elapsed = time.monotonic_ns() - self._wall0
        if self.speed != 1.0:
            elapsed = int(elapsed * self.speed)
        return Ns(self._city0 + elapsed)

    def wall_seconds_until(self, when: int) -> float:
        """Return how many wall seconds remain until city time `when`; negative when past."""
        return (when - self.now()) / SECOND / self.speed


def monotonic_s() -> float:
    """Return a wall-clock reading for measuring how long our own work takes."""
    return time.monotonic()


def wait_s(duration_s: float) -> None:
    """Let wall time pass; only the real-time brake and reconnects may wait."""
    if duration_s > 0:
        time.sleep(duration_s)

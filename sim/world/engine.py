"""The simulated city's clock: the one place that knows SimPy.

Time is a Python int of nanoseconds throughout; SimPy turns any other number into a float and
loses nanoseconds. Everything due at one instant runs by priority, then in the order it was
scheduled: first the physics, then the city (devices, units, actuators), then the centre's
timers, so that what happens at an instant has been said before anybody decides on it.
"""

from __future__ import annotations

from collections.abc import Callable, Generator

import simpy
from simpy.events import EventPriority

from sim.kernel.clock import MILLISECOND, MINUTE, Ns, Timer, WallClock, monotonic_s, wait_s
from sim.kernel.errors import InputError

PHYSICS = 0
"""Priority of what steps the physical world."""
CITY = 1
"""Priority of devices, actuators, units and all processes."""
CENTRE = 2
"""Priority of the operations centre's timers: after the messages of the instant."""
_LAST = 9

POLL_S = 0.05
"""Longest wall time between two looks at what came in; assumed: below human reaction."""

Flow = Generator[simpy.Event, None, None]
"""A process: a generator that yields what `SimEngine.wait` returns."""


class _Due(simpy.Event):
    """A call at a time and a priority."""

    def __init__(
        self, env: simpy.Environment, delay: int, priority: int, fn: Callable[[], None]
    ) -> None:
        super().__init__(env)
        self._ok = True
        self._value = None
        self.callbacks.append(lambda _: fn())
        env.schedule(self, EventPriority(priority), delay)


class _Timer:
    """A handle whose owner may call its call off."""

    __slots__ = ("cancelled",)

    def __init__(self) -> None:
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True


class EngineClock:
    """The engine's time at one priority; satisfies `sim.kernel.clock.Clock`."""

    def __init__(self, engine: SimEngine, priority: int) -> None:
        self._engine = engine
        self._priority = priority

    def now(self) -> Ns:
        """Return the current city time."""
        return self._engine.now()

    def call_at(self, when: Ns, fn: Callable[[], None], *, name: str) -> Timer:
        """Run `fn` once at `when`, or at this instant when that is past."""
        del name
        timer = _Timer()

        def run() -> None:
            if not timer.cancelled:
                fn()

        self._engine.schedule(int(when), self._priority, run)
        return timer

    def call_every(self, period: Ns, fn: Callable[[], None], *, name: str) -> Timer:
        """Run `fn` at every whole multiple of `period` since the epoch, from the next one."""
        del name
        assert period > 0, f"period was {period}, must be positive"
        timer = _Timer()

        def run() -> None:
            if timer.cancelled:
                return
            # The next turn is set first, as SteppedClock does, so that what `fn` schedules
            # for that instant comes after it there.
            self._engine.schedule(self.now() + int(period), self._priority, run)
            fn()

        first = (self.now() // period + 1) * period
        self._engine.schedule(int(first), self._priority, run)
        return timer


class Brake:
    """Keep city time to `speed` times the wall's, and look for what came in meanwhile.

    A city that falls behind runs unbraked until it has caught up, still looking at least
    every `POLL_S` of wall time between two events.

    Parameters
    ----------
    speed
        City seconds per wall second, above 0.
    between
        Called with the city time between events; what it publishes is handled there and then.

    Raises
    ------
    InputError
        When the speed is not above 0.
    """

    def __init__(self, speed: float, between: Callable[[Ns], None] | None = None) -> None:
        if not speed > 0:
            raise InputError("speed", value=speed, expected="a number above 0")
        self.speed = speed
        self._between = between
        self._wall = WallClock(Ns(0), speed)
        self._polled_s = monotonic_s()

    def engage(self, now: Ns) -> None:
        """Begin to count wall time, at city time `now`."""
        self._wall = WallClock(now, self.speed)
        self._polled_s = monotonic_s()

    def hold(self, due: Ns) -> Ns | None:
        """Let at most `POLL_S` pass on the way to `due`.

        Returns
        -------
        Ns | None
            City time to poll at, a whole millisecond; None when `due` should run at once.
        """
        ahead_s = self._wall.wall_seconds_until(due)
        if ahead_s <= 0 and monotonic_s() - self._polled_s < POLL_S:
            return None
        wait_s(min(ahead_s, POLL_S))
        return Ns(min(self._wall.now() // MILLISECOND * MILLISECOND, int(due)))

    def poll(self, now: Ns) -> None:
        """Look for what came in."""
        if self._between is not None:
            self._between(now)
        self._polled_s = monotonic_s()


class SimEngine:
    """Discrete events of one city, from `start`.

    Parameters
    ----------
    start
        City time of the beginning, a whole millisecond.
    """

    def __init__(self, start: Ns) -> None:
        self.start = Ns(int(start))
        self._env = simpy.Environment(initial_time=int(start))

    def now(self) -> Ns:
        """Return the current city time."""
        return Ns(int(self._env.now))

    def clock(self, priority: int) -> EngineClock:
        """Return the clock that runs calls at `priority`: `PHYSICS`, `CITY` or `CENTRE`."""
        return EngineClock(self, priority)

    def schedule(self, when: int, priority: int, fn: Callable[[], None]) -> None:
        """Run `fn` at `when`, or at this instant when that is past."""
        _Due(self._env, max(0, when - int(self._env.now)), priority, fn)

    def process(self, flow: Flow) -> None:
        """Start a process at this instant, at the city's priority."""
        self._env.process(flow)

    def wait(self, span: Ns) -> simpy.Event:
        """Return what a process yields to let `span` pass."""
        return self._env.timeout(int(span))

    def run(
        self,
        until: Ns,
        *,
        brake: Brake | None = None,
        on_progress: Callable[[Ns], None] | None = None,
        should_stop: Callable[[], bool] | None = None,
    ) -> bool:
        """Run everything due up to and at `until`, then stand there.

        Parameters
        ----------
        until
            City time to stop at, not before now.
        brake
            Keeps to the wall's pace; None for as fast as it goes.
        on_progress
            Called with the city time about once a simulated minute, and at the end.
        should_stop
            Asked before every event; True ends the run where it stands.

        Returns
        -------
        bool
            Whether `until` was reached.
        """
        assert until >= self.now(), f"until was {until}, must not be before {self.now()}"
        end = _Due(self._env, int(until) - int(self._env.now), _LAST, lambda: None)
        reported = self._env.now
        if brake is not None:
            brake.engage(self.now())
        while not end.processed:
            if should_stop is not None and should_stop():
                return False
            if brake is not None and not self._is_due(brake):
                continue
            self._env.step()
            if on_progress is not None and self._env.now - reported >= MINUTE:
                reported = self._env.now
                on_progress(self.now())
        if on_progress is not None:
            on_progress(self.now())
        return True

    def _is_due(self, brake: Brake) -> bool:
        """Return whether the next event may run; otherwise wait a little and poll."""
        due = Ns(int(self._env.peek()))
        poll_at = brake.hold(due)
        if poll_at is None:
            return True
        if self._env.now < poll_at < due:
            # What comes in is handled at the city's present, not at the last event's time.
            self.schedule(poll_at, PHYSICS, lambda: None)
            self._env.step()
        brake.poll(self.now())
        return False

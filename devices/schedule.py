"""When devices report: at their idle interval, at their alarm interval, or at once.

A device looks at every tick. It reports at switch-on, then at its idle interval, each at a
phase of its own so that they do not all speak at once. When it comes into alarm it reports at
once and then at its alarm interval, until a report finds it out of alarm.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from devices.catalogue import Alarm
from sim.kernel.clock import Ns
from sim.messages.telemetry import F64, I64

_SLACK = 1e-9
"""Share of an alarm level that the difference of two readings may fall short by rounding."""


class Schedule:
    """The reporting times of one cohort's devices.

    Intervals that are no whole number of ticks are rounded up to one.

    Parameters
    ----------
    interval_ns, alarm_interval_ns
        ``(n,)`` int64 reporting periods [ns].
    alarm
        When a device is in alarm, or None.
    tick_ns
        Time between two looks [ns].
    """

    def __init__(
        self, interval_ns: I64, alarm_interval_ns: I64, *, alarm: Alarm | None, tick_ns: int
    ) -> None:
        self._interval_ns = interval_ns
        self._alarm_interval_ns = alarm_interval_ns
        self._alarm = alarm
        n = len(interval_ns)
        phases = np.maximum(1, interval_ns // tick_ns)
        self._phase_ns = (1 + np.arange(n) % phases) * tick_ns
        self._next_ns = np.zeros(n, dtype=np.int64)
        self._is_switched_on = False
        self._is_alarmed = np.zeros(n, dtype=np.bool_)
        self._reported = np.zeros(n)
        self._tick_ns = tick_ns
        self._is_lockstep = self._works_in_lockstep()

    def set_interval(self, index: int, interval_ns: Ns, alarm_interval_ns: Ns, now: Ns) -> None:
        """Give a device other intervals, from `now` on: its next report is no later than one."""
        self._interval_ns[index] = interval_ns
        self._alarm_interval_ns[index] = alarm_interval_ns
        self._next_ns[index] = min(int(self._next_ns[index]), now + interval_ns)
        self._is_lockstep = self._works_in_lockstep()

    def due(self, now: Ns, level: F64, is_off: NDArray[np.bool_] | None) -> I64 | None:
        """Return the devices that report now, ascending, or None when all of them do.

        Parameters
        ----------
        level
            ``(n,)`` what the alarm's channel reads.
        is_off
            ``(n,)`` devices that cannot report, or None when all can.
        """
        if self._is_lockstep:
            return None if is_off is None else np.flatnonzero(~is_off)
        is_due = self._next_ns <= now
        is_above = self._above(level)
        is_due |= is_above & ~self._is_alarmed
        if is_off is not None:
            is_due &= ~is_off
        due = np.flatnonzero(is_due)
        self._is_alarmed[due] = is_above[due]
        self._reported[due] = level[due]
        idle_ns = self._interval_ns if self._is_switched_on else self._phase_ns
        self._is_switched_on = True
        wait_ns = np.where(is_above[due], self._alarm_interval_ns[due], idle_ns[due])
        self._next_ns[due] = int(now) + wait_ns
        return due

    def _works_in_lockstep(self) -> bool:
        """Return whether all devices report at every tick, so that nobody's time is kept."""
        is_each_tick = bool((self._interval_ns <= self._tick_ns).all())
        is_alarm_each_tick = bool((self._alarm_interval_ns <= self._tick_ns).all())
        return is_each_tick and (self._alarm is None or is_alarm_each_tick)

    def _above(self, level: F64) -> NDArray[np.bool_]:
        """Return ``(n,)`` which devices read in alarm."""
        if self._alarm is None:
            return np.zeros(len(level), dtype=np.bool_)
        if self._alarm.of == "below":
            return level <= self._alarm.level
        if self._alarm.of == "rise":
            level = level - self._reported
        return level >= self._alarm.level * (1.0 - _SLACK)

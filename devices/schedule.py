"""When devices report: at intervals, at once in alarm, or when something has changed.

A device looks at every tick. It reports at switch-on, then at its idle interval, each at a
phase of its own so that they do not all speak at once. When it comes into alarm it reports at
once and then at its alarm interval, until a report finds it out of alarm. A kind may report
otherwise, to save its battery or the air: see `Reporting`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from devices.catalogue import Alarm
from sim.kernel.clock import Ns
from sim.messages.telemetry import F64, I64, DeviceInfo

_SLACK = 1e-9
"""Share of a level that a reading, or the difference of two, may fall short by rounding."""

Mode = Literal["interval", "event", "exception"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reporting:
    """How the devices of a kind decide to report.

    Attributes
    ----------
    mode
        ``"event"``: at the idle interval, and at once when in alarm. ``"interval"``: at the
        idle interval, whatever they read; they look only then. ``"exception"``: when the reading
        has moved by `deadband` since the last report, when an alarm begins or ends, and
        otherwise once in `heartbeat_s`.
    deadband
        In the unit of the channel that the kind's alarm watches; the first without an alarm.
    heartbeat_s
        Longest silence of a device that reports by exception [s].
    """

    mode: Mode = "event"
    deadband: float = 0.0
    heartbeat_s: float = 3600.0

    def __post_init__(self) -> None:
        assert self.mode != "exception" or (self.deadband > 0 and self.heartbeat_s > 0)

    def born(self, device: DeviceInfo, least_s: float = 0.0) -> DeviceInfo:
        """Return a device's birth, telling how often it will really be heard.

        Parameters
        ----------
        least_s
            Least time between two of its transmissions [s].
        """
        idle_s, alarm_s = device.interval_s, device.alarm_interval_s
        if self.mode == "exception":
            idle_s = alarm_s = self.heartbeat_s
        elif self.mode == "interval":
            alarm_s = idle_s
        idle_s, alarm_s = max(idle_s, least_s), max(alarm_s, least_s)
        if (idle_s, alarm_s) == (device.interval_s, device.alarm_interval_s):
            return device
        return replace(device, interval_s=idle_s, alarm_interval_s=alarm_s)


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
    reporting
        How they decide; None for at once in alarm.
    gap_ns
        ``(n,)`` least time between two transmissions, which holds back even an alarm [ns]; None
        where the network sets none.
    """

    def __init__(
        self,
        interval_ns: I64,
        alarm_interval_ns: I64,
        *,
        alarm: Alarm | None,
        tick_ns: int,
        reporting: Reporting | None = None,
        gap_ns: I64 | None = None,
    ) -> None:
        reporting = Reporting() if reporting is None else reporting
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
        self._mode = reporting.mode
        self._deadband = reporting.deadband * (1.0 - _SLACK)
        is_held = gap_ns is not None and bool((gap_ns > tick_ns).any())
        self._gap_ns = gap_ns if is_held else None
        self._sent_ns = np.full(n if is_held else 0, np.iinfo(np.int64).min // 2)
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
        if self._mode == "event":
            is_due |= is_above & ~self._is_alarmed
        elif self._mode == "exception":
            is_due |= is_above != self._is_alarmed
            is_due |= np.abs(level - self._reported) >= self._deadband
        if self._gap_ns is not None:
            is_due &= now - self._sent_ns >= self._gap_ns
        if is_off is not None:
            is_due &= ~is_off
        due = np.flatnonzero(is_due)
        self._is_alarmed[due] = is_above[due]
        self._reported[due] = level[due]
        idle_ns = self._interval_ns if self._is_switched_on else self._phase_ns
        self._is_switched_on = True
        wait_ns = np.where(is_above[due], self._alarm_interval_ns[due], idle_ns[due])
        self._next_ns[due] = int(now) + wait_ns
        if self._gap_ns is not None:
            self._sent_ns[due] = int(now)
        return due

    def _works_in_lockstep(self) -> bool:
        """Return whether all devices report at every tick, so that nobody's time is kept."""
        if self._mode == "exception" or self._gap_ns is not None:
            return False
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

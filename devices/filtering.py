"""What a gateway leaves out of what it forwards: spikes, and readings that say nothing new."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from devices.catalogue import SensorKind
from devices.readings import Readings
from sim.kernel.clock import Ns, seconds
from sim.messages.telemetry import F64

WIDTH = 3
"""Readings that a median is taken of: one spike among them vanishes, a step is one report late."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filtering:
    """How gateways filter.

    Attributes
    ----------
    how
        ``"median"``: each value is replaced by the median of the device's last three.
        ``"deadband"``: a reading is left out while no channel has moved by `deadband` since
        the last one forwarded, but never for longer than `heartbeat_s`.
    deadband
        As a share of each channel's full scale.
    heartbeat_s
        Longest silence of a device [s].
    """

    how: Literal["median", "deadband"]
    deadband: float = 0.01
    heartbeat_s: float = 1800.0

    @property
    def longest_s(self) -> float:
        """How long a device may be left out [s]."""
        return self.heartbeat_s if self.how == "deadband" else 0.0


class Filter:
    """The filter of one cohort's readings, in whatever gateway they come through.

    Parameters
    ----------
    filtering
        How.
    kind, n
        Whose readings, and how many devices.
    """

    def __init__(self, filtering: Filtering, kind: SensorKind, n: int) -> None:
        channels = kind.channels
        self._is_median = filtering.how == "median"
        self._band = filtering.deadband * np.array([channel.span for channel in channels])
        self._heartbeat_ns = int(seconds(filtering.heartbeat_s))
        # Counters never spike; the median of a register would be an old register.
        self._smooth = np.array([not channel.is_counter for channel in channels])
        self._last: F64 = np.full((WIDTH if self._is_median else 1, len(channels), n), np.nan)
        self._passed_ns = np.zeros(n, dtype=np.int64)

    def apply(self, now: Ns, part: Readings) -> Readings:
        """Return what a gateway forwards of `part`, in which no device comes twice."""
        return self._median(part) if self._is_median else self._news(now, part)

    def _median(self, part: Readings) -> Readings:
        device = part.device
        recent = self._last[:, :, device]
        recent[:-1], recent[-1] = recent[1:], part.values
        self._last[:, :, device] = recent
        recent = np.where(np.isnan(recent), part.values, recent)
        values = np.where(self._smooth[:, None], np.median(recent, axis=0), part.values)
        return part.with_values(values)

    def _news(self, now: Ns, part: Readings) -> Readings:
        moved = np.abs(part.values - self._last[0][:, part.device])
        # Nothing forwarded yet compares as false, and so passes.
        is_old = (moved < self._band[:, None]).all(axis=0)
        is_old &= now - self._passed_ns[part.device] < self._heartbeat_ns
        rows = np.flatnonzero(~is_old)
        device = part.device[rows]
        self._last[0][:, device] = part.values[:, rows]
        self._passed_ns[device] = int(now)
        return part.take(rows)

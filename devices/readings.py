"""Readings on their way, as columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from sim.messages.telemetry import F64, I32, I64, U8


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Readings:
    """Columns of a `TelemetryBatch` that has not been sent yet; see there for each."""

    device: I32
    time_ns: I64
    values: F64
    quality: U8
    seq: I64
    sim_time_ns: I64
    battery: F64 | None

    def __len__(self) -> int:
        return len(self.device)

    def take(self, rows: I64) -> Readings:
        """Return the readings at `rows`, in that order."""
        return Readings(
            device=self.device[rows],
            time_ns=self.time_ns[rows],
            values=self.values.take(rows, axis=1),
            quality=self.quality[rows],
            seq=self.seq[rows],
            sim_time_ns=self.sim_time_ns[rows],
            battery=None if self.battery is None else self.battery[rows],
        )

    def newest(self, limit: int) -> Readings:
        """Return the last `limit` readings."""
        return self.take(np.arange(max(0, len(self) - limit), len(self)))

    def with_values(self, values: F64) -> Readings:
        """Return the same readings with other values, ``(channels, n)``."""
        return replace(self, values=values)

    def marked(self, quality: int) -> Readings:
        """Return the same readings, all of `quality`."""
        return replace(self, quality=np.full(len(self), quality, dtype=np.uint8))


def concatenate(parts: Sequence[Readings]) -> Readings:
    """Return all readings of `parts`, one part after the other; there must be one."""
    if len(parts) == 1:
        return parts[0]
    batteries = [part.battery for part in parts if part.battery is not None]
    return Readings(
        device=np.concatenate([part.device for part in parts]),
        time_ns=np.concatenate([part.time_ns for part in parts]),
        values=np.concatenate([part.values for part in parts], axis=1),
        quality=np.concatenate([part.quality for part in parts]),
        seq=np.concatenate([part.seq for part in parts]),
        sim_time_ns=np.concatenate([part.sim_time_ns for part in parts]),
        battery=np.concatenate(batteries) if batteries else None,
    )

"""Single readings to batches: neighbours of one kind make one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.kernel.clock import Ns
from sim.messages.telemetry import Channel, Roster, TelemetryBatch


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One reading on its way into a batch; `values` in the order of `channels`."""

    kind: str
    channels: tuple[Channel, ...]
    device_id: str
    time_ns: Ns
    seq: int
    values: tuple[float, ...]
    quality: int
    battery: float


class Gathering:
    """Rows that wait for their neighbours; keeps one roster a kind."""

    def __init__(self) -> None:
        self._rows: list[Row] = []
        self._rosters: dict[str, Roster] = {}

    def add(self, row: Row) -> TelemetryBatch | None:
        """Take a row; return the batch of those before it when it is of another sort."""
        other = self._rows and (self._rows[0].kind, self._rows[0].channels) != (
            row.kind,
            row.channels,
        )
        batch = self.take() if other else None
        self._rows.append(row)
        return batch

    def take(self) -> TelemetryBatch | None:
        """Return what waits as one batch, None where nothing does."""
        rows, self._rows = self._rows, []
        if not rows:
            return None
        kind = rows[0].kind
        roster = self._rosters.setdefault(kind, Roster())
        battery = np.array([row.battery for row in rows])
        return TelemetryBatch(
            ts_event=max(row.time_ns for row in rows),
            kind=kind,
            roster=roster,
            channels=rows[0].channels,
            device=np.array([roster.add(row.device_id) for row in rows], dtype=np.int32),
            time_ns=np.array([row.time_ns for row in rows], dtype=np.int64),
            values=np.array([row.values for row in rows]).T,
            quality=np.array([row.quality for row in rows], dtype=np.uint8),
            seq=np.array([row.seq for row in rows], dtype=np.int64),
            sim_time_ns=np.zeros(len(rows), dtype=np.int64),
            battery=None if np.isnan(battery).all() else battery,
        )

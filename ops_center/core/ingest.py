"""The door for telemetry: refuses nonsense, drops copies, puts what is left in order.

Readings wait until the lateness has passed, so that whatever the network shuffled, doubled or
delayed by less comes out the same. Device clocks are tolerated, not corrected: a clock that is
wrong by less than the lateness (±5 s are usual) only shifts its own readings in time; order is
kept for each device by its own clock, which is what detectors need.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from ops_center.core.columns import (
    F64,
    I32,
    I64,
    U8,
    Bool,
    Index,
    Slots,
    as_slots,
    is_rising,
    order,
    pick,
    rounds,
)
from ops_center.core.duplicates import DUPLICATE, FRESH, LATE, SeenWindow
from ops_center.core.inventory import Inventory, KindTable
from sim.kernel.clock import SECOND, Ns, seconds
from sim.messages.telemetry import QUALITY_SELF_TEST, Channel, TelemetryBatch

OLDEST_NS = 7 * 86_400 * SECOND
"""A gateway keeps readings through an outage of days, not of weeks (assumed)."""
NEWEST_NS = 60 * SECOND
"""How far a device clock may run ahead (assumed: twelve times the usual skew of 5 s)."""
PENDING_LIMIT = 20_000_000
"""Readings that may wait; later ones are refused and counted as overflow."""
PARTS_LIMIT = 8
"""Parts of a kind that wait apart; more are laid together before they are looked through."""

SANE: Mapping[tuple[str, str], tuple[float, float]] = {
    ("rain", "mm"): (0.0, 1e6),
    ("depth", "m"): (-1.0, 50.0),
    ("vehicles", "count"): (0.0, 1e12),
    ("speed", "m/s"): (0.0, 100.0),
    ("occupancy", "/"): (0.0, 1.0),
}
"""What a channel can be at all, by name and unit; beyond it the message is garbage, not a fault.

Assumed, wider than any such sensor's range, so that a sensor at fault still gets through to the
fault tests.
"""
ANYTHING = (-1e15, 1e15)
"""For channels the table does not know: any finite number of a size that physics may bring."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Released:
    """Readings of one kind, in the order (slot, device time, sequence number).

    Attributes
    ----------
    channels
        One a row of `values`, in the order of the kind's table.
    slot
        ``(n,)`` inventory slots, rising; a device's repeats stand side by side.
    slots
        The same for use as an index: a slice where that is possible.
    single
        Whether no device comes twice.
    time_ns, seq, quality
        ``(n,)``, as in `TelemetryBatch`.
    values
        ``(len(channels), n)``, NaN where a channel is missing.
    battery
        ``(n,)`` remaining energy [%], NaN where not told.
    """

    kind: str
    channels: tuple[Channel, ...]
    slot: I32
    slots: Slots
    single: bool
    time_ns: I64
    seq: I64
    quality: U8
    values: F64
    battery: F64 | None

    def __len__(self) -> int:
        return len(self.slot)

    def take(self, rows: Index | Bool) -> Released:
        """Return some rows; they must keep the order, or be put in order afterwards."""
        if rows.dtype == np.bool_:
            rows = np.flatnonzero(rows)
        slot = self.slot[rows]
        return replace(
            self,
            slot=slot,
            slots=as_slots(slot) if self.single else slot.astype(np.intp),
            time_ns=self.time_ns[rows],
            seq=self.seq[rows],
            quality=self.quality[rows],
            values=self.values.take(rows, axis=1),
            battery=None if self.battery is None else self.battery[rows],
        )

    def singles(self) -> Iterator[Released]:
        """Yield every device's first reading, then every second one, and so on."""
        if self.single:
            yield self
            return
        for rows in rounds(self.slot):
            part = self.take(rows)
            yield replace(part, slots=as_slots(part.slot), single=True)


class Ingest:
    """Validates, de-duplicates and orders telemetry.

    Holds on to the arrays of the batches it is given until they are released: messages are
    immutable, so it copies only what it has to sort out.

    Parameters
    ----------
    inventory
        Who may speak; told when devices are heard, and of every value released.
    lateness_s
        How late a reading may come and still be put in order [s].

    Attributes
    ----------
    counts
        Readings by fate. All: ``"readings"``. Taken: ``"accepted"``.
        Dropped: ``"duplicates"``, ``"late"``, and refused for ``"unknown_kind"``,
        ``"unknown_device"``, ``"unknown_channel"`` (values, not readings), ``"time"``,
        ``"not_finite"``, ``"range"``, ``"overflow"``.
    pending
        Readings waiting for their release.
    """

    def __init__(self, inventory: Inventory, lateness_s: float = 20.0) -> None:
        self.inventory = inventory
        self.counts: Counter[str] = Counter()
        self.pending = 0
        self._lateness_ns = int(seconds(lateness_s))
        self._seen = SeenWindow()
        self._waiting: dict[str, list[Released]] = {}

    def push(self, batch: TelemetryBatch, now: Ns) -> None:
        """Take in one batch, received `now`."""
        n = len(batch)
        self.counts["readings"] += n
        kind = self.inventory.kinds.get(batch.kind)
        if kind is None:
            self.counts["unknown_kind"] += n
        elif self.pending + n > PENDING_LIMIT:
            self.counts["overflow"] += n
        elif n:
            part = self._sound(self._addressed(batch, kind), now)
            if len(part):
                part = self._sorted(part)
                self.inventory.heard(part.slots, now, part.time_ns, part.battery)
                self._admit(part)

    def release(self, now: Ns) -> list[Released]:
        """Return, a kind at a time, all readings older than the lateness at `now`.

        A reading that came later than the lateness is among them as long as no newer one of
        its device has been released.
        """
        horizon = now - self._lateness_ns
        out: list[Released] = []
        for kind, waiting in self._waiting.items():
            ripe: list[Released] = []
            unripe: list[Released] = []
            for part in waiting if len(waiting) <= PARTS_LIMIT else [_laid_together(waiting)]:
                if part.time_ns.max() <= horizon:
                    ripe.append(part)
                elif part.time_ns.min() > horizon:
                    unripe.append(part)
                else:
                    due = part.time_ns <= horizon
                    ripe.append(part.take(due))
                    unripe.append(part.take(~due))
            self._waiting[kind] = unripe
            if ripe:
                out.append(ripe[0] if len(ripe) == 1 else _laid_together(ripe))
        out = [self._once(self._sorted(part)) for part in out]
        for released in out:
            self.pending -= len(released)
            self._seen.note_released(released.slots, released.time_ns)
            self._note_values(released)
        return out

    def _addressed(self, batch: TelemetryBatch, kind: KindTable) -> Released:
        """Return the batch by slot, in the kind's own channel order, without unknown devices."""
        device = batch.device
        slot = self.inventory.roster_slots(batch.roster, kind.name)[
            as_slots(device) if is_rising(device) else device
        ]
        channels = tuple(kind.channels)
        part = Released(
            kind=kind.name,
            channels=channels,
            slot=slot,
            slots=slot,
            single=False,
            time_ns=batch.time_ns,
            seq=batch.seq,
            quality=batch.quality,
            values=batch.values if batch.channels == channels else self._rows(batch, channels),
            battery=batch.battery,
        )
        return self._refuse(part, slot < 0, "unknown_device") if slot.min() < 0 else part

    def _rows(self, batch: TelemetryBatch, channels: tuple[Channel, ...]) -> F64:
        values = np.full((len(channels), len(batch)), np.nan)
        for channel, row in zip(batch.channels, batch.values, strict=True):
            if channel in channels:
                values[channels.index(channel)] = row
            else:
                self.counts["unknown_channel"] += int(np.count_nonzero(~np.isnan(row)))
        return values

    def _sound(self, part: Released, now: Ns) -> Released:
        """Return what can be true at all; the rest is counted by reason."""
        if not len(part):
            return part
        oldest, newest = now - OLDEST_NS, now + NEWEST_NS
        if part.time_ns.min() < oldest or part.time_ns.max() > newest:
            wrong = (part.time_ns < oldest) | (part.time_ns > newest)
            part = self._refuse(part, wrong, "time")
        limits = [SANE.get((c.name, c.unit), ANYTHING) for c in part.channels]
        suspect = [
            (row, low, high)
            for row, (low, high) in zip(part.values, limits, strict=True)
            # NaN fails both comparisons, so a whole and sound row is known by two numbers.
            if len(row) and not (row.min() >= low and row.max() <= high)
        ]
        if not suspect:
            return part
        infinite: Bool = np.zeros(len(part), dtype=np.bool_)
        beyond, missing = infinite.copy(), ~infinite
        for row in part.values:
            infinite |= np.isinf(row)
            missing &= np.isnan(row)
        for row, low, high in suspect:
            beyond |= (row < low) | (row > high)
        garbled = infinite | missing
        if garbled.any():
            part = self._refuse(part, garbled, "not_finite")
            beyond = beyond[~garbled]
        return self._refuse(part, beyond, "range") if beyond.any() else part

    def _refuse(self, part: Released, wrong: Bool, reason: str) -> Released:
        self.counts[reason] += int(np.count_nonzero(wrong))
        return part.take(~wrong)

    def _sorted(self, part: Released) -> Released:
        if part.single:
            return part
        if not is_rising(part.slot):
            part = part.take(order(part.slot, part.time_ns, part.seq, len(self.inventory)))
            if not is_rising(part.slot):
                return part
        return replace(part, slots=as_slots(part.slot), single=True)

    def _once(self, part: Released) -> Released:
        """Drop copies that were further apart than the window but waited at the same time."""
        if part.single:
            return part
        copy = np.zeros(len(part), dtype=np.bool_)
        copy[1:] = part.slot[1:] == part.slot[:-1]
        copy[1:] &= part.time_ns[1:] == part.time_ns[:-1]
        copy[1:] &= part.seq[1:] == part.seq[:-1]
        if not copy.any():
            return part
        dropped = int(np.count_nonzero(copy))
        self.counts["accepted"] -= dropped
        self.pending -= dropped
        return self._sorted(self._refuse(part, copy, "duplicates"))

    def _admit(self, part: Released) -> None:
        """Drop what was seen before or is too late, let the rest wait."""
        self._seen.reserve(len(self.inventory))
        verdict: U8 | None = None
        if part.single:
            verdict = self._seen.judge(part.slots, part.seq, part.time_ns)
        else:
            verdict = np.zeros(len(part), dtype=np.uint8)
            for rows in rounds(part.slot):
                slots = pick(part.slots, rows)
                found = self._seen.judge(slots, part.seq[rows], part.time_ns[rows])
                if found is not None:
                    verdict[rows] = found
        if verdict is not None and verdict.any():
            self.counts["duplicates"] += int(np.count_nonzero(verdict == DUPLICATE))
            self.counts["late"] += int(np.count_nonzero(verdict == LATE))
            part = self._sorted(part.take(verdict == FRESH))
        if len(part):
            self.counts["accepted"] += len(part)
            self.pending += len(part)
            self._waiting.setdefault(part.kind, []).append(part)

    def _note_values(self, part: Released) -> None:
        doubted = part.quality == QUALITY_SELF_TEST
        if doubted.any():
            part = part.take(~doubted)
        self.inventory.note_values(part.slots, part.time_ns, part.values)


def _laid_together(parts: list[Released]) -> Released:
    """Return all rows of `parts`, not in order; a kind may have gained channels meanwhile."""
    widest = max(parts, key=lambda part: len(part.channels))
    n_channels = len(widest.channels)
    slot = np.concatenate([part.slot for part in parts])
    return replace(
        widest,
        slot=slot,
        slots=slot,
        single=False,
        time_ns=np.concatenate([part.time_ns for part in parts]),
        seq=np.concatenate([part.seq for part in parts]),
        quality=np.concatenate([part.quality for part in parts]),
        values=np.concatenate([_widened(part.values, n_channels) for part in parts], axis=1),
        battery=_batteries(parts),
    )


def _widened(values: F64, n_channels: int) -> F64:
    if len(values) == n_channels:
        return values
    missing = np.full((n_channels - len(values), values.shape[1]), np.nan)
    return np.concatenate([values, missing])


def _batteries(parts: list[Released]) -> F64 | None:
    if all(part.battery is None for part in parts):
        return None
    return np.concatenate(
        [np.full(len(p), np.nan) if p.battery is None else p.battery for p in parts]
    )

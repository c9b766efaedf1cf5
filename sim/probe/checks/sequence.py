"""Sequence numbers, and the order in which reports come.

Two reports of a device that are in disorder were either overtaken on the way (the one that
comes later has a lower number and an earlier time), or the device's counter ran back (a lower
number, a later time), or its clock did (a higher number, an earlier time).
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field

from scipy.stats import binom

from sim.kernel.clock import SECOND
from sim.messages.telemetry import QUALITY_STORED
from sim.probe.arrival import Arrival
from sim.probe.checks.base import Desk, Ending, reports
from sim.probe.reader import Heard, Report

SAME_TIME_S = 1.0
"""Times closer than this are no order (assumed: clocks of whole seconds)."""

CLOCK_STEP_S = 10.0
"""How far a network may set a clock back [s]: twice the usual error of 5 s (assumed)."""

GAP_CHANCE = 1e-6
"""More reports are missing than loss explains when that has less than this chance."""

DUPLICATES_LEAST = 3
"""Fewer copies are a coincidence (assumed)."""


@dataclass(slots=True)
class _Epoch:
    """The reports of one device from one restart to the next."""

    births: int
    first: int
    top: int
    top_time_s: float | None
    seen: dict[int, tuple[int, float | None]] = field(default_factory=dict)
    tops: list[int] = field(default_factory=list)
    """Every number that was the highest yet, rising."""
    tops_at: list[int] = field(default_factory=list)
    """When each of them came."""
    copies: int = 0


class SequenceCheck:
    """Judges sequence numbers, order and the running of the device's clock."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._epochs: dict[str, list[_Epoch]] = {}
        self._last: dict[str, Arrival] = {}

    def hear(self, heard: Heard) -> None:
        """Follow the numbers of every report."""
        notes = self._desk.notes
        for report in reports(heard):
            notes.judge("pack.sequence")
            seq = report.seq
            if seq is None or seq < 0 or seq != int(seq):
                seen = "no record 'seq'" if seq is None else f"seq {seq!r}"
                notes.note("pack.sequence", report.who, seen, heard.arrival)
                continue
            self._last[report.who] = heard.arrival
            self._follow(report, int(seq), heard.arrival)

    def conclude(self, _ending: Ending) -> None:
        """Count what is missing, and what came twice."""
        for who, epochs in self._epochs.items():
            for epoch in epochs:
                if len(epoch.seen) > 1:
                    self._count(who, epoch)

    def _follow(self, report: Report, seq: int, arrival: Arrival) -> None:
        who, time_s = report.who, report.time_s
        known = self._desk.roll.find(who)
        births = 0 if known is None else known.births
        epochs = self._epochs.setdefault(who, [])
        if not epochs:
            epochs.append(_begun(births, report, seq, arrival))
            return
        epoch = epochs[-1]
        self._desk.notes.judge("sequence.repeat", "sequence.back", "order.late", "time.back")
        if seq > epoch.top:
            self._rise(epoch, report, seq, arrival)
            return
        is_newer = (
            time_s is not None
            and epoch.top_time_s is not None
            and time_s > epoch.top_time_s + SAME_TIME_S
        )
        if is_newer and seq < epoch.top:
            if births == epoch.births:
                seen = f"seq {seq} after {epoch.top}, at a later time"
                self._desk.notes.note("sequence.back", who, seen, arrival)
            epochs.append(_begun(births, report, seq, arrival))
            return
        self._old(epoch, report, seq, arrival)

    def _rise(self, epoch: _Epoch, report: Report, seq: int, arrival: Arrival) -> None:
        time_s = report.time_s
        if time_s is not None and epoch.top_time_s is not None:
            back_s = epoch.top_time_s - time_s
            if back_s > CLOCK_STEP_S:
                seen = f"{back_s:,.1f} s earlier at seq {seq} than at {epoch.top}"
                self._desk.notes.note("time.back", report.who, seen, arrival)
        epoch.top, epoch.top_time_s = seq, time_s
        epoch.seen[seq] = (_digest(report), time_s)
        epoch.tops.append(seq)
        epoch.tops_at.append(int(arrival.at))

    def _old(self, epoch: _Epoch, report: Report, seq: int, arrival: Arrival) -> None:
        """Judge a report whose number is not the highest: a copy, a second use, or overtaken."""
        notes, who = self._desk.notes, report.who
        earlier = epoch.seen.get(seq)
        if earlier is not None:
            if earlier == (_digest(report), report.time_s):
                epoch.copies += 1
            else:
                notes.note("sequence.repeat", who, f"seq {seq} for two reports", arrival)
            return
        epoch.seen[seq] = (_digest(report), report.time_s)
        epoch.first = min(epoch.first, seq)
        if report.quality == QUALITY_STORED:
            return
        overtaken_at = epoch.tops_at[bisect_right(epoch.tops, seq)]
        late_ns = int(arrival.at) - overtaken_at
        if late_ns > self._desk.expect.lateness_ns:
            seen = f"seq {seq} came {late_ns / SECOND:,.0f} s after a later one"
            notes.note("order.late", who, seen, arrival)

    def _count(self, who: str, epoch: _Epoch) -> None:
        notes, expect = self._desk.notes, self._desk.expect
        notes.judge("sequence.gap", "sequence.duplicate")
        came, sent = len(epoch.seen), epoch.top - epoch.first + 1
        missing = sent - came
        # The first and the last are there by definition, so they are no evidence.
        if missing and binom.sf(missing - 1, max(sent - 2, 1), expect.loss) < GAP_CHANCE:
            seen = f"{missing} of {sent} missing, from {epoch.first} to {epoch.top}"
            notes.note("sequence.gap", who, seen, self._last[who])
        if epoch.copies >= DUPLICATES_LEAST and epoch.copies > expect.duplicates * came:
            seen = f"{epoch.copies} copies of {came} reports"
            notes.note("sequence.duplicate", who, seen, self._last[who])


def _begun(births: int, report: Report, seq: int, arrival: Arrival) -> _Epoch:
    return _Epoch(
        births=births,
        first=seq,
        top=seq,
        top_time_s=report.time_s,
        seen={seq: (_digest(report), report.time_s)},
        tops=[seq],
        tops_at=[int(arrival.at)],
    )


def _digest(report: Report) -> int:
    return hash((report.readings, report.battery))

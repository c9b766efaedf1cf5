"""What is measured, and in which units, against what the birth declares."""

from __future__ import annotations

from collections import Counter

from sim.probe.arrival import Arrival
from sim.probe.checks.base import Desk, Ending, reports
from sim.probe.reader import Heard

SILENT_REPORTS = 10
"""After so many reports a channel that never came counts as silent (assumed)."""


class ChannelCheck:
    """Judges names and units of readings.

    A birth may come after the first reports, so that these are held to it only in the end.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._units: dict[tuple[str, str], dict[str, Arrival]] = {}
        self._reports: Counter[str] = Counter()

    def hear(self, heard: Heard) -> None:
        """Note names and units of every report."""
        for report in reports(heard):
            self._desk.notes.judge("channel.mixed_units")
            self._reports[report.who] += 1
            for name, unit, _ in report.readings:
                self._units.setdefault((report.who, name), {}).setdefault(unit, heard.arrival)

    def conclude(self, _ending: Ending) -> None:
        """Compare with the births."""
        notes = self._desk.notes
        for (who, name), units in self._units.items():
            if len(units) > 1:
                seen = f"{name!r} in {' and in '.join(map(repr, units))}"
                notes.note("channel.mixed_units", who, seen, list(units.values())[1])
                continue
            declared = self._declared(who)
            if declared is None:
                continue
            notes.judge("channel.unknown", "channel.unit")
            ((unit, arrival),) = units.items()
            if name not in declared:
                seen = f"{name!r}, where the birth has {', '.join(declared)}"
                notes.note("channel.unknown", who, seen, arrival)
            elif unit != declared[name]:
                seen = f"{name!r} in {unit!r}, where the birth has {declared[name]!r}"
                notes.note("channel.unit", who, seen, arrival)
        for who, count in self._reports.items():
            if count >= SILENT_REPORTS:
                self._find_silent(who, count)

    def _find_silent(self, who: str, count: int) -> None:
        declared = self._declared(who)
        if declared is None:
            return
        self._desk.notes.judge("channel.silent")
        silent = [name for name in declared if (who, name) not in self._units]
        if silent:
            seen = f"no {', '.join(silent)} in {count} reports"
            self._desk.notes.note("channel.silent", who, seen)

    def _declared(self, who: str) -> dict[str, str] | None:
        known = self._desk.roll.find(who)
        if known is None or known.birth is None or not known.birth.channels:
            return None
        return {channel.n: channel.u for channel in known.birth.channels}

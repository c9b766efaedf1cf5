"""The readings themselves: whether they can be, and whether they move."""

from __future__ import annotations

from dataclasses import dataclass

from sim.probe.checks.base import Desk, Ending, reports
from sim.probe.reader import Heard, Report

STUCK_REPORTS = 20
"""Equal readings in a row that are a stuck output (assumed)."""

WHOLE_UNITS = ("count",)
"""Units of things that are counted, which may well stand still."""


@dataclass(slots=True)
class _Run:
    values: tuple[tuple[str, str, float], ...]
    length: int = 1


class ValueCheck:
    """Judges readings against ranges, and outputs that stand still."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._runs: dict[str, _Run] = {}
        self._stuck: set[str] = set()

    def hear(self, heard: Heard) -> None:
        """Judge the readings of one message."""
        notes = self._desk.notes
        for report in reports(heard):
            kind = report.who.partition("/")[0]
            for name, unit, value in report.readings:
                limits = self._desk.expect.range_of(kind, name)
                if limits is None:
                    continue
                notes.judge("value.range")
                low, high = limits
                if (low is not None and value < low) or (high is not None and value > high):
                    seen = f"{name} {value:g} {unit}, outside {_told(low)} to {_told(high)}"
                    notes.note("value.range", report.who, seen, heard.arrival)
            if report.battery is not None:
                notes.judge("value.battery")
                if not 0 <= report.battery <= 100:
                    seen = f"battery {report.battery:g}"
                    notes.note("value.battery", report.who, seen, heard.arrival)
            self._follow(report, heard)

    def conclude(self, _ending: Ending) -> None:
        """Nothing is left to find."""

    def _follow(self, report: Report, heard: Heard) -> None:
        run = self._runs.get(report.who)
        if run is None or run.values != report.readings:
            self._runs[report.who] = _Run(report.readings)
            return
        run.length += 1
        if run.length < STUCK_REPORTS:
            return
        self._desk.notes.judge("value.stuck")
        # A dry gauge reads 0 for days, and a counter of nothing counts nothing.
        moving = [v for _, unit, v in report.readings if v != 0 and unit not in WHOLE_UNITS]
        if moving and report.who not in self._stuck:
            self._stuck.add(report.who)
            seen = f"the same readings {run.length} times in a row"
            self._desk.notes.note("value.stuck", report.who, seen, heard.arrival)


def _told(limit: float | None) -> str:
    return "any" if limit is None else f"{limit:g}"

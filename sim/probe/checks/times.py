"""The device's clock against ours."""

from __future__ import annotations

from statistics import median

from sim.kernel.clock import SECOND
from sim.messages.telemetry import QUALITY_STORED
from sim.probe.arrival import Arrival
from sim.probe.checks.base import Desk, Ending, reports
from sim.probe.reader import Heard, Report

ABSOLUTE_S = 2.0**28
"""SenML times below this are relative to now (RFC 8428, section 4.5.3)."""

OFFSET_REPORTS = 3
"""Reports that an offset is the median of, at least (assumed)."""


class TimeCheck:
    """Judges times of readings."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._delays: dict[str, list[float]] = {}
        self._first: dict[str, Arrival] = {}
        self._ahead: set[str] = set()
        self._is_told = False

    def hear(self, heard: Heard) -> None:
        """Judge the times in one message."""
        for report in reports(heard):
            self._judge(report, heard.arrival)

    def conclude(self, _ending: Ending) -> None:
        """Find clocks that are wrong by a constant."""
        notes, expect = self._desk.notes, self._desk.expect
        for who, delays in self._delays.items():
            if len(delays) < OFFSET_REPORTS:
                continue
            notes.judge("time.offset")
            delay_s = median(delays)
            if who not in self._ahead and abs(delay_s) > expect.clock_s + expect.slack_s:
                side = "behind" if delay_s > 0 else "ahead"
                seen = f"{abs(delay_s):,.1f} s {side}, the median of {len(delays)} reports"
                notes.note("time.offset", who, seen, self._first[who])

    def _judge(self, report: Report, arrival: Arrival) -> None:
        notes, expect, who = self._desk.notes, self._desk.expect, report.who
        notes.judge("time.missing", "time.epoch", "pack.sim_time")
        if report.sim_time_s is None:
            notes.note("pack.sim_time", who, "no sim_time", arrival)
        if report.time_s is None:
            notes.note("time.missing", who, "neither 'bt' nor 't'", arrival)
            return
        if report.time_s < ABSOLUTE_S:
            notes.note("time.epoch", who, f"{report.time_s:g} s", arrival)
            return
        notes.judge("time.future")
        delay_s = arrival.at / SECOND - report.time_s
        if -delay_s > expect.ahead_s + expect.slack_s:
            self._ahead.add(who)
            notes.note("time.future", who, f"{-delay_s:,.1f} s ahead", arrival)
        elif report.quality != QUALITY_STORED:
            self._first.setdefault(who, arrival)
            self._delays.setdefault(who, []).append(delay_s)

"""How often a device speaks, against what its birth declares."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median

from sim.kernel.clock import SECOND
from sim.messages.telemetry import QUALITY_STORED
from sim.messages.wire import DeviceState
from sim.probe.arrival import Arrival
from sim.probe.checks.base import Desk, Ending, reports
from sim.probe.checks.times import ABSOLUTE_S
from sim.probe.reader import Heard, Report
from sim.probe.roll import ONLINE, Known

STEPS_LEAST = 3
"""Steps that are off before a rate is (assumed)."""
SHARE = 0.2
"""Share of steps that may be off: a restart, a clock set (assumed)."""
SLOW = 1.25
"""A step longer than so many intervals is too long (assumed)."""
FAST = 0.75
"""A step shorter than so many intervals is too short, where there is no alarm (assumed)."""
FAST_IN_ALARM = 0.4
"""Steps shorter in the mean than so many alarm intervals are too short: a device that comes
into alarm reports at once, so that two reports may fall into one alarm interval."""
JITTER = 0.1
"""Median deviation of steps from their median, as a share of it, that is uneven; and of their
mean from the interval, that is another rate (assumed)."""
JITTER_STEPS = 5

BURST_NS = 10 * SECOND
"""The time in which a flood is counted."""


@dataclass(slots=True)
class _Steps:
    times: dict[int, float] = field(default_factory=dict)
    last: Arrival | None = None
    doubtful: bool = False
    """Whether numbers are used twice, so that nothing can be reckoned by them."""


class RateCheck:
    """Judges rates: of reports by their own times and numbers, of messages by their arrival."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._steps: dict[str, _Steps] = {}
        self._intervals: dict[str, tuple[float | None, float | None]] = {}
        self._spoke_ns: dict[str, int] = {}
        self._recent: dict[str, deque[int]] = {}
        self._flooded: set[str] = set()
        self._voices: dict[str, set[str]] = {}
        self._stray_levels: set[str] = set()

    def hear(self, heard: Heard) -> None:
        """Note when who spoke."""
        self._note_burst(heard)
        if heard.address is None:
            self._stray_levels.update(heard.arrival.topic.lower().split("/"))
            return
        if heard.fault is not None and not heard.arrival.retained:
            self._spoke_ns[heard.who] = int(heard.arrival.at)
        state = heard.body
        if isinstance(state, DeviceState):
            if state.status == ONLINE:
                self._note_birth(heard.who, state, heard.arrival)
            return
        for report in reports(heard):
            self._note_report(report, heard.arrival)

    def conclude(self, ending: Ending) -> None:
        """Judge every device whose birth says how often it reports."""
        for known in self._desk.roll:
            birth = known.birth
            if birth is None or birth.interval_s is None or birth.interval_s <= 0:
                continue
            alarm_s = birth.alarm_interval_s or birth.interval_s
            steps = self._steps.get(known.who)
            if steps is not None:
                self._judge_steps(known.who, steps, birth.interval_s, alarm_s)
            self._judge_silence(known, birth.interval_s, ending)

    def _note_birth(self, who: str, birth: DeviceState, arrival: Arrival) -> None:
        intervals = (birth.interval_s, birth.alarm_interval_s)
        if self._intervals.get(who, intervals) != intervals:
            self._steps.pop(who, None)
        self._intervals[who] = intervals
        self._spoke_ns[who] = max(int(arrival.at), self._spoke_ns.get(who, 0))

    def _note_report(self, report: Report, arrival: Arrival) -> None:
        self._spoke_ns[report.who] = int(arrival.at)
        self._voices.setdefault(report.address.device, set()).add(report.who)
        steps = self._steps.setdefault(report.who, _Steps())
        steps.last = arrival
        seq = len(steps.times) if report.seq is None else int(report.seq)
        time_s = report.time_s
        if time_s is None or time_s < ABSOLUTE_S:
            time_s = arrival.at / SECOND
        if steps.times.setdefault(seq, time_s) != time_s:
            steps.doubtful = True

    def _note_burst(self, heard: Heard) -> None:
        arrival, who = heard.arrival, heard.who
        if arrival.retained or any(r.quality == QUALITY_STORED for r in reports(heard)):
            return
        self._desk.notes.judge("rate.flood")
        recent = self._recent.setdefault(who, deque())
        recent.append(int(arrival.at))
        while recent[0] <= arrival.at - BURST_NS:
            recent.popleft()
        if len(recent) > self._desk.expect.burst and who not in self._flooded:
            self._flooded.add(who)
            span_s = (recent[-1] - recent[0]) / SECOND
            seen = f"{len(recent)} messages within {span_s:.1f} s"
            self._desk.notes.note("rate.flood", who, seen, arrival)

    def _judge_steps(self, who: str, steps: _Steps, interval_s: float, alarm_s: float) -> None:
        notes = self._desk.notes
        spans = _spans(steps.times)
        if len(spans) < STEPS_LEAST or steps.doubtful:
            return
        notes.judge("rate.slow", "rate.fast")
        last = steps.last
        mean_s = math.fsum(spans) / len(spans)
        is_slow = alarm_s < interval_s or mean_s > (1 + JITTER) * interval_s
        if is_slow and _are_many(spans, lambda span: span > SLOW * interval_s):
            seen = f"{median(spans):g} s apart, where the birth says {interval_s:g} s"
            notes.note("rate.slow", who, seen, last)
        elif alarm_s < interval_s:
            if len(spans) > JITTER_STEPS and mean_s < FAST_IN_ALARM * alarm_s:
                seen = f"{mean_s:g} s apart, where the birth says {alarm_s:g} s in alarm"
                notes.note("rate.fast", who, seen, last)
        else:
            self._judge_even(who, spans, interval_s, last)

    def _judge_even(
        self, who: str, spans: list[float], interval_s: float, last: Arrival | None
    ) -> None:
        """Judge a device that has no alarm, and so no reason to be early."""
        notes, middle_s = self._desk.notes, median(spans)
        is_fast = math.fsum(spans) / len(spans) < (1 - JITTER) * interval_s
        if is_fast and _are_many(spans, lambda span: span < FAST * interval_s):
            seen = f"{middle_s:g} s apart, where the birth says {interval_s:g} s"
            notes.note("rate.fast", who, seen, last)
        elif len(spans) >= JITTER_STEPS:
            notes.judge("rate.jitter")
            off_s = median(abs(span - middle_s) for span in spans)
            if off_s > JITTER * middle_s:
                seen = f"{middle_s:g} s apart, give or take {off_s:.1f} s"
                notes.note("rate.jitter", who, seen, last)

    def _judge_silence(self, known: Known, interval_s: float, ending: Ending) -> None:
        expect = self._desk.expect
        intervals = max(2, math.ceil(math.log(expect.silence_chance) / math.log(expect.loss)))
        patience_s = intervals * interval_s + expect.lateness_s + expect.slack_s
        is_explained = (
            known.offline
            or self._is_cut_off(known)
            or self._speaks_elsewhere(known)
            or (ending.cut is not None and ending.cut[0] == known.who)
        )
        if ending.span_s <= patience_s or is_explained:
            return
        self._desk.notes.judge("rate.silence")
        since_s = (ending.end - self._spoke_ns.get(known.who, ending.start)) / SECOND
        if since_s > patience_s:
            seen = f"silent for {since_s:,.0f} s, with an interval of {interval_s:g} s"
            self._desk.notes.note("rate.silence", known.who, seen)

    def _speaks_elsewhere(self, known: Known) -> bool:
        """Return whether the device reports on topics that are not its own, which others note."""
        device = known.address.device
        return device in self._stray_levels or bool(self._voices.get(device, set()) - {known.who})

    def _is_cut_off(self, known: Known) -> bool:
        """Return whether the device's gateway has said that it is gone."""
        gateway_id = None if known.birth is None else known.birth.gateway
        if gateway_id is None:
            return False
        gateway = self._desk.roll.find(f"gateway/{gateway_id}")
        return gateway is not None and gateway.offline


def _are_many(spans: list[float], is_off: Callable[[float], bool]) -> bool:
    """Return whether more steps are off than a restart or a clock that was set explains."""
    off = sum(map(is_off, spans))
    return off >= STEPS_LEAST and off > SHARE * len(spans)


def _spans(times: dict[int, float]) -> list[float]:
    """Return the time from each report to the next, a missing one between them counted in [s].

    Parameters
    ----------
    times
        Device time by sequence number.
    """
    ordered = sorted(times.items())
    return [
        (later - earlier) / (above - below)
        for (below, earlier), (above, later) in pairwise(ordered)
        if later > earlier
    ]

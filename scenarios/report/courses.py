"""All events but floods under one clock: a row each, its severity against its own levels."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from markupsafe import Markup

from scenarios.events import Event
from scenarios.report import text as words
from scenarios.report.kinds import gravity, names, severity
from scenarios.report.material import Run, key_of
from scenarios.report.storm import FOOT, LEFT, RIGHT, ROW, WIDTH, clock_axis, depth_area, mark
from scenarios.report.svg import F64, Scale, figure, line, text
from scenarios.score import Match

COURSES_MAX = 24
"""Events drawn, the gravest."""
LIMITS_APART = 3.0
TITLE_EM = 13.5
"""Room between two limits of a row, and for a title before the chart begins."""


def courses_figure(run: Run) -> Markup:
    """Return the course of the gravest events, rows by onset."""
    time = Scale(0, max(run.score.horizon_s, 60.0), LEFT, WIDTH - RIGHT)
    worst = sorted(run.others, key=lambda m: gravity(m.event), reverse=True)[:COURSES_MAX]
    rows = sorted(worst, key=lambda m: run.number_of[key_of(m)])
    foot = 34 + len(rows) * ROW
    parts = [*clock_axis(run, time, 30, foot, at_most=9)]
    for position, match in enumerate(rows):
        parts += _row(run, match, time, 34 + position * ROW)
    return figure(WIDTH, foot + 10, "Events over the run", *parts)


def closed_course(event: Event, horizon_s: float) -> F64:
    """Return the event's course, carried on to its end."""
    last_s = horizon_s if event.end_s is None else event.end_s
    rows = event.course
    if rows.shape[1] and rows[0, -1] < last_s:
        rows = np.column_stack([rows, [last_s, rows[1, -1]]])
    return rows


def limits_of(event: Event) -> list[tuple[float, str]]:
    """Return the severities from which each level holds."""
    return [(limit, f"level {name}") for name, limit in event.limits.items()]


def _row(run: Run, match: Match, time: Scale, top: float) -> Iterator[Markup]:
    event = match.event
    ground = top + ROW - FOOT
    limits = [limit for limit, _ in limits_of(event)]
    high = max([event.peak, *limits[:1], 1e-9]) * 1.05
    up = Scale(0, high, ground, top + 4)
    yield line(0, top + ROW - 1, WIDTH, top + ROW - 1, "rule")
    yield text(0, top + 20, str(run.number_of[key_of(match)]), "row-number")
    yield text(34, top + 20, _short_title(event.title), "row-name")
    yield text(34, top + 36, words.shortened(run.place_name(event.place), 15), "row-note")
    yield text(34, top + 52, _verdict(match), "row-note")
    drawn = top
    for limit in sorted(limits, reverse=True):
        # Limits that fall together on the page are drawn once.
        if 0 < limit <= high and up(limit) - drawn >= LIMITS_APART:
            drawn = up(limit)
            yield line(time.p0, drawn, time.p1, drawn, "limit")
    yield from depth_area(closed_course(event, run.score.horizon_s), time, up, class_="course")
    yield line(time.p0, ground, time.p1, ground, "axis")
    for t_s, kind, what in (
        (match.suspected_s, "aware", "centre aware"),
        (event.closed_s, "closed", "road closed"),
        (match.on_scene_s, "scene", "first unit on scene"),
    ):
        if t_s is not None and time.holds(t_s):
            tip = f"{what} at {words.clock(run.score.start_ns, t_s, with_seconds=True)}"
            yield mark(kind, time(t_s), ground + FOOT - 5, tip)
    number, _, unit = severity(event.peak, event.unit).partition(words.SPACE)
    yield text(time.p1 + 8, ground - 12, number, "row-value small")
    yield text(time.p1 + 8, ground + 2, unit or "peak", "tick")


def _short_title(title: str) -> str:
    """Return both names where they fit on a line, else the English alone."""
    if words.width_em(title) <= TITLE_EM:
        return title
    return words.shortened(names(title)[0], TITLE_EM)


def _verdict(match: Match) -> str:
    if match.suspected_s is None:
        return "not detected"
    return words.lag(match.suspected_s - match.event.onset_s, "known")

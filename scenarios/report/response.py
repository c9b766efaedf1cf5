"""One event and the answer to it: milestones, true severity, and what everybody did."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from scenarios.events import FLOOD, time_s
from scenarios.report import gantt
from scenarios.report import text as words
from scenarios.report.courses import closed_course, limits_of
from scenarios.report.kinds import severity, unit_word
from scenarios.report.material import Run
from scenarios.report.storm import clock_axis, depth_area, rain_bars
from scenarios.report.svg import F64, Scale, el, figure, line, round_step, text
from scenarios.score import Match

WIDTH = 960.0
LEFT, RIGHT = 190.0, 152.0
RAIN_HEIGHT = 46.0
LANE = 15.0
DEPTH_HEIGHT = 190.0
FLOOD_LIMITS = [(0.15, "flood limit"), (0.27, "close road"), (0.50, "cars float")]
BEFORE_S, AFTER_S = 600.0, 900.0
"""Time shown before the first and after the last of what belongs to a flood."""
LABEL_EM = 15.0
"""Room for the name of what is measured, left of the chart."""
AWARE_BEFORE_S = 1800.0
"""An awareness earlier than this before the onset lies outside the figure."""


@dataclass(frozen=True, slots=True)
class Moment:
    """One milestone: when, what, and whether truth says so or the centre."""

    t_s: float
    what: str
    true: bool


def response_figure(run: Run, number: int, match: Match) -> Markup:
    """Return the figure of one event; rain hangs above a flood."""
    time = _window(run, match)
    is_flood = match.event.hazard == FLOOD
    top = 34 + (RAIN_HEIGHT + 10 if is_flood else 0)
    flags, lanes = _lanes(moments(match), time)
    depth_top = top + lanes * LANE + 10
    ground = depth_top + DEPTH_HEIGHT
    rows = [row for row in gantt.rows_of(run, match) if row.is_seen(time)]
    foot = ground + 16 + gantt.height(rows)
    parts = [*clock_axis(run, time, 30, foot, at_most=8)]
    if is_flood:
        parts += rain_bars(run.rain_at(match.event.place), time, 34, RAIN_HEIGHT, label=False)
    parts += _severity(run, match, time, depth_top, ground)
    parts += _flags(flags, time, top, foot)
    parts += gantt.draw(rows, time, ground + 16, run.score.start_ns)
    name = run.place_name(match.event.place)
    return figure(WIDTH, foot + 8, f"Event {number}, {name}: severity and response", *parts)


def moments(match: Match) -> list[Moment]:
    """Return the milestones of an event and its incident in order."""
    event, found = match.event, []
    word = "flood" if event.hazard == FLOOD else "it"
    for t_s, what in (
        (event.onset_s, f"{word} begins"),
        (event.closed_s, "road closed"),
        (match.on_scene_s, "first unit on scene"),
        (event.end_s, f"{word} ends"),
    ):
        if t_s is not None:
            found.append(Moment(t_s, what, true=True))
    if match.episode is not None:
        # What truth shows as the first arrival is not told twice.
        told = {"on_scene"} if match.on_scene_s is not None else set[str]()
        found += [
            Moment(t_s, words.state_word(state), true=False)
            for state, t_s in match.episode.reached.items()
            if state not in told
        ]
    return sorted(found, key=lambda moment: moment.t_s)


def _window(run: Run, match: Match) -> Scale:
    """Return the time shown: the event until it is under control, not until the papers close."""
    flood, horizon_s = match.event, run.score.horizon_s
    begins, ends = [flood.onset_s], [horizon_s if flood.end_s is None else flood.end_s]
    if match.episode is not None:
        begins.append(max(match.episode.from_s, flood.onset_s - AWARE_BEFORE_S))
        ends += [t_s for t_s in (match.reached_s("controlled"), match.on_scene_s) if t_s]
    from_s = max(0.0, min(begins) - BEFORE_S)
    to_s = min(horizon_s, max(ends) + AFTER_S)
    return Scale(from_s, max(to_s, from_s + BEFORE_S), LEFT, WIDTH - RIGHT)


@dataclass(frozen=True, slots=True)
class _Flag:
    x: float
    lane: int
    label: str
    true: bool
    left: bool


def _lanes(found: list[Moment], time: Scale) -> tuple[list[_Flag], int]:
    """Put each milestone's label into the first lane with room, to the left at the far end."""
    flags: list[_Flag] = []
    taken: list[list[tuple[float, float]]] = []
    for moment in found:
        if not time.holds(moment.t_s):
            continue
        x = time(moment.t_s)
        width = 11.5 * words.width_em(moment.what) + 12
        left = x + width > WIDTH - 4
        from_x, to_x = (x - width, x) if left else (x, x + width)
        lane = next(
            (i for i, used in enumerate(taken) if all(to_x < a or from_x > b for a, b in used)),
            len(taken),
        )
        if lane == len(taken):
            taken.append([])
        taken[lane].append((from_x, to_x))
        flags.append(_Flag(x, lane, moment.what, moment.true, left))
    return flags, len(taken)


def _flags(flags: list[_Flag], time: Scale, top: float, foot: float) -> Iterator[Markup]:
    for flag in flags:
        y = top + (flag.lane + 1) * LANE
        kind = "true" if flag.true else "told"
        yield line(flag.x, y - 9, flag.x, foot, f"moment {kind}")
    for flag in flags:
        y = top + (flag.lane + 1) * LANE
        kind = "true" if flag.true else "told"
        sign = el("circle", cx=flag.x, cy=y - 9, r=3.0, class_=f"moment-dot {kind}")
        side = (flag.x - 6, "end") if flag.left else (flag.x + 6, "start")
        yield el("g", sign, text(side[0], y - 5, flag.label, f"moment-label {kind}", side[1]))
    yield text(time.p0 - 10, top + LANE - 5, "milestones", "label", "end")


def _severity(run: Run, match: Match, time: Scale, top: float, ground: float) -> Iterator[Markup]:
    event = match.event
    if event.hazard == FLOOD:
        rows = run.depths.get(event.place, np.empty((2, 0)))
        label, limits, least = "true depth, m", FLOOD_LIMITS, 0.55
    else:
        rows = closed_course(event, run.score.horizon_s)
        label = ", ".join(filter(None, (event.quantity, unit_word(event.unit))))
        limits = limits_of(event)
        least = max([1e-9, *(limit * 1.1 for limit, _ in limits[:1])])
    high = max(least, event.peak * 1.08)
    up = Scale(0, high, ground, top)
    for row, part in enumerate(reversed(words.two_lines(label, LABEL_EM))):
        yield text(time.p0 - 10, top - 4 - 13 * row, part, "label", "end")
    step = round_step(high, 5)
    for value in np.arange(0, high, step).tolist():
        yield text(time.p0 - 10, up(value) + 4, words.figures(value), "tick", "end")
        yield line(time.p0 - 5, up(value), time.p0, up(value), "axis")
    class_ = "depth" if event.hazard == FLOOD else "course"
    yield from depth_area(rows, time, up, class_=class_)
    label_y = ground + 4.0
    for limit, meaning in limits:
        if limit > high:
            continue
        y = up(limit)
        label_y = min(y + 4, label_y - 13)
        yield line(time.p0, y, time.p1, y, "limit")
        yield line(time.p1, y, time.p1 + 8, label_y - 4, "limit-leader")
        yield text(time.p1 + 11, label_y, f"{severity(limit, event.unit)} {meaning}", "limit-value")
    yield line(time.p0, ground, time.p1, ground, "axis")
    yield from _peak(run, match, rows, time, up)
    if event.hazard == FLOOD:
        yield from _reports(run, event.place, time, up)


def _peak(run: Run, match: Match, rows: F64, time: Scale, up: Scale) -> Iterator[Markup]:
    event = match.event
    last_s = run.score.horizon_s if event.end_s is None else event.end_s
    during = np.flatnonzero((rows[0] >= event.onset_s) & (rows[0] <= last_s))
    if not len(during):
        return
    worst = during[int(np.argmax(rows[1, during]))]
    x, y = time.clipped(float(rows[0, worst])), up.clipped(float(rows[1, worst]))
    yield el("circle", cx=x, cy=y, r=3.0, class_="peak")
    shown = f"peak {severity(event.peak, event.unit)}"
    yield text(x, y - 8, shown, "peak-label", "middle")


def _reports(run: Run, place: str, time: Scale, up: Scale) -> Iterator[Markup]:
    """Yield what gauges told the centre of depth when they raised or withdrew a finding."""
    for record in run.decisions:
        if record["type"] != "finding" or record["place"] != place or record["unit"] != "m":
            continue
        t_s = time_s(record, run.score.start_ns)
        value = record["value"]
        if not time.holds(t_s) or value is None or not up.holds(value):
            continue
        what = "raised" if record["active"] else "withdrawn"
        tip = f"{record['device']}: {record['signal']} {what} at {value:.2f} m"
        kind = "report" if record["active"] else "report off"
        yield el("circle", el("title", tip), cx=time(t_s), cy=up(value), r=3.6, class_=kind)

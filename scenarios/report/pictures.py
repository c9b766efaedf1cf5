"""Pictures that one kind of hazard needs and no other: cases, services without people, air."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

import numpy as np
from markupsafe import Markup

from scenarios.report import text as words
from scenarios.report.courses import closed_course
from scenarios.report.kinds import severity
from scenarios.report.material import Run, key_of
from scenarios.report.storm import LEFT, RIGHT, WIDTH, clock_axis
from scenarios.report.svg import F64, Scale, el, figure, line, path, rect, round_step, text
from scenarios.score import Match
from sim.kernel.clock import iso
from sim.world.background.aqi import BREAKPOINTS, table_on

HEIGHT = 220.0
TOP = 40.0
DAY_S = 86_400.0
DISTRICTS_MAX = 5
"""Districts with a colour of their own, those with the most cases; the others share one."""
SERVICES = {
    "outage": "without power",
    "low_pressure": "with little water",
    "telecom_outage": "without telephone",
}
"""Hazards whose severity counts people who go without, and without what."""
AIR = ("good", "moderate", "lightly polluted", "moderately", "heavily", "severely polluted")
"""Classes of the air quality index, HJ 633."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """One drawing with its headline, what its colours mean, and a line below it.

    Attributes
    ----------
    legend
        Drawing class and meaning of each colour.
    """

    title: str
    figure: Markup
    legend: Sequence[tuple[str, str]]
    note: str = ""


def pictures(run: Run) -> list[Picture]:
    """Return the pictures that the run's hazards call for."""
    found = [_cases(run, match) for match in run.others if match.event.hazard == "outbreak"]
    found += [_air(run, match) for match in run.others if match.event.hazard == "air_episode"]
    return [picture for picture in (*found, _services(run)) if picture is not None]


def _cases(run: Run, match: Match) -> Picture | None:
    """Return new cases a day as bars, each parted by district; the first day begins at onset."""
    event = match.event
    records = [
        record
        for record in run.truth
        if record["type"] == "new_cases" and record["event"] == event.event
    ]
    if not records:
        return None
    last_s = run.score.horizon_s if event.end_s is None else event.end_s
    days = max(1, int(np.ceil((last_s - event.onset_s) / DAY_S)))
    by_district: dict[str, F64] = {}
    for record in records:
        day = min(int((record["t_s"] - event.onset_s) // DAY_S), days - 1)
        for district, people in record["districts"].items():
            by_district.setdefault(district, np.zeros(days))[day] += people
    ranked = sorted(by_district, key=lambda d: (-by_district[d].sum(), d))
    shown = {run.district_name(d): by_district[d] for d in ranked[:DISTRICTS_MAX]}
    if rest := ranked[DISTRICTS_MAX:]:
        shown["other districts"] = np.sum([by_district[d] for d in rest], axis=0)
    total = int(sum(counts.sum() for counts in shown.values()))
    begun = words.clock(run.score.start_ns, event.onset_s)
    return Picture(
        title=f"New cases a day, {words.number(total)} in all",
        figure=figure(WIDTH, TOP + HEIGHT + 30, "New cases a day by district", *_bars(shown, days)),
        legend=[
            (f"stack{i}", f"{name}: {words.number(counts.sum())}")
            for i, (name, counts) in enumerate(shown.items())
        ],
        note=f"Event {run.number_of[key_of(match)]}, {run.place_name(event.place)}. Days count "
        f"from the onset at {begun}; the last may not be whole.",
    )


def _bars(shown: Mapping[str, F64], days: int) -> Iterator[Markup]:
    high = max(float(np.sum(list(shown.values()), axis=0).max()), 1.0)
    up = Scale(0, high * 1.08, TOP + HEIGHT, TOP)
    across = Scale(0, days, LEFT, WIDTH - RIGHT)
    yield from _up_axis(up, high, "new cases")
    base = np.zeros(days)
    gap = 0.12 * (across(1) - across(0))
    for number, (name, counts) in enumerate(shown.items()):
        for day in np.flatnonzero(counts).tolist():
            top, foot = up(float(base[day] + counts[day])), up(float(base[day]))
            tip = f"{name}, day {day + 1}: {counts[day]:.0f}"
            wide = across(1) - across(0) - 2 * gap
            yield rect(across(day) + gap, top, wide, foot - top, f"stack{number}", tip)
        base += counts
    for day in range(days):
        x = (across(day) + across(day + 1)) / 2
        yield text(x, TOP + HEIGHT + 18, f"day {day + 1}", "tick", "middle")
        if base[day]:
            yield text(x, up(float(base[day])) - 6, words.number(base[day]), "row-value", "middle")


def _services(run: Run) -> Picture | None:
    """Return how many people went without power, water or telephone, all events together."""
    horizon_s = max(run.score.horizon_s, 60.0)
    t_s = np.linspace(0.0, horizon_s, 361)
    lines: dict[str, F64] = {}
    for match in run.others:
        event = match.event
        if event.hazard not in SERVICES:
            continue
        people = lines.setdefault(event.hazard, np.zeros(len(t_s)))
        course = closed_course(event, horizon_s)
        last = np.searchsorted(course[0], t_s, side="right") - 1
        during = (last >= 0) & (t_s <= course[0, -1])
        people[during] += course[1, last[during]]
    if not lines:
        return None
    scale, unit = (
        (1000.0, "thousand people")
        if max(map(np.max, lines.values())) >= 1e4
        else (
            1.0,
            "people",
        )
    )
    high = max(float(max(people.max() for people in lines.values())) / scale, 1e-9)
    time = Scale(0, horizon_s, LEFT, WIDTH - RIGHT)
    up = Scale(0, high * 1.08, TOP + HEIGHT, TOP)
    parts = [*clock_axis(run, time, TOP - 8, TOP + HEIGHT, at_most=9), *_up_axis(up, high, unit)]
    legend = []
    for number, (hazard, word) in enumerate(SERVICES.items()):
        if hazard in lines:
            xy = np.column_stack([time.many(t_s), up.many(lines[hazard] / scale)])
            parts.append(el("path", d=path(xy), class_=f"series{number}"))
            worst = severity(float(lines[hazard].max()), "people")
            legend.append((f"series{number}", f"{word}, at most {worst}"))
    return Picture(
        title="People who go without",
        figure=figure(WIDTH, TOP + HEIGHT + 12, "People without services", *parts),
        legend=legend,
    )


def _air(run: Run, match: Match) -> Picture | None:
    """Return fine dust against the classes of the air quality index in force that day."""
    event = match.event
    rows = np.array(
        [
            (record["t_s"], record["pm25_ugm3"])
            for record in run.truth
            if record["type"] == "hazard_course"
            and record["event"] == event.event
            and "pm25_ugm3" in record
        ]
    ).T
    if not rows.size:
        return None
    rows = rows[:, :: max(1, rows.shape[1] // 400)]
    mean = closed_course(event, run.score.horizon_s)
    mean = mean[:, :: max(1, mean.shape[1] // 400)]
    table = table_on(date.fromisoformat(iso(run.score.start_ns)[:10]))
    points = BREAKPOINTS[table]["day"]["pm25"]
    bounds = [*map(float, points[:6]), np.inf]
    high = float(max(rows[1].max(), mean[1].max(), 75.0)) * 1.05
    time = Scale(0, max(run.score.horizon_s, 60.0), LEFT, WIDTH - RIGHT)
    up = Scale(0, high, TOP + HEIGHT, TOP)
    parts: list[Markup] = []
    for number, (low, bound) in enumerate(pairwise(bounds)):
        if low < high:
            top = up(min(bound, high))
            parts.append(rect(time.p0, top, time.p1 - time.p0, up(low) - top, f"air{number}"))
            parts.append(text(time.p1 + 8, up(low) + 4, f"{low:g}", "tick"))
    parts += clock_axis(run, time, TOP - 8, TOP + HEIGHT, at_most=9)
    parts.append(text(time.p0 - 10, TOP + 4, "fine dust,", "label", "end"))
    parts.append(text(time.p0 - 10, TOP + 20, "µg/m³", "label", "end"))
    for class_, shown in (("series0 thin", rows), ("series0", mean)):
        xy = np.column_stack([time.many(shown[0]), up.many(shown[1])])
        parts.append(el("path", d=path(xy), class_=class_))
    return Picture(
        title="Fine dust and the classes of the air quality index",
        figure=figure(WIDTH, TOP + HEIGHT + 12, "Fine dust over the run", *parts),
        legend=[
            ("series0 thin", "PM2.5 now"),
            ("series0", "mean of 24 hours"),
            *(
                (f"air{number}", f"{name}, from {low:g}")
                for number, (name, low) in enumerate(zip(AIR, bounds[:6], strict=True))
            ),
        ],
        note=f"Classes by the daily means of HJ 633-{table}.",
    )


def _up_axis(up: Scale, high: float, unit: str) -> Iterator[Markup]:
    """Yield the upright scale with its unit, and a faint line at each step."""
    yield text(LEFT - 10, TOP - 12, unit, "label", "end")
    step = round_step(high, 4)
    for value in np.arange(0, high * 1.08, step).tolist():
        yield line(LEFT, up(value), WIDTH - RIGHT, up(value), "grid" if value else "axis")
        yield text(LEFT - 10, up(value) + 4, words.figures(value), "tick", "end")

"""All floods under one clock: rain from above, then every flooded place with its answers."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from markupsafe import Markup

from scenarios.report import text as words
from scenarios.report.material import Run
from scenarios.report.svg import (
    F64,
    Scale,
    el,
    figure,
    line,
    path,
    rect,
    round_step,
    text,
    time_ticks,
)
from scenarios.score import Match

WIDTH = 960.0
LEFT, RIGHT = 226.0, 82.0
RAIN_HEIGHT = 74.0
ROW = 66.0
FOOT = 19.0
"""Strip under each row's ground for the signs, so that they hide no shallow water."""
ROWS_MAX = 24
BIN_S = 300.0


def storm_figure(run: Run) -> Markup:
    """Return rain and floods of the whole run, a row for each of the deepest `ROWS_MAX` places."""
    time = Scale(0, max(run.score.horizon_s, 60.0), LEFT, WIDTH - RIGHT)
    deepest = sorted(run.by_place, key=lambda place: -run.peak_m[place])[:ROWS_MAX]
    rows = [place for place in run.by_place if place in deepest]
    first = 34 + RAIN_HEIGHT + 16
    foot = first + max(len(rows), 1) * ROW
    deepest_m = max([0.3, *(m.event.peak for m in run.floods)])
    parts = [*clock_axis(run, time, 30, foot, at_most=9)]
    parts += rain_bars(run.rain, time, 34, RAIN_HEIGHT, label=True)
    for position, place in enumerate(rows):
        parts += _row(run, place, time, first + position * ROW, deepest_m)
    if not rows:
        parts.append(text((LEFT + WIDTH - RIGHT) / 2, first + 30, "No place flooded", "", "middle"))
    return figure(WIDTH, foot + 10, "Rain and floods over the run", *parts)


def clock_axis(run: Run, time: Scale, top: float, foot: float, at_most: int) -> Iterator[Markup]:
    """Yield the grid of times of day, labelled above."""
    for t_s in time_ticks(time.v0, time.v1, at_most):
        x = time(t_s)
        yield line(x, top, x, foot, "grid")
        yield text(x, top - 8, words.clock(run.score.start_ns, t_s), "tick", "middle")


def rain_bars(
    rain: F64, time: Scale, top: float, height: float, *, label: bool
) -> Iterator[Markup]:
    """Yield rain as bars that hang from above, each the mean of 5 minutes."""
    yield line(time.p0, top, time.p1, top, "axis")
    yield text(time.p0 - 10, top + 13, "rain, mm/h", "label", "end")
    within = (rain[0] >= time.v0) & (rain[0] <= time.v1)
    if not within.any() or rain[1, within].max() <= 0:
        yield text(time.p0 - 10, top + 28, "none", "tick", "end")
        return
    bins = np.floor(rain[0, within] / BIN_S).astype(np.int64)
    names, place, sizes = np.unique(bins, return_inverse=True, return_counts=True)
    means = np.bincount(place, weights=rain[1, within]) / sizes
    step = round_step(float(means.max()), 3)
    down = Scale(0, float(means.max()) * 1.04, top, top + height)
    for value in np.arange(step, means.max() + 1e-9, step).tolist() if label else []:
        yield line(time.p0, down(value), time.p1, down(value), "grid faint")
        yield text(time.p1 + 8, down(value) + 4, f"{value:g}", "tick")
    for name, mean in zip(names.tolist(), means.tolist(), strict=True):
        from_s = max(name * BIN_S, time.v0)
        to_s = min((name + 1) * BIN_S, time.v1)
        if mean > 0 and to_s > from_s:
            width = time(to_s) - time(from_s) - 1
            yield rect(time(from_s), top, width, down(mean) - top, "rain", f"{mean:.1f} mm/h")
    if not label:
        yield text(time.p1 + 8, top + 13, f"to {means.max():.0f}", "tick")


def depth_area(
    rows: F64, time: Scale, up: Scale, *, class_: str = "depth"
) -> tuple[Markup, Markup]:
    """Return the filled shape and the line of a depth curve, dry where it was not sampled."""
    within = (rows[0] >= time.v0) & (rows[0] <= time.v1)
    t_s, depth_m = rows[0, within], rows[1, within]
    if not len(t_s):
        t_s, depth_m = np.array([time.v0]), np.array([0.0])
    xy = np.column_stack([time.many(t_s), up.many(depth_m)])
    ground = np.array([[xy[0, 0], up(0)]]), np.array([[xy[-1, 0], up(0)]])
    outline = path(np.vstack([ground[0], xy, ground[1]]), closed=True)
    return (
        el("path", d=outline, class_=f"{class_} fill"),
        el("path", d=path(xy), class_=f"{class_} curve"),
    )


def _row(run: Run, place: str, time: Scale, top: float, deepest_m: float) -> Iterator[Markup]:
    floods = run.by_place[place]
    ground = top + ROW - FOOT
    up = Scale(0, deepest_m, ground, top + 4)
    numbers = ",".join(map(str, run.numbers[place]))
    lines = (*words.two_lines(run.place_name(place), 13.5), _verdict(floods))
    yield line(0, top + ROW - 1, WIDTH, top + ROW - 1, "rule")
    yield text(0, top + 20, words.shortened(numbers, 4), "row-number")
    for position, content in enumerate(lines):
        kind = "row-name" if position < len(lines) - 1 else "row-note"
        yield text(34, top + 20 + 16 * position, content, kind)
    yield line(time.p0, up(0.15), time.p1, up(0.15), "limit")
    yield from depth_area(run.depths.get(place, np.empty((2, 0))), time, up)
    yield line(time.p0, ground, time.p1, ground, "axis")
    for match in floods:
        yield from _marks(run, match, time, ground)
    yield text(time.p1 + 8, ground - 12, words.depth(run.peak_m[place]), "row-value")
    yield text(time.p1 + 8, ground + 2, "peak", "tick")


def _marks(run: Run, match: Match, time: Scale, ground: float) -> Iterator[Markup]:
    for t_s, kind, what in (
        (match.suspected_s, "aware", "centre aware"),
        (match.event.closed_s, "closed", "road closed"),
        (match.on_scene_s, "scene", "first unit on scene"),
    ):
        if t_s is not None and time.holds(t_s):
            tip = f"{what} at {words.clock(run.score.start_ns, t_s, with_seconds=True)}"
            yield mark(kind, time(t_s), ground + FOOT - 5, tip)


def mark(kind: str, x: float, y: float, tip: str = "") -> Markup:
    """Return the sign of one kind of answer, standing on a line."""
    shapes = {
        "aware": el("path", d="M0 0L-5.5-10H5.5z"),
        "closed": el("path", d="M-5-10H5V0H-5z"),
        "scene": el("circle", cx=0.0, cy=-5.0, r=5.5),
    }
    inside = (el("title", tip),) if tip else ()
    return el(
        "g",
        *inside,
        shapes[kind],
        class_=f"mark {kind}",
        transform=f"translate({x:.1f} {y:.1f})",
    )


def _verdict(floods: list[Match]) -> str:
    known = [m.suspected_s - m.event.onset_s for m in floods if m.suspected_s is not None]
    if len(floods) > 1:
        return f"{len(known)} of {len(floods)} floods known"
    return words.lag(known[0], "known") if known else "not detected"

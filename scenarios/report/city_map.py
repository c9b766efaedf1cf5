"""The map: roads, districts, stations, and every underpass by how deep its water stood."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import shapely
from markupsafe import Markup

from scenarios.events import Event
from scenarios.report import text as words
from scenarios.report.kinds import bounds, gravity, severity
from scenarios.report.material import Run, key_of
from scenarios.report.svg import F64, Space, el, figure, line, path, rect, round_step, text
from sim.kernel.basemap import ROAD_CLASSES, BaseMap, Place, Station

WIDTH = 960.0
HEIGHT_MIN, HEIGHT_MAX = 420.0, 820.0
MARGIN = 26.0
FOOT = 40.0
LINE = 15.0
POINTS_MAX = 70_000
"""Road points drawn at most, greater roads first: about 700 kB."""
DETAIL = 0.7
"""Bends of a road smaller than this on the page are left out."""
RINGS = 4
"""Shades of rings."""
WATER_M = (0.15, 0.27, 0.50)
"""Limits between the map's classes of water: ponding, closing, cars afloat."""
GLYPHS = {
    "pump_unit": ("M-7-7H7V7H-7z", "P"),
    "traffic_police": ("M0-9L9 0L0 9L-9 0z", "T"),
    "ambulance": ("M-3-8H3V-3H8V3H3V8H-3V3H-8V-3H-3z", "A"),
}
"""Outline and letter of each kind of station; a kind not named gets a square without letter."""


@dataclass(frozen=True, slots=True)
class _View:
    """From metres, north up, to the page, south down."""

    west_m: float
    north_m: float
    scale: float
    left: float
    top: float

    def __call__(self, xy_m: F64) -> F64:
        placed: F64 = (np.asarray(xy_m, dtype=float) - (self.west_m, self.north_m)) * (
            self.scale,
            -self.scale,
        ) + (self.left, self.top)
        return placed

    def point(self, x_m: float, y_m: float) -> tuple[float, float]:
        x, y = self(np.array([x_m, y_m])).tolist()
        return float(x), float(y)


def depth_class(depth_m: float | None) -> str:
    """Return the drawing class of a depth: dry, or one of four by rising depth."""
    if depth_m is None or depth_m < 0.01:
        return "dry"
    return f"water{1 + sum(depth_m >= limit for limit in WATER_M)}"


def city_map(run: Run) -> Markup:
    """Return the map of a run."""
    basemap = run.basemap
    view, height = _view(basemap)
    space = Space(WIDTH, height)
    marks = _place_marks(run, view, space)
    stations = list(_stations(basemap, view, space))
    names = list(_district_names(basemap, view, space))
    return figure(
        WIDTH,
        height,
        f"Map of {basemap.name}: underpasses by greatest depth, stations, roads",
        rect(0, 0, WIDTH, height, "sheet"),
        *_districts(basemap, view),
        *_roads(basemap, view),
        *_tracks(run, view),
        *_rings(run, view),
        *names,
        *stations,
        *marks,
        *_event_marks(run, view, space),
        *_labels(run, view, space),
        _scale_bar(view, height),
        _north(),
        text(WIDTH - MARGIN, height - 12, _credit(basemap), "credit", "end"),
        class_="map",
    )


def station_kinds(basemap: BaseMap) -> list[tuple[str, Markup]]:
    """Return name and glyph of every kind of station on the map, for its legend."""
    kinds = sorted({station.kind for station in basemap.stations})
    return [(words.plain(kind), glyph(kind, 10, 10, 20)) for kind in kinds]


def glyph(kind: str, x: float, y: float, size: float | None = None) -> Markup:
    """Return a station's sign at a point; with `size`, as a small drawing of its own."""
    outline, letter = GLYPHS.get(kind, ("M-6-6H6V6H-6z", ""))
    sign = el(
        "g",
        el("path", d=outline),
        text(0, 3.5, letter, "", "middle"),
        class_=f"station {kind}",
        transform=f"translate({x:.1f} {y:.1f})",
    )
    if size is None:
        return sign
    return el("svg", sign, viewBox="0 0 20 20", width=size, height=size, class_="sign")


def _view(basemap: BaseMap) -> tuple[_View, float]:
    """Fit the road graph into the width, or into the greatest height."""
    low, high = basemap.roads.node_xy_m.min(axis=0), basemap.roads.node_xy_m.max(axis=0)
    span = np.maximum(high - low, 100.0)
    room = WIDTH - 2 * MARGIN
    scale = float(min(room / span[0], (HEIGHT_MAX - 2 * MARGIN - FOOT) / span[1]))
    height = max(HEIGHT_MIN, float(span[1]) * scale + 2 * MARGIN + FOOT)
    left = (WIDTH - float(span[0]) * scale) / 2
    top = (height - FOOT - float(span[1]) * scale) / 2
    return _View(float(low[0]), float(high[1]), scale, left, top), height


def _roads(basemap: BaseMap, view: _View) -> Iterator[Markup]:
    """Yield one path a class, small roads first so that great ones lie on top."""
    roads, left = basemap.roads, POINTS_MAX
    drawn: list[Markup] = []
    for rank, name in enumerate(ROAD_CLASSES):
        shapes = [roads.shapes[i] for i in np.flatnonzero(roads.road_class == rank).tolist()]
        if not shapes:
            continue
        lines = np.array([shapely.LineString(view(shape)) for shape in _one_way(shapes)])
        simple = [shapely.get_coordinates(one) for one in shapely.simplify(lines, DETAIL)]
        left -= sum(map(len, simple))
        if left < 0 and drawn:
            break
        drawn.append(el("path", d="".join(map(path, simple)), class_=f"road {name}"))
    yield from reversed(drawn)


def _one_way(shapes: list[F64]) -> list[F64]:
    """Return each road once, though it is a link in either direction."""
    kept: dict[tuple[tuple[float, ...], ...], F64] = {}
    for shape in shapes:
        ends = sorted(tuple(end) for end in np.round(shape[[0, -1]], 1).tolist())
        kept.setdefault((*ends, (float(len(shape)),)), shape)
    return list(kept.values())


def _districts(basemap: BaseMap, view: _View) -> Iterator[Markup]:
    for number, district in enumerate(basemap.districts):
        outline = view(district.outline_m)
        tint = f"district tint{number % 4}"
        yield el("path", el("title", district.name), d=path(outline, closed=True), class_=tint)


def _district_names(basemap: BaseMap, view: _View, space: Space) -> Iterator[Markup]:
    """Yield each district's name within it, clear of signs where there is room."""
    sheet = shapely.box(0, 0, WIDTH, space.height)
    for district in basemap.districts:
        area = shapely.Polygon(view(district.outline_m)).buffer(0).intersection(sheet)
        if area.is_empty:
            continue
        middle = area.representative_point()
        width = 16.5 * words.width_em(district.name)
        spots = [
            (middle.x + dx, middle.y + dy) for dy in (0, -45, 45, -90, 90) for dx in (0, -70, 70)
        ]
        x, y = next(
            (
                (x, y)
                for x, y in spots
                if area.contains(shapely.Point(x, y))
                and space.is_free(x - width / 2, y - 14, width, 18)
            ),
            (middle.x, middle.y),
        )
        space.take(x - width / 2, y - 14, width, 18)
        yield text(x, y, district.name, "district-name", "middle")


def _tracks(run: Run, view: _View) -> Iterator[Markup]:
    for unit, rows in run.tracks.items():
        if len(rows) > 1:
            bends = shapely.LineString(view(rows[:, 1:3])).simplify(DETAIL)
            course = path(shapely.get_coordinates(bends))
            yield el("path", el("title", f"{unit} drove here"), d=course, class_="track")


def _stations(basemap: BaseMap, view: _View, space: Space) -> Iterator[Markup]:
    for station in basemap.stations:
        x, y = view.point(station.x_m, station.y_m)
        space.take(x - 8, y - 8, 16, 16)
        yield el("g", el("title", _about(station)), glyph(station.kind, x, y))


def _about(station: Station) -> str:
    note = ", assumed" if station.assumed else ""
    return f"{station.name}: {station.units} × {words.plain(station.kind)}{note}"


def _radius(depth_m: float) -> float:
    return 4.5 if depth_m < 0.01 else 9.0 + 6.0 * min(depth_m, 1.0)


def _place_marks(run: Run, view: _View, space: Space) -> list[Markup]:
    """Return every watched place, the deepest last and so on top."""
    marks = []
    watched = [p for p in run.basemap.places if p.kind == "underpass" or p.place_id in run.numbers]
    for place in sorted(watched, key=lambda p: run.peak_m.get(p.place_id, 0.0)):
        x, y = view.point(place.x_m, place.y_m)
        peak_m = run.peak_m.get(place.place_id, 0.0)
        radius = _radius(peak_m) if place.place_id in run.numbers else 4.5
        space.take(x - radius, y - radius, 2 * radius, 2 * radius)
        shown = el("circle", cx=x, cy=y, r=radius, class_=f"place {depth_class(peak_m)}")
        number = words.shortened(",".join(map(str, run.numbers.get(place.place_id, []))), 2.5)
        tip = f"{place.name}: at most {words.depth(peak_m)}" + (
            f", flood {number}" if number else ""
        )
        size = "number" if len(number) < 3 else "number many"
        label = text(x, y + 4.5, number, f"{size} {depth_class(peak_m)}", "middle")
        marks.append(el("g", el("title", tip), shown, *([label] if number else [])))
    return marks


def _rings(run: Run, view: _View) -> Iterator[Markup]:
    """Yield how far events reached, the widest first."""
    project = run.basemap.projection.to_xy
    for match in run.matches:
        for rank, value in enumerate(bounds(match.event)):
            xy = view(project(np.asarray(match.event.rings[value], dtype=float)))
            tip = f"{match.event.title}: {severity(value, match.event.unit)}"
            yield el("path", el("title", tip), d=path(xy, closed=True), class_=ring_class(rank))


def ring_class(rank: int) -> str:
    """Return the drawing class of an event's ring, the widest having rank 0."""
    return f"ring ring{min(rank, RINGS - 1)}"


def ring_legend(run: Run) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return for each kind of event that drew rings its title, and what bounds each of them."""
    found: dict[str, Event] = {}
    for match in sorted(run.matches, key=lambda m: gravity(m.event)):
        if match.event.rings:
            found[match.event.title] = match.event
    return [
        (
            f"{title}: {event.quantity}",
            [
                (ring_class(rank), severity(value, event.unit))
                for rank, value in enumerate(bounds(event))
            ],
        )
        for title, event in sorted(found.items())
    ]


def _event_marks(run: Run, view: _View, space: Space) -> Iterator[Markup]:
    """Yield every event but floods, the gravest last and so on top."""
    for match in sorted(run.others, key=lambda m: gravity(m.event)):
        event = match.event
        x_m, y_m = run.basemap.projection.point_to_xy(event.lon, event.lat)
        x, y = view.point(x_m, y_m)
        space.take(x - 9, y - 9, 18, 18)
        number = str(run.number_of[key_of(match)])
        tip = f"{number} {event.title}, {run.place_name(event.place)}"
        yield el(
            "g",
            el("title", tip),
            el("path", d="M0-9L9 7H-9z"),
            text(0, 5.5, words.shortened(number, 2.5), "", "middle"),
            class_="event",
            transform=f"translate({x:.1f} {y:.1f})",
        )


def _labels(run: Run, view: _View, space: Space) -> Iterator[Markup]:
    """Yield names of flooded places, each where it hides nothing, the deepest first."""
    flooded = [p for p in run.basemap.places if p.place_id in run.numbers]
    for place in sorted(flooded, key=lambda p: -run.peak_m.get(p.place_id, 0.0)):
        yield from _label(run, place, view, space)


def _label(run: Run, place: Place, view: _View, space: Space) -> Iterator[Markup]:
    """Yield name and depth at the first free spot; a shorter name where the whole has none."""
    x, y = view.point(place.x_m, place.y_m)
    peak_m = run.peak_m[place.place_id]
    gap = _radius(peak_m) + 5
    for lines in (words.two_lines(place.name, 15), (words.shortened(place.name, 10),)):
        width = 13.0 * max(4.0, *map(words.width_em, lines))
        high = LINE * (len(lines) + 1) + 1
        centred = min(max(x - width / 2, 4.0), WIDTH - width - 4)
        for left, top, anchor in (
            (x + gap, y - high / 2, "start"),
            (x - gap - width, y - high / 2, "end"),
            (centred, y + gap - 2, "middle"),
            (centred, y - gap - high + 2, "middle"),
            (x + gap, y + 4, "start"),
            (x - gap - width, y + 4, "end"),
        ):
            if not space.is_free(left, top, width, high):
                continue
            space.take(left, top, width, high)
            at = left + width * ("start", "middle", "end").index(anchor) / 2
            for position, content in enumerate(lines):
                yield text(at, top + 12 + LINE * position, content, "place-name", anchor)
            depth_y = top + 12 + LINE * len(lines)
            yield text(at, depth_y, words.depth(peak_m), "place-depth", anchor)
            return


def _scale_bar(view: _View, height: float) -> Markup:
    span_m = round_step(4 * 160 / view.scale, 4)
    width = span_m * view.scale
    y = height - 16
    shown = f"{span_m / 1000:g} km" if span_m >= 1000 else f"{span_m:g} m"
    return el(
        "g",
        rect(MARGIN - 8, y - 18, width + 70, 28, "plate"),
        line(MARGIN, y, MARGIN + width, y, "bar"),
        line(MARGIN, y - 5, MARGIN, y + 1, "bar"),
        line(MARGIN + width, y - 5, MARGIN + width, y + 1, "bar"),
        text(MARGIN + width + 8, y + 3, shown, "scale"),
        class_="scale-bar",
    )


def _north() -> Markup:
    return el(
        "g",
        el("title", "North is up"),
        el("path", d="M0-16L6 6L0 2L-6 6z"),
        text(0, 20, "N", "", "middle"),
        class_="north",
        transform=f"translate({WIDTH - 30:.0f} 30)",
    )


def _credit(basemap: BaseMap) -> str:
    return " · ".join(part for part in (basemap.attribution, basemap.source) if part)


def has_left_out(basemap: BaseMap) -> bool:
    """Return whether the map leaves its smallest roads out to stay short."""
    return sum(map(len, basemap.roads.shapes)) / 2 > POINTS_MAX

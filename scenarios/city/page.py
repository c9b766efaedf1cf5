"""A city's map as one HTML file: drawn by the reader's browser, loading nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jinja2
import msgspec
import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from scenarios.city.survey import survey
from sim.kernel.basemap import ROAD_CLASSES, BaseMap, Place, Station
from sim.world.city.model import City

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

_HERE = Path(__file__).parent
_MARGIN_M = 200.0
SHOWN_AT_FIRST = frozenset({"underpass", "hospital", "metro_station", "substation"})
"""Kinds of places that are shown before others are asked for: few enough to see the roads."""


def page(city: City) -> str:
    """Return the map as HTML, complete in itself."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE), autoescape=True, undefined=jinja2.StrictUndefined
    )
    data = msgspec.json.encode(_data(city)).decode()
    return environment.get_template("page.html.j2").render(
        found=survey(city),
        attribution=city.basemap.attribution,
        assumed=city.assumed,
        style=Markup((_HERE / "page.css").read_text(encoding="utf-8")),
        script=Markup((_HERE / "page.js").read_text(encoding="utf-8")),
        # Within a script element only its own end could end it.
        data=Markup(data.replace("<", "\\u003c")),
    )


def _data(city: City) -> dict[str, Any]:
    """Return what the script draws, in whole metres from the south-west corner."""
    basemap = city.basemap
    corners = [basemap.roads.node_xy_m, *(d.outline_m for d in basemap.districts)]
    every = np.concatenate(corners)
    low = np.floor(every.min(axis=0) - _MARGIN_M)
    size = np.ceil(every.max(axis=0) + _MARGIN_M) - low
    return {
        "size": size.astype(int).tolist(),
        "districts": [
            {"name": d.name, "people": round(d.population), "ring": _flat(d.outline_m, low)}
            for d in basemap.districts
        ],
        "areas": {
            level: {
                "xy": _points([(a.x_m, a.y_m) for a in basemap.areas if a.level == level], low),
                "names": [
                    f"{a.name}, {a.population:,.0f} people, {a.code}"
                    for a in basemap.areas
                    if a.level == level
                ],
            }
            for level in ("street", "community")
        },
        "roads": _roads(basemap, low),
        "places": _sites(basemap.places, low),
        "stations": _sites(basemap.stations, low),
        "cells": _cells(city, low),
    }


def _flat(xy_m: F64, low: F64) -> list[int]:
    """Return points as first, then steps: x, y, dx, dy, …; steps are short to write."""
    whole = np.rint(np.asarray(xy_m) - low).astype(np.int64)
    steps = np.diff(whole, axis=0, prepend=np.zeros((1, 2), dtype=np.int64))
    return [int(value) for value in steps.ravel().tolist()]


def _points(xy_m: Sequence[tuple[float, float]], low: F64) -> list[int]:
    whole = np.rint(np.array(xy_m, dtype=float).reshape(-1, 2) - low).astype(np.int64)
    return [int(value) for value in whole.ravel().tolist()]


def _roads(basemap: BaseMap, low: F64) -> dict[str, list[list[int]]]:
    """Return each road once, though it is a link in either direction, by class."""
    roads = basemap.roads
    drawn: dict[str, list[list[int]]] = {}
    seen: set[tuple[int, int, int, int]] = set()
    for link, shape in enumerate(roads.shapes):
        start, end, rank = int(roads.start[link]), int(roads.end[link]), int(roads.road_class[link])
        # Two roads between the same junctions differ in length.
        length = round(float(roads.length_m[link]))
        if (end, start, rank, length) in seen:
            continue
        seen.add((start, end, rank, length))
        drawn.setdefault(ROAD_CLASSES[rank], []).append(_flat(shape, low))
    return {name: drawn[name] for name in ROAD_CLASSES if name in drawn}


def _sites(sites: Sequence[Place | Station], low: F64) -> list[dict[str, Any]]:
    """Return places or stations by kind, in order of kind."""
    by_kind: defaultdict[str, list[Place | Station]] = defaultdict(list)
    for site in sites:
        by_kind[site.kind].append(site)
    return [
        {
            "kind": kind.replace("_", " "),
            "xy": _points([(one.x_m, one.y_m) for one in mine], low),
            "names": [one.name + (", assumed" if one.assumed else "") for one in mine],
            "shown": kind in SHOWN_AT_FIRST,
        }
        for kind, mine in sorted(by_kind.items())
    ]


def _cells(city: City, low: F64) -> dict[str, Any]:
    """Return the built-up cells: side, then column, row and people of each by steps."""
    cells = city.cells
    index = np.floor((cells.xy_m - low) / cells.size_m).astype(np.int64)
    order = np.lexsort((index[:, 0], index[:, 1]))
    corner = cells.xy_m[order[0]] - (index[order[0]] + 0.5) * cells.size_m - low
    steps = np.diff(index[order], axis=0, prepend=np.zeros((1, 2), dtype=np.int64))
    rows: I64 = np.column_stack([steps, np.rint(cells.people[order]).astype(np.int64)])
    return {
        "size": cells.size_m,
        "corner": corner.tolist(),
        "rows": [int(value) for value in rows.ravel().tolist()],
    }

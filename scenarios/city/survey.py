"""Count what a city holds, as a whole and by district."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from sim.kernel.basemap import ROAD_CLASSES, BaseMap, Roads
from sim.world.city.model import City

F64 = NDArray[np.float64]


def survey(city: City) -> dict[str, Any]:
    """Return the figures of a city as plain values: people, km2, km of road, counts by kind."""
    basemap = city.basemap
    roads = basemap.roads
    number = {district.district_id: i for i, district in enumerate(basemap.districts)}
    middle_m = (roads.node_xy_m[roads.start] + roads.node_xy_m[roads.end]) / 2
    home = np.array([number[one] for one in basemap.district_of(middle_m)])
    road_m = road_length_m(roads)
    links = np.bincount(home, minlength=len(number))
    road_km = np.bincount(home, weights=road_m, minlength=len(number)) / 1e3
    districts = [
        {
            "id": district.district_id,
            "name": district.name,
            "population": round(district.population),
            "area_km2": round(float(shapely.Polygon(district.outline_m).area) / 1e6, 3),
            **_areas(basemap, district.district_id),
            "links": int(links[i]),
            "road_km": round(float(road_km[i]), 1),
            "stations": _by_kind(basemap.stations, district.district_id),
            "places": _by_kind(basemap.places, district.district_id),
        }
        for i, district in enumerate(basemap.districts)
    ]
    by_class = np.bincount(roads.road_class, weights=road_m, minlength=len(ROAD_CLASSES)) / 1e3
    return {
        "name": basemap.name,
        "source": basemap.source,
        "population": round(float(city.cells.people.sum())),
        "area_km2": round(sum(d["area_km2"] for d in districts), 3),
        "built_up_km2": round(len(city.cells.people) * city.cells.size_m**2 / 1e6, 2),
        "nodes": len(roads.node_xy_m),
        "links": len(roads),
        "signals": int(roads.signal.sum()),
        "road_km": round(float(road_m.sum()) / 1e3, 1),
        "road_km_by_class": {
            name: round(float(km), 1) for name, km in zip(ROAD_CLASSES, by_class, strict=True) if km
        },
        "areas": dict(Counter(area.level for area in basemap.areas)),
        "stations": _by_kind(basemap.stations),
        "places": _by_kind(basemap.places),
        "districts": districts,
    }


def road_length_m(roads: Roads) -> F64:
    """Return ``(n_links,)`` the length of road each link stands for: half where both ways run."""
    n = len(roads.node_xy_m)
    there = roads.start.astype(np.int64) * n + roads.end
    back = roads.end.astype(np.int64) * n + roads.start
    return np.where(np.isin(there, back), roads.length_m / 2, roads.length_m)


def _areas(basemap: BaseMap, district_id: str) -> dict[str, Any]:
    mine = [area for area in basemap.areas if area.district_id == district_id]
    levels = Counter(area.level for area in mine)
    code = next((area.code for area in mine if area.level == "district"), "")
    return {"code": code, "streets": levels["street"], "communities": levels["community"]}


def _by_kind(things: Sequence[Any], district_id: str | None = None) -> dict[str, int]:
    kinds = (one.kind for one in things if district_id in (None, one.district_id))
    return dict(sorted(Counter(kinds).items()))


def lines(found: dict[str, Any]) -> list[str]:
    """Return a survey as lines for a person: the whole, then a table of the districts."""
    districts = found["districts"]
    rows = [
        ["district", "people", "km²", "streets", "communities", "links", "road km", "code"],
        *(
            [
                d["name"],
                f"{d['population']:,}",
                f"{d['area_km2']:,.1f}",
                d["streets"],
                d["communities"],
                f"{d['links']:,}",
                f"{d['road_km']:,.1f}",
                d["code"][:6],
            ]
            for d in districts
        ),
        [
            "all",
            f"{found['population']:,}",
            f"{found['area_km2']:,.1f}",
            found["areas"].get("street", 0),
            found["areas"].get("community", 0),
            f"{found['links']:,}",
            f"{found['road_km']:,.1f}",
            "",
        ],
    ]
    return [
        f"{found['name']} ({found['source']}): {found['nodes']:,} nodes, {found['links']:,} links,"
        f" {found['signals']:,} signals, {found['built_up_km2']:,.1f} km² built up",
        *table(rows),
        "",
        *_kinds("stations", found),
        "",
        *_kinds("places", found),
    ]


def _kinds(what: str, found: dict[str, Any]) -> list[str]:
    """Return the counts of each kind, a column a district."""
    districts = found["districts"]
    head = [f"{what} by kind", "all", *(d["id"] for d in districts)]
    rows = [
        [kind, f"{total:,}", *(d[what].get(kind, 0) or "·" for d in districts)]
        for kind, total in found[what].items()
    ]
    return table([head, *rows])


def table(rows: Sequence[Sequence[object]]) -> list[str]:
    """Return rows as aligned lines, the first column to the left and the others to the right."""
    shown = [[str(cell) for cell in row] for row in rows]
    widths = [max(map(_width, column)) for column in zip(*shown, strict=True)]
    return [
        "  ".join(
            (cell + " " * (width - _width(cell)) if i == 0 else " " * (width - _width(cell)) + cell)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in shown
    ]


def _width(text: str) -> int:
    """Return the columns a text takes on a terminal; a Chinese character takes two."""
    return sum(2 if "\u2e80" <= letter <= "\uffef" else 1 for letter in text)

"""Read a GeoJSON FeatureCollection (RFC 7946) of roads, districts and points.

Lines carry ``highway`` or ``class``, and may carry ``lanes`` (both directions together),
``maxspeed_kmh`` or ``speed_mps``, ``oneway``, ``name``, ``bridge``, ``tunnel``, ``layer``.
Polygons with ``district`` are districts and may tell a ``population``. Points with ``kind``
are underpasses, traffic lights, other facilities or stations, see `POINT_KINDS`; they may carry
``name``, and facilities ``capacity`` and ``area_m2``. Anything else is passed over.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.kernel.basemap import ROAD_CLASSES, District
from sim.kernel.errors import InputError
from sim.world.city import osm_tags
from sim.world.city.districts import unique_ids
from sim.world.city.draft import RAILWAY_RANK, RAISED, Draft, Mark, Overhead
from sim.world.city.graph import build_roads, left_out
from sim.world.city.model import PLACE_KINDS
from sim.world.city.station_kinds import KINDS
from sim.world.city.ways import Way, centre, to_streets

F64 = NDArray[np.float64]

POINT_KINDS = (
    *(kind for kind in PLACE_KINDS if kind != "junction"),
    "traffic_signals",
    *(row.kind for row in KINDS),
)
"""What a point may be: a light, which makes a junction; a facility; a station, by the kind of
unit that it houses."""


@dataclass(slots=True, kw_only=True)
class _Found:
    """What the features hold, in degrees."""

    ways: list[Way] = field(default_factory=list)
    keys: dict[tuple[float, float], int] = field(default_factory=dict)
    overhead: list[tuple[F64, int]] = field(default_factory=list)
    lights: list[F64] = field(default_factory=list)
    points: list[tuple[Mark, F64]] = field(default_factory=list)
    districts: list[tuple[str, float, F64]] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Feature:
    """One feature, and where to say that it is wrong."""

    source: str
    place: str
    kind: str
    coordinates: Any
    properties: dict[str, Any]

    def error(self, key: str, value: object, expected: str) -> InputError:
        return InputError(self.source, place=f"{self.place}, {key}", value=value, expected=expected)

    def number(self, key: str, least: float) -> float | None:
        """Return a property that must be a number of at least `least`, or None without one."""
        value = self.properties.get(key)
        if value is None:
            return None
        fit = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not fit or not least <= value < float("inf"):
            raise self.error(f"properties.{key}", value, f"a number of at least {least:g}")
        return float(value)

    def text(self, key: str) -> str:
        value = self.properties.get(key)
        return "" if value is None else str(value)

    def lonlat(self, coordinates: Any, least: int) -> F64:
        """Return positions as ``(n, 2)`` degrees; a height is left out."""
        try:
            degrees = np.array([position[:2] for position in coordinates], dtype=float)
        except (TypeError, ValueError, IndexError, KeyError):
            degrees = np.empty((0, 2))
        ok = degrees.shape[1:] == (2,) and len(degrees) >= least
        if not ok or not (np.abs(degrees) <= (180.0, 90.0)).all():
            shown = str(coordinates)
            raise self.error(
                "geometry.coordinates",
                shown if len(shown) < 60 else f"{shown[:57]}...",
                f"at least {least} positions [longitude, latitude] in degrees",
            )
        return degrees


def read_geojson(path: Path) -> Draft:
    """Return what a GeoJSON file says about its city.

    Raises
    ------
    InputError
        When the file is no FeatureCollection, a feature is not as the format says, or there
        is no drivable road.
    """
    document = _parse(path)
    found = _Found()
    for feature in _features(document, path.name):
        if feature.kind in ("LineString", "MultiLineString"):
            _take_line(feature, found)
        elif feature.kind in ("Polygon", "MultiPolygon"):
            _take_district(feature, found)
        elif feature.kind == "Point":
            _take_point(feature, found)
    if not found.ways:
        raise InputError(
            path.name,
            place="features",
            value=0,
            expected=f"LineStrings whose property highway is one of {', '.join(ROAD_CLASSES)}",
        )
    projection = centre(found.ways)
    lights = [np.empty((0, 2)), *(projection.to_xy(at) for at in found.lights)]
    streets = to_streets(found.ways, projection)
    roads, level = build_roads(streets, np.concatenate(lights), source=path.name)
    ids = unique_ids([name for name, _, _ in found.districts])
    return Draft(
        name=str(document.get("name") or path.name.split(".")[0].replace("_", " ").title()),
        source=path.name,
        attribution=str(document.get("attribution") or ""),
        projection=projection,
        roads=roads,
        level=level,
        dropped=left_out(streets),
        overhead=tuple(
            Overhead(line_m=projection.to_xy(line), rank=rank) for line, rank in found.overhead
        ),
        districts=tuple(
            District(
                district_id=district_id,
                name=name,
                outline_m=projection.to_xy(ring),
                population=population,
            )
            for district_id, (name, population, ring) in zip(ids, found.districts, strict=True)
        ),
        marks=tuple(_put(mark, projection.to_xy(at)[0]) for mark, at in found.points),
    )


def _put(mark: Mark, xy_m: F64) -> Mark:
    x_m, y_m = xy_m.tolist()
    return replace(mark, x_m=x_m, y_m=y_m)


def _parse(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_bytes())
    except json.JSONDecodeError as error:
        raise InputError(
            path.name,
            place=f"line {error.lineno}, column {error.colno}",
            value=error.msg,
            expected="JSON to the file's end",
        ) from error
    except (UnicodeDecodeError, OSError, RecursionError) as error:
        raise InputError(path.name, value=str(error), expected="JSON in UTF-8") from error
    kind = document.get("type") if isinstance(document, dict) else type(document).__name__
    if kind != "FeatureCollection" or not isinstance(document.get("features"), list):
        raise InputError(
            path.name,
            place="type",
            value=kind,
            expected="FeatureCollection with a list of features (RFC 7946)",
        )
    read: dict[str, Any] = document
    return read


def _features(document: dict[str, Any], source: str) -> Iterator[_Feature]:
    for i, feature in enumerate(document["features"], start=1):
        geometry = feature.get("geometry") if isinstance(feature, dict) else None
        if not isinstance(feature, dict) or feature.get("type") != "Feature":
            raise InputError(
                source, place=f"feature {i}", value=str(feature)[:60], expected="type Feature"
            )
        properties = feature.get("properties") or {}
        if geometry is None:
            continue
        if not isinstance(geometry, dict) or not isinstance(properties, dict):
            raise InputError(
                source, place=f"feature {i}", value=str(feature)[:60], expected="objects in it"
            )
        kind = str(geometry.get("type"))
        yield _Feature(
            source=source,
            place=f"feature {i} ({kind})",
            kind=kind,
            coordinates=geometry.get("coordinates"),
            properties=properties,
        )


def _take_line(feature: _Feature, found: _Found) -> None:
    tags = _tags(feature)
    cls = osm_tags.road_class(tags)
    overhead = osm_tags.level(tags) == RAISED and (cls or "railway" in tags)
    if cls is None and not overhead:
        return
    parts = feature.coordinates if feature.kind == "MultiLineString" else [feature.coordinates]
    if not isinstance(parts, list):
        raise feature.error("geometry.coordinates", parts, "a list of lines")
    speed_mps = feature.number("speed_mps", 1.0)
    kmh = feature.number("maxspeed_kmh", 3.6)
    lanes = feature.number("lanes", 1.0)
    tags.pop("lanes", None)
    if lanes is not None:
        tags["lanes"] = str(int(lanes))
    for part in parts:
        lonlat = feature.lonlat(part, 2)
        if overhead:
            found.overhead.append((lonlat, ROAD_CLASSES.index(cls) if cls else RAILWAY_RANK))
        if cls is not None:
            stated = speed_mps or (kmh / 3.6 if kmh else None)
            found.ways.append(
                Way(
                    refs=_refs(lonlat, found.keys),
                    lonlat=lonlat,
                    lanes=osm_tags.lanes(tags, cls),
                    speed_mps=stated or osm_tags.speed_mps(tags, cls),
                    road_class=ROAD_CLASSES.index(cls),
                    name=osm_tags.street_name(tags),
                    source_id=feature.text("id") or feature.place.split(" ")[1],
                    level=osm_tags.level(tags),
                )
            )


def _tags(feature: _Feature) -> dict[str, str]:
    """Return the properties as OpenStreetMap would write them."""
    tags = {}
    for key, value in feature.properties.items():
        if isinstance(value, bool):
            tags[key] = "yes" if value else "no"
        elif value is not None:
            tags[key] = str(value)
    tags.setdefault("highway", tags.get("class", ""))
    return tags


def _refs(lonlat: F64, keys: dict[tuple[float, float], int]) -> list[int]:
    """Return a key for each position; lines meet where positions agree to a centimetre."""
    return [keys.setdefault((lon, lat), len(keys)) for lon, lat in np.round(lonlat, 7).tolist()]


def _take_district(feature: _Feature, found: _Found) -> None:
    name = feature.text("district")
    if not name:
        return
    population = feature.number("population", 0.0) or 0.0
    polygons = feature.coordinates if feature.kind == "MultiPolygon" else [feature.coordinates]
    try:
        rings = [feature.lonlat(polygon[0], 4) for polygon in polygons]
    except (TypeError, IndexError, KeyError) as error:
        raise feature.error("geometry.coordinates", None, "a list of rings") from error
    # A district is one outline; islands and enclaves beyond the largest are left out.
    found.districts.append((name, population, max(rings, key=len)))


def _take_point(feature: _Feature, found: _Found) -> None:
    if "kind" not in feature.properties:
        return
    kind = feature.text("kind")
    if kind not in POINT_KINDS:
        raise feature.error("properties.kind", kind, f"one of {', '.join(POINT_KINDS)}")
    at = feature.lonlat([feature.coordinates], 1)
    if kind == "traffic_signals":
        found.lights.append(at)
        return
    mark = Mark(
        kind=kind,
        name=feature.text("name"),
        x_m=0.0,
        y_m=0.0,
        capacity=feature.number("capacity", 0.0) or 0.0,
        area_m2=feature.number("area_m2", 0.0) or 0.0,
    )
    found.points.append((mark, at))

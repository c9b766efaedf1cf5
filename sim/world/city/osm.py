"""Read OpenStreetMap extracts: PBF, XML, and XML packed by gzip or bzip2."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import osmium
import shapely
from numpy.typing import NDArray

from sim.kernel.basemap import ROAD_CLASSES, District
from sim.kernel.errors import InputError
from sim.kernel.geo import Projection
from sim.world.city import osm_sites, osm_tags
from sim.world.city.districts import outline, unique_ids
from sim.world.city.draft import RAILWAY_RANK, RAISED, Draft, Mark, Overhead
from sim.world.city.graph import build_roads, left_out
from sim.world.city.ways import Way, centre, to_streets

F64 = NDArray[np.float64]

ATTRIBUTION = "© OpenStreetMap contributors"

_KEYS = ("highway", "building", "boundary", *osm_sites.KEYS)
_RAIL = frozenset({"rail", "light_rail", "subway", "tram", "narrow_gauge", "monorail"})
_NOT_HOMES = frozenset(
    {"garage", "garages", "shed", "roof", "church", "industrial", "warehouse", "greenhouse"}
)
_STOREYS = 3.0
"""Storeys where none are tagged. Assumed: a mid-rise street."""
_MIN_DISTRICTS, _MIN_COVER = 2, 0.9
"""Boundaries are used when they divide the city, and hold this share of the junctions.
Assumed: an extract cuts off the rest."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Bound:
    """An administrative boundary, in degrees; a population of 0 is unknown."""

    level: str
    name: str
    population: float
    ring: F64


@dataclass(slots=True, kw_only=True)
class _Found:
    """What one pass over the file has collected, in degrees."""

    ways: list[Way] = field(default_factory=list)
    signals: list[tuple[float, float]] = field(default_factory=list)
    overhead: list[tuple[F64, int]] = field(default_factory=list)
    sites: list[tuple[dict[str, str], tuple[float, float], F64 | None]] = field(
        default_factory=list
    )
    floors: list[tuple[float, float, F64, float]] = field(default_factory=list)
    bounds: list[_Bound] = field(default_factory=list)
    town: tuple[int, str] = (99, "")


def read_osm(path: Path) -> Draft:
    """Return what an OpenStreetMap extract says about its city.

    Raises
    ------
    InputError
        When the file cannot be read to its end, or holds no drivable road.
    """
    found = _collect(path)
    if not found.ways:
        raise InputError(
            path.name,
            place="ways",
            value=0,
            expected="at least one way tagged as a drivable highway",
        )
    projection = centre(found.ways)
    streets = to_streets(found.ways, projection)
    roads, level = build_roads(
        streets,
        projection.to_xy(np.array(found.signals).reshape(-1, 2)),
        source=path.name,
    )
    return Draft(
        name=found.town[1] or path.name.split(".")[0].replace("_", " ").title(),
        source=path.name,
        attribution=ATTRIBUTION,
        projection=projection,
        roads=roads,
        level=level,
        overhead=tuple(
            Overhead(line_m=projection.to_xy(line), rank=rank) for line, rank in found.overhead
        ),
        districts=_districts(found.bounds, projection, roads.node_xy_m),
        marks=tuple(_marks(found, projection)),
        floors_m2=_floors_m2(found, projection),
        dropped=left_out(streets),
    )


def _collect(path: Path) -> _Found:
    found = _Found()
    keys = osmium.filter.KeyFilter(*_KEYS)
    relations = osmium.filter.KeyFilter("boundary", "building", *osm_sites.KEYS)
    try:
        for thing in (
            osmium.FileProcessor(osmium.io.File(str(path), _format(path)))
            .with_locations()
            .with_areas(relations)
            .with_filter(keys)
        ):
            tags = dict(thing.tags)
            if isinstance(thing, osmium.osm.Node):
                _take_node(thing, tags, found)
            elif isinstance(thing, osmium.osm.Way):
                _take_way(thing, tags, found)
            elif isinstance(thing, osmium.osm.Area):
                _take_area(thing, tags, found)
    except (RuntimeError, ValueError, OSError, osmium.InvalidLocationError) as error:
        place = re.search(r"line \d+, column \d+", str(error))
        unsorted = "out of order" in str(error)
        raise InputError(
            path.name,
            place=place.group() if place else None,
            value=str(error),
            expected="elements sorted by type and id, as the command `osmium sort` leaves them"
            if unsorted
            else "a complete, readable OpenStreetMap extract",
        ) from error
    return found


def _format(path: Path) -> str:
    """Return the format by the file's ending, which osmium takes in small letters only."""
    match = re.search(r"(osm|pbf)(\.gz|\.bz2)?$", path.name.lower())
    assert match, "only files with a known ending are read"
    return match.group()


def _take_node(node: osmium.osm.Node, tags: dict[str, str], found: _Found) -> None:
    if tags.get("highway") == "traffic_signals":
        found.signals.append((node.lon, node.lat))
    rank = {"city": 0, "town": 1, "village": 2, "suburb": 3}.get(tags.get("place", ""), 99)
    if rank < found.town[0] and "name" in tags:
        found.town = (rank, tags["name"])
    if osm_sites.is_site(tags):
        found.sites.append((tags, (node.lon, node.lat), None))


def _take_way(way: osmium.osm.Way, tags: dict[str, str], found: _Found) -> None:
    cls = osm_tags.road_class(tags)
    for refs, lonlat in _runs(way.nodes):
        if cls is not None:
            found.ways.append(
                Way(
                    refs=refs,
                    lonlat=lonlat,
                    lanes=osm_tags.lanes(tags, cls),
                    speed_mps=osm_tags.speed_mps(tags, cls),
                    road_class=ROAD_CLASSES.index(cls),
                    name=osm_tags.street_name(tags),
                    source_id=str(way.id),
                    level=osm_tags.level(tags),
                )
            )
        if (cls or tags.get("railway") in _RAIL) and osm_tags.level(tags) == RAISED:
            found.overhead.append((lonlat, ROAD_CLASSES.index(cls) if cls else RAILWAY_RANK))


def _runs(nodes: Iterable[osmium.osm.NodeRef]) -> Iterator[tuple[list[int], F64]]:
    """Return the stretches whose nodes the extract holds, without repeated nodes."""
    refs: list[int] = []
    lonlat: list[tuple[float, float]] = []
    for node in nodes:
        if not node.location.valid():
            if len(refs) > 1:
                yield refs, np.array(lonlat)
            refs, lonlat = [], []
        elif not refs or refs[-1] != node.ref:
            refs.append(node.ref)
            lonlat.append((node.lon, node.lat))
    if len(refs) > 1:
        yield refs, np.array(lonlat)


def _take_area(area: osmium.osm.Area, tags: dict[str, str], found: _Found) -> None:
    rings = [np.array([(n.lon, n.lat) for n in ring]) for ring in area.outer_rings()]
    if not rings:
        return
    ring = max(rings, key=len)
    lon, lat = ring.mean(axis=0).tolist()
    if osm_sites.is_site(tags):
        found.sites.append((tags, (lon, lat), ring))
    if tags.get("boundary") == "administrative" and "name" in tags:
        text = tags.get("population", "")
        found.bounds.append(
            _Bound(
                level=tags.get("admin_level", ""),
                name=tags["name"],
                population=float(text) if text.isdecimal() else 0.0,
                ring=ring,
            )
        )
    if "building" in tags and tags["building"] not in _NOT_HOMES:
        text = tags.get("building:levels", "")
        found.floors.append((lon, lat, ring, float(text) if text.isdecimal() else _STOREYS))


def _marks(found: _Found, projection: Projection) -> Iterator[Mark]:
    for tags, (lon, lat), ring in found.sites:
        x_m, y_m = projection.point_to_xy(lon, lat)
        area_m2 = 0.0 if ring is None else float(shapely.Polygon(projection.to_xy(ring)).area)
        for kind, assumed in osm_sites.kinds(tags, area_m2):
            yield Mark(
                kind=kind,
                name=tags.get("name", ""),
                x_m=x_m,
                y_m=y_m,
                assumed=assumed,
                capacity=osm_sites.capacity(tags, kind),
                area_m2=area_m2,
            )


def _floors_m2(found: _Found, projection: Projection) -> F64:
    rows = []
    for lon, lat, ring, storeys in found.floors:
        area_m2 = shapely.Polygon(projection.to_xy(ring)).area
        rows.append((*projection.point_to_xy(lon, lat), area_m2 * storeys))
    return np.array(rows).reshape(-1, 3)


def _districts(
    bounds: list[_Bound], projection: Projection, node_xy_m: F64
) -> tuple[District, ...]:
    """Return the finest level of boundaries that divides the whole city, if one does."""
    points = shapely.points(node_xy_m)
    for level in sorted({bound.level for bound in bounds}, reverse=True):
        named = [(b, projection.to_xy(b.ring)) for b in bounds if b.level == level]
        inside = [shapely.contains(shapely.Polygon(ring), points) for _, ring in named]
        held = [pair for pair, hit in zip(named, inside, strict=True) if hit.any()]
        if len(held) >= _MIN_DISTRICTS and np.any(inside, axis=0).mean() >= _MIN_COVER:
            ids = unique_ids([bound.name for bound, _ in held])
            city = outline(node_xy_m)
            return tuple(
                District(
                    district_id=district_id,
                    name=bound.name,
                    outline_m=ring,
                    population=bound.population * _share_within(ring, city),
                )
                for district_id, (bound, ring) in zip(ids, held, strict=True)
            )
    return ()


def _share_within(ring_m: F64, city: shapely.Polygon) -> float:
    """Return the share of a district that the extract holds, by area: people live all over it."""
    whole = shapely.make_valid(shapely.Polygon(ring_m))
    return float(shapely.intersection(whole, city).area / max(whole.area, 1.0))

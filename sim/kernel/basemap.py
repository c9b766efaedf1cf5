"""The public base map: what a city and its operations centre both may know.

Roads as a directed graph in arrays, districts and the areas in them, known places, stations.
Nothing here is hidden truth: depth, rain and traffic are fields of the world.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from sim.kernel import citycode
from sim.kernel.areas import Area, AreaFinder, areas_from_document, areas_to_document
from sim.kernel.errors import InputError
from sim.kernel.geo import Projection
from sim.kernel.roads import ROAD_CLASSES, Roads

F64 = NDArray[np.float64]
I32 = NDArray[np.int32]

__all__ = [
    "ROAD_CLASSES",
    "Area",
    "BaseMap",
    "District",
    "Place",
    "Roads",
    "Station",
    "from_document",
    "to_document",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class District:
    """An administrative district: a topic level, a name, an outline in metres."""

    district_id: str
    name: str
    outline_m: F64 = field(repr=False)
    population: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A known place that is watched, such as an underpass.

    Attributes
    ----------
    links
        Indices of the road links that lead through it.
    assumed
        Whether it was generated because the source had none.
    """

    place_id: str
    kind: str
    name: str
    x_m: float
    y_m: float
    district_id: str
    links: tuple[int, ...]
    assumed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Station:
    """A station that units answer from.

    Attributes
    ----------
    kind
        Kind of unit based here, a topic level such as ``"pump_unit"``.
    node
        Road node where its units join the road.
    units
        How many are based here.
    """

    station_id: str
    kind: str
    name: str
    x_m: float
    y_m: float
    district_id: str
    node: int
    units: int
    assumed: bool


@dataclass(frozen=True, eq=False, kw_only=True)
class BaseMap:
    """Roads, districts, places, stations and areas of one city, in a local metric projection.

    Attributes
    ----------
    name
        The city's name.
    source
        What it was made from: a file name, or ``"synthetic, scale 0.01, seed 7"``.
    attribution
        Credit the source's licence asks for, shown on maps; may be empty.
    areas
        The city, its districts, their streets and towns, and communities, in order of code;
        empty where only districts are known.
    """

    name: str
    source: str
    attribution: str
    projection: Projection
    roads: Roads
    districts: tuple[District, ...]
    places: tuple[Place, ...]
    stations: tuple[Station, ...]
    areas: tuple[Area, ...] = ()

    def __getstate__(self) -> dict[str, Any]:
        """Return the fields alone: what is looked up by them is made again when asked for."""
        return {one.name: getattr(self, one.name) for one in fields(self)}

    @cached_property
    def place_index(self) -> dict[str, int]:
        """Position of each place by its identifier."""
        return {place.place_id: i for i, place in enumerate(self.places)}

    def get_place(self, place_id: str) -> Place:
        """Return a place; raises `InputError` when there is none of that name."""
        if place_id not in self.place_index:
            known = ", ".join(list(self.place_index)[:5])
            raise InputError("place", value=place_id, expected=f"one of {known}, …")
        return self.places[self.place_index[place_id]]

    def district_of(self, xy_m: F64) -> list[str]:
        """Return the district identifier of each of ``(n, 2)`` points: within, or nearest."""
        ids = [d.district_id for d in self.districts]
        return [ids[i] for i in self._district_index(xy_m).tolist()]

    def area_of(self, xy_m: F64) -> list[str]:
        """Return the code of the lowest area around each of ``(n, 2)`` points.

        That is the community whose middle is nearest, of those in the point's district; on a
        map without areas it is the district.
        """
        points = np.asarray(xy_m, dtype=float).reshape(-1, 2)
        return self._area_finder.find(points, self._district_index(points))

    def get_area(self, code: str) -> Area:
        """Return an area; raises `InputError` when there is none of that code."""
        if code not in self._area_index:
            known = ", ".join(list(self._area_index)[:5]) or "none: this map has no areas"
            raise InputError("area", value=code, expected=f"one of {known}, …")
        return self._area_index[code]

    def parents(self, code: str) -> tuple[Area, ...]:
        """Return the areas above an area or object, the nearest first: a street, …, the city."""
        area = citycode.parse(code).area
        held = area if area != code else None
        above = (*([held] if held else []), *citycode.parents(area))
        return tuple(self._area_index[one] for one in above if one in self._area_index)

    def children(self, code: str) -> tuple[Area, ...]:
        """Return the areas right below an area, in order of code."""
        return tuple(area for area in self.areas if area.parent == code)

    @cached_property
    def _area_index(self) -> dict[str, Area]:
        return {area.code: area for area in self.areas}

    @cached_property
    def _area_finder(self) -> AreaFinder:
        return AreaFinder(self.areas, [d.district_id for d in self.districts])

    @cached_property
    def _district_tree(self) -> shapely.STRtree:
        return shapely.STRtree([shapely.Polygon(d.outline_m) for d in self.districts])

    def _district_index(self, xy_m: F64) -> NDArray[np.int64]:
        points = shapely.points(np.asarray(xy_m, dtype=float))
        return np.atleast_1d(np.asarray(self._district_tree.nearest(points), dtype=np.int64))

    def nearest_node(self, xy_m: F64) -> I32:
        """Return the road node nearest to each of ``(n, 2)`` points."""
        tree = shapely.STRtree(np.asarray(shapely.points(self.roads.node_xy_m)))
        found: I32 = np.atleast_1d(
            tree.nearest(shapely.points(np.asarray(xy_m, dtype=float)))
        ).astype(np.int32)
        return found

    def bounds_lonlat(self) -> tuple[float, float, float, float]:
        """Return west, south, east, north of the road graph [degrees]."""
        xy = self.roads.node_xy_m
        corners = self.projection.to_lonlat(np.array([xy.min(axis=0), xy.max(axis=0)]))
        (west, south), (east, north) = corners.tolist()
        return west, south, east, north


def to_document(basemap: BaseMap) -> dict[str, Any]:
    """Return the map as plain JSON values (lengths in metres, shapes in degrees)."""
    roads = basemap.roads
    degrees = basemap.projection.to_lonlat
    return {
        "name": basemap.name,
        "source": basemap.source,
        "attribution": basemap.attribution,
        "origin": [basemap.projection.lon0, basemap.projection.lat0],
        "nodes": [
            [lon, lat, int(signal)]
            for (lon, lat), signal in zip(
                degrees(roads.node_xy_m).tolist(), roads.signal.tolist(), strict=True
            )
        ],
        "links": [
            {
                "from": int(roads.start[i]),
                "to": int(roads.end[i]),
                "length_m": round(float(roads.length_m[i]), 3),
                "speed_mps": round(float(roads.speed_mps[i]), 3),
                "lanes": int(roads.lanes[i]),
                "class": ROAD_CLASSES[int(roads.road_class[i])],
                "name": roads.names[i],
                "id": roads.source_ids[i],
                "shape": degrees(roads.shapes[i]).tolist(),
            }
            for i in range(len(roads))
        ],
        "districts": [
            {
                "id": d.district_id,
                "name": d.name,
                "population": d.population,
                "outline": degrees(d.outline_m).tolist(),
            }
            for d in basemap.districts
        ],
        "places": [
            {
                "id": p.place_id,
                "kind": p.kind,
                "name": p.name,
                "at": list(basemap.projection.point_to_lonlat(p.x_m, p.y_m)),
                "district": p.district_id,
                "links": list(p.links),
                "assumed": p.assumed,
            }
            for p in basemap.places
        ],
        "stations": [
            {
                "id": s.station_id,
                "kind": s.kind,
                "name": s.name,
                "at": list(basemap.projection.point_to_lonlat(s.x_m, s.y_m)),
                "district": s.district_id,
                "node": s.node,
                "units": s.units,
                "assumed": s.assumed,
            }
            for s in basemap.stations
        ],
        "areas": areas_to_document(basemap.areas, basemap.projection),
    }


def from_document(document: dict[str, Any]) -> BaseMap:
    """Return the map that `to_document` wrote; raises KeyError or ValueError on any other."""
    projection = Projection(*(float(v) for v in document["origin"]))
    nodes = np.asarray(document["nodes"], dtype=float).reshape(-1, 3)
    links = document["links"]

    def column(key: str, dtype: type) -> NDArray[Any]:
        return np.array([link[key] for link in links], dtype=dtype)

    roads = Roads(
        node_xy_m=projection.to_xy(nodes[:, :2]),
        start=column("from", np.int32),
        end=column("to", np.int32),
        length_m=column("length_m", np.float64),
        speed_mps=column("speed_mps", np.float64),
        lanes=column("lanes", np.int32),
        road_class=np.array([ROAD_CLASSES.index(link["class"]) for link in links], dtype=np.int32),
        signal=nodes[:, 2] > 0,
        names=tuple(link["name"] for link in links),
        shapes=tuple(projection.to_xy(np.asarray(link["shape"])) for link in links),
        source_ids=tuple(link["id"] for link in links),
    )

    def at(entry: dict[str, Any]) -> dict[str, float]:
        x_m, y_m = projection.point_to_xy(*entry["at"])
        return {"x_m": x_m, "y_m": y_m}

    found = BaseMap(
        name=document["name"],
        source=document["source"],
        attribution=document["attribution"],
        projection=projection,
        roads=roads,
        districts=tuple(
            District(
                district_id=d["id"],
                name=d["name"],
                population=float(d["population"]),
                outline_m=projection.to_xy(np.asarray(d["outline"])),
            )
            for d in document["districts"]
        ),
        places=tuple(
            Place(
                place_id=p["id"],
                kind=p["kind"],
                name=p["name"],
                district_id=p["district"],
                links=tuple(p["links"]),
                assumed=p["assumed"],
                **at(p),
            )
            for p in document["places"]
        ),
        stations=tuple(
            Station(
                station_id=s["id"],
                kind=s["kind"],
                name=s["name"],
                district_id=s["district"],
                node=s["node"],
                units=s["units"],
                assumed=s["assumed"],
                **at(s),
            )
            for s in document["stations"]
        ),
        # A document from before there were areas has none.
        areas=areas_from_document(document.get("areas", []), projection),
    )
    _check(found)
    return found


def _check(basemap: BaseMap) -> None:
    """Raise ValueError when an index points nowhere or a road cannot be driven."""
    roads = basemap.roads
    ends = np.concatenate([roads.start, roads.end])
    links = [link for place in basemap.places for link in place.links]
    nodes = [station.node for station in basemap.stations]
    if not len(roads) or not basemap.districts:
        raise ValueError("a map needs a road and a district")
    for what, indices, size in (
        ("link ends", ends, len(roads.node_xy_m)),
        ("places' links", np.array(links, dtype=np.int64), len(roads)),
        ("stations' nodes", np.array(nodes, dtype=np.int64), len(roads.node_xy_m)),
    ):
        if ((indices < 0) | (indices >= size)).any():
            raise ValueError(f"{what} must lie from 0 to {size - 1}")
    if not ((roads.length_m > 0) & (roads.speed_mps > 0) & (roads.lanes >= 1)).all():
        raise ValueError("every road needs a length, a speed and a lane above 0")
    if not np.isfinite(roads.node_xy_m).all():
        raise ValueError("every node needs a finite position")

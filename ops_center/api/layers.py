"""The base map and the device table as GeoJSON and as columns, straight from the arrays."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from ops_center.core.snapshot import DEVICE_STATUS, DeviceTable, Snapshot
from sim.kernel.basemap import ROAD_CLASSES, BaseMap
from sim.kernel.clock import iso

_DEGREE_DECIMALS = 6
"""About 0.1 m: finer than any road map."""
_VALUE_DECIMALS = 3
"""Finer than the resolution of every sensor kind in use."""

Json = dict[str, Any]


def encode(value: object) -> bytes:
    """Return JSON; NaN, which means "no reading", becomes null."""
    return msgspec.json.encode(value)


def tidy(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return values at the precision they are shown with."""
    rounded: NDArray[np.float64] = np.round(values, _VALUE_DECIMALS)
    return rounded


def collection(features: Iterable[Json]) -> Json:
    """Return a GeoJSON FeatureCollection (RFC 7946)."""
    return {"type": "FeatureCollection", "features": list(features)}


def point(lon: float, lat: float, properties: Json, feature_id: str | None = None) -> Json:
    """Return a GeoJSON point feature."""
    feature: Json = {
        "type": "Feature",
        "geometry": {
            "type": "Point",
            "coordinates": [round(lon, _DEGREE_DECIMALS), round(lat, _DEGREE_DECIMALS)],
        },
        "properties": properties,
    }
    if feature_id is not None:
        feature["id"] = feature_id
    return feature


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MapDocument:
    """A base map ready to be sent."""

    basemap: BaseMap
    body: bytes
    etag: str


def map_document(basemap: BaseMap) -> MapDocument:
    """Return the map's layers as one JSON document with its entity tag."""
    body = encode(
        {
            "name": basemap.name,
            "source": basemap.source,
            "attribution": basemap.attribution,
            "bounds": list(basemap.bounds_lonlat()),
            "layers": {
                "roads": collection(_road(basemap, link) for link in range(len(basemap.roads))),
                "districts": collection(_districts(basemap)),
                "places": collection(_places(basemap)),
                "stations": collection(_stations(basemap)),
            },
        }
    )
    digest = hashlib.sha256(body).hexdigest()[:24]
    # Weak: the same map is sent compressed or not.
    return MapDocument(basemap=basemap, body=body, etag=f'W/"{digest}"')


def _degrees(basemap: BaseMap, xy_m: NDArray[np.float64]) -> list[list[float]]:
    lonlat = np.round(basemap.projection.to_lonlat(xy_m), _DEGREE_DECIMALS)
    pairs: list[list[float]] = lonlat.tolist()
    return pairs


def _road(basemap: BaseMap, link: int) -> Json:
    roads = basemap.roads
    return {
        "type": "Feature",
        "id": link,
        "geometry": {"type": "LineString", "coordinates": _degrees(basemap, roads.shapes[link])},
        "properties": {
            "class": ROAD_CLASSES[int(roads.road_class[link])],
            "name": roads.names[link],
            "lanes": int(roads.lanes[link]),
            "free_mps": round(float(roads.speed_mps[link]), 2),
            "length_m": round(float(roads.length_m[link]), 1),
        },
    }


def _districts(basemap: BaseMap) -> Iterable[Json]:
    for district in basemap.districts:
        ring = _degrees(basemap, district.outline_m)
        if ring[0] != ring[-1]:
            ring.append(ring[0])
        yield {
            "type": "Feature",
            "id": district.district_id,
            "geometry": {"type": "Polygon", "coordinates": [ring]},
            "properties": {"name": district.name, "population": round(district.population)},
        }


def _places(basemap: BaseMap) -> Iterable[Json]:
    for place in basemap.places:
        lon, lat = basemap.projection.point_to_lonlat(place.x_m, place.y_m)
        properties = {
            "kind": place.kind,
            "name": place.name,
            "district": place.district_id,
            "links": list(place.links),
            "assumed": place.assumed,
        }
        yield point(lon, lat, properties, place.place_id)


def _stations(basemap: BaseMap) -> Iterable[Json]:
    for station in basemap.stations:
        lon, lat = basemap.projection.point_to_lonlat(station.x_m, station.y_m)
        properties = {
            "kind": station.kind,
            "name": station.name,
            "district": station.district_id,
            "units": station.units,
            "assumed": station.assumed,
        }
        yield point(lon, lat, properties, station.station_id)


def select_devices(
    table: DeviceTable, start: int, *, kind: str | None, district: str | None, status: str | None
) -> Iterator[int]:
    """Yield the rows from `start` on of the devices that match every filter given."""
    code = None if status is None else DEVICE_STATUS.index(status)
    for row in range(start, len(table.ids)):
        if (
            (kind is None or table.kinds[row] == kind)
            and (district is None or table.districts[row] == district)
            and (code is None or table.status[row] == code)
        ):
            yield row


def device_feature(table: DeviceTable, row: int) -> Json:
    """Return one device as a GeoJSON point."""
    seen = int(table.last_seen_ns[row])
    properties = {
        "kind": table.kinds[row],
        "district": table.districts[row],
        "value": round(float(table.value[row]), _VALUE_DECIMALS),
        "unit": table.units[row],
        "battery": round(float(table.battery[row]), 1),
        "status": DEVICE_STATUS[int(table.status[row])],
        "last_seen": iso(seen) if seen else None,
    }
    return point(float(table.lon[row]), float(table.lat[row]), properties, table.ids[row])


def device_columns(snapshot: Snapshot) -> Json:
    """Return all devices as columns, one entry a device in every list."""
    table = snapshot.devices
    return {
        "now": iso(snapshot.now),
        "version": snapshot.version,
        "statuses": DEVICE_STATUS,
        "id": table.ids,
        "kind": table.kinds,
        "district": table.districts,
        "unit": table.units,
        "lon": np.round(table.lon, _DEGREE_DECIMALS).tolist(),
        "lat": np.round(table.lat, _DEGREE_DECIMALS).tolist(),
        "value": tidy(table.value).tolist(),
        "battery": np.round(table.battery, 1).tolist(),
        "status": table.status.tolist(),
    }


def traffic_columns(snapshot: Snapshot) -> Json:
    """Return the believed speed of every link, and the links believed closed."""
    return {
        "now": iso(snapshot.now),
        "version": snapshot.version,
        "speed_mps": np.round(snapshot.link_speed_mps, 1).tolist(),
        "closed": sorted(snapshot.closed_links),
    }


class MapShelf:
    """Keep the document of the newest map, which rarely changes and is large."""

    def __init__(self) -> None:
        self._document: MapDocument | None = None

    def get(self, basemap: BaseMap) -> MapDocument:
        """Return the document of `basemap`, made once."""
        if self._document is None or self._document.basemap is not basemap:
            self._document = map_document(basemap)
        return self._document

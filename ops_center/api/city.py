"""City routes: the map, and everything that stands or moves on it."""

from __future__ import annotations

import math
from http import HTTPStatus
from itertools import islice
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Query, Response
from fastapi.responses import JSONResponse

from ops_center.api import layers
from ops_center.api.context import Now, Room
from ops_center.api.cursors import from_cursor, number_in, to_cursor
from ops_center.api.problems import Problem, documented
from ops_center.api.schemas import (
    ActuatorItem,
    Actuators,
    Places,
    UnitItem,
    Units,
    WatchedPlace,
)
from sim.kernel.clock import iso

router = APIRouter(tags=["city"])

GEOJSON = "application/geo+json"

DeviceStatus = Literal["never_heard", "online", "silent", "offline", "faulty"]

_JSON: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/json": {"schema": {"type": "object"}}}}
}
_GEOJSON: dict[int | str, dict[str, Any]] = {
    200: {"content": {GEOJSON: {"schema": {"type": "object"}}}}
}


@router.get(
    "/map",
    operation_id="getMap",
    response_class=JSONResponse,
    responses={**_JSON, 304: {"description": "Unchanged"}, **documented(422, 503)},
)
async def get_map(
    room: Room, snapshot: Now, if_none_match: Annotated[str | None, Header()] = None
) -> Response:
    """Return the base map as GeoJSON layers: roads, districts, places, stations."""
    if snapshot.basemap is None:
        raise Problem(
            HTTPStatus.SERVICE_UNAVAILABLE, "no base map was received yet", retry_after_s=1
        )
    document = room.maps.get(snapshot.basemap)
    headers = {"ETag": document.etag, "Cache-Control": "no-cache"}
    known = [tag.strip() for tag in (if_none_match or "").split(",")]
    if document.etag in known or "*" in known:
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    return Response(document.body, media_type="application/json", headers=headers)


@router.get(
    "/devices",
    operation_id="listDevices",
    response_class=JSONResponse,
    responses={
        200: {"content": {**_GEOJSON[200]["content"], **_JSON[200]["content"]}},
        **documented(422, 503),
    },
)
async def list_devices(
    snapshot: Now,
    kind: str | None = None,
    district: str | None = None,
    status: DeviceStatus | None = None,
    form: Annotated[
        Literal["geojson", "columns"],
        Query(alias="format", description="`columns`: all devices, one list an attribute."),
    ] = "geojson",
    limit: Annotated[int, Query(ge=1, le=10_000)] = 1_000,
    cursor: Annotated[str | None, Query(description="The `next` of the page before.")] = None,
) -> Response:
    """List devices as GeoJSON points, or all of them as columns for drawing."""
    if form == "columns":
        return Response(
            layers.encode(layers.device_columns(snapshot)), media_type="application/json"
        )
    table = snapshot.devices
    start = 0
    if cursor is not None:
        start = number_in(from_cursor(cursor, parts=1)[0], cursor)
    matching = layers.select_devices(table, start, kind=kind, district=district, status=status)
    # One more than asked for shows whether there is another page, and no more are looked at.
    rows = list(islice(matching, limit + 1))
    page = layers.collection(layers.device_feature(table, row) for row in rows[:limit])
    page["next"] = to_cursor(rows[limit]) if len(rows) > limit else None
    return Response(layers.encode(page), media_type=GEOJSON)


@router.get(
    "/devices/{device_id}",
    operation_id="getDevice",
    response_class=JSONResponse,
    responses={**_GEOJSON, **documented(404, 422, 503)},
)
async def get_device(snapshot: Now, device_id: str) -> Response:
    """Return one device as a GeoJSON point."""
    try:
        row = snapshot.devices.ids.index(device_id)
    except ValueError:
        raise Problem(HTTPStatus.NOT_FOUND, f"there is no device {device_id!r}") from None
    return Response(layers.encode(layers.device_feature(snapshot.devices, row)), media_type=GEOJSON)


@router.get("/units", operation_id="listUnits", responses=documented(503))
async def list_units(snapshot: Now) -> Units:
    """List the units where they reported themselves last."""
    return Units(items=[UnitItem.of(unit) for unit in snapshot.units])


@router.get("/actuators", operation_id="listActuators", responses=documented(503))
async def list_actuators(snapshot: Now) -> Actuators:
    """List pumps, barriers and signs with the position they report."""
    return Actuators(items=[ActuatorItem.of(actuator) for actuator in snapshot.actuators])


@router.get("/places", operation_id="listPlaces", responses=documented(503))
async def list_places(snapshot: Now) -> Places:
    """List the low points of the map with the water believed to stand there."""
    places = snapshot.basemap.places if snapshot.basemap else ()
    known = [place.place_id for place in places if place.kind == "underpass"]
    ids = [*known, *sorted(set(snapshot.depth_m) - set(known))]
    return Places(
        now=iso(snapshot.now),
        items=[WatchedPlace(id=i, depth_m=_number(snapshot.depth_m.get(i))) for i in ids],
    )


@router.get(
    "/traffic",
    operation_id="getTraffic",
    response_class=JSONResponse,
    responses={**_JSON, **documented(503)},
)
async def get_traffic(snapshot: Now) -> Response:
    """Return the believed speed of every link, in the order of the map's roads."""
    return Response(layers.encode(layers.traffic_columns(snapshot)), media_type="application/json")


def _number(value: float | None) -> float | None:
    return None if value is None or math.isnan(value) else round(value, 3)

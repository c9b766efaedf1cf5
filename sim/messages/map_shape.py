"""The shape of the public map's document, for its published JSON Schema.

`sim.kernel.basemap` writes and reads the document itself.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from sim.kernel.citycode import LEVELS
from sim.kernel.roads import ROAD_CLASSES

Lon = Annotated[float, Meta(ge=-180, le=180)]
Lat = Annotated[float, Meta(ge=-90, le=90)]
Count = Annotated[int, Meta(ge=0)]
Positive = Annotated[float, Meta(gt=0)]
Position = Annotated[list[float], Meta(min_length=2, max_length=2, description="[lon, lat]")]
Line = Annotated[list[Position], Meta(min_length=2)]
Node = Annotated[
    list[float], Meta(min_length=3, max_length=3, description="[lon, lat, 1 if it has lights]")
]
RoadClass = Annotated[str, Meta(pattern=f"^({'|'.join(ROAD_CLASSES)})$")]
Level = Annotated[str, Meta(pattern=f"^({'|'.join(LEVELS)})$")]


class LinkShape(msgspec.Struct, kw_only=True):
    """A directed road link between two nodes."""

    start: Count = msgspec.field(name="from")
    end: Count = msgspec.field(name="to")
    length_m: Positive
    speed_mps: Positive
    lanes: Annotated[int, Meta(ge=1)]
    road_class: RoadClass = msgspec.field(name="class")
    name: str
    id: str
    shape: Line


class DistrictShape(msgspec.Struct, kw_only=True):
    """A district; its identifier is a topic level."""

    id: str
    name: str
    population: float
    outline: Line


class PlaceShape(msgspec.Struct, kw_only=True):
    """A known place and the road links that lead through it."""

    id: str
    kind: str
    name: str
    at: Position
    district: str
    links: list[Count]
    assumed: bool


class StationShape(msgspec.Struct, kw_only=True):
    """A station that units answer from."""

    id: str
    kind: str
    name: str
    at: Position
    district: str
    node: Count
    units: int
    assumed: bool


class AreaShape(msgspec.Struct, kw_only=True):
    """An area of the four roll-up levels."""

    code: str
    level: Level
    name: str
    parent: str
    district: str
    at: Position
    population: float
    outline: Line | msgspec.UnsetType = msgspec.UNSET


class MapShape(msgspec.Struct, kw_only=True):
    """Roads, districts, places, stations and areas; lengths in metres, shapes in degrees."""

    name: str
    source: str
    attribution: str
    origin: Annotated[list[float], Meta(min_length=2, max_length=2)]
    nodes: list[Node]
    links: Annotated[list[LinkShape], Meta(min_length=1)]
    districts: Annotated[list[DistrictShape], Meta(min_length=1)]
    places: list[PlaceShape]
    stations: list[StationShape]
    areas: list[AreaShape] = []

"""The shape of a mapping file: what a person writes about somebody else's feed.

A name of something in a message is either a JSON pointer (``/data/level``) or a named level
of the topic (``+device``).
"""

from __future__ import annotations

import math
from datetime import timezone
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, field_validator, model_validator

from sim.files.quantities import quantity
from sim.files.strict import Part
from sim.kernel.clock import BEIJING
from sim.kernel.ids import is_level
from sim.messages.field import UnitState
from sim.transport.foreign import levels
from sim.transport.foreign.pointer import Pointer, parse_pointer
from sim.transport.foreign.times import Format, parse_zone


def _level(text: str) -> str:
    if not is_level(text):
        raise ValueError("expected a topic level, [a-z0-9_-]+")
    return text


def _pointer(text: object) -> Pointer:
    if not isinstance(text, str):
        raise ValueError("expected a JSON pointer in text")  # noqa: TRY004 -- pydantic's way
    return parse_pointer(text)


def _source(text: object) -> Pointer | str:
    if isinstance(text, str) and text.startswith("+"):
        return text
    if not isinstance(text, str) or not text.startswith("/"):
        raise ValueError("expected a JSON pointer such as /sn, or a topic level such as +device")
    return parse_pointer(text)


def _topic(text: object) -> levels.TopicPattern:
    if not isinstance(text, str):
        raise ValueError("expected an MQTT topic")  # noqa: TRY004 -- pydantic's way
    return levels.parse_topic(text)


def _zone(text: object) -> timezone:
    if not isinstance(text, str):
        raise ValueError("expected an offset such as '+08:00', in quotes")  # noqa: TRY004 -- pydantic's way
    return parse_zone(text)


def _word(key: object) -> object:
    """Return a key as JSON writes it: YAML has made a number of ``0`` and a truth of ``on``."""
    if isinstance(key, bool):
        return "true" if key else "false"
    return str(key) if isinstance(key, int) else key


Level = Annotated[str, AfterValidator(_level)]
Word = Annotated[str, BeforeValidator(_word)]
At = Annotated[Any, BeforeValidator(_pointer)]
"""A `Pointer`."""
Source = Annotated[Any, BeforeValidator(_source)]
"""A `Pointer`, or the name of a topic level with its ``+``."""
Topic = Annotated[Any, BeforeValidator(_topic)]
"""A `levels.TopicPattern`."""
Zone = Annotated[Any, BeforeValidator(_zone)]
"""A `datetime.timezone`."""
Literals = tuple[str | int | float | bool, ...]
Crs = Literal["WGS84", "GCJ-02"]
Lon = Annotated[float, Field(ge=-180, le=180)]
Lat = Annotated[float, Field(ge=-90, le=90)]


class TimePart(Part):
    """When a reading was taken.

    Attributes
    ----------
    zone
        Of an ISO time that names none.
    clock
        ``"wall"``: a real device's; put on the city's clock where the city has one of its own.
        ``"city"``: a device that keeps the city's clock already.
    """

    at: Source
    format: Format
    zone: Zone = BEIJING
    clock: Literal["wall", "city"] = "wall"


class PositionPart(Part):
    """Where a message says that its device is."""

    lon: At
    lat: At
    crs: Crs = "WGS84"


class FixedPart(Part):
    """Where a device of the table stands: coordinates, a place of the map, or both."""

    lon: Lon | None = None
    lat: Lat | None = None
    crs: Crs = "WGS84"
    place: str | None = None

    @model_validator(mode="after")
    def _is_somewhere(self) -> FixedPart:
        if (self.lon is None) != (self.lat is None):
            raise ValueError("expected 'lon' and 'lat' together")
        if self.lon is None and self.place is None:
            raise ValueError("expected 'lon' and 'lat', or a 'place' of the map")
        return self


class ValuePart(Part):
    """One measured value.

    Attributes
    ----------
    unit, unit_at
        What the number is in: fixed, or where the message says so.
    times, plus
        What the number is multiplied by first, and what is added then, in the unit sent: 0.1
        where tenths are sent; -1 and the height of the sensor where it measures downwards.
    range
        Least and greatest number that is a measurement, as sent.
    where
        Only in messages, or elements of an array, that hold these values.
    becomes
        Unit that the centre is told, for a kind that the catalogue has not.
    """

    at: At
    unit: str | None = None
    unit_at: At | None = None
    times: float = 1.0
    plus: float = 0.0
    range: tuple[float, float] | None = None
    where: dict[str, str | int | float | bool] = Field(default_factory=dict)
    becomes: str | None = None

    @model_validator(mode="after")
    def _has_a_unit(self) -> ValuePart:
        if (self.unit is None) == (self.unit_at is None):
            raise ValueError("expected 'unit', or 'unit_at' where the message tells it")
        if self.range is not None and not self.range[0] < self.range[1]:
            raise ValueError("expected a 'range' that rises")
        if not (self.times and math.isfinite(self.times) and math.isfinite(self.plus)):
            raise ValueError("expected finite 'times' and 'plus', and 'times' other than 0")
        return self


class QualityPart(Part):
    """Where a device tells how it is, and what it says when it doubts its reading."""

    at: At
    doubted: Literals


class WatchPart(Part):
    """Which place of the map a device watches: the nearest of a kind, within so much."""

    kind: Level
    within: Annotated[float, quantity("m"), Field(gt=0)]


class FeedPart(Part):
    """Readings of one kind of sensor.

    Attributes
    ----------
    kind
        Sensor kind, of our catalogue; another one needs its `domain`.
    interval
        How often a device reports [s]; learnt from its first reports where it is missing.
    devices
        Where devices stand, by their own identifier; goes before `position`.
    """

    topic: Topic
    kind: Level
    domain: Level | None = None
    prefix: Level | None = None
    device: Source
    time: Literal["arrival"] | TimePart
    position: PositionPart | None = None
    devices: dict[str, FixedPart] = Field(default_factory=dict)
    watches: WatchPart | None = None
    interval: Annotated[float, quantity("s"), Field(gt=0)] | None = None
    values: Annotated[dict[Level, ValuePart], Field(min_length=1)]
    battery: ValuePart | None = None
    quality: QualityPart | None = None


class StatePart(Part):
    """Where a unit tells what it does, and what its words mean."""

    at: At
    means: dict[Word, UnitState]


class UnitFeedPart(Part):
    """Positions of units: vehicles, crews.

    Attributes
    ----------
    state
        What it does; a unit that says nothing of it is taken as idle.
    skills
        What it can do; without any the centre shows it but never sends it anywhere.
    """

    topic: Topic
    kind: Level
    prefix: Level | None = None
    unit: Source
    time: Literal["arrival"] | TimePart
    position: PositionPart
    state: StatePart | None = None
    skills: tuple[str, ...] = ()
    station: str = ""
    order: At | None = None

    @field_validator("skills")
    @classmethod
    def _sorted(cls, skills: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(sorted(set(skills)))

    @model_validator(mode="after")
    def _says_whether_it_is_free(self) -> UnitFeedPart:
        if self.skills and self.state is None:
            raise ValueError("expected 'state': who has skills is sent out when idle")
        return self


class MappingPart(Part):
    """A mapping file."""

    prefix: Level = "pilot"
    feeds: dict[Level, FeedPart] = Field(default_factory=dict)
    positions: dict[Level, UnitFeedPart] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _says_something(self) -> MappingPart:
        if not self.feeds and not self.positions:
            raise ValueError("expected a feed under 'feeds' or 'positions'")
        return self

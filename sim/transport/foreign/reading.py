"""One message of a foreign feed to readings or positions: knows one mapping and no state."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from sim.kernel.clock import Ns
from sim.kernel.errors import PayloadError
from sim.messages.field import UnitState
from sim.transport.foreign.mapping import Feed, Source, UnitFeed, Value, to_wgs84
from sim.transport.foreign.parts import PositionPart, TimePart
from sim.transport.foreign.pointer import MISSING, Pointer, elements
from sim.transport.foreign.times import read_time

MAX_PAYLOAD_BYTES = 1_000_000
MAX_READINGS = 10_000
"""Readings in one message that are believed; assumed: a gateway's day of minutes is 1,440."""
MAX_IDENTITY = 100
"""Longest identity that is believed [characters]; assumed: an IMEI has 15, a UUID 36."""
LARGEST = 1e15
"""Greatest number that a measurement may be, as for the city's own."""

Levels = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What one device measured at one time.

    Attributes
    ----------
    device
        Its own identifier, as sent.
    device_ns
        Its time, by its own clock; None for the time of arrival.
    lonlat
        WGS 84, where the message tells.
    values
        In the units and the order of the feed's channels; NaN where one is missing.
    battery
        Remaining energy [%], NaN where it is not told or cannot be.
    """

    feed: Feed
    device: str
    device_ns: Ns | None
    lonlat: tuple[float, float] | None
    values: tuple[float, ...]
    battery: float
    doubted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Fix:
    """Where one unit was at one time, and what it did."""

    feed: UnitFeed
    unit: str
    device_ns: Ns | None
    lonlat: tuple[float, float]
    state: UnitState
    order: str | None


def parse(payload: bytes) -> Any:
    """Return the JSON document; raises `PayloadError` ``"size"`` or ``"json"``."""
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise PayloadError("size", f"{len(payload)} bytes, at most {MAX_PAYLOAD_BYTES} expected")
    try:
        return msgspec.json.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise PayloadError("json", str(error)) from error


def read(
    feed: Feed | UnitFeed, document: Any, levels: Levels
) -> Iterator[Reading | Fix | PayloadError]:
    """Yield what a message says, element by element; what does not fit as the error in its place.

    Parameters
    ----------
    levels
        What the topic's named wildcards stand for.
    """
    count = 0
    for at in elements(document, feed.stem):
        count += 1
        if count > MAX_READINGS:
            yield PayloadError("size", f"more than {MAX_READINGS} readings in one message")
            return
        try:
            if isinstance(feed, UnitFeed):
                yield _fix(feed, document, levels, at)
            elif (reading := _reading(feed, document, levels, at)) is not None:
                yield reading
        except PayloadError as error:
            yield error
    if not count:
        yield PayloadError("pointer", f"no element at {Pointer(feed.stem)}")


def _reading(feed: Feed, document: Any, levels: Levels, at: Sequence[int]) -> Reading | None:
    """Return one element's reading; None where it is about something that nobody asked for."""
    meant = [_is_meant(value, document, at) for value in feed.values]
    if not any(meant):
        if at:
            return None
        raise PayloadError("pointer", "none of the values is there under its 'where'")
    values = [
        _value(value, document, at) if is_meant else math.nan
        for value, is_meant in zip(feed.values, meant, strict=True)
    ]
    if all(math.isnan(value) for value in values):
        named = ", ".join(str(v.at) for v, m in zip(feed.values, meant, strict=True) if m)
        raise PayloadError("pointer", f"nothing at {named}")
    return Reading(
        feed=feed,
        device=_identity(feed.device, document, levels, at),
        device_ns=_time(feed.time, document, levels, at),
        lonlat=None if feed.position is None else _find_position(feed.position, document, at),
        values=tuple(values),
        battery=_battery(feed.battery, document, at),
        doubted=feed.quality_at is not None
        and _is_one_of(feed.quality_at.find(document, at), feed.doubted),
    )


def _fix(feed: UnitFeed, document: Any, levels: Levels, at: Sequence[int]) -> Fix:
    lonlat = _find_position(feed.position, document, at)
    if lonlat is None:
        raise PayloadError("pointer", f"nothing at {feed.position.lon}, {feed.position.lat}")
    state: UnitState = "idle"
    if feed.state_at is not None:
        word = feed.state_at.find(document, at)
        if word is MISSING:
            raise PayloadError("pointer", f"nothing at {feed.state_at}")
        known = feed.states.get(_as_key(word))
        if known is None:
            raise PayloadError("type", f"state was {word!r}, expected one of {list(feed.states)}")
        state = known
    order = MISSING if feed.order_at is None else feed.order_at.find(document, at)
    return Fix(
        feed=feed,
        unit=_identity(feed.unit, document, levels, at),
        device_ns=_time(feed.time, document, levels, at),
        lonlat=lonlat,
        state=state,
        order=order if isinstance(order, str) and order else None,
    )


def _identity(source: Source, document: Any, levels: Levels, at: Sequence[int]) -> str:
    found = _find(source, document, levels, at)
    if isinstance(found, bool) or not isinstance(found, (str, int)):
        raise PayloadError("type", f"identity was {found!r}, expected text or a whole number")
    text = str(found)
    if not 0 < len(text) <= MAX_IDENTITY:
        raise PayloadError("range", f"identity has {len(text)} characters, expected 1 to 100")
    return text


def _time(part: TimePart | None, document: Any, levels: Levels, at: Sequence[int]) -> Ns | None:
    if part is None:
        return None
    found = _find(part.at, document, levels, at)
    try:
        return read_time(found, part.format, part.zone)
    except TypeError as error:
        raise PayloadError("type", str(error)) from error
    except (ValueError, OverflowError) as error:
        raise PayloadError("time", f"time was {found!r}: {error}") from error


def _find(source: Source, document: Any, levels: Levels, at: Sequence[int]) -> Any:
    if isinstance(source, str):
        return levels[source]
    found = source.find(document, at)
    if found is MISSING:
        raise PayloadError("pointer", f"nothing at {source}")
    return found


def _find_position(
    part: PositionPart, document: Any, at: Sequence[int]
) -> tuple[float, float] | None:
    """Return WGS 84 degrees; None where both are missing."""
    lon, lat = part.lon.find(document, at), part.lat.find(document, at)
    if lon is MISSING and lat is MISSING:
        return None
    if lon is MISSING or lat is MISSING:
        raise PayloadError("pointer", f"only one of {part.lon}, {part.lat} is there")
    x, y = _number("longitude", lon), _number("latitude", lat)
    if not (-180 <= x <= 180 and -90 <= y <= 90):
        raise PayloadError("range", f"position was {x!r}, {y!r}, expected degrees")
    return to_wgs84(x, y, part.crs)


def _is_meant(value: Value, document: Any, at: Sequence[int]) -> bool:
    return all(_is_one_of(pointer.find(document, at), (what,)) for pointer, what in value.where)


def _value(value: Value, document: Any, at: Sequence[int]) -> float:
    """Return a value in the channel's unit, NaN where it is missing."""
    found = value.at.find(document, at)
    if found is MISSING:
        return math.nan
    number = _number(value.channel.name, found)
    if value.range is not None and not value.range[0] <= number <= value.range[1]:
        raise PayloadError(
            "range", f"{value.channel.name} was {number!r}, expected {value.range} as sent"
        )
    unit: Any = ""
    if value.unit_at is not None:
        unit = value.unit_at.find(document, at)
    scale = value.scales.get(unit) if isinstance(unit, str) else None
    if scale is None:
        shown = "missing" if unit is MISSING else repr(unit)
        raise PayloadError("unit", f"unit was {shown}, expected one of {list(value.scales)}")
    scaled = number * scale[0] + scale[1]
    if not abs(scaled) <= LARGEST:
        raise PayloadError("range", f"{value.channel.name} was {number!r}, expected a measurement")
    return scaled


def _battery(value: Value | None, document: Any, at: Sequence[int]) -> float:
    """Return the remaining energy [%]; no reading is lost for a battery that cannot be."""
    if value is None:
        return math.nan
    try:
        percent = 100.0 * _value(value, document, at)
    except PayloadError:
        return math.nan
    return percent if 0 <= percent <= 100 else math.nan


def _number(name: str, found: Any) -> float:
    """Return a JSON number, or text that is wholly one, as a float."""
    if isinstance(found, bool) or not isinstance(found, (int, float, str)):
        raise PayloadError("type", f"{name} was {found!r}, expected a number")
    try:
        number = float(found)
    except ValueError as error:
        raise PayloadError("type", f"{name} was {found!r}, expected a number") from error
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise PayloadError("range", f"{name} was {found!r}, expected a finite number")
    return number


def _is_one_of(found: Any, wanted: Sequence[str | int | float | bool]) -> bool:
    """Return whether a value is among others, true and 1 apart as JSON has them."""
    return any(found == one and isinstance(found, bool) == isinstance(one, bool) for one in wanted)


def _as_key(word: Any) -> str:
    """Return a JSON value as the key of a mapping file: text as it is, true as ``true``."""
    return word if isinstance(word, str) else msgspec.json.encode(word).decode()

"""A mapping file, checked against the catalogue and made ready to read messages with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from sim.files.strict import Document, nearest, read_text
from sim.messages.field import UnitState
from sim.messages.telemetry import Channel
from sim.transport.foreign import gcj02, units
from sim.transport.foreign.levels import TopicPattern
from sim.transport.foreign.parts import (
    FeedPart,
    FixedPart,
    MappingPart,
    PositionPart,
    TimePart,
    UnitFeedPart,
    ValuePart,
    WatchPart,
)
from sim.transport.foreign.pointer import EVERY, Pointer, parse_pointer

Scale = tuple[float, float]
Source = Pointer | str
Steps = tuple[str | int, ...]
PartT = TypeVar("PartT", FeedPart, UnitFeedPart)


@dataclass(frozen=True, slots=True, kw_only=True)
class KindShape:
    """What the catalogue says of a sensor kind, as far as a mapping needs it.

    Attributes
    ----------
    interval_s
        Its usual reporting period [s], until a foreign device's own is known.
    """

    domain: str
    channels: tuple[Channel, ...]
    interval_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """One measured value of a feed.

    Attributes
    ----------
    channel
        What the centre is told.
    scales
        Factor and offset by unit sent; only one, under the empty name, where it is fixed.
    where
        What must stand where for this value to be meant.
    """

    channel: Channel
    at: Pointer
    unit_at: Pointer | None
    scales: Mapping[str, Scale]
    range: tuple[float, float] | None
    where: tuple[tuple[Pointer, str | int | float | bool], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """Readings of one kind of sensor, ready to be read.

    Attributes
    ----------
    stem
        The array whose elements are readings of their own; empty where a message is one.
    fixed
        ``(lon, lat)`` WGS 84 of devices in the table, None for the place's own; and place.
    """

    name: str
    topic: TopicPattern
    kind: str
    domain: str
    prefix: str
    stem: tuple[str, ...]
    device: Source
    time: TimePart | None
    position: PositionPart | None
    fixed: Mapping[str, tuple[tuple[float, float] | None, str | None]]
    watches: WatchPart | None
    interval_s: float | None
    usual_interval_s: float
    values: tuple[Value, ...]
    battery: Value | None
    quality_at: Pointer | None
    doubted: tuple[str | int | float | bool, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitFeed:
    """Positions of units, ready to be read."""

    name: str
    topic: TopicPattern
    kind: str
    prefix: str
    stem: tuple[str, ...]
    unit: Source
    time: TimePart | None
    position: PositionPart
    state_at: Pointer | None
    states: Mapping[str, UnitState]
    skills: tuple[str, ...]
    station: str
    order_at: Pointer | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignMapping:
    """What a mapping file says.

    Attributes
    ----------
    text, thing
        The file as it was written, and its name, for the head of a recording.
    """

    feeds: tuple[Feed | UnitFeed, ...]
    text: str = field(repr=False)
    thing: str

    @property
    def filters(self) -> tuple[str, ...]:
        """The MQTT topic filters to subscribe to."""
        return tuple(dict.fromkeys(feed.topic.filter for feed in self.feeds))


def load_mapping(path: Path, kinds: Mapping[str, KindShape]) -> ForeignMapping:
    """Return what a mapping file says.

    Parameters
    ----------
    kinds
        The catalogue, by kind.

    Raises
    ------
    InputError
        When it cannot be read or says what cannot be: with file, line and key.
    """
    return parse_mapping(read_text(path, "mapping"), str(path), kinds)


def parse_mapping(text: str, thing: str, kinds: Mapping[str, KindShape]) -> ForeignMapping:
    """Return what the text of a mapping file says; see `load_mapping`."""
    document = Document(text, thing, example="feeds")
    part = document.read(MappingPart)
    reader = _Reader(document, part.prefix, kinds)
    feeds: list[Feed | UnitFeed] = [reader.feed(name, one) for name, one in part.feeds.items()]
    feeds += [reader.unit_feed(name, one) for name, one in part.positions.items()]
    return ForeignMapping(feeds=tuple(feeds), text=text, thing=thing)


class _Reader:
    """Checks what no single part can know, and compiles."""

    def __init__(self, document: Document, prefix: str, kinds: Mapping[str, KindShape]) -> None:
        self._document = document
        self._prefix = prefix
        self._kinds = kinds

    def feed(self, name: str, part: FeedPart) -> Feed:
        path: Steps = ("feeds", name)
        shape = self._shape(path, part)
        values = tuple(
            self._value((*path, "values", channel), self._target(path, channel, one, shape), one)
            for channel, one in part.values.items()
        )
        battery = None
        if part.battery is not None:
            target = Channel("battery", "/")
            battery = self._value((*path, "battery"), target, part.battery)
        time = None if part.time == "arrival" else part.time
        pointers: dict[Steps, Pointer] = {}
        for value, key in zip(values, part.values, strict=True):
            _gather(pointers, (*path, "values", key), value)
        if battery is not None:
            _gather(pointers, (*path, "battery"), battery)
        if part.quality is not None:
            pointers[(*path, "quality", "at")] = part.quality.at
        self._sources(path, part.topic, {("device",): part.device}, time, pointers)
        self._places(path, part.position, pointers)
        return Feed(
            name=name,
            topic=part.topic,
            kind=part.kind,
            domain=shape.domain,
            prefix=part.prefix or self._prefix,
            stem=self._stem(pointers),
            device=part.device,
            time=time,
            position=part.position,
            fixed={key: _fixed(one) for key, one in part.devices.items()},
            watches=part.watches,
            interval_s=part.interval,
            usual_interval_s=shape.interval_s,
            values=values,
            battery=battery,
            quality_at=None if part.quality is None else part.quality.at,
            doubted=() if part.quality is None else part.quality.doubted,
        )

    def unit_feed(self, name: str, part: UnitFeedPart) -> UnitFeed:
        path: Steps = ("positions", name)
        time = None if part.time == "arrival" else part.time
        pointers: dict[Steps, Pointer] = {}
        if part.state is not None:
            pointers[(*path, "state", "at")] = part.state.at
        if part.order is not None:
            pointers[(*path, "order")] = part.order
        self._sources(path, part.topic, {("unit",): part.unit}, time, pointers)
        self._places(path, part.position, pointers)
        return UnitFeed(
            name=name,
            topic=part.topic,
            kind=part.kind,
            prefix=part.prefix or self._prefix,
            stem=self._stem(pointers),
            unit=part.unit,
            time=time,
            position=part.position,
            state_at=None if part.state is None else part.state.at,
            states={} if part.state is None else part.state.means,
            skills=part.skills,
            station=part.station,
            order_at=part.order,
        )

    def _shape(self, path: Steps, part: FeedPart) -> KindShape:
        shape = self._kinds.get(part.kind)
        if shape is None and part.domain is None:
            raise self._document.wrong(
                *path,
                "kind",
                value=part.kind,
                expected=f"{nearest(part.kind, self._kinds)}, or also a 'domain' for a new kind",
            )
        if shape is None:
            assert part.domain is not None
            return KindShape(domain=part.domain, channels=(), interval_s=UNKNOWN_INTERVAL_S)
        if part.domain not in (None, shape.domain):
            raise self._document.wrong(
                *path, "domain", value=part.domain, expected=f"{shape.domain!r}, or no domain"
            )
        return shape

    def _target(self, path: Steps, name: str, part: ValuePart, shape: KindShape) -> Channel:
        """Return the channel that a value becomes."""
        if not shape.channels:
            if part.becomes is None and part.unit is None:
                raise self._document.wrong(
                    *path, "values", name, expected="'becomes', the unit to turn it into"
                )
            return Channel(name, part.becomes or units.base_of(part.unit or ""))
        found = next((c for c in shape.channels if c.name == name), None)
        if found is None:
            known = [channel.name for channel in shape.channels]
            raise self._document.wrong(
                *path, "values", name, value=name, expected=nearest(name, known)
            )
        if part.becomes not in (None, found.unit):
            raise self._document.wrong(
                *(*path, "values", name, "becomes"),
                value=part.becomes,
                expected=f"{found.unit!r}, the catalogue's",
            )
        return found

    def _value(self, path: Steps, channel: Channel, part: ValuePart) -> Value:
        if part.unit is not None:
            found = units.scale(part.unit, channel.unit)
            if found is None:
                raise self._document.wrong(
                    *path, "unit", value=part.unit, expected=nearest(part.unit, _alike(channel))
                )
            scales = {"": found}
        else:
            scales = {
                unit: found
                for unit in units.alike(channel.unit)
                if (found := units.scale(unit, channel.unit)) is not None
            }
        return Value(
            channel=channel,
            at=part.at,
            unit_at=part.unit_at,
            scales={
                unit: (factor * part.times, factor * part.plus + offset)
                for unit, (factor, offset) in scales.items()
            },
            range=part.range,
            where=tuple(self._condition(path, text, what) for text, what in part.where.items()),
        )

    def _condition(
        self, path: Steps, text: str, what: str | int | float | bool
    ) -> tuple[Pointer, str | int | float | bool]:
        try:
            return parse_pointer(text), what
        except ValueError as error:
            expected = str(error).removeprefix("expected ")
            raise self._document.wrong(
                *path, "where", text, value=text, expected=expected
            ) from error

    def _sources(
        self,
        path: Steps,
        topic: TopicPattern,
        sources: Mapping[Steps, Source],
        time: TimePart | None,
        pointers: dict[Steps, Pointer],
    ) -> None:
        """Check that named levels are in the topic; add the pointers among the sources."""
        more: dict[Steps, Source] = {} if time is None else {("time", "at"): time.at}
        for steps, source in (*sources.items(), *more.items()):
            if isinstance(source, Pointer):
                pointers[(*path, *steps)] = source
            elif source not in topic.names:
                known = nearest(source, topic.names) if topic.names else "a JSON pointer"
                raise self._document.wrong(*path, *steps, value=source, expected=known)

    def _places(
        self, path: Steps, position: PositionPart | None, pointers: dict[Steps, Pointer]
    ) -> None:
        if position is not None:
            pointers[(*path, "position", "lon")] = position.lon
            pointers[(*path, "position", "lat")] = position.lat

    def _stem(self, pointers: Mapping[Steps, Pointer]) -> tuple[str, ...]:
        """Return the longest way to a ``*``; all others must lie on it."""
        longest = max((pointer.stem for pointer in pointers.values()), key=len, default=())
        for path, pointer in pointers.items():
            if pointer.stem != longest[: len(pointer.stem)]:
                raise self._document.wrong(
                    *path,
                    value=str(pointer),
                    expected=f"its {EVERY!r} on the way {Pointer(longest)}, as the others'",
                )
        return longest


UNKNOWN_INTERVAL_S = 600.0
"""Reporting period of a kind that the catalogue has not, until it is learnt; assumed."""


def _alike(channel: Channel) -> tuple[str, ...]:
    return units.alike(channel.unit)


def _gather(pointers: dict[Steps, Pointer], path: Steps, value: Value) -> None:
    pointers[(*path, "at")] = value.at
    if value.unit_at is not None:
        pointers[(*path, "unit_at")] = value.unit_at
    for pointer, _ in value.where:
        pointers[(*path, "where", str(pointer))] = pointer


def _fixed(part: FixedPart) -> tuple[tuple[float, float] | None, str | None]:
    if part.lon is None or part.lat is None:
        return None, part.place
    return to_wgs84(part.lon, part.lat, part.crs), part.place


def to_wgs84(lon: float, lat: float, crs: str) -> tuple[float, float]:
    """Return WGS 84 degrees for degrees of a reference system of `parts.Crs`."""
    return gcj02.to_wgs84(lon, lat) if crs == "GCJ-02" else (lon, lat)

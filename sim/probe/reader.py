"""From bytes to what they say: each message is read once, for all checks.

Shapes are those of the published schemas. What cannot be read is no error here but a fault:
the rule that was broken, and how.
"""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import msgspec

from sim.kernel.errors import PayloadError
from sim.messages import senml, topics, wire
from sim.messages.city import MapPublished
from sim.messages.decode import read_one
from sim.messages.senml import ASIDE, BATTERY, QUALITY, SEQ, SIM_TIME
from sim.messages.topics import Address
from sim.probe.arrival import Arrival
from sim.probe.roll import name_of

GZIP_MAGIC = b"\x1f\x8b"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One device's report out of a pack.

    Attributes
    ----------
    who
        ``kind/device``, or the base name where it names no known device.
    address
        The topic's levels.
    base_name
        SenML ``bn``, or None.
    time_s
        Device time of the last reading [s], or None when the pack has none.
    seq
        Sequence number as written, or None.
    sim_time_s
        City time [s], or None.
    battery
        Remaining energy [%EL], or None.
    quality
        As in `sim.messages.telemetry`.
    readings
        Name, unit and value of each.
    """

    who: str
    address: Address
    base_name: str | None
    time_s: float | None
    seq: float | None
    sim_time_s: float | None
    battery: float | None
    quality: int
    readings: tuple[tuple[str, str, float], ...]


@dataclass(frozen=True, slots=True)
class Districts:
    """The districts of a published map."""

    names: frozenset[str]


Body = (
    tuple[Report, ...]
    | wire.DeviceState
    | wire.UnitStateWire
    | wire.ActuatorState
    | wire.ClockState
    | wire.CallEvent
    | wire.CommandWire
    | wire.AckWire
    | Districts
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Why a message could not be read: the rule it breaks, and how."""

    rule: str
    seen: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """One message, read.

    Attributes
    ----------
    who
        ``kind/device``, or the topic where it is none of the feed's.
    address
        The topic's levels, or None.
    body
        What it says; None where it cannot be read, or only clears what was retained.
    fault
        Why it cannot be read.
    """

    arrival: Arrival
    who: str
    address: Address | None = None
    body: Body | None = None
    fault: Fault | None = None


class _UnreadableError(Exception):
    def __init__(self, rule: str, seen: str) -> None:
        self.fault = Fault(rule=rule, seen=seen)
        super().__init__(seen)


_of_channel: dict[str, msgspec.json.Decoder[Any]] = {
    topics.STATE: msgspec.json.Decoder(wire.State),
    topics.EVENT: msgspec.json.Decoder(wire.CallEvent),
    topics.COMMAND: msgspec.json.Decoder(wire.CommandWire),
    topics.ACK: msgspec.json.Decoder(wire.AckWire),
}


def read(arrival: Arrival) -> Heard:
    """Return what a message says."""
    try:
        address = topics.parse(arrival.topic)
    except PayloadError as error:
        return Heard(
            arrival=arrival, who=arrival.topic, fault=Fault(rule="topic.form", seen=error.detail)
        )
    who = name_of(address)
    try:
        body = _body(address, arrival.payload)
    except _UnreadableError as error:
        return Heard(arrival=arrival, who=who, address=address, fault=error.fault)
    return Heard(arrival=arrival, who=who, address=address, body=body)


def _body(address: Address, payload: bytes) -> Body | None:
    if address.channel == topics.STATE:
        if not payload:
            return None
        if payload.startswith(GZIP_MAGIC):
            return _map(address, payload)
    if address.channel == topics.TELEMETRY:
        return tuple(_reports(address, _records(payload)))
    body: Body = _decoded(_of_channel[address.channel], payload)
    _finite(body)
    return body


def is_cbor(payload: bytes) -> bool:
    """Return whether a pack is of CBOR: its first byte tells."""
    return bool(payload) and 0x80 <= payload[0] <= 0x9F


def _records(payload: bytes) -> list[wire.Record]:
    if not is_cbor(payload):
        _text(payload)
    try:
        return senml.read(payload)
    except PayloadError as error:
        if error.reason == "cbor":
            raise _UnreadableError("payload.cbor", error.detail) from error
        raise _because(payload, error.detail, is_shape=error.reason == "schema") from error


def _decoded(decoder: msgspec.json.Decoder[Any], payload: bytes) -> Any:
    _text(payload)
    try:
        return decoder.decode(payload)
    except (msgspec.DecodeError, RecursionError) as error:
        is_shape = isinstance(error, msgspec.ValidationError)
        raise _because(payload, str(error), is_shape=is_shape) from error


def _text(payload: bytes) -> None:
    try:
        payload.decode()
    except UnicodeDecodeError as error:
        seen = f"byte {payload[error.start]:#04x} at {error.start}"
        raise _UnreadableError("payload.utf8", seen) from error


def _because(payload: bytes, seen: str, *, is_shape: bool) -> _UnreadableError:
    """Return why a payload cannot be read, as exactly as can be told."""
    constant = None if is_cbor(payload) else _no_number(payload)
    if constant is not None:
        return _UnreadableError("payload.number", constant)
    if is_shape:
        return _UnreadableError("payload.schema", seen)
    return _UnreadableError("payload.json", seen if payload else "an empty payload")


def _no_number(payload: bytes) -> str | None:
    """Return the first number of almost-JSON that is none, or None."""
    found: list[str] = []

    def constant(text: str) -> float:
        found.append(text)
        return 0.0

    def number(text: str) -> float:
        value = float(text)
        if not math.isfinite(value):
            found.append(text)
        return value

    try:
        json.loads(payload, parse_constant=constant, parse_float=number)
    except (ValueError, RecursionError):
        return None
    return found[0] if found else None


def _finite(body: Any) -> None:
    for name in body.__struct_fields__:
        value = getattr(body, name)
        if isinstance(value, float) and not math.isfinite(value):
            raise _UnreadableError("payload.number", f"{name} was {value!r}")


def _map(address: Address, payload: bytes) -> Districts:
    topic = topics.topic(
        address.district, address.domain, address.kind, address.device, address.channel
    )
    try:
        said = read_one(topic, payload)
    except (PayloadError, zlib.error) as error:
        raise _UnreadableError("payload.schema", str(error)) from error
    if not isinstance(said, MapPublished):
        raise _UnreadableError("payload.schema", "gzip, which only a map may be")
    return Districts(frozenset(one.district_id for one in said.basemap.districts))


class _Bases:
    """Base fields, which hold until they are replaced (RFC 8428, section 4.1)."""

    __slots__ = ("name", "time_s", "unit", "value")

    def __init__(self) -> None:
        self.name: str | None = None
        self.time_s: float | None = None
        self.unit = "/"
        self.value = 0.0

    def note(self, record: wire.Record) -> None:
        if record.bn is not None:
            self.name = record.bn
        if record.bt is not None:
            self.time_s = record.bt
        if record.bu is not None:
            self.unit = record.bu
        if record.bv is not None:
            self.value = record.bv


def _reports(address: Address, records: list[wire.Record]) -> Iterable[Report]:
    """Return the reports of a pack: a device's one, or a gateway's and its devices'."""
    bases = _Bases()
    run: list[wire.Record] = []
    for record in records:
        if address.kind == topics.GATEWAY and record.bn is not None and run:
            yield _report(address, run, bases)
            run = []
        run.append(record)
    if not run:
        raise _UnreadableError("payload.schema", "an empty pack")
    yield _report(address, run, bases)


def _report(address: Address, records: list[wire.Record], bases: _Bases) -> Report:
    time_s: float | None = None
    aside: dict[str, float] = {}
    readings: list[tuple[str, str, float]] = []
    for record in records:
        bases.note(record)
        if record.n is None:
            raise _UnreadableError("payload.schema", "a record has no name 'n'")
        if record.v is None:
            raise _UnreadableError("payload.schema", f"record {record.n!r} has no number 'v'")
        value = record.v + bases.value
        if not math.isfinite(value):
            raise _UnreadableError("payload.number", f"record {record.n!r} was {value!r}")
        if record.n in ASIDE:
            aside[record.n] = value
            continue
        readings.append((record.n, record.u or bases.unit, value))
        if bases.time_s is not None or record.t is not None:
            time_s = (bases.time_s or 0.0) + (record.t or 0.0)
    if not readings:
        raise _UnreadableError("payload.schema", "the pack holds no reading")
    quality = aside.get(QUALITY, 0.0)
    return Report(
        who=_who(address, bases.name),
        address=address,
        base_name=bases.name,
        time_s=time_s,
        seq=aside.get(SEQ),
        sim_time_s=aside.get(SIM_TIME),
        battery=aside.get(BATTERY),
        quality=int(quality) if 0 <= quality <= 255 else 0,
        readings=tuple(readings),
    )


def _who(address: Address, base_name: str | None) -> str:
    """Return whose a report is: on a gateway's topic, the device's that the base name names."""
    named = None
    if address.kind == topics.GATEWAY and base_name is not None:
        named = senml.read_base_name(base_name)
    return name_of(address) if named is None else "/".join(named)

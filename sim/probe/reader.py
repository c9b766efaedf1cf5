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
from sim.messages import topics, wire
from sim.messages.city import MapPublished
from sim.messages.decode import read_one
from sim.messages.encode import BATTERY, QUALITY, SEQ, SIM_TIME
from sim.messages.topics import Address
from sim.probe.arrival import Arrival
from sim.probe.roll import Roll, name_of

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


_pack = msgspec.json.Decoder(list[wire.Record])
_of_channel: dict[str, msgspec.json.Decoder[Any]] = {
    topics.STATE: msgspec.json.Decoder(wire.State),
    topics.EVENT: msgspec.json.Decoder(wire.CallEvent),
    topics.COMMAND: msgspec.json.Decoder(wire.CommandWire),
    topics.ACK: msgspec.json.Decoder(wire.AckWire),
}


def read(arrival: Arrival, roll: Roll) -> Heard:
    """Return what a message says.

    Parameters
    ----------
    roll
        The devices known so far, by which a gateway's pack names its devices.
    """
    try:
        address = topics.parse(arrival.topic)
    except PayloadError as error:
        return Heard(
            arrival=arrival, who=arrival.topic, fault=Fault(rule="topic.form", seen=error.detail)
        )
    who = name_of(address)
    try:
        body = _body(address, arrival.payload, roll)
    except _UnreadableError as error:
        return Heard(arrival=arrival, who=who, address=address, fault=error.fault)
    return Heard(arrival=arrival, who=who, address=address, body=body)


def _body(address: Address, payload: bytes, roll: Roll) -> Body | None:
    if address.channel == topics.STATE:
        if not payload:
            return None
        if payload.startswith(GZIP_MAGIC):
            return _map(address, payload)
    if address.channel == topics.TELEMETRY:
        return tuple(_reports(address, _decoded(_pack, payload), roll))
    body: Body = _decoded(_of_channel[address.channel], payload)
    _finite(body)
    return body


def _decoded(decoder: msgspec.json.Decoder[Any], payload: bytes) -> Any:
    try:
        payload.decode()
    except UnicodeDecodeError as error:
        raise _UnreadableError(
            "payload.utf8", f"byte {payload[error.start]:#04x} at {error.start}"
        ) from error
    try:
        return decoder.decode(payload)
    except (msgspec.DecodeError, RecursionError) as error:
        constant = _no_number(payload)
        if constant is not None:
            raise _UnreadableError("payload.number", constant) from error
        if isinstance(error, msgspec.ValidationError):
            raise _UnreadableError("payload.schema", str(error)) from error
        seen = str(error) if payload else "an empty payload"
        raise _UnreadableError("payload.json", seen) from error


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


def _reports(address: Address, records: list[wire.Record], roll: Roll) -> Iterable[Report]:
    """Return the reports of a pack: a device's one, or a gateway's and its devices'."""
    segment: list[wire.Record] = []
    base: str | None = None
    for record in records:
        if record.bn is not None and record.bn != base and segment:
            yield _report(address, base, segment, roll)
            segment = []
        base = base if record.bn is None else record.bn
        segment.append(record)
    if not segment:
        raise _UnreadableError("payload.schema", "an empty pack")
    yield _report(address, base, segment, roll)


def _report(address: Address, base: str | None, records: list[wire.Record], roll: Roll) -> Report:
    base_time: float | None = None
    base_unit: str | None = None
    time_s: float | None = None
    aside: dict[str, float] = {}
    readings: list[tuple[str, str, float]] = []
    for record in records:
        base_time = record.bt if record.bt is not None else base_time
        base_unit = record.bu if record.bu is not None else base_unit
        if record.n is None:
            raise _UnreadableError("payload.schema", "a record has no name 'n'")
        if record.v is None:
            raise _UnreadableError("payload.schema", f"record {record.n!r} has no number 'v'")
        if not math.isfinite(record.v):
            raise _UnreadableError("payload.number", f"record {record.n!r} was {record.v!r}")
        if record.n in (SEQ, SIM_TIME, BATTERY, QUALITY):
            aside[record.n] = record.v
            continue
        readings.append((record.n, record.u or base_unit or "/", record.v))
        if base_time is not None or record.t is not None:
            time_s = (base_time or 0.0) + (record.t or 0.0)
    if not readings:
        raise _UnreadableError("payload.schema", "the pack holds no reading")
    who = name_of(address)
    if address.kind == "gateway" and base is not None:
        who = roll.named(base) or (who if base.endswith(f"-{address.device}:") else base)
    quality = aside.get(QUALITY, 0.0)
    return Report(
        who=who,
        address=address,
        base_name=base,
        time_s=time_s,
        seq=aside.get(SEQ),
        sim_time_s=aside.get(SIM_TIME),
        battery=aside.get(BATTERY),
        quality=int(quality) if 0 <= quality <= 255 else 0,
        readings=tuple(readings),
    )

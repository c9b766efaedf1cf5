"""The wire to messages: the only place that gathers packs into batches.

Whatever is not of the published shape raises `PayloadError` with a countable reason; nothing
of it gets further.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterable
from typing import TypeVar

import msgspec
import numpy as np

from sim.kernel import basemap
from sim.kernel.bus import Message
from sim.kernel.clock import MILLISECOND, Ns
from sim.kernel.errors import ChengmaiError, PayloadError
from sim.messages import topics, wire
from sim.messages.city import CallReceived, CityClock, MapPublished
from sim.messages.encode import BATTERY, QUALITY, SEQ, SIM_TIME
from sim.messages.field import Ack, ActuatorStatus, Command, UnitStatus
from sim.messages.operator import OperatorOrder
from sim.messages.telemetry import (
    Channel,
    DeviceBirth,
    DeviceDeath,
    DeviceInfo,
    Roster,
    TelemetryBatch,
)

T = TypeVar("T")

MAX_PAYLOAD_BYTES = 16_000_000
MAX_CHANNELS = 100
"""Readings in a pack, and rows in a batch: no device of the catalogue has a tenth of it."""

MAX_COUNT = 2**31 - 1
"""Largest index or number of people that is believed."""

MAX_SPEED = 1e6
"""Fastest city that is believed, in city seconds per wall second."""

MAX_INTERVAL_S = 366 * 86_400
"""Longest reporting period that is believed [s]."""

_GZIP_MAGIC = b"\x1f\x8b"

_state = msgspec.json.Decoder(wire.State)
_event = msgspec.json.Decoder(wire.CallEvent)
_command = msgspec.json.Decoder(wire.CommandWire)
_ack = msgspec.json.Decoder(wire.AckWire)
_order = msgspec.json.Decoder(wire.OrderWire)
_pack = msgspec.json.Decoder(list[wire.Record])


class Pack:
    """One device's report, read from the wire and not yet gathered."""

    __slots__ = ("battery", "device_id", "kind", "quality", "readings", "seq", "sim_ns", "time_ns")

    def __init__(self, kind: str, device_id: str) -> None:
        self.kind = kind
        self.device_id = device_id
        self.readings: dict[Channel, float] = {}
        self.time_ns = 0
        self.seq = 0
        self.sim_ns = 0
        self.battery = math.nan
        self.quality = 0


class Decoder:
    """Turn wire messages into messages; keeps one roster a sensor kind."""

    def __init__(self) -> None:
        self._rosters: dict[str, Roster] = {}

    def decode(self, messages: Iterable[tuple[str, bytes]]) -> list[Message | PayloadError]:
        """Return what `messages` say, in order; neighbouring packs of a kind as one batch.

        A message that cannot be read appears as the error that says why, in its place.
        """
        out: list[Message | PayloadError] = []
        packs: list[Pack] = []
        channels: set[Channel] = set()
        for topic, payload in messages:
            try:
                read = read_one(topic, payload)
            except PayloadError as error:
                error.topic, error.payload = topic, payload
                if packs:
                    out.append(self._gather(packs))
                    packs = []
                out.append(error)
                continue
            if isinstance(read, Pack):
                if packs and (packs[0].kind != read.kind or not _fits(channels, read)):
                    out.append(self._gather(packs))
                    packs = []
                if not packs:
                    channels = set()
                packs.append(read)
                channels.update(read.readings)
                continue
            if packs:
                out.append(self._gather(packs))
                packs = []
            out.append(read)
        if packs:
            out.append(self._gather(packs))
        return out

    def _gather(self, packs: list[Pack]) -> TelemetryBatch:
        kind = packs[0].kind
        roster = self._rosters.setdefault(kind, Roster())
        channels: dict[Channel, None] = {}
        for pack in packs:
            channels.update(dict.fromkeys(pack.readings))
        values = np.array(
            [[pack.readings.get(channel, math.nan) for pack in packs] for channel in channels]
        ).reshape(len(channels), len(packs))
        battery = np.array([pack.battery for pack in packs])
        return TelemetryBatch(
            ts_event=Ns(max(pack.sim_ns or pack.time_ns for pack in packs)),
            kind=kind,
            roster=roster,
            channels=tuple(channels),
            device=np.array([roster.add(pack.device_id) for pack in packs], dtype=np.int32),
            time_ns=np.array([pack.time_ns for pack in packs], dtype=np.int64),
            values=values,
            quality=np.array([pack.quality for pack in packs], dtype=np.uint8),
            seq=np.array([pack.seq for pack in packs], dtype=np.int64),
            sim_time_ns=np.array([pack.sim_ns for pack in packs], dtype=np.int64),
            battery=None if np.isnan(battery).all() else battery,
        )


def _fits(channels: set[Channel], pack: Pack) -> bool:
    """Return whether a batch with `channels` stays small enough with `pack` in it."""
    few = len(channels) + len(pack.readings) <= MAX_CHANNELS
    return few or len(channels.union(pack.readings)) <= MAX_CHANNELS


def read_one(topic: str, payload: bytes) -> Message | Pack:
    """Return what one wire message says.

    Raises
    ------
    PayloadError
        With reason ``"topic"``, ``"size"``, ``"json"``, ``"schema"`` or ``"range"``.
    """
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise PayloadError("size", f"{len(payload)} bytes, at most {MAX_PAYLOAD_BYTES} expected")
    if topic == topics.ORDER:
        return _read_order(_parse(_order, payload))
    address = topics.parse(topic)
    if address.channel == topics.TELEMETRY:
        return _read_pack(address, payload)
    if address.channel == topics.STATE:
        return _read_state(address, payload)
    if address.channel == topics.EVENT:
        return _read_call(address, _parse(_event, payload))
    if address.channel == topics.COMMAND:
        return _read_command(address, _parse(_command, payload))
    return _read_ack(address, _parse(_ack, payload))


def _parse(decoder: msgspec.json.Decoder[T], payload: bytes) -> T:
    try:
        return decoder.decode(payload)
    except msgspec.ValidationError as error:
        raise PayloadError("schema", str(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise PayloadError("json", str(error)) from error


def _time(value: float) -> Ns:
    if not 0 <= value < wire.MAX_TIME_S:
        raise PayloadError("range", f"time was {value!r}, expected seconds since 1970")
    return Ns(round(value * 1000) * MILLISECOND)


def _whole(name: str, value: float) -> int:
    if value != math.floor(value) or not 0 <= value < 2**53:
        raise PayloadError("range", f"{name} was {value!r}, expected a whole number from 0")
    return int(value)


def _degrees(lon: float, lat: float) -> tuple[float, float]:
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):
        raise PayloadError("range", f"position was {lon!r}, {lat!r}, expected WGS 84 degrees")
    return lon, lat


def _read_pack(address: topics.Address, payload: bytes) -> Pack:
    pack = Pack(address.kind, address.device)
    base_time: float | None = None
    base_unit: str | None = None
    for record in _parse(_pack, payload):
        base_time = record.bt if record.bt is not None else base_time
        base_unit = record.bu if record.bu is not None else base_unit
        if record.bver is not None and not 1 <= record.bver <= wire.SENML_VERSION:
            raise PayloadError("schema", f"bver was {record.bver}, at most 10 expected")
        if record.v is None:
            raise PayloadError("schema", f"record {record.n!r} has no numeric value 'v'")
        if not math.isfinite(record.v):
            raise PayloadError("range", f"record {record.n!r} was {record.v!r}, expected a number")
        if record.n is None:
            raise PayloadError("schema", "a record has no name 'n'")
        if record.n == SEQ:
            pack.seq = _whole(SEQ, record.v)
        elif record.n == SIM_TIME:
            pack.sim_ns = _time(record.v)
        elif record.n == BATTERY:
            pack.battery = record.v
        elif record.n == QUALITY:
            pack.quality = min(_whole(QUALITY, record.v), 255)
        else:
            unit = record.u or base_unit or "/"
            pack.readings[Channel(record.n, unit)] = record.v
            pack.time_ns = _time((base_time or 0.0) + (record.t or 0.0))
    if len(pack.readings) > MAX_CHANNELS:
        raise PayloadError(
            "size", f"{len(pack.readings)} readings, at most {MAX_CHANNELS} expected"
        )
    if not pack.readings:
        raise PayloadError("schema", "the pack holds no reading")
    return pack


def _read_state(address: topics.Address, payload: bytes) -> Message:
    if payload.startswith(_GZIP_MAGIC):
        payload = _inflate(payload)
    state = _parse(_state, payload)
    if isinstance(state, wire.DeviceState):
        return _read_device(address, state)
    at = _time(state.time)
    if isinstance(state, wire.UnitStateWire):
        lon, lat = _degrees(state.lon, state.lat)
        return UnitStatus(
            ts_event=at,
            cause=state.cause,
            unit_id=address.device,
            kind=address.kind,
            district=address.district,
            skills=tuple(state.skills),
            state=state.state,
            lon=lon,
            lat=lat,
            station_id=state.station,
            order_id=state.order,
            observed=state.observed,
        )
    if isinstance(state, wire.ActuatorState):
        lon, lat = _degrees(state.lon, state.lat)
        return ActuatorStatus(
            ts_event=at,
            cause=state.cause,
            actuator_id=address.device,
            kind=address.kind,
            domain=address.domain,
            district=address.district,
            place_id=state.place,
            lon=lon,
            lat=lat,
            position=state.position,
            actions=tuple(state.actions),
        )
    if isinstance(state, wire.ClockState):
        if not 0 < state.speed <= MAX_SPEED:
            raise PayloadError("range", f"speed was {state.speed!r}, expected above 0")
        return CityClock(
            ts_event=at,
            speed=state.speed,
            ends_at=None if state.ends is None else _time(state.ends),
            wall_ns=_time(state.wall),
            run_id=state.run,
        )
    try:
        return MapPublished(ts_event=at, basemap=basemap.from_document(state.map))
    except (LookupError, ValueError, TypeError, OverflowError, ChengmaiError) as error:
        raise PayloadError("schema", f"the map cannot be read: {error!r}") from error


def _inflate(payload: bytes) -> bytes:
    inflater = zlib.decompressobj(wbits=31)
    try:
        plain = inflater.decompress(payload, MAX_PAYLOAD_BYTES)
    except zlib.error as error:
        raise PayloadError("json", f"gzip: {error}") from error
    if inflater.unconsumed_tail or not inflater.eof:
        raise PayloadError("size", f"gzip cut short or over {MAX_PAYLOAD_BYTES} bytes unpacked")
    return plain


def _read_device(address: topics.Address, state: wire.DeviceState) -> Message:
    at = Ns(0) if state.time is None else _time(state.time)
    if state.status == "offline":
        return DeviceDeath(
            ts_event=at,
            device_id=address.device,
            kind=address.kind,
            domain=address.domain,
            district=address.district,
            reason=state.reason or "",
        )
    if state.lon is None or state.lat is None or not state.channels:
        raise PayloadError("schema", "a birth needs 'lon', 'lat' and 'channels'")
    interval_s = _interval("interval_s", state.interval_s)
    alarm_s = state.alarm_interval_s
    if state.link is not None and not 0 <= state.link <= MAX_COUNT:
        raise PayloadError("range", f"link was {state.link!r}, expected a whole number from 0")
    lon, lat = _degrees(state.lon, state.lat)
    info = DeviceInfo(
        device_id=address.device,
        kind=address.kind,
        domain=address.domain,
        district=address.district,
        lon=lon,
        lat=lat,
        place_id=state.place,
        link=state.link,
        gateway_id=state.gateway,
        channels=tuple(Channel(c.n, c.u) for c in state.channels),
        interval_s=interval_s,
        alarm_interval_s=interval_s if alarm_s is None else _interval("alarm_interval_s", alarm_s),
    )
    return DeviceBirth(ts_event=at, devices=(info,))


def _interval(name: str, value: float | None) -> float:
    if value is None or not 0 < value < MAX_INTERVAL_S:
        raise PayloadError("range", f"{name} was {value!r}, expected seconds above 0")
    return value


def _read_call(address: topics.Address, call: wire.CallEvent) -> CallReceived:
    if not 0 <= call.people <= MAX_COUNT:
        raise PayloadError("range", f"people was {call.people!r}, expected a number from 0")
    lon, lat = _degrees(call.lon, call.lat)
    return CallReceived(
        ts_event=_time(call.time),
        cause=call.cause,
        call_id=address.device,
        line=call.line,
        topic=call.topic,
        district=address.district,
        lon=lon,
        lat=lat,
        place_id=call.place,
        people=call.people,
    )


def _read_command(address: topics.Address, command: wire.CommandWire) -> Command:
    return Command(
        ts_event=_time(command.time),
        cause=command.cause,
        command_id=command.id,
        target_id=address.device,
        target_kind=address.kind,
        target_domain=address.domain,
        target_district=address.district,
        action=command.action,
        args=command.args,
        expires_at=_time(command.expires),
    )


def _read_ack(address: topics.Address, ack: wire.AckWire) -> Ack:
    return Ack(
        ts_event=_time(ack.time),
        cause=ack.cause,
        command_id=ack.id,
        source_id=address.device,
        source_kind=address.kind,
        source_domain=address.domain,
        source_district=address.district,
        status=ack.status,
        reason=ack.reason,
    )


def _read_order(order: wire.OrderWire) -> OperatorOrder:
    return OperatorOrder(
        ts_event=_time(order.time),
        cause=order.cause,
        order_id=order.id,
        operator=order.operator,
        action=order.action,
        incident_id=order.incident,
        args=order.args,
    )

"""The wire to messages; `sim.messages.gather` makes batches of telemetry.

Whatever is not of the published shape raises `PayloadError` with a countable reason; nothing
of it gets further.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from typing import TypeVar

import msgspec

from sim.kernel import basemap
from sim.kernel.bus import Message
from sim.kernel.clock import Ns
from sim.kernel.errors import ChengmaiError, PayloadError
from sim.messages import topics, wire
from sim.messages.city import CallReceived, CityClock, MapPublished
from sim.messages.field import Ack, ActuatorStatus, Command, UnitStatus
from sim.messages.gather import Gatherer, Pack, read_packs, read_time
from sim.messages.operator import OperatorOrder
from sim.messages.telemetry import Channel, DeviceBirth, DeviceDeath, DeviceInfo

T = TypeVar("T")

MAX_PAYLOAD_BYTES = 16_000_000
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


class Decoder:
    """Turn wire messages into messages."""

    def __init__(self) -> None:
        self._gatherer = Gatherer()

    def decode(self, messages: Iterable[tuple[str, bytes]]) -> list[Message | PayloadError]:
        """Return what `messages` say, in order; neighbouring reports of a kind as one batch.

        A message that cannot be read appears as the error that says why, in its place.
        """
        out: list[Message | PayloadError] = []
        for topic, payload in messages:
            try:
                read = read_one(topic, payload)
            except PayloadError as error:
                error.topic, error.payload = topic, payload
                out += self._gatherer.take()
                out.append(error)
                continue
            if isinstance(read, Message):
                out += self._gatherer.take()
                out.append(read)
            else:
                out += self._gatherer.add(read)
        out += self._gatherer.take()
        return out


def read_one(topic: str, payload: bytes) -> Message | list[Pack]:
    """Return what one wire message says: of telemetry, the reports that its pack holds.

    Raises
    ------
    PayloadError
        With reason ``"topic"``, ``"size"``, ``"json"``, ``"cbor"``, ``"schema"``, ``"range"`` or
        ``"name"``.
    """
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise PayloadError("size", f"{len(payload)} bytes, at most {MAX_PAYLOAD_BYTES} expected")
    if topic == topics.ORDER:
        return _read_order(_parse(_order, payload))
    address = topics.parse(topic)
    if address.channel == topics.TELEMETRY:
        return read_packs(address, payload)
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


def _degrees(lon: float, lat: float) -> tuple[float, float]:
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):
        raise PayloadError("range", f"position was {lon!r}, {lat!r}, expected WGS 84 degrees")
    return lon, lat


def _read_state(address: topics.Address, payload: bytes) -> Message:
    if payload.startswith(_GZIP_MAGIC):
        payload = _inflate(payload)
    state = _parse(_state, payload)
    if isinstance(state, wire.DeviceState):
        return _read_device(address, state)
    at = read_time(state.time)
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
            ends_at=None if state.ends is None else read_time(state.ends),
            wall_ns=read_time(state.wall),
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
    at = Ns(0) if state.time is None else read_time(state.time)
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
        ts_event=read_time(call.time),
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
        ts_event=read_time(command.time),
        cause=command.cause,
        command_id=command.id,
        target_id=address.device,
        target_kind=address.kind,
        target_domain=address.domain,
        target_district=address.district,
        action=command.action,
        args=command.args,
        expires_at=read_time(command.expires),
    )


def _read_ack(address: topics.Address, ack: wire.AckWire) -> Ack:
    return Ack(
        ts_event=read_time(ack.time),
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
        ts_event=read_time(order.time),
        cause=order.cause,
        order_id=order.id,
        operator=order.operator,
        action=order.action,
        incident_id=order.incident,
        args=order.args,
    )

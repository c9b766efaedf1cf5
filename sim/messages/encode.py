"""Messages to the wire: the only place that splits a batch into packs.

Telemetry is SenML JSON (RFC 8428): one pack a device and report, with its sequence number
and the simulation's time as records beside the readings. Everything else is one JSON object.
"""

from __future__ import annotations

import gzip
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec

from sim.kernel import basemap
from sim.kernel.bus import Message
from sim.kernel.clock import SECOND
from sim.messages import topics, wire
from sim.messages.city import CallReceived, CityClock, MapPublished
from sim.messages.field import Ack, ActuatorStatus, Command, UnitStatus
from sim.messages.operator import OperatorOrder
from sim.messages.telemetry import DeviceBirth, DeviceDeath, TelemetryBatch

SEQ, SIM_TIME, BATTERY, QUALITY = "seq", "sim_time", "battery", "quality"
"""Records beside a pack's readings; no channel may bear these names."""

_json = msgspec.json.Encoder()


@dataclass(frozen=True, slots=True)
class WireMessage:
    """One message as a broker carries it.

    Attributes
    ----------
    via
        The gateway whose connection carries it, or None for the sender's own.
    """

    topic: str
    payload: bytes
    qos: int = 0
    retain: bool = False
    via: str | None = None


class Encoder:
    """Turn messages into wire messages; remembers births, which give devices their topics."""

    def __init__(self) -> None:
        self._telemetry_as: dict[str, tuple[str, str, str | None]] = {}
        self._encode: dict[type[Message], Callable[[Any], list[WireMessage]]] = {
            TelemetryBatch: self._telemetry,
            DeviceBirth: self._birth,
            DeviceDeath: lambda m: [death(m)],
            UnitStatus: _unit,
            ActuatorStatus: _actuator,
            Command: _command,
            Ack: _ack,
            CallReceived: _call,
            CityClock: _clock,
            MapPublished: _map,
            OperatorOrder: _order,
        }

    def encode(self, message: Message) -> list[WireMessage]:
        """Return `message` as it goes over the wire, in order."""
        return self._encode[type(message)](message)

    def _birth(self, birth: DeviceBirth) -> list[WireMessage]:
        out = []
        for device in birth.devices:
            levels = (device.district, device.domain, device.kind, device.device_id)
            self._telemetry_as[device.device_id] = (
                topics.topic(*levels, topics.TELEMETRY),
                f"urn:dev:ops:chengmai-{device.kind}-{device.device_id}:",
                device.gateway_id,
            )
            state = wire.DeviceState(
                status="online",
                time=birth.ts_event / SECOND,
                lon=device.lon,
                lat=device.lat,
                place=device.place_id,
                link=device.link,
                gateway=device.gateway_id,
                channels=[wire.ChannelState(n=c.name, u=c.unit) for c in device.channels],
                interval_s=device.interval_s,
                alarm_interval_s=device.alarm_interval_s,
                firmware=device.firmware,
            )
            out.append(_wrap(levels, topics.STATE, state, retain=True, via=device.gateway_id))
        return out

    def _telemetry(self, batch: TelemetryBatch) -> list[WireMessage]:
        ids = batch.roster.ids
        readings = batch.values.T.tolist()
        battery = batch.battery.tolist() if batch.battery is not None else None
        out = []
        for row, position in enumerate(batch.device.tolist()):
            topic, base_name, via = self._telemetry_as[ids[position]]
            pack = [
                wire.Record(n=channel.name, u=channel.unit, v=value)
                for channel, value in zip(batch.channels, readings[row], strict=True)
                if not math.isnan(value)
            ]
            pack.append(wire.Record(n=SEQ, u="/", v=int(batch.seq[row])))
            pack.append(wire.Record(n=SIM_TIME, u="s", v=int(batch.sim_time_ns[row]) / SECOND))
            if battery is not None:
                pack.append(wire.Record(n=BATTERY, u="%EL", v=battery[row]))
            if batch.quality[row]:
                pack.append(wire.Record(n=QUALITY, u="/", v=int(batch.quality[row])))
            pack[0].bn = base_name
            pack[0].bt = int(batch.time_ns[row]) / SECOND
            out.append(WireMessage(topic, _json.encode(pack), via=via))
        return out


def death(message: DeviceDeath) -> WireMessage:
    """Return the retained word that a device is gone; also a gateway connection's will."""
    levels = (message.district, message.domain, message.kind, message.device_id)
    state = wire.DeviceState(
        status="offline", time=message.ts_event / SECOND, reason=message.reason
    )
    return _wrap(levels, topics.STATE, state, retain=True)


def _wrap(
    levels: tuple[str, str, str, str],
    channel: str,
    body: msgspec.Struct,
    *,
    retain: bool = False,
    via: str | None = None,
) -> WireMessage:
    return WireMessage(
        topics.topic(*levels, channel), _json.encode(body), qos=1, retain=retain, via=via
    )


def _unit(unit: UnitStatus) -> list[WireMessage]:
    body = wire.UnitStateWire(
        time=unit.ts_event / SECOND,
        skills=list(unit.skills),
        state=unit.state,
        lon=unit.lon,
        lat=unit.lat,
        station=unit.station_id,
        order=unit.order_id,
        observed=dict(unit.observed),
        cause=unit.cause,
    )
    levels = (unit.district, topics.EMERGENCY, unit.kind, unit.unit_id)
    return [_wrap(levels, topics.STATE, body, retain=True)]


def _actuator(actuator: ActuatorStatus) -> list[WireMessage]:
    body = wire.ActuatorState(
        time=actuator.ts_event / SECOND,
        place=actuator.place_id,
        lon=actuator.lon,
        lat=actuator.lat,
        position=actuator.position,
        actions=list(actuator.actions),
        cause=actuator.cause,
    )
    levels = (actuator.district, actuator.domain, actuator.kind, actuator.actuator_id)
    return [_wrap(levels, topics.STATE, body, retain=True)]


def _command(command: Command) -> list[WireMessage]:
    body = wire.CommandWire(
        id=command.command_id,
        action=command.action,
        time=command.ts_event / SECOND,
        expires=command.expires_at / SECOND,
        args=dict(command.args),
        cause=command.cause,
    )
    levels = (
        command.target_district,
        command.target_domain,
        command.target_kind,
        command.target_id,
    )
    return [_wrap(levels, topics.COMMAND, body)]


def _ack(ack: Ack) -> list[WireMessage]:
    body = wire.AckWire(
        id=ack.command_id,
        status=ack.status,
        time=ack.ts_event / SECOND,
        reason=ack.reason,
        cause=ack.cause,
    )
    levels = (ack.source_district, ack.source_domain, ack.source_kind, ack.source_id)
    return [_wrap(levels, topics.ACK, body)]


def _call(call: CallReceived) -> list[WireMessage]:
    body = wire.CallEvent(
        time=call.ts_event / SECOND,
        line=call.line,
        topic=call.topic,
        lon=call.lon,
        lat=call.lat,
        place=call.place_id,
        people=call.people,
        cause=call.cause,
    )
    return [_wrap((call.district, topics.EMERGENCY, "call", call.call_id), topics.EVENT, body)]


def _clock(clock: CityClock) -> list[WireMessage]:
    body = wire.ClockState(
        time=clock.ts_event / SECOND,
        speed=clock.speed,
        ends=None if clock.ends_at is None else clock.ends_at / SECOND,
        wall=clock.wall_ns / SECOND,
        run=clock.run_id,
    )
    return [_wrap(topics.CLOCK, topics.STATE, body, retain=True)]


def _map(message: MapPublished) -> list[WireMessage]:
    body = wire.MapState(time=message.ts_event / SECOND, map=basemap.to_document(message.basemap))
    payload = gzip.compress(_json.encode(body), compresslevel=6, mtime=0)
    return [WireMessage(topics.topic(*topics.MAP, topics.STATE), payload, qos=1, retain=True)]


def _order(order: OperatorOrder) -> list[WireMessage]:
    body = wire.OrderWire(
        id=order.order_id,
        operator=order.operator,
        action=order.action,
        time=order.ts_event / SECOND,
        incident=order.incident_id,
        args=dict(order.args),
        cause=order.cause,
    )
    return [WireMessage(topics.ORDER, _json.encode(body), qos=1)]

"""Messages to the wire: telemetry as SenML packs, everything else as one JSON object."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from typing import Any

import msgspec

from sim.kernel import basemap
from sim.kernel.bus import Message
from sim.kernel.clock import SECOND
from sim.messages import topics, wire
from sim.messages.city import CallReceived, CityClock, MapPublished
from sim.messages.envelope import GZIP, About, WireMessage
from sim.messages.field import Ack, ActuatorStatus, Command, UnitStatus
from sim.messages.operator import OperatorOrder
from sim.messages.packing import Packer, TelemetryForm
from sim.messages.telemetry import DeviceBirth, DeviceDeath, TelemetryBatch

_json = msgspec.json.Encoder()


class Encoder:
    """Turn messages into wire messages; remembers births, which give devices their topics.

    Parameters
    ----------
    form
        How readings go over the wire; JSON packs of single devices unless told otherwise.
    """

    def __init__(self, form: TelemetryForm | None = None) -> None:
        self._packer = Packer(form or TelemetryForm())
        self._encode: dict[type[Message], Callable[[Any], list[WireMessage]]] = {
            TelemetryBatch: self._packer.pack,
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
            self._packer.learn(device)
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
            )
            out.append(_state(levels, state, "device-state", device.gateway_id))
        return out


def death(message: DeviceDeath) -> WireMessage:
    """Return the retained word that a device is gone; also a gateway connection's will."""
    levels = (message.district, message.domain, message.kind, message.device_id)
    state = wire.DeviceState(
        status="offline", time=message.ts_event / SECOND, reason=message.reason
    )
    return _state(levels, state, "device-state")


def _state(
    levels: topics.Levels, body: msgspec.Struct, schema: str, via: str | None = None
) -> WireMessage:
    about = About(schema=schema)
    topic = topics.topic(*levels, topics.STATE)
    return WireMessage(topic, _json.encode(body), qos=1, retain=True, via=via, about=about)


def _once(levels: topics.Levels, channel: str, body: msgspec.Struct, about: About) -> WireMessage:
    return WireMessage(topics.topic(*levels, channel), _json.encode(body), qos=1, about=about)


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
    return [_state(levels, body, "unit-state")]


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
    return [_state(levels, body, "actuator-state")]


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
    about = About(
        schema="command",
        expires_s=(command.expires_at - command.ts_event) / SECOND,
        response_topic=topics.topic(*levels, topics.ACK),
        correlation=command.command_id,
    )
    return [_once(levels, topics.COMMAND, body, about)]


def _ack(ack: Ack) -> list[WireMessage]:
    body = wire.AckWire(
        id=ack.command_id,
        status=ack.status,
        time=ack.ts_event / SECOND,
        reason=ack.reason,
        cause=ack.cause,
    )
    levels = (ack.source_district, ack.source_domain, ack.source_kind, ack.source_id)
    return [_once(levels, topics.ACK, body, About(schema="ack", correlation=ack.command_id))]


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
    levels = (call.district, topics.EMERGENCY, "call", call.call_id)
    return [_once(levels, topics.EVENT, body, About(schema="call-event"))]


def _clock(clock: CityClock) -> list[WireMessage]:
    body = wire.ClockState(
        time=clock.ts_event / SECOND,
        speed=clock.speed,
        ends=None if clock.ends_at is None else clock.ends_at / SECOND,
        wall=clock.wall_ns / SECOND,
        run=clock.run_id,
    )
    return [_state(topics.CLOCK, body, "clock-state")]


def _map(message: MapPublished) -> list[WireMessage]:
    body = wire.MapState(time=message.ts_event / SECOND, map=basemap.to_document(message.basemap))
    payload = gzip.compress(_json.encode(body), compresslevel=6, mtime=0)
    about = About(schema="map-state", content_type=GZIP)
    topic = topics.topic(*topics.MAP, topics.STATE)
    return [WireMessage(topic, payload, qos=1, retain=True, about=about)]


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

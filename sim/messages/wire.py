"""The shapes of payloads: what a foreign client reads and writes.

Times are seconds since the Unix epoch, as in SenML. These structures are the one source of
the published JSON Schemas.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from sim.messages.field import AckStatus, Scalar, UnitState

MAX_TIME_S = 2.0**33
"""Times beyond this (year 2242) are refused as garbage."""

SENML_VERSION = 10
"""Highest version of SenML that is understood (RFC 8428, section 4.4)."""


class Record(msgspec.Struct, omit_defaults=True, kw_only=True, gc=False):
    """One SenML record (RFC 8428, section 4)."""

    bn: str | None = None
    bt: float | None = None
    bu: str | None = None
    bv: float | None = None
    bver: int | None = None
    n: str | None = None
    u: str | None = None
    v: float | None = None
    vs: str | None = None
    vb: bool | None = None
    t: float | None = None


class ChannelState(msgspec.Struct, kw_only=True):
    """Name and unit of one channel in a birth."""

    n: str
    u: str


class DeviceState(msgspec.Struct, tag="device", tag_field="type", kw_only=True):
    """A device's birth, or (status ``offline``) its death or will."""

    status: Literal["online", "offline"]
    time: float | None = None
    lon: float | None = None
    lat: float | None = None
    place: str | None = None
    link: int | None = None
    gateway: str | None = None
    channels: list[ChannelState] = []
    interval_s: float | None = None
    alarm_interval_s: float | None = None
    reason: str | None = None


class UnitStateWire(msgspec.Struct, tag="unit", tag_field="type", kw_only=True):
    """Where a unit is and what it does."""

    time: float
    skills: list[str]
    state: UnitState
    lon: float
    lat: float
    station: str
    order: str | None = None
    observed: dict[str, Scalar] = {}
    cause: str | None = None


class ActuatorState(msgspec.Struct, tag="actuator", tag_field="type", kw_only=True):
    """An actuator's own word on its position."""

    time: float
    place: str
    lon: float
    lat: float
    position: str
    actions: list[str]
    cause: str | None = None


class ClockState(msgspec.Struct, tag="clock", tag_field="type", kw_only=True):
    """City time, its speed, and the wall's time when it was said."""

    time: float
    speed: float
    ends: float | None
    wall: float
    run: str


class MapState(msgspec.Struct, tag="map", tag_field="type", kw_only=True):
    """The public base map; the payload is gzip."""

    time: float
    map: dict[str, Any]


class CallEvent(msgspec.Struct, tag="call", tag_field="type", kw_only=True):
    """A call to an emergency or service line."""

    time: float
    line: str
    topic: str
    lon: float
    lat: float
    place: str | None
    people: int
    cause: str | None = None


class CommandWire(msgspec.Struct, kw_only=True):
    """An order to the unit or actuator that the topic names."""

    id: str
    action: str
    time: float
    expires: float
    args: dict[str, Scalar] = {}
    cause: str | None = None


class AckWire(msgspec.Struct, kw_only=True):
    """The answer of the unit or actuator that the topic names."""

    id: str
    status: AckStatus
    time: float
    reason: str = ""
    cause: str | None = None


class OrderWire(msgspec.Struct, kw_only=True):
    """An operator's order to the centre."""

    id: str
    operator: str
    action: str
    time: float
    incident: str | None = None
    args: dict[str, Scalar] = {}
    cause: str | None = None


State = DeviceState | UnitStateWire | ActuatorState | ClockState | MapState

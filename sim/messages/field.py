"""Units and actuators as they report themselves, and the commands given to them.

One `Command` serves a pump, a barrier, a sign, a signal and a vehicle alike; one `Ack`
answers. What the world then did is seen in telemetry, never assumed from the answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from sim.kernel.bus import Message
from sim.kernel.clock import Ns

Scalar = str | int | float | bool | None

LOCAL_PREFIX = "edge-"
"""Begins the identifier of a command that a gateway gave on the spot, not the centre."""

UnitState = Literal["idle", "turnout", "en_route", "on_scene", "returning", "out_of_service"]
AckStatus = Literal["accepted", "refused", "done", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class UnitStatus(Message):
    """Where a unit is and what it does, retained on the wire.

    Attributes
    ----------
    unit_id, kind, district
        Topic levels; `kind` is what it is (``"pump_unit"``), `district` its home.
    skills
        What it can do, sorted.
    state
        Its step in a job.
    lon, lat
        Where, WGS 84 degrees.
    station_id
        Home station.
    order_id
        Command it is carrying out, or None.
    observed
        What its crew sees on scene, such as ``{"trapped": 2, "depth_m": 0.4}``.
    """

    unit_id: str
    kind: str
    district: str
    skills: tuple[str, ...]
    state: UnitState
    lon: float
    lat: float
    station_id: str
    order_id: str | None = None
    observed: Mapping[str, Scalar] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ActuatorStatus(Message):
    """An actuator's own word on its position, retained on the wire.

    Attributes
    ----------
    actuator_id, kind, district, domain
        Topic levels; `kind` is ``"standby_pump"``, ``"barrier"``, ``"message_sign"``.
    place_id
        The place it serves.
    lon, lat
        WGS 84 degrees.
    position
        ``"on"``/``"off"``, ``"open"``/``"closed"``, or the text shown; ``"fault"``.
    actions
        Commands it understands, sorted.
    """

    actuator_id: str
    kind: str
    domain: str
    district: str
    place_id: str
    lon: float
    lat: float
    position: str
    actions: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Command(Message):
    """An order to one actuator or unit, carried at least once; the id makes it once.

    Attributes
    ----------
    command_id
        Unique; a receiver acts once on it and answers every copy. Begins with `LOCAL_PREFIX`
        where a gateway gave it.
    target_id, target_kind, target_domain, target_district
        Topic levels of the receiver.
    action
        What to do: ``"start"``, ``"close"``, ``"show"``, ``"respond"``, ``"stand_down"``.
    args
        Named values the action takes.
    expires_at
        After this time it must not be acted on.
    """

    command_id: str
    target_id: str
    target_kind: str
    target_domain: str
    target_district: str
    action: str
    args: Mapping[str, Scalar] = field(default_factory=dict)
    expires_at: Ns


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ack(Message):
    """A receiver's answer to a command.

    ``accepted`` and ``refused`` come at once, ``done`` and ``failed`` when it is over.
    """

    command_id: str
    source_id: str
    source_kind: str
    source_domain: str
    source_district: str
    status: AckStatus
    reason: str = ""

"""The parts of a scenario file about reporting and the network."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import Field

from devices.catalogue import SensorKind
from devices.gateway import BACKUP_S
from devices.schedule import Reporting
from scenarios.quantities import Seconds, Share
from sim.files.quantities import quantity
from sim.files.strict import Part
from sim.kernel import units
from sim.kernel.errors import InputError


class ReportingPart(Part):
    """How the sensors of a kind decide to report.

    Attributes
    ----------
    report
        At ``interval``, looking only then, whatever they read; ``event``: besides at once in
        alarm, and oftener while it lasts; ``exception``: when the reading has moved by `deadband`
        or an alarm begins or ends.
    deadband
        With its unit, or a number in the unit of the channel that the kind's alarm watches.
    heartbeat
        Longest silence by exception.
    """

    report: Literal["interval", "event", "exception"] = "event"
    deadband: float | str | None = None
    heartbeat: Annotated[float, quantity("s"), Field(gt=0)] = 3_600.0

    def to_reporting(self, kind: SensorKind) -> Reporting:
        """Return it as devices take it; InputError when the dead-band does not fit the kind."""
        unit = kind.channels[0 if kind.alarm is None else kind.alarm.channel].unit
        given = self.deadband
        if self.report != "exception":
            if given is not None:
                raise InputError("deadband", value=given, expected="none unless by exception")
            return Reporting(mode=self.report)
        deadband = 0.0
        if isinstance(given, str) and units.is_known(unit):
            deadband = units.parse(given, unit, thing="deadband")
        elif given is not None:
            number = str(given).removesuffix(unit).strip()
            try:
                deadband = float(number)
            except ValueError:
                deadband = 0.0
        if not 0 < deadband < math.inf:
            raise InputError("deadband", value=given, expected=f"a dead-band in {unit} above 0")
        return Reporting(mode="exception", deadband=deadband, heartbeat_s=self.heartbeat)


class Outage(Part):
    """Gateways that lose their link for a while, the first `count` in name order."""

    at: Seconds
    lasts: Seconds
    count: int = Field(default=1, ge=1)


class NetworkPart(Part):
    """How readings travel.

    Attributes
    ----------
    loss
        Share of transmissions lost, the same everywhere; None by place and distance.
    adr
        Whether LoRaWAN's network sets each device's data rate, or all send as slowly as they can.
    capacity
        Reports that a gateway handles a second; None for any number.
    queue
        Most reports that wait at a gateway.
    backup
        How long a gateway's battery carries it without mains power.
    filter
        What gateways leave out: nothing, spikes (``median``), or what says nothing new.
    edge
        Whether gateways act by themselves while their line is down.
    actuators
        Whether actuators hear the centre over a line of their own, or over the nearest gateway's.
    """

    gateways: int = Field(default=6, ge=1, le=500)
    loss: Share | None = None
    outages: tuple[Outage, ...] = ()
    adr: bool = True
    capacity: Annotated[float, quantity("1/s"), Field(gt=0)] | None = None
    queue: int = Field(default=1_000, ge=1, le=1_000_000)
    backup: Seconds = BACKUP_S
    filter: Literal["none", "median", "deadband"] = "none"
    edge: bool = False
    actuators: Literal["own", "gateway"] = "own"

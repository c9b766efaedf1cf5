"""How the reports of a cohort get to the bus, and what became of them."""

from __future__ import annotations

from dataclasses import dataclass, field

from devices.edge import EdgeControl
from devices.filtering import Filtering
from devices.gateway import Gateways
from devices.link import DUPLICATE_SHARE
from devices.schedule import Reporting
from sim.messages.telemetry import F64


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Uplink:
    """How the reports of a cohort get to the bus.

    Attributes
    ----------
    gateways
        Those named in the devices' births; None where none is.
    loss
        Share of transmissions lost, one for all or ``(n,)``; None by place and distance.
    duplicate_share
        Share of reports that arrive twice.
    delivery_s
        Reports are handed to the bus at whole multiples of this, as one batch [s].
    reporting
        How devices decide to report.
    adr
        Whether LoRaWAN's network sets each device's data rate.
    filtering
        What gateways leave out of what they forward; None for nothing.
    control
        What gateways do by themselves while their line is down; None for nothing.
    """

    gateways: Gateways | None = None
    loss: float | F64 | None = None
    duplicate_share: float = DUPLICATE_SHARE
    delivery_s: float = 5.0
    reporting: Reporting = field(default_factory=Reporting)
    adr: bool = True
    filtering: Filtering | None = None
    control: EdgeControl | None = None


@dataclass(slots=True, kw_only=True)
class Counts:
    """What became of a cohort's reports so far.

    Attributes
    ----------
    sent
        Reports that devices sent.
    lost
        Never came through the radio, or found no room at a gateway.
    duplicated
        Came twice.
    filtered
        Left out by gateways as nothing new.
    stored
        Came late, kept by a gateway or a device while nobody listened.
    delivered
        Readings published, duplicates included.
    """

    sent: int = 0
    lost: int = 0
    duplicated: int = 0
    filtered: int = 0
    stored: int = 0
    delivered: int = 0

"""Sensor kinds as rows of a table: a new kind is a row in one of these files, not a class.

`model` says what a row holds, `cells` what batteries there are; the other files are the rows.
"""

from __future__ import annotations

from devices.catalogue import air, network, people, roads, structures, water, works
from devices.catalogue.model import (
    Alarm,
    Ambient,
    ChannelSpec,
    Cross,
    CrossOffset,
    EnergySpec,
    HumidGrowth,
    Interference,
    SensorKind,
)
from devices.catalogue.network import GATEWAY
from devices.catalogue.roads import VEHICLE_DETECTOR
from devices.catalogue.water import RAIN_GAUGE, ROAD_WATER_GAUGE
from sim.kernel.errors import InputError

__all__ = [
    "GATEWAY",
    "KINDS",
    "RAIN_GAUGE",
    "ROAD_WATER_GAUGE",
    "VEHICLE_DETECTOR",
    "Alarm",
    "Ambient",
    "ChannelSpec",
    "Cross",
    "CrossOffset",
    "EnergySpec",
    "HumidGrowth",
    "Interference",
    "SensorKind",
    "get_kind",
]

KINDS: dict[str, SensorKind] = {
    row.kind: row
    for part in (water, structures, roads, air, people, works, network)
    for row in part.ROWS
}
"""Every row by its topic level."""


def get_kind(kind: str) -> SensorKind:
    """Return the row of `kind`.

    Raises
    ------
    InputError
        When the catalogue has none.
    """
    row = KINDS.get(kind)
    if row is None:
        raise InputError("sensor kind", value=kind, expected="one of " + ", ".join(KINDS))
    return row

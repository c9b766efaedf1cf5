"""What sensors say: who they are, and what they read.

Inside, telemetry is columns: one `TelemetryBatch` a cohort a tick. Only the codec splits a
batch into the packs of single devices and gathers packs into batches.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sim.kernel.bus import Message

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
I32 = NDArray[np.int32]
U8 = NDArray[np.uint8]

QUALITY_OK = 0
QUALITY_SELF_TEST = 1
"""The device itself doubts the reading."""
QUALITY_STORED = 2
"""Kept by a gateway while its link was down, and sent later."""


@dataclass(frozen=True, slots=True)
class Channel:
    """One measured quantity of a sensor kind: SenML name and unit (RFC 8428, RFC 8798)."""

    name: str
    unit: str


class Roster:
    """An append-only list of device identifiers that batches index into.

    A cohort shares one roster among all its batches; a decoder keeps one per kind and adds
    each device when it first hears of it. Positions never change.
    """

    __slots__ = ("_index", "ids")

    def __init__(self, ids: Iterable[str] = ()) -> None:
        self.ids: list[str] = []
        self._index: dict[str, int] = {}
        for device_id in ids:
            self.add(device_id)

    def __len__(self) -> int:
        return len(self.ids)

    def add(self, device_id: str) -> int:
        """Return the position of `device_id`, appending it when it is new."""
        position = self._index.get(device_id)
        if position is None:
            position = len(self.ids)
            self._index[device_id] = position
            self.ids.append(device_id)
        return position

    def find(self, device_id: str) -> int | None:
        """Return the position of `device_id`, or None."""
        return self._index.get(device_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceInfo:
    """What a device's birth tells: identity, kind, place and how it reports.

    Attributes
    ----------
    device_id
        Unique in the city, a topic level.
    kind, domain, district
        Topic levels: sensor kind, Article 40 domain, district identifier.
    lon, lat
        WGS 84 degrees.
    place_id
        The place it watches (an underpass), or None.
    link
        Index of the road link it watches, or None.
    gateway_id
        The gateway it speaks through, or None.
    channels
        What it measures, in the order of the batch's rows.
    interval_s, alarm_interval_s
        Reporting period when idle and when it reads above its own alarm level [s].
    firmware
        Version of its firmware, or None where it does not tell.
    """

    device_id: str
    kind: str
    domain: str
    district: str
    lon: float
    lat: float
    place_id: str | None
    link: int | None
    gateway_id: str | None
    channels: tuple[Channel, ...]
    interval_s: float
    alarm_interval_s: float
    firmware: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DeviceBirth(Message):
    """Devices that say who they are; retained on the wire, one a device."""

    devices: Sequence[DeviceInfo]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DeviceDeath(Message):
    """A device or gateway is gone: said by itself, or by the broker as its will."""

    device_id: str
    kind: str
    domain: str
    district: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TelemetryBatch(Message):
    """Readings of one sensor kind, as columns.

    Attributes
    ----------
    kind
        Sensor kind.
    roster
        Device identifiers that `device` indexes.
    channels
        One a row of `values`.
    device
        ``(n,)`` int32 positions in `roster`.
    time_ns
        ``(n,)`` int64 device time of each reading, whole milliseconds.
    values
        ``(len(channels), n)`` in the channels' units; NaN where a channel is missing.
    quality
        ``(n,)`` uint8, `QUALITY_OK` and its sisters.
    seq
        ``(n,)`` int64 sequence number of the device's pack.
    sim_time_ns
        ``(n,)`` int64 city time at which the reading was taken, for testers only.
    battery
        ``(n,)`` remaining energy [%], or None where the kind has no battery.
    """

    kind: str
    roster: Roster = field(repr=False)
    channels: tuple[Channel, ...]
    device: I32
    time_ns: I64
    values: F64
    quality: U8
    seq: I64
    sim_time_ns: I64
    battery: F64 | None = None

    def __len__(self) -> int:
        return len(self.device)

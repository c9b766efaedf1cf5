"""Devices that are born and report, as a centre's senses get to hear them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from sim.kernel.clock import Ns, seconds
from sim.messages.telemetry import (
    Channel,
    DeviceBirth,
    DeviceDeath,
    DeviceInfo,
    Roster,
    TelemetryBatch,
)

T0 = Ns(1_784_624_400_000_000_000)
"""2026-07-21 17:00 in Beijing."""

CHANNELS = {
    "road_water_gauge": (Channel("depth", "m"),),
    "rain_gauge": (Channel("rain", "mm"),),
    "vehicle_detector": (
        Channel("vehicles", "count"),
        Channel("speed", "m/s"),
        Channel("occupancy", "/"),
    ),
    "gateway": (Channel("children", "count"), Channel("buffered", "count")),
}


def after(duration_s: float) -> Ns:
    """City time `duration_s` after `T0`."""
    return Ns(T0 + seconds(duration_s))


@dataclass(frozen=True)
class Reading:
    """One report of one device: seconds after `T0`, and a value a channel."""

    device_id: str
    seq: int
    at_s: float
    values: tuple[float, ...]
    quality: int = 0


def device(
    device_id: str,
    kind: str = "road_water_gauge",
    *,
    gateway_id: str | None = None,
    district: str = "haidian",
    interval_s: float = 60.0,
    link: int | None = None,
) -> DeviceInfo:
    return DeviceInfo(
        device_id=device_id,
        kind=kind,
        domain="municipal",
        district=district,
        lon=116.3,
        lat=39.9,
        place_id=None,
        link=link,
        gateway_id=gateway_id,
        channels=CHANNELS[kind],
        interval_s=interval_s,
        alarm_interval_s=interval_s,
    )


def birth(devices: Sequence[DeviceInfo]) -> DeviceBirth:
    return DeviceBirth(ts_event=T0, devices=devices)


def death(info: DeviceInfo, reason: str = "will") -> DeviceDeath:
    return DeviceDeath(
        ts_event=T0,
        device_id=info.device_id,
        kind=info.kind,
        domain=info.domain,
        district=info.district,
        reason=reason,
    )


def batch(
    readings: Iterable[Reading],
    kind: str = "road_water_gauge",
    *,
    roster: Roster | None = None,
    channels: tuple[Channel, ...] | None = None,
) -> TelemetryBatch:
    readings = list(readings)
    roster = Roster() if roster is None else roster
    channels = CHANNELS[kind] if channels is None else channels
    times = np.array([after(r.at_s) for r in readings], dtype=np.int64)
    return TelemetryBatch(
        ts_event=T0,
        kind=kind,
        roster=roster,
        channels=channels,
        device=np.array([roster.add(r.device_id) for r in readings], dtype=np.int32),
        time_ns=times,
        values=np.array([r.values for r in readings], dtype=float).reshape(-1, len(channels)).T,
        quality=np.array([r.quality for r in readings], dtype=np.uint8),
        seq=np.array([r.seq for r in readings], dtype=np.int64),
        sim_time_ns=times,
        battery=np.full(len(readings), math.nan),
    )

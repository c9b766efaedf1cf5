"""Sensors at their spots: names, districts, gateways, and what each watches."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from devices.catalogue import GATEWAY, SensorKind
from devices.deployment import Deployment
from scenarios.schema import Scenario
from sim.kernel.basemap import BaseMap
from sim.messages.telemetry import F64, I32, DeviceInfo


def place_gateways(scenario: Scenario, basemap: BaseMap) -> Deployment:
    """Return gateways spread evenly over the map: each farthest from those before it."""
    nodes = basemap.roads.node_xy_m
    count = min(scenario.network.gateways, len(nodes))
    chosen = [int(np.argmin(np.hypot(*(nodes - nodes.mean(axis=0)).T)))]
    nearest = np.hypot(*(nodes - nodes[chosen[0]]).T)
    while len(chosen) < count:
        chosen.append(int(np.argmax(nearest)))
        nearest = np.minimum(nearest, np.hypot(*(nodes - nodes[chosen[-1]]).T))
    ids = [f"gateway-{number:02d}" for number in range(1, count + 1)]
    return site(GATEWAY, basemap, ids, nodes[chosen], gateways=None)


def site(
    kind: SensorKind,
    basemap: BaseMap,
    ids: list[str],
    xy_m: F64,
    *,
    gateways: Deployment | None,
    link: I32 | None = None,
    place: I32 | None = None,
    interval_s: float | None = None,
) -> Deployment:
    """Return devices at ``(n, 2)`` points [m], each speaking through the nearest gateway.

    Parameters
    ----------
    link, place
        ``(n,)`` what each watches, -1 for none; None where none watches any.
    interval_s
        Idle reporting period instead of the kind's own [s].
    """
    none = np.full(len(ids), -1, dtype=np.int32)
    link = none if link is None else link
    place = none if place is None else place
    lonlat = basemap.projection.to_lonlat(xy_m)
    districts = basemap.district_of(xy_m) if ids else []
    gateway_ids: list[str | None] = [None] * len(ids)
    if gateways is not None and ids:
        nearest = np.asarray(cKDTree(gateways.xy_m).query(xy_m)[1])
        gateway_ids = [gateways.devices[i].device_id for i in nearest.tolist()]
    idle_s = kind.interval_s if interval_s is None else interval_s
    devices = tuple(
        DeviceInfo(
            device_id=device_id,
            kind=kind.kind,
            domain=kind.domain,
            district=districts[i],
            lon=float(lonlat[i, 0]),
            lat=float(lonlat[i, 1]),
            place_id=basemap.places[place[i]].place_id if place[i] >= 0 else None,
            link=int(link[i]) if link[i] >= 0 else None,
            gateway_id=gateway_ids[i],
            channels=kind.message_channels,
            interval_s=idle_s,
            alarm_interval_s=min(kind.alarm_interval_s, idle_s),
        )
        for i, device_id in enumerate(ids)
    )
    return Deployment(kind=kind, devices=devices, xy_m=xy_m, link=link, place=place)

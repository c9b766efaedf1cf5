"""Where sensors stand: rules of the scenario applied to a city."""

from __future__ import annotations

import numpy as np

from devices.catalogue import GATEWAY, RAIN_GAUGE, ROAD_WATER_GAUGE, VEHICLE_DETECTOR, SensorKind
from devices.cohort import Deployment
from scenarios.schema import Scenario
from sim.kernel.basemap import ROAD_CLASSES, BaseMap
from sim.kernel.rng import Streams
from sim.messages.telemetry import F64, I32, DeviceInfo

GAUGE_SPREAD_M = 6.0
"""Gauges of one underpass stand so far apart along the kerb (assumed)."""
DETECTOR_RANK = ROAD_CLASSES.index("tertiary")
"""Detectors are built into roads of this class and greater."""


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
    return _site(GATEWAY, basemap, ids, nodes[chosen], gateways=None)


def place_sensors(
    scenario: Scenario, basemap: BaseMap, gateways: Deployment, streams: Streams
) -> list[Deployment]:
    """Return the rain gauges, water gauges and vehicle detectors of a scenario."""
    return [
        site
        for site in (
            _rain_gauges(scenario, basemap, gateways),
            _water_gauges(scenario, basemap, gateways),
            _vehicle_detectors(scenario, basemap, gateways, streams),
        )
        if site.devices
    ]


def _rain_gauges(scenario: Scenario, basemap: BaseMap, gateways: Deployment) -> Deployment:
    spacing_m = max(scenario.sensing.rain.spacing, 50.0)
    low, high = basemap.roads.node_xy_m.min(axis=0), basemap.roads.node_xy_m.max(axis=0)
    # A grid centred on the map, so that a small map has its one gauge in the middle.
    counts = np.maximum(np.round((high - low) / spacing_m), 1).astype(int)
    axes = [
        (low[i] + high[i]) / 2 + spacing_m * (np.arange(counts[i]) - (counts[i] - 1) / 2)
        for i in (0, 1)
    ]
    xy_m = np.array([(x, y) for x in axes[0] for y in axes[1]], dtype=float)
    ids = [f"rain-{number:03d}" for number in range(1, len(xy_m) + 1)]
    return _site(RAIN_GAUGE, basemap, ids, xy_m, gateways=gateways)


def _water_gauges(scenario: Scenario, basemap: BaseMap, gateways: Deployment) -> Deployment:
    each = scenario.sensing.water.per_underpass
    ids, points, links, places = [], [], [], []
    for index, place in enumerate(basemap.places):
        if place.kind != "underpass":
            continue
        for number in range(each):
            ids.append(f"water-{place.place_id}-{number + 1}")
            points.append((place.x_m + GAUGE_SPREAD_M * (number - (each - 1) / 2), place.y_m))
            links.append(place.links[number % len(place.links)])
            places.append(index)
    return _site(
        ROAD_WATER_GAUGE,
        basemap,
        ids,
        np.array(points, dtype=float).reshape(-1, 2),
        gateways=gateways,
        link=np.array(links, dtype=np.int32),
        place=np.array(places, dtype=np.int32),
        interval_s=scenario.sensing.water.interval,
    )


def _vehicle_detectors(
    scenario: Scenario, basemap: BaseMap, gateways: Deployment, streams: Streams
) -> Deployment:
    roads = basemap.roads
    # One draw a link of the map, so that another share keeps the links of a smaller one.
    drawn = streams.at("siting.vehicle_detector", 0).random(len(roads))
    wanted = (drawn < scenario.sensing.traffic.share) & (roads.road_class <= DETECTOR_RANK)
    if scenario.sensing.traffic.share > 0:
        for place in basemap.places:
            if place.kind == "underpass":
                wanted[list(place.links)] = True
    links = np.flatnonzero(wanted)
    place_of = {
        link: index
        for index, place in enumerate(basemap.places)
        if place.kind == "underpass"
        for link in place.links
    }
    return _site(
        VEHICLE_DETECTOR,
        basemap,
        [f"detector-{link:05d}" for link in links.tolist()],
        np.array([roads.midpoint(link) for link in links.tolist()]).reshape(-1, 2),
        gateways=gateways,
        link=links.astype(np.int32),
        place=np.array([place_of.get(link, -1) for link in links.tolist()], dtype=np.int32),
    )


def _site(
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
    """Return devices at `xy_m`, each speaking through the nearest gateway."""
    none = np.full(len(ids), -1, dtype=np.int32)
    link = none if link is None else link
    place = none if place is None else place
    lonlat = basemap.projection.to_lonlat(xy_m)
    districts = basemap.district_of(xy_m) if ids else []
    gateway_ids: list[str | None] = [None] * len(ids)
    if gateways is not None and ids:
        distance = np.hypot(*(xy_m[:, None, :] - gateways.xy_m[None, :, :]).transpose(2, 0, 1))
        gateway_ids = [gateways.devices[i].device_id for i in distance.argmin(axis=1).tolist()]
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

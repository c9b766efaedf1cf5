"""The rules of a scenario applied to a city: which sensors stand where."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from devices.catalogue import KINDS, RAIN_GAUGE, ROAD_WATER_GAUGE, VEHICLE_DETECTOR
from devices.deployment import Deployment
from scenarios.schema import Scenario, SiteRule
from scenarios.site_rules import RULES, Rule
from scenarios.siting.devices import site
from scenarios.siting.spots import GRID_LEAST_M, ROAD_RANK, Spots, find_spots, grid_m
from sim.kernel.basemap import BaseMap
from sim.kernel.rng import Streams
from sim.messages.telemetry import I64
from sim.world.city.model import City

APART_M = 6.0
"""Sensors of one spot stand so far apart, along the kerb (assumed)."""


def place_sensors(
    scenario: Scenario, city: City, gateways: Deployment, streams: Streams
) -> list[Deployment]:
    """Return the sensors of a scenario, a deployment a kind, in the catalogue's order.

    Rain gauges, road water gauges and vehicle detectors stand by their own parts of the
    scenario unless `kinds` names them.
    """
    sensing = scenario.sensing
    asked = dict(sensing.kinds)
    if sensing.preset == "full":
        asked = {kind: SiteRule() for kind in RULES if kind not in _OWN_PARTS} | asked
    deployments = []
    for kind in KINDS:
        if kind in asked:
            found = _by_rule(kind, asked[kind], city, gateways, streams)
        elif kind in _OWN_PARTS and sensing.preset != "none":
            found = _OWN_PARTS[kind](scenario, city.basemap, gateways, streams)
        else:
            continue
        if found.devices:
            deployments.append(found)
    return deployments


def rule_of(kind: str, asked: SiteRule) -> Rule:
    """Return where a kind stands: what a scenario asks for, over the default."""
    usual = RULES[kind]
    if asked.every or asked.along is not None or asked.spacing is not None:
        # Another kind of place or network: nothing of the usual one is left.
        usual = Rule(
            every=asked.every,
            along=asked.along,
            spacing_m=asked.spacing or (usual.spacing_m if asked.along == usual.along else None),
            each=usual.each if asked.every else 1,
        )
    return replace(
        usual,
        share=usual.share if asked.share is None else asked.share,
        count=asked.count,
        by=usual.by if asked.by is None else asked.by,
        each=usual.each if asked.each is None else asked.each,
    )


def chosen(spots: Spots, rule: Rule, kind: str, streams: Streams) -> I64:
    """Return the rows of the spots that a rule takes, one for each sensor, in their order.

    One draw a spot, so that another share or count keeps the spots of a smaller one.
    """
    n = len(spots)
    draws = streams.at(f"siting.{kind}", 0).random(n)
    order = np.argsort(-spots.risk if rule.by == "risk" else draws, kind="stable")
    if rule.count is not None:
        rows = np.resize(order, rule.count) if n else order
    elif rule.by == "risk":
        rows = order[: max(1, round(rule.share * n)) if rule.share > 0 else 0]
    else:
        rows = np.flatnonzero(draws < rule.share)
    return np.sort(np.repeat(rows, 1 if rule.count is not None else rule.each))


def _by_rule(
    kind: str, asked: SiteRule, city: City, gateways: Deployment, streams: Streams
) -> Deployment:
    rule = rule_of(kind, asked)
    spots = find_spots(city, rule, RULES[kind])
    rows = chosen(spots, rule, kind, streams)
    # The how-manieth sensor of its spot each is.
    first = np.searchsorted(rows, rows)
    nth = np.arange(len(rows)) - first
    sharing = np.bincount(rows, minlength=len(spots))[rows]
    at = spots.take(rows)
    shift_m = APART_M * (nth - (sharing - 1) / 2)
    stem = kind.replace("_", "-")
    return site(
        KINDS[kind],
        city.basemap,
        [
            f"{stem}-{name}" + (f"-{number + 1}" if number else "")
            for name, number in zip(at.names, nth.tolist(), strict=True)
        ],
        at.xy_m + np.stack([shift_m, np.zeros(len(rows))], axis=1),
        gateways=gateways,
        link=at.link,
        place=at.place,
        interval_s=asked.interval,
    )


def _rain_gauges(
    scenario: Scenario, basemap: BaseMap, gateways: Deployment, streams: Streams
) -> Deployment:
    del streams
    spacing_m = max(scenario.sensing.rain.spacing, GRID_LEAST_M)
    xy_m = grid_m(basemap.roads.node_xy_m, spacing_m)
    ids = [f"rain-{number:03d}" for number in range(1, len(xy_m) + 1)]
    return site(RAIN_GAUGE, basemap, ids, xy_m, gateways=gateways)


def _water_gauges(
    scenario: Scenario, basemap: BaseMap, gateways: Deployment, streams: Streams
) -> Deployment:
    del streams
    each = scenario.sensing.water.per_underpass
    ids, points, links, places = [], [], [], []
    for index, place in enumerate(basemap.places):
        if place.kind != "underpass":
            continue
        for number in range(each):
            ids.append(f"water-{place.place_id}-{number + 1}")
            points.append((place.x_m + APART_M * (number - (each - 1) / 2), place.y_m))
            links.append(place.links[number % len(place.links)])
            places.append(index)
    return site(
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
    wanted = (drawn < scenario.sensing.traffic.share) & (roads.road_class <= ROAD_RANK)
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
    return site(
        VEHICLE_DETECTOR,
        basemap,
        [f"detector-{link:05d}" for link in links.tolist()],
        np.array([roads.midpoint(link) for link in links.tolist()]).reshape(-1, 2),
        gateways=gateways,
        link=links.astype(np.int32),
        place=np.array([place_of.get(link, -1) for link in links.tolist()], dtype=np.int32),
    )


_OWN_PARTS = {
    "rain_gauge": _rain_gauges,
    "road_water_gauge": _water_gauges,
    "vehicle_detector": _vehicle_detectors,
}
"""Kinds with a part of the scenario of their own."""

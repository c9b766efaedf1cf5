"""Rules of a scenario put sensors where what they watch is."""

from __future__ import annotations

from collections import Counter
from functools import cache

import numpy as np
import pytest

from devices.catalogue import GATEWAY, KINDS
from scenarios.build import build_city, build_city_side
from scenarios.load import load_scenario
from scenarios.schema import Scenario, SiteRule
from scenarios.site_rules import RULES
from scenarios.siting.devices import place_gateways
from scenarios.siting.place import place_sensors
from sim.kernel.errors import InputError
from sim.kernel.rng import SeededStreams
from sim.transport.memory import MemoryBus
from sim.world.city.model import City
from sim.world.engine import SimEngine

SENSORS = [kind for kind in KINDS if kind != GATEWAY.kind]


@cache
def city() -> City:
    return build_city(load_scenario("storm"), 7)


def scenario(**sensing) -> Scenario:
    return Scenario.model_validate({"name": "t", "title": "t", "sensing": sensing})


def placed(**sensing):
    """Return the deployments of a scenario by kind."""
    asked, streams = scenario(**sensing), SeededStreams(7)
    gateways = place_gateways(asked, city().basemap)
    return {d.kind.kind: d for d in place_sensors(asked, city(), gateways, streams)}


def ids(deployment) -> list[str]:
    return [device.device_id for device in deployment.devices]


def of_kind(kind: str) -> set[str]:
    return {p.place_id for p in city().basemap.places if p.kind == kind}


def test_every_kind_of_sensor_has_a_rule_and_every_rule_a_kind():
    assert set(RULES) == set(SENSORS)


def test_preset_full_sites_every_kind_once_and_names_nothing_twice():
    found = placed(preset="full")
    assert set(found) == set(SENSORS)
    names = Counter(name for deployment in found.values() for name in ids(deployment))
    assert names.most_common(1)[0][1] == 1
    for kind, deployment in found.items():
        watched = {device.place_id for device in deployment.devices} - {None}
        kinds = {city().basemap.get_place(place_id).kind for place_id in watched}
        allowed = set(RULES[kind].every) or {"underpass"}
        assert kinds <= allowed, kind


def test_every_kind_has_a_field_of_its_channels_that_reads_within_range_on_a_calm_day():
    engine = SimEngine(load_scenario("storm").clock.start_ns)
    records: list = []
    side = build_city_side(scenario(preset="full"), city(), 7, engine, MemoryBus(), records.append)
    side.start()
    engine.run(engine.now() + 600 * 10**9)
    for deployment in side.deployments:
        kind = deployment.kind
        read = side.world.fields[kind.kind].bind(deployment.xy_m, deployment.link, deployment.place)
        values = read()
        assert values.shape == (len(kind.channels), len(deployment.devices)), kind.kind
        for channel, row in zip(kind.channels, values, strict=True):
            assert np.isfinite(row).all(), (kind.kind, channel.name)
            assert row.min() >= min(channel.low, 0.0), (kind.kind, channel.name)
            assert channel.high is None or row.max() <= channel.high, (kind.kind, channel.name)


def test_preset_none_sites_only_what_is_named():
    assert not placed(preset="none")
    assert set(placed(preset="none", kinds={"smoke": {}, "rain_gauge": None})) == {
        "smoke",
        "rain_gauge",
    }


def test_a_smaller_share_keeps_a_part_of_a_greater_one():
    few, many = (
        set(ids(placed(kinds={"gas_detector": {"share": share}})["gas_detector"]))
        for share in ("30 %", "60 %")
    )
    assert few < many
    assert len(many) < len(of_kind("gas_chamber"))


def test_every_takes_the_places_of_a_kind_and_several_to_each():
    found = placed(kinds={"smoke": {"every": "school", "each": 3}})["smoke"]
    assert Counter(device.place_id for device in found.devices) == dict.fromkeys(
        of_kind("school"), 3
    )
    assert len({tuple(xy) for xy in found.xy_m.tolist()}) == len(found.devices)


def test_along_a_network_there_is_one_for_each_spacing():
    found = placed(kinds={"water_pressure": {"along": "water_main", "spacing": "500 m"}})
    links = city().networks.water.main_link
    length_m = city().basemap.roads.length_m[links].sum()
    assert len(found["water_pressure"].devices) == pytest.approx(length_m / 500, rel=0.05)
    assert set(found["water_pressure"].link.tolist()) <= set(links.tolist())


def test_what_watches_places_is_set_at_those_nearest_to_a_network_or_grid():
    found = placed(kinds={"gas_detector": {"along": "gas_main", "spacing": "2 km"}})
    watched = [device.place_id for device in found["gas_detector"].devices]
    assert 0 < len(watched) < len(of_kind("gas_chamber"))
    assert set(watched) <= of_kind("gas_chamber")
    assert len(set(watched)) == len(watched)


def test_a_count_by_risk_takes_those_with_most_at_stake():
    found = placed(kinds={"smoke": {"every": "community", "count": 5, "by": "risk"}})["smoke"]
    people = city().sites.capacity
    rows = [i for i, p in enumerate(city().basemap.places) if p.kind == "community"]
    most = sorted(rows, key=lambda row: -people[row])[:5]
    assert {device.place_id for device in found.devices} == {
        city().basemap.places[row].place_id for row in most
    }


def test_a_count_beyond_the_spots_puts_several_to_a_spot():
    found = placed(kinds={"soil": {"count": 40}})["soil"]
    farms = Counter(device.place_id for device in found.devices)
    assert len(found.devices) == 40
    assert max(farms.values()) - min(farms.values()) <= 1


def test_interval_of_a_rule_is_told_in_the_births():
    found = placed(kinds={"vibration": {"interval": "2 min"}})["vibration"]
    assert {device.interval_s for device in found.devices} == {120.0}


@pytest.mark.parametrize(
    ("kind", "rule", "message"),
    [
        ("smoke", {"every": "shop"}, "expected one of underpass"),
        ("smoke", {"every": "community", "spacing": "1 km"}, "either every, or along"),
        ("smoke", {"count": 3, "share": "50 %"}, "count alone"),
        ("smok", {}, "smok is no sensor, expected 'smoke'"),
        ("water_pressure", {"along": "pipe"}, "expected one of water_main"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused_with_what_was_expected(kind, rule, message):
    with pytest.raises(ValueError, match=message):
        scenario(kinds={kind: rule})


def test_a_network_without_a_spacing_is_refused():
    with pytest.raises(InputError, match="expected a spacing"):
        placed(kinds={"cover_tilt": {"along": "sewer"}})


def test_error_in_a_file_names_the_line_and_the_nearest_spelling(tmp_path):
    file = tmp_path / "s.yaml"
    file.write_text("name: t\ntitle: t\nsensing:\n  kinds:\n    smoke: {evry: school}\n")
    with pytest.raises(InputError, match=r"line 5, sensing\.kinds\.smoke\.evry.*'every'"):
        load_scenario(str(file))


def test_rule_of_a_scenario_goes_over_the_default_part_by_part():
    assert SiteRule().every == ()
    found = placed(kinds={"strain": {"each": 1}, "road_water_gauge": {"each": 1}})
    assert len(found["strain"].devices) == len(of_kind("bridge"))
    assert len(found["road_water_gauge"].devices) == len(of_kind("underpass"))

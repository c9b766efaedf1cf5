from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.kernel.basemap import ROAD_CLASSES
from sim.world.city import osm_tags
from sim.world.city.draft import BELOW, GROUND, RAISED


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"highway": "primary"}, "primary"),
        ({"highway": "motorway_link"}, "motorway"),
        ({"highway": "tertiary_link"}, "tertiary"),
        ({"highway": "unclassified"}, "residential"),
        ({"highway": "living_street"}, "residential"),
        ({"highway": "footway"}, None),
        ({"highway": "construction"}, None),
        ({"railway": "rail"}, None),
        ({"highway": "service", "service": "parking_aisle"}, None),
        ({"highway": "service", "service": "alley"}, "service"),
        ({"highway": "residential", "area": "yes"}, None),
        ({"highway": "residential", "access": "private"}, None),
        ({"highway": "residential", "access": "no", "motor_vehicle": "yes"}, "residential"),
        ({"highway": "primary", "motor_vehicle": "no"}, None),
        ({"highway": "primary", "access": "destination"}, "primary"),
    ],
)
def test_roads_for_cars_have_a_class(tags: dict[str, str], expected: str | None) -> None:
    assert osm_tags.road_class(tags) == expected


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({}, (1, 1)),
        ({"lanes": "4"}, (2, 2)),
        ({"lanes": "3"}, (1, 1)),
        ({"lanes": "1"}, (1, 1)),
        ({"lanes": "5", "lanes:forward": "3", "lanes:backward": "2"}, (3, 2)),
        ({"oneway": "yes", "lanes": "3"}, (3, 0)),
        ({"oneway": "-1", "lanes": "2"}, (0, 2)),
        ({"junction": "roundabout"}, (1, 0)),
        ({"junction": "roundabout", "oneway": "no"}, (1, 1)),
        ({"highway": "motorway"}, (1, 0)),
        ({"oneway": "reversible"}, (1, 1)),
        ({"lanes": "two"}, (1, 1)),
        ({"lanes": "0", "oneway": "yes"}, (1, 0)),
    ],
)
def test_lanes_each_way(tags: dict[str, str], expected: tuple[int, int]) -> None:
    assert osm_tags.lanes(tags, "tertiary") == expected


@pytest.mark.parametrize(
    ("maxspeed", "kmh"),
    [
        ("50", 50),
        ("30 mph", 48.28032),
        ("60 km/h", 60),
        ("RU:urban", 40),
        ("none", 40),
        ("signals", 40),
        ("walk", 7),
        ("80;60", 60),
        ("", 40),
        ("0", 5),
        ("900", 130),
        ("-5", 40),
    ],
)
def test_a_speed_limit_in_figures_or_the_class_s(maxspeed: str, kmh: float) -> None:
    assert osm_tags.speed_mps({"maxspeed": maxspeed}, "tertiary") == pytest.approx(kmh / 3.6)


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({}, GROUND),
        ({"bridge": "viaduct", "layer": "1"}, RAISED),
        ({"bridge": "no"}, GROUND),
        ({"tunnel": "yes"}, BELOW),
        ({"tunnel": "building_passage"}, GROUND),
        ({"layer": "-1"}, BELOW),
        ({"layer": "1"}, GROUND),
        ({"layer": "low"}, GROUND),
        ({"covered": "yes"}, GROUND),
    ],
)
def test_level_of_a_road(tags: dict[str, str], expected: int) -> None:
    assert osm_tags.level(tags) == expected


def test_a_road_without_a_name_goes_by_its_number() -> None:
    assert osm_tags.street_name({"name": "Ring", "ref": "B3"}) == "Ring"
    assert osm_tags.street_name({"ref": "B3"}) == "B3"
    assert osm_tags.street_name({}) == ""


@given(
    st.dictionaries(
        st.sampled_from(["oneway", "lanes", "lanes:forward", "maxspeed", "layer", "tunnel"]),
        st.text(max_size=12),
    ),
    st.sampled_from(ROAD_CLASSES),
)
def test_no_tag_a_mapper_may_write_breaks_a_road(tags: dict[str, str], cls: str) -> None:
    forward, backward = osm_tags.lanes(tags, cls)
    assert forward + backward >= 1
    assert 1.0 < osm_tags.speed_mps(tags, cls) < 40.0
    assert osm_tags.level(tags) in (BELOW, GROUND, RAISED)

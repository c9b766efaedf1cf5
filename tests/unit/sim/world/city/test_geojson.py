from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sim.kernel.basemap import ROAD_CLASSES
from sim.kernel.errors import InputError
from sim.kernel.rng import SeededStreams
from sim.world.city.geojson import POINT_KINDS, read_geojson
from sim.world.city.load import load_city
from sim.world.city.model import PLACE_KINDS
from support.places import places_of

Write = Callable[..., Path]
Features = list[dict[str, Any]]


def feature(kind: str, coordinates: Any, /, **properties: Any) -> dict[str, Any]:
    geometry = {"type": kind, "coordinates": coordinates}
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def rectangle(west: float, east: float) -> list[list[list[float]]]:
    return [[[west, 47.99], [east, 47.99], [east, 48.03], [west, 48.03], [west, 47.99]]]


def test_lines_meet_where_they_share_positions(
    geojson_file: Write, grid_features: Features
) -> None:
    draft = read_geojson(geojson_file(grid_features, name="Gridtown", attribution="Me"))
    assert len(draft.roads.node_xy_m) == 36
    assert len(draft.roads) == 120
    assert (draft.name, draft.attribution) == ("Gridtown", "Me")


def test_attributes_of_a_line(geojson_file: Write, grid_features: Features) -> None:
    line = [[16.0, 48.0], [16.004, 48.004]]
    grid_features.append(
        feature(
            "LineString", line, **{"class": "primary"}, lanes=3, speed_mps=15, oneway=True, name="D"
        )
    )
    grid_features.append(
        feature(
            "MultiLineString",
            [[[16.004, 48.004], [16.008, 48.008]]],
            highway="trunk",
            lanes=4,
            maxspeed_kmh=72,
            name="E",
        )
    )
    roads = read_geojson(geojson_file(grid_features)).roads
    found = {
        name: (
            int(roads.lanes[i]),
            round(float(roads.speed_mps[i]), 9),
            ROAD_CLASSES[roads.road_class[i]],
        )
        for i, name in enumerate(roads.names)
    }
    assert found == found | {"D": (3, 15.0, "primary"), "E": (2, 20.0, "trunk")}
    assert roads.names.count("D") == 1
    assert roads.names.count("E") == 2


def test_districts_keep_their_names_and_population(
    geojson_file: Write, grid_features: Features
) -> None:
    grid_features += [
        feature("Polygon", rectangle(15.99, 16.009), district="Old Town", population=4_000),
        feature("MultiPolygon", [rectangle(16.009, 16.03)], district="新城", population=9_000),
    ]
    city = load_city(str(geojson_file(grid_features)), SeededStreams(1))
    found = [(d.district_id, d.name, d.population) for d in city.basemap.districts]
    assert found == [("old-town", "Old Town", 4000.0), ("district-2", "新城", 9000.0)]
    assert city.cells.people.sum() == pytest.approx(13_000)
    assert not any("People" in sentence or "Districts" in sentence for sentence in city.assumed)


def test_points_are_underpasses_stations_and_lights(
    geojson_file: Write, grid_features: Features
) -> None:
    grid_features += [
        feature("Point", [16.004, 48.0022], kind="underpass", name="Low Gate"),
        feature("Point", [16.0101, 48.0101, 171.0], kind="ambulance", name="Station A"),
        feature("Point", [16.008, 48.008], kind="traffic_signals"),
        feature("Point", [16.008, 48.008], other="thing"),
    ]
    city = load_city(str(geojson_file(grid_features)), SeededStreams(1))
    first = city.basemap.places[0]
    assert (first.name, first.assumed, len(first.links)) == ("Low Gate", False, 2)
    assert len(places_of(city, "underpass")) == 4
    (mine,) = (s for s in city.basemap.stations if s.name == "Station A")
    assert (mine.kind, mine.assumed) == ("ambulance", False)
    assert city.basemap.roads.signal.sum() == 1


def test_points_are_facilities_with_what_they_hold(
    geojson_file: Write, grid_features: Features
) -> None:
    grid_features += [
        feature("Point", [16.004, 48.004], kind="hospital", name="Ward", capacity=80, area_m2=9e3),
        feature("Point", [16.008, 48.004], kind="greenhouse", name="Glass"),
        feature("Point", [16.012, 48.004], kind="gas_chamber", name="Well 1"),
        feature("Point", [16.012, 48.012], kind="fire_engine", name="Brigade"),
    ]
    city = load_city(str(geojson_file(grid_features)), SeededStreams(1))
    known = {place.name: place for place in city.basemap.places if not place.assumed}
    assert {name: place.kind for name, place in known.items()} == {
        "Ward": "hospital",
        "Glass": "greenhouse",
        "Well 1": "gas_chamber",
    }
    row = city.basemap.place_index[known["Ward"].place_id]
    assert (city.sites.capacity[row], city.sites.area_m2[row]) == (80.0, 9e3)
    assert any(s.name == "Brigade" and not s.assumed for s in city.basemap.stations)
    gas = city.networks.gas
    assert gas.chamber[0] == city.basemap.place_index[known["Well 1"].place_id]


def test_every_kind_of_place_but_junctions_may_be_a_point() -> None:
    assert {*PLACE_KINDS, "traffic_signals", "pump_unit"} - {"junction"} <= set(POINT_KINDS)


def test_a_railway_bridge_makes_underpasses(geojson_file: Write, grid_features: Features) -> None:
    rail = [[15.99, 48.0021], [16.03, 48.0021]]
    grid_features.append(feature("LineString", rail, railway="rail", bridge=True))
    city = load_city(str(geojson_file(grid_features)), SeededStreams(1))
    assert len(places_of(city, "underpass")) == 6
    assert not any(place.assumed for place in places_of(city, "underpass"))


def test_what_is_no_part_of_a_city_is_passed_over(
    geojson_file: Write, grid_features: Features
) -> None:
    plain = read_geojson(geojson_file(grid_features))
    grid_features += [
        feature("LineString", [[16.0, 48.0], [16.1, 48.1]], waterway="river"),
        feature("LineString", [[16.0, 48.0], [16.1, 48.1]], highway="footway"),
        feature("Polygon", rectangle(15.9, 16.1), landuse="forest"),
        {"type": "Feature", "geometry": None, "properties": None},
    ]
    more = read_geojson(geojson_file(grid_features))
    np.testing.assert_array_equal(plain.roads.length_m, more.roads.length_m)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (feature("LineString", [[16, 48]], highway="primary"), "at least 2 positions"),
        (feature("LineString", [[16, 48], [16, 99]], highway="primary"), "in degrees"),
        (feature("LineString", [["a", "b"], [1, 2]], highway="primary"), "in degrees"),
        (feature("LineString", None, highway="primary"), "at least 2 positions"),
        (
            feature("LineString", [[16, 48], [16, 49]], highway="primary", lanes="many"),
            r"feature 13 \(LineString\), properties.lanes: was 'many', expected a number",
        ),
        (feature("LineString", [[16, 48], [16, 49]], highway="primary", lanes=0), "at least 1"),
        (
            feature("LineString", [[16, 48], [16, 49]], highway="primary", speed_mps=-3),
            "properties.speed_mps: was -3",
        ),
        (feature("MultiLineString", 7, highway="primary"), "a list of lines"),
        (feature("Polygon", [], district="D"), "a list of rings"),
        (feature("Polygon", [[[1, 2]]], district="D"), "at least 4 positions"),
        (feature("Polygon", rectangle(16, 17), district="D", population="5k"), "population"),
        (feature("Point", [16, 48], kind="firehouse"), "'firehouse', expected one of underpass"),
        (feature("Point", [16, 48], kind="hospital", capacity="many"), "capacity: was 'many'"),
        (feature("Point", [16, 48], kind="venue", area_m2=-1), "area_m2: was -1"),
        (feature("Point", [], kind="underpass"), "at least 1 positions"),
        ({"type": "Thing"}, "feature 13: was .* expected type Feature"),
        (7, "feature 13: was '7'"),
        ({"type": "Feature", "geometry": 3, "properties": {}}, "feature 13"),
    ],
)
def test_an_error_names_the_feature(
    geojson_file: Write, grid_features: Features, bad: Any, message: str
) -> None:
    with pytest.raises(InputError, match=message) as error:
        read_geojson(geojson_file([*grid_features, bad]))
    assert "feature 13" in str(error.value)
    assert error.value.thing == "grid.geojson"

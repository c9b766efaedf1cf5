from __future__ import annotations

import json
import pickle
from dataclasses import fields, replace

import numpy as np
import pytest

from sim.kernel import citycode
from sim.kernel.basemap import (
    Area,
    BaseMap,
    District,
    Place,
    Roads,
    Station,
    from_document,
    to_document,
)
from sim.kernel.errors import InputError
from sim.kernel.geo import Projection


def area(code: str, district_id: str, x_m: float, population: float) -> Area:
    return Area(
        code=code,
        level=citycode.level_of(code),
        name=f"Area {code}",
        parent=next(iter(citycode.parents(code)), ""),
        district_id=district_id,
        x_m=x_m,
        y_m=500.0,
        population=population,
        outline_m=square(0, 1000) if code == "110101000000" else None,
    )


def square(west_m: float, east_m: float) -> np.ndarray:
    corners = [(west_m, 0), (east_m, 0), (east_m, 1000), (west_m, 1000), (west_m, 0)]
    return np.array(corners, dtype=float)


@pytest.fixture
def basemap() -> BaseMap:
    """Two districts side by side, one bent road through both, one underpass, one station."""
    projection = Projection(116.4, 39.9)
    bend = np.array([(100.0, 500.0), (1000.0, 700.0), (1900.0, 500.0)])
    roads = Roads(
        node_xy_m=np.array([(100.0, 500.0), (1900.0, 500.0)]),
        start=np.array([0, 1], dtype=np.int32),
        end=np.array([1, 0], dtype=np.int32),
        length_m=np.array([1843.909, 1843.909]),
        speed_mps=np.array([10.0, 20.0]),
        lanes=np.array([1, 2], dtype=np.int32),
        road_class=np.array([2, 5], dtype=np.int32),
        signal=np.array([True, False]),
        names=("Ring 环路", ""),
        shapes=(bend, bend[::-1]),
        source_ids=("7+", "7-"),
    )
    west, east = square(0, 1000), square(1000, 2000)
    return BaseMap(
        name="Two",
        source="test",
        attribution="© nobody",
        projection=projection,
        roads=roads,
        districts=(
            District(district_id="west", name="West", outline_m=west, population=10.0),
            District(district_id="east", name="East", outline_m=east, population=20.5),
        ),
        places=(
            Place(
                place_id="underpass-01",
                kind="underpass",
                name="Low",
                x_m=1000.0,
                y_m=700.0,
                district_id="west",
                links=(0, 1),
                assumed=True,
            ),
        ),
        stations=(
            Station(
                station_id="ambulance-station-01",
                kind="ambulance",
                name="A",
                x_m=1900.0,
                y_m=510.0,
                district_id="east",
                node=1,
                units=2,
                assumed=False,
            ),
        ),
        areas=(
            area("110000000000", "", 900.0, 30.0),
            area("110101000000", "west", 500.0, 10.0),
            area("110101001000", "west", 500.0, 10.0),
            area("110101001001", "west", 200.0, 4.0),
            area("110101001002", "west", 800.0, 6.0),
            area("110102000000", "east", 1500.0, 20.0),
        ),
    )


def test_a_document_is_plain_json_and_comes_back_the_same(basemap: BaseMap) -> None:
    document = to_document(basemap)
    assert json.loads(json.dumps(document)) == document
    assert to_document(from_document(document)) == document


def test_a_map_from_its_document_means_the_same(basemap: BaseMap) -> None:
    again = from_document(to_document(basemap))
    for column in ("start", "end", "lanes", "road_class", "signal", "speed_mps"):
        np.testing.assert_array_equal(getattr(again.roads, column), getattr(basemap.roads, column))
        assert getattr(again.roads, column).dtype == getattr(basemap.roads, column).dtype
    np.testing.assert_allclose(again.roads.length_m, basemap.roads.length_m, atol=0.001)
    for left, right in zip(again.roads.shapes, basemap.roads.shapes, strict=True):
        np.testing.assert_allclose(left, right, atol=0.02)
    assert (again.roads.names, again.roads.source_ids) == (("Ring 环路", ""), ("7+", "7-"))
    assert again.places[0] == replace(
        basemap.places[0], x_m=again.places[0].x_m, y_m=again.places[0].y_m
    )
    assert again.stations[0].x_m == pytest.approx(1900.0, abs=0.02)
    assert [d.population for d in again.districts] == [10.0, 20.5]


@pytest.mark.parametrize("missing", ["origin", "nodes", "links", "districts", "stations", "name"])
def test_a_document_without_a_part_is_refused(basemap: BaseMap, missing: str) -> None:
    document = to_document(basemap)
    del document[missing]
    with pytest.raises(KeyError, match=missing):
        from_document(document)


def test_a_road_class_that_does_not_exist_is_refused(basemap: BaseMap) -> None:
    document = to_document(basemap)
    document["links"][0]["class"] = "runway"
    with pytest.raises(ValueError, match="not in tuple"):
        from_document(document)


def test_a_point_belongs_to_the_district_around_it_or_the_nearest(basemap: BaseMap) -> None:
    points = np.array([(500.0, 500.0), (1500.0, 500.0), (2500.0, 500.0), (-10.0, -10.0)])
    assert basemap.district_of(points) == ["west", "east", "east", "west"]
    assert basemap.district_of(points[:1]) == ["west"]


def test_the_nearest_node_of_each_point(basemap: BaseMap) -> None:
    nodes = basemap.nearest_node(np.array([(0.0, 0.0), (1800.0, 0.0), (1001.0, 500.0)]))
    assert nodes.tolist() == [0, 1, 1]
    assert nodes.dtype == np.int32
    assert basemap.nearest_node(np.array([[0.0, 0.0]])).tolist() == [0]


def test_a_place_is_found_by_its_name_or_the_error_tells_the_others(basemap: BaseMap) -> None:
    assert basemap.get_place("underpass-01").name == "Low"
    with pytest.raises(InputError, match=r"'underpass-99', expected one of underpass-01"):
        basemap.get_place("underpass-99")


def test_half_way_along_a_link_follows_its_shape(basemap: BaseMap) -> None:
    assert basemap.roads.midpoint(0) == pytest.approx((1000.0, 700.0))
    assert basemap.roads.midpoint(1) == pytest.approx((1000.0, 700.0))


def test_free_time_is_length_by_speed(basemap: BaseMap) -> None:
    assert basemap.roads.free_time_s.tolist() == pytest.approx([184.3909, 92.19545])
    assert len(basemap.roads) == 2


def test_bounds_hold_every_node(basemap: BaseMap) -> None:
    west, south, east, north = basemap.bounds_lonlat()
    lonlat = basemap.projection.to_lonlat(basemap.roads.node_xy_m)
    assert (west, east) == (lonlat[0, 0], lonlat[1, 0])
    assert south == north == lonlat[0, 1]


def test_a_point_belongs_to_the_nearest_community_of_its_district(basemap: BaseMap) -> None:
    points = np.array([(100.0, 500.0), (900.0, 500.0), (1010.0, 500.0), (-5.0, 0.0)])
    # Just beyond the border the west's community is nearer, but the east is another district.
    assert basemap.area_of(points) == [
        "110101001001",
        "110101001002",
        "110102000000",
        "110101001001",
    ]
    assert basemap.area_of(np.empty((0, 2))) == []


def test_areas_are_found_by_code_and_by_what_they_hold(basemap: BaseMap) -> None:
    assert basemap.get_area("110101001002").population == 6.0
    above = ["110101001000", "110101000000", "110000000000"]
    assert [a.code for a in basemap.parents("110101001002")] == above
    # An object stands in its own area first.
    assert [a.code for a in basemap.parents("110101001002-RL-000001")] == ["110101001002", *above]
    assert [a.code for a in basemap.children("110000000000")] == ["110101000000", "110102000000"]
    with pytest.raises(InputError, match="'110103000000', expected one of 110000000000"):
        basemap.get_area("110103000000")


def test_a_document_from_before_there_were_areas_is_read(basemap: BaseMap) -> None:
    document = to_document(basemap)
    del document["areas"]
    again = from_document(document)
    assert again.areas == ()
    assert again.area_of(np.array([[500.0, 500.0], [1500.0, 500.0]])) == [
        "000001000000",
        "000002000000",
    ]
    with pytest.raises(InputError, match="this map has no areas"):
        again.get_area("110000000000")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"code": "110000000000", "level": "city", "parent": ""}, "a code of its own"),
        ({"level": "street"}, "must be of level community"),
        ({"parent": "110101002000"}, "a parent that is not there"),
    ],
)
def test_areas_that_do_not_fit_together_are_refused(
    basemap: BaseMap, change: dict[str, str], message: str
) -> None:
    document = to_document(basemap)
    document["areas"][3].update(change)
    with pytest.raises(ValueError, match=message):
        from_document(document)


def test_a_copy_carries_the_map_and_not_what_was_looked_up(basemap: BaseMap) -> None:
    basemap.area_of(np.array([[1.0, 1.0]]))
    again = pickle.loads(pickle.dumps(basemap))
    assert to_document(again) == to_document(basemap)
    assert set(vars(again)) == {one.name for one in fields(BaseMap)}

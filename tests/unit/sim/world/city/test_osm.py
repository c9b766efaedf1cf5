from __future__ import annotations

import bz2
import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from sim.kernel.basemap import ROAD_CLASSES
from sim.kernel.rng import SeededStreams
from sim.world.city.load import load_city
from sim.world.city.model import City
from sim.world.city.osm import ATTRIBUTION, read_osm
from support.places import places_of

Write = Callable[..., Path]


def way(way_id: int, refs: list[int], **tags: str) -> str:
    members = "".join(f'<nd ref="{ref}"/>' for ref in refs)
    return f'<way id="{way_id}">{members}{tag(**tags)}</way>'


def tag(**tags: str) -> str:
    return "".join(f'<tag k="{k.replace("__", ":")}" v="{v}"/>' for k, v in tags.items())


def node(node_id: int, lon: float, lat: float, **tags: str) -> str:
    return f'<node id="{node_id}" lon="{lon}" lat="{lat}">{tag(**tags)}</node>'


def square(first: int, lon: float, lat: float, side: float) -> tuple[str, list[int]]:
    corners = [(lon, lat), (lon + side, lat), (lon + side, lat + side), (lon, lat + side)]
    nodes = "".join(node(first + i, *corner) for i, corner in enumerate(corners))
    return nodes, [first, first + 1, first + 2, first + 3, first]


def test_a_grid_becomes_its_crossings_and_two_links_a_side(osm_file: Write) -> None:
    draft = read_osm(osm_file())
    # Four corners where two streets of different names meet stay nodes.
    assert len(draft.roads.node_xy_m) == 36
    assert len(draft.roads) == 2 * 2 * 5 * 6
    assert draft.attribution == ATTRIBUTION == "© OpenStreetMap contributors"
    assert draft.name == "Grid"
    lon, lat = draft.projection.to_lonlat(draft.roads.node_xy_m).T
    assert (lon.min(), lon.max()) == pytest.approx((16.0, 16.02), abs=1e-6)
    assert (lat.min(), lat.max()) == pytest.approx((48.0, 48.02), abs=1e-6)


@pytest.mark.parametrize(("ending", "pack"), [(".gz", gzip.compress), (".bz2", bz2.compress)])
def test_packed_files_are_read_alike(
    osm_file: Write, ending: str, pack: Callable[[bytes], bytes]
) -> None:
    plain = osm_file()
    packed = plain.with_name(plain.name + ending)
    packed.write_bytes(pack(plain.read_bytes()))
    one, other = (load_city(str(path), SeededStreams(1)) for path in (plain, packed))
    np.testing.assert_array_equal(one.basemap.roads.length_m, other.basemap.roads.length_m)


def test_attributes_come_from_the_tags(osm_file: Write) -> None:
    extra = way(
        90,
        [100, 107],
        highway="primary_link",
        name="Diagonal",
        lanes="3",
        maxspeed="70",
        oneway="yes",
    )
    roads = read_osm(osm_file(extra)).roads
    (link,) = (i for i, name in enumerate(roads.names) if name == "Diagonal")
    assert roads.lanes[link] == 3
    assert roads.speed_mps[link] == pytest.approx(70 / 3.6)
    assert ROAD_CLASSES[roads.road_class[link]] == "primary"
    assert roads.source_ids[link] == "90"


def test_an_extract_s_cut_edge_is_left_out(osm_file: Write) -> None:
    extra = way(90, [100, 999, 998], highway="primary") + way(
        91,
        [101, 101, 997, 108],
        highway="residential",
    )
    assert len(read_osm(osm_file(extra)).roads) == 120


def test_tagged_sites_become_stations(osm_file: Write) -> None:
    nodes, ring = square(800, 16.005, 48.005, 0.0005)
    extra = (
        nodes
        + node(810, 16.011, 48.011, emergency="ambulance_station", name="Rescue 1")
        + node(811, 16.015, 48.015, amenity="hospital", name="General")
        + node(812, 16.003, 48.016, amenity="police", name="Police 1")
        + way(95, ring, amenity="fire_station", name="Fire 1", building="yes")
    )
    stations = load_city(str(osm_file(extra)), SeededStreams(1)).basemap.stations
    found = {(s.name, s.kind): s.assumed for s in stations}
    assert found["Fire 1", "fire_engine"] is False
    assert found["Fire 1", "pump_unit"] is True
    assert found["Police 1", "police_patrol"] is False
    assert found["Police 1", "traffic_police"] is True
    assert found["General", "ambulance"] is True
    assert found["Rescue 1", "ambulance"] is False
    assert found["Pump depot 2", "pump_unit"] is True


def test_a_tunnel_and_a_road_under_a_railway_are_underpasses(osm_file: Write) -> None:
    rail = [node(820 + i, 15.99 + 0.04 * i, 48.0021) for i in range(2)]
    extra = (
        way(90, [114, 121], highway="secondary", tunnel="yes", name="Deep", layer="-1")
        + "".join(rail)
        + way(91, [820, 821], railway="rail", bridge="yes", layer="1")
    )
    places = places_of(load_city(str(osm_file(extra)), SeededStreams(1)), "underpass")
    assert not any(place.assumed for place in places)
    assert places[0].name == "Deep underpass"
    assert {p.name for p in places[1:]} == {f"C{i} underpass" for i in range(6)}


def test_a_lane_s_bridge_makes_no_underpass_of_a_larger_road(osm_file: Write) -> None:
    extra = (
        node(820, 15.99, 48.0021)
        + node(821, 16.03, 48.0021)
        + way(91, [820, 821], highway="residential", bridge="yes", layer="1")
    )
    city = load_city(str(osm_file(extra)), SeededStreams(1))
    assert all(place.assumed for place in places_of(city, "underpass"))


def test_boundaries_that_divide_the_city_are_its_districts(osm_file: Write) -> None:
    west, west_ring = square(830, 15.99, 47.99, 0.04)
    east, east_ring = square(840, 16.011, 47.99, 0.04)
    bounds = west.replace("16.03", "16.011") + east
    extra = (
        bounds
        + way(96, west_ring, boundary="administrative", admin_level="9", name="Westend")
        + way(97, east_ring, boundary="administrative", admin_level="9", name="Ostend")
    )
    city = load_city(str(osm_file(extra)), SeededStreams(1))
    assert [d.district_id for d in city.basemap.districts] == ["westend", "ostend"]
    assert not any("Districts" in sentence for sentence in city.assumed)
    (place,) = city.basemap.district_of(city.basemap.projection.to_xy(np.array([[16.002, 48.002]])))
    assert place == "westend"


def test_boundaries_tell_people_for_the_part_that_the_extract_holds(osm_file: Write) -> None:
    west, west_ring = square(830, 15.99, 47.99, 0.04)
    east, east_ring = square(840, 16.011, 47.99, 0.04)
    told = {"boundary": "administrative", "admin_level": "9", "population": "80000"}
    extra = (
        west.replace("16.03", "16.011")
        + east
        + way(96, west_ring, name="Westend", **told)
        + way(97, east_ring, name="Ostend", **told)
    )
    city = load_city(str(osm_file(extra)), SeededStreams(1))
    people = {d.district_id: d.population for d in city.basemap.districts}
    # The streets and a block around them: 16.000 to 16.020 and 48.000 to 48.020 degrees, with
    # 150 m, which are 0.0020 and 0.0013 degrees, on every side; corners are rounded.
    west_share = (0.0110 + 0.0020) * 0.0227 / (0.021 * 0.04)
    east_share = (0.0090 + 0.0020) * 0.0227 / (0.04 * 0.04)
    assert people["westend"] == pytest.approx(80_000 * west_share, rel=0.01)
    assert people["ostend"] == pytest.approx(80_000 * east_share, rel=0.01)
    assert not any("People were assumed" in sentence for sentence in city.assumed)


def test_a_neighbourhood_is_a_community_of_its_own_name(osm_file: Write) -> None:
    extra = node(850, 16.005, 48.005, place="neighbourhood", name="Old Mill")
    city = load_city(str(osm_file(extra)), SeededStreams(1))
    first = places_of(city, "community")[0]
    assert (first.name, first.assumed) == ("Old Mill", False)


def test_the_largest_named_settlement_names_the_city(osm_file: Write) -> None:
    extra = node(850, 16.0, 48.0, place="suburb", name="Vorstadt") + node(
        851, 16.0, 48.0, place="town", name="Stadt"
    )
    assert read_osm(osm_file(extra)).name == "Stadt"


def test_lights_stand_at_crossings(osm_file: Write) -> None:
    extra = node(860, 16.00402, 48.00402, highway="traffic_signals")
    roads = read_osm(osm_file(extra)).roads
    assert roads.signal.sum() == 1


def test_buildings_weigh_where_people_live(osm_file: Write) -> None:
    parts = []
    for i in range(30):
        for j in range(30):
            first = 10_000 + 4 * (30 * i + j)
            # One tower block in the south-west corner among houses.
            tags = {"building": "yes", "building__levels": "200" if i == j == 1 else "2"}
            nodes, ring = square(first, 16.0 + i * 0.0007, 48.0 + j * 0.0007, 0.0002)
            parts.append((nodes, way(5_000 + 30 * i + j, ring, **tags)))
    extra = "".join(nodes for nodes, _ in parts) + "".join(ways for _, ways in parts)
    cells = load_city(str(osm_file(extra)), SeededStreams(1)).cells
    densest = cells.xy_m[cells.people.argmax()]
    assert (densest < cells.xy_m.mean(axis=0)).all()
    assert cells.people.max() > 3 * np.median(cells.people)


def test_helsinki_lies_in_helsinki(helsinki: City) -> None:
    basemap = helsinki.basemap
    west, south, east, north = basemap.bounds_lonlat()
    assert 24.93 < west < 24.94 < east < 24.96
    assert 60.16 < south < 60.17 < north < 60.18
    assert basemap.name == "Helsinki"
    assert basemap.attribution == ATTRIBUTION
    assert 150 <= len(basemap.roads.node_xy_m) <= 300
    assert 300 <= len(basemap.roads) <= 600
    assert basemap.roads.signal.sum() >= 30
    assert "Mannerheimintie" in basemap.roads.names
    # The extract holds one fire station.
    assert any(s.name == "Erottajan paloasema" for s in basemap.stations)


def test_krems_has_roads_under_its_railway(krems: City) -> None:
    basemap = krems.basemap
    assert basemap.name == "Krems an der Donau"
    underpasses = places_of(krems, "underpass")
    assert not any(place.assumed for place in underpasses)
    assert any(place.name == "Hafenstraße underpass" for place in underpasses)
    assert {"Freiwillige Feuerwehr Krems", "Landesklinikum Krems"} <= {
        s.name for s in basemap.stations
    }

"""What holds for every city, whatever it was made from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import shapely
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from sim.kernel.basemap import ROAD_CLASSES, from_document, to_document
from sim.kernel.ids import is_level
from sim.kernel.rng import SeededStreams
from sim.kernel.routing import Router
from sim.world.city.load import load_city
from sim.world.city.model import City
from sim.world.city.station_kinds import KINDS
from support.places import places_of


def test_every_junction_can_be_reached_from_every_other(any_city: City) -> None:
    roads = any_city.basemap.roads
    n = len(roads.node_xy_m)
    graph = csr_array((np.ones(len(roads)), (roads.start, roads.end)), shape=(n, n))
    parts, _ = connected_components(graph, directed=True, connection="strong")
    assert parts == 1


def test_columns_of_links_agree_and_are_sane(any_city: City) -> None:
    roads = any_city.basemap.roads
    n, links = len(roads.node_xy_m), len(roads)
    for column in (roads.end, roads.length_m, roads.speed_mps, roads.lanes, roads.road_class):
        assert column.shape == (links,)
    assert len(roads.names) == len(roads.shapes) == len(roads.source_ids) == links
    assert roads.signal.shape == (n,)
    assert (roads.start != roads.end).all()
    assert (roads.lanes >= 1).all()
    assert (roads.length_m >= 1.0).all()
    assert ((roads.speed_mps > 1.0) & (roads.speed_mps < 40.0)).all()
    assert ((roads.road_class >= 0) & (roads.road_class < len(ROAD_CLASSES))).all()
    assert roads.start.dtype == roads.end.dtype == roads.lanes.dtype == np.int32


def test_shapes_lead_from_start_to_end(any_city: City) -> None:
    roads = any_city.basemap.roads
    for link, shape in enumerate(roads.shapes):
        assert len(shape) >= 2
        np.testing.assert_allclose(shape[0], roads.node_xy_m[roads.start[link]], atol=1e-6)
        np.testing.assert_allclose(shape[-1], roads.node_xy_m[roads.end[link]], atol=1e-6)


@pytest.mark.parametrize("name", ["synthetic", "helsinki", "krems"])
def test_lengths_are_those_of_the_shapes(request: pytest.FixtureRequest, name: str) -> None:
    roads = request.getfixturevalue(name).basemap.roads
    drawn_m = [shapely.LineString(shape).length for shape in roads.shapes]
    np.testing.assert_allclose(roads.length_m, drawn_m, rtol=0.01)


def test_identifiers_are_topic_levels_and_unique(any_city: City) -> None:
    basemap = any_city.basemap
    for ids in (
        [d.district_id for d in basemap.districts],
        [p.place_id for p in basemap.places],
        [s.station_id for s in basemap.stations],
    ):
        assert all(map(is_level, ids))
        assert len(set(ids)) == len(ids)
    assert all(is_level(station.kind) for station in basemap.stations)


def test_underpasses_lie_on_their_links_which_lead_opposite_ways(any_city: City) -> None:
    roads = any_city.basemap.roads
    used: list[int] = []
    for place in places_of(any_city, "underpass"):
        point = shapely.Point(place.x_m, place.y_m)
        lines = [shapely.LineString(roads.shapes[link]) for link in place.links]
        assert lines[0].distance(point) < 0.01
        if len(lines) == 2:
            assert lines[1].distance(point) < 46.0
            headings = []
            for line in lines:
                at = line.project(point)
                a, b = line.interpolate(max(at - 5, 0)), line.interpolate(at + 5)
                headings.append(np.array([b.x - a.x, b.y - a.y]))
            assert headings[0] @ headings[1] < 0
        used += place.links
    assert len(set(used)) == len(used)


def test_an_underpass_takes_the_way_back_where_the_road_has_one(any_city: City) -> None:
    roads = any_city.basemap.roads
    ends = set(zip(roads.end.tolist(), roads.start.tolist(), roads.names, strict=True))
    for place in places_of(any_city, "underpass"):
        if len(place.links) == 1:
            (link,) = place.links
            assert (roads.start[link], roads.end[link], roads.names[link]) not in ends


def test_there_are_at_least_four_underpasses_well_apart(any_city: City) -> None:
    places = places_of(any_city, "underpass")
    assert len(places) >= 4
    xy_m = np.array([(p.x_m, p.y_m) for p in places])
    gaps_m = np.hypot(*(xy_m[:, None] - xy_m[None]).transpose(2, 0, 1))
    assert gaps_m[np.triu_indices(len(places), 1)].min() >= 150.0


def test_underpasses_are_taken_from_one_street_after_the_other(synthetic: City) -> None:
    # The railways cross the central axis alone more often than there are underpasses to take.
    places, roads = places_of(synthetic, "underpass"), synthetic.basemap.roads
    assert not any(place.assumed for place in places)
    links = [place.links[0] for place in places]
    assert set(roads.road_class[links].tolist()) == {ROAD_CLASSES.index("primary")}
    streets = [roads.names[link] for link in links]
    assert len(streets) == 12
    assert len(set(streets)) == len(set(streets[:4])) == 4


def test_basins_match_the_underpasses(any_city: City) -> None:
    basins, places = any_city.basins, any_city.basemap.places
    assert [places[i] for i in basins.place] == places_of(any_city, "underpass")
    assert ((basins.catchment_m2 >= 15_000) & (basins.catchment_m2 <= 60_000)).all()
    # The reference underpass is 0.6 m3/s for 3 ha, and pumps scale with the catchment.
    np.testing.assert_allclose(basins.duty_pump_m3s / basins.catchment_m2, 0.6 / 30_000)
    np.testing.assert_array_equal(basins.standby_pump_m3s, basins.duty_pump_m3s)
    assert set(basins.runoff) == {0.85}
    assert (set(basins.bottom_m2), set(basins.top_m2), set(basins.height_m)) == (
        {500.0},
        {4000.0},
        {3.0},
    )


def test_every_kind_of_unit_has_stations_on_the_road(any_city: City) -> None:
    basemap = any_city.basemap
    for row in KINDS:
        mine = [s for s in basemap.stations if s.kind == row.kind]
        assert len(mine) >= row.at_least
        assert all(s.units >= row.units_at_least for s in mine)
    for station in basemap.stations:
        at_m = basemap.roads.node_xy_m[station.node]
        gaps_m = np.hypot(*(basemap.roads.node_xy_m - (station.x_m, station.y_m)).T)
        assert np.hypot(*(at_m - (station.x_m, station.y_m))) == pytest.approx(gaps_m.min())


def test_people_are_counted_alike_by_cell_and_by_district(any_city: City) -> None:
    cells, districts = any_city.cells, any_city.basemap.districts
    by_district = np.bincount(cells.district, weights=cells.people, minlength=len(districts))
    np.testing.assert_allclose(by_district, [d.population for d in districts], atol=0.1)
    assert (cells.people > 0).all()
    assert cells.size_m == 100.0
    assert cells.district.dtype == np.int32


def test_zones_are_distinct_nodes_with_people_and_jobs(any_city: City) -> None:
    zones = any_city.zones
    assert 20 <= len(zones.node) <= 92
    assert len(set(zones.node.tolist())) == len(zones.node)
    assert (zones.people > 0).all()
    assert (zones.jobs >= 0).all()
    # A quarter of the trip ends lie outside the city.
    assert zones.people.sum() == pytest.approx(any_city.cells.people.sum() / 0.75)


def test_cells_and_places_lie_in_the_district_they_name(any_city: City) -> None:
    basemap = any_city.basemap
    ids = [d.district_id for d in basemap.districts]
    assert [ids[i] for i in any_city.cells.district] == basemap.district_of(any_city.cells.xy_m)
    sites = [(p.x_m, p.y_m, p.district_id) for p in basemap.places]
    sites += [(s.x_m, s.y_m, s.district_id) for s in basemap.stations]
    assert basemap.district_of(np.array([(x, y) for x, y, _ in sites])) == [d for *_, d in sites]


def test_a_map_survives_its_document(any_city: City) -> None:
    document = to_document(any_city.basemap)
    again = from_document(document)
    assert to_document(again) == document
    np.testing.assert_allclose(again.roads.node_xy_m, any_city.basemap.roads.node_xy_m, atol=0.02)


def test_units_find_their_way_to_every_underpass(any_city: City) -> None:
    basemap = any_city.basemap
    router = Router(basemap.roads)
    free_s = basemap.roads.free_time_s
    for place in places_of(any_city, "underpass"):
        goal = int(basemap.roads.start[place.links[0]])
        for station in basemap.stations:
            assert router.path(station.node, goal, free_s) is not None


@pytest.mark.parametrize("kind", ["synthetic", "osm", "sumo", "geojson"])
def test_one_seed_makes_one_city_and_another_seed_another(
    kind: str,
    osm_file: Callable[..., Path],
    sumo_file: Callable[..., Path],
    geojson_file: Callable[..., Path],
    grid_features: list[object],
) -> None:
    makers: dict[str, Callable[[], str | None]] = {
        "synthetic": lambda: None,
        "osm": lambda: str(osm_file()),
        "sumo": lambda: str(sumo_file()),
        "geojson": lambda: str(geojson_file(grid_features)),
    }
    source = makers[kind]()
    one, same, other = (load_city(source, SeededStreams(seed)) for seed in (7, 7, 8))
    assert to_document(one.basemap) == to_document(same.basemap)
    assert one.assumed == same.assumed
    for part in ("cells", "zones", "basins"):
        for column in getattr(one, part).__slots__:
            left, right = (getattr(getattr(city, part), column) for city in (one, same))
            np.testing.assert_array_equal(left, right)
    assert to_document(one.basemap) != to_document(other.basemap)
    assert not np.array_equal(one.basins.catchment_m2, other.basins.catchment_m2)


def test_what_was_made_up_is_said(synthetic: City, helsinki: City, bologna: City) -> None:
    assert "outlines, courses, streets, names and homes are made up" in synthetic.assumed[0]
    told = " ".join(helsinki.assumed)
    assert all(word in told for word in ("Districts", "People", "underpasses", "ambulance"))
    # The network of Bologna has a projection, so its position is no assumption.
    assert "projection" not in " ".join(bologna.assumed)
    for city in (synthetic, helsinki, bologna):
        assert all(sentence.endswith(".") for sentence in city.assumed)

"""Utility networks: everybody is served, nothing is counted twice, mains lie under streets."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
from scipy.spatial import KDTree
from shapely import LineString, Point

from sim.kernel.rng import SeededStreams
from sim.world.city.load import load_city
from sim.world.city.model import City
from sim.world.city.power_grid import FEEDER_CAPACITY_W, PEAK_W_PER_PERSON
from sim.world.city.spread import owners
from support.places import places_of


def kinds_at(city: City, rows: np.ndarray) -> set[str]:
    return {city.basemap.places[i].kind for i in rows.tolist()}


def is_index(column: np.ndarray, length: int, below: int) -> None:
    assert column.dtype == np.int32
    assert column.shape == (length,)
    assert ((column >= 0) & (column < below)).all()


def test_every_cell_place_and_junction_has_a_feeder(any_city: City) -> None:
    power, basemap = any_city.networks.power, any_city.basemap
    feeders = len(power.feeder_peak_w)
    is_index(power.cell_feeder, len(any_city.cells.people), feeders)
    is_index(power.place_feeder, len(basemap.places), feeders)
    is_index(power.node_feeder, len(basemap.roads.node_xy_m), feeders)
    is_index(power.feeder_substation, feeders, len(power.substation))
    assert kinds_at(any_city, power.substation) == {"substation"}
    assert len(power.substation) == len(places_of(any_city, "substation"))


def test_feeders_carry_the_load_of_all_people_with_room_to_spare(any_city: City) -> None:
    power = any_city.networks.power
    people = any_city.cells.people.sum()
    assert power.feeder_peak_w.sum() == pytest.approx(PEAK_W_PER_PERSON * people)
    assert (power.feeder_peak_w > 0).all()
    assert (power.feeder_capacity_w >= FEEDER_CAPACITY_W).all()
    assert (power.feeder_peak_w / power.feeder_capacity_w <= 0.66).all()


def test_every_feeder_is_tied_to_a_neighbour_it_touches(synthetic: City) -> None:
    power, cells = synthetic.networks.power, synthetic.cells
    feeders = len(power.feeder_peak_w)
    assert set(power.tie.ravel().tolist()) == set(range(feeders))
    assert (power.tie[:, 0] < power.tie[:, 1]).all()
    assert len(np.unique(power.tie, axis=0)) == len(power.tie)
    for a, b in power.tie.tolist():
        gap_m, _ = KDTree(cells.xy_m[power.cell_feeder == a]).query(
            cells.xy_m[power.cell_feeder == b]
        )
        assert gap_m.min() == pytest.approx(cells.size_m)


def test_a_feeder_serves_one_compact_area_near_its_substation(synthetic: City) -> None:
    power, cells = synthetic.networks.power, synthetic.cells
    xy_m = np.array([(p.x_m, p.y_m) for p in places_of(synthetic, "substation")])
    compact = []
    for feeder, middle_m in enumerate(power.feeder_xy_m):
        mine = cells.xy_m[power.cell_feeder == feeder]
        side_m = cells.size_m * np.sqrt(len(mine))
        compact.append(np.median(np.hypot(*(mine - middle_m).T)) / side_m)
    # From the middle of a square half of it lies within 0.4 of its side; areas along the edge
    # of the city are longer, and one may hold two towns with open country between them.
    assert np.median(compact) < 0.5
    assert np.quantile(compact, 0.9) < 1.0
    gap_m = np.hypot(*(power.feeder_xy_m - xy_m[power.feeder_substation]).T)
    nearest_m, _ = KDTree(xy_m).query(power.feeder_xy_m)
    assert (gap_m <= nearest_m + 1e-6).mean() > 0.7
    shares = np.bincount(power.feeder_substation)
    assert shares.max() <= 1.15 * shares.mean() + 1


def test_water_zones_are_the_cells_nearest_to_their_works(any_city: City) -> None:
    water, places = any_city.networks.water, any_city.basemap.places
    is_index(water.cell_zone, len(any_city.cells.people), len(water.works))
    is_index(water.place_zone, len(places), len(water.works))
    assert kinds_at(any_city, water.works) == {"waterworks"}
    at_m = np.array([(places[i].x_m, places[i].y_m) for i in water.works])
    np.testing.assert_array_equal(water.cell_zone, owners(any_city.cells.xy_m, at_m))
    # 250 L a person and day.
    per_day_m3 = water.zone_demand_m3s.sum() * 86_400
    assert per_day_m3 == pytest.approx(0.25 * any_city.cells.people.sum())
    # 0.25 to 0.32 MPa.
    assert ((water.zone_head_m >= 25) & (water.zone_head_m <= 33)).all()


def test_mains_lie_under_streets_once_and_grow_with_the_street(any_city: City) -> None:
    water, gas, roads = any_city.networks.water, any_city.networks.gas, any_city.basemap.roads
    for link in (water.main_link, gas.main_link):
        is_index(link, len(link), len(roads))
        ends = np.sort(np.stack([roads.start[link], roads.end[link]], axis=1), axis=1)
        assert len(np.unique(ends, axis=0)) == len(link)
    is_index(water.main_zone, len(water.main_link), len(water.works))
    assert ((water.main_diameter_m >= 0.15) & (water.main_diameter_m <= 1.0)).all()
    assert ((water.main_age_y >= 0) & (water.main_age_y <= 50)).all()
    large = roads.road_class[water.main_link] <= 3
    small = roads.road_class[water.main_link] >= 5
    if large.any() and small.any():
        assert water.main_diameter_m[large].min() > water.main_diameter_m[small].max()
    assert set(gas.main_pressure_pa) <= {3e3, 0.2e6, 0.4e6}


def test_all_streets_from_tertiary_up_have_water_and_gas_but_motorways(synthetic: City) -> None:
    roads = synthetic.basemap.roads
    large = np.flatnonzero((roads.road_class > 0) & (roads.road_class <= 4))
    for link in (synthetic.networks.water.main_link, synthetic.networks.gas.main_link):
        pairs = {frozenset((roads.start[i], roads.end[i])) for i in link}
        assert {frozenset((roads.start[i], roads.end[i])) for i in large} <= pairs
        assert (roads.road_class[link] > 0).all()


def test_mains_are_older_in_the_middle(synthetic: City) -> None:
    water, roads = synthetic.networks.water, synthetic.basemap.roads
    far_m = np.hypot(*roads.node_xy_m[roads.start[water.main_link]].T)
    inner, outer = far_m < np.quantile(far_m, 0.2), far_m > np.quantile(far_m, 0.8)
    assert water.main_age_y[inner].mean() > water.main_age_y[outer].mean() + 15


def test_chambers_stand_beside_their_mains(any_city: City) -> None:
    gas, basemap = any_city.networks.gas, any_city.basemap
    is_index(gas.chamber_main, len(gas.chamber), len(gas.main_link))
    assert kinds_at(any_city, gas.chamber) == {"gas_chamber"}
    assert len(gas.chamber) == len(places_of(any_city, "gas_chamber"))
    for place, main in zip(gas.chamber.tolist(), gas.chamber_main.tolist(), strict=True):
        shape_m = basemap.roads.shapes[gas.main_link[main]]
        at = basemap.places[place]
        assert LineString(shape_m).distance(Point(at.x_m, at.y_m)) < 0.01
    assert ((gas.chamber_m3 >= 2) & (gas.chamber_m3 <= 8)).all()


def test_chambers_of_a_district_are_of_both_sorts_and_a_step_apart(synthetic: City) -> None:
    gas, places = synthetic.networks.gas, synthetic.basemap.places
    assert 0.2 < gas.chamber_is_sewer.mean() < 0.6
    xy_m = np.array([(places[i].x_m, places[i].y_m) for i in gas.chamber])
    assert 1.0 <= len(xy_m) / synthetic.cells.people.sum() * 4_000 <= 1.01
    # Chambers of one main are a step apart; those of crossing mains may be nearer.
    assert np.median(KDTree(xy_m).query(xy_m, k=2)[0][:, 1]) > 200


def test_heat_reaches_dense_cells_and_is_enough_on_the_coldest_day(any_city: City) -> None:
    heat, cells = any_city.networks.heat, any_city.cells
    assert kinds_at(any_city, heat.plant) == {"heat_plant"}
    assert heat.cell_plant.shape == cells.people.shape
    assert ((heat.cell_plant >= -1) & (heat.cell_plant < len(heat.plant))).all()
    warmed = heat.cell_plant >= 0
    assert heat.plant_peak_w.sum() == pytest.approx(1.15 * 1_500 * cells.people[warmed].sum())
    assert (heat.plant_peak_w > 0).all()
    assert (cells.people[~warmed] < 10).all()


def test_every_cell_is_within_reach_of_a_base_station(any_city: City) -> None:
    telecom, places = any_city.networks.telecom, any_city.basemap.places
    assert kinds_at(any_city, telecom.station) == {"base_station"}
    xy_m = np.array([(places[i].x_m, places[i].y_m) for i in telecom.station])
    gap_m = np.hypot(*(any_city.cells.xy_m[:, None] - xy_m[None]).transpose(2, 0, 1))
    assert (gap_m <= telecom.reach_m[None] + 1e-6).any(axis=1).all()
    assert ((telecom.battery_s >= 7_200) & (telecom.battery_s <= 14_400)).all()


@pytest.mark.parametrize("name", ["synthetic", "bologna"])
def test_a_seed_makes_one_set_of_networks(
    request: pytest.FixtureRequest, name: str, shared_data: object
) -> None:
    one: City = request.getfixturevalue(name)
    path = None if name == "synthetic" else f"{shared_data}/roads/{one.basemap.source}"
    same, other = (load_city(path, SeededStreams(seed)) for seed in (7, 8))
    differing = set()
    for network in fields(one.networks):
        columns = fields(getattr(one.networks, network.name))
        for column in columns:
            left, right, third = (
                getattr(getattr(city.networks, network.name), column.name)
                for city in (one, same, other)
            )
            np.testing.assert_array_equal(left, right)
            if not np.array_equal(left, third):
                differing.add(network.name)
    for column in fields(one.sites):
        np.testing.assert_array_equal(
            getattr(one.sites, column.name), getattr(same.sites, column.name)
        )
    assert differing >= {"power", "water", "gas", "sewer", "telecom"}

"""Facilities: how many, where, what they hold, and what a source states of them."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from sim.kernel.rng import SeededStreams
from sim.world.city.draft import Mark
from sim.world.city.facilities import Land, place_facilities, wanted
from sim.world.city.facility_kinds import FACILITIES
from sim.world.city.model import PLACE_KINDS, City
from sim.world.city.sites import SiteGroup
from support.places import places_of

ROW = {row.kind: row for row in FACILITIES}


@pytest.fixture
def land() -> Land:
    """Return a town of 100,000 people on 16 km2, dense in the middle, low in the west."""
    x, y = np.meshgrid((np.arange(40) + 0.5) * 100, (np.arange(40) + 0.5) * 100, indexing="ij")
    xy_m = np.stack([x, y], axis=-1).reshape(-1, 2)
    dense = np.exp(-np.hypot(*(xy_m - 2_000).T) / 1_000)
    return Land(
        size_m=100.0,
        xy_m=xy_m,
        people=100_000 * dense / dense.sum(),
        jobs=dense**2 / (dense**2).sum(),
        height_m=xy_m[:, 0] / 100,
    )


def group_of(land: Land, kind: str, *marks: Mark, seed: int = 7) -> SiteGroup:
    groups = place_facilities(land, marks, SeededStreams(seed))
    return next(group for group in groups if group.kind == kind)


def hospital(x_m: float, y_m: float, **more: float) -> Mark:
    return Mark(kind="hospital", name=f"Ward {x_m:.0f}", x_m=x_m, y_m=y_m, **more)


def test_a_city_has_places_of_every_kind_in_the_map_s_order(any_city: City) -> None:
    kinds = [place.kind for place in any_city.basemap.places]
    assert set(kinds) == set(PLACE_KINDS)
    assert kinds == sorted(kinds, key=PLACE_KINDS.index)


@pytest.mark.parametrize("row", FACILITIES, ids=lambda row: row.kind)
def test_densities_are_those_of_the_catalogue(any_city: City, row: object) -> None:
    kind = ROW[row.kind]  # type: ignore[attr-defined]
    count = len(places_of(any_city, kind.kind))
    people = any_city.cells.people.sum()
    km2 = len(any_city.cells.people) / 100
    asked = people / kind.people_each if kind.people_each else km2 / kind.km2_each
    # What the source states may be more than the people ask for.
    known = sum(not place.assumed for place in places_of(any_city, kind.kind))
    assert count == max(kind.at_least, round(asked), known)


def test_a_district_of_260_000_people_has_a_few_hundred_places(synthetic: City) -> None:
    assert 200 <= len(synthetic.basemap.places) <= 600


def test_beds_and_pupils_add_up_to_the_rates_of_the_city(synthetic: City) -> None:
    kinds = np.array([place.kind for place in synthetic.basemap.places])
    people = synthetic.cells.people.sum()
    for kind, per_1000 in (("hospital", 5.9), ("school", 110.0), ("community", 1_000.0)):
        held = synthetic.sites.capacity[kinds == kind].sum()
        assert held == pytest.approx(people * per_1000 / 1000, rel=0.01)


def test_everybody_lives_in_one_community(any_city: City) -> None:
    kinds = np.array([place.kind for place in any_city.basemap.places])
    residents = any_city.sites.capacity[kinds == "community"]
    assert residents.sum() == pytest.approx(any_city.cells.people.sum())
    assert (residents > 0).mean() > 0.9


def test_sites_have_a_row_for_each_place_and_a_node_nearby(any_city: City) -> None:
    basemap, sites = any_city.basemap, any_city.sites
    n = len(basemap.places)
    assert sites.capacity.shape == sites.area_m2.shape == sites.node.shape == (n,)
    assert (sites.capacity >= 0).all()
    assert (sites.area_m2 >= 0).all()
    assert sites.node.dtype == np.int32
    xy_m = np.array([(place.x_m, place.y_m) for place in basemap.places])
    node_m = basemap.roads.node_xy_m
    gap_m = np.hypot(*(node_m[sites.node] - xy_m).T)
    least_m = np.hypot(*(node_m[basemap.nearest_node(xy_m)] - xy_m).T)
    np.testing.assert_allclose(gap_m, least_m, atol=1e-6)
    for i, place in enumerate(basemap.places):
        if place.kind == "junction":
            assert set(basemap.roads.end[list(place.links)]) == {sites.node[i]}


def test_homes_draw_schools_and_the_edge_draws_greenhouses(land: Land) -> None:
    def far_m(kind: str) -> float:
        return float(np.median(np.hypot(*(group_of(land, kind).xy_m - 2_000).T)))

    assert far_m("school") < 1_300
    assert far_m("greenhouse") > 1_700
    assert group_of(land, "river_gauge").xy_m[0, 0] < 1_000


def test_a_pumping_station_stands_in_the_middle_of_its_share(land: Land) -> None:
    (at_m,) = group_of(land, "waterworks").xy_m
    assert np.hypot(*(at_m - 2_000)) < 100


def test_known_sites_are_kept_and_the_rest_goes_where_they_are_missed(land: Land) -> None:
    marks = [hospital(1_950.0, 2_000.0, capacity=400.0), hospital(2_600.0, 2_000.0)]
    group = group_of(land, "hospital", *marks)
    assert (group.known, len(group)) == (2, wanted(ROW["hospital"], land))
    assert group.names[0] == "Ward 1950"
    assert group.capacity[0] == 400.0
    np.testing.assert_array_equal(group.xy_m[:2], [(1_950, 2_000), (2_600, 2_000)])
    # A third of 16 km2 each is a circle of 1.3 km; within the known ones' no other stands.
    assert np.hypot(*(group.xy_m[2] - group.xy_m[:2]).T).min() > 1_000


def test_more_sites_than_people_ask_for_are_all_kept(land: Land) -> None:
    marks = [hospital(300.0 * i, 100.0) for i in range(9)]
    group = group_of(land, "hospital", *marks)
    assert (group.known, len(group)) == (9, 9)


def test_a_site_mapped_twice_counts_once(land: Land) -> None:
    group = group_of(land, "hospital", hospital(500, 500), hospital(560, 500), hospital(900, 500))
    assert group.known == 2


@pytest.mark.parametrize(("area_m2", "held"), [(900.0, 900.0), (1e6, 25_000.0)])
def test_a_park_holds_one_person_a_square_metre_within_reason(
    land: Land, area_m2: float, held: float
) -> None:
    mark = Mark(kind="venue", name="Garden", x_m=2_000, y_m=2_000, area_m2=area_m2)
    group = group_of(land, "venue", mark)
    # Not more than five times the 5,000 visitors of the mean.
    assert group.capacity[0] == held
    assert group.area_m2[0] == area_m2


def test_a_seed_moves_what_is_made_up(land: Land) -> None:
    one, same, other = (group_of(land, "clinic", seed=seed) for seed in (7, 7, 8))
    np.testing.assert_array_equal(one.xy_m, same.xy_m)
    assert not np.array_equal(one.xy_m, other.xy_m)


def test_one_more_mark_leaves_the_draws_of_other_kinds_alone(land: Land) -> None:
    plain = place_facilities(land, (), SeededStreams(7))
    marked = place_facilities(land, (hospital(500, 500),), SeededStreams(7))
    for a, b in zip(plain, marked, strict=True):
        assert (a.kind == "hospital") != np.array_equal(a.xy_m, b.xy_m)


def test_what_was_assumed_is_said_once_a_kind(helsinki: City) -> None:
    told = Counter(
        kind
        for sentence in helsinki.assumed
        for kind in PLACE_KINDS
        if f"places of kind {kind} " in sentence
    )
    made = {place.kind for place in helsinki.basemap.places if place.assumed} - {"underpass"}
    assert told == dict.fromkeys(made, 1)

"""Streets and communities of any city, from its districts and cells alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.kernel import citycode
from sim.kernel.basemap import District
from sim.kernel.objectcode import (
    PLACE_CLASSES,
    STATION_CLASSES,
    codes_of_cells,
    codes_of_junctions,
    codes_of_links,
    codes_of_places,
    codes_of_stations,
)
from sim.world.city.areas import make_areas, split_evenly
from sim.world.city.model import PLACE_KINDS, Cells, City
from sim.world.city.station_kinds import KINDS


def test_any_city_has_the_four_levels(any_city: City) -> None:
    basemap = any_city.basemap
    assert {area.level for area in basemap.areas} == set(citycode.LEVELS)
    districts = [area for area in basemap.areas if area.level == "district"]
    assert [area.district_id for area in districts] == [d.district_id for d in basemap.districts]
    assert [area.name for area in districts] == [d.name for d in basemap.districts]
    for area in basemap.areas:
        assert area.parent == next(iter(citycode.parents(area.code)), "")
        below = basemap.children(area.code)
        assert bool(below) == (area.level != "community")
        if below:
            assert area.population == sum(one.population for one in below)
    assert basemap.areas[0].population == pytest.approx(any_city.cells.people.sum(), abs=10)


def test_communities_are_of_about_three_thousand(any_city: City) -> None:
    communities = [a.population for a in any_city.basemap.areas if a.level == "community"]
    assert 1_500 < np.median(communities) < 6_000
    assert min(communities) > 0


def test_cells_roll_up_to_the_population_of_their_areas(any_city: City) -> None:
    basemap, cells = any_city.basemap, any_city.cells
    codes = basemap.area_of(cells.xy_m)
    for level in citycode.LEVELS:
        held = citycode.totals(codes, cells.people, level)
        stated = {a.code: a.population for a in basemap.areas if a.level == level}
        assert list(held) == sorted(stated)
        # Whole people stand for fractions, one a community.
        for code, people in held.items():
            assert people == pytest.approx(stated[code], abs=1 + 0.01 * stated[code])


def test_all_that_stands_has_a_code_of_its_own(any_city: City) -> None:
    basemap = any_city.basemap
    codes = [
        *codes_of_links(basemap),
        *codes_of_junctions(basemap),
        *codes_of_places(basemap),
        *codes_of_stations(basemap),
        *codes_of_cells(basemap, any_city.cells.xy_m),
    ]
    assert len(set(codes)) == len(codes)
    known = {area.code for area in basemap.areas}
    assert {citycode.parse(code).area for code in codes} <= known


def test_every_kind_of_place_and_station_has_a_class_of_its_own() -> None:
    classes = [*PLACE_CLASSES.values(), *STATION_CLASSES.values(), "RL", "RJ", "GC", "DV"]
    assert len(set(classes)) == len(classes)
    assert set(PLACE_KINDS) == set(PLACE_CLASSES)
    assert {row.kind for row in KINDS} == set(STATION_CLASSES)


@pytest.mark.parametrize("name", ["helsinki", "krems", "bologna"])
def test_areas_are_the_same_for_the_same_city(request: pytest.FixtureRequest, name: str) -> None:
    city: City = request.getfixturevalue(name)
    again = make_areas(city.basemap.name, city.basemap.districts, city.cells)
    assert again == city.basemap.areas


def test_a_district_where_nobody_lives_is_an_area_all_the_same() -> None:
    def square(west_m: float, name: str) -> District:
        corners = [(0.0, 0.0), (900.0, 0.0), (900.0, 900.0), (0.0, 900.0), (0.0, 0.0)]
        outline_m = np.array([(west_m + x, y) for x, y in corners])
        return District(district_id=name, name=name, outline_m=outline_m, population=0.0)

    cells = Cells(
        size_m=100.0,
        xy_m=np.array([[150.0, 150.0], [250.0, 150.0]]),
        people=np.array([4_000.0, 5_000.0]),
        district=np.zeros(2, dtype=np.int32),
    )
    lived_in = replace(square(0.0, "full"), population=9_000.0)
    areas = make_areas("Town", [lived_in, square(900.0, "bare")], cells)
    assert [(a.code, a.population) for a in areas if a.level in ("city", "district")] == [
        ("000000000000", 9_000.0),
        ("000001000000", 9_000.0),
        ("000002000000", 0.0),
    ]
    assert [a.population for a in areas if a.level == "community"] == [4_000.0, 5_000.0]
    assert 900.0 < areas[-1].x_m < 1_800.0


@given(st.integers(1, 60), st.integers(1, 200), st.integers(0, 2**32 - 1))
def test_groups_hold_every_point_once_and_are_even(count: int, points: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    xy_m = rng.uniform(0, 1_000, (points, 2))
    weight = rng.uniform(0.5, 1.5, points)
    groups = split_evenly(xy_m, weight, count)
    assert len(groups) == min(count, points)
    assert sorted(np.concatenate(groups).tolist()) == list(range(points))
    assert all(len(group) for group in groups)
    if points >= 20 * count:
        held = [weight[group].sum() for group in groups]
        assert max(held) < 2.0 * min(held)

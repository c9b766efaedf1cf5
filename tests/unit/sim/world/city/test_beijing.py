"""The synthetic Beijing against what is published, at scale 1 as a plan and built smaller."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from sim.kernel.basemap import ROAD_CLASSES, Roads, to_document
from sim.kernel.errors import InputError
from sim.kernel.rng import SeededStreams
from sim.world.city.apportion import apportion
from sim.world.city.beijing.city import beijing_draft
from sim.world.city.beijing.facts import DISTRICTS, RINGS
from sim.world.city.beijing.land import PROJECTION, city_shape, district_shapes
from sim.world.city.beijing.plan import DEFAULT_SCALE, MIN_SCALE, make_plan
from sim.world.city.complete import complete
from sim.world.city.draft import RAILWAY_RANK, RAISED, Draft
from sim.world.city.model import City

PUBLISHED = {
    "dongcheng": (708_829, 42),
    "xicheng": (1_106_214, 50),
    "chaoyang": (3_452_460, 463),
    "fengtai": (2_019_764, 304),
    "shijingshan": (567_851, 84),
    "haidian": (3_133_469, 430),
    "mentougou": (392_606, 1_445),
    "fangshan": (1_312_778, 1_994),
    "tongzhou": (1_840_295, 904),
    "shunyi": (1_324_044, 1_007),
    "changping": (2_269_487, 1_340),
    "daxing": (1_993_591, 1_032),
    "huairou": (441_040, 2_119),
    "pinggu": (457_313, 947),
    "miyun": (527_683, 2_224),
    "yanqing": (345_671, 1_992),
}
"""Census of 2020, and km2 by the boundary polygons."""

SMALL = 0.01


@pytest.fixture(scope="module")
def draft() -> Draft:
    return beijing_draft(SeededStreams(7), SMALL)


@pytest.fixture(scope="module")
def city(draft: Draft) -> City:
    return complete(draft, SeededStreams(7))


# --- the plan -----------------------------------------------------------------------------


def test_the_true_city_has_the_published_people_areas_and_streets() -> None:
    plan = make_plan(1.0)
    found = {
        d.facts.district_id: (d.population, pytest.approx(d.area_m2 / 1e6)) for d in plan.districts
    }
    assert found == PUBLISHED
    assert plan.population == 21_893_095
    assert plan.area_m2 / 1e6 == pytest.approx(16_411, rel=0.003)
    assert sum(d.streets for d in plan.districts) == 343
    assert sum(d.communities for d in plan.districts) == 7_000
    assert all(0 < d.subdistricts <= d.streets for d in plan.districts)


@given(st.floats(MIN_SCALE, 1.0))
def test_a_plan_of_any_scale_loses_nobody(scale: float) -> None:
    plan = make_plan(scale)
    assert plan.population == round(21_893_095 * scale)
    for district in plan.districts:
        assert abs(district.population - district.facts.population * scale) <= 1
        assert district.communities >= district.streets >= 1
    assert sum(d.streets for d in plan.districts) == max(16, round(343 * scale))


@pytest.mark.parametrize("scale", [0.0, MIN_SCALE / 2, 1.01, -1.0, math.nan, math.inf])
def test_a_scale_out_of_range_is_refused(scale: float) -> None:
    with pytest.raises(InputError, match=r"scale: was .*, expected a number from 0.002 to 1"):
        make_plan(scale)


@given(
    st.integers(0, 10_000),
    st.lists(st.floats(0.01, 1e6), min_size=1, max_size=30),
    st.integers(0, 3),
)
def test_shares_sum_to_the_whole_and_stay_near_their_quota(
    total: int, weights: list[float], at_least: int
) -> None:
    shares = apportion(total, weights, at_least=at_least)
    assert shares.sum() == max(total, at_least * len(weights))
    assert (shares >= at_least).all()
    if at_least == 0:
        assert (np.abs(shares - np.array(weights) / sum(weights) * total) < 1).all()


# --- the land -----------------------------------------------------------------------------


def test_districts_have_their_areas_and_hold_their_seats_and_centroids() -> None:
    for facts, shape in zip(DISTRICTS, district_shapes(), strict=True):
        assert shape.is_valid
        assert shape.area / 1e6 == pytest.approx(PUBLISHED[facts.district_id][1], rel=0.03)
        points = [facts.centroid] + ([facts.seat] if facts.seat else [])
        for x, y in PROJECTION.to_xy(np.array(points)).tolist():
            assert shape.contains(shapely.Point(x, y)), facts.district_id
        gap_m = shape.centroid.distance(shapely.Point(*PROJECTION.point_to_xy(*facts.centroid)))
        assert gap_m < 3_000


def test_districts_tile_the_city() -> None:
    shapes = district_shapes()
    whole = city_shape()
    assert not whole.interiors
    assert whole.area == pytest.approx(sum(shape.area for shape in shapes), rel=1e-6)
    overlap = [a.intersection(b).area for i, a in enumerate(shapes) for b in shapes[i + 1 :]]
    assert max(overlap) < 1.0


# --- people -------------------------------------------------------------------------------


def test_people_of_each_district_are_exact_and_stand_in_it(draft: Draft) -> None:
    assert draft.settlement is not None
    cells = draft.settlement.cells
    held = np.bincount(cells.district, weights=cells.people)
    np.testing.assert_allclose(held, [d.population for d in draft.districts])
    for number, district in enumerate(draft.districts):
        people, _ = PUBLISHED[district.district_id]
        assert district.population == pytest.approx(people * SMALL, abs=1)
        mine_m = cells.xy_m[cells.district == number]
        shape = shapely.Polygon(district.outline_m)
        assert shapely.contains_xy(shape, mine_m).all()


def test_cells_lie_on_the_hectare_grid_once_each(draft: Draft) -> None:
    assert draft.settlement is not None
    cells = draft.settlement.cells
    index = cells.xy_m / 100.0 - 0.5
    np.testing.assert_allclose(index, np.rint(index), atol=1e-6)
    assert len(np.unique(np.rint(index), axis=0)) == len(index)
    assert (cells.people > 0).all()


def test_density_falls_from_the_core_outward(draft: Draft) -> None:
    assert draft.settlement is not None
    cells = draft.settlement.cells
    radius_m = np.hypot(*cells.xy_m.T) / math.sqrt(SMALL)
    ring = np.digitize(radius_m, [ring.length_km * 1_000 / (2 * np.pi) for ring in RINGS])
    density = np.bincount(ring, weights=cells.people) / np.bincount(ring)
    assert (np.diff(density[:5]) < 0).all()
    built_km2 = len(cells.people) * 0.01 / SMALL
    assert 1_500 < built_km2 < 3_000


@pytest.mark.parametrize("district_id", ["mentougou", "huairou", "miyun", "yanqing"])
def test_people_of_the_mountains_live_at_the_seat(draft: Draft, district_id: str) -> None:
    assert draft.settlement is not None
    number = [d.district_id for d in draft.districts].index(district_id)
    facts = DISTRICTS[number]
    assert facts.seat is not None
    seat_m = np.array(PROJECTION.point_to_xy(*facts.seat)) * math.sqrt(SMALL)
    mine = draft.settlement.cells.district == number
    gap_m = np.hypot(*(draft.settlement.cells.xy_m[mine] - seat_m).T)
    people = draft.settlement.cells.people[mine]
    near = gap_m < 8_000 * math.sqrt(SMALL)
    assert people[near].sum() > 0.5 * people.sum()


# --- roads --------------------------------------------------------------------------------


@pytest.mark.parametrize("scale", [MIN_SCALE, 0.005, DEFAULT_SCALE, 0.05])
@pytest.mark.parametrize("seed", [1, 2])
def test_roads_of_any_scale_and_seed_are_one_network_without_faults(
    scale: float, seed: int
) -> None:
    roads = beijing_draft(SeededStreams(seed), scale).roads
    n = len(roads.node_xy_m)
    graph = csr_array((np.ones(len(roads)), (roads.start, roads.end)), shape=(n, n))
    assert connected_components(graph, directed=True, connection="strong")[0] == 1
    assert (roads.length_m > 10.0).all()
    assert (roads.start != roads.end).all()
    assert all(roads.names)
    drawn_m = shapely.length(np.array([shapely.LineString(shape) for shape in roads.shapes]))
    np.testing.assert_allclose(roads.length_m, drawn_m)
    np.testing.assert_allclose(
        [shape[0] for shape in roads.shapes], roads.node_xy_m[roads.start], atol=1e-6
    )
    np.testing.assert_allclose(
        [shape[-1] for shape in roads.shapes], roads.node_xy_m[roads.end], atol=1e-6
    )
    # Nothing lies outside the city but a road's swing along its edge.
    whole = shapely.transform(city_shape(), lambda xy: xy * math.sqrt(scale))
    assert shapely.contains_xy(whole.buffer(300.0), roads.node_xy_m).all()


def _km(roads: Roads, name: str) -> float:
    mine = np.array([one == name for one in roads.names])
    return float(roads.length_m[mine].sum()) / 2_000


def test_rings_have_their_published_lengths_and_lanes(draft: Draft) -> None:
    roads = draft.roads
    for ring in RINGS:
        assert _km(roads, ring.name) == pytest.approx(ring.length_km * math.sqrt(SMALL), rel=0.01)
        mine = [i for i, name in enumerate(roads.names) if name == ring.name]
        assert {ROAD_CLASSES[roads.road_class[i]] for i in mine} == {ring.road_class}
        assert (roads.lanes[mine] == ring.lanes).all()
        assert (draft.level[mine] == RAISED).all()


def test_road_length_and_links_follow_the_scale() -> None:
    small, large = (beijing_draft(SeededStreams(3), scale).roads for scale in (0.02, 0.08))
    # Rings and radials shrink by the root, so a small city has rather more of them.
    assert 2.5 < large.length_m.sum() / small.length_m.sum() < 4.0
    assert 3.0 < len(large) / len(small) < 4.5


def test_the_default_scale_is_a_city_of_1500_links() -> None:
    assert 1_300 <= len(beijing_draft(SeededStreams(7)).roads) <= 1_700


def test_streets_pass_below_the_rings_or_end_there(draft: Draft) -> None:
    roads = draft.roads
    rings = {ring.name for ring in RINGS}
    lines = np.array([shapely.LineString(shape) for shape in roads.shapes])
    ring = np.array([name in rings for name in roads.names])
    grounded = np.flatnonzero(draft.level != RAISED)
    tree = shapely.STRtree(lines[grounded])
    _, street = tree.query(lines[ring], predicate="crosses")
    crossed = grounded[street]
    assert len(crossed) > 20
    residential = ROAD_CLASSES.index("residential")
    county = np.array(["County Road" in name for name in roads.names])
    assert ((roads.road_class[crossed] < residential) | county[crossed]).all()
    # Each of them lies below a bridge.
    bridges = shapely.STRtree(
        [shapely.LineString(o.line_m) for o in draft.overhead if o.rank != RAILWAY_RANK]
    )
    hit = np.unique(bridges.query(lines[np.unique(crossed)], predicate="intersects")[0])
    assert len(hit) == len(np.unique(crossed))


def test_lights_stand_at_junctions_of_arterials(draft: Draft) -> None:
    roads = draft.roads
    arms = np.bincount(roads.start, minlength=len(roads.node_xy_m))
    best = np.full(len(arms), len(ROAD_CLASSES))
    np.minimum.at(best, roads.start, roads.road_class)
    assert roads.signal.sum() > 50
    assert (arms[roads.signal] >= 3).all()
    assert (best[roads.signal] <= ROAD_CLASSES.index("secondary")).all()


# --- the whole ----------------------------------------------------------------------------


def test_the_built_city_is_the_published_one_times_the_scale(city: City) -> None:
    basemap = city.basemap
    for district in basemap.districts:
        people, km2 = PUBLISHED[district.district_id]
        assert district.population == pytest.approx(people * SMALL, abs=1)
        area_km2 = shapely.Polygon(district.outline_m).area / 1e6
        assert area_km2 == pytest.approx(km2 * SMALL, rel=0.03)
    assert [d.name for d in basemap.districts][:2] == ["Dongcheng 东城", "Xicheng 西城"]
    assert city.cells.people.sum() == pytest.approx(218_931)
    assert basemap.projection.point_to_lonlat(0.0, 0.0) == (116.397, 39.908)


def test_one_seed_makes_one_beijing_and_another_another() -> None:
    def make(seed: int) -> City:
        streams = SeededStreams(seed)
        return complete(beijing_draft(streams, 0.004), streams)

    one, same, other = make(7), make(7), make(8)
    assert to_document(one.basemap) == to_document(same.basemap)
    np.testing.assert_array_equal(one.cells.people, same.cells.people)
    assert to_document(one.basemap) != to_document(other.basemap)
    # What is published does not hang on luck.
    assert [d.population for d in one.basemap.districts] == [
        d.population for d in other.basemap.districts
    ]


def test_underpasses_are_found_below_the_bridges(city: City) -> None:
    low = [place for place in city.basemap.places if place.kind == "underpass"]
    assert len(low) >= 4
    assert not any(place.assumed for place in low)


def test_areas_roll_up_to_the_people(city: City) -> None:
    areas = city.basemap.areas
    assert Counter(a.level for a in areas) == {
        "city": 1,
        "district": 16,
        "street": 16,
        "community": 70,
    }
    for area in areas:
        below = city.basemap.children(area.code)
        if below:
            assert area.population == sum(one.population for one in below)
    assert [a.code for a in areas] == sorted(a.code for a in areas)
    assert city.basemap.get_area("110105000000").name == "Chaoyang 朝阳"
    assert areas[0].population == 218_931


def test_the_people_of_an_area_are_those_around_it(city: City) -> None:
    codes = np.array(city.basemap.area_of(city.cells.xy_m))
    for area in city.basemap.areas:
        if area.level == "community":
            held = city.cells.people[codes == area.code].sum()
            assert area.population == pytest.approx(held, abs=1)

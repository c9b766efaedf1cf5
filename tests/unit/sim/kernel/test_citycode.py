from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.kernel import citycode
from sim.kernel.areas import Area
from sim.kernel.basemap import BaseMap, District, Place, Roads, Station
from sim.kernel.errors import InputError
from sim.kernel.geo import Projection
from sim.kernel.objectcode import (
    CELL_M,
    OTHER_PLACE,
    PLACE_CLASSES,
    STATION_CLASSES,
    cell_middle,
    codes_of_cells,
    codes_of_devices,
    codes_of_junctions,
    codes_of_links,
    codes_of_places,
    codes_of_stations,
)

districts = st.integers(10, 9_999).map(lambda n: f"11{n:04d}")
numbers = st.integers(1, 999)
letters = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=2, max_size=2)


@st.composite
def areas(draw: st.DrawFn) -> str:
    level = draw(st.sampled_from(["district", "street", "community"]))
    street = draw(numbers) if level != "district" else 0
    community = draw(numbers) if level == "community" else 0
    return citycode.area_code(draw(districts), street, community)


@given(areas(), letters, st.integers(0, 10**9))
def test_an_object_code_comes_back_from_its_text_and_its_urn(
    area: str, object_class: str, serial: int
) -> None:
    code = citycode.object_code(area, object_class, serial)
    parsed = citycode.parse(code)
    assert str(parsed) == code
    assert citycode.parse(parsed.urn) == parsed
    assert (parsed.area, parsed.object_class, int(parsed.serial)) == (area, object_class, serial)


@given(areas())
def test_the_areas_above_hold_an_area_and_end_at_the_city(area: str) -> None:
    above = citycode.parents(area)
    assert len(above) == citycode.LEVELS.index(citycode.level_of(area))
    assert citycode.level_of(above[-1]) == "city"
    for parent in above:
        assert citycode.is_within(area, parent)
        assert not citycode.is_within(parent, area)
        assert citycode.roll_up(area, citycode.level_of(parent)) == parent


@given(st.lists(st.tuples(areas(), st.integers(0, 1000)), min_size=1))
def test_totals_of_any_level_lose_nothing(rows: list[tuple[str, int]]) -> None:
    codes, values = zip(*rows, strict=True)
    for level in ("city", "district"):
        held = citycode.totals(codes, values, level)
        assert sum(held.values()) == sum(values)
        assert all(citycode.level_of(code) == level for code in held)


def test_levels_of_the_codes_of_beijing() -> None:
    code = citycode.area_code("110101", 2, 7)
    assert code == "110101002007"
    assert citycode.level_of(code) == "community"
    assert citycode.parents(code) == ("110101002000", "110101000000", "110000000000")
    assert citycode.roll_up(f"{code}-RL-000123", "district") == "110101000000"
    # The first of the districts of a city without a code of its own.
    assert citycode.parents("000001000000") == ("000000000000",)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "11010100200",
        "1101010020071",
        "11010100200a",
        "１10101002007",
        "110101000007",
        "110000002000",
        "110101002007-RL",
        "110101002007-rl-1",
        "110101002007-RLL-1",
        "110101002007-RL-",
        "110101002007-RL-1-2",
        "110101002007-RL-a",
        "urn:citycode:",
        "urn:other:110101002007",
    ],
)
def test_what_is_no_city_code_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="city code"):
        citycode.parse(text)


@pytest.mark.parametrize(("street", "community"), [(1000, 0), (-1, 0), (1, 1000), (0, 3)])
def test_numbers_that_do_not_fit_are_refused(street: int, community: int) -> None:
    with pytest.raises(InputError):
        citycode.area_code("110101", street, community)


def test_a_code_does_not_tell_a_level_below_its_own() -> None:
    with pytest.raises(InputError, match="that tells its street"):
        citycode.roll_up("110101000000", "street")
    with pytest.raises(InputError, match="one of city, district"):
        citycode.roll_up("110101000000", "block")


# --- codes of a map's objects -------------------------------------------------------------


def _area(code: str, district_id: str, x_m: float, y_m: float) -> Area:
    return Area(
        code=code,
        level=citycode.level_of(code),
        name=code,
        parent=next(iter(citycode.parents(code)), ""),
        district_id=district_id,
        x_m=x_m,
        y_m=y_m,
        population=1.0,
    )


def _square(west_m: float) -> District:
    corners = [(0.0, 0.0), (1000.0, 0.0), (1000.0, 1000.0), (0.0, 1000.0), (0.0, 0.0)]
    outline_m = np.array([(west_m + x, y) for x, y in corners])
    name = "west" if west_m < 0 else "east"
    return District(district_id=name, name=name, outline_m=outline_m, population=1.0)


@pytest.fixture
def basemap() -> BaseMap:
    """Two districts; the west one has two communities north and south, the east one none."""
    place = {"name": "", "links": (), "assumed": True, "district_id": "west"}
    return BaseMap(
        name="Two",
        source="test",
        attribution="",
        projection=Projection(116.4, 39.9),
        roads=Roads(
            node_xy_m=np.array([(-900.0, 100.0), (-900.0, 900.0), (900.0, 900.0)]),
            start=np.array([0, 1, 1, 2], dtype=np.int32),
            end=np.array([1, 0, 2, 1], dtype=np.int32),
            length_m=np.array([800.0, 800.0, 1800.0, 1800.0]),
            speed_mps=np.full(4, 10.0),
            lanes=np.ones(4, dtype=np.int32),
            road_class=np.zeros(4, dtype=np.int32),
            signal=np.zeros(3, dtype=bool),
            names=("",) * 4,
            shapes=(np.zeros((2, 2)),) * 4,
            source_ids=("",) * 4,
        ),
        districts=(_square(-1000.0), _square(0.0)),
        places=(
            Place(place_id="a", kind="hospital", x_m=-500.0, y_m=10.0, **place),
            Place(place_id="b", kind="tower", x_m=-500.0, y_m=990.0, **place),
        ),
        stations=(
            Station(
                station_id="s",
                kind="ambulance",
                name="",
                x_m=500.0,
                y_m=500.0,
                district_id="east",
                node=0,
                units=2,
                assumed=True,
            ),
        ),
        areas=(
            _area("110000000000", "", 0.0, 500.0),
            _area("110101000000", "west", -500.0, 500.0),
            _area("110101001000", "west", -500.0, 500.0),
            _area("110101001001", "west", -500.0, 100.0),
            _area("110101001002", "west", -500.0, 900.0),
            _area("110102000000", "east", 500.0, 500.0),
        ),
    )


def test_objects_are_coded_by_where_they_stand(basemap: BaseMap) -> None:
    assert codes_of_places(basemap) == [
        f"110101001001-{PLACE_CLASSES['hospital']}-000001",
        f"110101001002-{OTHER_PLACE}-000002",
    ]
    # The east has no communities, so its own code is the finest there is.
    assert codes_of_stations(basemap) == [f"110102000000-{STATION_CLASSES['ambulance']}-000001"]
    assert codes_of_junctions(basemap)[2] == "110102000000-RJ-000003"
    assert codes_of_links(basemap)[2] == "110101001002-RL-000003"
    assert codes_of_devices(basemap, np.array([[-10.0, 20.0]]), [7]) == ["110101001001-DV-000007"]


def test_all_codes_of_a_map_are_distinct(basemap: BaseMap) -> None:
    grid_m = np.stack(np.meshgrid(np.arange(-950, 1000, 100), np.arange(-950, 1000, 100)), -1)
    codes = [
        *codes_of_links(basemap),
        *codes_of_junctions(basemap),
        *codes_of_places(basemap),
        *codes_of_stations(basemap),
        *codes_of_cells(basemap, grid_m.reshape(-1, 2)),
    ]
    assert len(set(codes)) == len(codes)
    assert all(str(citycode.parse(code)) == code for code in codes)


coordinates = st.floats(-99_999, 99_999)


@given(coordinates, coordinates)
def test_a_cell_is_found_again_by_its_code(x_m: float, y_m: float) -> None:
    basemap = basemap_of_one_district()
    (code,) = codes_of_cells(basemap, np.array([[x_m, y_m]]))
    middle = cell_middle(code)
    assert abs(middle[0] - x_m) <= CELL_M / 2
    assert abs(middle[1] - y_m) <= CELL_M / 2
    assert codes_of_cells(basemap, np.array([middle])) == [code]


def basemap_of_one_district() -> BaseMap:
    return BaseMap(
        name="One",
        source="test",
        attribution="",
        projection=Projection(116.4, 39.9),
        roads=Roads(
            node_xy_m=np.zeros((1, 2)),
            start=np.zeros(0, dtype=np.int32),
            end=np.zeros(0, dtype=np.int32),
            length_m=np.zeros(0),
            speed_mps=np.zeros(0),
            lanes=np.zeros(0, dtype=np.int32),
            road_class=np.zeros(0, dtype=np.int32),
            signal=np.zeros(1, dtype=bool),
            names=(),
            shapes=(),
            source_ids=(),
        ),
        districts=(_square(0.0),),
        places=(),
        stations=(),
    )


def test_a_map_without_areas_counts_its_districts(basemap: BaseMap) -> None:
    assert basemap_of_one_district().area_of(np.array([[5.0, 5.0], [-70.0, 3.0]])) == [
        "000001000000",
        "000001000000",
    ]


@pytest.mark.parametrize("code", ["110101001001-RL-000001", "110101001001-GC-12", "110101001001"])
def test_what_is_no_cell_is_refused(code: str) -> None:
    with pytest.raises(InputError, match="a cell's"):
        cell_middle(code)

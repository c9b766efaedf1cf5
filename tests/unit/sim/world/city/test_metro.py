"""Metro lines: under arterials, through the centre, crossing each other."""

from __future__ import annotations

import numpy as np
import pytest

from sim.kernel.basemap import ROAD_CLASSES, Roads
from sim.kernel.rng import SeededStreams
from sim.world.city.draft import Mark
from sim.world.city.facilities import Land
from sim.world.city.load import load_city
from sim.world.city.metro import make_metro
from sim.world.city.model import City
from support.places import places_of

SIDE, STEP_M = 60, 500.0


def grid_roads() -> Roads:
    """Return a grid of 30 km by 30 km, every fourth street an arterial."""
    x, y = np.meshgrid(np.arange(SIDE) * STEP_M, np.arange(SIDE) * STEP_M, indexing="ij")
    xy_m = np.stack([x, y], axis=-1).reshape(-1, 2)
    node = np.arange(SIDE * SIDE).reshape(SIDE, SIDE)
    along = np.concatenate(
        [
            np.stack([node[:-1], node[1:]], axis=-1).reshape(-1, 2),
            np.stack([node[:, :-1], node[:, 1:]], axis=-1).reshape(-1, 2),
        ]
    )
    line = np.concatenate(
        [np.tile(np.arange(SIDE), SIDE - 1), np.repeat(np.arange(SIDE), SIDE - 1)]
    )
    cls = np.where(line % 4 == 0, ROAD_CLASSES.index("primary"), ROAD_CLASSES.index("residential"))
    start, end = np.concatenate([along, along[:, ::-1]]).astype(np.int32).T
    n = len(start)
    return Roads(
        node_xy_m=xy_m,
        start=start,
        end=end,
        length_m=np.full(n, STEP_M),
        speed_mps=np.full(n, 10.0),
        lanes=np.ones(n, dtype=np.int32),
        road_class=np.tile(cls, 2).astype(np.int32),
        signal=np.zeros(len(xy_m), dtype=bool),
        names=("",) * n,
        shapes=tuple(xy_m[[a, b]] for a, b in zip(start, end, strict=True)),
        source_ids=tuple(map(str, range(n))),
    )


@pytest.fixture(scope="module")
def metropolis() -> tuple[Roads, Land]:
    """Return 8 million people, dense in the middle."""
    roads = grid_roads()
    middle_m = roads.node_xy_m.mean(axis=0)
    dense = np.exp(-np.hypot(*(roads.node_xy_m - middle_m).T) / 6_000)
    n = len(dense)
    return roads, Land(
        size_m=500.0,
        xy_m=roads.node_xy_m,
        people=8e6 * dense / dense.sum(),
        jobs=dense / dense.sum(),
        height_m=np.zeros(n),
    )


def test_a_metropolis_has_beijing_s_density_of_lines_and_stations(
    metropolis: tuple[Roads, Land],
) -> None:
    stations, lines = make_metro(*metropolis, (), SeededStreams(7))
    # 8 of 21.8 million people: 27 lines and 500 stations scale to 10 and 184.
    assert len(lines) == 10
    assert 120 <= len(stations) <= 230
    assert stations.known == 0
    gaps_m = np.hypot(*(stations.xy_m[:, None] - stations.xy_m[None]).transpose(2, 0, 1))
    assert gaps_m[np.triu_indices(len(stations), 1)].min() > 400
    for stops in lines:
        assert len(set(stops.tolist())) == len(stops) >= 4
        steps_m = np.hypot(*np.diff(stations.xy_m[stops], axis=0).T)
        assert np.median(steps_m) < 2_500


def test_lines_cross_and_hang_together(metropolis: tuple[Roads, Land]) -> None:
    _, lines = make_metro(*metropolis, (), SeededStreams(7))
    reached, rest = set(lines[0].tolist()), [set(stops.tolist()) for stops in lines[1:]]
    while touching := [stops for stops in rest if stops & reached]:
        reached |= set().union(*touching)
        rest = [stops for stops in rest if not stops & reached]
    assert not rest


def test_stations_lie_under_arterials(metropolis: tuple[Roads, Land]) -> None:
    stations, _ = make_metro(*metropolis, (), SeededStreams(7))
    on_arterial = ((stations.xy_m / STEP_M) % 4 == 0).any(axis=1)
    # Seven crossings in sixteen lie on an arterial; ends of lines may not.
    assert on_arterial.mean() > 0.9


def test_stations_that_the_source_tells_are_strung_along_their_longest_way(
    metropolis: tuple[Roads, Land],
) -> None:
    marks = [
        Mark(kind="metro_station", name=f"Halt {i}", x_m=1_000.0 * i, y_m=100.0 * (i % 2))
        for i in (3, 0, 2, 1)
    ]
    stations, lines = make_metro(*metropolis, marks, SeededStreams(7))
    assert (stations.known, len(stations)) == (4, 4)
    (line,) = lines
    names = [stations.names[i] for i in line]
    assert names in (
        ["Halt 0", "Halt 1", "Halt 2", "Halt 3"],
        ["Halt 3", "Halt 2", "Halt 1", "Halt 0"],
    )


def test_stops_name_metro_stations_and_every_station_has_a_line(any_city: City) -> None:
    metro, basemap = any_city.networks.metro, any_city.basemap
    assert metro.station.shape == metro.line.shape
    assert {basemap.places[i].kind for i in metro.station} == {"metro_station"}
    assert len(set(metro.station.tolist())) == len(places_of(any_city, "metro_station"))
    assert (np.diff(metro.line) >= 0).all()


def test_a_city_of_440_000_has_two_lines_that_cross() -> None:
    metro = load_city("beijing", SeededStreams(7), scale=0.02).networks.metro
    assert metro.line.max() == 1
    first, second = (set(metro.station[metro.line == line].tolist()) for line in (0, 1))
    assert first & second


def test_helsinki_has_its_two_stations(helsinki: City) -> None:
    names = {place.name for place in places_of(helsinki, "metro_station")}
    assert len(names) == 2
    assert not any(place.assumed for place in places_of(helsinki, "metro_station"))
    assert any("Rautatientori" in name for name in names)

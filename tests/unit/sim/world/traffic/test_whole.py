"""What holds for any traffic: conservation, repeatability, demand by the clock."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.kernel.clock import HOUR, Ns
from sim.kernel.errors import InputError
from sim.kernel.rng import SeededStreams
from sim.world.traffic import TrafficConfig
from sim.world.traffic.config import (
    DETOUR,
    KM_PER_LANE_KM_DAY,
    KM_PER_PERSON_DAY,
    WEEKDAY_PROFILE,
)
from sim.world.traffic.demand import Demand, peak_trips_per_h
from sim.world.traffic.junction import Merges, ranks

deeds = st.lists(
    st.tuples(
        st.sampled_from(
            [
                *("flood", "dry", "close", "reopen", "warn", "unwarn", "rescue", "run"),
                *("limit", "dark", "preempt", "release", "wave", "unwave", "weather"),
                *("demand", "crowd"),
            ]
        ),
        st.integers(0, 10**6),
        st.floats(0.0, 0.6),
    ),
    max_size=12,
)


def do(city, deed: str, number: int, depth_m: float) -> None:
    traffic, n = city.traffic, len(city.roads)
    link = number % n
    if deed in ("flood", "dry"):
        depth = np.zeros(n)
        if deed == "flood":
            depth[[link, (link + 1) % n, (link * 7) % n]] = depth_m
        traffic.set_depth(depth)
    elif deed in ("close", "reopen"):
        getattr(traffic, deed)(link, f"barrier-{number % 3}")
    elif deed in ("warn", "unwarn"):
        getattr(traffic, deed)(link)
    elif deed == "rescue":
        before = int(traffic.stalled[link])
        assert traffic.rescue(link) == before
    else:
        control(city, deed, link, number, depth_m)
    city.check()
    city.run(60)


def control(city, deed: str, link: int, number: int, depth_m: float) -> None:
    traffic, roads, by = city.traffic, city.roads, f"unit-{number % 2}"
    node = int(roads.end[link])
    if deed == "limit":
        traffic.limit_capacity(link, min(depth_m * 2, 1.0), by)
    elif deed == "dark":
        traffic.set_dark(np.arange(len(roads.signal)) % 3 < number % 4)
    elif deed == "preempt":
        traffic.preempt(node, link, by)
    elif deed == "release":
        traffic.release(node, by)
    elif deed == "wave":
        onward = int(np.flatnonzero(roads.start == node)[0])
        traffic.green_wave([link, onward], by)
    elif deed == "unwave":
        traffic.release_wave(by)
    elif deed == "weather":
        traffic.set_weather(1 - depth_m)
    elif deed == "demand":
        traffic.set_demand(depth_m * 4)
    elif deed == "crowd":
        traffic.add_trips(0, node, number % 50, 120)


@given(side=st.integers(2, 4), trips=st.floats(0, 20_000), seed=st.integers(0, 99), deeds=deeds)
def test_vehicles_are_conserved_whatever_is_done_to_the_streets(
    kit, side, trips, seed, deeds
) -> None:
    roads = kit.grid(side, length_m=40 + 60 * (seed % 5), lanes=1 + seed % 2)
    roads.signal[:] = np.arange(side * side) % 3 < seed % 3
    ends = [0, side * side - 1, side]
    zones = kit.zones(ends, [3, 1, 1], [1, 2, 1])
    city = kit.city(roads, zones, chance=SeededStreams(seed), trips_per_h=trips)
    city.run(120)
    passed = city.traffic.passed.copy()
    for deed in deeds:
        do(city, *deed)
        assert (city.traffic.passed >= passed).all()
        passed = city.traffic.passed.copy()
    traffic = city.traffic
    assert np.isfinite(traffic.delay_vehicle_h)
    assert traffic.delay_vehicle_h >= -1e-6
    assert ((traffic.occupancy >= 0) & (traffic.occupancy <= 1)).all()
    assert ((traffic.speed_mps >= 0) & (traffic.speed_mps <= roads.speed_mps)).all()
    assert (traffic.link_time_s > 0).all()


def grid_city(kit, streams):
    roads = kit.grid(5)
    zones = kit.zones([0, 4, 12, 20, 24], [1, 2, 3, 2, 1], [2, 1, 3, 1, 2])
    return kit.city(roads, zones, chance=streams, trips_per_h=4000)


def run_with_flood(city):
    traffic = city.run(600)
    depth = np.zeros(len(city.roads))
    depth[[20, 21]] = 0.4
    traffic.set_depth(depth)
    city.run(300)
    traffic.close(20, "barrier")
    city.run(600)
    return traffic


class Nosy:
    """Streams that somebody else uses too."""

    def __init__(self, seed: int) -> None:
        self._streams = SeededStreams(seed)

    def at(self, name: str, tick: int) -> np.random.Generator:
        self._streams.at("weather.gusts", tick).random(tick % 7)
        return self._streams.at(name, tick)


def test_same_seed_gives_the_same_vehicles_and_another_does_not(kit) -> None:
    runs = [run_with_flood(grid_city(kit, s)) for s in (SeededStreams(3), SeededStreams(3))]
    other = run_with_flood(grid_city(kit, SeededStreams(4)))
    nosy = run_with_flood(grid_city(kit, Nosy(3)))
    for name in ("passed", "on_link", "stalled", "speed_mps", "link_time_s", "occupancy"):
        first = getattr(runs[0], name)
        np.testing.assert_array_equal(first, getattr(runs[1], name))
        np.testing.assert_array_equal(first, getattr(nosy, name))
    assert runs[0].delay_vehicle_h == runs[1].delay_vehicle_h == nosy.delay_vehicle_h
    assert (runs[0].passed != other.passed).any()


def test_demand_alone_does_not_depend_on_what_happens_on_the_street(kit) -> None:
    dry, flooded = (grid_city(kit, SeededStreams(3)) for _ in range(2))
    run_with_flood(flooded)
    dry.run(1500)
    began = [c.traffic.entered + c.traffic.waiting for c in (dry, flooded)]
    assert began[0] == began[1] > 1000


def make_demand(kit, **config) -> Demand:
    zones = kit.zones([0, 1, 2], [100, 0, 20], [0, 50, 20])
    times = np.array([[0, 300, 600], [300, 0, 300], [600, np.inf, 0]], dtype=float)
    settings = TrafficConfig(**config)
    assert settings.peak_trips_per_h is not None
    return Demand(zones, times, settings.peak_trips_per_h, settings, SeededStreams(1))


def trips_of_hour(kit, hour: int, **config) -> np.ndarray:
    """Return an OD matrix of one hour of Beijing time."""
    demand = make_demand(kit, **config)
    matrix = np.zeros((3, 3), dtype=int)
    for tick in range(1, 721):
        trips = demand.draw(Ns(((hour - 8) % 24) * HOUR + (tick - 1) * 5 * 10**9), tick)
        if trips is not None:
            np.add.at(matrix, (trips.origin, trips.goal), 1)
    return matrix


def test_busiest_hour_has_the_trips_of_the_config_and_the_night_few(kit) -> None:
    assert max(WEEKDAY_PROFILE) == WEEKDAY_PROFILE[8]
    assert sum(WEEKDAY_PROFILE) == pytest.approx(1)
    assert trips_of_hour(kit, 8, peak_trips_per_h=3600).sum() == pytest.approx(3600, rel=0.05)
    expected = 3600 * WEEKDAY_PROFILE[3] / WEEKDAY_PROFILE[8]
    assert trips_of_hour(kit, 3, peak_trips_per_h=3600).sum() == pytest.approx(expected, rel=0.25)


def test_trips_follow_gravity_to_work_in_the_morning_and_home_in_the_evening(kit) -> None:
    morning, evening = (trips_of_hour(kit, h, peak_trips_per_h=20_000) for h in (8, 17))
    assert morning.trace() == evening.trace() == 0
    assert morning[0, 1] > 2 * morning[1, 0]
    assert evening[1, 0] > 2 * evening[0, 1]
    nearer = 100 * 50 * np.exp(-300 / 900) / (100 * 20 * np.exp(-600 / 900))
    assert morning[0, 1] / morning[0, 2] == pytest.approx(nearer, rel=0.1)
    assert morning[2, 1] == evening[2, 1] == 0


@pytest.mark.parametrize(("people", "binds"), [(100.0, "people"), (1e6, "lanes")])
def test_default_demand_keeps_people_and_lanes_as_busy_as_beijing(kit, people, binds) -> None:
    roads, zones = kit.grid(3), kit.zones([0, 8], [people, people], [1, 1])
    straight_m = np.hypot(*(roads.node_xy_m[8] - roads.node_xy_m[0]))
    trip_km = straight_m * DETOUR / 1000
    lane_km = float(roads.length_m @ roads.lanes) / 1000
    of_people, of_lanes = KM_PER_PERSON_DAY * 2 * people, KM_PER_LANE_KM_DAY * lane_km
    day_km = {"people": of_people, "lanes": of_lanes}[binds]
    assert day_km == min(of_people, of_lanes)
    busiest = max(WEEKDAY_PROFILE) / sum(WEEKDAY_PROFILE)
    found = peak_trips_per_h(roads, zones, TrafficConfig())
    assert found == pytest.approx(day_km / trip_km * busiest)


@pytest.mark.parametrize(("peak", "platoon"), [(100, 1), (20_000, 1), (20_001, 2), (1e7, 20)])
def test_vehicles_drive_together_only_where_there_are_many(peak, platoon) -> None:
    assert TrafficConfig().platoon_of(peak) == platoon
    assert TrafficConfig(platoon=3).platoon_of(peak) == 3
    assert TrafficConfig().step_of(platoon) == (10.0 if platoon >= 5 else 5.0)
    assert TrafficConfig(step_s=2.0).step_of(platoon) == 2.0


def test_platoons_drive_like_single_vehicles(kit) -> None:
    """On a grid well below what it can pass, five at a time take as long as one by one."""
    roads = kit.grid(8)
    nodes = list(range(0, 64, 3))
    zones = kit.zones(nodes, [1.0] * len(nodes), [1.0] * len(nodes))
    cities = [kit.city(roads, zones, trips_per_h=8000, platoon=k, step_s=5.0) for k in (1, 5)]
    single, together = (city.run(3600) for city in cities)
    assert (together.passed % 5 == 0).all()
    assert together.entered % 5 == together.left % 5 == 0
    assert together.left == pytest.approx(single.left, rel=0.05)
    assert together.mean_speed_mps == pytest.approx(single.mean_speed_mps, rel=0.1)
    flow = single.passed + together.passed > 400
    ratio = together.passed[flow].sum() / single.passed[flow].sum()
    # Some 1,600 units begin by chance, give or take 40; twice two of that.
    assert ratio == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize(
    "wrong",
    [
        {"step_s": 0.5},
        {"step_s": float("nan")},
        {"peak_trips_per_h": -1.0},
        {"reroute_s": 1.0},
        {"compliance": 1.1},
        {"careless": -0.1},
        {"profile": (1.0,) * 23},
        {"profile": (0.0,) * 24},
        {"profile": (-1.0,) + (1.0,) * 23},
    ],
)
def test_config_out_of_range_is_refused_by_name(wrong) -> None:
    with pytest.raises(InputError, match=next(iter(wrong))):
        TrafficConfig(**wrong)


def test_ranks_count_within_groups() -> None:
    assert ranks(np.array([4, 4, 4, 7, 9, 9])).tolist() == [0, 1, 2, 0, 0, 1]
    assert ranks(np.zeros(0, dtype=np.int64)).tolist() == []


@pytest.mark.parametrize("room", [1, 2, 3])
@pytest.mark.parametrize("weights", [(1.0, 1.0), (1.0, 0.5), (1.5, 0.5, 0.25)])
def test_contested_room_is_shared_by_capacity_and_none_is_left(room, weights) -> None:
    n = len(weights)
    merges, got = Merges(n + 1), np.zeros(n)
    source, turn = np.repeat(np.arange(n), 4), np.tile(np.arange(4), n)
    per_s, target = np.array(weights)[source], np.full(4 * n, n)
    rooms = np.zeros(n + 1)
    rooms[n] = room
    for _ in range(600):
        granted = merges.share(source, target, turn, per_s, rooms)
        assert granted.sum() == room
        got += np.bincount(source[granted], minlength=n)
    np.testing.assert_allclose(got / got.sum(), np.array(weights) / sum(weights), atol=0.03)

"""What hazards, weather and people change: capacity, speed, demand; and what is read off."""

from __future__ import annotations

import numpy as np
import pytest

from sim.kernel.errors import InputError
from sim.world.traffic.index import travel_index
from sim.world.traffic.links import lane_flow_per_s

LANE_PER_S = float(lane_flow_per_s(np.array(10.0)))


def passed_in(city, link: int, span_s: float) -> int:
    before = int(city.traffic.passed[link])
    city.run(span_s)
    return int(city.traffic.passed[link]) - before


def test_crash_keeps_the_smallest_share_of_its_holders(kit) -> None:
    city = kit.corridor((2000, 1), (300, 1), trips_per_h=0.49 * 3600)
    traffic = city.run(400)
    assert passed_in(city, 1, 200) == pytest.approx(200 * 0.49, abs=1)
    traffic.limit_capacity(1, 0.5, "crash-1")
    traffic.limit_capacity(1, 0.2, "works-1")
    city.run(60)
    assert passed_in(city, 1, 1000) == pytest.approx(1000 * 0.2 * LANE_PER_S, abs=1)
    traffic.limit_capacity(1, 1.0, "works-1")
    assert passed_in(city, 1, 1000) == pytest.approx(1000 * 0.5 * LANE_PER_S, abs=2)
    traffic.limit_capacity(1, 1.0, "crash-1")
    traffic.limit_capacity(1, 1.0, "nobody")
    city.run(60)
    assert passed_in(city, 0, 400) == pytest.approx(400 * LANE_PER_S, abs=1)


def test_road_without_any_capacity_passes_nobody(kit) -> None:
    city = kit.corridor((300, 1), (300, 1), trips_per_h=360)
    city.run(40)
    city.traffic.limit_capacity(1, 0.0, "crash-1")
    assert passed_in(city, 1, 600) == 0
    city.traffic.limit_capacity(1, 1.0, "crash-1")
    assert passed_in(city, 1, 120) > 30


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan")])
def test_capacity_share_out_of_range_is_refused(kit, share) -> None:
    traffic = kit.corridor((300, 1), (300, 1), trips_per_h=0).traffic
    with pytest.raises(InputError, match="share"):
        traffic.limit_capacity(0, share, "crash-1")
    with pytest.raises(InputError, match="link"):
        traffic.limit_capacity(2, 0.5, "crash-1")


def test_bad_weather_slows_drivers_and_takes_capacity(kit) -> None:
    city = kit.corridor((3000, 1), (300, 1), trips_per_h=0.49 * 3600)
    city.traffic.set_weather(0.8)
    np.testing.assert_allclose(city.traffic.link_time_s, [300 / 0.8, 30 / 0.8])
    np.testing.assert_allclose(city.traffic.speed_mps, 8)
    city.run(600)
    assert passed_in(city, 1, 1000) == pytest.approx(1000 * 0.8 * LANE_PER_S, abs=1)
    city.traffic.set_weather(1.0)
    assert city.traffic.link_time_s[1] == pytest.approx(30)
    with pytest.raises(InputError, match="weather"):
        city.traffic.set_weather(0.0)


def test_weather_and_water_do_not_add_up_beyond_the_slower(kit) -> None:
    city = kit.corridor((300, 1), (300, 1), trips_per_h=0)
    depth_m = np.array([0.2, 0.05])
    city.traffic.set_depth(depth_m)
    wet = city.traffic.speed_mps.copy()
    city.traffic.set_weather(0.5)
    assert city.traffic.speed_mps.tolist() == [wet[0], 5.0]


def test_demand_factor_scales_what_is_drawn_from_the_next_minute(kit) -> None:
    city = kit.corridor((300, 2), (300, 2), trips_per_h=720)
    city.run(600)
    city.traffic.set_demand(0.25)
    city.run(60)
    before = city.traffic.entered
    city.run(1200)
    assert city.traffic.entered - before == pytest.approx(1200 * 0.2 * 0.25, abs=2)
    city.traffic.set_demand(2.0)
    city.run(60)
    before = city.traffic.entered
    city.run(1200)
    assert city.traffic.entered - before == pytest.approx(1200 * 0.2 * 2, abs=2)
    city.traffic.set_demand(0.0)
    city.run(300)
    assert city.traffic.inside == 0
    with pytest.raises(InputError, match="demand"):
        city.traffic.set_demand(-1.0)


def test_crowd_leaves_evenly_between_the_nearest_zones(kit) -> None:
    roads = kit.grid(4)
    zones = kit.zones([0, 15], [1, 1], [1, 1])
    city = kit.city(roads, zones, trips_per_h=0)
    city.run(100)
    # In the grid of the tests nodes lie on a line, so 2 is nearer to 0, and 13 to 15.
    city.traffic.add_trips(2, 13, 120, 600)
    city.run(300)
    assert city.traffic.entered + city.traffic.waiting == pytest.approx(60, abs=1)
    city.traffic.add_trips(2, 3, 50, 60)
    city.traffic.add_trips(2, 13, 0, 60)
    city.run(1500)
    assert city.traffic.left == 120
    with pytest.raises(InputError, match="node"):
        city.traffic.add_trips(0, 99, 1, 60)


def test_crowd_comes_on_top_of_everyday_trips(kit) -> None:
    city = kit.corridor((300, 2), (300, 2), trips_per_h=360)
    city.run(600)
    before = city.traffic.entered
    city.traffic.add_trips(0, 2, 100, 1000)
    city.run(1000)
    assert city.traffic.entered - before == pytest.approx(100 + 100, abs=2)


@pytest.mark.parametrize(
    ("ratio", "index"), [(0.9, 0), (1.0, 0), (1.2, 2), (1.5, 4), (1.8, 6), (2.1, 8), (9.0, 10)]
)
def test_index_follows_the_classes_of_extra_travel_time(ratio, index) -> None:
    assert travel_index(ratio) == pytest.approx(index)


def test_index_rises_with_the_queue_and_falls_with_it(kit) -> None:
    city = kit.corridor((1000, 2), (300, 1), trips_per_h=0.45 * 3600)
    traffic = city.run(600)
    assert traffic.index < 1
    assert traffic.mean_speed_mps == pytest.approx(10, rel=0.02)
    traffic.limit_capacity(1, 0.3, "crash-1")
    city.run(1200)
    # Time over free time is vehicles over those who drive.
    ratio = 10 / traffic.mean_speed_mps
    assert ratio > 2.5
    assert traffic.index == 10
    traffic.limit_capacity(1, 1.0, "crash-1")
    city.stop_demand()
    city.run(3000)
    assert traffic.index == 0
    assert traffic.mean_speed_mps == 10


def test_index_leaves_local_streets_out(kit) -> None:
    roads = kit.roads([(0, 1, 1000, 1), (1, 2, 300, 1)], cls="residential")
    city = kit.city(
        roads, kit.zones([0, 2], [1, 0], [0, 1]), chance=kit.even(), trips_per_h=0.4 * 3600
    )
    city.traffic.limit_capacity(1, 0.2, "crash-1")
    city.run(1200)
    assert city.traffic.mean_speed_mps < 5
    assert city.traffic.index == 0


def test_speed_times_vehicles_is_the_distance_that_they_drive(kit) -> None:
    city = kit.corridor((1000, 3), (400, 1), trips_per_h=0.7 * 3600)
    traffic = city.run(360)
    driven_m, entered, passed = 0.0, traffic.entered, int(traffic.passed[0])
    for _ in range(20):
        city.run(90)
        driven_m += 90 * float(traffic.speed_mps @ traffic.on_link)
    # A vehicle that has come onto a link drives it, then queues.
    entered_m = (traffic.entered - entered) * 1000 + (int(traffic.passed[0]) - passed) * 400
    assert driven_m == pytest.approx(entered_m, rel=0.05)


def test_known_trips_begin_when_they_say_and_no_others(kit) -> None:
    roads = kit.roads([(0, 1, 300, 1), (1, 2, 300, 1)])
    zones = kit.zones([0, 2], [1, 0], [0, 1])
    city = kit.city(roads, zones, trips=kit.trips([12.0, 100.0, 3.0]), trips_per_h=5000)
    city.run(90)
    assert (city.traffic.entered, city.traffic.left) == (2, 2)
    city.run(600)
    assert city.traffic.left == 3
    assert city.traffic.delay_vehicle_h == pytest.approx(0, abs=1e-9)

"""Queues against theory: free flow, bottlenecks, spill-back, waves, merges, grids."""

from __future__ import annotations

import numpy as np
import pytest

from sim.world.traffic.links import JAM_PER_M, WAVE_MPS, lane_flow_per_s
from sim.world.traffic.queues import GATE
from sim.world.traffic.signals import CYCLE_S, GREEN_TOP

LANE_PER_S = float(lane_flow_per_s(np.array(10.0)))
"""A lane at 10 m/s: 0.15 x 10 x 5 / 15 = 0.5 vehicles a second."""


def test_lane_at_ten_metres_a_second_passes_half_a_vehicle_a_second() -> None:
    assert pytest.approx(0.5) == LANE_PER_S


@pytest.mark.parametrize("step_s", [1.0, 5.0, 10.0])
def test_lone_vehicle_takes_the_free_time_whatever_the_step(kit, step_s) -> None:
    streets = [(120.0, 1), (3.0, 1), (7.0, 1), (410.0, 1)]
    city = kit.corridor(*streets, trips_per_h=60, step_s=step_s)
    traffic = city.run(600)
    assert traffic.left >= 8
    assert traffic.delay_vehicle_h == pytest.approx(0, abs=1e-3)
    np.testing.assert_allclose(traffic.link_time_s, [12, 0.3, 0.7, 41])
    city.stop_demand()
    city.run(120)
    assert traffic.delay_vehicle_h == pytest.approx(0, abs=1e-9)
    assert traffic.passed.tolist() == [traffic.left] * 4


def test_empty_link_shows_free_speed_and_no_occupancy(kit) -> None:
    traffic = kit.corridor((500, 2), (500, 1), trips_per_h=0).run(10)
    assert traffic.speed_mps.tolist() == [10, 10]
    assert traffic.occupancy.tolist() == [0, 0]


def test_bottleneck_discharges_at_capacity_and_its_queue_grows_by_the_rest(kit) -> None:
    # 0.7 vehicles a second reach one lane that passes 0.5.
    city = kit.corridor((4000, 3), (200, 1), trips_per_h=0.7 * 3600)
    traffic = city.run(600)
    at_start, passed = int(traffic.on_link[0]), int(traffic.passed[0])
    city.run(1200)
    assert traffic.passed[0] - passed == pytest.approx(1200 * LANE_PER_S, abs=1)
    assert traffic.on_link[0] - at_start == pytest.approx(1200 * 0.2, abs=2)
    # Deterministic point queue: at t it holds 0.2 (t - 400), and costs that over 0.5.
    queue = 0.2 * (1800 - 400)
    assert traffic.link_time_s[0] == pytest.approx(400 + queue / LANE_PER_S, rel=0.02)
    lost_s = 0.2 * 1400**2 / 2
    assert traffic.delay_vehicle_h == pytest.approx(lost_s / 3600, rel=0.02)


def test_signal_passes_its_share_of_green_of_what_a_street_could(kit) -> None:
    roads = kit.roads([(0, 1, 400, 4), (1, 2, 4000, 2), (2, 3, 200, 2)], signals=[2])
    zones = kit.zones([0, 3], [1, 0], [0, 1])
    city = kit.city(roads, zones, chance=kit.even(), trips_per_h=1.0 * 3600)
    before = int(city.run(10 * CYCLE_S).passed[1])
    city.run(11 * CYCLE_S)
    expected = 11 * CYCLE_S * 2 * LANE_PER_S * GREEN_TOP
    assert city.traffic.passed[1] - before == pytest.approx(expected, rel=0.015)


def test_spill_back_reaches_the_origin_and_dissolves(kit) -> None:
    city = kit.corridor((400, 3), (400, 3), (300, 1), trips_per_h=0.75 * 3600)
    traffic = city.run(2400)
    # Behind a bottleneck of a third, a queue moves at 1/6 vehicle a second and lane: 2/3 x jam.
    moving = 400 * 3 * (JAM_PER_M - LANE_PER_S / 3 / WAVE_MPS)
    assert traffic.on_link[1] == pytest.approx(moving, rel=0.06)
    # The road comes in from outside, so it fills like the next.
    assert traffic.on_link[0] == pytest.approx(moving, rel=0.06)
    assert traffic.waiting > 20
    density = moving / (400 * 3)
    assert traffic.speed_mps[1] == pytest.approx(LANE_PER_S / 3 / density, rel=0.25)
    before = int(traffic.passed[2])
    city.run(600)
    assert traffic.passed[2] - before == pytest.approx(600 * LANE_PER_S, abs=2)
    city.stop_demand()
    city.run(3000)
    assert traffic.inside == traffic.waiting == 0
    assert traffic.left == traffic.entered
    assert traffic.speed_mps.tolist() == [10, 10, 10]
    assert traffic.squeezed == 0


def test_those_who_pull_out_of_the_kerb_leave_a_queue_room(kit) -> None:
    roads = kit.roads([(0, 1, 400, 3), (1, 2, 300, 1), (1, 0, 400, 1)])
    zones = kit.zones([0, 2], [1, 0], [0, 1])
    city = kit.city(roads, zones, chance=kit.even(), trips_per_h=0.6 * 3600)
    traffic = city.run(2400)
    # Six tenths full, holes included: what leaves in the 80 s that a wave needs is on its way.
    holes = LANE_PER_S * 400 / WAVE_MPS
    assert traffic.on_link[0] == pytest.approx(GATE * JAM_PER_M * 400 * 3 - holes, rel=0.12)
    assert traffic.waiting > 20


def test_room_comes_back_at_the_speed_of_the_backward_wave(kit) -> None:
    city = kit.corridor((300, 2), (600, 1), (300, 1), trips_per_h=1200, step_s=1.0)
    traffic = city.traffic
    out_per_s = traffic._links.out_per_s
    free, out_per_s[1] = float(out_per_s[1]), 0.0
    while traffic.on_link[1] < JAM_PER_M * 600:
        city.run(1)
        assert city.t_s < 400
    city.run(20)
    assert traffic.on_link[1] == pytest.approx(JAM_PER_M * 600, abs=1)
    assert traffic.occupancy[1] > 0.95
    assert traffic.speed_mps[1] < 3
    entered, city.traffic._links.out_per_s[1] = int(traffic.passed[0]), free
    city.run(600 / WAVE_MPS)
    assert traffic.passed[1] == pytest.approx(120 * LANE_PER_S, abs=1)
    assert traffic.passed[0] == entered
    city.run(10)
    assert traffic.passed[0] - entered == pytest.approx(10 * LANE_PER_S, abs=2)


def test_merge_shares_a_full_road_by_capacity(kit) -> None:
    # Two lanes and one lane meet; two lanes lead on to one, which decides.
    roads = kit.roads([(0, 2, 600, 2), (1, 2, 600, 1), (2, 3, 300, 1)])
    zones = kit.zones([0, 1, 3], [2, 1, 0], [0, 0, 1])
    city = kit.city(roads, zones, chance=kit.even(), trips_per_h=1.4 * 3600)
    before = city.run(1200).passed.copy()
    city.run(1800)
    sent = city.traffic.passed - before
    assert sent[2] == pytest.approx(1800 * LANE_PER_S, abs=2)
    assert sent[0] + sent[1] == pytest.approx(sent[2], abs=2)
    assert sent[0] / sent[1] == pytest.approx(2, rel=0.05)


def test_merge_below_capacity_delays_nobody(kit) -> None:
    roads = kit.roads([(0, 2, 600, 1), (1, 2, 600, 1), (2, 3, 300, 1)])
    zones = kit.zones([0, 1, 3], [1, 1, 0], [0, 0, 1])
    city = kit.city(roads, zones, chance=kit.even(), trips_per_h=0.3 * 3600)
    traffic = city.run(1800)
    assert traffic.delay_vehicle_h * 3600 / traffic.entered < 5


def test_blocked_movement_does_not_hold_up_the_others(kit) -> None:
    # 0 -> 1 -> 2 goes on; 0 -> 1 -> 3 is closed with its goal behind it.
    roads = kit.roads([(0, 1, 300, 1), (1, 2, 300, 1), (1, 3, 300, 1)])
    zones = kit.zones([0, 2, 3], [1, 0, 0], [0, 5, 1])
    city = kit.city(roads, zones, chance=kit.even(), trips_per_h=300)
    city.run(60)
    city.traffic.close(2, "barrier")
    before = int(city.traffic.passed[1])
    city.run(300)
    assert city.traffic.passed[2] == 0
    assert city.traffic.passed[1] - before > 12


def test_trip_that_is_cut_off_parks_after_ten_minutes(kit) -> None:
    city = kit.corridor((300, 1), (300, 1), trips_per_h=120)
    city.run(40)
    city.traffic.close(1, "barrier")
    city.stop_demand()
    inside = city.traffic.inside
    assert inside > 0
    city.run(500)
    assert city.traffic.removed == 0
    city.run(200)
    assert (city.traffic.removed, city.traffic.inside) == (inside, 0)


def test_waiting_vehicles_count_as_delayed(kit) -> None:
    city = kit.corridor((300, 1), (300, 1), trips_per_h=360)
    city.traffic.close(0, "barrier")
    city.run(100)
    city.stop_demand()
    waiting, before = city.traffic.waiting, city.traffic.delay_vehicle_h
    assert waiting >= 9
    assert city.traffic.entered == 0
    city.run(1800)
    assert city.traffic.delay_vehicle_h - before == pytest.approx(waiting / 2)


def test_overloaded_grid_keeps_flowing_for_two_hours(kit) -> None:
    roads = kit.grid(10)
    nodes = list(range(0, 100, 3))
    zones = kit.zones(nodes, [1.0] * len(nodes), [1.0] * len(nodes))
    city = kit.city(roads, zones, trips_per_h=45_000)
    city.every = 12
    first = city.run(3600).left
    second = city.run(3600).left - first
    traffic = city.traffic
    assert traffic.waiting > 1000
    assert second >= 0.6 * first
    jam = JAM_PER_M * 200
    assert traffic.on_link.max() < 1.5 * jam
    city.stop_demand()
    city.run(4 * 3600)
    assert traffic.inside + traffic.waiting < 0.02 * traffic.entered

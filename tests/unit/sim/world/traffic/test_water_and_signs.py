"""Water that slows, stalls and shuts; barriers and signs; rescue."""

from __future__ import annotations

import numpy as np
import pytest

from sim.world.traffic.links import water_speed_mps
from sim.world.traffic.queues import BOWL_M

HEEDS, CARELESS, SEES = 0.9, 0.05, 0.15
"""Drivers' luck: heeds signs; drives into deep water; heeds no sign but sees water."""


def wet(city, **depth_m: float) -> None:
    depth = np.zeros(len(city.roads))
    for name, value in depth_m.items():
        depth[int(name.removeprefix("link"))] = value
    city.traffic.set_depth(depth)


def fork(kit, luck, **more):
    """Return a road 0 that forks at node 1: link 1 is short, link 2 long; both end at node 2."""
    roads = kit.roads([(0, 1, 300, 2), (1, 2, 400, 1), (1, 2, 900, 1)])
    zones = kit.zones([0, 2], [1, 0], [0, 1])
    return kit.city(roads, zones, chance=kit.even(luck), trips_per_h=720, **more)


@pytest.mark.parametrize(
    ("depth_mm", "speed_km_h"), [(0, 86.9448), (100, 40.6548), (200, 12.3648), (299, 2.0886)]
)
def test_speed_in_water_is_the_published_formula(depth_mm, speed_km_h) -> None:
    speed = water_speed_mps(np.array([depth_mm / 1000])) * 3.6
    assert speed[0] == pytest.approx(speed_km_h, abs=1e-3)
    assert water_speed_mps(np.array([0.3, 0.5])).tolist() == [0, 0]


def test_shallow_water_slows_vehicles_to_the_formula(kit) -> None:
    city = kit.corridor((300, 1), (300, 1), trips_per_h=120)
    wet(city, link1=0.2)
    speed = 12.3648 / 3.6
    assert city.traffic.speed_mps.tolist() == pytest.approx([10, speed])
    assert city.traffic.link_time_s.tolist() == pytest.approx([30, 300 / speed])
    traffic = city.run(1800)
    city.stop_demand()
    city.run(600)
    lost_s = 300 / speed - 30
    assert traffic.delay_vehicle_h * 3600 / traffic.left == pytest.approx(lost_s, rel=1e-3)
    wet(city)
    assert city.traffic.speed_mps.tolist() == [10, 10]


def test_water_that_reaches_30_cm_stalls_the_share_in_the_bowl(kit) -> None:
    city = kit.corridor((300, 2), (1000, 2), trips_per_h=1800)
    traffic = city.run(300)
    on_link = int(traffic.on_link[1])
    wet(city, link1=0.30)
    assert traffic.stalled[1] == pytest.approx(on_link * BOWL_M / 1000, abs=1)
    assert traffic.speed_mps[1] == 0
    assert np.isinf(traffic.link_time_s[1])
    city.check()


def test_stalled_vehicles_wait_for_rescue_even_when_the_water_has_gone(kit) -> None:
    city = kit.corridor((300, 2), (400, 2), trips_per_h=1800)
    traffic = city.run(300)
    wet(city, link1=0.35)
    stalled = int(traffic.stalled[1])
    assert stalled > 2
    city.stop_demand()
    wet(city)
    city.run(900)
    assert traffic.stalled[1] == traffic.on_link[1] == traffic.inside == stalled
    assert traffic.rescue(1) == stalled
    city.check()
    assert traffic.rescue(1) == 0
    assert (traffic.removed, traffic.inside, traffic.stalled.sum()) == (stalled, 0, 0)


def test_vehicles_before_the_bowl_turn_round_where_the_road_has_two_ways(kit) -> None:
    roads = kit.roads([(0, 1, 300, 2), (1, 2, 1000, 2), (2, 1, 1000, 2), (1, 0, 300, 2)])
    zones = kit.zones([0, 2], [1, 0], [0, 1])
    city = kit.city(roads, zones, chance=kit.even((0.9,)), trips_per_h=5400)
    traffic = city.run(400)
    there, back = (int(v) for v in traffic.on_link[1:3])
    wet(city, link1=0.4)
    assert traffic.stalled[1] > 0
    turned = int(traffic.on_link[2]) - back
    assert turned == pytest.approx(there * (1 - BOWL_M / 1000) / 2, abs=3)
    assert traffic.on_link[1] == there - turned
    wet(city, link1=0.4, link2=0.4)
    assert traffic.on_link[1:3].sum() == there + back
    city.check()
    city.stop_demand()
    city.run(1500)
    assert traffic.on_link[1:3].tolist() == traffic.stalled[1:3].tolist()


def test_of_newcomers_the_careless_stall_and_the_others_turn_away(kit) -> None:
    city = fork(kit, (CARELESS, *[SEES] * 9))
    wet(city, link1=0.4)
    traffic = city.run(600)
    came = int(traffic.passed[0])
    assert traffic.stalled[1] == traffic.on_link[1] == pytest.approx(came / 10, abs=1)
    assert traffic.on_link[2] + traffic.passed[2] == came - traffic.stalled[1]
    city.run(3600)
    assert traffic.stalled[1] == BOWL_M * 0.15


def test_warned_deep_water_catches_nobody(kit) -> None:
    city = fork(kit, (CARELESS, SEES, HEEDS))
    wet(city, link1=0.4)
    city.traffic.warn(1)
    traffic = city.run(900)
    assert traffic.stalled.sum() == traffic.on_link[1] == 0
    assert traffic.passed[2] > 50


@pytest.mark.parametrize(("compliance", "share"), [(0.8, 0.2), (0.0, 1.0), (1.0, 0.0)])
def test_sign_diverts_those_who_heed_it(kit, compliance, share) -> None:
    luck = tuple((np.arange(10) + 0.5) / 10)
    city = fork(kit, luck, compliance=compliance)
    city.traffic.warn(1)
    traffic = city.run(1800)
    passed = traffic.passed
    assert passed[1] / (passed[1] + passed[2]) == pytest.approx(share, abs=0.02)
    city.traffic.unwarn(1)
    before = passed[1:].copy()
    passed = city.run(900).passed
    assert (passed - np.concatenate(([0], before)))[1] > 150
    assert passed[2] - before[1] <= 20


def test_sign_before_the_only_way_holds_nobody_back(kit) -> None:
    city = kit.corridor((300, 1), (300, 1), trips_per_h=360)
    city.traffic.warn(1)
    assert city.run(600).left > 50


def test_closure_empties_the_link_and_keeps_everybody_out(kit) -> None:
    city = fork(kit, (HEEDS,))
    city.run(300)
    traffic = city.traffic
    on_link = int(traffic.on_link[1])
    assert on_link > 5
    traffic.close(1, "barrier-1")
    passed = int(traffic.passed[1])
    assert np.isinf(traffic.link_time_s[1])
    city.run(60)
    assert traffic.on_link[1] == 0
    assert traffic.passed[1] == passed + on_link
    city.run(600)
    assert traffic.on_link[1] == 0
    assert traffic.passed[2] > 100


def test_link_opens_when_the_last_who_holds_it_lets_go(kit) -> None:
    city = fork(kit, (HEEDS,))
    traffic = city.traffic
    traffic.close(1, "barrier-1")
    traffic.close(1, "police-1")
    traffic.close(1, "police-1")
    traffic.reopen(1, "barrier-1")
    traffic.reopen(1, "barrier-1")
    traffic.reopen(2, "nobody")
    assert np.isinf(traffic.link_time_s[1])
    city.run(600)
    assert traffic.passed[1] == 0
    traffic.reopen(1, "police-1")
    assert traffic.link_time_s[1] == 40
    city.run(600)
    assert traffic.passed[1] > 20


def test_closed_deep_water_catches_nobody(kit) -> None:
    city = fork(kit, (CARELESS,))
    city.traffic.close(1, "barrier-1")
    wet(city, link1=0.5)
    assert city.run(900).stalled.sum() == 0


def test_responder_who_asks_twice_gets_a_time_of_his_own(kit) -> None:
    traffic = kit.corridor((300, 1), (300, 1), trips_per_h=0).traffic
    first = traffic.link_time_s
    first[:] = 0
    assert traffic.link_time_s.tolist() == [30, 30]

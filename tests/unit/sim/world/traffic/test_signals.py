"""Lights: greens by axis, the price of red, pre-emption, green waves, power cuts."""

from __future__ import annotations

import numpy as np
import pytest

from sim.kernel.errors import InputError
from sim.world.traffic import Plans
from sim.world.traffic.links import ALL_WAY_STOP_S, FURTHER_LANE, lane_flow_per_s
from sim.world.traffic.signals import (
    CLEAR_S,
    CYCLE_S,
    GREEN_EQUAL,
    GREEN_LOW,
    GREEN_TOP,
    Signals,
    assume_plans,
)

LANE_PER_S = float(lane_flow_per_s(np.array(10.0)))
CROSS_XY = [(0.0, 0.0), (-300.0, 0.0), (300.0, 0.0), (0.0, -300.0), (0.0, 300.0)]
WEST, EAST, SOUTH, NORTH = range(4)
"""Links that arrive at the middle, node 0."""


def crossing(kit, **more):
    """Return a light at node 0 with an approach and an exit on each side."""
    sides = [(side, 0, 300.0, 1) for side in (1, 2, 3, 4)]
    exits = [(0, side, 300.0, 1) for side in (1, 2, 3, 4)]
    return kit.roads(sides + exits, signals=[0], xy=CROSS_XY, **more)


def lit(kit, plans: Plans | None = None, trips=None, **config):
    """Return a city that is driven from west to east and from south to north."""
    zones = kit.zones([1, 2, 3, 4], [1] * 4, [1] * 4)
    return kit.city(crossing(kit), zones, trips=trips, plans=plans, **config)


def green_at(signals: Signals, t_s: float) -> list[bool]:
    begin_s, end_s = signals.open_s(t_s, 0.01)
    return (np.maximum(begin_s, 0) < end_s).tolist()


def test_axes_are_green_in_turn_and_never_together(kit) -> None:
    roads = crossing(kit)
    plans = assume_plans(roads)
    assert plans.link.tolist() == [WEST, EAST, SOUTH, NORTH]
    np.testing.assert_allclose(plans.green_s, GREEN_EQUAL * CYCLE_S)
    signals = Signals(plans, roads.end, roads.free_time_s)
    seen = np.array([green_at(signals, t) for t in np.arange(0, CYCLE_S, 0.5)])
    np.testing.assert_array_equal(seen[:, WEST], seen[:, EAST])
    np.testing.assert_array_equal(seen[:, SOUTH], seen[:, NORTH])
    assert not (seen[:, WEST] & seen[:, SOUTH]).any()
    assert seen[:, WEST].mean() == pytest.approx(GREEN_EQUAL, abs=0.01)
    all_red = ~seen.any(axis=1)
    assert all_red.mean() == pytest.approx(0.1, abs=0.01)


def test_road_of_higher_rank_has_more_green(kit) -> None:
    roads = crossing(kit)
    roads.road_class[[SOUTH, NORTH]] += 2
    plans = assume_plans(roads)
    expected = np.array([GREEN_TOP, GREEN_TOP, GREEN_LOW, GREEN_LOW]) * CYCLE_S
    np.testing.assert_allclose(plans.green_s, expected)


def test_neighbours_lights_are_not_in_step(kit) -> None:
    roads = kit.grid(6)
    roads.signal[:] = True
    plans = assume_plans(roads)
    starts = np.unique(np.round(plans.start_s, 3))
    assert len(starts) == 36
    assert (plans.start_s >= 0).all()
    assert (plans.start_s < plans.cycle_s).all()


@pytest.mark.parametrize("step_s", [1.0, 2.5, 5.0, 10.0])
def test_red_costs_websters_uniform_delay_whatever_the_step(kit, step_s) -> None:
    # A vehicle every 97 s meets every second of the cycle of 90 in turn.
    city = lit(kit, trips=kit.trips(np.arange(180) * 97.0), step_s=step_s)
    city.run(180 * 97 + 300)
    red_s = (1 - GREEN_EQUAL) * CYCLE_S
    uniform_s = red_s**2 / (2 * CYCLE_S)
    traffic = city.traffic
    assert traffic.left == 180
    # Those who stood take half a headway more to start.
    start_s = red_s / CYCLE_S * 0.5 / LANE_PER_S
    assert traffic.delay_vehicle_h * 3600 / 180 == pytest.approx(uniform_s + start_s, rel=0.02)
    assert traffic.link_time_s[WEST] == pytest.approx(30 + uniform_s)


def test_plan_given_beforehand_is_kept(kit) -> None:
    none = np.zeros(0)
    no_light = Plans(link=none.astype(np.int64), cycle_s=none, start_s=none, green_s=none)
    always = lit(kit, plans=no_light, trips=kit.trips([0.0, 20.0, 40.0]))
    always.run(200)
    assert always.traffic.delay_vehicle_h == pytest.approx(0, abs=1e-9)
    plans = Plans(
        link=np.array([WEST]),
        cycle_s=np.array([60.0]),
        start_s=np.array([50.0]),
        green_s=np.array([5.0]),
    )
    city = lit(kit, plans=plans, trips=kit.trips([0.0]))
    city.run(200)
    # It comes at 30 s and waits for the green at 50 s.
    assert city.traffic.delay_vehicle_h * 3600 == pytest.approx(20 + 0.5 / LANE_PER_S)


def both_ways(kit, every_s: float = 8.0, until_s: float = 1800.0):
    at_s = np.arange(0.0, until_s, every_s)
    return kit.trips(at_s).merge(kit.trips(at_s, origin=2, goal=3))


def test_preemption_serves_one_approach_and_costs_the_other(kit) -> None:
    trips = both_ways(kit)
    plain, served = lit(kit, trips=trips), lit(kit, trips=trips)
    for city in (plain, served):
        city.run(600)
    served.traffic.preempt(0, WEST, "ambulance-1")
    assert served.traffic._signals.red_wait_s.tolist() == [0, CYCLE_S, CYCLE_S, CYCLE_S]
    south, west = (int(served.traffic.passed[link]) for link in (SOUTH, WEST))
    served.run(CLEAR_S + 5)
    went = served.traffic.passed.copy()
    served.run(180)
    plain.run(185 + CLEAR_S)
    assert served.traffic.passed[SOUTH] == went[SOUTH] <= south + 5
    assert served.traffic.passed[WEST] - west >= 180 / 8
    assert served.traffic.on_link[SOUTH] > plain.traffic.on_link[SOUTH] + 10
    served.traffic.release(0, "ambulance-1")
    for city in (plain, served):
        city.run(2400)
        assert city.traffic.inside == city.traffic.waiting == 0
    lost_h = served.traffic.delay_vehicle_h - plain.traffic.delay_vehicle_h
    assert lost_h * 3600 > 20 * 90
    assert served.traffic.passed.tolist() == plain.traffic.passed.tolist()


def test_preemption_saves_a_responder_what_trials_saw(kit) -> None:
    """Denver saved 14 to 23 %, some 70 s over 3 to 6 signals (US DOT ITS benefits, 2001-b00226)."""
    traffic = avenue(kit).traffic
    before_s = float(traffic.link_time_s[:6].sum())
    for link in range(5):
        traffic.preempt(link + 1, link, "ambulance-1")
    saved_s = before_s - float(traffic.link_time_s[:6].sum())
    assert 55 < saved_s < 85
    assert 0.14 < saved_s / before_s < 0.24


def test_green_out_of_turn_waits_until_the_junction_has_cleared(kit) -> None:
    roads = crossing(kit)
    signals = Signals(assume_plans(roads), roads.end, roads.free_time_s)
    seen = np.array([green_at(signals, t) for t in np.arange(0, CYCLE_S)])
    t_s = float(np.flatnonzero(seen[:, SOUTH])[3])
    signals.preempt(0, WEST, "engine-1", t_s)
    assert green_at(signals, t_s) == [False] * 4
    assert green_at(signals, t_s + CLEAR_S + 0.01) == [True, False, False, False]
    assert green_at(signals, t_s + 10 * CYCLE_S) == [True, False, False, False]
    signals.release(0, "engine-1", t_s + 10 * CYCLE_S)
    assert green_at(signals, t_s + 10 * CYCLE_S) == [False] * 4
    later = t_s + 11 * CYCLE_S
    assert green_at(signals, later) == [False, False, True, True]


def test_who_came_first_is_served_first(kit) -> None:
    roads = crossing(kit)
    signals = Signals(assume_plans(roads), roads.end, roads.free_time_s)
    signals.preempt(0, WEST, "engine-1", 0.0)
    signals.preempt(0, NORTH, "ambulance-1", 1.0)
    assert green_at(signals, 50.0) == [True, False, False, False]
    signals.release(0, "engine-1", 50.0)
    signals.release(0, "nobody", 50.0)
    assert green_at(signals, 60.0) == [False, False, False, True]
    signals.release(0, "ambulance-1", 60.0)
    assert sum(green_at(signals, 60.0 + CYCLE_S)) <= 2


def test_wrong_approach_and_wrong_count_of_nodes_are_refused(kit) -> None:
    traffic = lit(kit).traffic
    with pytest.raises(InputError, match="pre-emption"):
        traffic.preempt(1, WEST, "x")
    with pytest.raises(InputError, match="link"):
        traffic.preempt(0, 99, "x")
    with pytest.raises(InputError, match="dark"):
        traffic.set_dark(np.zeros(4, dtype=bool))
    unlit = kit.corridor((300, 1), (300, 1), trips_per_h=120).traffic
    unlit.preempt(1, 0, "x")
    unlit.release(1, "x")


def avenue(kit, **more):
    """Return five lights in a row, 400 m apart, each with a side street."""
    along = [(i, i + 1, 400.0, 2) for i in range(6)]
    sides = [(6 + i, i, 200.0, 1) for i in range(1, 6)]
    xy = [(400.0 * i, 0.0) for i in range(7)] + [(400.0 * i, -200.0) for i in range(1, 6)]
    roads = kit.roads(along + sides, signals=range(1, 6), xy=xy)
    return kit.city(roads, kit.zones([0, 6], [1, 0], [0, 1]), **more)


def test_green_wave_lets_a_platoon_through_after_the_first_light(kit) -> None:
    # Eight vehicles a cycle, at any time of it.
    trips = kit.trips(np.arange(0.0, 3600.0, CYCLE_S / 8))
    plain, waved = avenue(kit, trips=trips), avenue(kit, trips=trips)
    waved.traffic.green_wave(range(6), "engine-1")
    for city in (plain, waved):
        city.run(4500)
        assert city.traffic.left == len(trips)
    each_s = waved.traffic.delay_vehicle_h * 3600 / len(trips)
    first_s = ((1 - GREEN_EQUAL) * CYCLE_S) ** 2 / (2 * CYCLE_S)
    assert each_s < 1.5 * first_s
    assert plain.traffic.delay_vehicle_h > 1.5 * waved.traffic.delay_vehicle_h


def test_wave_runs_at_free_speed_and_ends_with_its_release(kit) -> None:
    city = avenue(kit)
    roads = city.roads
    plans = assume_plans(roads)
    signals = Signals(plans, roads.end, roads.free_time_s)
    signals.wave([0, 1, 2, 3, 4, 5], "engine-1", 0.0)
    start = float(plans.start_s[0])
    for k in range(5):
        assert green_at(signals, start + 40.0 * k + 0.5 + CYCLE_S)[k]
        assert not green_at(signals, start + 40.0 * k - 0.5 + CYCLE_S)[k]
    signals.wave([0, 1], "engine-2", 0.0)
    signals.release_wave("engine-1", 0.0)
    signals.release_wave("engine-2", 0.0)
    signals.release_wave("engine-2", 0.0)
    fresh = Signals(plans, roads.end, roads.free_time_s)
    for t_s in np.arange(CYCLE_S, 3 * CYCLE_S, 3.0):
        assert green_at(signals, float(t_s)) == green_at(fresh, float(t_s))


def test_new_wave_of_the_same_holder_takes_the_place_of_the_old(kit) -> None:
    city = avenue(kit)
    roads = city.roads
    plans = assume_plans(roads)
    twice, once = (Signals(plans, roads.end, roads.free_time_s) for _ in range(2))
    twice.wave([0, 1, 2, 3, 4, 5], "engine-1", 0.0)
    twice.wave([2, 3, 4, 5], "engine-1", 0.0)
    once.wave([2, 3, 4, 5], "engine-1", 0.0)
    for t_s in np.arange(CYCLE_S, 3 * CYCLE_S, 3.0):
        assert green_at(twice, float(t_s)) == green_at(once, float(t_s))


def test_wave_gives_every_light_the_cycle_of_the_first(kit) -> None:
    city = avenue(kit)
    roads, link = city.roads, np.arange(5)
    plans = Plans(
        link=link,
        cycle_s=np.array([90.0, 60.0, 120.0, 90.0, 75.0]),
        start_s=np.zeros(5),
        green_s=np.array([45.0, 30.0, 60.0, 45.0, 30.0]),
    )
    signals = Signals(plans, roads.end, roads.free_time_s)
    signals.wave([0, 1, 2, 3, 4, 5], "engine-1", 0.0)
    for cycle in range(1, 6):
        for k in range(5):
            assert green_at(signals, 90.0 * cycle + 40.0 * k + 0.5)[k]


def test_lights_without_power_pass_what_an_all_way_stop_does_and_recover(kit) -> None:
    trips = kit.trips(np.arange(0.0, 3600.0, 4.0))
    city = lit(kit, trips=trips)
    city.run(600)
    dark = np.zeros(5, dtype=bool)
    dark[0] = True
    city.traffic.set_dark(dark)
    city.run(300)
    before = int(city.traffic.passed[WEST])
    city.run(960)
    passed = int(city.traffic.passed[WEST]) - before
    assert passed == pytest.approx(960 / ALL_WAY_STOP_S[-1], abs=1)
    city.traffic.set_dark(np.zeros(5, dtype=bool))
    city.run(100)
    before = int(city.traffic.passed[WEST])
    city.run(10 * CYCLE_S)
    passed = int(city.traffic.passed[WEST]) - before
    assert passed == pytest.approx(10 * CYCLE_S * GREEN_EQUAL * LANE_PER_S, rel=0.02)
    assert FURTHER_LANE < 1


def test_dark_junction_obeys_no_preemption_until_power_is_back(kit) -> None:
    roads = crossing(kit)
    signals = Signals(assume_plans(roads), roads.end, roads.free_time_s)
    dark = np.ones(5, dtype=bool)
    assert signals.set_dark(dark).tolist() == [WEST, EAST, SOUTH, NORTH]
    assert signals.set_dark(dark).tolist() == []
    signals.preempt(0, WEST, "engine-1", 0.0)
    assert green_at(signals, 50.0) == [True] * 4
    signals.set_dark(~dark)
    assert green_at(signals, 50.0) == [True, False, False, False]

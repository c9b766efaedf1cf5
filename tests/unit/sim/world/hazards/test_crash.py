from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.world.crew import Task
from sim.world.hazards.crash import (
    DARK_FACTOR,
    EXTRICATE_S,
    NOBODY_S,
    TOW_S,
    WET_FACTOR,
    Crash,
    Crashes,
    CrashRate,
)
from sim.world.hazards.lanes import LEFT_SHARE, LinkPlaces, capacity_left
from sim.world.hazards.planned_works import PlannedWorks, RoadWorks
from support.care import AtWork, CountedCare


class Roads:
    """Count vehicles as the test says, and keep the shares of capacity."""

    def __init__(self, n: int) -> None:
        self.passed = np.zeros(n, dtype=np.int64)
        self.held: dict[int, dict[str, float]] = {}

    def limit_capacity(self, link: int, share: float, by: str) -> None:
        if share == 1.0:
            self.held.get(link, {}).pop(by, None)
        else:
            self.held.setdefault(link, {})[by] = share

    def left(self, link: int) -> float:
        return min(self.held.get(link, {}).values(), default=1.0)


def make(town) -> tuple[Crashes, Roads, CountedCare]:
    roads, care = Roads(len(town.roads)), CountedCare()
    return Crashes(town.stage, roads, care), roads, care


def crew(crashes: Crashes, task: str, place: int, unit: str = "unit-01") -> AtWork:
    return AtWork(crashes.works[task], Task(name=task, place=place), unit).begin()


def run(town, crashes: Crashes, minutes: int) -> None:
    for _ in range(minutes):
        town.run(60)
        crashes.step(town.engine.now(), 60.0)


def test_one_of_three_lanes_blocked_halves_the_capacity() -> None:
    assert capacity_left(3, 1) == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize("lanes", [1, 2, 3, 4, 5, 6, 8])
def test_capacity_falls_with_every_blocked_lane_to_nothing(lanes) -> None:
    left = [capacity_left(lanes, blocked) for blocked in range(lanes + 1)]
    assert left[0] < 1
    assert all(a > b for a, b in pairwise(left)) or lanes > max(LEFT_SHARE)
    assert left[-1] == 0


def test_an_event_on_a_link_is_told_at_the_nearest_junction(town) -> None:
    places = LinkPlaces(town.city)
    junctions = town.stage.places("junction")
    assert junctions
    assert set(places.place.tolist()) <= set(junctions)
    for place in junctions:
        assert places.links_at(place)


def test_a_crash_takes_lanes_calls_for_help_and_gives_them_back_when_towed(town) -> None:
    crashes, roads, care = make(town)
    place = town.stage.places("junction")[0]
    place_id = town.city.basemap.places[place].place_id
    crashes.plan("bump", Crash(at_s=60, place=place_id, lanes=0, vehicles=2, injured=1))
    run(town, crashes, 5)
    (onset,) = [r for r in town.records if r["type"] == "hazard_onset"]
    link = onset["link"]
    at = crashes._at(crashes._places.place[link])[0].place
    assert roads.left(link) == capacity_left(1, 0)
    assert sorted(c.line for c in town.calls) == ["120", "122", "122"]
    assert care.waiting(at) == 1
    assert onset["capacity_lost"] == pytest.approx(1 - 0.7)
    assert town.stage.events.at(at)["crash"] == 1.0

    tow = crew(crashes, "tow", at)
    assert not tow.tick(3 * TOW_S), "nothing is moved while somebody lies there"
    care.at.clear()
    assert not tow.tick(TOW_S)
    assert tow.tick(TOW_S)
    assert roads.left(link) == 1.0
    assert town.stage.events.at(at) == {"crash": 0.0}
    (end,) = [r for r in town.records if r["type"] == "hazard_end"]
    assert end["by"] == "tow"


def test_who_is_held_in_a_vehicle_is_cut_out_before_it_is_moved(town) -> None:
    crashes, roads, care = make(town)
    event = crashes.happen(0, lanes=1, injured=2, entrapped=1, vehicles=1)
    place = event.place
    assert crashes.blocked_links == {0}
    assert event.severity == 2
    assert crashes.trapped_at(place) == 1
    town.run(200)
    assert [c.line for c in town.calls if c.topic == "trapped"] == ["119"]
    assert roads.left(0) == 0
    assert care.waiting(place) == 1
    care.at.clear()
    clear = crew(crashes, "clear", place)
    assert not clear.tick(1e4)
    rescue = crew(crashes, "rescue", place, "fire-engine-01")
    assert not rescue.tick(EXTRICATE_S - 1)
    assert rescue.tick(1)
    totals = crashes.totals()
    assert (totals["crash_entrapped"], totals["crash_freed"]) == (1, 1)
    assert care.waiting(place) == 1
    care.at.clear()
    clear.tick(0.0)
    assert clear.tick(600.0)
    assert crashes.blocked_links == set()


def test_bent_metal_is_cleared_by_the_drivers_and_the_worst_is_over_in_three_hours(town) -> None:
    crashes, roads, care = make(town)
    for link in range(40):
        crashes.happen(link, injured=0)
    hurt = crashes.happen(41, injured=3, entrapped=1)
    run(town, crashes, 179)
    own = [c for c in crashes._open if c.link < 40]
    assert len(own) <= 8
    assert hurt in [c.event for c in crashes._open]
    town.run(NOBODY_S - 179 * 60 + 1)
    assert hurt not in [c.event for c in crashes._open]
    assert roads.left(41) == 1.0
    assert care.total >= 3 - town.stage.events.harm.get("dead", 0)


@pytest.mark.parametrize(("wet", "factor"), [(False, 1.0), (True, WET_FACTOR)])
def test_crashes_come_by_the_distance_driven_more_in_rain(town, wet, factor) -> None:
    crashes, roads, _ = make(town)
    crashes.is_wet = wet
    crashes.plan("all", CrashRate(at_s=0, per_million_vehicle_km=1000.0))
    # The town starts at 17:00 Beijing time: two hours of light remain.
    for _ in range(110):
        roads.passed += 20
        town.run(60)
        crashes.step(town.engine.now(), 60.0)
    driven_km = 110 * 20 * 0.5 * len(town.roads)
    own = [r for r in town.records if r["type"] == "hazard_onset" and r.get("cause") is None]
    expected = driven_km * 1e-3 * factor
    assert abs(len(own) - expected) < 4 * math.sqrt(expected)


def test_by_night_there_are_more_crashes(town) -> None:
    crashes, roads, _ = make(town)
    # Five hours later it is 22:00.
    town.run(5 * 3600)
    crashes.plan("all", CrashRate(at_s=0, per_million_vehicle_km=1000.0))
    for _ in range(110):
        roads.passed += 20
        town.run(60)
        crashes.step(town.engine.now(), 60.0)
    own = [r for r in town.records if r["type"] == "hazard_onset" and r.get("cause") is None]
    by_day = 110 * 20 * 0.5 * len(town.roads) * 1e-3
    assert abs(len(own) - DARK_FACTOR * by_day) < 3 * math.sqrt(DARK_FACTOR * by_day)


def test_without_an_order_nothing_happens_however_much_is_driven(town) -> None:
    crashes, roads, _ = make(town)
    roads.passed += 10**7
    run(town, crashes, 60)
    assert set(crashes.totals().values()) == {0}


def test_behind_a_crash_that_stays_another_may_follow_with_it_as_cause(town_class) -> None:
    follow = 0
    for seed in range(60):
        town = town_class(seed)
        crashes, _, _ = make(town)
        first = crashes.happen(0, injured=1, lanes=1)
        for _ in range(170):
            crashes.step(town.engine.now(), 60.0)
        later = [
            r
            for r in town.records
            if r["type"] == "hazard_onset" and r.get("cause") == first.event_id
        ]
        assert len(later) <= 1
        follow += len(later)
        for record in later:
            roads = town.roads
            assert roads.end[record["link"]] == roads.start[0]
    share = 1 - math.exp(-0.002 * 170)
    assert abs(follow - 60 * share) < 4 * math.sqrt(60 * share * (1 - share))


@given(seed=st.integers(0, 2**20), injured=st.integers(0, 6), entrapped=st.integers(0, 6))
def test_everybody_hurt_in_a_crash_is_dead_held_or_cared_for(
    town_class, seed, injured, entrapped
) -> None:
    town = town_class(seed)
    crashes, _, care = make(town)
    crashes.happen(0, injured=injured, entrapped=entrapped)
    dead = town.stage.events.harm.get("dead", 0)
    held = sum(crash.entrapped for crash in crashes._open)
    assert care.total + held + dead == injured
    assert town.stage.events.harm.get("injured", 0) + dead == injured
    run(town, crashes, 181)
    assert care.total + dead >= injured
    assert crashes._open == [] or all(crash.link != 0 for crash in crashes._open)


def test_announced_works_take_a_lane_and_are_no_hazard(town) -> None:
    roads = Roads(len(town.roads))
    works = PlannedWorks(town.stage, roads)
    works.plan("dig", RoadWorks(at_s=600, lasts_s=1200, notice_s=300))
    town.run(400)
    (call,) = town.calls
    assert (call.line, call.topic) == ("12345", "planned_works")
    assert town.t_s(call.ts_event) < 361
    town.run(300)
    (onset,) = [r for r in town.records if r["type"] == "hazard_onset"]
    assert (onset["t_s"], onset["decoy"]) == (600, True)
    assert roads.left(onset["link"]) == 0
    town.run(1200)
    (end,) = [r for r in town.records if r["type"] == "hazard_end"]
    assert end["duration_s"] == 1200
    assert roads.left(onset["link"]) == 1.0
    assert [r for r in town.records if r["type"] == "hazard_level"] == []

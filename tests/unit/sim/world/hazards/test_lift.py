from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.world.crew import Task
from sim.world.hazards.lift import (
    FORCE_S,
    LEVELLED_SHARE,
    MONTHLY_SHARE,
    MOVING_SHARE,
    RELEASE_S,
    LiftEntrapment,
    LiftEntrapments,
    Lifts,
)
from support.care import AtWork


def crew(lifts: Lifts, task: str, place: int, unit: str = "lift-technician-01") -> AtWork:
    return AtWork(lifts.works[task], Task(name=task, place=place), unit).begin()


def run(town, lifts: Lifts, minutes: float) -> None:
    for _ in range(round(minutes * 2)):
        town.run(30)
        lifts.step(town.engine.now(), 30.0)


def with_lifts(town, per_place: int, live=None) -> Lifts:
    lifts = Lifts(town.stage)
    if live is not None:
        lifts.live_at_place = live
    lifts.cause_of = lambda place: f"outage-{place}"
    lifts._lifts[town.stage.places("community")] = per_place
    return lifts


@pytest.mark.parametrize(("task", "each_s"), [("release_lift", RELEASE_S), ("rescue", FORCE_S)])
def test_people_wait_call_and_are_let_out_lift_by_lift(town, task, each_s) -> None:
    lifts = Lifts(town.stage)
    place = town.stage.places("community")[0]
    place_id = town.city.basemap.places[place].place_id
    lifts.plan("stop", LiftEntrapment(at_s=60, place=place_id, people=3))
    run(town, lifts, 3)
    lifts.stop(place, people=2)
    run(town, lifts, 6)
    assert [(c.line, c.topic) for c in town.calls] == [("12345", "lift_entrapment")] * 2
    assert lifts.trapped == lifts.trapped_at(place) == 5
    assert town.stage.events.at(place)["lift_entrapment"] == 5.0
    read = lifts.fields["lift_monitor"].bind(
        np.zeros((2, 2)), np.zeros(2, dtype=np.int32), np.array([place, -1], dtype=np.int32)
    )
    assert read().tolist() == [[2.0, 0.0], [5.0, 0.0]]
    work = crew(lifts, task, place)
    assert not work.tick(each_s)
    assert town.stage.events.at(place)["lift_entrapment"] == 2.0
    assert lifts.trapped == 2, "those who have waited longest come first"
    assert work.tick(each_s)
    assert town.stage.events.at(place) == {"lift_entrapment": 0.0}
    assert read()[:, 0].tolist() == [0.0, 0.0]
    (end,) = [r for r in town.records if r["type"] == "hazard_end"]
    assert end["by"] == task


def test_the_course_tells_how_long_the_first_have_waited(town) -> None:
    lifts = Lifts(town.stage)
    place = town.stage.places("community")[0]
    for _ in range(400):
        lifts.stop(place, people=1)
    run(town, lifts, 10)
    (event,) = town.stage.events.open_events("lift_entrapment")
    assert event.extra["longest_min"] == pytest.approx(10)
    assert [r["level"] for r in town.records if r["type"] == "hazard_level"] == ["IV", "III"]


def test_a_power_cut_shuts_up_those_on_their_way_at_dark_places_only(town_class) -> None:
    town = town_class(3)
    live = np.ones(len(town.city.basemap.places), dtype=bool)
    lifts = with_lifts(town, 5000, live)
    dark, bright = town.stage.places("community")[:2]
    run(town, lifts, 1)
    assert lifts.trapped == 0
    live[dark] = False
    run(town, lifts, 1)
    stuck = [one.place for one in lifts._stuck]
    assert bright not in stuck
    expected = 5000 * MOVING_SHARE * (1 - LEVELLED_SHARE)
    assert abs(len(stuck) - expected) < 4 * math.sqrt(expected)
    (onset,) = [r for r in town.records if r["type"] == "hazard_onset"]
    assert onset["cause"] == f"outage-{dark}"
    before = lifts.trapped_total
    run(town, lifts, 5)
    assert lifts.trapped_total == before, "a cut strikes once, however long it lasts"


def test_lifts_stop_at_the_monthly_share(town) -> None:
    lifts = with_lifts(town, 1000)
    n = int(lifts._lifts.sum())
    lifts.plan("all", LiftEntrapments(at_s=0))
    town.run(10 * 86_400)
    expected = n * MONTHLY_SHARE * 10 / 30.44
    assert abs(lifts._count - expected) < 4 * math.sqrt(expected)


def test_the_houses_staff_find_help_in_the_end(town) -> None:
    lifts = Lifts(town.stage)
    place = town.stage.places("community")[0]
    for _ in range(300):
        lifts.stop(place)
    town.run(5400)
    assert abs(len(lifts._stuck) - 300 / math.e) < 4 * math.sqrt(300 / math.e)
    town.run(100 * 3600)
    assert lifts.trapped == 0
    assert town.stage.events.at(place) == {"lift_entrapment": 0.0}


@given(
    seed=st.integers(0, 2**20),
    acts=st.lists(st.sampled_from(["stop", "cut", "back", "crew", "wait"]), max_size=12),
)
def test_whoever_is_shut_up_is_let_out_or_still_inside(town_class, seed, acts) -> None:
    town = town_class(seed)
    live = np.ones(len(town.city.basemap.places), dtype=bool)
    lifts = with_lifts(town, 200, live)
    place = town.stage.places("community")[0]
    for act in acts:
        if act == "stop":
            lifts.stop(place)
        elif act == "cut":
            live[:] = False
        elif act == "back":
            live[:] = True
        elif act == "crew":
            team = crew(lifts, "release_lift", place)
            team.tick(2 * RELEASE_S)
            team.end()
        run(town, lifts, 1)
        assert lifts.trapped_total == lifts.released + lifts.trapped
        assert lifts._people_now.sum() == lifts.trapped
        assert set(lifts._open) == {one.place for one in lifts._stuck}

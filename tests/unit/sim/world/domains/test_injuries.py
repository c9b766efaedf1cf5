from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.world.crew import Task
from sim.world.domains.injuries import Injuries, Medical, MedicalCalls, arrest_survival
from support.care import AtWork


class Wards:
    """Count who is brought to hospital."""

    def __init__(self) -> None:
        self.people = 0

    def admit(self, place: int, people: int) -> None:
        self.people += people


def make(town) -> tuple[Injuries, Wards, int]:
    wards = Wards()
    return Injuries(town.stage, wards.admit), wards, town.stage.places("community")[0]


def ambulance(injuries: Injuries, place: int, unit: str = "ambulance-01", room=1.0) -> AtWork:
    task = Task(name="treat", place=place)
    return AtWork(injuries.works["treat"], task, unit, capacity=room).begin()


def balance(injuries: Injuries) -> int:
    return (
        injuries.waiting_now
        + injuries.in_care
        + injuries.transported
        + injuries.treated
        + injuries.alone
        + injuries.dead
    )


@pytest.mark.parametrize(("wait_min", "share"), [(0, 0.67), (4, 0.45), (10, 0.12), (13, 0)])
def test_survival_of_an_arrest_falls_by_the_published_line(wait_min, share) -> None:
    assert arrest_survival(wait_min) == pytest.approx(share)


def test_of_arrests_as_many_live_as_the_line_says_for_their_wait(town) -> None:
    injuries, _, place = make(town)
    n = 1500
    for i in range(n):
        injuries._fall_ill(place, "arrest", f"a{i}")
    town.run(6 * 60 + 1)
    alive = injuries.waiting_now
    share = arrest_survival(6)
    assert abs(alive - n * share) < 4 * math.sqrt(n * share * (1 - share))
    assert injuries.dead == n - alive
    assert town.stage.events.harm["dead"] == injuries.dead


def test_a_patient_calls_is_treated_and_brought_to_hospital(town) -> None:
    injuries, wards, place = make(town)
    place_id = town.city.basemap.places[place].place_id
    injuries.plan("ill", Medical(at_s=60, place=place_id, condition="high"))
    town.run(200)
    (call,) = town.calls
    assert (call.line, call.topic, call.place_id, call.people) == ("120", "medical", place_id, 1)
    assert town.stage.events.at(place) == {"medical": 1.0}
    crew = ambulance(injuries, place)
    assert injuries.waiting(place) == 1
    for _ in range(3000):
        town.run(1)
        if crew.tick(1.0):
            break
    crew.end()
    assert injuries.transported + injuries.treated == 1
    assert crew.task.helped == injuries.transported
    assert wards.people == 0, "its unit delivers whom it takes along"
    (end,) = [r for r in town.records if r["type"] == "hazard_end"]
    assert end["by"] == "treat"
    assert end["exposure_person_min"] == pytest.approx(end["duration_s"] / 60)
    assert town.stage.events.at(place) == {"medical": 0.0}


def test_an_ambulance_with_room_for_one_takes_the_gravest(town) -> None:
    injuries, _, place = make(town)
    injuries._fall_ill(place, "low", "a")
    injuries.add(place, 1)
    crew = ambulance(injuries, place)
    assert injuries._care["ambulance-01"].condition == "wounded"
    while not crew.tick(5.0):
        pass
    crew.end()
    assert crew.task.helped == 1
    assert injuries.waiting_now == 1


def test_a_crew_called_away_leaves_its_patient_to_the_next(town) -> None:
    injuries, _, place = make(town)
    injuries.add(place, 1)
    first = ambulance(injuries, place)
    first.tick(0.0)
    first.end()
    assert injuries.waiting(place) == 1
    second = ambulance(injuries, place, "ambulance-02")
    while not second.tick(5.0):
        pass
    second.end()
    assert injuries.transported == 1


def test_the_event_of_one_who_died_lasts_until_a_crew_has_looked(town) -> None:
    injuries, _, place = make(town)
    injuries._fall_ill(place, "arrest", "a")
    injuries._fall_ill(place, "arrest", "b")
    town.run(15 * 60)
    assert injuries.dead == 2
    assert town.stage.events.at(place) == {"medical": 1.0}
    crew = ambulance(injuries, place)
    assert crew.tick(0.0)
    assert town.stage.events.at(place) == {"medical": 0.0}
    injuries._fall_ill(place, "arrest", "c")
    town.run(2 * 3600)
    assert [r["by"] for r in town.records if r["type"] == "hazard_end"] == [
        "treat",
        "treat",
        "itself",
    ]


def test_who_dies_of_wounds_is_told_with_what_hurt_them(town) -> None:
    injuries, _, place = make(town)
    injuries.add(place, 100, cause="fire-1")
    town.run(3601)
    told = [r for r in town.records if r["type"] == "harm"]
    assert len(told) == injuries.dead == town.stage.events.harm["dead"] > 5
    assert {(r["event"], r["what"], r["people"]) for r in told} == {("fire-1", "dead", 1)}


def test_without_ambulances_people_die_or_go_alone_and_all_is_over_in_an_hour(town) -> None:
    injuries, wards, place = make(town)
    for i in range(200):
        injuries._fall_ill(place, ("low", "high", "arrest")[i % 3], f"a{i}")
    injuries.add(place, 300)
    town.run(3601)
    assert injuries.waiting_now == 0
    assert injuries.alone == wards.people
    # Of the wounded 1 - exp(-1/5), of the ill 1 - exp(-1/10), all arrests.
    expected = 300 * (1 - math.exp(-0.2)) + 67 * (1 - math.exp(-0.1)) + 66
    assert abs(injuries.dead - expected) < 4 * math.sqrt(60)
    assert balance(injuries) == injuries.total == 500


@given(
    seed=st.integers(0, 2**20),
    acts=st.lists(st.tuples(st.sampled_from(["hurt", "come", "go", "wait"]), st.integers(0, 3))),
)
def test_no_patient_is_lost_whatever_crews_do(town_class, seed, acts) -> None:
    town = town_class(seed)
    injuries, wards, place = make(town)
    crews: dict[int, AtWork] = {}
    for act, which in acts:
        if act == "hurt":
            injuries.add(place, which)
            injuries._fall_ill(place, "high", "x")
        elif act == "come" and which not in crews:
            crews[which] = ambulance(injuries, place, f"ambulance-{which}", room=2.0)
        elif act == "go" and which in crews:
            crews.pop(which).end()
        else:
            town.run(120)
            for crew in crews.values():
                crew.tick(120.0)
        assert balance(injuries) == injuries.total
    assert wards.people == injuries.alone


def test_everyday_calls_come_at_their_rate_and_follow_the_factor(town) -> None:
    injuries, _, _ = make(town)
    injuries.call_factor = 2.0
    injuries.plan("day", MedicalCalls(at_s=0, per_1000_people_day=100.0))
    town.run(86_400)
    # 1,050 people.
    assert abs(injuries.total - 210) < 4 * math.sqrt(210)
    before = injuries.total
    injuries.call_factor = 0.0
    town.run(86_400)
    assert injuries.total == before


def test_calls_have_the_priorities_that_ambulance_services_see(town) -> None:
    injuries, _, _ = make(town)
    injuries.plan("day", MedicalCalls(at_s=0, per_1000_people_day=2000.0))
    town.run(86_400)
    onsets = [r["condition"] for r in town.records if r["type"] == "hazard_onset"]
    low = onsets.count("low") / len(onsets)
    assert len(onsets) > 1800
    assert low == pytest.approx(0.43, abs=0.05)
    assert 0 < onsets.count("arrest") < 60

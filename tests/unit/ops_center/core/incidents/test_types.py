"""Incidents that people tell of: who confirms, who tells how bad it is, when it is over."""

from __future__ import annotations

import pytest

from ops_center.core.incidents.fusion import Fusion
from ops_center.core.incidents.register import Register
from ops_center.core.incidents.signature import FLOOD
from ops_center.core.incidents.types import DAY_S, SIGNATURES
from ops_center.core.snapshot import LEVELS, Evidence
from ops_center.stores.sqlite import SqliteStore
from scenarios.plans import list_plans, read_plans
from sim.kernel.clock import Ns
from support.field_double import FieldDouble, furnished_town
from support.town import at

TYPES = {signature.type: signature for signature in SIGNATURES}
PLANS = read_plans(list_plans())
FIRE = ("fire", "community-01")
COVER = ("grid_case", "community-01")


def desk(*types: str) -> tuple[Register, Fusion]:
    signatures = tuple(TYPES[name] for name in types)
    basemap = furnished_town()
    districts = {place.place_id: place.district_id for place in basemap.places}
    return Register(signatures, districts, lambda *_, **__: "#1", None), Fusion(signatures, basemap)


def call(fusion: Fusion, key: tuple[str, str], number: int, when: Ns) -> None:
    word = Evidence(
        source=f"call-{number}", signal=f"call:{key[0]}", value=1, unit="people", llr=4.0, at=when
    )
    fusion.add(key[1], word, cause=None, heard=when)


def crew(fusion: Fusion, key: tuple[str, str], llr: float, when: Ns) -> None:
    word = Evidence(source="car-1", signal=f"crew:{key[0]}", value=1, unit="1", llr=llr, at=when)
    fusion.add(key[1], word, cause=None, heard=when)


def test_types_have_rising_levels_and_one_word_each():
    assert len(TYPES) == len(SIGNATURES) == 33
    for signature in SIGNATURES:
        thresholds = [threshold for threshold, _ in signature.levels]
        names = [LEVELS.index(name) for _, name in signature.levels]
        assert thresholds == sorted(thresholds)
        assert names == sorted(names)
        assert signature.suspect_at < signature.confirm_at
        if signature is not FLOOD:
            assert signature.assumed_severity >= thresholds[0]


def test_level_of_a_type_that_skips_levels_is_the_last_one_reached():
    lift = TYPES["lift_entrapment"]
    assert [lift.level_of(people) for people in (0, 1, 9, 10, 500)] == [
        "IV", "IV", "IV", "III", "III",
    ]  # fmt: skip


def test_outage_levels_are_shares_of_the_citys_residents():
    outage = TYPES["outage"].for_city(200_000)
    assert outage.level_of(19_999) == "IV"
    assert outage.level_of(20_000) == "III"
    assert outage.level_of(100_000) == "I"
    assert TYPES["fire"].for_city(200_000) is TYPES["fire"]


def test_one_caller_confirms_a_fire_and_only_suspects_a_grid_case_two_confirm_it():
    register, fusion = desk("fire", "grid_case")
    call(fusion, FIRE, 1, at(0))
    call(fusion, COVER, 2, at(0))
    register.assess(fusion, {FIRE: 1e6, COVER: 1.0}, at(5))
    assert {i.type: i.state for i in register.open_incidents()} == {
        "fire": "confirmed",
        "grid_case": "suspected",
    }
    call(fusion, COVER, 3, at(10))
    register.assess(fusion, {FIRE: 1e6, COVER: 1.0}, at(15))
    assert {i.state for i in register.open_incidents()} == {"confirmed"}


def test_crew_confirms_what_one_caller_said_and_takes_it_back_when_nothing_is_there():
    register, fusion = desk("grid_case")
    call(fusion, COVER, 1, at(0))
    register.assess(fusion, {COVER: 1.0}, at(5))
    crew(fusion, COVER, 7.0, at(300))
    register.assess(fusion, {COVER: 1.0}, at(305))
    (incident,) = register.open_incidents()
    assert incident.state == "confirmed"
    assert incident.was_seen
    register.find_nothing(COVER, at(400), by="car-2")
    assert incident.is_open

    register, fusion = desk("grid_case")
    call(fusion, COVER, 1, at(0))
    register.assess(fusion, {COVER: 1.0}, at(5))
    crew(fusion, COVER, -7.0, at(300))
    register.assess(fusion, {COVER: 0.0}, at(305))
    assert register.open_incidents() == []


def test_suspicion_that_nobody_follows_up_is_dropped_when_the_call_is_old():
    register, fusion = desk("grid_case")
    call(fusion, COVER, 1, at(0))
    register.assess(fusion, {COVER: 1.0}, at(5))
    stands_s = TYPES["grid_case"].word_stands_s
    register.assess(fusion, {COVER: 1.0}, at(stands_s - 5))
    assert len(register.open_incidents()) == 1
    register.assess(fusion, {}, at(stands_s + 5))
    assert [i.state for i in register.incidents.values()] == ["false_alarm"]


def test_old_calls_do_not_open_the_next_incident():
    register, fusion = desk("fire")
    call(fusion, FIRE, 1, at(0))
    register.assess(fusion, {FIRE: 1e6}, at(5))
    (incident,) = register.open_incidents()
    register.advance(incident.incident_id, "closed", at(600))
    register.assess(fusion, {}, at(605))
    crew(fusion, FIRE, -7.0, at(610))
    register.assess(fusion, {}, at(615))
    assert len(register.incidents) == 1


def test_call_that_a_crew_contradicted_counts_once_the_crews_word_has_grown_old():
    register, fusion = desk("fire")
    gone = Evidence(source="car-1", signal="crew:fire", value=0, unit="W", llr=-7.0, at=at(0))
    fusion.add(FIRE[1], gone, cause=None, heard=at(0), stands_s=300.0)
    call(fusion, FIRE, 1, at(100))
    register.assess(fusion, {FIRE: 1e6}, at(105))
    assert register.open_incidents() == []
    register.assess(fusion, {FIRE: 1e6}, at(295))
    assert register.open_incidents() == []
    register.assess(fusion, {FIRE: 1e6}, at(305))
    assert [i.state for i in register.open_incidents()] == ["confirmed"]


def test_confirmed_incident_that_nobody_tells_of_any_more_is_taken_as_under_control():
    register, fusion = desk("outbreak")
    key = ("outbreak", "school-01")
    for number in (1, 2):
        call(fusion, key, number, at(0))
    register.assess(fusion, {key: 60.0}, at(5))
    register.assess(fusion, {}, at(7 * DAY_S))
    assert register.open_incidents()[0].state == "confirmed"
    register.assess(fusion, {}, at(7 * DAY_S + 10))
    assert register.open_incidents()[0].state == "controlled"


def test_places_without_a_word_hold_no_case_and_forgotten_ones_leave_none():
    register, fusion = desk("fire", "grid_case")
    assert fusion._cases == {}
    call(fusion, COVER, 1, at(0))
    register.assess(fusion, {}, at(5))
    assert list(fusion._cases) == [COVER]
    register.assess(fusion, {}, at(9 * 3600))
    register.assess(fusion, {}, at(9 * 3600 + 10))
    fusion._changed.add(COVER)
    register.assess(fusion, {}, at(9 * 3600 + 20))
    assert fusion._cases == {}


def test_call_after_the_crew_has_left_relapses_one_while_it_is_there_does_not():
    field = FieldDouble(PLANS)
    field.severity[FIRE] = 1e6
    field.run_to(3)
    field.call(*FIRE)
    field.run_to(600)
    field.call(*FIRE)
    field.run_to(620)
    assert field.incident("fire").severity == 1e6
    field.severity[FIRE] = 0.0
    field.run_to(900)
    assert field.incident("fire").state == "controlled"
    engines = field.sent()["fire_engine"]
    field.severity[FIRE] = 2e6
    field.call(*FIRE)
    field.run_to(920)
    assert field.incident("fire").has_reached("confirmed")
    assert not field.incident("fire").has_reached("controlled")
    assert field.sent()["fire_engine"] > engines


def test_callers_number_is_the_severity_of_an_outage_until_a_crew_knows_better():
    field = FieldDouble(PLANS)
    field.severity["outage", "substation-01"] = 80.0
    field.run_to(3)
    field.call("outage", "substation-01", people=250, line="12345")
    field.run_to(25)
    assert field.incident("outage").severity == 250
    assert field.incident("outage").level == "II"
    field.run_to(400)
    assert field.incident("outage").severity == 80
    assert field.incident("outage").level == "II"


@pytest.mark.parametrize("kill_at_s", [25, 90, 300])
def test_centre_killed_in_the_middle_goes_on_with_one_incident_and_the_same_units(
    tmp_path, kill_at_s
):
    store = SqliteStore(tmp_path / "s.sqlite")
    before = FieldDouble(PLANS, store=store)
    before.severity["grid_case", "community-01"] = 1.0
    before.severity[FIRE] = 1e6
    before.run_to(3)
    before.call("grid_case", "community-01")
    before.call(*FIRE, people=3)
    before.run_to(kill_at_s)
    store.close()

    again = SqliteStore(tmp_path / "s.sqlite")
    after = FieldDouble(PLANS, store=again, start=before.clock.now())
    after.take_over(before)
    after.run_to(900)
    assert after.incident("fire").has_reached("on_scene")
    assert after.incident("grid_case").has_reached("confirmed")
    for kind, place in list(after.severity):
        after.severity[kind, place] = 0.0
    after.run_to(6000)
    assert after.incident("fire").state == after.incident("grid_case").state == "closed"
    assert after.doubled == []
    assert max(car.jobs for car in after.cars.values()) == 1
    assert after.idle()
    again.close()

"""Timetables of every plan: somebody calls, who is sent, what moves, and how it ends."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ops_center.core.incidents.types import SIGNATURES
from scenarios.plans import list_plans, read_plans
from support.field_double import FieldDouble

PLANS = read_plans(list_plans())
LIFE = "confirmed"
DOUBT = "suspected"

# What one caller brings about; then, once the severity is known on scene, all that was sent
# and moved. Severities are those of level III, or of the only level there is.
TIMETABLE: list[tuple[str, str, str, float, dict[str, int], dict[str, str]]] = [
    (
        "fire", "community-01", LIFE, 1e6,
        {"fire_engine": 4, "ladder_truck": 1, "ambulance": 2, "traffic_police": 1},
        {"signal_priority": "grant", "lift_recall": "recall", "power_cut": "cut",
         "gas_cutoff": "close", "pressure_boost": "boost"},
    ),
    (
        "gas_leak", "gas-chamber-01", LIFE, 20.0,
        {"gas_repair": 2, "fire_engine": 2, "police_patrol": 1},
        {"gas_valve": "close", "vent_fan": "start"},
    ),
    (
        "gas_explosion", "community-01", LIFE, 0.5,
        {"fire_engine": 5, "ambulance": 3, "gas_repair": 2, "police_patrol": 2},
        {"gas_valve": "close", "gas_cutoff": "close", "power_cut": "cut"},
    ),
    (
        "crash", "junction-01", LIFE, 3.0,
        {"traffic_police": 1, "tow_truck": 1},
        {"message_sign": "show"},
    ),
    (
        "main_burst", "community-01", DOUBT, 0.3,
        {"water_repair": 2, "traffic_police": 1, "water_tanker": 2, "pump_unit": 1},
        {"sector_valve": "close", "message_sign": "show", "pressure_boost": "boost"},
    ),
    (
        "low_pressure", "community-01", DOUBT, 1e4,
        {"water_repair": 1, "water_tanker": 2},
        {"pressure_boost": "boost", "broadcast": "say"},
    ),
    (
        "collapse", "community-01", LIFE, 3.0,
        {"fire_engine": 2, "ambulance": 2, "police_patrol": 1, "city_inspector": 1},
        {"gas_cutoff": "close", "power_cut": "cut"},
    ),
    (
        "road_collapse", "junction-01", LIFE, 50.0,
        {"traffic_police": 2, "fire_engine": 2, "ambulance": 1, "water_repair": 1,
         "city_inspector": 1},
        {"message_sign": "show"},
    ),
    (
        "outage", "substation-01", DOUBT, 150.0,
        {"power_repair": 2, "traffic_police": 2},
        {"recloser": "reclose", "load_shed": "shed", "broadcast": "say"},
    ),
    (
        "heat_failure", "community-01", DOUBT, 2.0,
        {"plant_crew": 1, "city_inspector": 1},
        {"heat_boost": "boost", "broadcast": "say"},
    ),
    (
        "telecom_outage", "base-station-01", DOUBT, 1e4,
        {"network_team": 1, "generator_truck": 1},
        {"broadcast": "say"},
    ),
    (
        "cover_off", "community-01", DOUBT, 1.0,
        {"city_inspector": 1, "sanitation_crew": 1},
        {"message_sign": "show"},
    ),
    ("grid_case", "community-01", DOUBT, 1.0, {"city_inspector": 1, "sanitation_crew": 1}, {}),
    (
        "lift_entrapment", "community-01", LIFE, 1.0,
        {"lift_technician": 1},
        {"lift_recall": "recall"},
    ),
    (
        "street_flood", "junction-01", DOUBT, 0.27,
        {"sanitation_crew": 1, "pump_unit": 1, "traffic_police": 1},
        {"message_sign": "show"},
    ),
    (
        "bridge_overload", "bridge-01", DOUBT, 1.0,
        {"traffic_police": 1, "city_inspector": 1},
        {"message_sign": "show", "barrier": "close"},
    ),
    (
        "air_episode", "air-station-01", DOUBT, 200.0,
        {"ecology_team": 1, "city_inspector": 3, "sanitation_crew": 2},
        {"site_stop": "stop", "message_sign": "show", "school_notice": "send"},
    ),
    (
        "heat_wave", "air-station-01", DOUBT, 37.0,
        {"sanitation_crew": 2, "city_inspector": 1},
        {"broadcast": "say", "school_notice": "send"},
    ),
    (
        "cold_wave", "air-station-01", DOUBT, 12.0,
        {"city_inspector": 1},
        {"broadcast": "say", "heat_boost": "boost", "school_notice": "send"},
    ),
    (
        "fog", "air-station-01", DOUBT, 20.0,
        {"traffic_police": 1, "city_inspector": 1},
        {"message_sign": "show", "broadcast": "say"},
    ),
    (
        "gale", "air-station-01", DOUBT, 30.0,
        {"city_inspector": 2, "sanitation_crew": 2, "power_repair": 1},
        {"broadcast": "say", "school_notice": "send"},
    ),
    ("medical", "community-01", LIFE, 1.0, {"ambulance": 1}, {"signal_priority": "grant"}),
    (
        "outbreak", "school-01", DOUBT, 200.0,
        {"cdc_team": 3},
        {"school_notice": "send", "surge_beds": "open", "broadcast": "say"},
    ),
    (
        "hospital_overload", "hospital-01", DOUBT, 0.95,
        {"cdc_team": 1, "ambulance": 1},
        {"surge_beds": "open"},
    ),
    (
        "crowd", "venue-01", LIFE, 3.6,
        {"police_patrol": 5, "ambulance": 2},
        {"gate": "restrict", "broadcast": "say", "skip_stop": "skip"},
    ),
    (
        "sabotage", "base-station-01", DOUBT, 5.0,
        {"police_patrol": 1, "network_team": 1, "city_inspector": 1},
        {},
    ),
    (
        "cyber_attack", "base-station-01", DOUBT, 10.0,
        {"network_team": 1, "police_patrol": 1},
        {},
    ),
    (
        "hazmat", "factory-01", LIFE, 30.0,
        {"hazmat_unit": 2, "ecology_team": 1, "ambulance": 2, "police_patrol": 2},
        {"site_stop": "stop", "siren": "start", "broadcast": "say", "message_sign": "show"},
    ),
    (
        "toxic_release", "factory-01", LIFE, 30.0,
        {"hazmat_unit": 2, "ambulance": 3, "ecology_team": 1, "police_patrol": 1},
        {"site_stop": "stop", "vent_fan": "start", "siren": "start"},
    ),
    (
        "quake", "community-01", LIFE, 6.0,
        {"fire_engine": 4, "ambulance": 4, "gas_repair": 2, "power_repair": 2,
         "water_repair": 2, "city_inspector": 3},
        {"gas_valve": "close", "gate": "restrict", "lift_recall": "recall",
         "broadcast": "say", "surge_beds": "open"},
    ),
    ("machine_failure", "factory-01", DOUBT, 4.5, {"plant_crew": 1}, {"site_stop": "stop"}),
    (
        "frost", "greenhouse-01", DOUBT, 5.0,
        {"agri_technician": 1},
        {"heater": "start", "curtain": "draw"},
    ),
]  # fmt: skip


def test_every_type_that_people_call_about_has_its_timetable():
    assert {row[0] for row in TIMETABLE} == {s.type for s in SIGNATURES} - {"flood"}
    assert set(PLANS) == {s.type for s in SIGNATURES}


@pytest.mark.parametrize(
    ("kind", "place", "first", "severity", "sent", "moved"), TIMETABLE, ids=lambda v: str(v)[:20]
)
def test_call_brings_the_right_units_and_gear_and_their_word_ends_it(
    kind, place, first, severity, sent, moved
):
    field = FieldDouble(PLANS)
    field.severity[kind, place] = severity
    field.run_to(3)
    field.call(kind, place)
    field.run_to(25)
    incident = field.incident(kind)
    assert incident.has_reached("suspected")
    assert incident.has_reached("confirmed") == (first == LIFE)

    field.run_to(900)
    incident = field.incident(kind)
    assert incident.has_reached("confirmed")
    assert incident.has_reached("on_scene")
    assert incident.severity == pytest.approx(severity)
    assert field.sent() == dict(sorted(sent.items()))
    assert field.moved() == moved
    assert not incident.has_reached("controlled")

    field.severity[kind, place] = 0.0
    field.run_to(1150)
    assert field.incident(kind).has_reached("controlled")
    # Beds and notices take their time to be taken back, and it closes when they have been.
    field.run_to(6000)
    assert field.incident(kind).state == "closed"
    assert field.idle()
    assert field.doubled == []
    assert field.centre.desk is not None
    assert field.centre.desk.book.runs == {}


def test_unconfirmed_case_that_a_crew_finds_no_trace_of_is_a_false_alarm():
    field = FieldDouble(PLANS)
    field.run_to(3)
    field.call("grid_case", "community-01")
    field.run_to(400)
    assert field.incident("grid_case").state == "false_alarm"
    assert field.idle()


def test_many_callers_who_are_all_wrong_are_a_false_alarm_too():
    field = FieldDouble(PLANS)
    field.run_to(3)
    for _ in range(5):
        field.call("fire", "community-01")
    field.run_to(30)
    assert field.incident("fire").has_reached("confirmed")
    field.run_to(400)
    assert field.incident("fire").state == "false_alarm"
    field.run_to(1000)
    assert field.idle()


def test_fire_that_is_worse_than_the_caller_thought_brings_more_engines():
    field = FieldDouble(PLANS)
    field.severity["fire", "community-01"] = 25e6
    field.run_to(3)
    field.call("fire", "community-01")
    field.run_to(30)
    assert field.sent()["fire_engine"] == 4
    assert field.incident("fire").level == "III"
    field.run_to(400)
    assert field.incident("fire").level == "I"
    # Five that attack and three that search, but seven are all there are.
    assert field.sent()["fire_engine"] == 7
    assert field.sent()["ambulance"] == 5


def test_crew_that_sees_another_hazard_opens_its_incident_at_once():
    field = FieldDouble(PLANS)
    field.severity["crash", "junction-01"] = 3.0
    field.severity["fire", "junction-01"] = 1e6
    field.run_to(3)
    field.call("crash", "junction-01")
    field.run_to(400)
    assert field.incident("fire").has_reached("confirmed")
    assert field.sent()["ladder_truck"] == 1


def test_nobody_on_scene_in_time_is_told_and_the_next_in_line_is_sent():
    field = FieldDouble(PLANS, deaf=True)
    field.severity["lift_entrapment", "community-01"] = 2.0
    field.run_to(3)
    field.call("lift_entrapment", "community-01", people=2)
    field.run_to(1805)
    assert "fire_engine" not in field.sent()
    field.run_to(1830)
    late = [r for r in field.records if r["type"] == "unverified" and r["step"] == "technician"]
    assert len(late) == 1
    assert "fire_engine" in field.sent()


def test_ambulance_that_has_gone_is_followed_by_another_while_people_wait():
    field = FieldDouble(PLANS)
    field.run_to(3)
    field.call("medical", "community-01", people=1)
    field.severity["medical", "community-01"] = 1.0
    field.run_to(200)
    (car,) = [c for c in field.cars.values() if c.order is not None]
    order = car.order
    assert order is not None
    field._leave(car, order)
    field.run_to(250)
    assert field.sent()["ambulance"] == 1
    field.run_to(320)
    assert field.sent()["ambulance"] == 2


def test_gear_that_two_incidents_need_is_moved_once_and_kept_until_both_are_over():
    field = FieldDouble(PLANS)
    leak, quake = ("gas_leak", "gas-chamber-01"), ("quake", "community-01")
    valve = "gas-valve-gas-chamber-01"
    field.severity[leak], field.severity[quake] = 12.0, 5.5
    field.run_to(3)
    field.call(*leak)
    field.run_to(12)
    field.call(*quake)
    field.run_to(500)
    assert field.gear[valve].position == "closed"
    field.severity[quake] = 0.0
    field.run_to(3000)
    assert field.incident("quake").state == "closed"
    assert field.gear[valve].position == "closed"
    field.severity[leak] = 0.0
    field.run_to(6000)
    assert field.incident("gas_leak").state == "closed"
    assert field.gear[valve].position == "open"
    assert field.doubled == []
    assert field.idle()


def test_beds_that_two_steps_asked_for_are_given_back_once():
    field = FieldDouble(PLANS)
    full = ("hospital_overload", "hospital-01")
    field.severity[full] = 0.96
    field.run_to(3)
    field.call(*full)
    field.run_to(4000)
    steps = [
        r["step"]
        for r in field.records
        if r["type"] == "command" and r["target_kind"] == "surge_beds"
    ]
    assert steps == ["beds", "neighbours"]
    field.severity[full] = 0.0
    field.run_to(9000)
    assert field.incident("hospital_overload").state == "closed"
    assert field.doubled == []
    assert field.idle()


def test_case_that_is_over_when_the_crew_comes_was_one_and_closes():
    field = FieldDouble(PLANS)
    field.severity["cover_off", "community-01"] = 1.0
    field.run_to(3)
    field.call("cover_off", "community-01")
    field.run_to(30)
    field.severity["cover_off", "community-01"] = 0.0
    field.run_to(3000)
    incident = field.incident("cover_off")
    assert incident.has_reached("confirmed")
    assert incident.state == "closed"


def test_plan_names_the_departments_that_act_its_source_and_titles_in_both_languages():
    for plan in PLANS.values():
        named = {plan.lead, *plan.support}
        assert {step.department for step in plan.steps} == named, plan.plan
        assert plan.source, plan.plan
        assert "·" in plan.title, plan.plan
        for step in plan.steps:
            assert "·" in step.title, (plan.plan, step.id)


calls = st.lists(
    st.tuples(
        st.sampled_from([(row[0], row[1], row[3]) for row in TIMETABLE]),
        st.integers(0, 600),
        st.booleans(),
    ),
    min_size=1,
    max_size=8,
)


@settings(max_examples=15, deadline=None)
@given(calls=calls)
def test_no_unit_has_two_jobs_whatever_people_call_about(calls: list[Any]):
    field = FieldDouble(PLANS)
    at_s = 0.0
    for (kind, place, severity), wait_s, is_true in calls:
        at_s += wait_s
        field.run_to(at_s)
        if is_true:
            field.severity[kind, place] = severity
        field.call(kind, place, people=1)
    for kind, place in list(field.severity):
        field.severity[kind, place] = 0.0
    field.run_to(at_s + 9000)
    assert field.doubled == []
    assert field.centre.desk is not None
    assert field.centre.desk.register.open_incidents() == []
    assert field.idle()

"""One incident an event, its life cycle, and what moves it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops_center.core.incidents.fusion import Fusion
from ops_center.core.incidents.incident import Happening
from ops_center.core.incidents.register import Register
from ops_center.core.incidents.signature import FLOOD
from ops_center.core.snapshot import STATES, Evidence
from sim.kernel.clock import Ns
from support.town import at, town

PLACE = "underpass-01"
HERE = ("flood", PLACE)


class Journal:
    def __init__(self) -> None:
        self.records: list[dict[str, Any]] = []

    def __call__(self, type_: str, **fields: Any) -> str:
        self.records.append({"type": type_, **fields})
        return f"#{len(self.records)}"


def evidence(source: str, signal: str, llr: float, at: Ns) -> Evidence:
    return Evidence(source=source, signal=signal, value=0.2, unit="m", llr=llr, at=at)


@pytest.fixture
def journal() -> Journal:
    return Journal()


def desk(journal: Journal, acknowledge_after_s: float | None = None) -> tuple[Register, Fusion]:
    register = Register((FLOOD,), {PLACE: "east"}, journal, acknowledge_after_s)
    return register, Fusion((FLOOD,), town())


def test_one_gauge_alone_raises_a_suspicion_only(journal):
    register, fusion = desk(journal)
    fusion.add(PLACE, evidence("gauge-1", "depth_high", 4.0, at(0)), cause="#1")
    register.assess(fusion, {HERE: 0.2}, at(5))
    assert [i.state for i in register.open_incidents()] == ["suspected"]


def test_rain_and_a_gauge_confirm_a_flood(journal):
    register, fusion = desk(journal)
    fusion.add(PLACE, evidence("rain-1", "rain_high", 1.5, at(0)), cause="#1")
    fusion.add(PLACE, evidence("gauge-1", "depth_high", 4.0, at(0)), cause="#2")
    register.assess(fusion, {HERE: 0.2}, at(5))
    assert [i.state for i in register.open_incidents()] == ["confirmed"]


def test_detectors_of_one_gauge_count_once(journal):
    register, fusion = desk(journal)
    fusion.add(PLACE, evidence("gauge-1", "depth_high", 4.0, at(0)), cause="#1")
    fusion.add(PLACE, evidence("gauge-1", "depth_rising", 4.0, at(0)), cause="#2")
    register.assess(fusion, {HERE: 0.2}, at(5))
    assert [i.state for i in register.open_incidents()] == ["suspected"]


def test_many_rain_gauges_are_one_witness_and_rain_alone_is_no_flood(journal):
    register, fusion = desk(journal)
    for number in range(9):
        rain = evidence(f"rain-{number}", "rain_high", 2.5, at(0))
        fusion.add(PLACE, rain, cause=f"#{number}")
    register.assess(fusion, {HERE: 0.0}, at(5))
    assert register.open_incidents() == []


def test_suspicion_whose_evidence_is_withdrawn_is_dropped(journal):
    register, fusion = desk(journal)
    fusion.add(PLACE, evidence("gauge-1", "depth_high", 4.0, at(0)), cause="#1")
    register.assess(fusion, {HERE: 0.2}, at(5))
    fusion.withdraw("gauge-1")
    register.assess(fusion, {HERE: 0.0}, at(10))
    assert register.open_incidents() == []
    assert [i.state for i in register.incidents.values()] == ["false_alarm"]


def confirmed(journal: Journal, **more: Any) -> tuple[Register, Fusion, str]:
    register, fusion = desk(journal, **more)
    fusion.add(PLACE, evidence("gauge-1", "depth_high", 4.0, at(0)), cause="#1")
    fusion.add(PLACE, evidence("gauge-2", "depth_high", 4.0, at(0)), cause="#2")
    register.assess(fusion, {HERE: 0.3}, at(5))
    return register, fusion, register.open_incidents()[0].incident_id


def test_level_rises_with_the_water_and_never_falls(journal):
    register, fusion, incident_id = confirmed(journal)
    levels = []
    for second, depth in ((10, 0.2), (20, 0.55), (30, 0.12)):
        register.assess(fusion, {HERE: depth}, at(second))
        levels.append(register.incidents[incident_id].level)
    assert levels == ["II", "I", "I"]


def test_water_gone_for_five_minutes_is_under_control_and_missing_data_is_not(journal):
    register, fusion, incident_id = confirmed(journal)
    register.assess(fusion, {HERE: 0.05}, at(100))
    register.assess(fusion, {}, at(300))
    register.assess(fusion, {HERE: 0.05}, at(390))
    register.assess(fusion, {HERE: 0.05}, at(420))
    assert register.incidents[incident_id].state == "confirmed"
    register.assess(fusion, {HERE: 0.05}, at(700))
    assert register.incidents[incident_id].state == "controlled"


def test_water_that_rises_again_relapses_without_a_second_incident(journal):
    register, fusion, incident_id = confirmed(journal)
    register.assess(fusion, {HERE: 0.05}, at(100))
    register.assess(fusion, {HERE: 0.05}, at(400))
    assert register.incidents[incident_id].state == "controlled"
    register.assess(fusion, {HERE: 0.3}, at(500))
    assert register.incidents[incident_id].state == "confirmed"
    assert len(register.incidents) == 1


def test_duty_officer_acknowledges_after_the_set_time(journal):
    register, fusion, incident_id = confirmed(journal, acknowledge_after_s=60.0)
    register.assess(fusion, {HERE: 0.3}, at(60))
    assert not register.incidents[incident_id].has_reached("acknowledged")
    register.assess(fusion, {HERE: 0.3}, at(65))
    assert register.incidents[incident_id].reached_at("acknowledged") == at(65)


def test_late_acknowledgement_does_not_set_the_state_back(journal):
    register, _, incident_id = confirmed(journal)
    for milestone in ("dispatched", "on_scene"):
        happening = Happening(incident_id=incident_id, what="x", detail="y", milestone=milestone)
        register.apply(happening, at(20))
    register.advance(incident_id, "acknowledged", at(30), by="li")
    incident = register.incidents[incident_id]
    assert incident.state == "on_scene"
    assert incident.acknowledged_by == "li"


@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(["gauge-1", "gauge-2", "rain-1"]),
            st.booleans(),
            st.floats(0, 1),
        ),
        max_size=40,
    )
)
def test_never_two_open_incidents_at_a_place_and_states_only_move_by_the_rules(steps):
    journal = Journal()
    register, fusion = desk(journal)
    for number, (source, active, depth) in enumerate(steps):
        signal = "rain_high" if source == "rain-1" else "depth_high"
        if active:
            fusion.add(PLACE, evidence(source, signal, 3.0, at(number)), cause=None)
        else:
            fusion.withdraw(source)
        register.assess(fusion, {HERE: depth}, at(60.0 * number))
        assert len(register.open_incidents()) <= 1
    for incident in register.incidents.values():
        assert incident.state in (*STATES, "false_alarm")
        times = [at for _, at in incident.reached]
        assert times == sorted(times)

"""Timetables of a plan carried out: commands, answers, units, facts, escalation, release."""

from __future__ import annotations

from dataclasses import replace
from importlib import resources
from typing import Any

import numpy as np
import pytest
import yaml

from ops_center.core.incidents.incident import Incident
from ops_center.core.response.conductor import Belief, Conductor
from ops_center.core.response.gear import Gear
from ops_center.core.response.orders import ANSWER_WITHIN, MAX_TRIES, OrderBook
from ops_center.core.response.plan import Send, read_plan
from ops_center.core.response.travel import TravelTimes
from ops_center.core.snapshot import LEVELS
from sim.kernel.clock import to_seconds
from sim.kernel.errors import InputError
from sim.messages.field import Ack, Command
from support.town import actuator, at, town, unit

PLAN_FILE = resources.files("ops_center.core.response") / "plans" / "underpass_flood.yaml"


def flood_plan() -> Any:
    return read_plan(yaml.safe_load(PLAN_FILE.read_text()), "underpass_flood.yaml")


class Scene:
    """A conductor, one incident and the world's answers, by hand."""

    def __init__(self, *, severity: float = 0.2, state: str = "confirmed") -> None:
        self.records: list[dict[str, Any]] = []
        self.book = OrderBook(self._write)
        self.conductor = Conductor({"flood": flood_plan()}, self.book, self._write)
        self.incident = Incident(
            incident_id="inc-000001",
            type="flood",
            place_id="underpass-01",
            district="east",
            state=state,
            level="III",
            probability=0.9,
            opened_at=at(0),
            updated_at=at(0),
            reached=(("suspected", at(0)), ("confirmed", at(0))),
            severity=severity,
            peak_severity=severity,
        )
        self.actuators = {
            a.actuator_id: a
            for a in (
                actuator("standby_pump"),
                actuator("barrier", "open"),
                actuator("message_sign"),
            )
        }
        self.units = {
            u.unit_id: u
            for u in (
                unit("near", "close", 2),
                unit("far", "close", 0),
                unit("pump-1", "pump", 0),
                unit("ambulance-1", "rescue", 4, kind="ambulance"),
            )
        }
        self.gear = Gear(town())
        for each in self.actuators.values():
            self.gear.put(each)
        self.trapped: dict[str, int] = {}
        self.travel = TravelTimes(town())
        self.conductor.begin(self.incident)

    def _write(self, type_: str, **fields: Any) -> str:
        self.records.append({"type": type_, **fields})
        return f"#{len(self.records)}"

    def tick(self, second: float) -> list[Command]:
        belief = Belief(
            now=at(second),
            actuators=self.actuators,
            units=self.units,
            travel=self.travel,
            trapped=self.trapped,
            gear=self.gear,
        )
        self.conductor.tick({self.incident.incident_id: self.incident}, belief)
        sent, self.book.outbox = self.book.outbox, []
        return sent

    def answer(self, command: Command, status: str, second: float, reason: str = "") -> None:
        self.book.on_ack(
            Ack(
                ts_event=at(second),
                command_id=command.command_id,
                source_id=command.target_id,
                source_kind=command.target_kind,
                source_domain=command.target_domain,
                source_district=command.target_district,
                status=status,  # type: ignore[arg-type]
                reason=reason,
            )
        )

    def status(self, step_id: str) -> str:
        return self.book.step(self.incident.incident_id, step_id).status


def targets(commands: list[Command]) -> dict[str, str]:
    return {command.target_id: command.action for command in commands}


def test_confirmed_flood_warns_pumps_closes_and_sends_the_nearest_police():
    scene = Scene(severity=0.22)
    sent = scene.tick(0)
    assert targets(sent) == {
        "message_sign-underpass-01": "show",
        "standby_pump-underpass-01": "start",
        "barrier-underpass-01": "close",
        "near": "respond",
    }


def test_suspected_flood_only_warns():
    scene = Scene(severity=0.22, state="suspected")
    assert targets(scene.tick(0)) == {"message_sign-underpass-01": "show"}


def test_unanswered_command_is_sent_again_with_the_same_identifier_then_given_up():
    scene = Scene(severity=0.12)
    first = next(c for c in scene.tick(0) if c.target_kind == "standby_pump")
    again = []
    step_s = to_seconds(ANSWER_WITHIN)
    for second in np.arange(1, MAX_TRIES + 2) * step_s:
        again += [c for c in scene.tick(float(second)) if c.target_kind == "standby_pump"]
    assert [c.command_id for c in again] == [first.command_id] * (MAX_TRIES - 1)
    assert scene.status("standby-pump") == "failed"


def test_silent_pump_is_unverified_and_a_pump_unit_is_sent_instead():
    scene = Scene(severity=0.16)
    pump = next(c for c in scene.tick(0) if c.target_kind == "standby_pump")
    scene.answer(pump, "accepted", 2)
    scene.answer(pump, "done", 30)
    scene.incident = replace(scene.incident, severity=0.24)
    scene.tick(300)
    assert scene.status("standby-pump") == "done"
    sent = scene.tick(901)
    assert scene.status("standby-pump") == "unverified"
    assert "pump-1" in targets(sent + scene.tick(906))
    assert any(r["type"] == "escalation" for r in scene.records)


def test_falling_water_verifies_the_pump():
    scene = Scene(severity=0.25)
    pump = next(c for c in scene.tick(0) if c.target_kind == "standby_pump")
    scene.answer(pump, "accepted", 2)
    scene.incident = replace(scene.incident, severity=0.21)
    scene.tick(60)
    assert scene.status("standby-pump") == "verified"


def test_done_barrier_that_did_not_move_is_not_verified():
    scene = Scene(severity=0.22)
    barrier = next(c for c in scene.tick(0) if c.target_kind == "barrier")
    scene.answer(barrier, "accepted", 2)
    scene.answer(barrier, "done", 10)
    scene.tick(60)
    assert scene.status("close-road") == "done"
    scene.tick(121)
    assert scene.status("close-road") == "unverified"


def test_refusing_unit_is_replaced_by_the_next_nearest():
    scene = Scene(severity=0.22)
    police = next(c for c in scene.tick(0) if c.target_id == "near")
    scene.answer(police, "refused", 1, "busy")
    assert "far" in targets(scene.tick(5))


def test_unit_that_does_not_arrive_in_time_is_joined_by_another():
    scene = Scene(severity=0.22)
    police = next(c for c in scene.tick(0) if c.target_id == "near")
    scene.answer(police, "accepted", 1)
    assert "far" not in targets(scene.tick(300))
    late = scene.tick(460) + scene.tick(465)
    assert "far" in targets(late)
    assert any("not on scene in time" in r.get("why", "") for r in scene.records)


def test_trapped_people_bring_an_ambulance_at_once():
    scene = Scene(severity=0.12, state="suspected")
    scene.trapped = {"underpass-01": 2}
    assert "ambulance-1" in targets(scene.tick(0))


def test_control_opens_the_road_but_keeps_the_pump_until_closing():
    scene = Scene(severity=0.22)
    for command in scene.tick(0):
        scene.answer(command, "accepted", 1)
    scene.incident = replace(
        scene.incident,
        severity=0.02,
        state="controlled",
        reached=(*scene.incident.reached, ("controlled", at(600))),
    )
    released = targets(scene.tick(600))
    assert released["barrier-underpass-01"] == "open"
    assert released["near"] == "stand_down"
    assert "standby_pump-underpass-01" not in released
    belief = Belief(
        now=at(1300),
        actuators=scene.actuators,
        units=scene.units,
        travel=scene.travel,
        trapped={},
        gear=scene.gear,
    )
    scene.conductor.release(scene.incident, belief, closing=True)
    assert targets(scene.book.outbox) == {"standby_pump-underpass-01": "stop"}
    scene.conductor.release(scene.incident, belief, closing=True)
    assert len(scene.book.outbox) == 1


def test_late_and_repeated_answers_never_set_an_order_back():
    scene = Scene(severity=0.22)
    barrier = next(c for c in scene.tick(0) if c.target_kind == "barrier")
    for status in ("done", "accepted", "refused", "done"):
        scene.answer(barrier, status, 5)
    order = scene.book.runs["inc-000001"].find_order(barrier.command_id)
    assert order is not None
    assert order[1].status == "done"


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"stepz": []}, "stepz"),
        ({"version": "one"}, "version"),
        (
            {"steps": [{"id": "a", "title": "t", "department": "d", "when": [{"depth": 1}]}]},
            "depth",
        ),
        ({"steps": [{"id": "a", "title": "t", "department": "d", "when": []}]}, "actuate"),
    ],
)
def test_wrong_plan_is_refused_by_name(change, complaint):
    document = yaml.safe_load(PLAN_FILE.read_text())
    document.update(change)
    with pytest.raises(InputError, match=complaint):
        read_plan(document, "plan.yaml")


def step_with(**parts: object) -> dict[str, object]:
    return {"steps": [{"id": "a", "title": "t", "department": "d", "when": [], **parts}]}


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (
            step_with(
                actuate={"kind": "gate", "action": "open", "undo": "close"},
                verify={"fact": "arrived", "within_s": 60},
            ),
            "arrived",
        ),
        (
            step_with(send={"skill": "tow"}, verify={"fact": "position", "within_s": 60}),
            "position",
        ),
        (step_with(send={"skill": "tow", "count": {"V": 2}}), "count"),
        (step_with(send={"skill": "tow", "cuont": 2}), "cuont"),
        (step_with(send={"skill": "tow"}, when=[{"level": "V"}]), "level"),
        ({"source": None}, "source"),
    ],
)
def test_plan_that_asks_what_cannot_be_is_refused_by_name(change, complaint):
    document = yaml.safe_load(PLAN_FILE.read_text())
    document.update(change)
    with pytest.raises(InputError, match=complaint):
        read_plan(document, "plan.yaml")


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (2, [2, 2, 2, 2]),
        ({"IV": 1, "II": 3}, [1, 1, 3, 3]),
        ({"III": 2}, [0, 2, 2, 2]),
        ({}, [0, 0, 0, 0]),
    ],
)
def test_units_by_level_are_those_of_the_highest_level_reached(count, expected):
    send = Send(skill="suppress", count=count)
    assert [send.count_at(level) for level in LEVELS] == expected


def test_expected_arrivals_follow_measured_speeds_and_closures():
    travel = TravelTimes(town())
    free = travel.to_place("underpass-01")
    assert free[2] == pytest.approx(0.0, abs=0.01)
    assert free[0] == pytest.approx(100.0)
    speed = np.full(8, np.nan)
    speed[0] = 5.0
    travel.believe(lambda: (speed, frozenset()))
    assert travel.to_place("underpass-01")[0] == pytest.approx(200.0)
    travel.believe(lambda: (np.full(8, np.nan), frozenset({1})))
    assert travel.to_place("underpass-01")[1] == np.inf

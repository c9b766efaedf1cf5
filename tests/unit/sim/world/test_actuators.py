from __future__ import annotations

import pytest

from sim.messages.field import ActuatorStatus
from sim.world.actuator_kinds import ACTUATOR_KINDS
from sim.world.city.model import PLACE_KINDS

PUMP = ("pump-underpass-01", "standby_pump")
BARRIER = ("barrier-underpass-01", "barrier")
SIGN = ("sign-underpass-01", "message_sign")


def positions(town, actuator_id: str) -> list[str]:
    return [r.position for r in town.actuator_reports if r.actuator_id == actuator_id]


def test_every_underpass_is_born_with_pump_barrier_and_sign_at_rest(town) -> None:
    town.actuators.publish_all()
    assert [(r.actuator_id, r.domain, r.position) for r in town.actuator_reports[:3]] == [
        ("pump-underpass-01", "municipal", "off"),
        ("barrier-underpass-01", "traffic", "open"),
        ("sign-underpass-01", "traffic", "blank"),
    ]
    assert len(town.actuator_reports) == len(town.actuators)
    low = [r for r in town.actuator_reports if r.place_id.startswith("underpass-")]
    assert len(low) == 6
    assert town.actuator_reports[0].actions == ("start", "stop")


def test_pump_starts_after_downlink_and_soft_start(town) -> None:
    town.order(*PUMP, "start", order_id="a")
    town.run(30.9)
    assert town.answers("a") == [("accepted", "")]
    assert not town.water.standby_on.any()
    town.run(2.2)
    accepted, done = town.acks
    assert (accepted.status, done.status) == ("accepted", "done")
    assert 1 <= town.t_s(accepted.ts_event) <= 3
    assert done.ts_event - accepted.ts_event == 30_000_000_000
    assert town.water.standby_on.tolist() == [True, False]
    assert positions(town, PUMP[0]) == ["on"]
    assert town.actuator_reports[-1].cause == "a"
    assert town.records[-1]["type"] == "actuator"
    assert (town.records[-1]["position"], town.records[-1]["cause"]) == ("on", "a")


def test_barrier_closes_both_directions_and_opens_them_again(town) -> None:
    links = town.city.basemap.places[0].links
    town.order(*BARRIER, "close", order_id="a")
    town.run(15)
    assert [town.traffic.closed_by(link) for link in links] == [[BARRIER[0]]] * 2
    town.order(*BARRIER, "open", order_id="b")
    town.run(15)
    assert [town.traffic.closed_by(link) for link in links] == [[], []]
    assert positions(town, BARRIER[0]) == ["closed", "open"]


def test_sign_warns_while_it_shows_a_text(town) -> None:
    town.order(*SIGN, "show", order_id="a", text="积水 禁止通行 FLOOD")
    town.run(10)
    assert town.traffic.warned == set(town.city.basemap.places[0].links)
    town.order(*SIGN, "clear", order_id="b")
    town.run(10)
    assert town.traffic.warned == set()
    assert positions(town, SIGN[0]) == ["积水 禁止通行 FLOOD", "blank"]


def test_copies_of_a_command_act_once_and_are_each_answered(town) -> None:
    command = town.order(*PUMP, "start", order_id="a")
    town.bus.publish(command)
    town.run(60)
    town.bus.publish(command)
    town.run(60)
    assert positions(town, PUMP[0]) == ["on"]
    assert [status for status, _ in town.answers("a")].count("done") == 2
    assert town.answers("a")[0] == ("accepted", "")


def test_command_for_where_it_already_stands_is_done_at_once(town) -> None:
    town.order(*BARRIER, "open", order_id="a")
    town.run(4)
    assert town.answers("a") == [("accepted", ""), ("done", "already so")]
    assert town.actuator_reports == []


@pytest.mark.parametrize(
    ("target", "kind", "action", "args", "reason"),
    [
        (*PUMP, "explode", {}, "unknown action explode, expected start, stop"),
        ("pump-nowhere", "standby_pump", "start", {}, "unknown target pump-nowhere"),
        (BARRIER[0], "standby_pump", "start", {}, f"unknown target {BARRIER[0]}"),
        (*SIGN, "show", {}, "show needs a text of 1 to 64 characters"),
        (*SIGN, "show", {"text": ""}, "show needs a text of 1 to 64 characters"),
        (*SIGN, "show", {"text": 3}, "show needs a text of 1 to 64 characters"),
        (*SIGN, "show", {"text": "x" * 65}, "show needs a text of 1 to 64 characters"),
    ],
)
def test_command_that_makes_no_sense_is_refused_with_the_reason(
    town, target: str, kind: str, action: str, args: dict[str, object], reason: str
) -> None:
    town.order(target, kind, action, order_id="a", **args)
    town.run(60)
    assert town.answers("a") == [("refused", reason)]
    assert town.actuator_reports == []


def test_expired_command_is_refused(town) -> None:
    town.order(*PUMP, "start", order_id="a", life_s=0.5)
    town.run(60)
    assert town.answers("a") == [("refused", "expired")]
    assert not town.water.standby_on.any()


def test_command_to_somebody_elses_equipment_is_left_alone(town) -> None:
    town.order("lamp-01", "street_lamp", "dim", order_id="a")
    town.run(60)
    assert town.acks == []


def test_later_command_supersedes_one_still_moving(town) -> None:
    town.order(*PUMP, "start", order_id="a")
    town.run(10)
    town.order(*PUMP, "stop", order_id="b")
    town.run(60)
    assert town.answers("a") == [("accepted", ""), ("failed", "superseded by b")]
    assert town.answers("b") == [("accepted", ""), ("done", "already so")]
    assert not town.water.standby_on.any()


def test_pump_out_of_order_says_fault_and_refuses_until_repaired(town) -> None:
    town.order(*PUMP, "start", order_id="a")
    town.run(10)
    town.actuators.fail(PUMP[0], "refuses")
    assert town.answers("a")[-1] == ("failed", "out of order")
    town.order(*PUMP, "start", order_id="b")
    town.run(60)
    assert town.answers("b") == [("refused", "out of order")]
    town.actuators.repair(PUMP[0])
    town.order(*PUMP, "start", order_id="c")
    town.run(60)
    assert positions(town, PUMP[0]) == ["fault", "off", "on"]
    assert town.water.standby_on[0]


def test_silently_failed_pump_reports_on_but_moves_no_water(town) -> None:
    town.actuators.fail(PUMP[0], "silent")
    town.order(*PUMP, "start", order_id="a")
    town.run(60)
    assert town.answers("a") == [("accepted", ""), ("done", "")]
    assert town.actuators.position_of(PUMP[0]) == "on"
    assert not town.water.standby_on[0]
    town.actuators.repair(PUMP[0])
    assert town.water.standby_on[0]


def test_failed_barrier_lets_traffic_through(town) -> None:
    links = town.city.basemap.places[0].links
    town.order(*BARRIER, "close", order_id="a")
    town.run(15)
    town.actuators.fail(BARRIER[0], "refuses")
    assert [town.traffic.closed_by(link) for link in links] == [[], []]


def test_every_kind_rests_somewhere_and_can_be_brought_back_there() -> None:
    assert len({kind.kind for kind in ACTUATOR_KINDS}) == len(ACTUATOR_KINDS)
    assert len({kind.prefix for kind in ACTUATOR_KINDS}) == len(ACTUATOR_KINDS)
    for kind in ACTUATOR_KINDS:
        assert set(kind.at) <= set(PLACE_KINDS)
        assert kind.at_rest in kind.positions.values()
        assert any(aim != kind.at_rest for aim in kind.positions.values())
        assert kind.travel_s > 0


def test_every_place_has_one_actuator_of_each_kind_for_it(town) -> None:
    expected = [
        f"{kind.prefix}-{place.place_id}"
        for place in town.city.basemap.places
        for kind in ACTUATOR_KINDS
        if place.kind in kind.at
    ]
    town.actuators.publish_all()
    assert [r.actuator_id for r in town.actuator_reports] == expected
    assert len(set(expected)) == len(expected)


def test_effect_is_told_when_gear_leaves_rest_and_when_it_is_back(town) -> None:
    told: list[tuple[str, bool]] = []
    town.actuators.serve("gas_valve", lambda place, by, works: told.append((by, works)))
    valve = next(
        f"gas-valve-{p.place_id}" for p in town.city.basemap.places if p.kind == "gas_chamber"
    )
    town.order(valve, "gas_valve", "close", order_id="a")
    town.run(60)
    town.order(valve, "gas_valve", "open", order_id="b")
    town.run(60)
    assert told == [(valve, True), (valve, False)]


def real(town, position, *, kind="barrier", actuator_id=BARRIER[0]):
    """Let the real actuator say where it stands."""
    town.bus.publish(
        ActuatorStatus(
            ts_event=town.engine.now(),
            cause="c",
            actuator_id=actuator_id,
            kind=kind,
            domain="traffic",
            district="haidian",
            place_id="underpass-01",
            lon=116.3,
            lat=39.9,
            position=position,
            actions=("close", "open"),
        )
    )


def test_the_world_follows_a_real_actuator_and_says_nothing_for_it(town) -> None:
    links = town.city.basemap.places[0].links
    town.actuators.replace(BARRIER[0])
    town.actuators.publish_all()
    assert not positions(town, BARRIER[0])
    town.order(*BARRIER, "close", order_id="a")
    town.run(30)
    assert not town.answers("a")
    assert [town.traffic.closed_by(link) for link in links] == [[], []]
    real(town, "closed")
    assert [town.traffic.closed_by(link) for link in links] == [[BARRIER[0]]] * 2
    assert town.records[-1]["position"] == "closed"
    real(town, "fault")
    assert [town.traffic.closed_by(link) for link in links] == [[], []]
    town.actuators.fail(BARRIER[0], "refuses")
    town.actuators.repair(BARRIER[0])
    assert town.actuators.position_of(BARRIER[0]) == "fault"
    real(town, "closed")
    assert [town.traffic.closed_by(link) for link in links] == [[BARRIER[0]]] * 2


def test_what_a_real_actuator_cannot_mean_is_left_alone_and_counted(town) -> None:
    town.actuators.replace(BARRIER[0])
    real(town, "sideways")
    real(town, "closed", kind="message_sign")
    assert town.actuators.unfit == 2
    assert town.actuators.position_of(BARRIER[0]) == "open"
    real(town, "closed", actuator_id="barrier-underpass-02")
    assert town.actuators.position_of("barrier-underpass-02") == "open"


def test_a_real_sign_may_show_any_text(town) -> None:
    town.actuators.replace(SIGN[0])
    real(town, "慢行", kind="message_sign", actuator_id=SIGN[0])
    assert town.actuators.position_of(SIGN[0]) == "慢行"
    real(town, "x" * 65, kind="message_sign", actuator_id=SIGN[0])
    assert town.actuators.unfit == 1

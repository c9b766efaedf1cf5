"""Whatever a centre orders, in whatever order, the field keeps its promises."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

UNITS = {
    "pump-unit-01": ("pump_unit", "pump"),
    "traffic-police-01": ("traffic_police", "close"),
    "ambulance-01": ("ambulance", "rescue"),
    "ambulance-02": ("ambulance", "rescue"),
}
FOLLOWS = {
    "idle": {"turnout"},
    "turnout": {"en_route", "returning"},
    "en_route": {"on_scene", "returning"},
    "on_scene": {"returning", "out_of_service"},
    "returning": {"idle", "en_route", "returning"},
    "out_of_service": {"idle"},
}

orders = st.lists(
    st.tuples(
        st.sampled_from(sorted(UNITS)),
        st.sampled_from(["respond", "respond", "stand_down"]),
        st.sampled_from(["underpass-01", "underpass-02"]),
        st.integers(0, 600),
        st.sampled_from([0.0, 0.2, 0.4, 0.7]),
    ),
    max_size=12,
)


@settings(max_examples=40, deadline=None)
@given(orders=orders)
def test_units_answer_every_order_once_and_end_up_home(town_class, orders) -> None:
    town = town_class()
    for number, (unit, action, place, pause_s, depth_m) in enumerate(orders):
        kind, task = UNITS[unit]
        town.flood(0, depth_m)
        if depth_m >= 0.4:
            town.people.trapped[0] += 1
        town.order(unit, kind, action, order_id=f"o{number}", place=place, task=task)
        town.run(pause_s)
    town.flood(0, 0.0)
    town.people.trapped[:] = 0
    town.run(3600)

    for number in range(len(orders)):
        statuses = [status for status, _ in town.answers(f"o{number}")]
        assert statuses in (["refused"], ["accepted", "done"], ["accepted", "failed"])
    for unit in UNITS:
        states = ["idle", *(state for _, state in town.states(unit))]
        assert states[-1] == "idle"
        assert all(b in FOLLOWS[a] for a, b in pairwise(states)), states
    assert not any(town.traffic.holds.values())
    town.water.duty_ok[:] = False
    town.water.volume_m3[:] = 50.0
    town.water.step(5.0, town.water.volume_m3 * 0)
    assert town.water.volume_m3.tolist() == [50, 50]


moves = st.lists(
    st.tuples(
        st.sampled_from(["start", "stop", "fail", "silence", "repair", "copy"]),
        st.integers(0, 40),
    ),
    max_size=15,
)


@settings(max_examples=60, deadline=None)
@given(moves=moves)
def test_pump_answers_every_order_and_pumps_only_as_it_stands(town_class, moves) -> None:
    town = town_class()
    pump, last = "pump-underpass-01", None
    for number, (move, pause_s) in enumerate(moves):
        if move in ("start", "stop"):
            last = town.order(pump, "standby_pump", move, order_id=f"o{number}")
        elif move == "copy" and last is not None:
            town.bus.publish(last)
        elif move == "repair":
            town.actuators.repair(pump)
        elif move != "copy":
            town.actuators.fail(pump, "refuses" if move == "fail" else "silent")
        town.run(pause_s)
    town.run(60)
    for number, (move, _) in enumerate(moves):
        if move in ("start", "stop"):
            answers = [status for status, _ in town.answers(f"o{number}")]
            assert answers[-1] in ("refused", "done", "failed")
            assert len(set(answers) - {"accepted"}) == 1
    town.actuators.repair(pump)
    position = town.actuators.position_of(pump)
    assert position in ("on", "off")
    assert town.water.standby_on.tolist() == [position == "on", False]


def test_unknown_targets_do_not_pile_up_in_memory(town) -> None:
    for number in range(300):
        town.order(f"pump-{number}", "standby_pump", "start", order_id=f"o{number}")
    town.run(10)
    assert [a.status for a in town.acks] == ["refused"] * 300

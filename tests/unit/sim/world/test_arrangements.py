"""What others arrange for units on the road: hospitals that take patients, green lights."""

from __future__ import annotations

import numpy as np
import pytest

from sim.world.priority import Priority

PUMP = ("pump-unit-01", "pump_unit")
AMBULANCE = ("ambulance-01", "ambulance")
BLOCK_S = 50.0


def respond(town, unit: tuple[str, str], task: str, order_id: str = "a", **other: object) -> None:
    args = {"place": "underpass-01", "task": task, "incident": "inc-1", **other}
    town.order(*unit, "respond", order_id=order_id, **args)


def at(town, unit: tuple[str, str], state: str) -> float:
    """Return when a unit first entered `state`."""
    return next(t for t, s in town.states(unit[0]) if s == state)


def place_of(town, kind: str) -> int:
    return next(i for i, p in enumerate(town.city.basemap.places) if p.kind == kind)


def test_ambulance_with_patients_drives_to_a_hospital_and_hands_them_over(town) -> None:
    hospital = place_of(town, "hospital")
    delivered: list[tuple[float, int, int]] = []
    asked: list[tuple[int, int]] = []

    def hospital_of(task, node: int) -> int:
        asked.append((task.helped, node))
        return hospital

    def deliver(place: int, people: int) -> None:
        delivered.append((town.t_s(town.engine.now()), place, people))

    town.units.arrange(hospital_of=hospital_of, deliver=deliver)
    town.flood(0, 0.4)
    town.people.trapped[0] = 2
    respond(town, AMBULANCE, "rescue")
    left_s = town.run_until_state(AMBULANCE[0], "out_of_service")
    assert town.answers("a")[-1] == ("done", "")
    at_m = town.city.basemap.places[hospital]
    gaps_m = np.hypot(*(town.roads.node_xy_m - (at_m.x_m, at_m.y_m)).T)
    node_m = town.roads.node_xy_m[int(gaps_m.argmin())]
    (helped, start) = asked[0]
    drive_s = np.abs(node_m - town.roads.node_xy_m[start]).sum() / 500 * BLOCK_S
    free_s = town.run_until_state(AMBULANCE[0], "returning")
    assert helped == 2
    assert free_s == pytest.approx(left_s + drive_s + 600)
    assert delivered == [(pytest.approx(free_s), hospital, 2)]
    respond(town, AMBULANCE, "rescue", "b")
    town.run(5)
    assert town.answers("b") == [("accepted", "")]


def test_ambulance_that_no_hospital_takes_hands_over_as_one_without_hospitals(town) -> None:
    town.units.arrange(hospital_of=lambda task, node: None)
    town.flood(0, 0.4)
    town.people.trapped[0] = 1
    respond(town, AMBULANCE, "rescue")
    town.run_until_state(AMBULANCE[0], "idle")
    assert at(town, AMBULANCE, "idle") - at(town, AMBULANCE, "out_of_service") == 600


def link_of(town, a: int, b: int) -> int:
    roads = town.roads
    (found,) = np.flatnonzero((roads.start == a) & (roads.end == b)).tolist()
    return int(found)


class Lights:
    """Junctions that note who holds green for which link."""

    def __init__(self) -> None:
        self.held: dict[str, tuple[int, int]] = {}
        self.asked: list[tuple[str, int, int]] = []

    def preempt(self, node: int, link: int, by: str) -> None:
        self.held[by] = (node, link)
        self.asked.append((by, node, link))

    def release(self, node: int, by: str) -> None:
        self.held.pop(by, None)


@pytest.mark.parametrize("is_granted", [True, False])
def test_only_a_junction_that_grants_priority_lets_a_responder_through(town, is_granted) -> None:
    lights = Lights()
    place = town.city.basemap.places[place_of(town, "junction")]
    node = int(town.roads.end[place.links[0]])
    assert node == 1, "on the way from crossing 0 to crossing 7"
    priority = Priority(town.city.basemap, lights)
    town.actuators.serve("signal_priority", priority.grant)
    town.units.arrange(priority=priority)
    # Leave the pump unit no other way than by crossing 1.
    town.sunken.depth_m[link_of(town, 0, 5)] = 2.0
    if is_granted:
        town.order(f"signal-{place.place_id}", "signal_priority", "grant", order_id="g")
        town.run(20)
    respond(town, PUMP, "pump")
    town.run_until_state(PUMP[0], "on_scene")
    assert lights.asked == ([(PUMP[0], 1, link_of(town, 0, 1))] if is_granted else [])
    assert lights.held == {}


def test_priority_everywhere_asks_at_every_junction_and_gives_each_back(town) -> None:
    lights = Lights()
    town.units.arrange(priority=Priority(town.city.basemap, lights, everywhere=True))
    respond(town, PUMP, "pump")
    town.run_until_state(PUMP[0], "en_route")
    town.run(1)
    assert list(lights.held) == [PUMP[0]]
    town.run_until_state(PUMP[0], "on_scene")
    assert [by for by, _, _ in lights.asked] == [PUMP[0]] * 3
    assert lights.held == {}


def test_actuator_withdrawn_grants_no_more(town) -> None:
    lights = Lights()
    priority = Priority(town.city.basemap, lights)
    junction = place_of(town, "junction")
    link = town.city.basemap.places[junction].links[0]
    priority.grant(junction, "signal-1", True)
    priority.grant(junction, "signal-2", True)
    priority.grant(junction, "signal-1", False)
    priority.approach(link, "car")
    assert lights.held == {"car": (int(town.roads.end[link]), link)}
    priority.grant(junction, "signal-2", False)
    priority.pass_by(link, "car")
    priority.approach(link, "car")
    assert lights.held == {}

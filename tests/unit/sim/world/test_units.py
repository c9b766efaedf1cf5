from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

PUMP = ("pump-unit-01", "pump_unit")
POLICE = ("traffic-police-01", "traffic_police")
AMBULANCE = ("ambulance-01", "ambulance")
BLOCK_S = 50.0


def respond(town, unit: tuple[str, str], task: str, order_id: str = "a", **other: object) -> None:
    args = {"place": "underpass-01", "task": task, "incident": "inc-1", **other}
    town.order(*unit, "respond", order_id=order_id, **args)


def at(town, unit: tuple[str, str], state: str) -> float:
    """Return when a unit first entered `state`."""
    return next(t for t, s in town.states(unit[0]) if s == state)


def test_units_are_born_idle_at_their_stations(town) -> None:
    town.units.publish_all()
    born = [(r.unit_id, r.kind, r.state, r.station_id, r.skills) for r in town.unit_reports]
    assert born == [
        ("pump-unit-01", "pump_unit", "idle", "station-pump-unit", ("pump",)),
        (
            "traffic-police-01",
            "traffic_police",
            "idle",
            "station-traffic-police",
            ("clear", "close"),
        ),
        ("ambulance-01", "ambulance", "idle", "station-ambulance", ("rescue", "treat")),
        ("ambulance-02", "ambulance", "idle", "station-ambulance", ("rescue", "treat")),
    ]
    assert len(town.units) == 4
    assert (town.unit_reports[0].lon, town.unit_reports[0].lat) == (116.4, 39.9)


def test_pump_unit_turns_out_drives_pumps_and_returns_by_the_timetable(town) -> None:
    town.flood(0, 0.35)
    respond(town, PUMP, "pump")
    rigged_s = town.run_until_state(PUMP[0], "on_scene") + 120
    (accepted,) = town.acks
    assert accepted.status == "accepted"
    turnout_s = at(town, PUMP, "en_route") - at(town, PUMP, "turnout")
    assert at(town, PUMP, "turnout") == town.t_s(accepted.ts_event)
    assert 60 < turnout_s < 240
    # From crossing 0 to crossing 7, before the water: two blocks east, one north.
    assert at(town, PUMP, "on_scene") - at(town, PUMP, "en_route") == pytest.approx(3 * BLOCK_S)

    town.run_to(rigged_s - 1)
    town.water.duty_ok[:] = False
    town.water.volume_m3[:] = 100.0
    town.water.step(5.0, np.zeros(2))
    assert town.water.volume_m3.tolist() == [100, 100]
    town.run(2)
    town.water.step(5.0, np.zeros(2))
    assert town.water.volume_m3.tolist() == [100 - 5 * 0.25, 100]

    town.flood(0, 0.02)
    town.run(310)
    assert town.answers("a") == [("accepted", ""), ("done", "")]
    town.run(3 * BLOCK_S)
    assert town.states(PUMP[0])[-1][1] == "idle"
    back_s = at(town, PUMP, "idle") - at(town, PUMP, "returning")
    assert back_s == pytest.approx(3 * BLOCK_S)
    town.water.step(5.0, np.zeros(2))
    assert town.water.volume_m3.tolist() == [100 - 5 * 0.25, 100]


def test_a_moving_unit_reports_its_place_on_the_street_every_15_s(town) -> None:
    respond(town, PUMP, "pump")
    town.run(500)
    moving = [r for r in town.unit_reports if r.state == "en_route"]
    times = [town.t_s(r.ts_event) for r in moving]
    assert len(moving) == 10
    assert [b - a for a, b in pairwise(times)] == pytest.approx([15.0] * 9)
    to_xy = town.city.basemap.projection.point_to_xy
    xy = np.array([to_xy(r.lon, r.lat) for r in moving])
    assert np.abs(np.diff(xy, axis=0)).sum(axis=1) == pytest.approx([150.0] * 9, abs=0.1)
    assert all(r.order_id == r.cause == "a" for r in moving)


def test_crew_reports_what_it_sees_each_minute_on_scene(town) -> None:
    town.flood(0, 0.346)
    respond(town, POLICE, "close")
    town.run(600)
    seen = [r for r in town.unit_reports if r.observed]
    assert dict(seen[0].observed) == {"depth_m": 0.35, "trapped": 0}
    assert [b.ts_event - a.ts_event for a, b in pairwise(seen)] == [60e9] * (len(seen) - 1)
    assert len(seen) >= 3


def test_police_hold_both_directions_closed_until_the_water_has_gone(town) -> None:
    links = town.city.basemap.places[0].links
    town.flood(0, 0.2)
    respond(town, POLICE, "close")
    town.run(400)
    assert [town.traffic.closed_by(link) for link in links] == [[POLICE[0]]] * 2
    town.flood(0, 0.05)
    town.run(590)
    assert town.traffic.closed_by(links[0]) == [POLICE[0]]
    town.run(25)
    assert [town.traffic.closed_by(link) for link in links] == [[], []]
    assert town.answers("a")[-1] == ("done", "")


def test_ambulance_brings_people_out_one_by_one_and_is_gone_until_handed_over(town) -> None:
    town.flood(0, 0.4)
    town.people.trapped[0] = 3
    respond(town, AMBULANCE, "rescue")
    arrived_s = town.run_until_state(AMBULANCE[0], "on_scene")
    town.run_to(arrived_s + 30 + 3 * 90 + 1)
    assert town.people.trapped[0] == 0
    rescues = [r["t_s"] for r in town.records if r["type"] == "rescued"]
    assert rescues == pytest.approx([arrived_s + 30 + 90 * k for k in (1, 2, 3)])
    assert town.answers("a")[-1] == ("done", "")
    respond(town, AMBULANCE, "rescue", "b")
    town.run(5)
    assert town.answers("b") == [("refused", "out of service")]
    town.run(600)
    states = [state for _, state in town.states(AMBULANCE[0])]
    assert states == ["turnout", "en_route", "on_scene", "out_of_service", "idle"]
    assert at(town, AMBULANCE, "idle") - at(town, AMBULANCE, "out_of_service") == 600


def test_ambulance_without_patients_is_free_as_soon_as_it_is_home(town) -> None:
    respond(town, AMBULANCE, "rescue")
    town.run(900)
    states = [state for _, state in town.states(AMBULANCE[0])]
    assert states == ["turnout", "en_route", "on_scene", "returning", "idle"]


@pytest.mark.parametrize(
    ("args", "reason"),
    [
        ({"place": "underpass-99"}, "unknown place underpass-99"),
        ({"place": None}, "unknown place None"),
        ({"task": "rescue"}, "not skilled for rescue, only for pump"),
        ({"task": None}, "not skilled for None, only for pump"),
    ],
)
def test_order_that_a_unit_cannot_follow_is_refused(
    town, args: dict[str, object], reason: str
) -> None:
    respond(town, PUMP, **{"task": "pump", **args})
    town.run(10)
    assert town.answers("a") == [("refused", reason)]
    assert town.states(PUMP[0]) == []


def test_unknown_unit_unknown_action_and_idle_stand_down_are_refused(town) -> None:
    town.order("pump-unit-77", "pump_unit", "respond", order_id="a")
    town.order(*PUMP, "sing", order_id="b")
    town.order(*PUMP, "stand_down", order_id="c")
    town.run(10)
    assert town.answers("a") == [("refused", "unknown target pump-unit-77")]
    assert town.answers("b") == [("refused", "unknown action sing, expected respond, stand_down")]
    assert town.answers("c") == [("refused", "not on a job")]


def test_busy_unit_refuses_a_second_job(town) -> None:
    respond(town, PUMP, "pump")
    town.run(10)
    respond(town, PUMP, "pump", "b", place="underpass-02")
    town.run(10)
    assert town.answers("b") == [("refused", "busy")]


def test_copy_of_an_order_starts_no_second_job(town) -> None:
    respond(town, AMBULANCE, "rescue")
    respond(town, AMBULANCE, "rescue")
    town.run(1200)
    assert [s for _, s in town.states(AMBULANCE[0])].count("turnout") == 1
    assert ("refused", "busy") not in town.answers("a")


def test_expired_order_is_refused(town) -> None:
    town.order(*PUMP, "respond", order_id="a", life_s=0.9, place="underpass-01", task="pump")
    town.run(10)
    assert town.answers("a") == [("refused", "expired")]


@pytest.mark.parametrize("after_s", [20.0, 260.0, 500.0])
def test_unit_stood_down_at_any_time_goes_home(town, after_s: float) -> None:
    town.flood(0, 0.35)
    respond(town, PUMP, "pump")
    town.run(after_s)
    town.order(*PUMP, "stand_down", order_id="b", incident="inc-1")
    town.run(3 + BLOCK_S + 5)
    assert town.answers("b") == [("accepted", ""), ("done", "")]
    assert town.answers("a") == [("accepted", ""), ("done", "stood down")]
    town.run(4 * BLOCK_S)
    assert town.states(PUMP[0])[-1][1] == "idle"
    town.water.volume_m3[:] = 100.0
    town.water.duty_ok[:] = False
    town.water.step(5.0, np.zeros(2))
    assert town.water.volume_m3.tolist() == [100, 100]


def test_stand_down_for_another_incident_is_refused(town) -> None:
    respond(town, PUMP, "pump")
    town.run(10)
    town.order(*PUMP, "stand_down", order_id="b", incident="inc-2")
    town.run(10)
    assert town.answers("b") == [("refused", "not on inc-2")]


def test_returning_unit_takes_a_new_order_at_the_next_crossing(town) -> None:
    respond(town, AMBULANCE, "rescue")
    returning_s = town.run_until_state(AMBULANCE[0], "returning")
    town.run(20)
    respond(town, AMBULANCE, "rescue", "b", place="underpass-02")
    town.run(400)
    states = [s for t, s in town.states(AMBULANCE[0]) if t >= returning_s]
    assert states == ["returning", "en_route", "on_scene", "returning", "idle"]
    assert town.answers("b") == [("accepted", ""), ("done", "")]


def test_responder_goes_round_deep_water_and_enters_closed_roads(town) -> None:
    # The ambulance's way from crossing 10 to 7 is cut by water, and at 5-6 by a barrier.
    roads = town.roads
    between = {
        (int(a), int(b)): i for i, (a, b) in enumerate(zip(roads.start, roads.end, strict=True))
    }
    for a, b in ((10, 11), (6, 7), (5, 0)):
        town.sunken.depth_m[between[a, b]] = 0.35
    town.traffic.close(between[5, 6], "barrier-underpass-02")
    respond(town, AMBULANCE, "rescue")
    town.run(600)
    drive_s = at(town, AMBULANCE, "on_scene") - at(town, AMBULANCE, "en_route")
    # 10-5, 5-6 at half speed, 6-1, 1-2, 2-7.
    assert drive_s == pytest.approx(6 * BLOCK_S)


def test_queues_slow_a_responder_to_half_speed_at_most(town) -> None:
    town.traffic.link_time_s[:] = 10_000.0
    respond(town, PUMP, "pump")
    town.run(800)
    drive_s = at(town, PUMP, "on_scene") - at(town, PUMP, "en_route")
    assert drive_s == pytest.approx(3 * 2 * BLOCK_S)


def test_unit_replans_when_the_street_ahead_floods(town) -> None:
    respond(town, POLICE, "close")
    town.run_until_state(POLICE[0], "en_route")
    ahead = [
        i for i in range(len(town.roads)) if town.roads.end[i] == 8 and town.roads.start[i] != 13
    ]
    town.sunken.depth_m[ahead] = 0.5
    town.run(600)
    drive_s = at(town, POLICE, "on_scene") - at(town, POLICE, "en_route")
    assert drive_s == pytest.approx(4 * BLOCK_S)


def test_unit_cut_off_for_five_minutes_fails_and_goes_home(town) -> None:
    into = [i for i in range(len(town.roads)) if town.roads.end[i] in (7, 8)]
    town.sunken.depth_m[into] = 0.5
    respond(town, AMBULANCE, "rescue")
    town.run(700)
    assert town.answers("a") == [("accepted", ""), ("failed", "cut off from the place")]
    assert town.states(AMBULANCE[0])[-1][1] == "idle"


def test_pump_truck_wades_where_a_car_cannot(town) -> None:
    town.sunken.depth_m[:] = 0.45
    respond(town, PUMP, "pump")
    respond(town, POLICE, "close", "b")
    town.run(800)
    assert at(town, PUMP, "on_scene") > 0
    assert town.answers("b")[-1] == ("failed", "cut off from the place")


def test_turnout_depends_on_seed_unit_and_job_only(town) -> None:
    other = type(town)(seed=7)
    another = type(town)(seed=8)
    respond(other, POLICE, "close", "z")
    for each in (town, other, another):
        respond(each, PUMP, "pump")
        each.run(400)
    turnout = [at(each, PUMP, "en_route") for each in (town, other, another)]
    assert turnout[0] == turnout[1] != turnout[2]


def place_of(town, kind: str) -> int:
    return next(i for i, p in enumerate(town.city.basemap.places) if p.kind == kind)


def test_crew_that_leaves_reports_the_last_it_saw_where_that_has_changed(town) -> None:
    town.flood(0, 0.4)
    town.people.trapped[0] = 2
    respond(town, AMBULANCE, "rescue")
    arrived_s = town.run_until_state(AMBULANCE[0], "on_scene")
    town.run_to(arrived_s + 30 + 2 * 90 + 6)
    seen = [r for r in town.unit_reports if r.observed]
    assert [r.observed["trapped"] for r in seen] == [2, 2, 1, 1, 0]
    assert [round(town.t_s(r.ts_event) - arrived_s) for r in seen] == [0, 60, 120, 180, 210]
    assert town.states(AMBULANCE[0])[-1][1] == "out_of_service"


def test_crew_where_nothing_is_to_be_seen_says_so_once_a_minute(town) -> None:
    town.units._scene.look = lambda place: {}
    community = town.city.basemap.places[place_of(town, "community")]
    assert community.links == ()
    respond(town, POLICE, "clear", place=community.place_id)
    town.run(900)
    seen = [r for r in town.unit_reports if r.observed]
    assert [dict(r.observed) for r in seen] == [{"trapped": 0}]
    assert town.answers("a")[-1] == ("done", "")

"""Who is sent: the quickest by road, of those worth a look, each to one need only."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops_center.core.response import dispatch
from ops_center.core.response.dispatch import LOOKED_AT, Need, choose
from ops_center.core.response.gear import Gear
from ops_center.core.response.travel import TravelTimes
from sim.messages.field import ActuatorStatus, UnitStatus
from support.field_double import furnished_town
from support.town import START, unit

BASEMAP = furnished_town()


def need(place: str, skill: str = "treat", urgency: int = 0, **more: object) -> Need:
    return Need(
        incident_id="inc-000001",
        step_id="a",
        place_id=place,
        skill=skill,
        urgency=urgency,
        **more,  # type: ignore[arg-type]
    )


def fleet(units: list[UnitStatus]) -> dict[str, UnitStatus]:
    return {one.unit_id: one for one in units}


def chosen(needs: list[Need], units: list[UnitStatus], busy: frozenset[str] = frozenset()):
    found = choose(needs, fleet(units), busy, TravelTimes(BASEMAP))
    return {(c.need.place_id, c.unit_id) for c in found}


def test_place_off_the_road_is_reached_by_the_nearest_junction():
    travel = TravelTimes(BASEMAP)
    community = BASEMAP.get_place("community-01")
    assert community.links == ()
    assert (community.x_m, community.y_m) == (500.0, 0.0)
    assert travel.to_place("community-01")[1] == 0.0
    assert travel.to_place("community-01")[0] == pytest.approx(50.0)


def test_kind_is_heeded_beside_the_skill():
    units = [unit("car", "rescue", 1), unit("boat", "rescue", 4, kind="rescue_boat")]
    assert chosen([need("community-01", "rescue")], units) == {("community-01", "car")}
    assert chosen([need("community-01", "rescue", kind="rescue_boat")], units) == {
        ("community-01", "boat")
    }


def test_graver_incident_is_served_first_when_units_are_short():
    units = [unit("only", "treat", 1)]
    needs = [need("community-01"), need("hospital-01", urgency=3)]
    assert chosen(needs, units) == {("hospital-01", "only")}


def test_of_a_great_fleet_only_the_nearest_are_looked_at_and_the_quickest_is_among_them(
    monkeypatch,
):
    looked = []

    def spy(needs, units, travel):
        looked.append(len(units))
        return original(needs, units, travel)

    original = dispatch._expected_s
    monkeypatch.setattr(dispatch, "_expected_s", spy)
    units = [unit(f"a-{n:04d}", "treat", n % 5) for n in range(3000)]
    units += [unit(f"b-{n:04d}", "tow", n % 5) for n in range(3000)]
    (choice,) = choose([need("community-01")], fleet(units), frozenset(), TravelTimes(BASEMAP))
    assert looked == [LOOKED_AT + 1]
    assert int(choice.unit_id.removeprefix("a-")) % 5 == 1
    assert choice.expected_s == pytest.approx(dispatch.TURNOUT_S)


def test_a_hundred_needs_at_once_are_all_served_by_different_units():
    units = [unit(f"a-{n:04d}", "treat", n % 5) for n in range(500)]
    found = choose([need("community-01")] * 100, fleet(units), frozenset(), TravelTimes(BASEMAP))
    assert len({c.unit_id for c in found}) == 100


@given(
    units=st.lists(
        st.tuples(st.sampled_from(["treat", "tow"]), st.integers(0, 4), st.booleans()),
        max_size=60,
    ),
    needs=st.lists(
        st.tuples(
            st.sampled_from(["treat", "tow"]),
            st.sampled_from([p.place_id for p in BASEMAP.places]),
            st.integers(0, 3),
        ),
        max_size=12,
    ),
)
def test_no_unit_serves_two_needs_and_none_is_left_idle_that_is_wanted(units, needs):
    cars = [unit(f"u-{n:03d}", skill, node) for n, (skill, node, _) in enumerate(units)]
    busy = frozenset(f"u-{n:03d}" for n, (_, _, is_busy) in enumerate(units) if is_busy)
    wanted = [need(place, skill, urgency) for skill, place, urgency in needs]
    found = choose(wanted, fleet(cars), busy, TravelTimes(BASEMAP))
    assert len({c.unit_id for c in found}) == len(found)
    assert not busy & {c.unit_id for c in found}
    for skill in ("treat", "tow"):
        free = sum(car.skills == (skill,) and car.unit_id not in busy for car in cars)
        asked = sum(one.skill == skill for one in wanted)
        served = sum(c.need.skill == skill for c in found)
        assert served == min(free, asked)


def sign(number: int, place_id: str) -> ActuatorStatus:
    return ActuatorStatus(
        ts_event=START,
        actuator_id=f"sign-{number}",
        kind="message_sign",
        domain="traffic",
        district="east",
        place_id=place_id,
        lon=116.4,
        lat=39.9,
        position="blank",
        actions=("clear", "show"),
    )


def near(gear: Gear, here: str, of: str, count: int = 9, within_m: float = 3000.0) -> list[str]:
    place = next(p.place_id for p in BASEMAP.places if p.kind == here)
    return gear.near("message_sign", place, of=of, count=count, within_m=within_m)


def test_gear_near_is_the_nearest_of_its_kind_of_place_within_reach():
    places = {p.kind: p.place_id for p in BASEMAP.places}
    gear = Gear(BASEMAP)
    assert near(gear, "bridge", "junction") == []
    for one in (
        sign(1, places["underpass"]),
        sign(2, places["junction"]),
        sign(3, "elsewhere"),
        sign(4, places["junction"]),
        sign(2, places["junction"]),
    ):
        gear.put(one)
    assert gear.at("message_sign", places["bridge"]) == []
    assert gear.at("message_sign", places["junction"]) == ["sign-2", "sign-4"]
    assert gear.at("message_sign", "elsewhere") == ["sign-3"]
    assert gear.at("barrier", places["junction"]) == []
    assert near(gear, "bridge", "junction") == ["sign-2", "sign-4"]
    assert near(gear, "bridge", "junction", count=1) == ["sign-2"]
    assert near(gear, "bridge", "junction", within_m=99.0) == []
    # The places stand 100 m apart.
    assert near(gear, "bridge", "junction", within_m=100.0) == ["sign-2", "sign-4"]
    assert near(gear, "underpass", "underpass", within_m=0.0) == ["sign-1"]
    # What comes later is found too.
    gear.put(sign(0, places["junction"]))
    assert near(gear, "bridge", "junction") == ["sign-0", "sign-2", "sign-4"]

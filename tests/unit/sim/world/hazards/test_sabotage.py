from __future__ import annotations

from typing import Any

import pytest

from sim.kernel.errors import InputError
from sim.world.crew import Task
from sim.world.hazards.cyber import ISOLATE_S, CyberAttack, CyberAttacks
from sim.world.hazards.sabotage import FIND_S, RESTORE_S, Sabotage, SabotageOrder
from support.care import AtWork


class Hands:
    """Write down what is done to devices and on the wire."""

    kinds = ("road_water_gauge", "crowd_camera")

    def __init__(self) -> None:
        self.deeds: list[tuple[Any, ...]] = []
        self.has_gateway = True

    def nearest(self, xy_m, count, kind=None):
        return tuple(f"{kind}-{i}" for i in range(count))

    def gateway_near(self, xy_m):
        return "gateway-1" if self.has_gateway else None

    def tamper(self, device_ids):
        self.deeds.append(("tamper", device_ids))

    def cover(self, device_ids):
        self.deeds.append(("cover", device_ids))

    def bias(self, device_ids, per_h):
        self.deeds.append(("bias", device_ids, per_h))
        return 0.3

    def restore(self, device_ids):
        self.deeds.append(("restore", device_ids))

    def silence(self, gateway_id):
        self.deeds.append(("silence", gateway_id))
        return 40

    def unsilence(self, gateway_id):
        self.deeds.append(("unsilence", gateway_id))

    def _speak(self, way, kind, device_ids, per_s):
        self.deeds.append((way, kind, device_ids, per_s))
        return 17

    def forge(self, *args):
        return self._speak("forge", *args)

    def replay(self, *args):
        return self._speak("replay", *args)

    def flood(self, *args):
        return self._speak("flood", *args)

    def hijack(self, *args):
        return self._speak("hijack", *args)

    def stop(self, number):
        self.deeds.append(("stop", number))


@pytest.fixture
def sabotage(town):
    made = Sabotage(town.stage)
    made.devices = Hands()
    return made


@pytest.fixture
def cyber(town):
    made = CyberAttacks(town.stage)
    made.devices = made.wire = Hands()
    return made


def place_of(town, kind: str) -> tuple[int, str]:
    place = town.stage.places(kind)[0]
    return place, town.city.basemap.places[place].place_id


def of_type(town, what: str) -> list[dict[str, Any]]:
    return [r for r in town.records if r["type"] == what]


@pytest.mark.parametrize("act", ["tamper", "cover"])
def test_devices_stay_broken_until_the_network_team_has_put_them_up(town, sabotage, act) -> None:
    place, place_id = place_of(town, "junction")
    sabotage.plan("night", SabotageOrder(at_s=60, place=place_id, act=act, devices=6))
    town.run(61)
    ids = tuple(f"None-{i}" for i in range(6))
    assert sabotage.devices.deeds == [(act, ids)]
    (onset,) = of_type(town, "hazard_onset")
    assert (onset["severity"], onset["act"], onset["cause"]) == (6.0, act, "night")
    assert [r["level"] for r in of_type(town, "hazard_level")] == ["IV", "III"]
    police = AtWork(sabotage.works["cordon"], Task(name="cordon", place=place)).begin()
    assert police.tick(1e6), "police put up nothing"
    team = AtWork(sabotage.works["isolate"], Task(name="isolate", place=place)).begin()
    assert not team.tick(RESTORE_S - 1)
    assert team.tick(1)
    assert sabotage.devices.deeds[1:] == [("restore", ids)]
    assert of_type(town, "hazard_end")[0]["by"] == "isolate"


@pytest.mark.parametrize("task", ["isolate", "cordon"])
def test_a_jammer_is_found_by_the_network_team_or_by_police(town, sabotage, task) -> None:
    place, place_id = place_of(town, "base_station")
    sabotage.plan("jam", SabotageOrder(at_s=60, place=place_id, act="jam"))
    town.run(61)
    assert sabotage.devices.deeds == [("silence", "gateway-1")]
    assert town.stage.events.at(place) == {"sabotage": 40.0}
    crew = AtWork(sabotage.works[task], Task(name=task, place=place)).begin()
    assert crew.tick(FIND_S)
    assert sabotage.devices.deeds[1:] == [("unsilence", "gateway-1")]
    assert town.stage.events.at(place) == {"sabotage": 0.0}


def test_a_jammer_may_give_up_and_is_not_ended_twice(town, sabotage) -> None:
    _, place_id = place_of(town, "base_station")
    sabotage.plan("jam", SabotageOrder(at_s=0, place=place_id, act="jam", lasts_s=120))
    town.run(200)
    assert [deed[0] for deed in sabotage.devices.deeds] == ["silence", "unsilence"]
    (end,) = of_type(town, "hazard_end")
    assert (end["by"], end["duration_s"]) == ("itself", 120)


def test_some_deeds_are_seen_and_jammers_never(town_class) -> None:
    calls = {"tamper": 0, "jam": 0}
    for act in calls:
        for seed in range(40):
            town = town_class(seed)
            family = Sabotage(town.stage)
            family.devices = Hands()
            _, place_id = place_of(town, "junction")
            family.plan("x", SabotageOrder(at_s=0, place=place_id, act=act))
            town.run(300)
            calls[act] += len(town.calls)
    assert calls["jam"] == 0
    assert 1 <= calls["tamper"] <= 20


def test_devices_that_a_city_has_not_cannot_be_hit(town, sabotage) -> None:
    _, place_id = place_of(town, "junction")
    sabotage.plan("x", SabotageOrder(at_s=0, place=place_id, sensor="telescope"))
    with pytest.raises(InputError, match=r"hazards\.x\.sensor.*telescope.*road_water_gauge"):
        town.run(5)


def test_a_city_without_gateways_cannot_be_jammed(town, sabotage) -> None:
    sabotage.devices.has_gateway = False
    _, place_id = place_of(town, "junction")
    sabotage.plan("x", SabotageOrder(at_s=0, place=place_id, act="jam"))
    with pytest.raises(InputError, match="a city with gateways"):
        town.run(5)


def test_sabotage_happens_where_devices_are_not_just_anywhere(town, sabotage) -> None:
    with pytest.raises(InputError, match="base_station or junction"):
        sabotage.plan("x", SabotageOrder(place="underpass-01"))


@pytest.mark.parametrize("act", ["forge", "replay", "flood", "hijack"])
def test_an_attack_speaks_at_its_rate_until_its_keys_are_quarantined(town, cyber, act) -> None:
    place, place_id = place_of(town, "base_station")
    order = CyberAttack(
        at_s=60, place=place_id, act=act, sensor="crowd_camera", devices=2, per_min=120
    )
    cyber.plan("attack", order)
    town.run(61)
    ids = ("crowd_camera-0", "crowd_camera-1")
    assert cyber.wire.deeds == [(act, "crowd_camera", ids, 2.0)]
    (onset,) = of_type(town, "hazard_onset")
    assert (onset["severity"], onset["unit"], onset["devices"]) == (120.0, "1/min", list(ids))
    assert [r["level"] for r in of_type(town, "hazard_level")] == ["IV", "III", "II"]
    team = AtWork(cyber.works["isolate"], Task(name="isolate", place=place)).begin()
    assert not team.tick(ISOLATE_S - 1)
    assert team.tick(1)
    assert cyber.wire.deeds[1:] == [("stop", 17)]
    assert town.stage.events.at(place) == {"cyber_attack": 0.0}


def test_a_slow_bias_is_an_attack_on_the_devices_own_readings(town, cyber) -> None:
    _, place_id = place_of(town, "base_station")
    cyber.plan("slow", CyberAttack(at_s=0, place=place_id, act="bias", lasts_s=600))
    town.run(5)
    ids = tuple(f"road_water_gauge-{i}" for i in range(3))
    assert cyber.devices.deeds == [("bias", ids, 0.005)]
    assert of_type(town, "hazard_onset")[0]["severity"] == 0.3
    town.run(600)
    assert cyber.devices.deeds[1:] == [("restore", ids)]


def test_an_attack_on_a_kind_that_is_not_there_is_refused(town, cyber) -> None:
    _, place_id = place_of(town, "base_station")
    cyber.plan("x", CyberAttack(at_s=0, place=place_id, sensor="telescope"))
    with pytest.raises(InputError, match=r"hazards\.x\.sensor"):
        town.run(5)


def test_both_families_are_idle_without_orders(town, sabotage, cyber) -> None:
    for family in (sabotage, cyber):
        family.step(town.engine.now(), 60.0)
    assert sabotage.totals() == {"sabotages": 0}
    assert cyber.totals() == {"cyber_attacks": 0}
    assert town.records == []

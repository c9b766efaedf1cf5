from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pytest

from ops_center.core.ingest import Ingest
from ops_center.core.inventory import Inventory
from ops_center.core.vitals.engine import VitalsEngine
from ops_center.core.vitals.measures import RainHour
from sim.messages.field import UnitStatus
from support.telemetry import T0, Reading, after, batch, birth, device

FREE_MPS = np.full(4, 15.0)


@dataclass(frozen=True)
class Open:
    district: str
    level: str


def unit(number: int, state: str, district: str = "haidian") -> UnitStatus:
    return UnitStatus(
        ts_event=T0,
        unit_id=f"u-{number}",
        kind="pump_unit",
        district=district,
        skills=("pump",),
        state=state,
        lon=116.3,
        lat=39.9,
        station_id="s-1",
    )


class City:
    def __init__(self, *devices):
        self.inventory = Inventory(20.0)
        self.inventory.birth(birth(list(devices)), T0)
        self.ingest = Ingest(self.inventory, 20.0)
        self.vitals = VitalsEngine(self.inventory)
        self.seq = 0

    def say(self, at_s, kind, **values):
        self.seq += 1
        readings = [
            Reading(device_id.replace("_", "-"), self.seq, at_s, value)
            for device_id, value in values.items()
        ]
        self.ingest.push(batch(readings, kind), after(at_s))
        self.ingest.release(after(at_s + 20))

    def signs(self, at_s, **given):
        signs = self.vitals.compute(after(at_s), **given)
        return {(s.district, s.domain, s.indicator): s for s in signs}


def gauges():
    return City(
        device("wg-0", district="haidian"),
        device("wg-1", district="haidian"),
        device("wg-2", district="xicheng"),
    )


def test_nothing_heard_is_unknown_everywhere():
    signs = gauges().signs(60)
    for key, sign in signs.items():
        if sign.indicator != "incident_load" and key[1] not in ("emergency", "city"):
            assert (sign.value, sign.score, sign.level) == (None, None, "unknown"), key
            assert sign.confidence == 0.0
    assert signs["all", "city", "score"].confidence < 0.2


def test_deepest_street_speaks_for_its_district_and_the_city():
    city = gauges()
    city.say(60, "road_water_gauge", wg_0=(0.02,), wg_1=(0.30,), wg_2=(0.0,))
    signs = city.signs(90)
    depth = {d: signs[d, "traffic", "water_depth"] for d in ("haidian", "xicheng", "all")}
    assert {d: s.value for d, s in depth.items()} == {"haidian": 0.30, "xicheng": 0.0, "all": 0.30}
    assert {d: s.level for d, s in depth.items()} == {
        "haidian": "orange",
        "xicheng": "normal",
        "all": "orange",
    }
    assert depth["all"].confidence == 1.0
    assert depth["all"].unit == "m"


def test_silent_or_faulty_gauges_lower_the_confidence_and_then_nothing_is_known():
    city = gauges()
    city.say(60, "road_water_gauge", wg_0=(0.0,), wg_1=(0.3,), wg_2=(0.0,))
    city.inventory.presence.mark_faulty(1, after(61), faulty=True, reason="stuck")
    got = city.signs(90)["haidian", "traffic", "water_depth"]
    assert (got.value, got.confidence) == (0.0, 0.5)
    city.inventory.silent(after(600))
    got = city.signs(600)["all", "traffic", "water_depth"]
    assert (got.value, got.level, got.confidence) == (None, "unknown", 0.0)


def test_online_share_falls_with_silence():
    city = gauges()
    city.say(60, "road_water_gauge", wg_0=(0.0,), wg_1=(0.0,), wg_2=(0.0,))
    assert city.signs(61)["all", "municipal", "devices_online"].value == 100.0
    city.say(200, "road_water_gauge", wg_0=(0.0,), wg_2=(0.0,))
    city.inventory.silent(after(270))
    signs = city.signs(270)
    assert signs["all", "municipal", "devices_online"].value == pytest.approx(66.667)
    assert signs["haidian", "municipal", "devices_online"].level == "red"
    assert signs["xicheng", "municipal", "devices_online"].level == "normal"


def test_rain_of_the_last_hour_leaves_after_the_hour():
    city = City(device("r-0", "rain_gauge"))
    rain = []
    for minute in range(1, 121):
        count_mm = 10.0 + min(minute, 30)
        city.say(minute * 60, "rain_gauge", r_0=(count_mm,))
        rain.append(city.signs(minute * 60)["all", "environment", "rain_1h"].value)
    assert rain[0] == 0.0
    assert rain[29] == pytest.approx(29)
    assert rain[57] == pytest.approx(29)
    assert rain[91:] == [0.0] * 29
    assert max(rain) == pytest.approx(29)


def test_counter_that_was_reset_is_no_rain():
    hour = RainHour()
    counts = [5.0, 6.0, 0.0, 1.0, math.nan, 1.5]
    got = [float(hour.update(after(60 * i), np.array([c]))[0]) for i, c in enumerate(counts)]
    assert got == pytest.approx([0.0, 1.0, 1.0, 2.0, 2.0, 2.5])


@pytest.mark.parametrize(
    ("speed_mps", "index"),
    [(15.0, 0.0), (12.5, 2.0), (10.0, 4.0), (15 / 1.8, 6.0), (15 / 2.1, 8.0), (0.5, 10.0)],
)
def test_traffic_index_follows_the_classes_of_extra_travel_time(speed_mps, index):
    city = City(*(device(f"v-{i}", "vehicle_detector", link=i) for i in range(2)))
    value = (1.0, speed_mps, 0.1)
    city.say(60, "vehicle_detector", v_0=value, v_1=value)
    got = city.signs(90, free_speed_mps=FREE_MPS)["all", "traffic", "traffic_index"]
    assert got.value == pytest.approx(index, abs=1e-3)


def test_detector_without_vehicles_or_a_link_does_not_count():
    city = City(
        device("v-0", "vehicle_detector", link=0),
        device("v-1", "vehicle_detector", link=1),
        device("v-2", "vehicle_detector"),
    )
    city.say(60, "vehicle_detector", v_0=(1.0, 15.0, 0.1), v_2=(1.0, 1.0, 0.1))
    city.say(61, "vehicle_detector", v_1=(1.0, math.nan, 0.1))
    got = city.signs(90, free_speed_mps=FREE_MPS)["all", "traffic", "traffic_index"]
    assert (got.value, got.confidence) == (0.0, pytest.approx(1 / 3, abs=1e-4))
    assert city.signs(90)["all", "traffic", "traffic_index"].level == "unknown"


def test_units_and_incidents_count_in_their_district():
    city = gauges()
    units = [unit(0, "idle"), unit(1, "on_scene"), unit(2, "returning", "xicheng")]
    incidents = [Open("haidian", "II"), Open("haidian", "IV"), Open("elsewhere", "I")]
    signs = city.signs(60, incidents=incidents, units=units)
    free = {d: signs[d, "emergency", "units_free"].value for d in ("all", "haidian", "xicheng")}
    assert free == {"all": pytest.approx(66.667), "haidian": 50.0, "xicheng": 100.0}
    load = {d: signs[d, "emergency", "incident_load"] for d in ("all", "haidian", "xicheng")}
    assert {d: s.value for d, s in load.items()} == {"all": 41.0, "haidian": 11.0, "xicheng": 0.0}
    assert load["all"].level == "red"
    assert signs["all", "emergency", "score"].score <= 59


def test_signs_come_in_a_fixed_order_city_first():
    city = gauges()
    signs = city.vitals.compute(T0)
    assert [s.district for s in signs[:: len(signs) // 3]] == ["all", "haidian", "xicheng"]
    own = [(s.domain, s.indicator) for s in signs if s.district == "all"]
    assert own[-1] == ("city", "score")
    assert own == [(s.domain, s.indicator) for s in signs if s.district == "xicheng"]
    assert all(0 <= s.confidence <= 1 for s in signs)

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.world.city.networks import WaterNet
from sim.world.crew import Task
from sim.world.domains.water_sensing import (
    CLEAR_NTU,
    DOSE_MG_L,
    FADES_DB_M,
    LEAK_DB,
    QUIET_DB,
    QUIET_HZ,
)
from sim.world.domains.water_supply import BY_HAND_S, WaterSupply
from sim.world.domains.zones import Holes, balance, pump_curve
from sim.world.hazards.main_burst import (
    MainBurst,
    PipeBreaks,
    burst_flow_m3s,
    cavity_bears_m3,
    section_m2,
)


def make_net() -> WaterNet:
    """Return one zone over the town, and four mains along its southern street."""
    return WaterNet(
        works=np.array([6], dtype=np.int32),
        zone_head_m=np.array([30.0]),
        zone_demand_m3s=np.array([0.3]),
        cell_zone=np.zeros(15, dtype=np.int32),
        place_zone=np.zeros(12, dtype=np.int32),
        main_link=np.array([0, 2, 5, 8], dtype=np.int32),
        main_zone=np.zeros(4, dtype=np.int32),
        main_diameter_m=np.array([0.4, 0.2, 0.4, 0.2]),
        main_age_y=np.array([40.0, 10, 10, 10]),
    )


@pytest.fixture
def water(lifelines) -> WaterSupply:
    water = WaterSupply(lifelines.stage, make_net())
    lifelines.let(water)
    return water


def test_half_open_main_of_400_mm_at_30_m_loses_0_92_m3_a_second() -> None:
    area = np.array([0.5 * section_m2(0.4)])
    assert burst_flow_m3s(area, np.array([30.0]))[0] == pytest.approx(0.92, abs=0.01)


def test_zone_has_its_head_at_mean_demand_and_less_at_more(water) -> None:
    assert water.pressure_pa[0] == pytest.approx(30 * 9810, rel=1e-6)
    water.demand_factor = 1.5
    water.step(water._stage.now, 10)
    assert water.pressure_pa[0] == pytest.approx((31.5 - 1.5 * 2.25) * 9810, rel=1e-6)


@given(
    demand=st.lists(st.floats(0.0, 2.0), min_size=1, max_size=5),
    areas=st.lists(st.floats(0.0, 0.5), max_size=6),
    power=st.floats(0.05, 1.2),
)
def test_pumps_give_what_users_and_holes_take(demand, areas, power) -> None:
    z = len(demand)
    shutoff, loss = pump_curve(np.full(z, 30.0), np.full(z, 0.3))
    holes = Holes(
        zone=np.arange(len(areas)) % z,
        area_m2=np.array(areas, dtype=float),
        resistance=np.full(len(areas), 30.0),
    )
    found = balance(shutoff * power, loss, np.array(demand), holes)
    escaping = np.bincount(holes.zone, weights=found.escaping_m3s, minlength=z)
    assert found.in_m3s == pytest.approx(found.served_m3s + escaping, abs=1e-5)
    assert (found.served_m3s <= np.array(demand)).all()
    assert (found.head_m <= shutoff * power).all()


def test_burst_is_a_timetable_of_onset_valve_repair_and_end(lifelines, water, crew_of) -> None:
    seen = []
    water.on_burst.append(lambda event, link: seen.append((event.event_id, link)))
    water.plan("old pipe", MainBurst(at_s=60, place="community-01", opening=1.0))
    lifelines.run(120)
    community = lifelines.place("community-01")
    (onset,) = lifelines.told("hazard_onset")
    assert (onset["hazard"], onset["place"], onset["cause"]) == (
        "main_burst",
        "community-01",
        "old pipe",
    )
    (event,) = lifelines.stage.events.open_events("main_burst")
    flow = event.severity
    assert 0.2 < flow < 1.83
    assert seen == [(event.event_id, int(water.street_flow_m3s.argmax()))]
    assert water.street_flow_m3s.sum() == pytest.approx(0.8 * flow)
    assert water.pressure_at(community) < 0.14e6
    # 15 cells of 70 people stand in one zone, whose pumps cannot hold the head.
    assert event.exposed > 0
    water.effects["sector_valve"](community, "valve-1", True)
    assert event.severity == flow
    lifelines.run(10)
    assert event.severity < 0.05 * flow
    assert water.pressure_at(community) == 0
    assert water.pressure_at(lifelines.place("hospital-01")) > 0.25e6
    took_s = lifelines.work(
        water.works["repair_main"], "repair_main", community, at_most_s=12 * 3600
    )
    assert took_s > 2 * 3600
    (end,) = lifelines.told("hazard_end")
    assert end["by"] == "repair_main"
    assert water.pressure_at(community) > 0.25e6
    assert water.street_flow_m3s.sum() == 0
    assert water.in_m3 == pytest.approx(water.served_m3 + water.leaked_m3, rel=1e-6)


def test_crew_shuts_the_gates_by_hand_where_no_valve_answers(lifelines, water) -> None:
    event = water.burst(0, 0.5)
    flow = event.severity
    number = water.bursts_at(event.place)[0]
    water.attend(number, BY_HAND_S - 1)
    lifelines.run(10)
    assert event.severity == flow
    water.attend(number, 1)
    lifelines.run(10)
    assert event.severity < 0.05 * flow


def test_tanker_serves_people_until_taps_run(lifelines, water, crew_of) -> None:
    event = water.burst(0, 1.0)
    lifelines.run(10)
    dry = event.exposed
    assert dry > 0
    work, task, crew = (
        water.works["supply_water"],
        Task(name="supply_water", place=event.place),
        (crew_of("tanker", capacity=200)),
    )
    work.begin(task, crew)
    assert not work.tick(task, crew, 5)
    lifelines.run(10)
    assert event.exposed == pytest.approx(max(dry - 200, 0))
    water.mend(water.bursts_at(event.place)[0])
    assert work.tick(task, crew, 5)
    work.end(task, crew)


def test_pressure_falls_when_the_wave_has_come(lifelines, water) -> None:
    read = water.fields["water_pressure"].bind(
        np.array([(250.0, 0.0), (1950.0, 0.0)]),
        np.full(2, -1, dtype=np.int32),
        np.full(2, -1, dtype=np.int32),
    )
    before = read()[0]
    water.burst(0, 0.05)
    near = water.heads(np.array([(250.0, 0)]), np.array([0]), np.array([0]))[0]
    assert read()[0][0] - near * 9810 == pytest.approx(0, abs=1)
    assert (read()[0] < before).all()
    far_first = read()[0][1]
    assert far_first > 0.2e6
    lifelines.run(1.69)
    assert read()[0][1] == far_first
    lifelines.run(0.02)
    assert read()[0][1] < far_first
    for place in ("community-01", "community-02"):
        water.effects["sector_valve"](lifelines.place(place), f"valve-{place}", True)
    assert read()[0].tolist() == [0, 0]


def test_road_falls_in_when_the_cavity_is_larger_than_it_bears(lifelines, water) -> None:
    fallen = []
    water.on_collapse.append(lambda event, link: fallen.append(link))
    event = water.burst(0, 0.5)
    bears_m3 = cavity_bears_m3(lifelines.stage.streams.at("world.domains.water.road", 0))
    due_s = bears_m3 / 0.005 / event.severity
    lifelines.run(due_s - 10)
    assert fallen == []
    lifelines.run(20)
    assert fallen == [make_net().main_link[0]]


def test_pumps_without_power_leave_the_zone_dry_and_say_so(lifelines, water) -> None:
    water.powered[0] = False
    lifelines.run(10)
    assert 0.05e6 < water.pressure_pa[0] < 0.25 * 30 * 9810
    (onset,) = lifelines.told("hazard_onset")
    assert (onset["hazard"], onset["place"], onset["severity"]) == (
        "low_pressure",
        "waterworks-01",
        1050,
    )
    lifelines.run(3600)
    water.powered[0] = True
    lifelines.run(10)
    (end,) = lifelines.told("hazard_end")
    assert end["exposure_person_min"] == pytest.approx(1050 * 60, rel=0.01)
    assert water.totals()["low_pressure_person_h"] == pytest.approx(1050, rel=0.01)


def test_boost_raises_the_pressure_for_hydrants(lifelines, water) -> None:
    place = lifelines.place("hospital-01")
    before = water.pressure_at(place)
    water.effects["pressure_boost"](lifelines.place("waterworks-01"), "boost-1", True)
    assert water.pressure_at(place) == pytest.approx(before + 0.15 * 31.5 * 9810)


def test_old_mains_break_more_often_and_frost_doubles_it(lifelines, water) -> None:
    water.plan("age", PipeBreaks(at_s=0, per_km_year=100))
    year_s = 31_557_600

    def breaks(factor: float) -> int:
        water.burst_factor = factor
        before = water.totals()["mains_bursts"]
        for _ in range(500):
            water.step(lifelines.stage.now, year_s / 100_000)
            for number in list(water._bursts):
                water.mend(number)
        return int(water.totals()["mains_bursts"]) - before

    # Half a km each, four of them, 100 a km and year, for 1/200 year: 1.
    assert breaks(200) == pytest.approx(200, abs=4 * 200**0.5)
    assert breaks(400) == pytest.approx(400, abs=4 * 400**0.5)


def test_people_call_about_water_on_the_road(lifelines, water) -> None:
    water.burst(0, 0.5)
    lifelines.run(200)
    assert [(c.line, c.topic) for c in lifelines.calls] == [("12345", "main_burst")] * 2


def sensed(water: WaterSupply, kind: str, *xy_m: tuple[float, float]):
    none = np.full(len(xy_m), -1, dtype=np.int32)
    return water.fields[kind].bind(np.array(xy_m, dtype=float), none, none)


def test_quiet_water_is_clear_and_loses_chlorine_on_its_way(water) -> None:
    works = water._place_m[6]
    turbidity, chlorine, ph = sensed(water, "water_quality", tuple(works), tuple(works + 5000.0))()
    assert turbidity == pytest.approx([CLEAR_NTU] * 2)
    assert chlorine[0] == pytest.approx(DOSE_MG_L)
    assert 0.05 < chlorine[1] < 0.8 * chlorine[0]
    assert ((ph > 6.5) & (ph < 8.5)).all()


def test_burst_stirs_up_deposits_beside_it_and_not_far_away(lifelines, water) -> None:
    at_m = tuple(water._main_m[0])
    quality = sensed(water, "water_quality", at_m, (at_m[0] + 4000.0, at_m[1]))
    water.burst(0, 0.3)
    lifelines.run(60)
    near, far = quality()[0]
    assert near > 5.0
    assert far == pytest.approx(CLEAR_NTU, abs=0.01)


def test_leak_is_heard_along_the_pipe_until_it_is_mended(lifelines, water) -> None:
    at_m = tuple(water._main_m[0])
    listen = sensed(water, "leak_noise_logger", at_m, (at_m[0] + 200.0, at_m[1]), (9000.0, 0.0))
    assert listen()[0] == pytest.approx([QUIET_DB] * 3)
    water.burst(0, 0.5)
    lifelines.run(10)
    level, pitch = listen()
    flow_m3s = water.leaks()[1][0]
    assert level[0] == pytest.approx(LEAK_DB + 10 * np.log10(flow_m3s / 1e-3), abs=0.1)
    assert level[0] - level[1] == pytest.approx(200.0 * FADES_DB_M, abs=0.1)
    assert level[2] == pytest.approx(QUIET_DB)
    assert pitch[0] > 10 * pitch[2] == pytest.approx(10 * QUIET_HZ)
    water.mend(0)
    assert listen()[0] == pytest.approx([QUIET_DB] * 3)

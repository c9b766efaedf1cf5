from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.kernel.errors import InputError
from sim.world.city.networks import PowerGrid
from sim.world.crew import Task
from sim.world.domains.feeders import Feeders, trip_time_s
from sim.world.domains.power import Power
from sim.world.hazards.outage import FeederFaults, Outage


def make_grid(places: int = 12, peak_w: float = 5e6, capacity_w: float = 8e6) -> PowerGrid:
    """Return four feeders in a row of ties, two from each of two substations."""
    cells = np.arange(15)
    return PowerGrid(
        substation=np.array([4, 5], dtype=np.int32),
        feeder_substation=np.array([0, 0, 1, 1], dtype=np.int32),
        feeder_capacity_w=np.full(4, capacity_w),
        feeder_peak_w=np.full(4, peak_w),
        feeder_xy_m=np.array([(250.0, 500), (750, 500), (1250, 500), (1750, 500)]),
        tie=np.array([(0, 1), (1, 2), (2, 3)], dtype=np.int32),
        cell_feeder=np.minimum(cells % 5, 3).astype(np.int32),
        place_feeder=np.minimum(np.arange(places) % 5, 3).astype(np.int32),
        node_feeder=np.minimum(cells % 5, 3).astype(np.int32),
    )


@pytest.fixture
def power(lifelines) -> Power:
    power = Power(lifelines.stage, make_grid())
    power.feeders.load_factor = 0.6
    lifelines.let(power)
    return power


def test_overload_of_a_tenth_trips_in_ten_minutes_and_more_trips_sooner() -> None:
    golden = trip_time_s(np.array([1.0, 1.09, 1.10, 1.5, 2.0]))
    assert golden[:2].tolist() == [np.inf, np.inf]
    assert golden[2:].tolist() == pytest.approx([600, 100.8, 42])


def test_overloaded_feeder_trips_at_its_time(lifelines, power) -> None:
    power.feeders.extra_w[0] = 1.5 * 8e6 - 3e6
    lifelines.run(100)
    assert power.is_live[0]
    lifelines.run(10)
    assert not power.is_live[0]
    onset = lifelines.told("hazard_onset")[0]
    assert (onset["hazard"], onset["place"], onset["severity"]) == ("outage", "substation-01", 210)


def test_fault_stays_dark_until_the_crew_has_mended_it(lifelines, power) -> None:
    power.plan("cable", Outage(at_s=60, place="substation-01", feeders=1))
    lifelines.run(90)
    (dark,) = np.flatnonzero(~power.is_live)
    assert power.people_without == 210
    assert power.live_at_cell.tolist() == (make_grid().cell_feeder != dark).tolist()
    lifelines.run(1200)
    # Its own section has the fault, so that no tie may take it.
    assert not power.is_live[dark]
    power.effects["recloser"](lifelines.place("substation-01"), "recloser-1", True)
    assert not power.is_live[dark]
    took_s = lifelines.work(power.works["repair_power"], "repair_power", 4, at_most_s=4 * 3600)
    assert took_s > 600
    assert power.is_live.all()
    (end,) = lifelines.told("hazard_end")
    assert end["by"] == "repair_power"
    # 210 people from the first minute until then.
    hours = end["exposure_person_min"] / 60 / 210
    assert hours == pytest.approx((1230 + took_s) / 3600, abs=0.02)
    assert power.totals()["power_person_h"] == pytest.approx(hours * 210)


def test_failed_substation_is_taken_over_by_ties_as_far_as_they_bear(lifelines, power) -> None:
    power.plan("transformer", Outage(at_s=0, place="substation-01", whole=True))
    assert power.is_live.tolist() == [False, False, True, True]
    assert power.lost_share == pytest.approx(0.5)
    lifelines.run(121)
    # Feeder 2 takes its neighbour 1; feeder 0 has no live neighbour of its own.
    assert power.is_live.tolist() == [False, True, True, True]
    assert power.feeders.carried_w.tolist() == [0, 0, 6e6, 3e6]
    (level,) = [r for r in lifelines.told("hazard_level") if r["level"] == "II"]
    assert level["severity"] == 420


def test_transferred_load_overloads_the_neighbour_in_turn(lifelines, power) -> None:
    power.feeders.load_factor = 0.8
    power.trip(1, cause="lightning")
    lifelines.run(121)
    taker = int(power.feeders.fed_by[1])
    assert taker in (0, 2)
    assert power.feeders.ratio[taker] == 1.0
    # The evening's peak comes.
    power.feeders.load_factor = 1.0
    lifelines.run(float(trip_time_s(np.array([1.25]))[0]) + 10)
    assert not power.is_live[taker]
    last = lifelines.told("hazard_onset")[-1]
    assert last["cause"] == "outage-substation-01-1"


def test_neighbour_that_could_not_bear_it_is_not_given_more(lifelines, power) -> None:
    power.feeders.load_factor = 1.0
    power.trip(1)
    lifelines.run(3600)
    assert power.is_live.tolist() == [True, False, True, True]
    # The ties are tried again, and the night's load fits.
    power.feeders.load_factor = 0.5
    lifelines.run(700)
    assert power.is_live.all()
    assert power.why(lifelines.place("junction-01")) == "outage-substation-01-1"


def test_shedding_load_stops_the_cascade(lifelines, power) -> None:
    power.feeders.load_factor = 0.8
    power.trip(1)
    lifelines.run(121)
    power.feeders.load_factor = 1.0
    for place in (4, 5):
        power.effects["load_shed"](place, "shed", True)
    assert power.feeders.ratio.max() == pytest.approx(1.0)
    assert power.lost_share == pytest.approx(0.2)
    lifelines.run(3600)
    assert power.is_live.all()


def test_recloser_clears_what_was_no_lasting_fault(lifelines, power) -> None:
    power.trip(0)
    power.trip(3)
    power.effects["recloser"](4, "recloser-1", True)
    assert power.is_live.tolist() == [True, True, True, False]
    assert lifelines.told("hazard_end")[0]["by"] == "recloser"


def test_generator_powers_its_place_until_the_grid_is_back(lifelines, power, crew_of) -> None:
    hospital = lifelines.place("hospital-01")
    feeder = int(make_grid().place_feeder[hospital])
    power.trip(feeder, permanent=True)
    assert not power.live_at_place[hospital]
    work, crew = power.works["generate"], crew_of()
    task = Task(name="generate", place=hospital)
    work.begin(task, crew)
    assert power.live_at_place[hospital]
    assert not work.tick(task, crew, 5.0)
    power.effects["power_cut"](hospital, "cut", True)
    assert power.live_at_place[hospital]
    lifelines.work(
        power.works["repair_power"],
        "repair_power",
        hospital,
        at_most_s=4 * 3600,
        crew=crew_of("unit-2"),
    )
    assert work.tick(task, crew, 5.0)
    work.end(task, crew)
    assert not power.live_at_place[hospital]
    power.effects["power_cut"](hospital, "cut", False)
    assert power.live_at_place[hospital]


def test_generators_at_a_substation_serve_people_of_it(lifelines, power, crew_of) -> None:
    event = power.trip(0, permanent=True)
    work, crew = power.works["generate"], crew_of(capacity=130e3)
    task = Task(name="generate", place=4)
    work.begin(task, crew)
    lifelines.run(10)
    assert (event.severity, event.exposed) == (210, 110)
    assert not work.tick(task, crew, 5.0)
    work.end(task, crew)
    lifelines.run(10)
    assert event.exposed == 210


def test_two_crews_mend_two_faults_at_once(lifelines, power, crew_of) -> None:
    power.trip(0, permanent=True)
    power.trip(1, permanent=True)
    work, task = power.works["repair_power"], Task(name="repair_power", place=4)
    crews = [crew_of(f"unit-{i}") for i in range(3)]
    for crew in crews:
        work.begin(task, crew)
    assert [work.tick(task, crew, 0.0) for crew in crews] == [False, False, True]
    mended_s = []
    for second in range(5, 14_400, 5):
        for crew in crews[:2]:
            work.tick(task, crew, 5.0)
        mended_s += [second] * (int(power.is_live[:2].sum()) - len(mended_s))
    assert len(mended_s) == 2
    assert max(mended_s) < 14_400


def test_chance_trips_as_often_as_the_rate_says(lifelines, power) -> None:
    power.plan("wear", FeederFaults(at_s=0, per_feeder_year=1000, permanent=0.0))
    for _ in range(4000):
        power.step(lifelines.stage.now, 31_557_600 / 16_000)
        power.effects["recloser"](4, "r", True)
        power.effects["recloser"](5, "r", True)
    assert power.totals()["power_faults"] == pytest.approx(1000, abs=4 * 1000**0.5)


def test_terminals_read_voltage_and_current_of_their_feeder(lifelines, power) -> None:
    bind = power.fields["feeder_terminal"].bind
    read = bind(
        np.array([(0.0, 0), (1700, 500), (0, 0)]),
        np.full(3, -1, dtype=np.int32),
        np.array([lifelines.place("junction-01"), -1, 4], dtype=np.int32),
    )
    volts, amps = read()
    assert amps.tolist() == pytest.approx([180.4, 180.4, 360.8], abs=0.1)
    assert volts.tolist() == pytest.approx([10_000 * (1 - 0.05 * 3 / 8)] * 3)
    power.trip(0)
    volts, amps = read()
    assert volts.tolist() == [0, pytest.approx(9812.5), 0]
    assert amps[0] == 0


def test_order_for_too_many_feeders_is_refused(power) -> None:
    with pytest.raises(InputError, match="from 1 to 2"):
        power.plan("big", Outage(place="substation-01", feeders=3))


def test_passing_fault_of_an_order_is_cleared_by_reclosing(lifelines, power) -> None:
    power.trip(1, permanent=True)
    power.plan(
        "swan", Outage(at_s=0, place="substation-01", feeders=2, permanent=False, lasts_s=60)
    )
    lifelines.run(61)
    # What was broken before is not mended with it.
    assert np.flatnonzero(~power.is_live).tolist() == [1]


def test_people_call_about_an_outage(lifelines, power) -> None:
    power.trip(0)
    lifelines.run(200)
    assert [(c.line, c.topic, c.place_id) for c in lifelines.calls] == [
        ("12345", "outage", "substation-01")
    ] * 3


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans()), max_size=12), st.floats(0.1, 1.0))
def test_what_feeders_carry_is_what_sections_draw(trips, factor) -> None:
    feeders = Feeders(make_grid())
    feeders.load_factor = factor
    for feeder, closes in trips:
        if closes:
            feeders.close(feeder)
        else:
            feeders.closed[feeder] = False
        feeders.switch()
        feeders.transfer()
        assert feeders.carried_w.sum() == pytest.approx(feeders.load_w.sum())
        assert (feeders.carried_w[~feeders.closed] == 0).all()
        assert feeders.load_w.sum() == pytest.approx(feeders.demand_w[feeders.is_live].sum())

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.kernel.errors import InputError
from sim.world.crew import Task
from sim.world.hazards.burning import (
    DECAY_S,
    GROWTH_W_S2,
    PREMISES,
    UNTENABLE_W,
    WATER_J_M3,
    Blaze,
    ceiling_rise_k,
    draw_leave_s,
    smoke_db_m,
)
from sim.world.hazards.fire import Fires
from sim.world.hazards.fire_orders import Fire, FireRate, Steam
from support.care import AtWork, CountedCare


@pytest.mark.parametrize(
    ("growth", "at_s"), [("slow", 584), ("medium", 292), ("fast", 146), ("ultrafast", 73)]
)
def test_a_fire_gives_a_megawatt_at_its_classes_time(growth, at_s) -> None:
    blaze = Blaze(GROWTH_W_S2[growth], 20e6)
    for _ in range(at_s):
        blaze.burn(1.0, 0.0)
    assert blaze.heat_w == pytest.approx(1e6, rel=0.01)


def test_a_fire_grows_to_its_cap_and_no_further() -> None:
    blaze = Blaze(GROWTH_W_S2["fast"], 5e6)
    for _ in range(120):
        blaze.burn(10.0, 0.0)
    assert blaze.heat_w == 5e6


def test_enough_water_makes_a_fire_decay_by_e_in_five_minutes() -> None:
    blaze = Blaze(GROWTH_W_S2["fast"], 5e6)
    for _ in range(60):
        blaze.burn(10.0, 0.0)
    water = 5e6 / WATER_J_M3
    for _ in range(30):
        blaze.burn(10.0, water)
    assert blaze.held
    assert blaze.heat_w == pytest.approx(5e6 / math.e)
    assert DECAY_S == 300


def test_half_the_water_halves_the_growth_of_the_root_of_heat() -> None:
    def grown(share: float) -> float:
        blaze = Blaze(GROWTH_W_S2["medium"], 20e6)
        blaze.burn(100.0, 0.0)
        before = math.sqrt(blaze.heat_w)
        blaze.burn(1.0, share * blaze.wanted_m3s())
        return math.sqrt(blaze.heat_w) - before

    assert grown(0.5) == pytest.approx(grown(0.0) / 2)


def test_a_fire_nobody_fights_burns_its_fuel_and_goes_out() -> None:
    blaze = Blaze(GROWTH_W_S2["medium"], 5e6)
    burnt_j = 0.0
    for _ in range(3000):
        before = blaze.heat_w
        blaze.burn(10.0, 0.0)
        burnt_j += (before + blaze.heat_w) / 2 * 10
        if blaze.is_out:
            break
    assert blaze.is_out
    assert not blaze.held
    # The embers give off one more time constant at full heat after the fuel is gone.
    assert burnt_j == pytest.approx(5e6 * (7200 + 300), rel=0.02)


def test_smoke_and_heat_reach_heads_long_before_flashover() -> None:
    # 100 kW for 30 s: 3 MJ of smoke.
    assert 0.5 < float(smoke_db_m(np.array(3e6 * 0.2 / 16e3))) < 2
    # Alpert: 1 MW under 2.7 m would give 322 K.
    assert float(ceiling_rise_k(np.array(1e6))) == pytest.approx(16.9 * 100 / 2.7 ** (5 / 3))
    assert pytest.approx(1.91e6, rel=0.01) == UNTENABLE_W


def test_people_leave_around_the_median_of_their_premises() -> None:
    leave_s = draw_leave_s(2001, PREMISES["community"], np.random.default_rng(1))
    assert (np.diff(leave_s) >= 0).all()
    assert np.median(leave_s) == pytest.approx(120, rel=0.08)


@pytest.fixture
def burning(town):
    """Return a maker of fires that the town's clock steps."""

    def make(**kwargs):
        fires = Fires(town.stage, CountedCare(), **kwargs)

        def step() -> None:
            town.stage.after(fires.step_s, step, "step")
            fires.step(town.engine.now(), fires.step_s)

        step()
        return fires

    return make


def place_of(town, kind: str) -> int:
    return town.stage.places(kind)[0]


def told(town, what: str, **match: object) -> list[dict[str, object]]:
    return [
        r
        for r in town.records
        if r["type"] == what and all(r.get(key) == value for key, value in match.items())
    ]


def crew(fires: Fires, task: str, place: int, unit_id: str = "fire-engine-01", **more) -> AtWork:
    return AtWork(fires.works[task], Task(name=task, place=place), unit_id, **more).begin()


def test_an_ordered_fire_begins_grows_is_called_in_and_ends_when_out(town, burning) -> None:
    fires = burning()
    place = place_of(town, "community")
    place_id = town.city.basemap.places[place].place_id
    fires.plan("blaze", Fire(at_s=60, place=place_id, people=0))
    town.run(60 + 300)
    (onset,) = told(town, "hazard_onset", hazard="fire")
    assert (onset["t_s"], onset["place"], onset["cause"]) == (60, place_id, "blaze")
    assert 11.7 * 300**2 <= town.stage.events.at(place)["fire"] <= 11.7 * 311**2
    town.run(300)
    assert [c.line for c in town.calls] == ["119"] * 3
    assert {c.topic for c in town.calls} == {"fire"}
    hose = crew(fires, "suppress", place, capacity=0.02)
    town.run(3600)
    (end,) = told(town, "hazard_end", event=f"fire-{place_id}-1")
    assert end["by"] == "suppress"
    assert town.stage.events.at(place) == {"fire": 0.0}
    assert hose.tick(5.0)
    hose.end()


def test_dry_hydrants_let_it_burn_and_a_tanker_masters_it(town, burning) -> None:
    fires = burning(pressure_pa=lambda place: 0.0)
    place = place_of(town, "community")
    fires.ignite(place, people=0)
    crew(fires, "suppress", place, capacity=0.02)
    town.run(900)
    assert town.stage.events.at(place)["fire"] == 5e6
    crew(fires, "supply_water", place, "water-tanker-01")
    town.run(300)
    assert town.stage.events.at(place)["fire"] == pytest.approx(5e6 / math.e, rel=0.05)


def test_a_quarter_of_the_pressure_gives_half_the_water(town, burning) -> None:
    fires = burning(pressure_pa=lambda place: 0.025e6)
    place = place_of(town, "community")
    event = fires.ignite(place, people=0)
    assert event is not None
    (fire,) = fires._fires
    crew(fires, "suppress", place, capacity=0.01)
    assert fires._water_m3s(fire) == pytest.approx(0.01 * 0.5 * 0.8)
    fires.effects["power_cut"](place, "cut", True)
    assert fires._water_m3s(fire) == pytest.approx(0.01 * 0.5)


def test_those_inside_at_flashover_are_trapped_and_brought_out_one_by_one(town, burning) -> None:
    fires = burning()
    place = place_of(town, "community")
    fires.ignite(place, people=400, growth="ultrafast")
    town.run(120)
    assert fires.trapped > 100
    trapped = fires.trapped
    assert fires.trapped_at(place) == trapped
    caught = trapped + fires.dead
    town.run(190)
    (call,) = [c for c in town.calls if c.topic == "trapped"]
    assert (call.line, call.people) == ("119", caught)
    trapped = fires.trapped
    rescue = crew(fires, "rescue", place)
    rescue.tick(0.0)
    for _ in range(24):
        assert not rescue.tick(5.0)
    assert fires.trapped == trapped - 1
    assert fires._care.waiting(place) >= 1
    fires.effects["lift_recall"](place, "lift", True)
    for _ in range(16):
        rescue.tick(5.0)
    assert fires.trapped == trapped - 2


def test_trapped_people_die_at_the_stated_rate(town, burning) -> None:
    fires = burning()
    fires.ignite(place_of(town, "community"), people=600, growth="ultrafast")
    while not fires.trapped:
        town.run(10)
    trapped = fires.trapped
    town.run(900)
    assert fires.dead / trapped == pytest.approx(1 - 1 / math.e, abs=0.1)
    assert town.stage.events.harm["dead"] == fires.dead


@given(seed=st.integers(0, 2**20), people=st.integers(0, 80), rescued=st.booleans())
def test_nobody_in_a_fire_is_lost_or_made_up(town_class, seed, people, rescued) -> None:
    town = town_class(seed)
    fires = Fires(town.stage, CountedCare())
    place = place_of(town, "community")
    fires.ignite(place, people=people, growth="ultrafast")
    if rescued:
        team = crew(fires, "rescue", place)
    for _ in range(1800):
        fires.step(town.engine.now(), 10.0)
        if rescued:
            team.tick(10.0)
        assert fires.people_in == (
            fires.people_out + fires.rescued + fires.dead + fires.inside + fires.trapped
        )
        if not fires._fires:
            break
    assert fires.inside == fires.trapped == 0
    assert not fires._fires


def test_an_unattended_building_sets_fire_to_the_next_and_a_held_one_does_not(
    town_class,
) -> None:
    def buildings(fought: bool) -> float:
        spread = 0
        for seed in range(12):
            town = town_class(seed)
            fires = Fires(town.stage, CountedCare())
            place = place_of(town, "community")
            fires.ignite(place, people=0)
            if fought:
                crew(fires, "suppress", place, capacity=0.02)
            for _ in range(720):
                fires.step(town.engine.now(), 10.0)
            spread += sum(fire.buildings - 1 for fire in fires._fires)
        return spread / 12

    assert buildings(fought=False) > 0.5
    assert buildings(fought=True) == 0


def test_everyday_fires_come_at_their_rate(town, burning) -> None:
    fires = burning()
    # 1,050 people at 0.6 a thousand and year, sped up 10,000 times: 0.72 an hour.
    fires.plan("everyday", FireRate(at_s=0, per_1000_people_year=6000))
    town.run(100 * 3600)
    expected = 1.05 * 6000 / 8766 * 100
    assert abs(fires.totals()["fires"] - expected) < 4 * math.sqrt(expected)


def test_steam_reads_as_smoke_but_nothing_burns(town, burning) -> None:
    fires = burning()
    place = place_of(town, "hospital")
    place_id = town.city.basemap.places[place].place_id
    fires.plan("kettle", Steam(at_s=10, place=place_id, lasts_s=300))
    read = fires.fields["smoke"].bind(
        np.zeros((2, 2)), np.array([-1, -1], dtype=np.int32), np.array([place, -1], dtype=np.int32)
    )
    town.run(60)
    assert read().tolist() == [[0.3, 0.0]]
    town.run(300)
    assert read().tolist() == [[0.0, 0.0]]
    (onset,) = told(town, "hazard_onset", hazard="steam")
    assert onset["decoy"] is True
    assert len(told(town, "hazard_end")) == 1


def test_now_and_then_somebody_takes_steam_for_smoke(town_class) -> None:
    called = 0
    for seed in range(60):
        town = town_class(seed)
        fires = Fires(town.stage, CountedCare())
        place = town.city.basemap.places[place_of(town, "hospital")].place_id
        fires.plan("kettle", Steam(at_s=0, place=place))
        town.run(300)
        called += len(town.calls)
        assert all((c.line, c.topic) == ("119", "fire") for c in town.calls)
    assert abs(called - 18) < 4 * math.sqrt(60 * 0.3 * 0.7)


def test_fire_reads_as_smoke_and_heat_at_its_own_place_only(town, burning) -> None:
    fires = burning()
    here, there = town.stage.places("community")[:2]
    smoke, heat = (
        fires.fields[name].bind(
            np.zeros((2, 2)),
            np.full(2, -1, dtype=np.int32),
            np.array([here, there], dtype=np.int32),
        )
        for name in ("smoke", "heat")
    )
    fires.ignite(here, people=0)
    town.run(120)
    assert smoke()[0, 0] > 0.5
    assert heat()[0, 0] > 40
    assert smoke()[0, 1] == heat()[0, 1] == 0


def test_what_cannot_burn_does_not(town, burning) -> None:
    fires = burning()
    assert fires.ignite(place_of(town, "junction")) is None
    junction = town.city.basemap.places[place_of(town, "junction")].place_id
    with pytest.raises(InputError, match="not junction"):
        fires.plan("odd", Fire(place=junction))


def test_smoke_of_a_large_fire_is_told_to_those_who_asked(town, burning) -> None:
    fires = burning()
    heard = []
    fires.on_smoke.append(lambda event, heat_w: heard.append((event.place, heat_w)))
    place = place_of(town, "factory")
    fires.ignite(place, people=0)
    town.run(200)
    assert heard
    assert all(at == place and heat_w >= 1e6 for at, heat_w in heard)

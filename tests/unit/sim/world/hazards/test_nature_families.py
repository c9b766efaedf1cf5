"""What holds of every family of nature, health, structures, industry and farming."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from sim.world.domains.bridges import Bridges
from sim.world.domains.epidemic import Epidemic
from sim.world.domains.greenhouses import Greenhouses
from sim.world.domains.machines import Machines
from sim.world.hazards.air_episode import AirEpisodes
from sim.world.hazards.bridge import BridgeOverloads
from sim.world.hazards.fog import FogAndGales
from sim.world.hazards.frost import Frosts
from sim.world.hazards.heat_wave import TemperatureWaves
from sim.world.hazards.machine import MachineFailures
from sim.world.hazards.order import Family
from sim.world.hazards.outbreak import Outbreaks
from sim.world.hazards.plume import Plumes
from sim.world.hazards.quake import Quakes
from sim.world.hazards.toxic_release import ToxicReleases
from sim.world.hazards.toxics import ToxicGas
from support.nature import CareBook, Nature


def families(town: Nature) -> list[Family]:
    """Return all of them in one town, joined as a city joins them."""
    stage, care, gas = town.stage, CareBook(), ToxicGas()
    roads = stage.city.basemap.roads
    houses = Greenhouses(
        stage, outdoor_c=lambda xy_m: np.full(len(xy_m), 12.0), sky=lambda: (0.0, 1.0)
    )
    machines = Machines(stage)
    bridges = Bridges(stage, density_vpm=lambda: np.full(len(roads), 0.02), temp_c=lambda: 15.0)
    epidemic = Epidemic(stage, usual=lambda now: np.array([7.5, 0.2, 0.5, 0.15, 0.5]))
    return [
        Plumes(stage, gas, care=care, wind=lambda: (2.0, 0.0), sky=lambda: (0.5, 0.2)),
        ToxicReleases(stage, gas, care=care),
        AirEpisodes(stage),
        TemperatureWaves(stage, temp_c=lambda now: 20.0),
        FogAndGales(stage, visibility_m=lambda: 2e4, gust_mps=lambda: 5.0),
        epidemic,
        Outbreaks(stage, epidemic),
        Quakes(stage, care=care),
        bridges,
        BridgeOverloads(stage, bridges, care=care),
        houses,
        Frosts(stage, houses),
        machines,
        MachineFailures(stage, machines, care=care),
    ]


@pytest.fixture(scope="module")
def town() -> Nature:
    return Nature()


@pytest.fixture(scope="module")
def all_families(town: Nature) -> list[Family]:
    return families(town)


def orders(all_families: list[Family]) -> list[Any]:
    return [order for family in all_families for order in family.orders]


def test_words_of_orders_differ_and_each_says_what_it_does(all_families: list[Family]) -> None:
    words = [order.word for order in orders(all_families)]
    assert len(set(words)) == len(words) == 14
    for order in orders(all_families):
        first = (order.__doc__ or "").splitlines()[0]
        assert first.startswith("Let ")
        assert first.endswith(".")


def test_a_day_in_which_nothing_is_ordered_tells_nothing() -> None:
    town = Nature()
    for family in families(town):
        town.run(family, 86_400.0)
        assert family.totals() == {}
    assert town.records == []
    assert town.calls == []


def test_every_order_draws_a_place_that_fits_and_begins(all_families: list[Family]) -> None:
    # Weather that does not come to its threshold is an order, but no event.
    silent = {"heat_wave", "cold_wave", "fog", "gale", "frost", "heater_failure"}
    for family in all_families:
        for order in family.orders:
            town = Nature()
            (own,) = [f for f in families(town) if type(f) is type(family)]
            own.plan("some", order(at_s=0.0))
            town.run(own, 3600.0)
            onsets = town.told("hazard_onset")
            assert bool(onsets) or order.word in silent | {"bridge_overload"}, order.word
            began = {r["event"] for r in onsets}
            assert {r["cause"] for r in onsets} <= {"some"} | began


@pytest.mark.parametrize("at", [[-1], [-1, 0, 5], []])
def test_fields_give_a_fresh_row_for_every_sensor(
    all_families: list[Family], at: list[int]
) -> None:
    place = np.array(at, dtype=np.int32)
    for family in all_families:
        for name, field in family.fields.items():
            read = field.bind(np.zeros((len(at), 2)), np.full(len(at), -1, np.int32), place)
            values = read()
            assert values.shape[1:] == (len(at),), name
            assert np.isfinite(values).all()
            assert read() is not values


def test_works_of_a_place_where_nothing_is_wrong_are_over_at_once(
    town: Nature, all_families: list[Family]
) -> None:
    for family in all_families:
        for name in family.works:
            for place_id in ("school-01", "factory-01", "bridge-01", "greenhouse-01"):
                town.work(family, name, town.place(place_id), 0.0)


def test_effects_come_and_go_at_any_place_that_has_the_actuator(
    town: Nature, all_families: list[Family]
) -> None:
    at = {
        "site_stop": "factory-01",
        "siren": "factory-01",
        "vent_fan": "factory-01",
        "broadcast": "community-01",
        "school_notice": "school-01",
        "barrier": "bridge-01",
        "message_sign": "bridge-01",
        "heater": "greenhouse-01",
        "curtain": "greenhouse-01",
    }
    seen = []
    for family in all_families:
        for kind, effect in family.effects.items():
            seen.append(kind)
            for works in (True, False, False):
                effect(town.place(at[kind]), f"{kind}-1", works)
    assert set(seen) == set(at)


def test_shared_kinds_of_actuators_do_not_mind_other_places(
    town: Nature, all_families: list[Family]
) -> None:
    # Barriers and signs stand at underpasses and junctions, sirens' kin in chambers, too.
    for family in all_families:
        for kind in ("barrier", "message_sign", "vent_fan", "broadcast"):
            effect: Callable[[int, str, bool], None] | None = family.effects.get(kind)
            if effect is not None:
                effect(town.place("hospital-01"), "elsewhere", True)
                effect(town.place("hospital-01"), "elsewhere", False)

"""What sensors of homes, wiring, soil, weighbridges and mobile networks read."""

from __future__ import annotations

import numpy as np
import pytest

from sim.world.domains.bridges import Bridges
from sim.world.domains.crowds import Crowds
from sim.world.domains.gas_homes import AIR_PER_H, ROOM_M3, SEEPS, HomeAir
from sim.world.domains.heat_map import AT_HOME_DAY, AT_HOME_NIGHT
from sim.world.domains.soil import DRIED, SoilField
from sim.world.domains.weighing import LEGAL_KG
from sim.world.hazards.bridge import lorry_n
from sim.world.hazards.fire_wiring import BURNING_W, BURNT_MA, ResidualField
from support.nature import Nature

HOUR_S = 3600.0


def bound(field, places):
    place = np.array(places, dtype=np.int32)
    return field.bind(np.zeros((len(place), 2)), np.full(len(place), -1, dtype=np.int32), place)


def test_gas_comes_into_the_homes_beside_a_leak_and_is_aired_out(lifelines) -> None:
    basemap = lifelines.city.basemap
    home, chamber = lifelines.place("community-01"), lifelines.place("gas-chamber-01")
    homes = HomeAir(basemap)
    read = bound(homes, [home, chamber, -1])
    assert not homes.has_gas
    for _ in range(600):
        homes.step({home: 0.01}, 60.0)
    steady = SEEPS * 0.01 / (ROOM_M3 * AIR_PER_H / 3600) / 0.05 * 100
    assert read()[0] == pytest.approx([steady, 0.0, 0.0], rel=1e-3)
    homes.step({}, HOUR_S)
    assert read()[0, 0] == pytest.approx(steady * np.exp(-1.0), rel=1e-3)
    for _ in range(20):
        homes.step({}, HOUR_S)
    assert not homes.has_gas


def test_insulation_that_burns_lets_current_leak_until_the_power_is_cut(lifelines) -> None:
    heat_w, cut = np.zeros(len(lifelines.city.basemap.places) + 1), {}
    read = bound(ResidualField(lifelines.stage, heat_w, cut), [1, 2, -1])
    usual = read()[0].copy()
    assert ((usual[:2] > 5) & (usual[:2] < 250)).all()
    assert usual[2] == 0.0
    heat_w[1] = BURNING_W
    assert read()[0] - usual == pytest.approx([BURNT_MA, 0.0, 0.0])
    cut[1] = True
    assert read()[0, 0] == 0.0


def test_soil_dries_by_the_day_and_differs_from_bed_to_bed(lifelines) -> None:
    xy_m = np.array([[0.0, 0.0], [5.0, 5.0], [400.0, 900.0]])
    none = np.full(3, -1, dtype=np.int32)
    read = SoilField(lifelines.stage).bind(xy_m, none, none)
    first = read()
    assert first[:, 0].tolist() == first[:, 1].tolist()
    assert (first[:, 0] != first[:, 2]).all()
    lifelines.run(HOUR_S)
    assert read()[0] - first[0] == pytest.approx([-DRIED / 24] * 3)
    assert read()[1:].tolist() == first[1:].tolist()


def test_weighbridge_feels_the_convoy_and_else_no_more_than_the_law_allows() -> None:
    town = Nature()
    density = np.full(len(town.stage.city.basemap.roads), 0.05)
    bridges = Bridges(town.stage, density_vpm=lambda: density, temp_c=lambda: 15.0)
    read = bound(bridges.fields["weigh_in_motion"], [town.place("bridge-01"), -1])
    seen = []
    for _ in range(60):
        town.run(bridges, 60.0)
        seen.append(read())
    axle, gross = np.array(seen)[:, :, 0].T
    assert 0 < gross.max() <= LEGAL_KG
    assert (axle <= gross).all()
    assert len(set(gross.tolist())) > 3
    assert not np.array(seen)[:, :, 1].any()
    bridges.load(0, lorry_n(75_000.0))
    town.run(bridges, 60.0)
    assert read()[1, 0] == pytest.approx(75_000.0, rel=0.02)


def test_operators_count_residents_by_the_hour_and_who_has_gathered(lifelines) -> None:
    crowds = Crowds(lifelines.stage, lambda: 0.0)
    field = crowds.fields["cell_heat_map"]
    stations = lifelines.stage.places("base_station")
    read = bound(field, stations)
    residents = float(lifelines.city.cells.people.sum())
    first = read()[0].sum()
    assert AT_HOME_DAY * residents <= first <= AT_HOME_NIGHT * residents
    lifelines.run(6 * HOUR_S)
    assert read()[0].sum() != pytest.approx(first)

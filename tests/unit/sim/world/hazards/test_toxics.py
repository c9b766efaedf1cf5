"""Doses: what the probits say, and what a detector reads."""

from __future__ import annotations

import numpy as np
import pytest

from sim.world.hazards.toxics import GASES, SUBSTANCES, ToxicGas


@pytest.mark.parametrize("name", GASES)
def test_half_die_of_the_deadly_concentration(name: str) -> None:
    gas = SUBSTANCES[name]
    deadly = np.array(gas.deadly_mgm3(1800.0))
    assert gas.dead_share(gas.load(deadly, 1800.0)) == pytest.approx(0.5)
    assert gas.dead_share(gas.load(deadly / 30, 1800.0)) < 0.05


def test_chlorine_kills_half_at_about_400_ppm_in_half_an_hour() -> None:
    ppm = SUBSTANCES["chlorine"].deadly_mgm3(1800.0) * 24.45 / 70.91
    assert 300 < ppm < 450


@pytest.mark.parametrize("name", GASES)
def test_thresholds_rise(name: str) -> None:
    gas = SUBSTANCES[name]
    rising = (gas.limit_mgm3, *gas.erpg_mgm3[1:], gas.deadly_mgm3(1800.0))
    assert list(rising) == sorted(rising)
    assert list(gas.alarms_mgm3) == sorted(gas.alarms_mgm3)
    load = gas.load(np.geomspace(1, 1e5, 50), 600.0)
    assert (gas.injured_share(load) >= gas.dead_share(load)).all()
    assert (np.diff(gas.injured_share(load)) >= 0).all()


def test_erpg_2_of_chlorine_is_8_7_milligrams() -> None:
    assert SUBSTANCES["chlorine"].erpg_mgm3[1] == pytest.approx(8.7, abs=0.01)


def test_breathing_in_two_halves_is_breathing_once() -> None:
    gas, mgm3 = SUBSTANCES["ammonia"], np.array([500.0])
    assert gas.load(mgm3, 300) + gas.load(mgm3, 300) == pytest.approx(gas.load(mgm3, 600))


def test_field_adds_up_its_sources() -> None:
    field = ToxicGas()
    read = field.bind(np.zeros((2, 2)), np.array([-1, -1]), np.array([3, -1]))
    assert read().shape == (4, 2)
    assert not read().any()
    field.add(lambda xy, place: None)
    field.add(lambda xy, place: np.tile(place >= 0, (4, 1)) * 2.0)
    field.add(lambda xy, place: np.ones((4, len(xy))))
    assert read()[0].tolist() == [3.0, 1.0]

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.kernel.clock import Ns
from sim.world.city.model import Basins, City
from sim.world.water import SunkenLinks, Underpasses, bowl_depth_m, bowl_volume_m3
from sim.world.weather import Storm

STEP_S = 5.0


def run_storm(
    basins: Basins, period_y: float, before: Callable[[Underpasses], None] = lambda _: None
) -> tuple[Underpasses, np.ndarray]:
    """Return the underpasses and their ``(steps, n)`` depths over four hours."""
    water = Underpasses(basins)
    before(water)
    storm = Storm(return_period_y=period_y, duration_s=7200, start=Ns(0), uniform=True)
    fallen_mm = storm.fallen_mm(np.arange(0, 14_401, STEP_S))
    depths = []
    for rain_mm in np.diff(fallen_mm):
        water.step(STEP_S, np.full(len(water), rain_mm))
        depths.append(water.depth_m)
    return water, np.array(depths)


@pytest.mark.parametrize(("period_y", "depth_m"), [(5, 0.25), (10, 0.37), (50, 0.65)])
def test_two_hour_storm_reaches_the_golden_depth(
    city: City, period_y: float, depth_m: float
) -> None:
    _, depths = run_storm(city.basins, period_y)
    assert round(float(depths[:, 0].max()), 2) == depth_m
    assert depths[-1].tolist() == [0, 0]


def test_five_year_storm_with_the_duty_pump_failed_is_golden(city: City) -> None:
    _, depths = run_storm(city.basins, 5, lambda water: water.duty_ok.fill(False))
    assert round(float(depths.max()), 2) == 1.39
    passing = int(np.argmax(depths[:, 0] >= 0.27)) + 1
    assert passing * STEP_S / 60 == pytest.approx(23.2, abs=0.1)


def test_standby_pump_and_pump_units_keep_the_water_down(city: City) -> None:
    def help_first(water: Underpasses) -> None:
        water.standby_on[0] = True

    def help_second(water: Underpasses) -> None:
        water.help(1, "pump-unit-01", 0.25)
        water.help(1, "pump-unit-02", 0.25)
        water.help(1, "pump-unit-02", 0.25)

    _, plain = run_storm(city.basins, 10)
    _, standby = run_storm(city.basins, 10, help_first)
    _, units = run_storm(city.basins, 10, help_second)
    assert standby[:, 0].max() < 0.2 < plain[:, 0].max()
    assert standby[:, 1].max() == plain[:, 1].max()
    assert standby[:, 0].max() < units[:, 1].max() < plain[:, 1].max()


def test_pump_unit_that_leaves_takes_its_capacity_along(city: City) -> None:
    def come_and_go(water: Underpasses) -> None:
        water.help(0, "pump-unit-01", 0.25)
        water.help(0, "pump-unit-01", 0.0)

    _, plain = run_storm(city.basins, 10)
    _, helped = run_storm(city.basins, 10, come_and_go)
    np.testing.assert_array_equal(plain, helped)


@given(
    period_y=st.floats(0.5, 1000),
    pumps=st.lists(st.booleans(), min_size=2, max_size=2),
    scale=st.floats(0.1, 20),
)
def test_water_that_came_in_went_out_or_stands(
    period_y: float, pumps: list[bool], scale: float
) -> None:
    basins = Basins(
        place=np.arange(2, dtype=np.int32),
        catchment_m2=np.array([30_000, 30_000 * scale]),
        runoff=np.array([0.85, 0.9]),
        bottom_m2=np.array([500.0, 400]),
        top_m2=np.array([4000.0, 400]),
        height_m=np.array([3.0, 2]),
        duty_pump_m3s=np.array([0.6, 0.3]),
        standby_pump_m3s=np.array([0.6, 0.0]),
    )
    water = Underpasses(basins)
    water.duty_ok[:] = pumps
    storm = Storm(return_period_y=period_y, duration_s=3600, start=Ns(0))
    for rain_mm in np.diff(storm.fallen_mm(np.arange(0, 5401, 60.0))):
        water.step(60.0, np.full(2, rain_mm))
        assert (water.volume_m3 >= 0).all()
        assert (water.depth_m <= basins.height_m * (1 + 1e-12)).all()
    assert water.in_m3 == pytest.approx(water.out_m3 + water.stored_m3, rel=1e-12)
    rain_m3 = storm.depth_mm * 1e-3 * (basins.catchment_m2 * basins.runoff).sum()
    assert water.in_m3 == pytest.approx(rain_m3, rel=1e-12)


@given(depth_m=st.floats(0, 5), bottom_m2=st.floats(10, 1e4), slope=st.floats(1, 20))
def test_bowl_depth_inverts_bowl_volume(depth_m: float, bottom_m2: float, slope: float) -> None:
    bowl = np.array(bottom_m2), np.array(bottom_m2 * slope), np.array(3.0)
    volume = bowl_volume_m3(np.array(depth_m), *bowl)
    assert float(bowl_depth_m(volume, *bowl)) == pytest.approx(depth_m, rel=1e-9, abs=1e-12)


def test_both_directions_of_the_underpass_stand_in_its_water(city: City) -> None:
    sunken = SunkenLinks(city.basemap, Underpasses(city.basins))
    sunken.flood(np.array([0.4, 0.0]))
    assert np.flatnonzero(sunken.depth_m).tolist() == sorted(city.basemap.places[0].links)
    assert sunken.depth_m.max() == 0.4
    assert sunken.share.tolist() == [0.16] * 4
    sunken.flood(np.array([0.0, 0.0]))
    assert sunken.depth_m.max() == 0


def test_place_without_a_bowl_is_dry_and_cannot_be_pumped(city: City) -> None:
    water = Underpasses(city.basins)
    water.help(9, "pump-unit-01", 0.25)
    assert water.depth_at(9) == 0
    assert water.row_of(9) is None

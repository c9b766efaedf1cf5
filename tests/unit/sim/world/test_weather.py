from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.kernel.clock import SECOND, Ns, seconds
from sim.kernel.errors import InputError
from sim.kernel.rng import SeededStreams
from sim.world.weather import FORMULAS, Storm, Weather

START = Ns(1_784_624_400_000_000_000)
GRID_M = np.stack(np.meshgrid(np.arange(0, 6000, 100.0), np.arange(0, 6000, 100.0)), -1).reshape(
    -1, 2
)


def storm(period_y: float = 5, hours: float = 2, **other: object) -> Storm:
    return Storm(return_period_y=period_y, duration_s=hours * 3600, start=START, **other)


@pytest.mark.parametrize(("period_y", "depth_mm"), [(5, 54.3), (10, 64.1)])
def test_zone_2_formula_gives_the_drainage_targets_of_one_hour(
    period_y: float, depth_mm: float
) -> None:
    hour = FORMULAS["beijing_zone_2"].depth_mm(period_y, np.array(60.0))
    assert round(float(hour), 1) == depth_mm
    assert storm(period_y, 1).depth_mm == pytest.approx(float(hour))


def test_older_formula_gives_the_old_drainage_capacity() -> None:
    assert FORMULAS["beijing_older"].intensity_mm_h(1, 60) == pytest.approx(35.9, abs=0.05)


def test_zone_1_is_zone_2_scaled() -> None:
    hills, plain = storm(formula="beijing_zone_1"), storm()
    assert hills.depth_mm == pytest.approx(0.85 * plain.depth_mm)


def test_fifty_year_storm_has_the_golden_depth_and_peak() -> None:
    fallen = storm(50).fallen_mm(np.arange(0, 7201, 300.0))
    assert round(float(fallen[-1]), 1) == 114.8
    assert round(float(np.diff(fallen).max() * 12)) == 231


def test_peak_lies_at_its_ratio_and_the_wettest_window_follows_the_formula() -> None:
    t = np.arange(0, 7201.0)
    design = storm(20)
    assert float(t[np.argmax(design.rain_mm_h(t))]) == pytest.approx(0.355 * 7200, abs=1)
    fallen = design.fallen_mm(t)
    wettest_mm = (fallen[1800:] - fallen[:-1800]).max()
    expected = FORMULAS["beijing_zone_2"].depth_mm(20, np.array(30.0))
    assert wettest_mm == pytest.approx(float(expected), rel=1e-6)


def test_intensity_is_the_slope_of_the_rain_fallen() -> None:
    t = np.arange(0, 7200.0) + 0.5
    slope = (storm().fallen_mm(t + 0.5) - storm().fallen_mm(t - 0.5)) * 3600
    np.testing.assert_allclose(storm().rain_mm_h(t), slope, atol=2e-3)
    assert storm().rain_mm_h(np.array([-1.0, 7201.0])).tolist() == [0, 0]


@given(
    step_s=st.floats(0.5, 4000),
    period_y=st.floats(0.25, 1000),
    hours=st.floats(0.1, 24),
    ratio=st.floats(0.05, 0.95),
)
def test_steps_of_any_length_add_up_to_the_whole_rain(
    step_s: float, period_y: float, hours: float, ratio: float
) -> None:
    design = storm(period_y, hours, peak_ratio=ratio)
    t = np.append(np.arange(0, hours * 3600, max(step_s, hours)), hours * 3600)
    steps = np.diff(design.fallen_mm(t))
    assert (steps >= -1e-9).all()
    assert steps.sum() == pytest.approx(design.depth_mm, rel=1e-12)


@pytest.mark.parametrize(
    "wrong",
    [
        {"period_y": 0.1},
        {"period_y": float("nan")},
        {"hours": 0.01},
        {"hours": 25},
        {"peak_ratio": 1.0},
        {"formula": "shanghai"},
    ],
)
def test_storm_outside_the_formulas_range_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(InputError, match="storm"):
        storm(**wrong)


def test_uniform_storm_rains_alike_everywhere() -> None:
    weather = Weather([storm(uniform=True)], GRID_M, SeededStreams(1))
    total = weather.sites(GRID_M[:10]).total_mm(Ns(START + seconds(7200)))
    np.testing.assert_array_equal(total, np.full(10, storm().depth_mm))


def test_patterned_storm_has_its_mean_over_the_city_and_varies_smoothly() -> None:
    weather = Weather([storm()], GRID_M, SeededStreams(1))
    end = Ns(START + seconds(7200))
    total = weather.sites(GRID_M).total_mm(end)
    assert weather.mean_mm(end) == pytest.approx(storm().depth_mm)
    assert total.min() > 0.3 * storm().depth_mm
    assert 0.05 < total.std() / total.mean() < 0.5
    neighbours = total.reshape(60, 60)
    assert np.abs(np.diff(neighbours, axis=1)).max() < 0.1 * total.mean()


def test_pattern_follows_the_seed_and_the_storms_position_only() -> None:
    def fallen(seed: int, storms: list[Storm]) -> np.ndarray:
        weather = Weather(storms, GRID_M, SeededStreams(seed))
        return weather.sites(GRID_M[:5]).total_mm(Ns(START + seconds(7200)))

    later = Storm(return_period_y=2, duration_s=3600, start=Ns(START + seconds(50_000)))
    np.testing.assert_array_equal(fallen(1, [storm()]), fallen(1, [storm(), later]))
    assert not np.array_equal(fallen(1, [storm()]), fallen(2, [storm()]))


def test_moving_storm_comes_later_downwind_with_the_same_rain() -> None:
    weather = Weather([storm(uniform=True, velocity_mps=(5.0, 0.0))], GRID_M, SeededStreams(1))
    sites = weather.sites(np.array([[0.0, 3000.0], [6000.0, 3000.0]]))
    west, east = sites.total_mm(Ns(START + seconds(2000)))
    assert west > east
    west_later, east_later = sites.total_mm(Ns(START + seconds(7200 + 1200)))
    assert west_later == pytest.approx(east_later) == pytest.approx(storm().depth_mm)


def test_dry_city_has_no_rain_anywhere() -> None:
    weather = Weather([], GRID_M, SeededStreams(1))
    assert weather.mean_mm(START) == 0
    assert weather.sites(GRID_M[:3]).total_mm(START).tolist() == [0, 0, 0]


def test_a_storm_that_is_added_rains_as_one_that_was_there_from_the_start():
    points = np.random.default_rng(3).uniform(0, 9000, (50, 2))
    first = Storm(return_period_y=2.0, duration_s=3600.0, start=Ns(0))
    second = Storm(return_period_y=9.0, duration_s=3600.0, start=Ns(1800 * SECOND))
    both = Weather((first, second), points, SeededStreams(1))
    grown = Weather((first,), points, SeededStreams(1))
    sites = grown.sites(points)
    before = sites.total_mm(Ns(1800 * SECOND))
    grown.add(second)
    assert (sites.total_mm(Ns(1800 * SECOND)) == before).all()
    for t_s in (1900, 3000, 9000):
        at = Ns(t_s * SECOND)
        assert (sites.total_mm(at) == both.sites(points).total_mm(at)).all()
        assert grown.mean_mm(at) == both.mean_mm(at)

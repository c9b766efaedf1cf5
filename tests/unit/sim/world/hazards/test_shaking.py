"""Earthquake formulas against golden values and what must hold of any of them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.kernel.rng import SeededStreams
from sim.world.hazards import shaking


def test_golden_magnitude_7_at_20_km() -> None:
    peak = shaking.pga_ms2(7.0, 20.0)
    assert peak / shaking.G_MS2 == pytest.approx(0.29, abs=0.005)
    assert shaking.intensity_of(peak) == pytest.approx(8.0, abs=0.05)


@pytest.mark.parametrize(("peak_ms2", "intensity"), [(0.456, 5.5), (0.936, 6.5), (1.94, 7.5)])
def test_intensity_scale(peak_ms2: float, intensity: float) -> None:
    # GB/T 17742-2020 table 1: intensity 6 spans 0.457 to 0.936 m/s2, 7 spans 0.937 to 1.94.
    assert shaking.intensity_of(peak_ms2) == pytest.approx(intensity, abs=0.02)


@given(st.floats(5.0, 7.5), st.floats(0, math.pi), st.floats(1, 150), st.floats(0, 2 * math.pi))
def test_every_point_lies_on_its_ellipse(
    magnitude: float, strike: float, away_km: float, angle: float
) -> None:
    point = np.array([[away_km * math.sin(angle), away_km * math.cos(angle)]])
    major = shaking.major_km(magnitude, point, strike)
    minor = shaking.minor_km(magnitude, major)
    along = point @ np.array([math.sin(strike), math.cos(strike)])
    across = point @ np.array([math.cos(strike), -math.sin(strike)])
    assert (along / major) ** 2 + (across / minor) ** 2 == pytest.approx(1.0, rel=1e-5)
    assert (minor <= major * 1.02).all()


def test_ring_of_an_intensity_is_where_it_shakes_so() -> None:
    strike = math.radians(40)
    ring = shaking.ellipse_km(6.8, 6.0, strike)
    peak = shaking.pga_ms2(6.8, shaking.major_km(6.8, ring, strike))
    np.testing.assert_allclose(shaking.intensity_of(peak), 6.0, atol=0.01)
    assert len(shaking.ellipse_km(5.0, 9.0, strike)) == 0


def test_warning_comes_too_late_nearby_and_grows_with_distance() -> None:
    near, far = shaking.warning_s(np.array([5.0, 100.0]))
    assert near < 0
    # 101 km at 3.5 km/s less 19 km at 6 km/s and 4 s.
    assert far == pytest.approx(28.9 - 7.2, abs=0.1)


def test_damage_shares_are_shares() -> None:
    shares = shaking.damage_shares(np.geomspace(0.01, 30, 40))
    assert (shares >= 0).all()
    np.testing.assert_allclose(shares.sum(axis=0), 1.0)
    assert shaking.damage_shares(1.02 * shaking.G_MS2)[4] == pytest.approx(0.5)


@pytest.mark.parametrize(
    "of_peak",
    [
        shaking.feeder_trip_share,
        shaking.mast_failure_share,
        shaking.tank_leak_share,
        lambda peak: shaking.harm_shares(peak)[0],
        lambda peak: shaking.harm_shares(peak)[1],
        lambda peak: shaking.harm_shares(peak)[2],
    ],
)
def test_harm_and_failure_grow_with_the_shaking(of_peak: object) -> None:
    peak = np.geomspace(0.05, 20, 60)
    share = of_peak(peak)  # type: ignore[operator]
    assert (np.diff(share) >= 0).all()
    assert share[0] < 1e-3
    assert share[-1] <= 1


def test_brittle_pipes_at_intensity_8() -> None:
    # PGV 25.7 cm/s: 0.149 repairs a kilometre.
    assert shaking.pgv_cms(8.0) == pytest.approx(25.7, abs=0.1)
    brittle, ductile = (
        shaking.pipe_repairs_per_km(8.0),
        shaking.pipe_repairs_per_km(8.0, ductile=True),
    )
    assert brittle == pytest.approx(0.149, abs=0.002)
    assert ductile == pytest.approx(0.3 * brittle)


def test_fires_of_a_quarter_million_people_at_030_g() -> None:
    floor_m2 = 250_000 * 30.0
    assert shaking.ignitions_per_m2(0.3 * shaking.G_MS2) * floor_m2 == pytest.approx(3.5, abs=0.1)
    assert shaking.ignitions_per_m2(0.01) == 0


def test_aftershocks_follow_the_rate_and_baths_law() -> None:
    streams = SeededStreams(1)
    runs = [
        shaking.aftershocks(7.0, 86_400.0, 4.0, streams.at("test.after", i)) for i in range(200)
    ]
    # 10^(-1.67 + 0.91 * 3) a day, integrated over a day.
    p, c = 1.08, 0.05
    mean = 10 ** (-1.67 + 2.73) * (c ** (1 - p) - (1 + c) ** (1 - p)) / (p - 1)
    assert np.mean([len(run) for run in runs]) == pytest.approx(mean, rel=0.05)
    times = np.concatenate([[t for t, _ in run] for run in runs])
    sizes = np.concatenate([[m for _, m in run] for run in runs])
    assert times.min() >= 0
    assert times.max() <= 86_400
    assert np.mean(times < 3600) > 0.2
    assert sizes.min() >= 4.0
    assert sizes.max() <= 5.8
    assert shaking.aftershocks(5.0, 86_400.0, 4.0, streams.at("test.after", 0)) == []

"""Plumes against Briggs' figures, and trains of slugs against the plume they must become."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.world.hazards.dispersion import Cloud, plume_kgm3, plume_ring_m, spreads_m, stability


def test_golden_plume_of_one_kilogram_a_second_in_neutral_air() -> None:
    mgm3 = plume_kgm3(1.0, 2.0, "D", np.array([100.0, 300, 1000]), np.zeros(3)) * 1e6
    assert mgm3.round().tolist() == [735, 87, 10]


def test_ground_throws_back_all_that_reaches_it() -> None:
    # The flux through a cross-section is the source: numerically over half the plane above.
    x_m, wind = 400.0, 3.0
    spread_y, spread_z = (float(s) for s in spreads_m(np.array(x_m), "C"))
    aside = np.linspace(-6 * spread_y, 6 * spread_y, 801)
    ground = plume_kgm3(0.7, wind, "C", np.full_like(aside, x_m), aside)
    up = np.linspace(0, 6 * spread_z, 801)
    column = np.trapezoid(np.exp(-((up / spread_z) ** 2) / 2), up)
    assert wind * np.trapezoid(ground, aside) * column == pytest.approx(0.7, rel=1e-6)


def test_a_high_source_reaches_the_ground_farther_off() -> None:
    x_m = np.geomspace(20, 10_000, 200)
    ground = plume_kgm3(1.0, 2.0, "D", x_m, np.zeros_like(x_m))
    high = plume_kgm3(1.0, 2.0, "D", x_m, np.zeros_like(x_m), height_m=40.0)
    assert (high < ground).all()
    assert 200 < x_m[high.argmax()] < 500  # spread_z = 40 / sqrt(2) m lies at 210 m


@pytest.mark.parametrize(
    ("wind_mps", "sun_deg", "cloud", "kind"),
    [
        (1.5, 70, 0.1, "A"),
        (4.0, 70, 0.1, "B"),
        (4.0, 45, 0.1, "C"),
        (7.0, 70, 0.1, "C"),
        (7.0, 45, 0.1, "D"),
        (2.5, 70, 0.7, "B"),
        (2.5, 70, 1.0, "D"),
        (1.0, -20, 0.1, "F"),
        (2.5, -20, 0.8, "E"),
        (4.0, -20, 0.1, "E"),
        (6.5, -20, 0.1, "D"),
    ],
)
def test_pasquill_class(wind_mps: float, sun_deg: float, cloud: float, kind: str) -> None:
    assert stability(wind_mps, math.sin(math.radians(sun_deg)), cloud) == kind


@given(
    st.sampled_from("BCDEF"),
    st.floats(0.6, 8),
    st.floats(0, 2 * math.pi),
    st.sampled_from([10.0, 30.0, 60.0]),
)
def test_slugs_in_a_steady_wind_are_the_plume(
    kind: str, speed: float, angle: float, dt_s: float
) -> None:
    cloud = Cloud((300.0, -200.0))
    east, north = math.cos(angle), math.sin(angle)
    while len(cloud) * speed * dt_s < 2500:
        cloud.step(0.5 * dt_s, (speed * east, speed * north), kind, dt_s)
    x_m, y_m = np.array([150.0, 400, 1200]), np.array([0.0, 20, -60])
    points = np.stack([300 + x_m * east - y_m * north, -200 + x_m * north + y_m * east], axis=1)
    want = plume_kgm3(0.5, speed, kind, x_m, y_m)
    np.testing.assert_allclose(cloud.at(points), want, rtol=0.03 if kind == "B" else 0.015)


def test_far_slugs_join_and_nothing_else_changes() -> None:
    loose, joined = Cloud((0.0, 0.0)), Cloud((0.0, 0.0))
    for i in range(150):
        # The wind turns once, so that there are two trains that must not join.
        wind = (2.0, 0.0) if i < 110 else (1.6, 1.2)
        for cloud in (loose, joined):
            cloud.step(30.0, wind, "D", 30.0)
        joined.thin_out(0.0)
    grid = np.stack(np.meshgrid(np.arange(0, 12e3, 200), np.arange(-1e3, 4e3, 200)), -1)
    points = grid.reshape(-1, 2)
    here = loose.at(points) > 1e-8
    assert here.sum() > 100
    np.testing.assert_allclose(joined.at(points)[here], loose.at(points)[here], rtol=0.05)
    assert joined.airborne_kg + joined.gone_kg == pytest.approx(loose.airborne_kg)
    assert len(joined) < len(loose) / 2


def test_cloud_goes_with_the_wind_when_it_turns() -> None:
    cloud = Cloud((0.0, 0.0))
    for _ in range(20):
        cloud.step(30.0, (2.0, 0.0), "D", 30.0)
    for _ in range(20):
        cloud.step(0.0, (0.0, 2.0), "D", 30.0)
    points = np.array([(600.0, 0.0), (600.0, 1200.0), (0.0, 600.0)])
    before, after, never = cloud.at(points) * 1e6
    assert after > 1
    assert before < after / 100
    assert never < after / 100


def test_mass_is_in_the_air_or_gone() -> None:
    cloud = Cloud((0.0, 0.0))
    for i in range(400):
        cloud.step(30.0 if i < 30 else 0.0, (1.0, 0.5), "D", 30.0)
        cloud.thin_out(1e-6)
        assert cloud.airborne_kg + cloud.gone_kg == pytest.approx(cloud.released_kg)
    assert cloud.released_kg == pytest.approx(900)
    assert len(cloud) == 0


@given(st.lists(st.tuples(st.floats(0, 6), st.floats(0, 6.28)), min_size=1, max_size=12))
def test_no_point_outside_near_feels_anything(winds: list[tuple[float, float]]) -> None:
    cloud = Cloud((0.0, 0.0))
    for speed, angle in winds:
        cloud.step(60.0, (speed * math.cos(angle), speed * math.sin(angle)), "B", 60.0)
    grid = np.stack(np.meshgrid(np.arange(-6e3, 6e3, 150), np.arange(-6e3, 6e3, 150)), -1)
    points = grid.reshape(-1, 2)
    far = np.ones(len(points), dtype=bool)
    far[cloud.near(points)] = False
    assert cloud.at(points)[far].max(initial=0.0) < 1e-3 * cloud.at(points).max()


def test_ring_lies_where_the_plume_has_the_bound() -> None:
    ring = plume_ring_m(1.0, 2.0, "D", 1e-5)
    edge = ring[np.abs(ring[:, 1]) > 1]
    on = plume_kgm3(1.0, 2.0, "D", edge[:, 0], edge[:, 1])
    np.testing.assert_allclose(on, 1e-5, rtol=1e-6)
    assert 900 < ring[:, 0].max() < 1100
    assert len(plume_ring_m(1e-9, 2.0, "D", 1e-5)) == 0

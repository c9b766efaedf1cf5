"""A greenhouse's air against the closed form of its balance."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sim.world.domains.greenhouses import CURTAIN, KEPT_C, LOSS_WM2K, TAU_S, VENT_C, Greenhouses
from support.nature import Nature


class Scene:
    """Two greenhouses under a closed night sky at 0 °C."""

    def __init__(self) -> None:
        self.town = Nature()
        self.outside_c = 0.0
        self.sky = (0.0, 1.0)
        self.powered = np.ones(len(self.town.stage.city.basemap.places), dtype=bool)
        self.houses = Greenhouses(
            self.town.stage,
            outdoor_c=lambda xy_m: np.full(len(xy_m), self.outside_c),
            sky=lambda: self.sky,
            powered=lambda: self.powered,
        )

    def run(self, span_s: float) -> None:
        self.town.run(self.houses, span_s)


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_unheated_house_cools_by_two_thirds_in_an_hour(scene: Scene) -> None:
    scene.houses.heater_ok[:] = False
    scene.houses.temp_c[:] = 20.0
    scene.run(TAU_S)
    np.testing.assert_allclose(scene.houses.temp_c, 20 / math.e)


def test_clear_sky_draws_it_below_the_air_outside(scene: Scene) -> None:
    scene.houses.heater_ok[:] = False
    scene.sky = (0.0, 0.0)
    scene.run(12 * 3600)
    np.testing.assert_allclose(scene.houses.temp_c, -60 / LOSS_WM2K, atol=0.01)


def test_curtain_keeps_the_warmth_longer(scene: Scene) -> None:
    scene.houses.heater_ok[:] = False
    scene.houses.temp_c[:] = 20.0
    scene.houses.effects["curtain"](scene.town.place("greenhouse-01"), "c-1", True)
    scene.run(TAU_S)
    np.testing.assert_allclose(scene.houses.temp_c, 20 * np.exp([-CURTAIN, -1.0]))


def test_burner_holds_its_set_point_and_fails_with_the_grid(scene: Scene) -> None:
    scene.run(3600)
    np.testing.assert_allclose(scene.houses.temp_c, KEPT_C)
    scene.houses.effects["heater"](scene.town.place("greenhouse-01"), "h-1", True)
    scene.run(6 * 3600)
    assert scene.houses.temp_c == pytest.approx([15.0, KEPT_C], abs=0.02)
    scene.powered[scene.town.place("greenhouse-02")] = False
    scene.run(TAU_S)
    assert scene.houses.temp_c == pytest.approx([15.0, KEPT_C / math.e], abs=0.02)


def test_burner_is_too_small_for_deep_cold(scene: Scene) -> None:
    scene.outside_c = -25.0
    scene.run(24 * 3600)
    np.testing.assert_allclose(scene.houses.temp_c, 2.0, atol=0.01)


def test_sun_warms_it_up_to_the_vents(scene: Scene) -> None:
    scene.sky = (200.0, 0.0)
    scene.run(6 * 3600)
    assert 10 < scene.houses.temp_c[0] < 15
    scene.sky = (900.0, 0.0)
    scene.run(6 * 3600)
    np.testing.assert_allclose(scene.houses.temp_c, VENT_C, atol=0.1)


def test_portable_heat_is_shared_by_the_floor(scene: Scene) -> None:
    scene.houses.heater_ok[:] = False
    scene.houses.portable_w[:] = 200_000.0
    scene.run(24 * 3600)
    np.testing.assert_allclose(scene.houses.temp_c, [200 / 5 / 6, 200 / 10 / 6], atol=0.01)


def test_length_of_the_step_does_not_matter() -> None:
    def after(dt_s: float) -> float:
        scene = Scene()
        scene.houses.heater_ok[:] = False
        scene.houses.step_s = dt_s
        scene.run(7200)
        return float(scene.houses.temp_c[0])

    assert after(10.0) == pytest.approx(after(600.0))


def test_sensor_reads_its_house(scene: Scene) -> None:
    scene.sky = (500.0, 0.0)
    scene.houses.temp_c[:] = [11.0, 22.0]
    place = np.array([scene.town.place("greenhouse-02"), -1, scene.town.place("school-01")])
    values = scene.houses.fields["greenhouse"].bind(np.zeros((3, 2)), np.full(3, -1), place)()
    assert values.shape == (4, 3)
    assert values[0].tolist() == [22.0, 0.0, 0.0]
    assert values[3, 0] == pytest.approx(500 * 77)

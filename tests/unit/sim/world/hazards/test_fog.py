"""Fog and gales on top of ordinary weather."""

from __future__ import annotations

import numpy as np
import pytest

from sim.kernel.clock import Ns, seconds
from sim.world.hazards.fog import CLEAR_M, FOG, FogAndGales, FogOrder, GaleOrder
from support.nature import Nature


class Scene:
    """Clear air and a wind of 5 m/s with gusts of 8."""

    def __init__(self) -> None:
        self.town = Nature()
        self.weather = FogAndGales(
            self.town.stage,
            visibility_m=lambda: min(12_000.0, self.weather.sight_m(self.town.stage.now)),
            gust_mps=lambda: 8.0 * self.weather.wind_factor(self.town.stage.now),
        )

    def run(self, hours: float) -> None:
        self.town.run(self.weather, hours * 3600)


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_levels_of_fog_are_sights() -> None:
    assert [round(3912 / severity) for _, severity in FOG.levels] == [1000, 500, 200, 50]


def test_fog_thickens_lies_and_lifts(scene: Scene) -> None:
    scene.weather.plan("fog", FogOrder(at_s=0.0, visibility_m=150.0))
    scene.run(0.1)
    at = [Ns(scene.town.stage.start + seconds(h * 3600)) for h in (0, 1, 4, 7, 8)]
    sights = [scene.weather.sight_m(now) for now in at]
    assert sights[0] == sights[4] == CLEAR_M
    assert sights[1] == sights[3] == pytest.approx((CLEAR_M * 150) ** 0.5)
    assert sights[2] == pytest.approx(150)
    scene.run(9)
    assert [r["level"] for r in scene.town.told("hazard_level")] == ["IV", "III", "II"]
    (end,) = scene.town.told("hazard_end")
    assert end["peak_severity"] == pytest.approx(3912 / 150)
    assert scene.weather.sight_m(scene.town.stage.now) == CLEAR_M


def test_fog_closes_in_by_equal_ratios(scene: Scene) -> None:
    scene.weather.plan("fog", FogOrder(at_s=0.0, visibility_m=300.0, rise_s=100, duration_s=200))
    scene.town.engine.run(Ns(scene.town.stage.start + seconds(1)))
    at = [Ns(scene.town.stage.start + seconds(s)) for s in (0, 25, 50, 75, 100)]
    sights = [scene.weather.sight_m(now) for now in at]
    assert sights[0] == pytest.approx(30_000)
    assert sights[4] == pytest.approx(300)
    assert np.diff(np.log(sights)) == pytest.approx(np.full(4, np.log(0.01) / 4))


def test_gale_multiplies_the_wind(scene: Scene) -> None:
    scene.weather.plan("gale", GaleOrder(at_s=600.0, factor=3.0))
    scene.run(10)
    (onset,) = scene.town.told("hazard_onset")
    assert onset["hazard"] == "gale"
    # 8 m/s comes to 13.9 after (13.9 / 8 - 1) / 2 of two hours.
    assert onset["t_s"] == pytest.approx(600 + 0.369 * 7200, abs=301)
    assert [r["level"] for r in scene.town.told("hazard_level")] == ["IV", "III"]
    assert scene.town.told("hazard_end")[0]["peak_severity"] == pytest.approx(24.0)


def test_ordinary_weather_is_no_event(scene: Scene) -> None:
    scene.weather.plan("breeze", GaleOrder(at_s=0.0, factor=1.5))
    scene.run(12)
    assert scene.town.records == []

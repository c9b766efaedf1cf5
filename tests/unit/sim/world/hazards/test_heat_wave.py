"""Waves of heat and cold in the weather, and what they raise."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from sim.kernel.clock import Ns, seconds
from sim.world.hazards.heat_wave import (
    ColdWaveOrder,
    HeatWaveOrder,
    TemperatureWaves,
    burst_factor,
    calls_factor,
    load_factor,
)
from support.nature import Nature

DAY_S = 86_400.0


class Scene:
    """A mean temperature with a daily swing of 6 °C each way, warmest in the afternoon."""

    def __init__(self, mean_c: float, seed: int = 7) -> None:
        self.town = Nature(seed)
        self.mean_c = mean_c
        self.waves = TemperatureWaves(self.town.stage, temp_c=self.temp_c)

    def temp_c(self, now: Ns) -> float:
        hour = (now / 3.6e12 + 8) % 24
        usual = self.mean_c + 6 * math.cos((hour - 15) / 24 * 2 * math.pi)
        return usual + self.waves.anomaly_c(now)

    def order(self, order: Any) -> None:
        self.waves.plan("wave", order)

    def run(self, days: float) -> None:
        self.town.run(self.waves, days * DAY_S)

    def after(self, span_s: float) -> Ns:
        return Ns(self.town.stage.start + seconds(span_s))


@pytest.mark.parametrize(
    ("factor", "temp_c", "want"),
    [
        (calls_factor, 32.0, 1.0),
        (calls_factor, 38.0, 1.18),
        (load_factor, 26.0, 1.0),
        (load_factor, 36.0, 1.2),
        (load_factor, -5.0, 1.0),
        (burst_factor, -9.9, 1.0),
        (burst_factor, -10.1, 2.0),
    ],
)
def test_what_the_temperature_does_to_the_city(factor: Any, temp_c: float, want: float) -> None:
    assert factor(temp_c) == pytest.approx(want)


def test_ordinary_summer_is_no_event() -> None:
    scene = Scene(mean_c=30.0)
    scene.run(3)
    assert scene.town.records == []
    assert scene.waves.anomaly_c(scene.town.stage.now) == 0


def test_heat_wave_peaks_in_the_afternoons_and_passes() -> None:
    scene = Scene(mean_c=27.0)
    scene.order(HeatWaveOrder(at_s=0.0, anomaly_c=7.0, place="air-station-01"))
    scene.run(5)
    (onset,) = scene.town.told("hazard_onset")
    assert onset["severity"] == pytest.approx(35.0, abs=0.5)
    # 27 + 6 + 7 is 40 at the worst, give or take the unrest.
    levels = [r["level"] for r in scene.town.told("hazard_level")]
    assert levels[:2] == ["IV", "II"]
    (end,) = scene.town.told("hazard_end")
    assert 38 < end["peak_severity"] < 43
    people = scene.town.stage.city.cells.people.sum()
    assert 0 < end["exposure_person_min"] < people * 4 * 1440


def test_cold_wave_is_counted_from_the_day_before() -> None:
    scene = Scene(mean_c=0.0)
    scene.order(ColdWaveOrder(at_s=DAY_S, drop_c=13.0, rise_s=43_200.0))
    scene.run(5)
    (onset,) = scene.town.told("hazard_onset")
    assert onset["hazard"] == "cold_wave"
    # It has fallen 8 °C after 8/13 of 12 h.
    assert onset["t_s"] == pytest.approx(DAY_S + 43_200 * 8 / 13, abs=3600 * 2)
    assert [r["level"] for r in scene.town.told("hazard_level")][:2] == ["IV", "III"]


def test_night_alone_is_no_cold_wave() -> None:
    scene = Scene(mean_c=0.0)
    scene.order(ColdWaveOrder(at_s=0.0, drop_c=3.0))
    scene.run(4)
    assert scene.town.told("hazard_onset") == []


def test_slow_fall_over_two_days_is_blue_only() -> None:
    scene = Scene(mean_c=0.0)
    scene.order(ColdWaveOrder(at_s=0.0, drop_c=14.0, rise_s=2 * DAY_S, duration_s=5 * DAY_S))
    scene.run(3)
    levels = {r["level"] for r in scene.town.told("hazard_level")}
    assert levels == {"IV"}


def test_course_is_a_trapezium_with_unrest_that_persists() -> None:
    means, nearby = [], []
    for seed in range(80):
        scene = Scene(mean_c=20.0, seed=seed)
        scene.order(HeatWaveOrder(at_s=0.0, anomaly_c=7.0))
        scene.run(0.01)
        course = np.array([scene.waves.anomaly_c(scene.after(h * 3600.0)) for h in range(97)])
        assert course[0] == course[96] == 0
        means.append(course[24:72].mean())
        rest = course[12:84] - 7
        nearby.append((rest[:-1] * rest[1:]).mean())
    assert np.mean(means) == pytest.approx(7.0, abs=0.2)
    assert np.mean(nearby) == pytest.approx(math.exp(-1 / 6), abs=0.12)

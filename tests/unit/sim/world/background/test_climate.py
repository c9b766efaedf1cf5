from __future__ import annotations

from datetime import datetime

import numpy as np
import pytest

from sim.kernel.clock import BEIJING, HOUR, MINUTE, Ns
from sim.kernel.errors import InputError
from sim.world.background.climate import Change
from sim.world.background.fit.compare import simulated_weather
from sim.world.background.fit.signals import read_air
from sim.world.background.fit.statistics import weather_statistics
from sim.world.background.fitted import WEATHER, document
from sim.world.background.sun import clear_sky_wm2, sun_height
from sim.world.hazards.spell import Spell

NOW = Ns(495_730 * HOUR)


@pytest.fixture(scope="module")
def simulated():
    return weather_statistics(simulated_weather(seed=7, years=8))


def check_against(real, simulated):
    for name in WEATHER:
        theirs, ours = real[name], simulated[name]
        assert ours["mean"] == pytest.approx(theirs["mean"], abs=0.08 * theirs["deviation"]), name
        assert ours["deviation"] == pytest.approx(theirs["deviation"], rel=0.05), name
        for lag in ("1", "6", "24"):
            assert ours["autocorrelation"][lag] == pytest.approx(
                theirs["autocorrelation"][lag], abs=0.07
            ), (name, lag)


def test_simulated_weather_has_the_fitted_figures(simulated):
    check_against(document()["measured"]["weather"], simulated)


@pytest.mark.data
def test_simulated_weather_has_the_real_stations_figures(simulated, shared_data):
    check_against(weather_statistics(read_air(shared_data / "signals").weather[:, 0]), simulated)


def test_a_sky_is_one_that_can_be(background):
    for hour in range(0, 8_760, 37):
        sky = background.climate.at(Ns(NOW + hour * HOUR))
        assert sky.dew_point_c <= sky.temp_c
        assert 0 < sky.rh <= 1
        assert 0 <= sky.wind_from_deg < 360
        assert sky.gust_mps >= sky.wind_mps >= 0
        assert 100 < sky.visibility_m <= 30_000
        assert 0 <= sky.cloud <= 1
        assert 0 <= sky.solar_wm2 < 1_100
        assert 97_000 < sky.pressure_pa < 106_000


def test_dust_and_damp_take_the_sight(background):
    skies = [background.climate.at(Ns(NOW + h * HOUR)) for h in range(0, 4_000, 5)]
    middle = background.air.bind(np.array([[4_000.0, 4_000.0]]))
    dust = np.array([middle(Ns(NOW + h * HOUR))[0, 0] for h in range(0, 4_000, 5)])
    sight = np.array([sky.visibility_m for sky in skies])
    assert np.corrcoef(np.log(dust), np.log(sight))[0, 1] < -0.8


@pytest.mark.parametrize(
    ("date", "height_deg"),
    [
        ((2026, 6, 21, 12, 16), 90 - 39.908 + 23.44),
        ((2026, 12, 21, 12, 12), 90 - 39.908 - 23.44),
        ((2026, 3, 20, 12, 22), 90 - 39.908),
    ],
)
def test_the_sun_stands_at_noon_where_astronomy_has_it(date, height_deg):
    noon = Ns(int(datetime(*date, tzinfo=BEIJING).timestamp()) * 1_000_000_000)
    found = np.degrees(np.arcsin(sun_height(noon)))
    assert found == pytest.approx(height_deg, abs=0.5)
    early, late = (np.arcsin(sun_height(noon + k * 2 * HOUR)) for k in (-1, 1))
    assert early == pytest.approx(late, abs=0.02)


def test_clear_sky_is_haurwitz_and_nights_are_dark():
    assert clear_sky_wm2(1.0) == pytest.approx(1098 * np.exp(-0.057))
    assert clear_sky_wm2(-0.3) == 0.0
    with pytest.raises(InputError, match="sine"):
        clear_sky_wm2(1.5)


def test_the_middle_is_warmer_by_night_and_the_far_plain_has_none_of_it(background):
    island = document()["skies"]["heat_island_c"]
    night = Ns(NOW - (NOW // HOUR + 8) % 24 * HOUR)
    middle, near, plain = background.climate.temperature_c(
        np.array([[4_000.0, 4_000.0], [8_000.0, 4_000.0], [90_000.0, 4_000.0]]), night
    )
    assert middle == pytest.approx(background.climate.at(night).temp_c)
    assert middle - plain == pytest.approx(island[0])
    assert plain < near < middle


def test_a_heat_wave_comes_stays_and_goes(background):
    climate = background.climate
    wave = Spell(NOW, rise_s=3600, duration_s=14_400)
    times = [Ns(NOW + k * 30 * MINUTE) for k in (-1, 0, 1, 2, 6, 7, 8, 9)]
    before = [climate.at(now) for now in times]
    climate.add_anomaly("wave", lambda now: Change(temp_c=8 * wave.share(now)))
    warmer = [climate.at(now).temp_c - b.temp_c for now, b in zip(times, before, strict=True)]
    assert warmer == pytest.approx([0, 0, 4, 8, 8, 4, 0, 0])
    assert climate.day_mean_c(times[3]) - 8 < climate.at(times[3]).temp_c + 30
    climate.remove_anomaly("wave")
    assert climate.at(times[3]) == before[3]


def test_fog_and_gale(background):
    climate = background.climate
    calm = climate.at(NOW)
    climate.add_anomaly("fog", lambda _: Change(visibility_m=150.0))
    climate.add_anomaly("gale", lambda _: Change(wind_factor=3.0, gust_factor=1.2))
    rough = climate.at(NOW)
    assert rough.visibility_m == 150.0
    assert rough.wind_mps == pytest.approx(3 * calm.wind_mps)
    assert rough.gust_mps == pytest.approx(3.6 * calm.gust_mps)
    with pytest.raises(InputError, match="fog"):
        climate.add_anomaly("fog", lambda _: Change())
    with pytest.raises(InputError, match="snow"):
        climate.remove_anomaly("snow")


def test_the_days_mean_is_that_of_24_hours(background):
    series = background.climate.series(NOW // HOUR - 24, 24)
    assert background.climate.day_mean_c(NOW) == pytest.approx(series[0].mean())

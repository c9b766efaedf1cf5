from __future__ import annotations

import numpy as np
import pytest

from sim.world.setting import Setting


@pytest.fixture
def setting(town) -> Setting:
    return Setting(town.stage)


XY_M = np.array([[0.0, 0.0], [1500.0, 900.0], [-9000.0, 4000.0]])
NOWHERE = np.full(3, -1, dtype=np.int32)


def test_stations_read_the_same_air(setting):
    read = {
        name: setting.fields[name].bind(XY_M, NOWHERE, NOWHERE)()
        for name in ("air_station", "pm_station", "no2_o3_station")
    }
    np.testing.assert_array_equal(read["pm_station"], read["air_station"][:2])
    # 1.88 and 1.96 µg/m3 are one ppb at 25 °C.
    np.testing.assert_allclose(read["no2_o3_station"][0] * 1.88, read["air_station"][3])
    np.testing.assert_allclose(read["no2_o3_station"][1] * 1.96, read["air_station"][5])
    assert (read["air_station"] > 0).all()


def test_weather_station_is_warmer_in_the_middle_at_night(setting, town):
    town.run(8 * 3600)
    temp_c, humidity, wind_mps = setting.fields["weather_station"].bind(XY_M, NOWHERE, NOWHERE)()
    assert temp_c[0] > temp_c[2]
    assert ((humidity > 0) & (humidity <= 1)).all()
    assert len(set(wind_mps.tolist())) == 1


def test_kerb_is_louder_than_a_courtyard_on_average(setting, town):
    n = 400
    xy_m = np.random.default_rng(3).uniform(-40_000, 40_000, (n, 2))
    field = setting.fields["noise_meter"]
    kerb = field.bind(xy_m, np.zeros(n, dtype=np.int32), np.full(n, -1, dtype=np.int32))()
    quiet = field.bind(xy_m, np.full(n, -1, dtype=np.int32), np.full(n, -1, dtype=np.int32))()
    assert kerb.shape == (1, n)
    # A secondary road by day has 66 dB(A), a built-up area away from roads 53.5.
    assert kerb.mean() - quiet.mean() == pytest.approx(12.5)


def test_a_minute_has_one_sky(setting, town):
    first = setting.sky()
    town.run(20)
    assert setting.sky() is first
    town.run(60)
    assert setting.sky() is not first


def test_wind_blows_away_from_where_it_comes(setting):
    east, north = setting.wind()
    sky = setting.sky()
    heading = np.degrees(np.arctan2(-east, -north)) % 360
    assert heading == pytest.approx(sky.wind_from_deg)
    assert np.hypot(east, north) == pytest.approx(sky.wind_mps)

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.kernel.errors import InputError
from sim.world.background.aqi import BREAKPOINTS, STEPS, aqi, iaqi, table_on
from sim.world.background.fitted import POLLUTANTS


@pytest.mark.parametrize(
    ("value", "old", "new"),
    [(0, 0, 0), (35, 50, 50), (60, 82, 100), (75, 100, 114), (115, 150, 150), (600, 500, 500)],
)
def test_fine_dust_by_both_tables(value, old, new):
    assert iaqi("pm25", np.array(value), "2012") == old
    assert iaqi("pm25", np.array(value), "2026") == new


def test_coarse_dust_moved_too_and_gases_did_not():
    assert iaqi("pm10", np.array([120.0, 150.0]), "2026").tolist() == [100, 112]
    assert iaqi("pm10", np.array([120.0, 150.0]), "2012").tolist() == [85, 100]
    for gas in ("so2", "no2", "co", "o3"):
        assert BREAKPOINTS["2012"]["hour"][gas] == BREAKPOINTS["2026"]["hour"][gas]


@pytest.mark.parametrize("name", POLLUTANTS)
@pytest.mark.parametrize("average", ["hour", "day"])
def test_breakpoints_give_their_own_index(name, average):
    points = np.array(BREAKPOINTS["2026"][average][name], dtype=float)
    assert iaqi(name, points, "2026", average).tolist() == STEPS[: len(points)].tolist()


@given(st.floats(0, 2_000), st.floats(0, 100))
def test_more_is_never_better(value, more):
    for name in POLLUTANTS:
        low, high = iaqi(name, np.array([value, value + more]), "2026")
        assert low <= high <= 500


def test_table_goes_by_the_date():
    assert table_on(date(2026, 2, 28)) == "2012"
    assert table_on(date(2026, 3, 1)) == "2026"


def test_index_is_that_of_the_worst():
    hour = np.array([[30.0], [180.0], [5.0], [30.0], [400.0], [90.0]])
    assert aqi(hour, "2012") == iaqi("pm10", hour[1], "2012")
    assert aqi(hour, "2012") > iaqi("pm25", hour[0], "2012")


def test_unknown_pollutant_is_named():
    with pytest.raises(InputError, match="ammonia"):
        iaqi("ammonia", np.array(1.0), "2026")

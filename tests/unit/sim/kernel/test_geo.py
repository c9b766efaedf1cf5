from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.kernel.geo import Projection


@pytest.mark.parametrize(
    ("lat", "east_m", "north_m"),
    [
        # WGS 84: lengths of a degree of longitude and of latitude, NIMA TR8350.2 by the series
        # of Snyder 1987, USGS PP 1395, table "length of a degree", to the metre.
        (0.0, 111_319.5, 110_574.3),
        (45.0, 78_846.8, 111_131.8),
        (60.0, 55_800.0, 111_412.3),
    ],
)
def test_a_degree_has_its_known_length(lat: float, east_m: float, north_m: float) -> None:
    assert Projection(10.0, lat).metres_per_degree() == pytest.approx((east_m, north_m), abs=1.0)


def test_the_origin_is_the_origin() -> None:
    projection = Projection(116.4, 39.9)
    assert projection.point_to_xy(116.4, 39.9) == (0.0, 0.0)
    assert projection.point_to_lonlat(0.0, 0.0) == (116.4, 39.9)


def test_x_is_east_and_y_is_north() -> None:
    x_m, y_m = Projection(116.4, 39.9).point_to_xy(116.41, 39.95)
    assert x_m == pytest.approx(855.4, abs=1.0)
    assert y_m == pytest.approx(5_551.8, abs=1.0)


@given(
    lon0=st.floats(-179, 179),
    lat0=st.floats(-70, 70),
    x_m=st.floats(-100_000, 100_000),
    y_m=st.floats(-100_000, 100_000),
)
def test_there_and_back_is_the_same_point_to_a_centimetre_or_two(
    lon0: float, lat0: float, x_m: float, y_m: float
) -> None:
    projection = Projection(lon0, lat0)
    lon, lat = projection.point_to_lonlat(x_m, y_m)
    assert projection.point_to_xy(lon, lat) == pytest.approx((x_m, y_m), abs=0.02)


@given(st.floats(-170, 170), st.floats(-70, 70))
def test_degrees_survive_metres_exactly(lon: float, lat: float) -> None:
    """Degrees of seven decimals, as documents carry them, come back as they were."""
    lon, lat = round(lon, 7), round(lat, 7)
    projection = Projection(round(lon - 0.3, 6), round(lat + 0.2, 6))
    assert projection.point_to_lonlat(*projection.point_to_xy(lon, lat)) == (lon, lat)


def test_lengths_hold_to_a_thousandth_across_a_city() -> None:
    """Against the haversine on a sphere of the local radius, 20 km from the origin."""
    projection = Projection(24.94, 60.17)
    lonlat = projection.to_lonlat(np.array([(0.0, 0.0), (12_000.0, 16_000.0)]))
    (lon_a, lat_a), (lon_b, lat_b) = np.radians(lonlat).tolist()
    half = (
        math.sin((lat_b - lat_a) / 2) ** 2
        + math.cos(lat_a) * math.cos(lat_b) * math.sin((lon_b - lon_a) / 2) ** 2
    )
    # Radii of curvature at 60 N are 6,383 km (meridian) and 6,394 km (prime vertical).
    assert 2 * 6_387_000 * math.asin(math.sqrt(half)) == pytest.approx(20_000, rel=2.5e-3)


def test_many_points_go_as_arrays() -> None:
    projection = Projection(0.0, 0.0)
    xy_m = np.arange(10.0).reshape(5, 2)
    assert projection.to_lonlat(xy_m).shape == (5, 2)
    assert projection.to_xy(np.zeros((0, 2))).shape == (0, 2)

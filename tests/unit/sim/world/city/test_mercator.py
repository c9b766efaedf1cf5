from __future__ import annotations

import numpy as np
import pytest

from sim.world.city.mercator import parse_utm, utm_to_lonlat


@pytest.mark.parametrize(
    ("xy_m", "zone", "south", "lonlat"),
    [
        # CN Tower, 43°38'33.24"N 79°23'13.7"W: 17N 630084 4833438, to the metre.
        ((630_084.0, 4_833_438.0), 17, False, (-79.387139, 43.642567)),
        # The grid's own definition: the middle of zone 31 on the equator.
        ((500_000.0, 0.0), 31, False, (3.0, 0.0)),
        ((500_000.0, 10_000_000.0), 31, True, (3.0, 0.0)),
        # The meridian quadrant, 10,001,965.729 m on WGS 84, at the grid's scale.
        ((500_000.0, 0.9996 * 10_001_965.729), 31, False, (3.0, 90.0)),
    ],
)
def test_known_points(
    xy_m: tuple[float, float], zone: int, south: bool, lonlat: tuple[float, float]
) -> None:
    (found,) = utm_to_lonlat(np.array([xy_m]), zone, south=south)
    if lonlat[1] == 90.0:
        assert found[1] == pytest.approx(90.0, abs=1e-6)
    else:
        assert found == pytest.approx(lonlat, abs=1e-5)


def test_scale_is_a_metre_a_metre_at_the_middle_of_a_zone() -> None:
    """A degree of latitude at 45 N is 111,131.78 m from 44.5 to 45.5 (Snyder 1987, table 1)."""
    north = utm_to_lonlat(np.array([(500_000.0, 4_900_000.0), (500_000.0, 5_000_000.0)]), 31)
    metres_per_degree = 100_000.0 / 0.9996 / (north[1, 1] - north[0, 1])
    assert metres_per_degree == pytest.approx(111_122, abs=25)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("+proj=utm +zone=32 +ellps=WGS84 +datum=WGS84 +units=m +no_defs", (32, False)),
        ("+proj=utm +zone=56 +south +ellps=WGS84", (56, True)),
        ("!", None),
        ("+proj=utm +zone=61", None),
        ("+proj=tmerc +lat_0=0 +lon_0=9", None),
    ],
)
def test_projections_that_are_understood(text: str, expected: tuple[int, bool] | None) -> None:
    assert parse_utm(text) == expected

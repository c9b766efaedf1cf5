from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.transport.foreign.gcj02 import to_gcj02, to_wgs84

PAIRS = [
    ((121.5272106, 31.1774276), (121.531541859215, 31.17530398364597)),
    ((113.912316, 22.543847), (113.9171764808363, 22.540796131694766)),
    ((116.377817, 39.911954), (116.38404722455657, 39.91334545536069)),
]
"""WGS 84 and GCJ-02 of Shanghai, Shenzhen, Beijing: eviltransform's published test points."""


@pytest.mark.parametrize(("wgs84", "gcj02"), PAIRS)
def test_published_points_agree(wgs84, gcj02):
    assert to_gcj02(*wgs84) == pytest.approx(gcj02, abs=1e-9)
    assert to_wgs84(*gcj02) == pytest.approx(wgs84, abs=1e-9)


@given(st.floats(74, 135), st.floats(18, 53))
def test_inverse_undoes_the_offset_to_a_millimetre(lon, lat):
    back = to_wgs84(*to_gcj02(lon, lat))
    east_m = (back[0] - lon) * 111_320 * math.cos(math.radians(lat))
    assert math.hypot(east_m, (back[1] - lat) * 111_320) < 1e-3


def test_outside_the_box_nothing_is_offset():
    assert to_gcj02(2.35, 48.85) == to_wgs84(2.35, 48.85) == (2.35, 48.85)

from __future__ import annotations

from datetime import timedelta, timezone

import pytest

from sim.kernel.clock import BEIJING, MILLISECOND
from sim.transport.foreign.times import parse_zone, read_time

AT = 1_784_624_400_123 * MILLISECOND
"""2026-07-21 17:00:00.123 in Beijing."""


@pytest.mark.parametrize(
    ("value", "form"),
    [
        (1_784_624_400.123, "s"),
        ("1784624400.123", "s"),
        (1_784_624_400_123, "ms"),
        (1_784_624_400_123_000, "us"),
        ("2026-07-21T09:00:00.123Z", "iso"),
        ("2026-07-21T17:00:00.123+08:00", "iso"),
        ("2026-07-21 17:00:00.123", "iso"),
        ("20260721T170000.123", "iso"),
        ("2026-07-21T09:00:00.123456789+00:00", "iso"),
    ],
)
def test_every_form_tells_the_same_time(value, form):
    assert read_time(value, form, BEIJING) == AT


@pytest.mark.parametrize(
    ("value", "form", "error"),
    [
        (True, "s", TypeError),
        ({}, "ms", TypeError),
        (1784624400, "iso", TypeError),
        ("yesterday", "iso", ValueError),
        ("0000-00-00 00:00:00", "iso", ValueError),
        (-1, "s", ValueError),
        (1_784_624_400_123, "s", ValueError),
        ("nan", "s", ValueError),
        ("1e400", "s", ValueError),
    ],
)
def test_what_is_no_time_is_refused(value, form, error):
    with pytest.raises(error):
        read_time(value, form, BEIJING)


def test_zone_is_an_offset():
    assert parse_zone("+05:30") == timezone(timedelta(hours=5, minutes=30))
    assert parse_zone("Z").utcoffset(None) == timedelta(0)
    for wrong in ("", "Beijing", "+99:99", "+8"):
        with pytest.raises(ValueError, match="expected an offset"):
            parse_zone(wrong)

"""The decision alone, without a city."""

from __future__ import annotations

from flood_sign.logic import SILENT_S, Underpass


def test_it_warns_when_deep_and_clears_when_nearly_dry():
    place = Underpass()
    assert place.take("a", 0.10, 0) is None
    assert place.take("a", 0.20, 60) is True
    assert place.take("a", 0.10, 120) is None
    assert place.take("a", 0.04, 180) is False


def test_one_deep_gauge_is_enough_until_it_has_long_been_silent():
    place = Underpass()
    place.take("a", 0.30, 0)
    assert place.take("b", 0.0, 60) is None
    assert place.take("b", 0.0, SILENT_S + 1) is False

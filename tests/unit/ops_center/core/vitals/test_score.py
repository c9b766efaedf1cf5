from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops_center.core.vitals.indicators import INDICATORS, Indicator, indicators_at
from ops_center.core.vitals.score import (
    RED_CAP,
    Scored,
    city_score,
    domain_score,
    level_of,
    level_of_score,
    score_of,
    scored,
)

ROWS = indicators_at(date(2026, 11, 1))
RAIN, ONLINE = ROWS["rain_1h"], ROWS["devices_online"]


@pytest.mark.parametrize(
    ("row", "value", "score", "level"),
    [
        (RAIN, 0.0, 100.0, "normal"),
        (RAIN, 15.0, 92.5, "normal"),
        (RAIN, 29.9, pytest.approx(85.05), "normal"),
        (RAIN, 30.0, 85.0, "blue"),
        (RAIN, 50.0, 70.0, "yellow"),
        (RAIN, 60.0, 62.5, "yellow"),
        (RAIN, 70.0, 55.0, "orange"),
        (RAIN, 100.0, 30.0, "red"),
        (RAIN, 125.0, 15.0, "red"),
        (RAIN, 400.0, 0.0, "red"),
        (RAIN, -1.0, 100.0, "normal"),
        (ONLINE, 100.0, 100.0, "normal"),
        (ONLINE, 95.0, 85.0, "normal"),
        (ONLINE, 94.9, pytest.approx(84.7), "blue"),
        (ONLINE, 60.0, 30.0, "orange"),
        (ONLINE, 59.9, pytest.approx(29.95), "red"),
        (ONLINE, 0.0, 0.0, "red"),
    ],
)
def test_golden_points_of_the_score(row, value, score, level):
    assert score_of(row, value) == score
    assert level_of(row, value) == level


@given(st.sampled_from(INDICATORS), st.floats(0, 1), st.floats(0, 1))
def test_worse_never_scores_better(row, a, b):
    span = row.worst - row.ideal
    near, far = sorted((a, b))
    assert score_of(row, row.ideal + near * span) >= score_of(row, row.ideal + far * span)


def test_missing_is_unknown_and_never_healthy():
    for value in (None, float("nan")):
        got = scored(RAIN, value, confidence=1.0)
        assert (got.score, got.level, got.confidence) == (None, "unknown", 0.0)
    nothing = domain_score([got])
    assert (nothing.score, nothing.level, nothing.confidence) == (None, "unknown", 0.0)
    assert city_score([nothing]).level == "unknown"
    assert domain_score([]).score is None


def test_domain_weighs_its_worst_and_says_how_much_it_knows():
    parts = [
        Scored(score=100.0, level="normal", confidence=1.0, weight=3.0),
        Scored(score=60.0, level="yellow", confidence=0.5, weight=1.0),
        Scored(score=None, level="unknown", confidence=0.0, weight=1.0),
    ]
    got = domain_score(parts)
    assert got.score == pytest.approx(0.7 * 90 + 0.3 * 60)
    assert got.confidence == pytest.approx((3 * 1 + 0.5) / 5)
    assert got.level == "blue"


def test_red_caps_its_domain_and_two_such_domains_the_city():
    red = scored(RAIN, 101.0, 1.0)
    fine = Scored(score=100.0, level="normal", confidence=1.0)
    domain = domain_score([red, fine, fine, fine, fine, fine, fine])
    assert domain.score == RED_CAP
    assert domain.is_red
    assert city_score([domain, fine]).score == pytest.approx((RED_CAP * 100) ** 0.5)
    assert city_score([domain, domain, fine, fine, fine]).score == RED_CAP


def test_city_is_the_geometric_mean_of_what_is_known():
    parts = [Scored(score=s, level="", confidence=c) for s, c in ((90.0, 1.0), (40.0, 1.0))]
    unknown = Scored(score=None, level="unknown", confidence=0.0)
    got = city_score([*parts, unknown])
    assert got.score == pytest.approx(60.0)
    assert got.confidence == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    ("score", "level"),
    [(100, "normal"), (85, "normal"), (84, "blue"), (69, "yellow"), (54, "orange"), (29, "red")],
)
def test_level_of_a_score(score, level):
    assert level_of_score(score) == level


def test_newest_row_that_holds_counts():
    def row(valid_from: date, blue: float) -> Indicator:
        return Indicator(
            name="pm25",
            domain="environment",
            unit="ug/m3",
            ideal=0,
            blue=blue,
            yellow=115,
            orange=150,
            red=250,
            worst=500,
            valid_from=valid_from,
            official=True,
            source="",
        )

    table = (row(date(2026, 3, 1), 60.0), row(date(2013, 1, 1), 75.0))
    assert indicators_at(date(2026, 2, 28), table)["pm25"].blue == 75.0
    assert indicators_at(date(2026, 3, 1), table)["pm25"].blue == 60.0
    assert indicators_at(date(2000, 1, 1), table) == {}


def test_entries_out_of_order_are_refused():
    with pytest.raises(AssertionError, match="rise or fall"):
        Indicator(
            name="x",
            domain="y",
            unit="1",
            ideal=0,
            blue=2,
            yellow=1,
            orange=3,
            red=4,
            worst=5,
            valid_from=date(2025, 1, 1),
            official=False,
            source="",
        )

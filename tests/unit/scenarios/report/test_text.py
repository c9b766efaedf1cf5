"""Numbers and times as people read them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenarios.kpis import Kpi, Value
from scenarios.report import text as words
from sim.kernel.clock import Ns

PLAIN = str.maketrans({"\N{NO-BREAK SPACE}": " ", "\N{NARROW NO-BREAK SPACE}": " "})


def figure(value: Value, unit: str) -> Kpi:
    return Kpi(name="n", title="t", group="sensing", value=value, unit=unit, description="d.")


@pytest.mark.parametrize(
    ("span_s", "shown"),
    [
        (None, "–"),
        (0, "0 s"),
        (-0.2, "0 s"),
        (59.6, "1 min"),
        (95, "1 min 35 s"),
        (-95, "−1 min 35 s"),
        (3600, "1 h"),
        (3725, "1 h 2 min"),
    ],
)
def test_spans_read_in_their_two_largest_units(span_s, shown):
    assert words.duration(span_s).translate(PLAIN) == shown


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (None, "s", "–"),
        (0.5, "1", "50.0 %"),
        (1.0, "1", "100 %"),
        (0, "1", "0 %"),
        (0.99996, "1", "over 99.9 %"),
        (2143000, "count", "2 143 000"),
        (0.456, "m", "0.46 m"),
        (8.0, "1/d", "8.0 a day"),
        (1562.4, "person min", "1 562 person min"),
    ],
)
def test_figures_read_with_their_unit(value, unit, shown):
    assert words.kpi(figure(value, unit)).translate(PLAIN) == shown


def test_lag_says_before_or_after():
    assert words.lag(-30).translate(PLAIN) == "30 s before onset"
    assert words.lag(30, "known").translate(PLAIN) == "known 30 s after onset"
    assert words.lag(0.3, "known") == "known at onset"


def test_clock_is_the_citys_time_of_day():
    start = Ns(1_784_624_400_000_000_000)
    assert words.clock(start, 90) == "17:01"
    assert words.clock(start, 90, with_seconds=True) == "17:01:30"
    assert words.clock(start, None) == "–"


def test_value_parts_tell_numbers_from_units():
    shown = words.kpi(figure(95.0, "s"))
    assert words.parts(shown) == [("1", True), ("min", False), ("35", True), ("s", False)]
    assert words.parts("–") == [("–", True)]


@given(st.text(max_size=80), st.floats(4, 40))
def test_cut_text_never_gets_wider_than_asked(content, ems):
    cut = words.shortened(content, ems)
    assert words.width_em(cut) <= ems or cut == content
    for line in words.two_lines(content, ems):
        assert words.width_em(line) <= ems


def test_two_lines_part_at_a_space():
    assert words.two_lines("Station Street underpass 站前街下凹桥", 14)[0] == "Station Street"

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops_center.core.detectors.threshold import Limit, ThresholdDetector

LIMITS = (Limit(at=0.10, llr=1.5), Limit(at=0.15, llr=4.0))
HYSTERESIS = 0.02


def opinions(values, *, limits=LIMITS, above=True, slots=None):
    detector = ThresholdDetector(limits, HYSTERESIS, above=above)
    detector.resize(8)
    slots = slice(3, 4) if slots is None else slots
    return [
        [
            (active, llr)
            for _, active, llr in detector.update(slots, np.zeros(1, int), np.array([v]))
        ]
        for v in values
    ]


def test_opinion_is_graded_and_left_only_well_below_the_limit():
    got = opinions([0.05, 0.10, 0.12, 0.15, 0.131, 0.129, 0.09, 0.079, 0.09])
    assert got == [
        [],
        [(True, 1.5)],
        [],
        [(True, 4.0)],
        [],
        [(True, 1.5)],
        [],
        [(False, 0.0)],
        [],
    ]


def test_low_values_are_odd_when_asked_for():
    limits = (Limit(at=5.0, llr=1.0), Limit(at=2.0, llr=2.0))
    assert opinions([6.0, 5.0, 1.9, 2.01, 5.03], limits=limits, above=False) == [
        [],
        [(True, 1.0)],
        [(True, 2.0)],
        [],
        [(False, 0.0)],
    ]


depths = st.lists(st.lists(st.floats(0, 0.3), min_size=5, max_size=5), min_size=1, max_size=40)


@given(depths)
def test_every_grade_agrees_with_a_plain_loop_over_series(table):
    detector = ThresholdDetector(LIMITS, HYSTERESIS)
    detector.resize(5)
    grade = [0] * 5
    for values in table:
        want = []
        for series, value in enumerate(values):
            entered = sum(value >= limit.at for limit in LIMITS)
            held = sum(value >= limit.at - HYSTERESIS for limit in LIMITS)
            after = max(entered, min(grade[series], held))
            if after != grade[series]:
                want.append((series, after > 0, [0.0, 1.5, 4.0][after]))
            grade[series] = after
        assert list(detector.update(slice(0, 5), np.zeros(5, int), np.array(values))) == want


@given(depths)
def test_slices_and_indices_say_the_same(table):
    one, other = (ThresholdDetector(LIMITS, HYSTERESIS) for _ in range(2))
    for detector in (one, other):
        detector.resize(5)
    shuffled = np.array([3, 0, 4, 1, 2])
    for values in table:
        value = np.array(values)
        direct = one.update(slice(0, 5), np.zeros(5, int), value)
        indexed = other.update(shuffled, np.zeros(5, int), value[shuffled])
        assert sorted(direct) == sorted((int(shuffled[row]), *rest) for row, *rest in indexed)


def test_retracted_opinion_can_begin_again():
    detector = ThresholdDetector(LIMITS, HYSTERESIS)
    detector.resize(2)
    high = np.array([0.2])
    at = np.zeros(1, int)
    assert detector.update(slice(1, 2), at, high) == [(0, True, 4.0)]
    assert detector.retract(np.array([0, 1])).tolist() == [1]
    assert detector.retract(np.array([0, 1])).tolist() == []
    assert detector.update(slice(1, 2), at, high) == [(0, True, 4.0)]


def test_limits_out_of_order_are_refused():
    with pytest.raises(AssertionError, match="worsen"):
        ThresholdDetector(LIMITS[::-1], HYSTERESIS)
    with pytest.raises(AssertionError, match="llr"):
        Limit(at=1.0, llr=0.0)

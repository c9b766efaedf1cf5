from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops_center.core.detectors.fault import LLR_MAX, RangeDetector, StuckDetector


def opinions(detector, values):
    detector.resize(3)
    return [
        [
            (active, llr)
            for _, active, llr in detector.update(slice(1, 2), np.zeros(1, int), np.array([v]))
        ]
        for v in values
    ]


def test_value_that_stands_still_is_stuck_until_it_moves():
    got = opinions(StuckDetector(4, p_equal=0.5), [1.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.5, 2.5])
    llr = pytest.approx(3 * np.log(2))
    assert got == [[], [], [], [], [(True, llr)], [], [(False, 0.0)], []]


def test_value_at_rest_is_never_stuck():
    assert not any(opinions(StuckDetector(3, resting_at=0.03, p_equal=0.5), [0.03] * 50))


@given(st.lists(st.sampled_from([0.0, 0.1, 0.2]), max_size=60))
def test_stuck_agrees_with_counting_equal_values(values):
    got = opinions(StuckDetector(3, resting_at=0.0, p_equal=0.1), values)
    active = False
    for i, changed in enumerate(got):
        last = values[max(0, i - 2) : i + 1]
        want = len(last) == 3 and len(set(last)) == 1 and last[0] > 0
        assert [a for a, _ in changed] == ([want] if want != active else [])
        active = want


def test_value_out_of_range_is_believed_again_after_three_in_range():
    got = opinions(RangeDetector(0.0, 2.0), [1.0, 2.1, 1.0, -0.1, 1.0, 1.0, 1.0, 1.0])
    assert got == [[], [(True, LLR_MAX)], [], [], [], [], [(False, 0.0)], []]


def test_retracted_faults_begin_anew():
    for detector, value in ((RangeDetector(0, 1), 5.0), (StuckDetector(2, p_equal=0.1), 5.0)):
        begun = opinions(detector, [value] * 4)
        assert sum(map(len, begun)) == 1
        assert detector.retract(np.array([0, 1])).tolist() == [1]
        assert sum(map(len, opinions(detector, [value] * 4))) == 1

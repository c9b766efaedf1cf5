from __future__ import annotations

import numpy as np
import pytest

from ops_center.core.detectors.rate import CounterRate
from sim.kernel.clock import SECOND


def rates(reports, smooth_s=1e-3):
    rate = CounterRate(per_s=3600.0, smooth_s=smooth_s)
    rate.resize(2)
    out = []
    for at_s, count in reports:
        rows, value = rate.update(
            slice(1, 2), np.array([int(at_s * SECOND)]), np.array([float(count)])
        )
        out.append(float(value[0]) if rows is None or len(rows) else None)
    return out


def test_rate_is_what_was_counted_over_the_time_between_reports():
    assert rates([(100, 1.0), (160, 1.5), (460, 3.5)]) == [
        None,
        pytest.approx(30),
        pytest.approx(24),
    ]


def test_counter_that_was_reset_starts_anew():
    assert rates([(100, 50.0), (160, 50.0), (220, 0.2), (280, 0.4)]) == [
        None,
        0.0,
        None,
        pytest.approx(12),
    ]


def test_report_of_the_same_time_has_no_rate():
    assert rates([(100, 1.0), (100, 2.0)]) == [None, None]


def test_smoothed_rate_does_not_depend_on_how_often_is_reported():
    """The first rate starts the memory; from there 60 mm/h for 180 s is one time constant."""
    dry = [(0, 0.0), (60, 0.0)]
    want = 60 * (1 - np.exp(-1))
    for step_s in (10, 60, 180):
        wet = [(60 + t, t / 60) for t in range(step_s, 181, step_s)]
        assert rates(dry + wet, smooth_s=180.0)[-1] == pytest.approx(want)


def test_tips_of_steady_rain_make_a_steady_rate():
    """0.2 mm tips of 30 mm/h, each minute: the memory keeps the error below 3 mm/h."""
    reports = [(60 * k, np.floor(0.5 * k / 0.2 + 1e-9) * 0.2) for k in range(120)]
    got = np.array([r for r in rates(reports, smooth_s=180.0)[20:] if r is not None])
    assert np.abs(got - 30).max() < 3
    assert got.mean() == pytest.approx(30, abs=0.2)

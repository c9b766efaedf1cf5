from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ops_center.core.detectors.cusum import CusumDetector, CusumSettings
from sim.kernel.clock import MINUTE

N = 4


def known(**changes) -> CusumSettings:
    """Mean 0 and sigma 1 for good, so that the statistic is the textbook's."""
    return CusumSettings(
        **{
            "sigma_floor": 1.0,
            "prior": (0.0, 1e12),
            "alpha": 0.0,
            "clip": 100.0,
            "warm_up": 0.0,
            "adopt_after_s": 1e9,
            "llr_max": 99.0,
        }
        | changes
    )


def run(settings, table, n=N):
    detector = CusumDetector(settings)
    detector.resize(n)
    return [
        list(detector.update(slice(0, n), np.full(n, tick * MINUTE), np.array(values)))
        for tick, values in enumerate(table)
    ]


def by_loop(settings, table):
    """The tabular CUSUM, written out for one series after another."""
    out = [[] for _ in table]
    for series in range(N):
        up = down = 0.0
        active = False
        for tick, values in enumerate(table):
            z = values[series]
            if settings.direction != "down":
                up = min(max(up + z - settings.k, 0.0), settings.cap)
            if settings.direction != "up":
                down = min(max(down - z - settings.k, 0.0), settings.cap)
            total = max(up, down)
            limit = settings.h / 2 if active else settings.h
            # On the limit itself rounding decides, and either way is right.
            assume(abs(total - limit) > 1e-9)
            after = total > limit
            if after != active:
                llr = 2 * settings.k * total if after else 0.0
                out[tick].append((series, after, pytest.approx(llr)))
            active = after
    return [sorted(row, key=lambda r: r[0]) for row in out]


@pytest.mark.parametrize("direction", ["up", "down", "both"])
@given(
    table=st.lists(
        st.lists(st.floats(-4, 4).map(lambda v: round(v, 2)), min_size=N, max_size=N),
        min_size=1,
        max_size=60,
    )
)
def test_statistic_equals_a_plain_loop(direction, table):
    settings = known(direction=direction)
    assert run(settings, table) == by_loop(settings, table)


def test_run_lengths_are_those_of_the_textbook():
    """Montgomery, table 9.3, k = 0.5 and h = 5: 38.0 readings at 0.5 sigma, 10.4 at one."""
    n = 4000
    rng = np.random.default_rng(5)
    for shift, want in ((1.0, 10.4), (0.5, 38.0)):
        detector = CusumDetector(known())
        detector.resize(n)
        first = np.zeros(n)
        for tick in range(1, 400):
            value = rng.normal(shift, 1.0, n)
            for row, active, _ in detector.update(slice(0, n), np.full(n, tick), value):
                if active and not first[row]:
                    first[row] = tick
        assert (first > 0).mean() > 0.999
        assert first[first > 0].mean() == pytest.approx(want, rel=0.05)


def test_false_alarms_come_as_seldom_as_the_textbook_says():
    """In control both sides together run 465 readings on average, one every 465 at most."""
    n, ticks = 4000, 300
    rng = np.random.default_rng(6)
    detector = CusumDetector(known())
    detector.resize(n)
    begun = sum(
        active
        for tick in range(ticks)
        for _, active, _ in detector.update(slice(0, n), np.full(n, tick), rng.normal(0.0, 1.0, n))
    )
    assert n * ticks / begun > 465


def test_learned_mean_and_sigma_find_a_rise_and_its_end():
    rng = np.random.default_rng(7)
    calm = rng.normal(3.0, 0.2, (300, N))
    risen = rng.normal(3.6, 0.2, (40, N))
    after = rng.normal(3.0, 0.2, (60, N))
    settings = CusumSettings(sigma_floor=0.01)
    out = run(settings, np.concatenate([calm, risen, after]).tolist())
    assert all(
        any(row[0] == s and row[1] for tick in out[300:310] for row in tick) for s in range(N)
    )
    assert all(
        any(row[0] == s and not row[1] for tick in out[340:] for row in tick) for s in range(N)
    )
    assert all(0 < llr <= settings.llr_max for tick in out for _, active, llr in tick if active)


def test_one_spike_is_no_shift():
    settings = CusumSettings(sigma_floor=0.01, prior=(0.0, 10.0), warm_up=5.0)
    table = [[0.0] * N] * 20 + [[1.9] * N] + [[0.0] * N] * 20
    assert not any(run(settings, table))


def test_new_level_is_taken_as_usual_after_a_while():
    settings = CusumSettings(sigma_floor=0.1, adopt_after_s=3600.0, direction="up")
    out = run(settings, [[0.0] * N] * 60 + [[1.0] * N] * 200)
    changes = [(tick, active) for tick, rows in enumerate(out) for s, active, _ in rows if s == 0]
    assert [active for _, active in changes] == [True, False]
    assert 60 <= changes[1][0] - changes[0][0] <= 62


def test_slots_left_out_stay_as_they_are():
    settings = known(direction="up")
    whole, parts = (CusumDetector(settings) for _ in range(2))
    for detector in (whole, parts):
        detector.resize(N)
    rng = np.random.default_rng(8)
    for tick in range(50):
        value = rng.normal(0.5, 1.0, N)
        at = np.full(N, tick)
        want = list(whole.update(slice(0, N), at, value))
        got = []
        for slots in (np.array([2, 0]), np.array([3, 1])):
            got += [
                (int(slots[row]), *rest)
                for row, *rest in parts.update(slots, at[slots], value[slots])
            ]
        assert sorted(got) == want

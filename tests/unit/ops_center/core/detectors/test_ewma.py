from __future__ import annotations

from itertools import pairwise

import numpy as np

from ops_center.core.detectors.ewma import EwmaDetector, EwmaSettings
from ops_center.core.detectors.specs import SPEED
from sim.kernel.clock import HOUR, MINUTE
from support.telemetry import T0

DAY = 24 * 60
N = 200
SETTINGS = EwmaSettings(
    above=False, alpha_short=0.1, sigma_floor=0.2, relative_min=0.2, shift_min=1.5
)


def usual_mps(tick):
    """A working day's speed: 14 m/s at night, down to 8 in two peaks."""
    hour = tick / 60 % 24
    peaks = np.exp(-((hour - 8) ** 2) / 2) + np.exp(-((hour - 18) ** 2) / 2)
    return 14.0 - 6.0 * peaks


def noise_mps(rng, n_ticks, n):
    """Noise that hangs together over five minutes, as traffic does."""
    out = np.zeros((n_ticks, n))
    for tick in range(1, n_ticks):
        out[tick] = 0.8 * out[tick - 1] + rng.normal(0.0, 0.6, n)
    return out + rng.normal(0.0, 0.5, (n_ticks, n))


def run(table, settings=SETTINGS, start=0):
    n_ticks, n = table.shape
    detector = EwmaDetector(settings)
    detector.resize(n)
    changes = []
    for tick in range(n_ticks):
        at = np.full(n, T0 + (start + tick) * MINUTE)
        for row, active, llr in detector.update(slice(0, n), at, table[tick]):
            changes.append((tick, row, active, llr))
    return changes


def seasonal(n_days, n=N, seed=3):
    rng = np.random.default_rng(seed)
    ticks = np.arange(n_days * DAY)
    return usual_mps(ticks)[:, None] + noise_mps(rng, len(ticks), n)


def test_seasonal_series_is_quiet_from_the_second_day_on():
    """At most one false alarm in 200 series-days, once every quarter hour is known."""
    table = seasonal(4, n=500)
    false_alarms = [c for c in run(table) if c[2] and c[0] >= DAY]
    assert len(false_alarms) <= 500 * 3 / 200


def test_first_day_takes_the_peaks_for_odd_seldom():
    """Before a day is known the peaks themselves may look odd: at most two a series."""
    starts = [c for c in run(seasonal(1)) if c[2]]
    assert len(starts) <= 2 * N


def test_drop_of_half_is_found_in_five_minutes_and_over_after_its_end():
    table = seasonal(3)
    begin, end = 2 * DAY + 600, 2 * DAY + 690
    table[begin:end] *= 0.5
    changes = [c for c in run(table) if c[0] >= begin]
    begun = {row: tick for tick, row, active, _ in reversed(changes) if active}
    over = {row: tick for tick, row, active, _ in changes if not active}
    delays = np.array([begun[row] - begin for row in range(N) if row in begun])
    assert len(delays) == N
    assert np.median(delays) <= 5
    assert delays.max() <= 15
    assert all(end <= over[row] <= end + 45 for row in range(N))
    assert all(0 < llr <= SETTINGS.llr_max for _, _, active, llr in changes if active)


def test_rise_is_found_when_asked_for_and_a_drop_then_is_not():
    rng = np.random.default_rng(1)
    table = 10.0 + rng.normal(0, 0.5, (300, 20))
    table[200:] += 3.0
    settings = EwmaSettings(above=True, sigma_floor=0.1)
    assert {c[1] for c in run(table, settings) if c[2] and c[0] >= 200} == set(range(20))
    table[200:] -= 6.0
    assert not [c for c in run(table, settings) if c[2] and c[0] >= 200]


def test_nothing_is_said_before_the_warm_up():
    table = np.full((30, 5), 10.0)
    table[10:] = 2.0
    assert run(table) == []


def test_opinion_stands_for_the_refractory_time():
    rng = np.random.default_rng(2)
    table = 10.0 + rng.normal(0, 0.3, (400, 50))
    table[100:104] = 1.0
    table[106:109] = 1.0
    changes = run(table)
    for row in range(50):
        own = [tick for tick, r, *_ in changes if r == row]
        assert all(b - a >= SETTINGS.refractory_s / 60 for a, b in pairwise(own))


def test_new_level_is_taken_as_usual_after_six_hours():
    rng = np.random.default_rng(4)
    table = 12.0 + rng.normal(0, 0.3, (2 * DAY, 10))
    table[DAY:] -= 6.0
    changes = run(table)
    for row in range(10):
        own = [(tick, active) for tick, r, active, _ in changes if r == row and tick >= DAY]
        assert [active for _, active in own] == [True, False]
        assert 360 <= own[1][0] - own[0][0] <= 362


def test_clocks_apart_by_seconds_say_the_same_as_one_clock():
    """Around the turn of a quarter hour some readings belong to the one before."""
    table = seasonal(2, n=20)
    skew_ns = np.linspace(-5e9, 5e9, 20).astype(np.int64)
    whole, apart = (EwmaDetector(SETTINGS) for _ in range(2))
    for detector in (whole, apart):
        detector.resize(20)
    base = T0 // HOUR * HOUR
    for tick in range(len(table)):
        at = np.full(20, base + tick * MINUTE)
        whole.update(slice(0, 20), at, table[tick])
        for part in (np.arange(0, 20, 2), np.arange(1, 20, 2)):
            apart.update(part, at[part] + skew_ns[part], table[tick][part])
    known = ~np.isnan(whole._baseline)
    assert known.sum() > 90 * 20
    difference = np.abs(whole._baseline - apart._baseline)[known & ~np.isnan(apart._baseline)]
    assert difference.mean() < 0.1


def test_default_watch_of_speed_is_the_one_tested_here():
    (watch,) = SPEED.watches
    assert watch.make()._settings == SETTINGS

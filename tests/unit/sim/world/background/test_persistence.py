from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.kernel.rng import SeededStreams
from sim.world.background.persistence import BLOCK, Part, Persistence, correlation

MIXED = np.array([[0.8, 0.0], [0.3, 0.5]])
PARTS = [
    Part(memory=4.0, smooth=True, loading=MIXED),
    Part(memory=120.0, smooth=False, loading=0.4 * np.eye(2)),
]


def series(seed: int = 3, copies: int = 1) -> Persistence:
    return Persistence(SeededStreams(seed), "test.persistence", PARTS, copies)


@given(
    first=st.integers(0, 500_000),
    count=st.integers(1, 2 * BLOCK),
    asked_before=st.integers(0, 500_000),
)
def test_a_value_depends_on_its_step_alone(first, count, asked_before):
    fresh, used = series(), series()
    used.steps(asked_before, 3)
    whole = fresh.steps(first, count)
    assert np.array_equal(used.steps(first, count), whole)
    assert np.array_equal(series().steps(first + count - 1, 1), whole[:, :, -1:])


def test_seeds_and_copies_differ():
    one, other = series(1).steps(0, 50), series(2).steps(0, 50)
    assert not np.allclose(one, other)
    copies = series(copies=2).steps(0, 50)
    assert not np.allclose(copies[0], copies[1])


def test_covariance_and_its_fall_with_lag_are_the_parts_sum():
    drawn = series(copies=40).steps(0, 20 * BLOCK)
    for lag in (0, 1, 3, 10, 60):
        expected = sum(p.loading @ p.loading.T * float(p.correlation(np.array(lag))) for p in PARTS)
        end = drawn.shape[2] - lag
        found = np.einsum("cin,cjn->ij", drawn[:, :, :end], drawn[:, :, lag:]) / (40 * end)
        # 600,000 values with a memory of 120 steps: 5,000 independent ones, 1.4 % each.
        assert found == pytest.approx(expected, abs=0.02), lag


def test_blocks_meet_without_a_step():
    seams = np.arange(1, 200) * BLOCK
    long = Persistence(
        SeededStreams(5), "test.seam", [Part(memory=480.0, smooth=False, loading=np.eye(1))]
    )
    jumps = [float(np.diff(long.steps(int(s) - 1, 2)[0, 0])[0]) for s in seams]
    usual = np.sqrt(2 * (1 - np.exp(-1 / 480)))
    assert np.std(jumps) == pytest.approx(usual, rel=0.2)


def test_smooth_correlation_starts_flat_and_rough_one_falls_at_once():
    lag = np.array([1.0])
    assert 1 - correlation(lag, 10.0, smooth=True)[0] < 0.01
    assert 1 - correlation(lag, 10.0, smooth=False)[0] == pytest.approx(1 - np.exp(-0.1))

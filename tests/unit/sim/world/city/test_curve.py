"""Compact, even shares of a plane of points."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.world.city.curve import curve_order, shares, spots


def grid(side: int) -> np.ndarray:
    x, y = np.meshgrid(np.arange(side), np.arange(side), indexing="ij")
    return np.stack([x, y], axis=-1).reshape(-1, 2).astype(float)


def test_the_curve_steps_from_neighbour_to_neighbour() -> None:
    # Hilbert's curve through a square of 16 by 16 points never leaves a point's four neighbours.
    xy_m = grid(16)
    steps = np.abs(np.diff(xy_m[curve_order(xy_m)], axis=0)).sum(axis=1)
    assert (steps == 1).all()


def test_shares_are_compact_and_even() -> None:
    xy_m = grid(64)
    part = shares(xy_m, np.ones(len(xy_m)), 16)
    assert np.bincount(part).tolist() == [256] * 16
    for number in range(16):
        spread = xy_m[part == number].std(axis=0)
        # A square of 256 points has a standard deviation of 4.6 along each side.
        assert np.hypot(*spread) == pytest.approx(np.hypot(4.61, 4.61), rel=0.01)


@given(
    weight=st.lists(st.floats(0.0, 1.0), min_size=30, max_size=60),
    count=st.integers(1, 12),
    seed=st.integers(0, 1000),
)
def test_each_spot_comes_out_of_an_equal_share_of_the_weight(
    weight: list[float], count: int, seed: int
) -> None:
    draw = np.random.default_rng(seed)
    xy_m = draw.uniform(0, 1000, (len(weight), 2))
    weights = np.array(weight) + 0.01
    chosen = spots(xy_m, weights, count, draw)
    assert len(chosen) == count
    order = curve_order(xy_m)
    rank = np.argsort(order)[chosen]
    passed = np.cumsum(weights[order]) / weights.sum() * count
    before = np.concatenate([[0.0], passed])[rank]
    # The point holds a part of the share's middle.
    assert (before <= np.arange(count) + 0.7 + 1e-9).all()
    assert (passed[rank] >= np.arange(count) + 0.3 - 1e-9).all()


def test_nothing_is_placed_where_nothing_draws() -> None:
    xy_m = grid(20)
    weight = (xy_m[:, 0] > 9).astype(float)
    chosen = spots(xy_m, weight, 25, np.random.default_rng(1))
    assert (xy_m[chosen, 0] > 9).all()
    assert len(set(chosen.tolist())) == 25

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sim.world.city.spread import centres, middles, owners, totals


def clusters(at: list[tuple[float, float]], each: int = 30) -> np.ndarray:
    draw = np.random.default_rng(1)
    return np.concatenate([draw.normal(xy, 20.0, (each, 2)) for xy in at])


def test_centres_find_separate_clusters() -> None:
    at = [(0.0, 0.0), (5_000.0, 0.0), (0.0, 5_000.0)]
    found = centres(clusters(at), np.ones(90), 3)
    gaps = np.hypot(*(found[:, None] - np.array(at)[None]).transpose(2, 0, 1))
    assert (gaps.min(axis=0) < 20.0).all()


def test_fixed_centres_stay_and_new_ones_go_elsewhere() -> None:
    at = [(0.0, 0.0), (5_000.0, 0.0)]
    (found,) = centres(clusters(at), np.ones(60), 1, np.array([at[0]]))
    assert np.hypot(*(found - at[1])) < 20.0


def test_weight_draws_a_centre() -> None:
    (found,) = centres(np.array([(0.0, 0.0), (100.0, 0.0)]), np.array([1.0, 3.0]), 1)
    np.testing.assert_allclose(found, (75.0, 0.0))


def test_many_points_are_gathered_first_and_lose_neither_weight_nor_place() -> None:
    # 30,000 points in two towns, the larger with twice as many people.
    draw = np.random.default_rng(1)
    xy_m = np.concatenate(
        [draw.normal((0, 0), 400, (20_000, 2)), draw.normal((9e3, 0), 400, (10_000, 2))]
    )
    found = centres(xy_m, np.ones(len(xy_m)), 2)
    found = found[np.argsort(found[:, 0])]
    np.testing.assert_allclose(found, [(0, 0), (9_000, 0)], atol=25)
    (one,) = centres(xy_m, np.ones(len(xy_m)), 1)
    np.testing.assert_allclose(one, xy_m.mean(axis=0), atol=1)


def test_scattered_towns_have_as_many_centres_as_asked_for() -> None:
    # Three towns a hundred kilometres apart, which leave nearly all of their bounding box empty.
    draw = np.random.default_rng(1)
    middle_m = np.array([(0, 0), (1e5, 0), (0, 1e5)])
    xy_m = np.concatenate([draw.normal(xy, 1_500, (10_000, 2)) for xy in middle_m])
    found = centres(xy_m, np.ones(len(xy_m)), 900)
    assert len(found) == 900
    town = owners(found, middle_m)
    np.testing.assert_allclose(np.bincount(town), 300, atol=15)
    assert np.hypot(*(found - middle_m[town]).T).max() < 7_500
    served = np.bincount(owners(xy_m, found), minlength=900)
    assert served.min() > 0
    gap_m = np.hypot(*(xy_m - found[owners(xy_m, found)]).T)
    # 300 centres of 95 % of a town, a disc of 3.7 km, are 430 m apart.
    assert np.median(gap_m) < 300


def test_many_points_in_one_spot_have_one_centre() -> None:
    found = centres(np.full((30_000, 2), 5.0), np.ones(30_000), 3)
    np.testing.assert_allclose(found, np.full((1, 2), 5.0))


def test_what_owners_own_adds_up() -> None:
    owner, weight = np.array([0, 2, 2, 0]), np.array([1.0, 2.0, 3.0, 4.0])
    np.testing.assert_array_equal(totals(owner, weight, 4), [5, 0, 5, 0])
    xy_m = np.array([(0.0, 0), (0, 10), (10, 10), (10, 0)])
    np.testing.assert_allclose(middles(owner // 2, weight, xy_m, 2), [(8, 0), (6, 10)])


@given(st.integers(1, 40), st.integers(1, 12), st.integers(0, 10_000))
def test_as_many_centres_as_asked_for_as_far_as_there_are_points(
    points: int, count: int, seed: int
) -> None:
    draw = np.random.default_rng(seed)
    xy_m, weight = draw.uniform(0, 1000, (points, 2)), draw.uniform(0.1, 1, points)
    found = centres(xy_m, weight, count)
    assert found.shape == (min(count, points), 2)
    assert np.isfinite(found).all()
    np.testing.assert_array_equal(found, centres(xy_m, weight, count))
    gaps = np.hypot(*(xy_m[:, None] - found[None]).transpose(2, 0, 1))
    np.testing.assert_array_equal(gaps[np.arange(points), owners(xy_m, found)], gaps.min(axis=1))

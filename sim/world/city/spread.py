"""Spread centres over weighted points: districts, stations and trip ends all need it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

F64 = NDArray[np.float64]

_GATHER_FROM, _SQUARES, _SQUARES_PER_CENTRE = 20_000, 4_000, 10
"""More points than this are first gathered in at least so many squares that hold any: of a city
of 250,000 cells each is 800 m wide at most, and a third of the reach of what is spread where
that is less. Measured: 20 s become one. A square for each centre at the very least, or there
would be fewer centres than asked for; ten, assumed, let a centre find the middle of its own."""
_FINEST_M = 1.0
"""Points that lie together in squares of this side stay together."""
_ROUNDS = 25
"""Rounds of improvement; the centres of a city stop moving after about fifteen. Measured."""


def centres(xy_m: F64, weight: F64, count: int, fixed_m: F64 | None = None) -> F64:
    """Return `count` centres that keep weighted squared distances small.

    Starts from the point farthest from all centres so far, by weighted squared distance, then
    moves each centre to the mean of its points until nothing changes.

    Parameters
    ----------
    xy_m, weight
        ``(n, 2)`` points [m] and ``(n,)`` their weights, not negative.
    fixed_m
        ``(f, 2)`` centres that stand already and do not move.

    Returns
    -------
    numpy.ndarray
        ``(min(count, n), 2)`` new centres [m]; the same for the same input.

    References
    ----------
    Lloyd 1982, doi:10.1109/TIT.1982.1056489; start: Gonzalez 1985,
    doi:10.1016/0304-3975(85)90224-5.
    """
    if len(xy_m) > _GATHER_FROM:
        xy_m, weight = _gathered(xy_m, weight, max(_SQUARES, _SQUARES_PER_CENTRE * count))
    fixed = np.empty((0, 2)) if fixed_m is None else fixed_m
    mean = np.average(xy_m, axis=0, weights=weight)
    found = list(fixed) or [xy_m[int(np.argmin(_squared(xy_m, mean)))]]
    nearest2 = np.min([_squared(xy_m, centre) for centre in found], axis=0)
    while len(found) < len(fixed) + min(count, len(xy_m)):
        found.append(xy_m[int(np.argmax(nearest2 * weight))])
        nearest2 = np.minimum(nearest2, _squared(xy_m, found[-1]))
    at = np.array(found)
    for _ in range(_ROUNDS):
        owner = owners(xy_m, at)
        total = np.bincount(owner, weights=weight, minlength=len(at))
        sums = [np.bincount(owner, weights=weight * axis, minlength=len(at)) for axis in xy_m.T]
        moved = np.where(total[:, None] > 0, np.stack(sums, axis=1), at)
        moved /= np.where(total > 0, total, 1)[:, None]
        moved[: len(fixed)] = fixed
        if np.allclose(moved, at, atol=1.0):
            break
        at = moved
    return at[len(fixed) :]


def owners(xy_m: F64, centre_m: F64) -> NDArray[np.int64]:
    """Return the index of the centre nearest to each of ``(n, 2)`` points."""
    _, nearest = KDTree(centre_m).query(xy_m)
    return np.asarray(nearest, dtype=np.int64)


def totals(owner: NDArray[np.integer[Any]], weight: F64, count: int) -> F64:
    """Return ``(count,)`` the weight of what each owner owns."""
    return np.bincount(owner, weights=weight, minlength=count).astype(np.float64)


def middles(owner: NDArray[np.integer[Any]], weight: F64, xy_m: F64, count: int) -> F64:
    """Return ``(count, 2)`` the weighted middle of what each owner owns; all own something."""
    sums = [totals(owner, weight * axis, count) for axis in xy_m.T]
    middle: F64 = np.stack(sums, axis=1) / totals(owner, weight, count)[:, None]
    return middle


def _gathered(xy_m: F64, weight: F64, wanted: int) -> tuple[F64, F64]:
    """Return the weighted middle of the points in each square, and their weight together.

    A city of scattered towns leaves most squares of its bounding box empty, so they are made
    smaller until as many as wanted hold a point.
    """
    peopled = weight > 0
    xy_m, weight = xy_m[peopled], weight[peopled]
    low, high = xy_m.min(axis=0), xy_m.max(axis=0)
    wanted = min(wanted, len(xy_m))
    side_m = float(np.sqrt(np.prod(np.maximum(high - low, 1.0)) / wanted))
    while True:
        column, row = np.floor((xy_m - low) / side_m).astype(np.int64).T
        squares, square = np.unique(column * (row.max() + 1) + row, return_inverse=True)
        if len(squares) >= wanted or side_m <= _FINEST_M:
            break
        side_m /= np.sqrt(2)
    return middles(square, weight, xy_m, len(squares)), totals(square, weight, len(squares))


def _squared(xy_m: F64, centre_m: F64) -> F64:
    squared: F64 = ((xy_m - centre_m) ** 2).sum(axis=1)
    return squared

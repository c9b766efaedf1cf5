"""Share whole numbers out so that the parts sum to the whole."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

I64 = NDArray[np.int64]


def apportion(total: int, weights: ArrayLike, *, at_least: int = 0) -> I64:
    """Return whole shares of `total` by weight that sum to it, by largest remainder.

    Each share is `at_least` that; a total too small for that is raised. Ties go to the first.

    Parameters
    ----------
    weights
        ``(n,)`` not negative, with a sum above 0.
    """
    weight = np.asarray(weights, dtype=float)
    total = max(total, at_least * len(weight))
    quota = weight / weight.sum() * total
    shares: I64 = np.maximum(np.floor(quota).astype(np.int64), at_least)
    # Raising the small above their quota may have taken too much; the well-off give it back.
    while shares.sum() > total:
        over = np.where(shares > at_least, shares - quota, -np.inf)
        shares[int(np.argmax(over))] -= 1
    missing = int(total - shares.sum())
    order = np.argsort(-(quota - shares), kind="stable")
    shares[order[:missing]] += 1
    return shares

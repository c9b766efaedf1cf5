"""Factors round 1 that last: how much more or less than usual, hour by hour or day by day."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sim.kernel.rng import Streams
from sim.world.background.persistence import Part, Persistence

F64 = NDArray[np.float64]


class Residual:
    """Lognormal factors with mean 1.

    Parameters
    ----------
    streams, name
        Where draws come from.
    spread
        ``(n,)`` standard deviation of the factors' logarithm.
    memory
        Share of the variance by correlation time [steps]; the shares add up to 1.
    together
        How alike the n factors are: the correlation between any two of them.
    step
        Length of a step [ns].
    """

    def __init__(
        self,
        streams: Streams,
        name: str,
        spread: Sequence[float],
        memory: dict[float, float],
        step: int,
        together: float = 0.0,
    ) -> None:
        n = len(spread)
        alike = together * np.ones((n, n)) + (1 - together) * np.eye(n)
        root = np.linalg.cholesky(alike)
        self._score = Persistence(
            streams,
            name,
            [
                Part(memory=tau, smooth=False, loading=np.sqrt(share) * root)
                for tau, share in memory.items()
            ],
        )
        self._spread = np.asarray(spread, dtype=float)[:, None]
        self._step = step
        self._before: int | None = None
        self._pair = np.empty((n, 2))

    def at(self, now: int) -> F64:
        """Return ``(n,)`` the factors now, in a straight line between two steps."""
        before, rest = divmod(int(now), self._step)
        if before != self._before:
            self._pair, self._before = self.steps(before, 2), before
        late = rest / self._step
        value: F64 = self._pair[:, 0] * (1 - late) + self._pair[:, 1] * late
        return value

    def steps(self, first: int, count: int) -> F64:
        """Return ``(n, count)`` the factors at whole steps from `first` on."""
        log = self._spread * self._score.steps(first, count)[0]
        factor: F64 = np.exp(log - self._spread**2 / 2)
        return factor

"""Chance events at a mean rate, each put on the clock when the one before has come."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sim.world.stage import Stage


class ChanceEvents:
    """A Poisson process from now until the end of the run; it costs nothing between events.

    Where the rate changes, candidates come at the greatest rate and are kept by its share now.

    Parameters
    ----------
    stage, name
        Time and chance: ``name`` at the number of the candidate.
    most_per_s
        Greatest rate that may occur; 0 for never [1/s].
    act
        Called at each event with a generator of its own for all else about it.
    share
        The rate now over the greatest, 0 to 1; None for always 1.

    References
    ----------
    Thinning: Lewis and Shedler 1979, doi:10.1002/nav.3800260304.
    """

    def __init__(
        self,
        stage: Stage,
        name: str,
        most_per_s: float,
        act: Callable[[np.random.Generator], None],
        *,
        share: Callable[[], float] | None = None,
    ) -> None:
        assert most_per_s >= 0, f"{name}: rate was {most_per_s}, must not be negative"
        self._stage = stage
        self._name = name
        self._per_s = most_per_s
        self._act = act
        self._share = share
        self._count = 0
        if most_per_s > 0:
            self._wait()

    def _wait(self) -> None:
        draw = self._stage.streams.at(self._name, self._count)
        self._count += 1
        gap_s = float(draw.exponential(1 / self._per_s))
        luck = float(draw.random())
        self._stage.after(gap_s, lambda: self._come(draw, luck), self._name)

    def _come(self, draw: np.random.Generator, luck: float) -> None:
        self._wait()
        if self._share is None or luck < self._share():
            self._act(draw)


def draw_row(draw: np.random.Generator, weights: np.ndarray) -> int:
    """Return an index drawn in proportion to ``(n,)`` weights, of which one is above 0."""
    sums = np.cumsum(weights)
    assert sums[-1] > 0, "nothing to draw from: all weights were 0"
    return int(np.searchsorted(sums, draw.random() * sums[-1], side="right"))

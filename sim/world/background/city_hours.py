"""The weather and air that all of the city shares, hour by hour, as standard normal scores."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.kernel.rng import Streams
from sim.world.background.fitted import WEATHER, Skies
from sim.world.background.persistence import Persistence

F64 = NDArray[np.float64]


class CityHours:
    """One joint series: cold fronts clear the air because wind and dust are drawn together.

    Parameters
    ----------
    skies
        The fitted figures.
    streams
        Draws come from ``world.background.city``.
    """

    def __init__(self, skies: Skies, streams: Streams) -> None:
        self._scores = Persistence(streams, "world.background.city", skies.city)

    def weather(self, first: int, count: int) -> F64:
        """Return ``(6, count)`` scores of the weather from hour `first` on."""
        return self._scores.steps(first, count)[0, : len(WEATHER)]

    def air(self, first: int, count: int) -> F64:
        """Return ``(6, count)`` the city's part of the scores of the air."""
        return self._scores.steps(first, count)[0, len(WEATHER) :]

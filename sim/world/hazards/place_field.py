"""One figure a place, as sensors that watch a place read it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from sim.world.fields import Reader

F64 = NDArray[np.float64]
I32 = NDArray[np.int32]


class PlaceField:
    """One channel: a value a place.

    Parameters
    ----------
    values
        Returns ``(places + 1,)`` now; the last entry serves sensors that watch no place.
    """

    def __init__(self, values: Callable[[], F64]) -> None:
        self._values = values

    def bind(self, xy_m: F64, link: I32, place: I32) -> Reader:
        """Return a reader of ``(1, n)``."""
        del xy_m, link
        return lambda: self._values()[place][None, :]

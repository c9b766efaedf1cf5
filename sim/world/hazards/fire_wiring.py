"""The residual current of buildings: what leaks through their insulation, more when it burns."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from sim.world.fields import Reader
from sim.world.stage import Stage

F64 = NDArray[np.float64]
I32 = NDArray[np.int32]

USUAL_MA, SPREAD = 45.0, 0.4
"""Residual current of a building's main board: median, and standard deviation of its logarithm.
Assumed: boards of old blocks stand near 100 mA; alarms are set at 300 to 500 mA."""
BURNT_MA, BURNING_W = 450.0, 50e3
"""What burning insulation adds, and the heat from which it does. Assumed."""


class ResidualField:
    """One channel: residual current at a place [mA]; 0 where the power was cut, or elsewhere.

    Parameters
    ----------
    heat_w
        ``(places + 1,)`` heat of fires at each place [W], changed in place.
    cut
        Places whose power the fire brigade has had cut.
    """

    def __init__(self, stage: Stage, heat_w: F64, cut: Mapping[int, bool]) -> None:
        luck = stage.streams.at("world.hazards.fire.wiring", 0).standard_normal(len(heat_w) - 1)
        self._usual_ma = np.append(USUAL_MA * np.exp(SPREAD * luck), 0.0)
        self._heat_w = heat_w
        self._cut = cut

    def bind(self, xy_m: F64, link: I32, place: I32) -> Reader:
        """Return a reader of ``(1, n)``."""
        del xy_m, link

        def read() -> F64:
            current = self._usual_ma + BURNT_MA * (self._heat_w >= BURNING_W)
            current[[at for at, is_cut in self._cut.items() if is_cut]] = 0.0
            read: F64 = current[place][None, :]
            return read

        return read

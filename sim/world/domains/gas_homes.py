"""Gas that seeps through the soil into homes beside a leak, as home alarms read it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from sim.kernel.basemap import BaseMap
from sim.world.fields import Reader
from sim.world.hazards.gas_leak import LEL

F64 = NDArray[np.float64]
I32 = NDArray[np.int32]

SEEPS, REACH_M = 0.02, 60.0
"""Share of what goes through the soil that enters a home right beside the leak, and the distance
over which it falls to a third. Assumed: ducts and cracks lead some of it indoors; a home two
streets away never notices."""
ROOM_M3, AIR_PER_H = 100.0, 1.0
"""Air of a ground-floor home, and how often it changes. Assumed."""
NOTHING = 1e-6


class HomeAir:
    """One channel: methane in the ground-floor homes of a community [%LEL]; 0 elsewhere.

    A mixed room, dc/dt = (q - c A V) / V, solved exactly over a step of even inflow.
    """

    def __init__(self, basemap: BaseMap) -> None:
        homes = [i for i, place in enumerate(basemap.places) if place.kind == "community"]
        self._place_m = np.array([(p.x_m, p.y_m) for p in basemap.places]).reshape(-1, 2)
        self._homes = np.array(homes, dtype=np.intp)
        # The last entry serves sensors that watch no place.
        self._share = np.zeros(len(basemap.places) + 1)

    @property
    def has_gas(self) -> bool:
        """Whether any home has some."""
        return bool(self._share.any())

    def step(self, seeping_m3s: Mapping[int, float], dt_s: float) -> None:
        """Let gas come in for `dt_s` from leaks by their place, and be aired out."""
        flow = np.zeros(len(self._homes))
        for place, m3s in seeping_m3s.items():
            gap_m = np.hypot(*(self._place_m[self._homes] - self._place_m[place]).T)
            flow += SEEPS * m3s * np.exp(-gap_m / REACH_M)
        steady = flow / (ROOM_M3 * AIR_PER_H / 3600)
        fade = np.exp(-AIR_PER_H / 3600 * dt_s)
        share = steady + (self._share[self._homes] - steady) * fade
        self._share[self._homes] = np.where(share < NOTHING, 0.0, share)

    def bind(self, xy_m: F64, link: I32, place: I32) -> Reader:
        """Return a reader of ``(1, n)``."""
        del xy_m, link
        return lambda: self._share[place][None, :] / LEL * 100

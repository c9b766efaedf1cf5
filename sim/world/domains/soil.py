"""The soil of greenhouse farms: watered each morning, dried by the sun."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.kernel.clock import HOUR
from sim.world.background.calendar import HOURS_AHEAD
from sim.world.fields import Reader
from sim.world.stage import Stage

F64 = NDArray[np.float64]
I32 = NDArray[np.int32]

FULL, DRIED = 0.30, 0.06
"""Moisture by volume of a loam after watering, and what it loses in a day. Assumed: field
capacity of loam; 6 mm over the 0.1 m that a probe feels."""
WATERED_H = 7.0
"""Hour at which drip lines run. Assumed."""
SALT_S_M, SALT_SPREAD = 0.12, 0.3
"""Conductivity of fertigated soil: median, and standard deviation of its logarithm. Assumed."""
PH, PH_SPREAD = 7.2, 0.3
"""Assumed: fields around Beijing are slightly alkaline."""
ALIKE_M, BEDS = 30.0, 4_096
"""Probes nearer than this stand in the same bed; beds that differ, after which luck comes round
again. Assumed."""
MOIST_SPREAD = 0.02
"""Standard deviation of moisture over beds. Assumed."""


class SoilField:
    """Three channels: moisture [0 to 1], conductivity [S/m], pH.

    Each bed has its own luck, by where it lies. It is driest just before it is watered.
    """

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    def bind(self, xy_m: F64, link: I32, place: I32) -> Reader:
        """Return a reader of ``(3, n)``."""
        del link, place
        bed = np.floor(np.asarray(xy_m) / ALIKE_M).astype(np.int64)
        rows = (bed[:, 0] * 8_191 + bed[:, 1]) % BEDS
        luck = self._stage.streams.at("world.domains.soil", 0).standard_normal((BEDS, 3))[rows].T
        salt = SALT_S_M * np.exp(SALT_SPREAD * luck[1])
        ph = PH + PH_SPREAD * luck[2]

        def read() -> F64:
            hour = (int(self._stage.now) / HOUR + HOURS_AHEAD - WATERED_H) % 24
            moisture = FULL - DRIED * hour / 24 + MOIST_SPREAD * luck[0]
            return np.stack([moisture, salt, ph])

        return read

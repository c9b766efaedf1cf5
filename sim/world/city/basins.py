"""Hydrology of the underpasses, which no road map tells."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sim.kernel.basemap import Place
from sim.kernel.rng import Streams
from sim.world.city.model import Basins

F64 = NDArray[np.float64]

CATCHMENT_M2 = 30_000.0
RUNOFF = 0.85
BOTTOM_M2, TOP_M2, HEIGHT_M = 500.0, 4_000.0, 3.0
DUTY_PUMP_M3S = 0.6
"""The reference underpass: 3 ha of mostly sealed ground into a bowl of 500 to 4,000 m2 over
3 m, a pump that holds depth to 0.25 m in the 5-year storm. Assumed: it gives the behaviour
reported of Beijing's sunken bridges, half of them built for storms of 1 to 2 years."""

_SPREAD = 0.3
_RANGE = (0.5, 2.0)
"""Spread of the catchments (sigma of the logarithm), and bounds as shares of the reference.
Assumed."""


def make_basins(places: Sequence[Place], streams: Streams) -> Basins:
    """Return one basin an underpass: lognormal catchment, pumps sized for it, equal bowls."""
    index = np.array([i for i, p in enumerate(places) if p.kind == "underpass"], dtype=np.int32)
    draw = streams.at("city.basins", 0).standard_normal(len(index))
    factor = np.clip(np.exp(_SPREAD * draw), *_RANGE)
    same: F64 = np.ones(len(index))
    return Basins(
        place=index,
        catchment_m2=CATCHMENT_M2 * factor,
        runoff=RUNOFF * same,
        bottom_m2=BOTTOM_M2 * same,
        top_m2=TOP_M2 * same,
        height_m=HEIGHT_M * same,
        duty_pump_m3s=DUTY_PUMP_M3S * factor,
        standby_pump_m3s=DUTY_PUMP_M3S * factor,
    )

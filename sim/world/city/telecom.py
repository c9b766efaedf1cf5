"""Mobile telephony: base stations with their batteries and their reach."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sim.kernel.basemap import Place
from sim.kernel.rng import Streams
from sim.world.city.model import Cells
from sim.world.city.networks import Telecom
from sim.world.city.spread import owners

_BATTERY_S = (2 * 3600.0, 4 * 3600.0)
"""Life without the grid: 2 to 4 hours, as the outage scenario asks."""
_REACH_M = 500.0
"""Least reach of a macro site in a built-up area. Assumed."""


def make_telecom(places: Sequence[Place], cells: Cells, streams: Streams) -> Telecom:
    """Return stations that reach every cell: each its own, the ones nearest to it."""
    station = np.array(
        [i for i, p in enumerate(places) if p.kind == "base_station"], dtype=np.int32
    )
    at_m = np.array([(places[i].x_m, places[i].y_m) for i in station])
    nearest = owners(cells.xy_m, at_m)
    reach_m = np.full(len(station), _REACH_M)
    np.maximum.at(reach_m, nearest, np.hypot(*(cells.xy_m - at_m[nearest]).T))
    return Telecom(
        station=station,
        battery_s=streams.at("city.telecom", 0).uniform(*_BATTERY_S, len(station)),
        reach_m=reach_m,
    )

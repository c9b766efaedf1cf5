"""District heat: the cells that each plant warms."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sim.kernel.basemap import Place
from sim.world.city.model import Cells
from sim.world.city.networks import HeatNet
from sim.world.city.spread import owners, totals

HEAT_W_PER_PERSON = 1_500.0
"""Heat at the design temperature. Assumed: 30 m2 of floor at 40 W/m2, within the 40 to 45 W/m2
of CJJ 34-2010 table 3.1.2-1 for saving houses, and a quarter more for work places."""
_RESERVE = 1.15
"""Plants are built for a little more than the design day. Assumed."""
_REACH_M = 8_000.0
"""Primary mains of one plant reach so far. Assumed."""
_THIN_PEOPLE_PER_HA = 10.0
"""Below this density houses heat themselves. Assumed: single houses and villages."""


def make_heat_net(places: Sequence[Place], cells: Cells) -> HeatNet:
    """Return each plant with the densely built cells nearest to it."""
    plant = np.array([i for i, p in enumerate(places) if p.kind == "heat_plant"], dtype=np.int32)
    at_m = np.array([(places[i].x_m, places[i].y_m) for i in plant])
    nearest = owners(cells.xy_m, at_m)
    gap_m = np.hypot(*(cells.xy_m - at_m[nearest]).T)
    per_ha = cells.people / (cells.size_m**2 / 1e4)
    warmed = (gap_m <= _REACH_M) & (per_ha >= _THIN_PEOPLE_PER_HA)
    # However thin the town, a plant was built for somebody.
    beside = owners(at_m, cells.xy_m)
    warmed[beside], nearest[beside] = True, np.arange(len(plant))
    people = totals(nearest[warmed], cells.people[warmed], len(plant))
    return HeatNet(
        plant=plant,
        plant_peak_w=_RESERVE * HEAT_W_PER_PERSON * people,
        cell_plant=np.where(warmed, nearest, -1).astype(np.int32),
    )

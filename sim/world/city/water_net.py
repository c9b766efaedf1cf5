"""Drinking water: pressure zones around pumping stations, and mains under the streets."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sim.kernel.basemap import ROAD_CLASSES, Place
from sim.kernel.rng import Streams
from sim.world.city.model import Cells
from sim.world.city.networks import WaterNet
from sim.world.city.spread import owners, totals
from sim.world.city.streets import Streets, with_main

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

DEMAND_M3S_PER_PERSON = 0.25 / 86_400.0
"""Mean demand, homes and work together. Assumed: 250 L a person and day, within the 150 to
400 L of GB 50282-2016 for large cities."""
_HEAD_M = (25.5, 32.6)
"""Mean head of a zone: 0.25 to 0.32 MPa. Assumed: the least of GB 50013-2018 for six storeys,
28 m, and a little to either side."""
_DIAMETER_M = ((0.8, 1.0), (0.8, 1.0), (0.6, 0.8), (0.4, 0.6), (0.3, 0.4), (0.15, 0.2), (0.15, 0.2))
"""The two usual inner diameters under each class of road, in the order of `ROAD_CLASSES`.
Assumed: trunk mains follow arterials; DN150 is the least that feeds a hydrant (GB 50974-2014,
8.1.4 asks for DN100)."""
_SMALL_STREETS = 0.6
"""Share of residential streets with a public main. Assumed: the rest is fed from within
estates."""
_OLDEST_Y, _NEWEST_Y = 45.0, 3.0
_AGE_NOISE_Y = 8.0
"""Mains are old in the centre and new at the edge, with this spread. Assumed: the city grew
outwards within two generations, and pipes are renewed after 50 years at the latest."""
_AGE_RANGE_Y = (0.0, 50.0)

assert len(_DIAMETER_M) == len(ROAD_CLASSES)


def make_water_net(
    places: Sequence[Place], cells: Cells, streets: Streets, streams: Streams
) -> WaterNet:
    """Return zones of the cells nearest to each pumping station, and the mains."""
    works = np.array([i for i, p in enumerate(places) if p.kind == "waterworks"], dtype=np.int32)
    places_m = np.array([(p.x_m, p.y_m) for p in places])
    cell_zone = owners(cells.xy_m, places_m[works]).astype(np.int32)
    people = totals(cell_zone, cells.people, len(works))
    draw = streams.at("city.water", 0)
    head_m = draw.uniform(*_HEAD_M, len(works))
    main = with_main(streets, _SMALL_STREETS, draw)
    middle_m = streets.middle_m[main]
    larger = draw.random(len(main)) < 0.5
    return WaterNet(
        works=works,
        zone_head_m=head_m,
        zone_demand_m3s=DEMAND_M3S_PER_PERSON * people,
        cell_zone=cell_zone,
        place_zone=cell_zone[owners(places_m, cells.xy_m)],
        main_link=streets.link[main].astype(np.int32),
        main_zone=cell_zone[owners(middle_m, cells.xy_m)],
        main_diameter_m=np.array(_DIAMETER_M)[streets.road_class[main], larger.astype(int)],
        main_age_y=_age_y(middle_m, cells, draw),
    )


def _age_y(at_m: F64, cells: Cells, draw: np.random.Generator) -> F64:
    middle_m = np.average(cells.xy_m, axis=0, weights=cells.people)
    far_m = np.hypot(*(at_m - middle_m).T)
    outward = far_m / max(float(far_m.max(initial=0.0)), 1.0)
    age_y = _OLDEST_Y + (_NEWEST_Y - _OLDEST_Y) * outward
    spread: F64 = np.clip(age_y + draw.normal(0.0, _AGE_NOISE_Y, len(at_m)), *_AGE_RANGE_Y)
    return spread

"""The city as the simulator knows it: the public map, and what only the truth knows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.kernel.basemap import BaseMap

F64 = NDArray[np.float64]
I32 = NDArray[np.int32]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cells:
    """Street cells: squares of the built-up area with the people in them.

    Attributes
    ----------
    size_m
        Side of a cell.
    xy_m
        ``(n, 2)`` centres.
    people
        ``(n,)`` residents, fractional.
    district
        ``(n,)`` int32 index into the map's districts.
    """

    size_m: float
    xy_m: F64
    people: F64
    district: I32


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Zones:
    """Where trips begin and end.

    Attributes
    ----------
    node
        ``(n,)`` int32 road node of each zone.
    people, jobs
        ``(n,)`` weight as origin and as destination.
    """

    node: I32
    people: F64
    jobs: F64


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Basins:
    """Hydrology of the low points, one row a place of kind ``"underpass"``, in map order.

    Attributes
    ----------
    place
        ``(n,)`` int32 index into the map's places.
    catchment_m2, runoff
        ``(n,)`` area that drains into the bowl, and the share of rain that runs off.
    bottom_m2, top_m2, height_m
        ``(n,)`` bowl: surface at depth 0 and at depth `height_m`, linear between.
    duty_pump_m3s, standby_pump_m3s
        ``(n,)`` pump capacities; the standby pump waits for a command.
    """

    place: I32
    catchment_m2: F64
    runoff: F64
    bottom_m2: F64
    top_m2: F64
    height_m: F64
    duty_pump_m3s: F64
    standby_pump_m3s: F64


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class City:
    """Everything that stands: the public map, people, trip ends and hydrology.

    Attributes
    ----------
    assumed
        One sentence for each thing that the source lacked and was generated instead.
    """

    basemap: BaseMap
    cells: Cells
    zones: Zones
    basins: Basins
    assumed: tuple[str, ...]

"""The city as the simulator knows it: the public map, and what only the truth knows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.kernel.basemap import BaseMap
from sim.world.city.networks import Networks

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


PLACE_KINDS = (
    "underpass",
    "bridge",
    "junction",
    "metro_station",
    "community",
    "hospital",
    "clinic",
    "school",
    "venue",
    "factory",
    "greenhouse",
    "substation",
    "waterworks",
    "gas_chamber",
    "heat_plant",
    "base_station",
    "air_station",
    "river_gauge",
)
"""Kinds of places a city may have, in the order in which the map lists them.

``community`` stands for the homes of one: flats, lifts, covers, bins; ``junction`` for a
crossing with signals and the roads that lead to it; ``venue`` for a stadium, a park gate or a
square that fills; ``factory`` for a plant with machines and stored chemicals.
"""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sites:
    """What a place holds, one row a place of the map.

    Attributes
    ----------
    capacity
        ``(places,)`` people at its fullest: residents of a community, beds of a hospital,
        pupils, spectators, workers, passengers of a metro station on its platforms; 0 where
        nobody stays.
    area_m2
        ``(places,)`` floor or ground on which they stand, or that grows [m2]; 0 where it means
        nothing.
    node
        ``(places,)`` int32 road node where a vehicle stops for it.
    """

    capacity: F64
    area_m2: F64
    node: I32


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class City:
    """Everything that stands: the public map, people, trip ends, hydrology, facilities, networks.

    Attributes
    ----------
    sites
        What each place holds, a row a place.
    assumed
        One sentence for each thing that the source lacked and was generated instead.
    """

    basemap: BaseMap
    cells: Cells
    zones: Zones
    basins: Basins
    sites: Sites
    networks: Networks
    assumed: tuple[str, ...]

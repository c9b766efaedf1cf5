"""City codes of what a map holds: links, junctions, cells, places, stations, and devices.

A code is worked out, not stored: the area an object stands in, the class of its kind, and its
place in the map. The same map gives the same codes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sim.kernel import citycode
from sim.kernel.basemap import BaseMap
from sim.kernel.errors import InputError

F64 = NDArray[np.float64]

LINK, JUNCTION, CELL, DEVICE = "RL", "RJ", "GC", "DV"

PLACE_CLASSES = {
    "underpass": "UP",
    "bridge": "BR",
    "junction": "SJ",
    "metro_station": "MS",
    "community": "CM",
    "hospital": "HO",
    "clinic": "CL",
    "school": "SC",
    "venue": "VE",
    "factory": "FA",
    "greenhouse": "GH",
    "substation": "SS",
    "waterworks": "WW",
    "gas_chamber": "GS",
    "heat_plant": "HP",
    "base_station": "BS",
    "air_station": "AS",
    "river_gauge": "RG",
}
STATION_CLASSES = {
    "pump_unit": "XP",
    "traffic_police": "XT",
    "ambulance": "XA",
    "fire_engine": "XF",
    "ladder_truck": "XL",
    "hazmat_unit": "XH",
    "rescue_boat": "XB",
    "police_patrol": "XO",
    "gas_repair": "XG",
    "power_repair": "XE",
    "generator_truck": "XN",
    "water_repair": "XW",
    "water_tanker": "XK",
    "tow_truck": "XU",
    "sanitation_crew": "XS",
    "city_inspector": "XI",
    "cdc_team": "XC",
    "lift_technician": "XV",
    "network_team": "XR",
    "agri_technician": "XJ",
    "plant_crew": "XM",
    "ecology_team": "XY",
}
OTHER_PLACE, OTHER_STATION = "PL", "XX"
"""Classes of kinds that a map has beyond these."""

CELL_M = 100.0
"""Side of a grid cell: the hectare of 万米单元网格."""
_CELL_SERIAL = re.compile(r"([EW])(\d{4})([NS])(\d{4})")


def codes_of_links(basemap: BaseMap) -> list[str]:
    """Return the code of every road link, in the area half way between its ends."""
    roads = basemap.roads
    middle_m = (roads.node_xy_m[roads.start] + roads.node_xy_m[roads.end]) / 2
    return _numbered(basemap.area_of(middle_m), LINK)


def codes_of_junctions(basemap: BaseMap) -> list[str]:
    """Return the code of every road node."""
    return _numbered(basemap.area_of(basemap.roads.node_xy_m), JUNCTION)


def codes_of_places(basemap: BaseMap) -> list[str]:
    """Return the code of every place, in the map's order."""
    areas = _areas_of(basemap, [(place.x_m, place.y_m) for place in basemap.places])
    return [
        citycode.object_code(area, PLACE_CLASSES.get(place.kind, OTHER_PLACE), serial)
        for serial, (area, place) in enumerate(zip(areas, basemap.places, strict=True), start=1)
    ]


def codes_of_stations(basemap: BaseMap) -> list[str]:
    """Return the code of every station, in the map's order."""
    areas = _areas_of(basemap, [(one.x_m, one.y_m) for one in basemap.stations])
    return [
        citycode.object_code(area, STATION_CLASSES.get(one.kind, OTHER_STATION), serial)
        for serial, (area, one) in enumerate(zip(areas, basemap.stations, strict=True), start=1)
    ]


def codes_of_cells(basemap: BaseMap, xy_m: F64) -> list[str]:
    """Return the code of the cell around each of ``(n, 2)`` points [m], built-up or not.

    A cell belongs to the area around its middle; its serial tells its place on the map's grid.
    """
    index = np.floor(np.asarray(xy_m, dtype=float).reshape(-1, 2) / CELL_M).astype(np.int64)
    areas = basemap.area_of(np.asarray((index + 0.5) * CELL_M, dtype=float))
    return [
        citycode.object_code(area, CELL, _cell_serial(column, row))
        for area, (column, row) in zip(areas, index.tolist(), strict=True)
    ]


def codes_of_devices(basemap: BaseMap, xy_m: F64, serials: Sequence[int]) -> list[str]:
    """Return the code of the device at each of ``(n, 2)`` points [m]; serials tell them apart."""
    areas = basemap.area_of(np.asarray(xy_m, dtype=float).reshape(-1, 2))
    return [
        citycode.object_code(area, DEVICE, serial)
        for area, serial in zip(areas, serials, strict=True)
    ]


def cell_middle(code: str) -> tuple[float, float]:
    """Return the middle of the cell that a code names [m].

    Raises
    ------
    InputError
        When it is no cell's code.
    """
    parsed = citycode.parse(code)
    found = _CELL_SERIAL.fullmatch(parsed.serial)
    if parsed.object_class != CELL or found is None:
        raise InputError("city code", value=code, expected=f"a cell's, AREA-{CELL}-E0012N0034")
    east, column, north, row = found.groups()
    x = int(column) if east == "E" else -1 - int(column)
    y = int(row) if north == "N" else -1 - int(row)
    return (x + 0.5) * CELL_M, (y + 0.5) * CELL_M


def _cell_serial(column: int, row: int) -> str:
    """Return the serial: from the origin eastward E0000, E0001, …, westward W0000 and so on."""
    east = f"E{column:04d}" if column >= 0 else f"W{-1 - column:04d}"
    north = f"N{row:04d}" if row >= 0 else f"S{-1 - row:04d}"
    return east + north


def _numbered(areas: Sequence[str], object_class: str) -> list[str]:
    return [
        citycode.object_code(area, object_class, serial)
        for serial, area in enumerate(areas, start=1)
    ]


def _areas_of(basemap: BaseMap, xy_m: Sequence[tuple[float, float]]) -> list[str]:
    return basemap.area_of(np.array(xy_m, dtype=float).reshape(-1, 2))

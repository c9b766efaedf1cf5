"""What lies under and over the streets: the utility networks, as arrays over the map.

Each network says which cell, place and junction it serves. The physics that runs on them is
in `sim.world.domains`; nothing here changes during a run.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]
I32 = NDArray[np.int32]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PowerGrid:
    """Substations and the medium-voltage feeders that leave them.

    Attributes
    ----------
    substation
        ``(s,)`` index into the map's places, kind ``"substation"``.
    feeder_substation
        ``(f,)`` row of `substation` that each feeder leaves.
    feeder_capacity_w, feeder_peak_w
        ``(f,)`` what it may carry for long, and its load at an ordinary evening's peak [W].
    feeder_xy_m
        ``(f, 2)`` middle of the area it serves [m].
    tie
        ``(t, 2)`` pairs of feeders that a switch can join, so that one takes the other's load.
    cell_feeder, place_feeder, node_feeder
        ``(cells,)``, ``(places,)``, ``(nodes,)`` feeder of each cell, place and junction
        (signals and street lights).
    """

    substation: I32
    feeder_substation: I32
    feeder_capacity_w: F64
    feeder_peak_w: F64
    feeder_xy_m: F64
    tie: I32
    cell_feeder: I32
    place_feeder: I32
    node_feeder: I32


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WaterNet:
    """Pumping stations, pressure zones, and the mains under the streets.

    Attributes
    ----------
    works
        ``(z,)`` place of each zone's pumping station, kind ``"waterworks"``.
    zone_head_m
        ``(z,)`` head at the middle of the zone at mean demand [m]; 0.28 MPa is 28.6 m.
    zone_demand_m3s
        ``(z,)`` mean demand [m3/s]; 0 where another station stands nearer to all homes.
    cell_zone, place_zone
        ``(cells,)``, ``(places,)`` zone of each.
    main_link, main_zone
        ``(m,)`` road link that a main lies under, and its zone.
    main_diameter_m, main_age_y
        ``(m,)`` inner diameter [m], age [y].
    """

    works: I32
    zone_head_m: F64
    zone_demand_m3s: F64
    cell_zone: I32
    place_zone: I32
    main_link: I32
    main_zone: I32
    main_diameter_m: F64
    main_age_y: F64


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GasNet:
    """Gas mains under the streets, and the chambers beside them in which gas can gather.

    Attributes
    ----------
    main_link
        ``(m,)`` road link that a main lies under.
    main_pressure_pa
        ``(m,)`` gauge pressure [Pa]: 3 kPa low, 0.2 and 0.4 MPa medium.
    chamber
        ``(c,)`` place of each chamber, kind ``"gas_chamber"``: valve wells, and sewer or
        telecom manholes next to a main.
    chamber_main
        ``(c,)`` row of the nearest main.
    chamber_m3
        ``(c,)`` its volume [m3].
    chamber_is_sewer
        ``(c,)`` bool, whether sewage makes biogas in it.
    """

    main_link: I32
    main_pressure_pa: F64
    chamber: I32
    chamber_main: I32
    chamber_m3: F64
    chamber_is_sewer: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HeatNet:
    """District heat: plants, and the cells each warms.

    Attributes
    ----------
    plant
        ``(p,)`` place of each plant, kind ``"heat_plant"``.
    plant_peak_w
        ``(p,)`` heat it gives at the design temperature of -7.6 °C [W].
    cell_plant
        ``(cells,)`` plant of each cell, -1 where houses heat themselves.
    """

    plant: I32
    plant_peak_w: F64
    cell_plant: I32


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SewerNet:
    """Storm sewers, one reach under each drained street link.

    Attributes
    ----------
    link
        ``(r,)`` road link of each reach.
    diameter_m, slope, cover_m
        ``(r,)`` pipe [m], its fall [m/m], and the depth of its bed below the street [m].
    catchment_m2, runoff
        ``(r,)`` own area that drains into it [m2], and the share of rain that runs off.
    downstream
        ``(r,)`` next reach, -1 at an outfall; follows the links to lower ground.
    outfall
        ``(o,)`` road nodes beside the water that the sewers end in.
    ground_m
        ``(nodes,)`` height of the ground at each junction [m].
    """

    link: I32
    diameter_m: F64
    slope: F64
    cover_m: F64
    catchment_m2: F64
    runoff: F64
    downstream: I32
    outfall: I32
    ground_m: F64


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Telecom:
    """Base stations with their batteries.

    Attributes
    ----------
    station
        ``(b,)`` place of each, kind ``"base_station"``.
    battery_s
        ``(b,)`` how long it runs without the grid: 2 to 4 h [s].
    reach_m
        ``(b,)`` how far it serves [m].
    """

    station: I32
    battery_s: F64
    reach_m: F64


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Metro:
    """Metro lines as the order of their stations.

    Attributes
    ----------
    station
        ``(n,)`` place of each stop, kind ``"metro_station"``; an interchange stands in
        several lines.
    line
        ``(n,)`` line of each stop; stops of a line stand in their order.
    """

    station: I32
    line: I32


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Networks:
    """All utility networks of a city."""

    power: PowerGrid
    water: WaterNet
    gas: GasNet
    heat: HeatNet
    sewer: SewerNet
    telecom: Telecom
    metro: Metro

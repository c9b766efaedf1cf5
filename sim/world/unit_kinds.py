"""Kinds of response units, as rows of a table: a new kind is a row here, not a class."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitKind:
    """One kind of unit.

    Attributes
    ----------
    kind
        Topic level.
    skills
        Tasks it can do, sorted.
    turnout_s
        Median time from the order until its wheels turn.
    wade_m
        Depth that stops it.
    setup_s
        Time from arrival until its work begins.
    capacity
        What it brings along: m3/s of pumps and hoses, W of generators, people that a tanker
        serves, else people it can help at a time.
    """

    kind: str
    skills: tuple[str, ...]
    turnout_s: float
    wade_m: float
    setup_s: float
    capacity: float = 1.0


_CAR_M, _TRUCK_M, _LORRY_M = 0.3, 0.6, 0.5
"""Depth that stops a car, a fire or pump truck with high intake, a van or lorry. Cars stall at
0.3 m (doi:10.1016/j.trd.2017.06.020); the others assumed from their clearance."""

UNIT_KINDS = {
    row.kind: row
    for row in (
        # Capacity assumed: a large pump truck of 900 m3/h, five of the small units of 180 m3/h
        # that Beijing fields; turnout and rigging of suction hoses assumed.
        UnitKind(
            kind="pump_unit",
            skills=("pump",),
            turnout_s=120.0,
            wade_m=0.6,
            setup_s=120.0,
            capacity=0.25,
        ),
        # assumed: a patrol car waits manned; cones and a car across the lane.
        UnitKind(
            kind="traffic_police",
            skills=("clear", "close"),
            turnout_s=60.0,
            wade_m=0.3,
            setup_s=30.0,
        ),
        # Turnout NFPA 1710: 60 s for emergency medical response, 80 s for fire. One stretcher.
        UnitKind(
            kind="ambulance", skills=("rescue", "treat"), turnout_s=60.0, wade_m=0.3, setup_s=30.0
        ),
        # Turnout NFPA 1710, within the minute or so of 建标 152's five minutes to the edge of
        # the area. Three jets of 6.5 L/s (GB 50974 counts 5 L/s); rigging assumed.
        UnitKind(
            kind="fire_engine",
            skills=("pump_out", "rescue", "suppress"),
            turnout_s=80.0,
            wade_m=_TRUCK_M,
            setup_s=60.0,
            capacity=0.02,
        ),
        # Turnout NFPA 1710; raising a turntable ladder 2 min, its monitor 30 L/s (assumed).
        UnitKind(
            kind="ladder_truck",
            skills=("rescue", "suppress"),
            turnout_s=80.0,
            wade_m=_TRUCK_M,
            setup_s=120.0,
            capacity=0.03,
        ),
        # Turnout NFPA 1710; suits and breathing apparatus 5 min (assumed).
        UnitKind(
            kind="hazmat_unit",
            skills=("contain", "rescue"),
            turnout_s=80.0,
            wade_m=_TRUCK_M,
            setup_s=300.0,
        ),
        # Turnout NFPA 1710; launching 3 min. The truck stops at the water's edge, which is
        # where its work begins, so nothing on the way stops it below 1 m (assumed).
        UnitKind(kind="rescue_boat", skills=("rescue",), turnout_s=80.0, wade_m=1.0, setup_s=180.0),
        # assumed, as the traffic police: on patrol, manned.
        UnitKind(
            kind="police_patrol",
            skills=("close", "cordon"),
            turnout_s=60.0,
            wade_m=_CAR_M,
            setup_s=60.0,
        ),
        # assumed: the driver sleeps at the yard; hooking up is part of the work.
        UnitKind(kind="tow_truck", skills=("tow",), turnout_s=180.0, wade_m=_LORRY_M, setup_s=60.0),
        # assumed: within the trade's 30 min to the place; gas is measured before anything else.
        UnitKind(
            kind="gas_repair",
            skills=("repair_gas",),
            turnout_s=180.0,
            wade_m=_LORRY_M,
            setup_s=120.0,
        ),
        # assumed: within the grid company's 45 min; earthing and permit 5 min.
        UnitKind(
            kind="power_repair",
            skills=("repair_power",),
            turnout_s=300.0,
            wade_m=_LORRY_M,
            setup_s=300.0,
        ),
        # assumed: a 500 kW set, as utilities keep; laying cables 20 min.
        UnitKind(
            kind="generator_truck",
            skills=("generate",),
            turnout_s=600.0,
            wade_m=_LORRY_M,
            setup_s=1_200.0,
            capacity=500e3,
        ),
        # assumed: the shift at the depot; finding and marking the main 5 min.
        UnitKind(
            kind="water_repair",
            skills=("repair_main",),
            turnout_s=300.0,
            wade_m=_TRUCK_M,
            setup_s=300.0,
        ),
        # 10 m3 at 20 L a person and day serve 500 people (UNHCR emergency handbook, water);
        # filling up before it leaves, and taps, assumed.
        UnitKind(
            kind="water_tanker",
            skills=("supply_water",),
            turnout_s=600.0,
            wade_m=_LORRY_M,
            setup_s=120.0,
            capacity=500.0,
        ),
        # assumed: a sweeper with two people, on its round.
        UnitKind(
            kind="sanitation_crew",
            skills=("clean",),
            turnout_s=180.0,
            wade_m=_LORRY_M,
            setup_s=60.0,
        ),
        # assumed: an inspector of the grid on an electric bicycle, in the street already.
        UnitKind(
            kind="city_inspector",
            skills=("inspect",),
            turnout_s=60.0,
            wade_m=_CAR_M,
            setup_s=30.0,
        ),
        # assumed: kit is packed, protection is put on at the place.
        UnitKind(kind="cdc_team", skills=("trace",), turnout_s=900.0, wade_m=_CAR_M, setup_s=600.0),
        # assumed: on call in the district, within the 30 min that lift rules give.
        UnitKind(
            kind="lift_technician",
            skills=("release_lift",),
            turnout_s=180.0,
            wade_m=_CAR_M,
            setup_s=120.0,
        ),
        # assumed: on shift at the operator's centre.
        UnitKind(
            kind="network_team", skills=("isolate",), turnout_s=180.0, wade_m=_CAR_M, setup_s=60.0
        ),
        # assumed: at the township's agricultural station.
        UnitKind(
            kind="agri_technician",
            skills=("warm",),
            turnout_s=600.0,
            wade_m=_LORRY_M,
            setup_s=120.0,
        ),
        # assumed: the works' own shift or its contractor.
        UnitKind(
            kind="plant_crew",
            skills=("repair_machine",),
            turnout_s=300.0,
            wade_m=_LORRY_M,
            setup_s=300.0,
        ),
        # assumed: a van with analysers, warmed up at the station.
        UnitKind(
            kind="ecology_team",
            skills=("monitor",),
            turnout_s=300.0,
            wade_m=_LORRY_M,
            setup_s=300.0,
        ),
    )
}
"""Kinds of unit by name; stations of any other kind stay empty."""

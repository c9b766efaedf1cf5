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
        What it brings along: m3/s of pumps and hoses, W of generators, else people it can
        help at a time.
    """

    kind: str
    skills: tuple[str, ...]
    turnout_s: float
    wade_m: float
    setup_s: float
    capacity: float = 1.0


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
            kind="traffic_police", skills=("close",), turnout_s=60.0, wade_m=0.3, setup_s=30.0
        ),
        # Turnout NFPA 1710: 60 s for emergency medical response, 80 s for fire.
        UnitKind(kind="ambulance", skills=("rescue",), turnout_s=60.0, wade_m=0.3, setup_s=30.0),
    )
}
"""Kinds of unit by name; stations of any other kind stay empty."""

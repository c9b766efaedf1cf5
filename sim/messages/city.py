"""What the city's side says besides telemetry: its clock, its map, calls from people."""

from __future__ import annotations

from dataclasses import dataclass

from sim.kernel.basemap import BaseMap
from sim.kernel.bus import Message
from sim.kernel.clock import Ns


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CityClock(Message):
    """City time and its speed, retained, so that a centre may keep the city's pace.

    Attributes
    ----------
    ts_event
        City time now.
    speed
        City seconds per wall second.
    ends_at
        City time at which the scenario ends, or None when it is open.
    wall_ns
        Wall time of the author when it said so, nanoseconds since the epoch.
    run_id
        Names this run of the city: a new one tells a centre that time starts anew.
    """

    speed: float
    ends_at: Ns | None
    wall_ns: int
    run_id: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MapPublished(Message):
    """The public base map (空间图), retained: roads, districts, known places, stations."""

    basemap: BaseMap


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CallReceived(Message):
    """A person called an emergency or service line.

    Attributes
    ----------
    call_id
        Unique.
    line
        The number called: ``"110"``, ``"119"``, ``"120"``, ``"122"``, ``"12345"``.
    topic
        What it is about, a closed word such as ``"trapped"``.
    district
        Where, a topic level.
    lon, lat
        Where, WGS 84 degrees.
    place_id
        The place named by the caller, or None.
    people
        How many the caller says are affected.
    """

    call_id: str
    line: str
    topic: str
    district: str
    lon: float
    lat: float
    place_id: str | None
    people: int

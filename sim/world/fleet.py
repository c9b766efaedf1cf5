"""The units themselves: what each is, where it stands, what it is doing."""

from __future__ import annotations

from dataclasses import dataclass, field

from sim.kernel.basemap import BaseMap, Station
from sim.messages.field import Command, Scalar, UnitState
from sim.world.crew import Task
from sim.world.unit_kinds import UNIT_KINDS, UnitKind


@dataclass(slots=True, kw_only=True, eq=False)
class Job:
    """An order that a unit is carrying out, and the hospital its patients are for."""

    command: Command
    task: Task
    hospital: int | None = None


@dataclass(slots=True, kw_only=True, eq=False)
class Unit:
    """One unit as it stands: where, doing what, for whom.

    Attributes
    ----------
    node, link, share
        The road node it stands at or has left, the link it drives on, and how much of it.
    jobs
        How many it has taken, which turnout draws count by.
    free_at
        When it has handed its patients over.
    reported_at, looked_at
        When it last said where it is, and what it sees.
    observed
        What its crew last said of the scene.
    """

    unit_id: str
    kind: UnitKind
    station: Station
    node: int
    state: UnitState = "idle"
    link: int | None = None
    share: float = 0.0
    job: Job | None = None
    jobs: int = 0
    free_at: int = 0
    reported_at: int = 0
    looked_at: int | None = None
    observed: dict[str, Scalar] = field(default_factory=dict)

    @property
    def setup_s(self) -> float:
        """Time from arrival until its work begins [s]."""
        return self.kind.setup_s

    @property
    def capacity(self) -> float:
        """What it brings along, in the unit of its kind."""
        return self.kind.capacity


def base_units(basemap: BaseMap) -> list[Unit]:
    """Return the units of every station, numbered within their kind in the map's order."""
    counts = dict.fromkeys(UNIT_KINDS, 0)
    units = []
    for station in basemap.stations:
        for _ in range(station.units if station.kind in UNIT_KINDS else 0):
            counts[station.kind] += 1
            units.append(
                Unit(
                    unit_id=f"{station.kind.replace('_', '-')}-{counts[station.kind]:02d}",
                    kind=UNIT_KINDS[station.kind],
                    station=station,
                    node=station.node,
                )
            )
    return units

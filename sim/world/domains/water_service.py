"""What crews do about the water supply."""

from __future__ import annotations

from typing import Protocol

from sim.kernel.rng import Streams
from sim.world.crew import Crew, Task
from sim.world.domains.mending import Mending
from sim.world.domains.zones import ENOUGH_M, PA_PER_M

REPAIR_S, REPAIR_SPREAD = 14_400.0, 0.4
"""Median time to dig, clamp and fill the main again. Assumed: four hours; stopping the water is
asked for within two."""


class Mains(Protocol):
    """What crews need of the water supply."""

    def bursts_at(self, place: int) -> list[int]:
        """Return the numbers of the bursts that crews at a place see to."""

    def attend(self, number: int, dt_s: float) -> None:
        """Let a crew look for the gates of a burst."""

    def mend(self, number: int) -> None:
        """Close a hole for good."""

    def supply(self, place: int, unit_id: str, people: float) -> None:
        """Let a tanker serve so many people at a place; 0 takes it away."""

    def pressure_at(self, place: int) -> float:
        """Return the pressure at a place [Pa]."""


class RepairMain:
    """Shut the gates next to a burst, then dig and mend."""

    def __init__(self, mains: Mains, streams: Streams) -> None:
        self._mains = mains
        self._mending = Mending(
            streams,
            "main",
            faults_at=mains.bursts_at,
            median_s=lambda _: REPAIR_S,
            spread=REPAIR_SPREAD,
            mend=mains.mend,
        )

    def begin(self, task: Task, crew: Crew) -> None:
        """Look for the first burst."""
        self._mending.begin(task, crew)

    def tick(self, task: Task, crew: Crew, dt_s: float) -> bool:
        """Return whether no burst is left for this crew."""
        for number in self._mains.bursts_at(task.place):
            self._mains.attend(number, dt_s)
        return self._mending.tick(task, crew, dt_s)

    def end(self, task: Task, crew: Crew) -> None:
        """Leave."""
        self._mending.end(task, crew)


class SupplyWater:
    """Serve people from a tanker until the taps run again."""

    def __init__(self, mains: Mains) -> None:
        self._mains = mains

    def begin(self, task: Task, crew: Crew) -> None:
        """Open the tanker's taps."""
        self._mains.supply(task.place, crew.unit_id, crew.capacity)

    def tick(self, task: Task, crew: Crew, dt_s: float) -> bool:
        """Return whether the place has enough pressure."""
        del crew, dt_s
        return self._mains.pressure_at(task.place) >= ENOUGH_M * PA_PER_M

    def end(self, task: Task, crew: Crew) -> None:
        """Drive off."""
        self._mains.supply(task.place, crew.unit_id, 0.0)

"""What crews do about flooded streets and open manholes, and what sensors read of sewers."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sim.world.crew import Crew, Task
from sim.world.domains.reaches import Reaches
from sim.world.fields import Reader

F64 = NDArray[np.float64]
I32 = NDArray[np.int32]
I64 = NDArray[np.int64]

SHALLOW_M = 0.05
"""Depth at which pumps draw air. Assumed."""


class Streets(Protocol):
    """What crews and sensors need of the sewers."""

    reaches: Reaches

    def depth_at(self, place: int) -> float:
        """Return the deepest water on the streets of a place [m]."""

    def pump(self, place: int, unit_id: str, capacity_m3s: float) -> None:
        """Let a unit draw water from the streets of a place; 0 takes it away."""

    def guard(self, place: int, unit_id: str, *, there: bool) -> None:
        """Let a unit keep people from the open manholes of a place, or leave."""

    def is_covered(self, place: int) -> bool:
        """Return whether no manhole of a place is open."""

    def reach_of(self, xy_m: F64, link: I32, place: I32) -> I64:
        """Return the reach that each sensor watches."""


class PumpOut:
    """Draw water from the streets of a place until they are passable."""

    def __init__(self, streets: Streets) -> None:
        self._streets = streets

    def begin(self, task: Task, crew: Crew) -> None:
        """Lay the hoses."""
        self._streets.pump(task.place, crew.unit_id, crew.capacity)

    def tick(self, task: Task, crew: Crew, dt_s: float) -> bool:
        """Return whether little water is left."""
        del crew, dt_s
        return self._streets.depth_at(task.place) < SHALLOW_M

    def end(self, task: Task, crew: Crew) -> None:
        """Take the hoses up."""
        self._streets.pump(task.place, crew.unit_id, 0.0)


class Guard:
    """Keep people from open manholes until they are covered."""

    def __init__(self, streets: Streets) -> None:
        self._streets = streets

    def begin(self, task: Task, crew: Crew) -> None:
        """Stand beside the hole."""
        self._streets.guard(task.place, crew.unit_id, there=True)

    def tick(self, task: Task, crew: Crew, dt_s: float) -> bool:
        """Return whether it is covered."""
        del crew, dt_s
        return self._streets.is_covered(task.place)

    def end(self, task: Task, crew: Crew) -> None:
        """Leave."""
        self._streets.guard(task.place, crew.unit_id, there=False)


class LevelField:
    """Channels: water level above the bed [m]; with `share` also over the manhole's depth."""

    def __init__(self, streets: Streets, *, share: bool) -> None:
        self._streets = streets
        self._share = share

    def bind(self, xy_m: F64, link: I32, place: I32) -> Reader:
        """Return a reader of ``(1, n)`` or ``(2, n)``."""
        at, reaches = self._streets.reach_of(xy_m, link, place), self._streets.reaches
        if not self._share:
            return lambda: reaches.level_m[at][None, :]
        return lambda: np.stack([reaches.level_m[at], reaches.level_share[at]])


class TiltField:
    """One channel: inclination of the nearest cover, lying 0, off 90 [degrees]."""

    def __init__(self, streets: Streets) -> None:
        self._streets = streets

    def bind(self, xy_m: F64, link: I32, place: I32) -> Reader:
        """Return a reader of ``(1, n)``."""
        at, reaches = self._streets.reach_of(xy_m, link, place), self._streets.reaches
        return lambda: np.where(reaches.lifted[at], 90.0, 0.0)[None, :]

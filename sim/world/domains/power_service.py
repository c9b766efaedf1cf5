"""What generator trucks do about an outage, and what terminals read of the feeders."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sim.world.city.networks import PowerGrid
from sim.world.city.spread import owners
from sim.world.crew import Crew, Task
from sim.world.domains.feeders import Feeders
from sim.world.fields import Reader

F64 = NDArray[np.float64]
I32 = NDArray[np.int32]


class Supply(Protocol):
    """What generators stand in for."""

    def generate(self, place: int, unit_id: str, capacity_w: float) -> None:
        """Let a unit's generator power a place; 0 takes it away."""

    def is_supplied(self, place: int) -> bool:
        """Return whether the grid itself has power at a place."""


class Generate:
    """Power a place from a truck until the grid is back there.

    Assumed: a truck of some 100 kW carries what a place cannot do without, and at a substation
    as many people as its watts suffice for.
    """

    def __init__(self, power: Supply) -> None:
        self._power = power

    def begin(self, task: Task, crew: Crew) -> None:
        """Connect."""
        self._power.generate(task.place, crew.unit_id, crew.capacity)

    def tick(self, task: Task, crew: Crew, dt_s: float) -> bool:
        """Return whether the grid is back."""
        del crew, dt_s
        return self._power.is_supplied(task.place)

    def end(self, task: Task, crew: Crew) -> None:
        """Disconnect."""
        self._power.generate(task.place, crew.unit_id, 0.0)


class TerminalField:
    """Two channels: voltage [V] and current [A] of the feeder that serves the place.

    At a substation it is the lowest voltage of its feeders and their current together; without
    a place, those of the nearest feeder.
    """

    def __init__(self, feeders: Feeders, grid: PowerGrid) -> None:
        self._feeders = feeders
        self._grid = grid

    def bind(self, xy_m: F64, link: I32, place: I32) -> Reader:
        """Return a reader of ``(2, n)``."""
        del link
        grid, feeders = self._grid, self._feeders
        station = np.full(len(grid.place_feeder) + 1, -1)
        station[grid.substation] = np.arange(len(grid.substation))
        row = np.where(place >= 0, grid.place_feeder[place], owners(xy_m, grid.feeder_xy_m))
        # Substations stand behind the feeders in what is gathered from.
        row = np.where(station[place] >= 0, len(feeders) + station[place], row)

        def read() -> F64:
            at = feeders.terminals()
            lowest = np.full(len(grid.substation), np.inf)
            np.minimum.at(lowest, grid.feeder_substation, at[0])
            total = np.bincount(
                grid.feeder_substation, weights=at[1], minlength=len(grid.substation)
            )
            values = np.concatenate((at, np.stack([np.where(total > 0, lowest, 0.0), total])), 1)
            return values[:, row]

        return read

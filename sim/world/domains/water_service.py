"""What crews do about the water supply, and what sensors read of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sim.kernel.clock import Ns
from sim.kernel.rng import Streams
from sim.world.city.networks import WaterNet
from sim.world.city.spread import owners
from sim.world.crew import Crew, Task
from sim.world.domains.mending import Mending
from sim.world.domains.zones import ENOUGH_M, PA_PER_M
from sim.world.fields import Reader

F64 = NDArray[np.float64]
I32 = NDArray[np.int32]
I64 = NDArray[np.int64]

REPAIR_S, REPAIR_SPREAD = 14_400.0, 0.4
"""Median time to dig, clamp and fill the main again. Assumed: four hours; stopping the water is
asked for within two."""


class Mains(Protocol):
    """What crews and sensors need of the water supply."""

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

    def heads(self, xy_m: F64, zone: I32, sector: I64, now: Ns | None = None) -> F64:
        """Return the head in the mains at points [m]."""

    def sector_of(self, xy_m: F64) -> I64:
        """Return the sector of each point."""

    def flow_m3s(self) -> F64:
        """Return ``(z,)`` what each pumping station gives [m3/s]."""


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


class _InZones:
    def __init__(self, mains: Mains, net: WaterNet, cells_m: F64, now: Callable[[], Ns]) -> None:
        self._mains = mains
        self._net = net
        self._cells_m = cells_m
        self._now = now

    def _zone(self, xy_m: F64, place: I32) -> I32:
        """Return the zone of each place, or of the nearest cell."""
        near = self._net.cell_zone[owners(xy_m, self._cells_m)]
        zone: I32 = np.where(place >= 0, self._net.place_zone[place], near)
        return zone


class PressureField(_InZones):
    """One channel: pressure in the mains at the point, as bursts' waves reach it [Pa]."""

    def bind(self, xy_m: F64, link: I32, place: I32) -> Reader:
        """Return a reader of ``(1, n)``."""
        del link
        mains, now = self._mains, self._now
        zone, sector = self._zone(xy_m, place), mains.sector_of(xy_m)
        return lambda: mains.heads(xy_m, zone, sector, now())[None, :] * PA_PER_M


class FlowField(_InZones):
    """One channel: what the zone's pumping station gives [m3/s]."""

    def bind(self, xy_m: F64, link: I32, place: I32) -> Reader:
        """Return a reader of ``(1, n)``."""
        del link
        zone, mains = self._zone(xy_m, place), self._mains
        return lambda: mains.flow_m3s()[zone][None, :]

"""People told to go in and shut the windows, by sirens and by loudspeakers in their homes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from sim.world.stage import Stage

F64 = NDArray[np.float64]
Bool = NDArray[np.bool_]

OUTDOORS = 0.13
"""Share of their time that people spend outside buildings: Klepeis et al. 2001,
doi:10.1038/sj.jea.7500165, 7.6 % outdoors and 5.5 % in vehicles."""
OBEY = 0.8
"""Share of those told to go in and shut the windows who do; assumed."""
AIR_CHANGES_PER_H = (1.0, 0.3)
"""Of a home with some windows open, and with all shut; assumed, about the middle and the low
end of what is measured in flats."""
SIREN_M = 1_000.0
"""Reach of a siren on a factory's roof; assumed: 120 dB at 1 m falls to 60 dB there, audible
over a street by day."""
CORDON_M = 500.0
"""Radius within which police send people indoors or away; assumed: between the first
isolation of 60 m and the kilometres of protection in ERG 2020, table 1."""


class Shelter:
    """Who has been told, by cell."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._told: dict[str, Bool] = {}
        self._nearest: NDArray[np.intp] | None = None

    def sound_siren(self, place: int, by: str, works: bool) -> None:
        """Warn all within `SIREN_M` of a factory; an actuator's effect."""
        self._tell(by, self.within(place, SIREN_M) if works else None)

    def broadcast(self, place: int, by: str, works: bool) -> None:
        """Warn those whose homes belong to a community; an actuator's effect."""
        if self._nearest is None:
            self._nearest = nearest_place(self._stage, "community")
        self._tell(by, self._nearest == place if works else None)

    def told(self) -> Bool:
        """Return ``(cells,)`` whether people there have been told."""
        told = np.zeros(len(self._stage.city.cells.xy_m), dtype=bool)
        for reached in self._told.values():
            told |= reached
        return told

    def within(self, place: int, reach_m: float) -> Bool:
        """Return ``(cells,)`` which lie within `reach_m` of a place."""
        at = self._stage.city.basemap.places[place]
        away = self._stage.city.cells.xy_m - (at.x_m, at.y_m)
        near: Bool = np.hypot(away[:, 0], away[:, 1]) <= reach_m
        return near

    def outdoors(self, told: Bool) -> F64:
        """Return the share of people out of doors, by whether they were told."""
        share: F64 = OUTDOORS * np.where(told, 1 - OBEY, 1.0)
        return share

    def _tell(self, by: str, reached: Bool | None) -> None:
        if reached is None:
            self._told.pop(by, None)
        else:
            self._told[by] = reached


def seep(indoor: F64, outside: F64, told: Bool, dt_s: float) -> F64:
    """Return concentrations indoors after `dt_s`, any unit: air comes in as windows stand."""
    changes = np.where(told, AIR_CHANGES_PER_H[1], AIR_CHANGES_PER_H[0])
    after: F64 = outside + (indoor - outside) * np.exp(-changes * dt_s / 3600)
    return after


def nearest_place(stage: Stage, kind: str) -> NDArray[np.intp]:
    """Return ``(cells,)`` the place of a kind nearest to each cell, -1 when there is none."""
    cells, places = stage.city.cells, stage.places(kind)
    if not places:
        return np.full(len(cells.xy_m), -1, dtype=np.intp)
    at = np.array([(p.x_m, p.y_m) for p in (stage.city.basemap.places[i] for i in places)])
    return np.array(places, dtype=np.intp)[KDTree(at).query(cells.xy_m)[1]]

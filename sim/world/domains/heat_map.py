"""People near each base station, as operators of mobile networks count them."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sim.kernel.clock import HOUR
from sim.world.background.calendar import HOURS_AHEAD
from sim.world.city.spread import owners
from sim.world.fields import Reader
from sim.world.stage import Stage

F64 = NDArray[np.float64]
I32 = NDArray[np.int32]
I64 = NDArray[np.int64]

AT_HOME_NIGHT, AT_HOME_DAY = 0.95, 0.55
"""Share of residents who are at home in the small hours, and at the middle of a working day.
Assumed."""
NIGHT_H = 3.0


class Gathered(Protocol):
    """What is known of crowds."""

    place: I32
    inside: I64


class HeatMapField:
    """One channel: people around the base station nearest to the place or point.

    Residents of the cells nearest to it by the hour of the day, and those in the venues and
    metro stations nearest to it.
    """

    def __init__(self, stage: Stage, crowds: Gathered) -> None:
        city = stage.city
        places = city.basemap.places
        self._stage = stage
        self._crowds = crowds
        self._place_m = np.array([(p.x_m, p.y_m) for p in places]).reshape(-1, 2)
        stations = stage.places("base_station") or range(len(places))
        self._station_m = self._place_m[list(stations)]
        n = len(self._station_m)
        nearest = owners(city.cells.xy_m, self._station_m)
        self._residents = np.bincount(nearest, weights=city.cells.people, minlength=n)
        self._station_of = owners(self._place_m[crowds.place], self._station_m)

    def bind(self, xy_m: F64, link: I32, place: I32) -> Reader:
        """Return a reader of ``(1, n)``."""
        del link
        at_m = np.where((place >= 0)[:, None], self._place_m[place], xy_m)
        at = owners(at_m, self._station_m)
        return lambda: self._people()[at][None, :]

    def _people(self) -> F64:
        hour = (int(self._stage.now) / HOUR + HOURS_AHEAD) % 24
        night = 0.5 + 0.5 * np.cos((hour - NIGHT_H) * np.pi / 12)
        home = AT_HOME_DAY + (AT_HOME_NIGHT - AT_HOME_DAY) * night
        gathered = np.bincount(
            self._station_of, weights=self._crowds.inside, minlength=len(self._station_m)
        )
        people: F64 = home * self._residents + gathered
        return people

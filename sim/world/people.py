"""People in vehicles at the underpasses: who stands in water, who is trapped, who calls."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sim.kernel.basemap import BaseMap
from sim.kernel.clock import Ns, seconds
from sim.kernel.rng import Streams
from sim.world.callers import Callers
from sim.world.engine import CITY, SimEngine
from sim.world.truth import Truth
from sim.world.water import SunkenLinks, Underpasses

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
I32 = NDArray[np.int32]

PEOPLE_PER_VEHICLE = 1.5
"""assumed: usual occupancy of a car in a large city, 1.3 to 1.6."""
EXPOSED_M = 0.25
"""Depth from which people in it count as exposed: the study default of 0.25 m."""
FREE_M = 0.10
"""Depth below which trapped people walk out and vehicles are towed; assumed: ankle-deep."""
CALL_DELAY_S = (60.0, 180.0)
"""Shortest and longest time until trapped people call; assumed: they try the engine first."""


class StreetTraffic(Protocol):
    """What vehicles do on the links, ``(n_links,)`` each."""

    @property
    def on_link(self) -> I32:
        """Vehicles on each link, stalled ones too."""

    @property
    def stalled(self) -> I32:
        """Vehicles stalled in water on each link."""

    def rescue(self, link: int) -> int:
        """Tow the stalled vehicles of a link away and return how many."""


class People:
    """Exposure, entrapment, calls and rescue at every underpass, one row a basin.

    Attributes
    ----------
    exposed
        ``(n,)`` people in water of at least `EXPOSED_M` now, fractional.
    exposure_person_min
        ``(n,)`` their person-minutes since the start.
    trapped
        ``(n,)`` int64 people in stalled vehicles now.
    trapped_total, rescued_total
        People trapped since the start, and those no longer so.
    """

    def __init__(
        self,
        basemap: BaseMap,
        water: Underpasses,
        sunken: SunkenLinks,
        traffic: StreetTraffic,
        *,
        engine: SimEngine,
        callers: Callers,
        streams: Streams,
        truth: Truth,
    ) -> None:
        n = len(water)
        self._basemap = basemap
        self._water = water
        self._sunken = sunken
        self._traffic = traffic
        self._engine = engine
        self._clock = engine.clock(CITY)
        self._callers = callers
        self._streams = streams
        self._truth = truth
        self._stalled = np.zeros(n, dtype=np.int64)
        self._told = np.zeros(n, dtype=np.int64)
        self._calling = np.zeros(n, dtype=bool)
        self._at_risk = True
        self._entrapments = 0
        self.exposed = np.zeros(n)
        self.exposure_person_min = np.zeros(n)
        self.trapped: I64 = np.zeros(n, dtype=np.int64)
        self.trapped_total = 0
        self.rescued_total = 0

    def trapped_at(self, place: int) -> int:
        """Return how many are trapped at a place of the map."""
        row = self._water.row_of(place)
        return 0 if row is None else int(self.trapped[row])

    def rescue(self, place: int, people: int) -> int:
        """Bring up to `people` out of their vehicles at a place and return how many came."""
        row = self._water.row_of(place)
        return 0 if row is None else self._free(row, people)

    def step(self, dt_s: float) -> None:
        """Follow the traffic and water of the step that has just been made."""
        depth_m = self._water.depth_m
        n = len(depth_m)
        sunken, traffic = self._sunken, self._traffic
        # Vehicles stall in water only, and are towed once it is gone.
        if not (self._at_risk or np.count_nonzero(sunken.depth_m[sunken.link])):
            return
        stalled = np.bincount(sunken.row, weights=traffic.stalled[sunken.link], minlength=n).astype(
            np.int64
        )
        for row in np.flatnonzero(stalled > self._stalled).tolist():
            self._trap(row, int(stalled[row] - self._stalled[row]))
        self._stalled = stalled
        for row in np.flatnonzero((stalled + self.trapped > 0) & (depth_m < FREE_M)).tolist():
            self._drain(row)
        self._at_risk = bool(self._stalled.any() or self.trapped.any() or depth_m.any())
        if depth_m.max(initial=0.0) < EXPOSED_M:
            self.exposed[:] = 0.0
            return
        moving = (traffic.on_link - traffic.stalled)[sunken.link] * sunken.share
        in_bowl = np.bincount(sunken.row, weights=moving, minlength=n)
        self.exposed = (depth_m >= EXPOSED_M) * (PEOPLE_PER_VEHICLE * in_bowl + self.trapped)
        self.exposure_person_min += self.exposed * (dt_s / 60)

    def _trap(self, row: int, vehicles: int) -> None:
        """Turn newly stalled vehicles into trapped people, and let them call."""
        draw = self._streams.at("world.people.trapped", self._entrapments)
        self._entrapments += 1
        people = int(np.floor(PEOPLE_PER_VEHICLE * vehicles + draw.uniform()))
        self.trapped[row] += people
        self.trapped_total += people
        self._truth.write(
            "trapped",
            self._engine.now(),
            place=self._place_id(row),
            people=people,
            event=f"flood-{self._place_id(row)}",
        )
        if not self._calling[row]:
            self._calling[row] = True
            due = self._engine.now() + seconds(draw.uniform(*CALL_DELAY_S))
            self._clock.call_at(Ns(due), lambda: self._call(row), name="call")

    def _call(self, row: int) -> None:
        self._calling[row] = False
        people = int(self.trapped[row])
        if people <= self._told[row]:
            return
        self._told[row] = people
        self._callers.say("119", "trapped", int(self._water.place[row]), people)

    def _free(self, row: int, people: int) -> int:
        freed = min(people, int(self.trapped[row]))
        if freed > 0:
            self.trapped[row] -= freed
            self._told[row] = min(self._told[row], self.trapped[row])
            self.rescued_total += freed
            self._truth.write(
                "rescued",
                self._engine.now(),
                place=self._place_id(row),
                people=freed,
                event=f"flood-{self._place_id(row)}",
            )
        return freed

    def _drain(self, row: int) -> None:
        """Let everybody walk out and clear the road, for the water has fallen."""
        self._free(row, int(self.trapped[row]))
        for link in self._sunken.link[self._sunken.row == row].tolist():
            self._traffic.rescue(link)
        self._stalled[row] = 0

    def _place_id(self, row: int) -> str:
        return self._basemap.places[int(self._water.place[row])].place_id

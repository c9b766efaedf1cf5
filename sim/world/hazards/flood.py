"""Floods as truth tells them: onset, levels, samples and end, one event a place at a time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.kernel.basemap import BaseMap
from sim.kernel.clock import Ns, to_seconds
from sim.world.events import HazardKind
from sim.world.people import People
from sim.world.truth import Truth
from sim.world.water import Underpasses

F64 = NDArray[np.float64]

ONSET_M = 0.15
"""Depth from which water on a road is a flood: GB 51222-2017 ponding limit."""
END_M = 0.10
"""Depth below which it is over."""
FLOOD = HazardKind(
    kind="flood",
    title="Underpass flood · 下凹桥积水",
    domain="municipal",
    quantity="depth",
    unit="m",
    levels=(("IV", 0.10), ("III", 0.15), ("II", 0.27), ("I", 0.50)),
    source="early warning; ponding limit GB 51222-2017; closing rule of Beijing (recalled by the "
    "domain facts, unverified); depth in which cars float",
)
WET_M = 0.01
"""Depth from which a place is sampled although no rain falls."""


@dataclass(slots=True)
class _Event:
    onset: Ns
    exposure_before: float
    peak_m: float
    levels: int = 0


class Floods:
    """Keep the events of all underpasses.

    Parameters
    ----------
    basemap, water, people
        Where, how deep, and who is exposed.
    truth
        Takes the records.
    """

    def __init__(self, basemap: BaseMap, water: Underpasses, people: People, truth: Truth) -> None:
        self._basemap = basemap
        self._places = [basemap.places[i] for i in water.place.tolist()]
        self._water = water
        self._people = people
        self._truth = truth
        self._open: dict[int, _Event] = {}

    def step(self, now: Ns) -> None:
        """Open, raise and end events by the depth now."""
        if not self._open and not self._water.is_wet:
            return
        depth_m = self._water.depth_m
        for row in np.flatnonzero(depth_m >= ONSET_M).tolist():
            if row not in self._open:
                self._begin(row, now)
        ended = []
        for row, event in self._open.items():
            depth = float(depth_m[row])
            event.peak_m = max(event.peak_m, depth)
            while event.levels < len(FLOOD.levels) and depth >= FLOOD.levels[event.levels][1]:
                self._truth.write(
                    "hazard_level",
                    now,
                    event=self._name(row),
                    level=FLOOD.levels[event.levels][0],
                    severity=depth,
                )
                event.levels += 1
            if depth < END_M:
                ended.append(row)
        for row in ended:
            self._end(row, now, ongoing=False)

    def sample(self, now: Ns, rain_mm_h: F64) -> None:
        """Record depth and exposure of every wet place, and the rain on it ``(n,)`` [mm/h]."""
        depth_m = self._water.depth_m
        for row in np.flatnonzero((depth_m >= WET_M) | (rain_mm_h > 0)).tolist():
            self._truth.write(
                "sample",
                now,
                place=self._places[row].place_id,
                depth_m=float(depth_m[row]),
                people_exposed=float(self._people.exposed[row]),
                rain_mm_h=float(rain_mm_h[row]),
            )

    def finish(self, now: Ns) -> None:
        """Close the books on events that last beyond the run, marked ``ongoing``."""
        for row in sorted(self._open):
            self._end(row, now, ongoing=True)

    def _begin(self, row: int, now: Ns) -> None:
        place = self._places[row]
        lon, lat = self._basemap.projection.point_to_lonlat(place.x_m, place.y_m)
        depth = float(self._water.depth_m[row])
        self._open[row] = _Event(now, float(self._people.exposure_person_min[row]), depth)
        self._truth.write(
            "hazard_onset",
            now,
            event=self._name(row),
            hazard=FLOOD.kind,
            title=FLOOD.title,
            place=place.place_id,
            district=place.district_id,
            lon=lon,
            lat=lat,
            severity=depth,
            quantity=FLOOD.quantity,
            unit=FLOOD.unit,
            limits=dict(FLOOD.levels),
        )

    def _end(self, row: int, now: Ns, *, ongoing: bool) -> None:
        event = self._open.pop(row)
        exposure = float(self._people.exposure_person_min[row]) - event.exposure_before
        fields = {
            "event": self._name(row),
            "peak_severity": event.peak_m,
            "duration_s": to_seconds(int(now) - int(event.onset)),
            "exposure_person_min": exposure,
        }
        if ongoing:
            fields["ongoing"] = True
        self._truth.write("hazard_end", now, **fields)

    def _name(self, row: int) -> str:
        return f"flood-{self._places[row].place_id}"

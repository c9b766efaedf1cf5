"""The centre's picture of the city: what it takes to be true, from what it was told."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ops_center.core.inventory import Inventory
from ops_center.core.presence import FAULTY
from sim.kernel.basemap import BaseMap
from sim.kernel.clock import Ns, seconds
from sim.messages.city import CallReceived
from sim.messages.field import ActuatorStatus, UnitStatus

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

FRESH = seconds(1800)
"""A reading older than this says nothing of now (assumed: two idle reports of the slowest
gauge, and some)."""
CALL_STANDS = seconds(3600)
"""People are believed trapped so long after their call, unless a crew reports otherwise."""
IMPASSABLE_M = 0.30
"""Water in which cars stall, see the flooded-speed curve of doi:10.1016/j.trd.2017.06.020."""

DEPTH = ("road_water_gauge", "depth")
SPEED = ("vehicle_detector", "speed")


class Picture:
    """Latest word of every unit, actuator and caller, and what gauges and detectors add up to.

    Attributes
    ----------
    units, actuators
        Last status by identifier.
    depth_m
        Greatest fresh depth by place; a place without a fresh gauge is missing.
    blocked
        Links believed closed or too deep to drive.
    trapped
        People believed trapped, by place.
    """

    def __init__(self, basemap: BaseMap, inventory: Inventory) -> None:
        self.units: dict[str, UnitStatus] = {}
        self.actuators: dict[str, ActuatorStatus] = {}
        self.depth_m: dict[str, float] = {}
        self.blocked: frozenset[int] = frozenset()
        self.trapped: dict[str, int] = {}
        self._basemap = basemap
        self._inventory = inventory
        self._calls: dict[str, list[tuple[Ns, int]]] = {}
        self._gauged_m: dict[str, float] = {}
        self._revision = 0
        self._gauges_placed: I64 = np.zeros(0, dtype=np.int64)
        self._crew: dict[str, tuple[Ns, Mapping[str, object]]] = {}

    def on_call(self, call: CallReceived, now: Ns) -> None:
        """Take a call from people who are trapped."""
        if call.place_id is not None and call.topic == "trapped":
            self._calls.setdefault(call.place_id, []).append((now, call.people))

    def on_unit(self, unit: UnitStatus, place_id: str | None, now: Ns) -> None:
        """Take a unit's status, and what its crew sees at `place_id`."""
        self.units[unit.unit_id] = unit
        if place_id is not None and unit.observed:
            self._crew[place_id] = (now, unit.observed)

    def look(self, now: Ns) -> None:
        """Take over what gauges say now."""
        self._gauged_m = self._gauged(now)

    def refresh(self, now: Ns) -> None:
        """Bring depths, blocked links and trapped people up to `now`."""
        self.depth_m = self._depths(now)
        self.trapped = self._trapped(now)
        self.blocked = self._blocked()

    def _gauged(self, now: Ns) -> dict[str, float]:
        """Return the greatest fresh depth of each place's gauges."""
        inventory = self._inventory
        slots, depth = inventory.latest_of(*DEPTH)
        if inventory.revision != self._revision:
            self._revision = inventory.revision
            self._gauges_placed = np.flatnonzero(inventory.place[slots] >= 0)
        slots, depth = slots[self._gauges_placed], depth[self._gauges_placed]
        place = inventory.place[slots]
        told = np.isfinite(depth) & (now - inventory.latest_ns[slots] <= FRESH)
        told &= inventory.presence.status[slots] != FAULTY
        greatest = np.full(len(inventory.places), -np.inf)
        np.maximum.at(greatest, place[told], depth[told])
        return {
            inventory.places[i]: float(greatest[i])
            for i in np.flatnonzero(np.isfinite(greatest)).tolist()
        }

    def _depths(self, now: Ns) -> dict[str, float]:
        """Return the depth of each place, by its gauges and by crews who are there."""
        depths = dict(self._gauged_m)
        for place_id, (at, observed) in self._crew.items():
            seen = observed.get("depth_m")
            if now - at <= FRESH // 6 and isinstance(seen, (int, float)):
                depths[place_id] = max(depths.get(place_id, 0.0), float(seen))
        return depths

    def speeds(self, now: Ns) -> F64:
        """Return ``(n_links,)`` mean fresh speed of each link's detectors, NaN without [m/s]."""
        inventory = self._inventory
        slots, speed = inventory.latest_of(*SPEED)
        link = inventory.link[slots]
        n = len(self._basemap.roads)
        told = (link >= 0) & (link < n) & np.isfinite(speed)
        told &= now - inventory.latest_ns[slots] <= FRESH
        total = np.bincount(link[told], weights=speed[told], minlength=n)
        count = np.bincount(link[told], minlength=n)
        mean = np.full(n, np.nan)
        np.divide(total, count, out=mean, where=count > 0)
        return mean

    def _trapped(self, now: Ns) -> dict[str, int]:
        trapped: dict[str, int] = {}
        for place_id, calls in self._calls.items():
            seen_at, observed = self._crew.get(place_id, (Ns(0), {}))
            seen = observed.get("trapped")
            people = sum(n for at, n in calls if at > seen_at and now - at <= CALL_STANDS)
            if isinstance(seen, (int, float)) and now - seen_at <= CALL_STANDS:
                people += int(seen)
            if people:
                trapped[place_id] = people
        return trapped

    def _blocked(self) -> frozenset[int]:
        closed = {
            actuator.place_id
            for actuator in self.actuators.values()
            if actuator.kind == "barrier" and actuator.position == "closed"
        }
        deep = {place_id for place_id, depth in self.depth_m.items() if depth >= IMPASSABLE_M}
        known = self._basemap.place_index
        return frozenset(
            link
            for place_id in sorted(closed | deep)
            if place_id in known
            for link in self._basemap.get_place(place_id).links
        )

"""The centre's picture of the city: what it takes to be true, from what it was told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ops_center.core.incidents.fusion import Key
from ops_center.core.incidents.signature import Signature
from ops_center.core.inventory import Inventory
from ops_center.core.presence import FAULTY
from ops_center.core.response.gear import Gear
from sim.kernel.basemap import BaseMap
from sim.kernel.clock import Ns, seconds
from sim.messages.field import ActuatorStatus, UnitStatus

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

FRESH = seconds(1800)
"""A reading older than this says nothing of now (assumed: two idle reports of the slowest
gauge, and some)."""
CALL_STANDS = seconds(3600)
"""People are believed trapped so long after their call, unless a crew reports otherwise."""
CREW_STANDS = Ns(FRESH // 6)
"""What a crew saw holds so long (assumed: five of its reports)."""
IMPASSABLE_M = 0.30
"""Water in which cars stall, see the flooded-speed curve of doi:10.1016/j.trd.2017.06.020."""

DEPTH = ("road_water_gauge", "depth")
SPEED = ("vehicle_detector", "speed")


@dataclass(frozen=True, slots=True)
class Word:
    """What people said last of one place, and when."""

    at: Ns
    observed: Mapping[str, object]


class Picture:
    """Latest word of every unit, actuator and caller, and what gauges and detectors add up to.

    Parameters
    ----------
    basemap, inventory
        The map, and who the devices are.
    signatures
        Incident types known, with their levels for this city.

    Attributes
    ----------
    units, actuators
        Last status by identifier.
    gear
        Where the actuators are.
    depth_m
        Greatest fresh depth by place; a place without a fresh gauge is missing.
    severity
        Latest severity by incident type and place; missing where nothing fresh tells.
    affected
        People affected by an incident type at a place, by the caller who named most.
    blocked
        Links believed closed or too deep to drive.
    trapped
        People believed trapped, by place.
    """

    def __init__(
        self, basemap: BaseMap, inventory: Inventory, signatures: Iterable[Signature] = ()
    ) -> None:
        self.units: dict[str, UnitStatus] = {}
        self.actuators: dict[str, ActuatorStatus] = {}
        self.gear = Gear(basemap)
        self.depth_m: dict[str, float] = {}
        self.severity: dict[Key, float] = {}
        self.affected: dict[Key, int] = {}
        self.blocked: frozenset[int] = frozenset()
        self.trapped: dict[str, int] = {}
        self._basemap = basemap
        self._inventory = inventory
        self._calls: dict[str, list[tuple[Ns, int]]] = {}
        self._gauged_m: dict[str, float] = {}
        self._revision = 0
        self._gauges_placed: I64 = np.zeros(0, dtype=np.int64)
        self._crew: dict[str, Word] = {}
        self._manned: dict[str, str] = {}
        self._shut: dict[str, str] = {}
        self._by_gauge = [s.type for s in signatures if s.seen_by == "gauges"]
        self._by_crew = {s.type: s for s in signatures if s.seen_by == "crews"}
        self._reports: dict[Key, list[tuple[Ns, int]]] = {}

    def on_call(self, topic: str, place_id: str, people: int, now: Ns) -> None:
        """Take a call about a place: people trapped, or an incident type."""
        if topic == "trapped":
            self._calls.setdefault(place_id, []).append((now, people))
        elif topic in self._by_crew:
            self._reports.setdefault((topic, place_id), []).append((now, people))

    def on_unit(self, unit: UnitStatus, place_id: str | None, now: Ns) -> None:
        """Take a unit's status, and what its crew sees at `place_id`."""
        self.units[unit.unit_id] = unit
        if place_id is not None and unit.state == "on_scene":
            self._manned[unit.unit_id] = place_id
        else:
            self._manned.pop(unit.unit_id, None)
        if place_id is not None and unit.observed:
            self._crew[place_id] = Word(now, unit.observed)

    def on_actuator(self, actuator: ActuatorStatus) -> None:
        """Take an actuator's word on its position."""
        self.actuators[actuator.actuator_id] = actuator
        self.gear.put(actuator)
        if actuator.kind == "barrier":
            if actuator.position == "closed":
                self._shut[actuator.actuator_id] = actuator.place_id
            else:
                self._shut.pop(actuator.actuator_id, None)

    def seen_by_crew(self, unit: UnitStatus, place_id: str) -> dict[str, float | None]:
        """Return the severities that a crew's report tells, by incident type.

        Of what people called about it tells in any case: what a crew there does not name has
        left no trace, None, while 0 is over.
        """
        told: dict[str, float | None] = {
            incident: None for incident, place in self._reports if place == place_id
        }
        for kind, value in unit.observed.items():
            if kind in self._by_crew and isinstance(value, (int, float)):
                told[kind] = float(value)
        return dict(sorted(told.items()))

    def look(self, now: Ns) -> None:
        """Take over what gauges say now."""
        self._gauged_m = self._gauged(now)

    def refresh(self, now: Ns) -> None:
        """Bring depths, blocked links and trapped people up to `now`."""
        self.depth_m = self._depths(now)
        self.trapped = self._trapped(now)
        self.blocked = self._blocked()
        self._hear(now)
        self.severity = self._severities(now)

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
        for place_id, word in self._crew.items():
            seen = word.observed.get("depth_m")
            if now - word.at <= CREW_STANDS and isinstance(seen, (int, float)):
                depths[place_id] = max(depths.get(place_id, 0.0), float(seen))
        return depths

    def _hear(self, now: Ns) -> None:
        """Let calls grow old, and count whom they say is affected."""
        for key, calls in list(self._reports.items()):
            stands = seconds(self._by_crew[key[0]].word_stands_s)
            fresh = [(at, people) for at, people in calls if now - at <= stands]
            if fresh:
                self._reports[key] = fresh
            else:
                del self._reports[key]
        self.affected = {
            key: max(people for _, people in calls) for key, calls in self._reports.items()
        }

    def _severities(self, now: Ns) -> dict[Key, float]:
        """Return the severity of each type and place that anything fresh tells.

        A crew's word counts while it is fresh; once the crew has left, only until the next
        call. A call counts until a crew has spoken.
        """
        told = {(kind, place): m for place, m in self.depth_m.items() for kind in self._by_gauge}
        manned = set(self._manned.values())
        crew = {place: word for place, word in self._crew.items() if now - word.at <= CREW_STANDS}
        for place_id, word in crew.items():
            for kind, value in word.observed.items():
                if kind in self._by_crew and isinstance(value, (int, float)):
                    told[kind, place_id] = float(value)
        for key, calls in self._reports.items():
            called_at = calls[-1][0]
            seen = self._crew.get(key[1])
            if seen is not None and (key[1] in manned or seen.at >= called_at):
                if key[1] in crew:
                    told.setdefault(key, 0.0)
                continue
            signature = self._by_crew[key[0]]
            counted = float(self.affected[key]) if signature.callers_count else 0.0
            told[key] = counted or signature.assumed_severity
        return told

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
        for place_id in sorted(self._calls.keys() | {place for _, place in self._reports}):
            calls = self._calls.get(place_id, [])
            word = self._crew.get(place_id, Word(Ns(0), {}))
            seen = word.observed.get("trapped")
            people = sum(n for at, n in calls if at > word.at and now - at <= CALL_STANDS)
            if isinstance(seen, (int, float)) and now - word.at <= CALL_STANDS:
                people += int(seen)
            if people:
                trapped[place_id] = people
        return trapped

    def _blocked(self) -> frozenset[int]:
        closed = set(self._shut.values())
        deep = {place_id for place_id, depth in self.depth_m.items() if depth >= IMPASSABLE_M}
        known = self._basemap.place_index
        return frozenset(
            link
            for place_id in sorted(closed | deep)
            if place_id in known
            for link in self._basemap.get_place(place_id).links
        )

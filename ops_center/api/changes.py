"""What changed from one snapshot to the next, as the stream tells it: pure functions.

Every change carries new values, never differences, so a reader may see one twice, or one
that it already knows from a list, without harm.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ops_center.api.layers import tidy
from ops_center.api.schemas import ActuatorItem, IncidentSummary, UnitItem, VitalItem
from ops_center.core.snapshot import DeviceTable, Snapshot
from sim.messages.field import ActuatorStatus, UnitStatus

DECISIONS_MAX = 200
"""Most decision records in one change; who wants all reads ``decisions``. Assumed."""

EVENTS = (
    "clock",
    "incident",
    "unit",
    "actuator",
    "places",
    "vitals",
    "decision",
    "traffic",
    "devices",
    "reload",
)
"""Every event of the stream."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Change:
    """One event to be: its name, and its data as plain values."""

    event: str
    data: dict[str, Any]


def is_another_run(old: Snapshot, new: Snapshot) -> bool:
    """Return whether time went back, or the count did not go on: another run has begun."""
    return new.now < old.now or (new is not old and new.version <= old.version)


def changes(old: Snapshot, new: Snapshot) -> Iterator[Change]:
    """Yield what changed, apart from the columns of devices and links."""
    if old.basemap is not new.basemap:
        yield reload(["map"], "the base map changed")
    yield from _incidents(old, new)
    if units := [UnitItem.of(u).model_dump() for u in changed_units(old.units, new.units)]:
        yield Change(event="unit", data={"items": units})
    if actuators := [
        ActuatorItem.of(a).model_dump() for a in changed_actuators(old.actuators, new.actuators)
    ]:
        yield Change(event="actuator", data={"items": actuators})
    if places := [
        {"id": place, "depth_m": depth}
        for place, depth in sorted(new.depth_m.items())
        if not _same_number(old.depth_m.get(place), depth)
    ]:
        yield Change(event="places", data={"items": places})
    if old.vitals != new.vitals:
        yield Change(
            event="vitals", data={"items": [VitalItem.of(v).model_dump() for v in new.vitals]}
        )
    last = newest_decision(old)
    if records := [r for r in new.decisions if int(r["seq"]) > last][-DECISIONS_MAX:]:
        yield Change(event="decision", data={"items": records})


def reload(what: list[str], why: str) -> Change:
    """Return the change that asks readers to fetch lists anew."""
    return Change(event="reload", data={"what": what, "why": why})


def newest_decision(snapshot: Snapshot) -> int:
    """Return the sequence number of the newest decision, 0 when there is none."""
    return int(snapshot.decisions[-1]["seq"]) if snapshot.decisions else 0


def _incidents(old: Snapshot, new: Snapshot) -> Iterator[Change]:
    before = {incident.incident_id: incident for incident in old.incidents}
    for incident in new.incidents:
        known = before.get(incident.incident_id)
        if known is not incident and known != incident:
            yield Change(event="incident", data=IncidentSummary.of(incident).model_dump())


def changed_units(old: Iterable[UnitStatus], new: Iterable[UnitStatus]) -> list[UnitStatus]:
    """Return the units that reported something new."""
    before = {unit.unit_id: unit for unit in old}
    return [
        unit
        for unit in new
        if (known := before.get(unit.unit_id)) is not unit
        and (known is None or _unit_key(known) != _unit_key(unit))
    ]


def _unit_key(unit: UnitStatus) -> tuple[object, ...]:
    return (unit.state, unit.lon, unit.lat, unit.order_id, dict(unit.observed), unit.station_id)


def changed_actuators(
    old: Iterable[ActuatorStatus], new: Iterable[ActuatorStatus]
) -> list[ActuatorStatus]:
    """Return the actuators that stand differently."""
    before = {actuator.actuator_id: actuator.position for actuator in old}
    return [a for a in new if before.get(a.actuator_id) != a.position]


def _same_number(a: float | None, b: float) -> bool:
    return a == b or (a is not None and math.isnan(a) and math.isnan(b))


class DeviceColumns:
    """Remember which device values were told, and tell the others, a bounded lot at a time."""

    def __init__(self, table: DeviceTable, rows_max: int) -> None:
        self._ids = table.ids
        self._value = tidy(table.value)
        self._status = table.status.copy()
        self._rows_max = rows_max
        self._from = 0

    def is_same_roster(self, table: DeviceTable) -> bool:
        """Return whether rows still mean the same devices."""
        return table.ids is self._ids or table.ids == self._ids

    def take(self, table: DeviceTable) -> dict[str, Any] | None:
        """Return the next lot of changed rows as columns, or None when nothing changed."""
        value = tidy(table.value)
        changed = np.flatnonzero(~_same(value, self._value) | (table.status != self._status))
        rows, self._from = _lot(changed, self._from, self._rows_max)
        if not len(rows):
            return None
        self._value[rows] = value[rows]
        self._status[rows] = table.status[rows]
        return {
            "row": rows.tolist(),
            "value": value[rows].tolist(),
            "status": table.status[rows].tolist(),
        }


class TrafficColumns:
    """Remember which road speeds were told, and tell the others, a bounded lot at a time."""

    def __init__(self, snapshot: Snapshot, links_max: int) -> None:
        self._speed = np.round(snapshot.link_speed_mps, 1)
        self._closed = snapshot.closed_links
        self._links_max = links_max
        self._from = 0

    def take(self, snapshot: Snapshot) -> dict[str, Any] | None:
        """Return changed links and the closed ones, or None when nothing changed."""
        speed = np.round(snapshot.link_speed_mps, 1)
        if len(speed) != len(self._speed):
            self._speed = np.full(len(speed), np.nan)
            self._from = 0
        links, self._from = _lot(
            np.flatnonzero(~_same(speed, self._speed)), self._from, self._links_max
        )
        if not len(links) and snapshot.closed_links == self._closed:
            return None
        self._speed[links] = speed[links]
        self._closed = snapshot.closed_links
        return {
            "link": links.tolist(),
            "speed_mps": speed[links].tolist(),
            "closed": sorted(snapshot.closed_links),
        }


def _same(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.bool_]:
    """``(n,)`` whether two values are equal, or both missing."""
    same: NDArray[np.bool_] = (a == b) | (np.isnan(a) & np.isnan(b))
    return same


def _lot(changed: NDArray[np.intp], start: int, most: int) -> tuple[NDArray[np.intp], int]:
    """Take turns: return up to `most` rows from `start` on, and where to go on next time."""
    if len(changed) <= most:
        return changed, 0
    turn = np.roll(changed, -int(np.searchsorted(changed, start)))[:most]
    return np.sort(turn), int(turn[-1]) + 1

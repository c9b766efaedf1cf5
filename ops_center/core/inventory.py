"""What the centre knows of its devices: who they are, when they were last heard, what they said.

Columns by slot, one slot a device over all kinds, append-only. Identity comes from births
alone; nothing is assumed of a device that never said who it is.
"""

from __future__ import annotations

import math
from collections import OrderedDict

import numpy as np
from numpy.typing import NDArray

from ops_center.core.columns import F64, I32, I64, Scalar, Slots, grown, pick
from ops_center.core.presence import Presence, StatusChange
from ops_center.core.snapshot import DeviceTable
from sim.kernel.clock import Ns
from sim.messages.telemetry import (
    Channel,
    DeviceBirth,
    DeviceDeath,
    DeviceInfo,
    Roster,
)

ROSTERS_KEPT = 256
"""Rosters whose positions are remembered; the longest unused is forgotten first."""


class KindTable:
    """One sensor kind: its devices and channels, both append-only.

    Attributes
    ----------
    channels
        Every channel a device of this kind was born with, in order of first mention.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.channels: list[Channel] = []
        self._slots: list[int] = []
        self._as_array: I32 = np.zeros(0, dtype=np.int32)

    def __len__(self) -> int:
        return len(self._slots)

    @property
    def slots(self) -> I32:
        """``(n,)`` slot of each of the kind's devices; a device's position here is its row."""
        if len(self._as_array) < len(self._slots):
            self._as_array = np.array(self._slots, dtype=np.int32)
        return self._as_array

    def add(self, slot: int) -> int:
        """Append a device and return its row."""
        self._slots.append(slot)
        return len(self._slots) - 1

    def find_channel(self, name: str) -> int | None:
        """Return the position of the channel called `name`, or None."""
        return next((i for i, c in enumerate(self.channels) if c.name == name), None)


class Inventory:
    """All devices as columns; arrays are at least ``len(inventory)`` long, use ``[:n]``.

    Parameters
    ----------
    lateness_s
        How late a reading may come; silence is judged no earlier [s].

    Attributes
    ----------
    ids, infos
        Identifier and newest birth of each slot.
    kinds
        Sensor kinds by name, in order of first birth.
    districts, places
        Identifiers that `district` and `place` index.
    row
        ``(n,)`` position among the devices of its kind.
    district, place, link
        ``(n,)`` int64, int32, int32; `place` and `link` are -1 where it watches none.
    lon, lat
        ``(n,)`` WGS 84 degrees.
    latest, latest_ns
        ``(channels, n)`` newest value by the kind's channel order, NaN before the first; and
        ``(n,)`` device time of the newest reading, 0 before the first.
    battery
        ``(n,)`` remaining energy [%], NaN where never told.
    presence
        Status, silence and gateways.
    revision
        Rises with every birth taken: what depends on who is where must be looked up again.
    refused
        Births not taken, because the device was born as another kind before.
    """

    def __init__(self, lateness_s: float = 20.0) -> None:
        self.ids: list[str] = []
        self.infos: list[DeviceInfo] = []
        self.kinds: dict[str, KindTable] = {}
        self.districts: list[str] = []
        self.places: list[str] = []
        self.row: I32 = np.zeros(0, dtype=np.int32)
        # Counting by district takes this width as it is.
        self.district: I64 = np.zeros(0, dtype=np.int64)
        self.place: I32 = np.zeros(0, dtype=np.int32)
        self.link: I32 = np.zeros(0, dtype=np.int32)
        self.lon: F64 = np.zeros(0)
        self.lat: F64 = np.zeros(0)
        self.latest: F64 = np.zeros((1, 0))
        self.latest_ns: I64 = np.zeros(0, dtype=np.int64)
        self.battery: F64 = np.zeros(0)
        self.presence = Presence(lateness_s, self.find)
        self.refused = 0
        self.revision = 0
        self._slot_of: dict[str, int] = {}
        self._district_index: dict[str, int] = {}
        self._place_index: dict[str, int] = {}
        self._rosters: OrderedDict[tuple[int, str], tuple[Roster, int, I32]] = OrderedDict()
        self._identity: tuple[tuple[str, ...], ...] | None = None
        self._capacity = 0

    def __len__(self) -> int:
        return len(self.ids)

    # --- who they are ---------------------------------------------------------------------

    def birth(self, message: DeviceBirth, now: Ns) -> None:
        """Take in devices that say who they are; a known one is brought up to date."""
        self.revision += 1
        self._reserve(len(self.ids) + len(message.devices))
        for info in message.devices:
            slot = self._slot_of.get(info.device_id)
            if slot is None:
                slot = self._add(info)
                self.presence.add(slot, info, now)
            elif self.infos[slot].kind != info.kind:
                self.refused += 1
                continue
            else:
                self.presence.reborn(slot, info, now)
            self._describe(slot, info)
        self._identity = None

    def death(self, message: DeviceDeath, now: Ns) -> None:
        """Mark a device, or a gateway and all behind it, as gone."""
        slot = self._slot_of.get(message.device_id)
        if slot is not None:
            self.presence.dead(slot, now, message.reason)

    def find(self, device_id: str) -> int | None:
        """Return the slot of `device_id`, or None."""
        return self._slot_of.get(device_id)

    def roster_slots(self, roster: Roster, kind: str) -> I32:
        """Return the slot of every position of `roster`, -1 where none of that kind is known."""
        key = (id(roster), kind)
        kept = self._rosters.get(key)
        known = len(self.ids)
        if kept is not None and len(kept[2]) == len(roster) and kept[1] == known:
            return kept[2]
        slots = np.full(len(roster), -1, dtype=np.int32)
        old = kept[2] if kept is not None else slots[:0]
        slots[: len(old)] = old
        for position in np.flatnonzero(slots < 0).tolist():
            slot = self._slot_of.get(roster.ids[position], -1)
            if slot >= 0 and self.infos[slot].kind == kind:
                slots[position] = slot
        self._rosters[key] = (roster, known, slots)
        self._rosters.move_to_end(key)
        if len(self._rosters) > ROSTERS_KEPT:
            self._rosters.popitem(last=False)
        return slots

    # --- what they say --------------------------------------------------------------------

    def heard(self, slots: Slots, now: Ns, time_ns: I64, battery: F64 | None) -> None:
        """Note that devices were heard `now`, whatever their readings are worth."""
        self.presence.heard(slots, now, time_ns)
        if battery is not None:
            known = ~np.isnan(battery)
            if known.all():
                self.battery[slots] = battery
            else:
                self.battery[pick(slots, known)] = battery[known]

    def note_values(self, slots: Slots, time_ns: I64, values: F64) -> None:
        """Keep the newest values; a missing channel keeps its last.

        Parameters
        ----------
        time_ns, values
            ``(n,)`` and ``(channels, n)``; of repeated slots the last one counts.
        """
        self.latest_ns[slots] = time_ns
        for channel, value in enumerate(values):
            known = ~np.isnan(value)
            if known.all():
                self.latest[channel, slots] = value
            else:
                self.latest[channel, pick(slots, known)] = value[known]

    def latest_of(self, kind: str, channel: str) -> tuple[I32, F64]:
        """Return ``(n,)`` slots of a kind's devices and their newest values of one channel."""
        table = self.kinds.get(kind)
        position = table.find_channel(channel) if table is not None else None
        if table is None or position is None:
            return np.zeros(0, dtype=np.int32), np.zeros(0)
        return table.slots, self.latest[position, table.slots]

    # --- whether they are there -----------------------------------------------------------

    def silent(self, now: Ns) -> list[StatusChange]:
        """Judge silence, and return every change of status since the last call, in order.

        Of what lies behind a gateway that is gone, only the gateway is told.
        """
        return self.presence.judge(now, self.infos)

    def table(self) -> DeviceTable:
        """Return an immutable copy for the outside."""
        n = len(self.ids)
        if self._identity is None:
            # Births are rare and pictures are many: a hundred thousand names are not to be
            # gathered anew for each.
            infos = self.infos
            self._identity = (
                tuple(self.ids),
                tuple(info.kind for info in infos),
                tuple(info.district for info in infos),
                tuple(info.channels[0].unit if info.channels else "" for info in infos),
            )
        ids, kinds, districts, units = self._identity
        return DeviceTable(
            ids=ids,
            kinds=kinds,
            districts=districts,
            units=units,
            lon=_frozen(self.lon[:n]),
            lat=_frozen(self.lat[:n]),
            value=_frozen(self.latest[0, :n]),
            battery=_frozen(self.battery[:n]),
            last_seen_ns=_frozen(self.presence.last_seen_ns[:n]),
            status=_frozen(self.presence.status[:n]),
        )

    # --- within ---------------------------------------------------------------------------

    def _add(self, info: DeviceInfo) -> int:
        slot = len(self.ids)
        self._slot_of[info.device_id] = slot
        self.ids.append(info.device_id)
        self.infos.append(info)
        self.row[slot] = self.kinds.setdefault(info.kind, KindTable(info.kind)).add(slot)
        return slot

    def _describe(self, slot: int, info: DeviceInfo) -> None:
        self.infos[slot] = info
        table = self.kinds[info.kind]
        for channel in info.channels:
            if channel not in table.channels:
                table.channels.append(channel)
        if len(table.channels) > len(self.latest):
            more = np.full((len(table.channels) - len(self.latest), self._capacity), math.nan)
            self.latest = np.concatenate([self.latest, more])
        self.lon[slot] = info.lon
        self.lat[slot] = info.lat
        self.link[slot] = -1 if info.link is None else info.link
        self.district[slot] = _indexed(self._district_index, self.districts, info.district)
        self.place[slot] = (
            -1 if info.place_id is None else _indexed(self._place_index, self.places, info.place_id)
        )

    def _reserve(self, n: int) -> None:
        if n <= self._capacity:
            return
        size = max(64, 2 * self._capacity, n)
        self._capacity = size
        self.row = grown(self.row, size, -1)
        self.district = grown(self.district, size, -1)
        self.place = grown(self.place, size, -1)
        self.link = grown(self.link, size, -1)
        self.lon = grown(self.lon, size, math.nan)
        self.lat = grown(self.lat, size, math.nan)
        self.latest = grown(self.latest, size, math.nan)
        self.latest_ns = grown(self.latest_ns, size, 0)
        self.battery = grown(self.battery, size, math.nan)
        self.presence.reserve(size)


def _indexed(index: dict[str, int], names: list[str], name: str) -> int:
    position = index.get(name)
    if position is None:
        position = index[name] = len(names)
        names.append(name)
    return position


def _frozen(array: NDArray[Scalar]) -> NDArray[Scalar]:
    copy = array.copy()
    copy.flags.writeable = False
    return copy

"""Who a device says it is: births, and whether all it says agrees with them."""

from __future__ import annotations

from sim.messages.senml import URN
from sim.messages.topics import Address
from sim.messages.wire import DeviceState
from sim.probe.arrival import Arrival
from sim.probe.checks.base import Desk, Ending, reports
from sim.probe.reader import Heard, Report
from sim.probe.roll import ONLINE

MOVED_DEG = 1e-3
"""How far a birth's place may be from the last one's [degrees]: some 100 m, a satellite fix
between high houses (assumed)."""


class BirthCheck:
    """Judges births, and reports against them."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._births: dict[str, DeviceState] = {}
        self._first_report: dict[str, tuple[Address, Arrival]] = {}
        self._names: dict[str, str] = {}
        self._owners: dict[str, str] = {}
        self._homes: dict[str, tuple[str, str, str]] = {}

    def hear(self, heard: Heard) -> None:
        """Judge one birth, or note who reports under which names."""
        if isinstance(heard.body, DeviceState) and heard.address is not None:
            if heard.body.status == ONLINE:
                self._birth(heard.who, heard.address, heard.body, heard.arrival)
            return
        for report in reports(heard):
            self._report(report, heard.arrival)

    def conclude(self, _ending: Ending) -> None:
        """Find reports of devices that were never born, or born elsewhere."""
        notes = self._desk.notes
        if self._first_report:
            notes.judge("birth.missing", "identity.topic")
        for who, (address, arrival) in self._first_report.items():
            if who in self._births:
                continue
            is_own = who == f"{address.kind}/{address.device}"
            home = self._homes.get(address.device) if is_own else None
            if home is None:
                notes.note("birth.missing", who, "reports, and no birth of it", arrival)
            else:
                self._elsewhere(who, home, address, arrival)

    def _birth(self, who: str, address: Address, birth: DeviceState, arrival: Arrival) -> None:
        notes = self._desk.notes
        notes.judge("birth.position", "birth.incomplete", "identity.changed")
        where = _bad_position(birth)
        if where is not None:
            notes.note("birth.position", who, where, arrival)
        missing = _missing(birth)
        if missing is not None:
            notes.note("birth.incomplete", who, missing, arrival)
        earlier = self._births.get(who)
        changed = None if earlier is None else _changed(earlier, birth)
        if changed is not None:
            notes.note("identity.changed", who, changed, arrival)
        self._births[who] = birth
        home = self._homes.setdefault(
            address.device, (address.district, address.domain, address.kind)
        )
        if home[2] == address.kind and home != (address.district, address.domain, address.kind):
            self._elsewhere(who, home, address, arrival)

    def _report(self, report: Report, arrival: Arrival) -> None:
        who, address, notes = report.who, report.address, self._desk.notes
        notes.judge("pack.base_name")
        self._first_report.setdefault(who, (address, arrival))
        home = self._homes.get(address.device)
        if who in self._births and home is not None:
            is_own = who == f"{address.kind}/{address.device}"
            if is_own and home != (address.district, address.domain, address.kind):
                self._elsewhere(who, home, address, arrival)
        seen = self._bad_name(report)
        if seen is not None:
            notes.note("pack.base_name", who, seen, arrival)

    def _bad_name(self, report: Report) -> str | None:
        name = report.base_name
        if not name:
            return "no base name"
        is_own = report.who == f"{report.address.kind}/{report.address.device}"
        is_ours = name.startswith(URN) and is_own
        if is_ours and not name.endswith(f"-{report.address.device}:"):
            return f"{name!r} on the topic of {report.who}"
        first = self._names.setdefault(report.who, name)
        if first != name:
            return f"{name!r} after {first!r}"
        owner = self._owners.setdefault(name, report.who)
        return None if owner == report.who else f"{name!r}, which is {owner}'s too"

    def _elsewhere(
        self, who: str, home: tuple[str, str, str], address: Address, arrival: Arrival
    ) -> None:
        here = (address.district, address.domain, address.kind)
        seen = f"{'/'.join(here)} here, {'/'.join(home)} in its birth"
        self._desk.notes.note("identity.topic", who, seen, arrival)


def _bad_position(birth: DeviceState) -> str | None:
    lon, lat = birth.lon, birth.lat
    if lon is None or lat is None:
        return "a birth without a place"
    if not (-180 <= lon <= 180 and -90 <= lat <= 90) or lon == lat == 0:
        return f"{lon!r}, {lat!r}"
    return None


def _missing(birth: DeviceState) -> str | None:
    if not birth.channels:
        return "a birth without channels"
    if birth.interval_s is None or birth.interval_s <= 0:
        return f"interval_s {birth.interval_s!r}"
    return None


def _changed(earlier: DeviceState, later: DeviceState) -> str | None:
    was = {channel.n: channel.u for channel in earlier.channels}
    now = {channel.n: channel.u for channel in later.channels}
    if was != now:
        return f"channels {_told(was)}, then {_told(now)}"
    places = (earlier.lon, earlier.lat, later.lon, later.lat)
    if None not in places:
        lon0, lat0, lon1, lat1 = (float(one) for one in places if one is not None)
        if abs(lon1 - lon0) > MOVED_DEG or abs(lat1 - lat0) > MOVED_DEG:
            return f"at {lon0:g}, {lat0:g}, then at {lon1:g}, {lat1:g}"
    if earlier.place is not None and later.place is not None and earlier.place != later.place:
        return f"place {earlier.place!r}, then {later.place!r}"
    return None


def _told(channels: dict[str, str]) -> str:
    return ", ".join(f"{name} [{unit}]" for name, unit in channels.items()) or "none"

"""Foreign feeds as a bus reads them: who speaks, where, when, and in which order.

Keeps what a single message cannot tell: which devices were born, their sequence numbers, the
city's map, clock and devices. All of it follows from the messages in their order and from the
listener's clock, so a recording of them, replayed, gives the same.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sized
from typing import Protocol

from sim.kernel.bus import Message
from sim.kernel.clock import MILLISECOND, SECOND, Ns, iso
from sim.kernel.errors import PayloadError
from sim.messages.city import CityClock, MapPublished
from sim.messages.field import UnitStatus
from sim.messages.telemetry import QUALITY_OK, QUALITY_SELF_TEST, DeviceBirth
from sim.transport.foreign import reading
from sim.transport.foreign.devices import Device, channels_of
from sim.transport.foreign.gather import Gathering, Row
from sim.transport.foreign.levels import is_ours
from sim.transport.foreign.mapping import ForeignMapping
from sim.transport.foreign.parts import TimePart
from sim.transport.foreign.places import Places, Wish
from sim.transport.foreign.reading import Fix, Reading

REASON = "foreign."
"""Before every reason of a refusal, which sets it apart from the city's own: one of
``topic``, ``size``, ``json``, ``pointer``, ``type``, ``unit``, ``time``, ``range``, ``place``,
``device``."""

DEVICES_LIMIT = 100_000
"""Devices, and units, that are believed; assumed: above any pilot's, and bounded."""

OLDEST_NS = 7 * 86_400 * SECOND
NEWEST_NS = 60 * SECOND
"""How old a reading may be, and how far ahead of us a device's clock may run; assumed, as for
the city's own devices."""

Read = Message | PayloadError

_KEPT = re.compile("[a-z0-9_-]")


class Now(Protocol):
    """A clock that is read."""

    def now(self) -> Ns:
        """Return the time."""


class ForeignFeeds:
    """Turns foreign messages into ours.

    Parameters
    ----------
    mapping
        What the messages mean.
    clock
        The listener's, on the city's time.

    Attributes
    ----------
    counts
        Of each feed by its name: messages, readings or positions, devices or units, and what
        was refused, by reason.
    """

    def __init__(self, mapping: ForeignMapping, clock: Now) -> None:
        self.mapping = mapping
        self.counts: Counter[str] = Counter()
        self._clock = clock
        self._city_clock: CityClock | None = None
        self._places = Places()
        self._devices: dict[str, Device] = {}
        self._units: dict[str, tuple[str, Ns]] = {}
        self._theirs: set[str] = set()
        self._prefixes = tuple(f"{feed.prefix}-" for feed in mapping.feeds)
        self._gathering = Gathering()

    @property
    def filters(self) -> tuple[str, ...]:
        """The MQTT topic filters to subscribe to."""
        return self.mapping.filters

    def claims(self, topic: str) -> bool:
        """Return whether a message is for us to read: any outside the project's own topics."""
        return not is_ours(topic)

    def counters(self) -> dict[str, int]:
        """Return `counts` under names that stand beside a centre's own."""
        return {f"{REASON}{name}": count for name, count in sorted(self.counts.items())}

    def note(self, message: Message) -> list[Message]:
        """Take note of what the city says; return what follows from it for foreign devices."""
        if isinstance(message, CityClock):
            self._city_clock = message
        elif isinstance(message, MapPublished):
            return self._settle(message)
        elif isinstance(message, DeviceBirth):
            for info in message.devices:
                self._give_up(info.device_id)
        elif isinstance(message, UnitStatus):
            self._give_up(message.unit_id)
        return []

    def translate(self, topic: str, payload: bytes) -> list[Read]:
        """Return what one message says; see `decode`."""
        return self.decode([(topic, payload)])

    def decode(self, messages: Iterable[tuple[str, bytes]]) -> list[Read]:
        """Return what `messages` say, in order; neighbouring readings of a kind as one batch.

        A device's birth comes before its first reading. What does not fit appears as the error
        that says why.
        """
        out: list[Read] = []
        for topic, payload in messages:
            for name, said in self._said(topic, payload):
                try:
                    out += self._take(said)
                except PayloadError as error:
                    out.append(self._refusal(error, name, topic, payload))
        batch = self._gathering.take()
        return out if batch is None else [*out, batch]

    def _said(
        self, topic: str, payload: bytes
    ) -> Iterator[tuple[str, Reading | Fix | PayloadError]]:
        """Yield what a message says to each feed that it belongs to, with the feed's name."""
        feeds = [
            (feed, levels)
            for feed in self.mapping.feeds
            if (levels := feed.topic.match(topic)) is not None
        ]
        if not feeds:
            yield "", PayloadError("topic", f"{topic!r} is of no feed in the mapping")
            return
        for feed, _ in feeds:
            self.counts[f"{feed.name}.messages"] += 1
        try:
            document = reading.parse(payload)
        except PayloadError as error:
            yield feeds[0][0].name, error
            return
        for feed, levels in feeds:
            for said in reading.read(feed, document, levels):
                yield feed.name, said

    def _take(self, said: Reading | Fix | PayloadError) -> list[Message]:
        """Return what follows from one thing said; raises `PayloadError` when it is refused."""
        if isinstance(said, PayloadError):
            raise said
        if isinstance(said, Fix):
            return [self._position(said)]
        return self._reading(said)

    def _reading(self, said: Reading) -> list[Message]:
        """Return a device's birth where one is due, and whatever batch the reading ends."""
        feed = said.feed
        device_id = self._identity(feed.prefix, said.device)
        device = self._devices.get(device_id)
        if device is not None and (device.own_id, device.info.kind) != (said.device, feed.kind):
            raise PayloadError(
                "device",
                f"{said.device!r}, a {feed.kind}, would be {device_id}, which is"
                f" {device.own_id!r}, a {device.info.kind}: give the feed a 'prefix' of its own",
            )
        newest_ns = Ns(0) if device is None else device.newest_ns
        time_ns = self._time(feed.time, said.device_ns, newest_ns)
        born = device is None
        if device is None:
            wish = self._wish(said)
            device = Device(said.device, device_id, feed, wish, self._places.site(wish))
            self._admit(feed.name, "devices", self._devices)
            self._devices[device_id] = device
        elif (wish := self._wish(said)).lonlat is not None and device.has_moved(wish.lonlat):
            born = device.stand(self._places.site(wish))
            device.wish = wish
        channels = channels_of(feed)
        born |= device.measures(channels)
        born |= device.heard(time_ns)
        self.counts[f"{feed.name}.readings"] += 1
        out: list[Message] = []
        if born:
            out.append(DeviceBirth(ts_event=self._clock.now(), devices=(device.info,)))
        batch = self._gathering.add(
            Row(
                kind=feed.kind,
                channels=channels,
                device_id=device_id,
                time_ns=time_ns,
                seq=device.number(time_ns, said.values, channels),
                values=said.values,
                quality=QUALITY_SELF_TEST if said.doubted else QUALITY_OK,
                battery=said.battery,
            )
        )
        return out if batch is None else [*out, batch]

    def _position(self, said: Fix) -> UnitStatus:
        feed = said.feed
        unit_id = self._identity(feed.prefix, said.unit)
        own_id, newest_ns = self._units.get(unit_id, (said.unit, Ns(0)))
        if own_id != said.unit:
            raise PayloadError("device", f"{said.unit!r} would be {unit_id}, which is {own_id!r}")
        time_ns = self._time(feed.time, said.device_ns, newest_ns)
        if time_ns <= newest_ns:
            raise PayloadError("time", f"{unit_id} has told of a later position already")
        site = self._places.site(Wish(lonlat=said.lonlat))
        if unit_id not in self._units:
            self._admit(feed.name, "units", self._units)
        self._units[unit_id] = (said.unit, time_ns)
        self.counts[f"{feed.name}.positions"] += 1
        return UnitStatus(
            ts_event=time_ns,
            unit_id=unit_id,
            kind=feed.kind,
            district=site.district,
            skills=feed.skills,
            state=said.state,
            lon=site.lonlat[0],
            lat=site.lonlat[1],
            station_id=feed.station,
            order_id=said.order,
        )

    def _identity(self, prefix: str, own_id: str) -> str:
        """Return the identifier that a device or unit has with us."""
        found = f"{prefix}-{as_level(own_id)}"
        if found in self._theirs:
            raise PayloadError("device", f"{found} is one of the city's own")
        return found

    def _admit(self, name: str, what: str, known: Sized) -> None:
        if len(known) >= DEVICES_LIMIT:
            raise PayloadError("device", f"{DEVICES_LIMIT} {what} are known, no more are taken")
        self.counts[f"{name}.{what}"] += 1

    def _wish(self, said: Reading) -> Wish:
        lonlat, place_id = said.feed.fixed.get(said.device, (said.lonlat, None))
        return Wish(lonlat=lonlat, place_id=place_id, watches=said.feed.watches)

    def _time(self, part: TimePart | None, device_ns: Ns | None, newest_ns: Ns) -> Ns:
        """Return a reading's time on the city's clock, in whole milliseconds.

        Parameters
        ----------
        newest_ns
            That of the device's newest reading: what is dated by its arrival comes after it.

        Raises
        ------
        PayloadError
            With reason ``"time"``, when it is too old or has not come yet.
        """
        now = self._clock.now() // MILLISECOND * MILLISECOND
        arrival = Ns(max(now, newest_ns + MILLISECOND))
        if part is None or device_ns is None:
            return arrival
        time_ns, early_ns = int(device_ns), NEWEST_NS
        told = self._city_clock
        if part.clock == "wall" and told is not None:
            passed = (device_ns - told.wall_ns) * told.speed / MILLISECOND
            time_ns = told.ts_event + round(passed) * MILLISECOND
            early_ns = int(NEWEST_NS * max(told.speed, 1.0))
        if not now - OLDEST_NS <= time_ns <= now + early_ns:
            raise PayloadError(
                "time", f"{(time_ns - now) / SECOND:.0f} s away from the city's time, {iso(now)}"
            )
        # A city that cannot keep the speed it told of makes wall time run ahead of its own.
        return Ns(time_ns) if time_ns <= now + NEWEST_NS else arrival

    def _settle(self, message: MapPublished) -> list[Message]:
        """Take the map, once, and give every device born before it its district and place."""
        if self._places.known:
            return []
        self._places.learn(message.basemap)
        moved = []
        for device_id, device in list(self._devices.items()):
            try:
                if device.stand(self._places.site(device.wish)):
                    moved.append(device.info)
            except PayloadError:
                # Its next reading is refused with the reason.
                del self._devices[device_id]
        return [DeviceBirth(ts_event=self._clock.now(), devices=tuple(moved))] if moved else []

    def _give_up(self, their_id: str) -> None:
        """Leave an identifier to the city: whoever of ours had it is refused from now on."""
        if their_id.startswith(self._prefixes):
            self._theirs.add(their_id)
            self._devices.pop(their_id, None)
            self._units.pop(their_id, None)

    def _refusal(self, error: PayloadError, name: str, topic: str, payload: bytes) -> PayloadError:
        """Return a refusal as it is counted and quarantined."""
        self.counts[".".join(filter(None, (name, "refused", error.reason)))] += 1
        detail = f"feed {name}: {error.detail}" if name else error.detail
        refusal = PayloadError(f"{REASON}{error.reason}", detail)
        refusal.topic, refusal.payload = topic, payload
        return refusal


def as_level(own_id: str) -> str:
    """Return an identifier as a part of a topic level: 京A.12 becomes ``4eaca-12``.

    Other ASCII than ``[a-z0-9_-]`` becomes a hyphen, any other character its code point.
    """
    return "".join(
        one if _KEPT.fullmatch(one) else "-" if one.isascii() else f"{ord(one):x}"
        for one in own_id.lower()
    )

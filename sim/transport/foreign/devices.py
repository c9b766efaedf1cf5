"""One foreign device over time: its birth, its reporting period, its sequence numbers."""

from __future__ import annotations

import math
from collections import OrderedDict
from dataclasses import replace

from sim.kernel.clock import Ns, to_seconds
from sim.messages.telemetry import Channel, DeviceInfo
from sim.transport.foreign.mapping import Feed
from sim.transport.foreign.places import Site, Wish

LEARN_FROM = 8
"""Gaps between reports from which a reporting period is learnt: the longest of them, so that a
device that reports when something happens is not missed too soon (assumed)."""

TIMES_KEPT = 64
"""Reports remembered a device: one that comes twice keeps its sequence number (assumed, as many
as the centre remembers)."""

MOVED_M = 50.0
"""A device is born anew when it has moved so far: beyond the scatter of a cheap receiver among
buildings (assumed)."""

_M_PER_DEG = 111_320.0
"""Length of a degree of the equator [m], WGS 84."""


class Device:
    """What is remembered of one device.

    Parameters
    ----------
    own_id
        Its identifier as sent.
    device_id
        The one it has with us.
    feed
        The first that told of it.
    wish, site
        What is known of where it stands, and where that is on the map.

    Attributes
    ----------
    info
        Its latest birth.
    newest_ns
        The time of its newest reading; 0 before the first.
    """

    def __init__(self, own_id: str, device_id: str, feed: Feed, wish: Wish, site: Site) -> None:
        self.own_id = own_id
        self.wish = wish
        self.newest_ns = Ns(0)
        self._seq = 0
        self._numbers: OrderedDict[tuple[int, tuple[bool, ...], tuple[Channel, ...]], int] = (
            OrderedDict()
        )
        self._gaps_s: list[float] | None = [] if feed.interval_s is None else None
        interval_s = feed.interval_s or feed.usual_interval_s
        self.info = DeviceInfo(
            device_id=device_id,
            kind=feed.kind,
            domain=feed.domain,
            district=site.district,
            lon=site.lonlat[0],
            lat=site.lonlat[1],
            place_id=site.place_id,
            link=None,
            gateway_id=None,
            channels=channels_of(feed),
            interval_s=interval_s,
            alarm_interval_s=interval_s,
        )

    def stand(self, site: Site) -> bool:
        """Take a new site; return whether it is another."""
        before = self.info
        self.info = replace(
            before,
            district=site.district,
            lon=site.lonlat[0],
            lat=site.lonlat[1],
            place_id=site.place_id,
        )
        return self.info != before

    def has_moved(self, lonlat: tuple[float, float]) -> bool:
        """Return whether a position is farther than `MOVED_M` from the last birth's."""
        east = (lonlat[0] - self.info.lon) * math.cos(math.radians(lonlat[1]))
        return math.hypot(east, lonlat[1] - self.info.lat) * _M_PER_DEG > MOVED_M

    def measures(self, channels: tuple[Channel, ...]) -> bool:
        """Take channels that a further feed tells of; return whether any is new."""
        new = tuple(channel for channel in channels if channel not in self.info.channels)
        if new:
            self.info = replace(self.info, channels=self.info.channels + new)
        return bool(new)

    def heard(self, time_ns: Ns) -> bool:
        """Take the time of a reading; return whether the reporting period was learnt by it."""
        gap_s = to_seconds(time_ns - self.newest_ns)
        first = not self.newest_ns
        self.newest_ns = max(self.newest_ns, time_ns)
        if self._gaps_s is None or first or gap_s <= 0:
            return False
        self._gaps_s.append(gap_s)
        if len(self._gaps_s) < LEARN_FROM:
            return False
        interval_s = max(self._gaps_s)
        self._gaps_s = None
        self.info = replace(self.info, interval_s=interval_s, alarm_interval_s=interval_s)
        return True

    def number(self, time_ns: Ns, values: tuple[float, ...], channels: tuple[Channel, ...]) -> int:
        """Return a reading's sequence number: the same again for the same channels and time."""
        key = (time_ns, tuple(math.isnan(value) for value in values), channels)
        found = self._numbers.get(key)
        if found is None:
            self._seq += 1
            found = self._numbers[key] = self._seq
            if len(self._numbers) > TIMES_KEPT:
                self._numbers.popitem(last=False)
        return found


def channels_of(feed: Feed) -> tuple[Channel, ...]:
    """Return what a feed's devices measure, in the order of its values."""
    return tuple(value.channel for value in feed.values)

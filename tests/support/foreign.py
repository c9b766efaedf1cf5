"""A foreign water gauge at the town's underpass, and what it sends."""

from __future__ import annotations

import json
from collections.abc import Iterable

from scenarios.foreign import foreign_kinds
from sim.kernel.bus import Message
from sim.kernel.clock import MILLISECOND, Ns, SteppedClock
from sim.kernel.errors import PayloadError
from sim.messages.city import MapPublished
from sim.messages.telemetry import DeviceBirth, TelemetryBatch
from sim.transport.foreign.feeds import ForeignFeeds
from sim.transport.foreign.mapping import ForeignMapping, parse_mapping
from support.town import START, town

GAUGES = """\
feeds:
  gauges:
    topic: pilot/+site/+device/up
    kind: road_water_gauge
    device: /sn
    time: {at: /ts, format: ms}
    position: {lon: /lon, lat: /lat}
    devices:
      WL-1: {place: underpass-01}
    values:
      depth: {at: /level, unit: cm, range: [-5, 500]}
    battery: {at: /batt, unit: "%"}
    quality: {at: /status, doubted: [fault]}
"""
TOPIC = "pilot/south/WL-1/up"


def mapping(text: str = GAUGES) -> ForeignMapping:
    return parse_mapping(text, "pilot.yaml", foreign_kinds())


def feeds(text: str = GAUGES, *, with_map: bool = True) -> ForeignFeeds:
    """Feeds whose clock stands at the town's start."""
    made = ForeignFeeds(mapping(text), SteppedClock(START))
    if with_map:
        made.note(MapPublished(ts_event=START, basemap=town()))
    return made


def payload(**fields: object) -> bytes:
    """What WL-1 sends at the town's start, but for `fields`; None leaves one out."""
    whole = {"sn": "WL-1", "ts": START // MILLISECOND, "level": 3.0} | fields
    return json.dumps({k: v for k, v in whole.items() if v is not None}).encode()


def later(second: float) -> int:
    """A device's time so many seconds after the start, as sent."""
    return (START + round(second * 1000) * MILLISECOND) // MILLISECOND


def births(read: Iterable[Message | PayloadError]) -> list[DeviceBirth]:
    return [message for message in read if isinstance(message, DeviceBirth)]


def batches(read: Iterable[Message | PayloadError]) -> list[TelemetryBatch]:
    return [message for message in read if isinstance(message, TelemetryBatch)]


def reasons(read: Iterable[Message | PayloadError]) -> list[str]:
    return [message.reason for message in read if isinstance(message, PayloadError)]


def time_of(batch: TelemetryBatch) -> Ns:
    return Ns(int(batch.time_ns[0]))

"""Topics and payloads by themselves: form, size, encoding, shape."""

from __future__ import annotations

from sim.messages import topics
from sim.probe.arrival import Arrival
from sim.probe.checks.base import Desk, Ending
from sim.probe.reader import Districts, Heard, is_cbor
from sim.probe.shapes import complaint

PAYLOAD_RULES = ("payload.utf8", "payload.json", "payload.number", "payload.schema", "payload.size")
PACKS = (topics.GATEWAY, topics.TELEMETRY)
"""Kind and channel of what may be large: reports of many devices in one pack."""


class FormCheck:
    """Judges every message on its own."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._districts: frozenset[str] | None = None
        self._first: dict[str, tuple[str, Arrival]] = {}

    def hear(self, heard: Heard) -> None:
        """Judge topic and payload of one message."""
        notes = self._desk.notes
        notes.judge("topic.form", *PAYLOAD_RULES)
        if isinstance(heard.body, Districts):
            self._districts = heard.body.names
        if heard.fault is not None:
            notes.note(heard.fault.rule, heard.who, heard.fault.seen, heard.arrival)
        elif (against := complaint(heard)) is not None:
            notes.note("payload.schema", heard.who, against, heard.arrival)
        if heard.address is None:
            return
        is_map = isinstance(heard.body, Districts)
        expect, address = self._desk.expect, heard.address
        is_pack = (address.kind, address.channel) == PACKS
        size = len(heard.arrival.payload)
        limit = expect.max_pack_bytes if is_pack else expect.max_bytes
        if address.channel == topics.TELEMETRY and is_cbor(heard.arrival.payload):
            notes.judge("payload.cbor")
        if size > limit and not is_map:
            seen = f"{size:,} bytes, more than {limit:,}"
            notes.note("payload.size", heard.who, seen, heard.arrival)
        domain = expect.domains.get(address.kind)
        if domain is not None:
            notes.judge("topic.domain")
            if domain != address.domain:
                seen = f"domain {address.domain!r} for a {address.kind}"
                seen += f", which is {domain!r}"
                notes.note("topic.domain", heard.who, seen, heard.arrival)
        self._first.setdefault(heard.who, (address.district, heard.arrival))

    def conclude(self, _ending: Ending) -> None:
        """Hold every district to the map, where there is one."""
        if self._districts is None:
            return
        self._desk.notes.judge("topic.district")
        known = self._districts | {topics.WHOLE_CITY}
        for who, (district, arrival) in self._first.items():
            if district not in known:
                seen = f"district {district!r}, which the map does not have"
                self._desk.notes.note("topic.district", who, seen, arrival)

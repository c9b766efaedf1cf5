"""Whether messages are as their published schemas say."""

from __future__ import annotations

import gzip
from collections import Counter
from typing import Any

import jsonschema_rs
import msgspec

from sim.messages import topics
from sim.messages.envelope import WireMessage
from sim.messages.schemas import name_for, schema_for


def plain(payload: bytes) -> Any:
    """Return what a payload of JSON says, unpacked where it is packed."""
    packed = payload.startswith(b"\x1f\x8b")
    return msgspec.json.decode(gzip.decompress(payload) if packed else payload)


class Inspector:
    """Holds every message to the schema of its topic; counts, and keeps the first faults.

    One compiled schema serves all topics of a name.
    """

    def __init__(self) -> None:
        self.seen: Counter[str] = Counter()
        self.faults: list[str] = []
        self._by_name: dict[str, jsonschema_rs.Draft202012Validator] = {}

    def __call__(self, message: WireMessage) -> None:
        name = name_for(topics.parse(message.topic))
        if name not in self._by_name:
            self._by_name[name] = jsonschema_rs.Draft202012Validator(schema_for(message.topic))
        self.seen[name] += 1
        document = plain(message.payload)
        if not self._by_name[name].is_valid(document) and len(self.faults) < 20:
            why = next(iter(self._by_name[name].iter_errors(document)))
            self.faults.append(f"{message.topic}: {why.message}: {message.payload[:300]!r}")

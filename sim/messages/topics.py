"""Every topic, as a function; no topic is spelled anywhere else.

``city/v1/{district}/{domain}/{kind}/{device}/{channel}``, each level ``[a-z0-9_-]+``.
No topic carries the truth.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from sim.kernel.errors import PayloadError
from sim.kernel.ids import is_level

Levels = tuple[str, str, str, str]
"""District, domain, kind and device of a topic."""

ROOT = "city"
VERSION = "v1"
WHOLE_CITY = "all"
"""District level of what belongs to no district."""

TELEMETRY = "telemetry"
STATE = "state"
EVENT = "event"
COMMAND = "command"
ACK = "ack"
CHANNELS = (TELEMETRY, STATE, EVENT, COMMAND, ACK)

EMERGENCY = "emergency"
"""Domain level of units and calls."""
GATEWAY = "gateway"
"""Kind level of gateways, whose telemetry may tell of other devices too."""
CLOCK = (WHOLE_CITY, "city", "clock", "main")
MAP = (WHOLE_CITY, "city", "map", "main")

ORDER = "ops/v1/order"
"""Operators' orders in a recording; a centre reads it from its own door, never a broker."""
RECORDING_START = "recording/v1/start"
RECORDING_END = "recording/v1/end"
"""Marks in a recording of when the listener's clock began and ended."""


_TOPIC = re.compile(rf"{ROOT}/{VERSION}/{'([^/]+)/' * 4}({'|'.join(CHANNELS)})")


class Address(NamedTuple):
    """The levels of one topic; a tuple, for every message on the wire makes one."""

    district: str
    domain: str
    kind: str
    device: str
    channel: str


def topic(district: str, domain: str, kind: str, device: str, channel: str) -> str:
    """Return the topic of one channel of one device."""
    return f"{ROOT}/{VERSION}/{district}/{domain}/{kind}/{device}/{channel}"


def pattern(channel: str) -> str:
    """Return the subscription for one channel of everything in the city."""
    return topic("+", "+", "+", "+", channel)


def parse(text: str) -> Address:
    """Return the levels of a topic.

    Raises
    ------
    PayloadError
        When it is not of the city's form.
    """
    found = _TOPIC.fullmatch(text)
    if found is None:
        raise PayloadError("topic", f"{text!r} is not {topic('…', '…', '…', '…', '…')}")
    if not is_level(text.replace("/", "")):
        raise PayloadError("topic", f"{text!r} has a level outside [a-z0-9_-]+")
    return Address(*found.groups())

"""A message as a broker carries it, and what MQTT 5 may say on its outside."""

from __future__ import annotations

from dataclasses import dataclass, field

JSON = "application/json"
GZIP = "application/gzip"


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What MQTT 5 says beside a payload; nothing of it is missing from topic and payload.

    Attributes
    ----------
    schema
        Short name of the payload's schema, as `sim.messages.schemas.schemas` has it.
    content_type
        Media type of the payload.
    expires_s
        City seconds after which a broker need not deliver it any more, or None.
    response_topic, correlation
        Where an answer goes, and what it repeats; None where none is expected.
    """

    schema: str
    content_type: str = JSON
    expires_s: float | None = None
    response_topic: str | None = None
    correlation: str | None = None


@dataclass(frozen=True, slots=True)
class WireMessage:
    """One message as a broker carries it.

    Attributes
    ----------
    via
        The gateway whose connection carries it, or None for the sender's own.
    about
        What MQTT 5 says on the outside, or None for nothing.
    """

    topic: str
    payload: bytes
    qos: int = 0
    retain: bool = False
    via: str | None = None
    about: About | None = field(default=None, compare=False)

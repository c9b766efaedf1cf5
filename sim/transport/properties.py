"""What MQTT 5 says on the outside of a message, made from what the message is about.

MQTT 3.1.1 has none of it, so nothing may depend on it: whoever reads topics and payloads knows
as much.
"""

from __future__ import annotations

import math

from paho.mqtt.properties import Properties

from sim.messages import topics
from sim.messages.envelope import GZIP, About, WireMessage

MAX_EXPIRY_S = 2**32 - 1
"""Longest message expiry interval (MQTT 5, section 3.3.2.3.3)."""


class Outside:
    """Writes MQTT 5 properties.

    Attributes
    ----------
    speed
        City seconds per wall second: a broker counts the wall's.
    """

    def __init__(self) -> None:
        self.speed = 1.0

    def of(self, message: WireMessage, packet: int) -> Properties | None:
        """Return a message's properties for a type of packet; None when there is nothing to say."""
        if (about := message.about) is None:
            return None
        properties = Properties(packet)  # type: ignore[no-untyped-call]
        properties.ContentType = about.content_type
        properties.PayloadFormatIndicator = int(_is_text(about))
        properties.UserProperty = [("schema", about.schema), ("version", topics.VERSION)]
        if about.expires_s is not None:
            wall_s = math.ceil(max(about.expires_s, 0.0) / self.speed)
            properties.MessageExpiryInterval = min(max(wall_s, 1), MAX_EXPIRY_S)
        if about.response_topic is not None:
            properties.ResponseTopic = about.response_topic
        if about.correlation is not None:
            properties.CorrelationData = about.correlation.encode()
        return properties


def _is_text(about: About) -> bool:
    """Return whether the payload is UTF-8 (MQTT 5, section 3.3.2.3.2)."""
    return about.content_type != GZIP and not about.content_type.endswith("+cbor")

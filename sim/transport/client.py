"""Paho's client, made and connected as we want it.

Only this, `sim.transport.link` and `sim.transport.properties` use paho.
"""

from __future__ import annotations

import re
import ssl
from dataclasses import dataclass
from typing import Any, Literal

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from sim.kernel.errors import TransportError
from sim.transport.broker_url import BrokerUrl

CLIENT_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
IN_FLIGHT = 100
"""QoS 1 messages sent and not acknowledged; assumed: hides a round trip of a few ms."""

SESSION_EXPIRY_S = 86_400
"""How long an MQTT 5 broker keeps an absent client's session (assumed: a day)."""

Session = Literal["none", "fresh", "resume"]
"""What the broker keeps for us while we are away: nothing; what came since we first
connected; the same, and what came since an earlier run of ours as well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkOptions:
    """Limits and delays of a connection.

    Attributes
    ----------
    keepalive_s
        A connection that is silent for longer is given up; whole seconds, at least 1.
    answer_s
        How long the broker may take to answer a first connection or a subscription.
    reconnect_min_s, reconnect_max_s
        Pause before the first attempt to reconnect; it doubles up to the second. There is no
        chance in it: the clients of one city are few.
    telemetry_limit
        Most QoS 0 messages that wait for the network; of more, the oldest are dropped.
    certain_limit
        Most messages of QoS 1 that the broker has not acknowledged, at most 32,767.
    blocked_s
        How long a publisher of QoS 1 waits when there are so many, before it is an error.
    """

    keepalive_s: int = 30
    answer_s: float = 10.0
    reconnect_min_s: float = 0.5
    reconnect_max_s: float = 5.0
    telemetry_limit: int = 50_000
    certain_limit: int = 10_000
    blocked_s: float = 60.0


def new_client(
    url: BrokerUrl, client_id: str, session: Session, options: LinkOptions
) -> paho.Client:
    """Return a client that is not connected yet, and acknowledges nothing by itself."""
    v5 = url.version == 5
    client = paho.Client(
        CallbackAPIVersion.VERSION2,
        client_id=client_id,
        clean_session=None if v5 else session == "none",
        protocol=paho.MQTTv5 if v5 else paho.MQTTv311,
        manual_ack=True,
    )
    client.connect_timeout = options.answer_s
    # Paho says int and computes with floats just as well.
    client.reconnect_delay_set(options.reconnect_min_s, options.reconnect_max_s)  # type: ignore[arg-type]
    client.max_inflight_messages_set(IN_FLIGHT)
    if url.user is not None:
        client.username_pw_set(url.user, url.password)
    if url.tls:
        client.tls_set(ca_certs=None if url.ca_file is None else str(url.ca_file))
    return client


def connect(client: paho.Client, url: BrokerUrl, session: Session, options: LinkOptions) -> None:
    """Open the client's socket, send its greeting, and start its thread.

    Raises
    ------
    TransportError
        When the broker cannot be reached.
    """
    extra: dict[str, Any] = {}
    if url.version == 5:
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        if session != "none":
            properties.SessionExpiryInterval = SESSION_EXPIRY_S
        first_only = paho.MQTT_CLEAN_START_FIRST_ONLY
        clean = {"none": True, "fresh": first_only, "resume": False}[session]
        extra = {"clean_start": clean, "properties": properties}
    try:
        client.connect(url.host, url.port, options.keepalive_s, **extra)
    except ssl.SSLError as error:
        raise TransportError(
            f"broker {url} refused the connection: TLS: {error.reason or error}"
        ) from error
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise TransportError(f"broker {url} refused the connection: {why}") from error
    client.loop_start()

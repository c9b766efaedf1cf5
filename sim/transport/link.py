"""One connection to an MQTT broker.

Paho's thread reads and writes the socket and reconnects. Here is what it leaves to its user:
bounds and their policy, the session, waiting for answers, and telling once of each change.
"""

from __future__ import annotations

import contextlib
import logging
import socket
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Condition
from typing import Any, cast

from paho.mqtt import client as paho
from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from sim.kernel.clock import monotonic_s
from sim.kernel.errors import InputError, TransportError
from sim.messages.envelope import WireMessage
from sim.transport.broker_url import BrokerUrl
from sim.transport.client import CLIENT_ID, LinkOptions, Session, connect, new_client
from sim.transport.inbox import Inbound
from sim.transport.properties import Outside

log = logging.getLogger(__name__)

WINDOW = 500
"""QoS 0 packets handed to paho and not yet written; assumed: enough to keep a socket busy."""


@dataclass(frozen=True, slots=True)
class _Receipt:
    """Acknowledges one message, if the connection it came over is still the same."""

    link: MqttLink
    epoch: int
    mid: int
    qos: int

    def acknowledge(self) -> None:
        self.link.acknowledge(self.epoch, self.mid, self.qos)


class MqttLink:
    """A connection that comes back by itself.

    QoS 0 (telemetry) waits in a bounded queue that drops its oldest and counts them. QoS 1 is
    never dropped: when too many are unacknowledged, the publisher waits, then is told.

    Parameters
    ----------
    url
        The broker.
    client_id
        Unique at the broker, ``[A-Za-z0-9_-]{1,64}``; the same again to resume a session.
    session
        What the broker keeps while we are away.
    will
        What the broker says if we vanish without a good-bye, or None.
    outside
        Writes the properties of MQTT 5 messages; one of our own unless several links share it.
    on_message
        Called with each message, on paho's thread; must not wait.
    on_change
        Called with False when the connection is lost and True when it is back, on paho's
        thread; must not wait.

    Raises
    ------
    InputError
        When the client identifier is not of that form.
    """

    def __init__(
        self,
        url: BrokerUrl,
        client_id: str,
        *,
        session: Session = "none",
        will: WireMessage | None = None,
        options: LinkOptions | None = None,
        outside: Outside | None = None,
        on_message: Callable[[Inbound], None] | None = None,
        on_change: Callable[[bool], None] | None = None,
    ) -> None:
        if CLIENT_ID.fullmatch(client_id) is None:
            raise InputError("MQTT client id", value=client_id, expected=CLIENT_ID.pattern)
        self.url = url
        self.client_id = client_id
        self.dropped = 0
        self._options = options or LinkOptions()
        self._outside = outside or Outside()
        self._session = session
        self._on_message = on_message
        self._on_change = on_change
        self._changed = Condition()
        self._connected = False
        self._epoch = 0
        self._refusal: str | None = None
        self._told: str | None = None
        self._closing = False
        self._patterns: list[tuple[str, int]] = []
        self._granted: dict[int, bool] = {}
        self._backlog: deque[WireMessage] = deque()
        self._writing: set[int] = set()
        self._certain: set[int] = set()
        self._answered_early: set[int] = set()
        self._client = new_client(url, client_id, session, self._options)
        self._client.on_connect = self._when_connected
        self._client.on_disconnect = self._when_disconnected
        self._client.on_message = self._when_message
        self._client.on_publish = self._when_published
        self._client.on_subscribe = self._when_subscribed
        if will is not None:
            about = self._said_outside(will, PacketTypes.WILLMESSAGE)
            self._client.will_set(will.topic, will.payload, will.qos, will.retain, about)

    @property
    def connected(self) -> bool:
        """Whether the broker has taken us and not left us since."""
        return self._connected

    def open(self) -> None:
        """Connect for the first time; later losses are mended without being asked.

        Raises
        ------
        TransportError
            When the broker cannot be reached, refuses us, or does not answer in time.
        """
        if self._session == "fresh":
            self._forget_session()
        connect(self._client, self.url, self._session, self._options)
        deadline_s = monotonic_s() + self._options.answer_s
        with self._changed:
            while not self._connected and self._refusal is None:
                left_s = deadline_s - monotonic_s()
                if left_s <= 0:
                    self._refusal = f"no answer within {self._options.answer_s:g} s"
                self._changed.wait(max(left_s, 0))
            refusal = None if self._connected else self._refusal
        if refusal is not None:
            self._end()
            raise TransportError(f"broker {self.url} refused the connection: {refusal}")

    def subscribe(self, patterns: Sequence[str], qos: int = 1) -> None:
        """Subscribe now, and again whenever a lost connection is back.

        Returns when the broker has granted it, so that nothing published later is missed.

        Raises
        ------
        TransportError
            When the broker does not grant it, or does not answer in time.
        """
        wanted = [(pattern, qos) for pattern in patterns]
        self._patterns.extend(wanted)
        if not self._connected:
            return
        code, mid = self._client.subscribe(wanted)
        if code != MQTTErrorCode.MQTT_ERR_SUCCESS or mid is None:
            return  # Lost this moment; the return subscribes to everything.
        deadline_s = monotonic_s() + self._options.answer_s
        with self._changed:
            while mid not in self._granted and self._connected:
                left_s = deadline_s - monotonic_s()
                if left_s <= 0:
                    raise TransportError(f"broker {self.url} did not answer a subscription")
                self._changed.wait(left_s)
            granted = self._granted.pop(mid, True)
        if not granted:
            raise TransportError(f"broker {self.url} refused to let us read {', '.join(patterns)}")

    def subscribe_again(self) -> None:
        """Ask for all subscriptions once more, without waiting: retained messages come again."""
        if self._connected and self._patterns:
            self._client.subscribe(self._patterns)

    def publish(self, message: WireMessage) -> None:
        """Send `message`, by its QoS: at once or never, or at least once.

        Raises
        ------
        TransportError
            When the broker has acknowledged nothing for so long that no more can wait.
        """
        if message.qos > 0:
            self._publish_certain(message)
            return
        with self._changed:
            self._backlog.append(message)
            if len(self._backlog) > self._options.telemetry_limit:
                self._backlog.popleft()
                self.dropped += 1
            self._pump()

    def acknowledge(self, epoch: int, mid: int, qos: int) -> None:
        """Tell the broker that a received message was dealt with.

        After a reconnect the broker sends what was not acknowledged again, perhaps under
        another number; an acknowledgement of the old connection is then worth nothing.
        """
        if self._connected and epoch == self._epoch:
            self._client.ack(mid, qos)

    def flush(self, timeout_s: float) -> bool:
        """Wait until all was sent and acknowledged; return whether it was."""
        deadline_s = monotonic_s() + timeout_s
        with self._changed:
            while self._waiting():
                left_s = deadline_s - monotonic_s()
                if left_s <= 0:
                    return False
                self._changed.wait(left_s)
        return True

    def close(self, timeout_s: float = 5.0) -> None:
        """Send what can be sent in `timeout_s`, say good-bye (no will), and end."""
        if self._connected:
            self.flush(timeout_s)
        self._end()

    def cut(self) -> None:
        """End without a good-bye, as a power cut would: the broker publishes the will."""
        self._closing = True
        connection = cast(socket.socket | None, self._client.socket())
        if connection is not None:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._client.loop_stop()
        self._connected = False

    def _forget_session(self) -> None:
        """Drop what the broker kept for an earlier run; MQTT 5 does so on connecting."""
        if self.url.version == 3:
            cleaner = MqttLink(self.url, self.client_id, options=self._options)
            cleaner.open()
            cleaner.close()

    def _end(self) -> None:
        self._closing = True
        self._client.disconnect()
        self._client.loop_stop()
        self._connected = False

    def _publish_certain(self, message: WireMessage) -> None:
        deadline_s = monotonic_s() + self._options.blocked_s
        with self._changed:
            while len(self._certain) >= self._options.certain_limit:
                left_s = deadline_s - monotonic_s()
                if left_s <= 0:
                    raise TransportError(
                        f"broker {self.url} acknowledged nothing for {self._options.blocked_s:g} s"
                        f" while {len(self._certain)} messages waited"
                    )
                self._changed.wait(left_s)
        code = MQTTErrorCode.MQTT_ERR_QUEUE_SIZE
        while code == MQTTErrorCode.MQTT_ERR_QUEUE_SIZE:  # The next packet number is taken.
            info = self._hand_over(message)
            code = info.rc
        # Paho's thread holds paho's lock when it takes ours, so ours cannot be held above: the
        # answer may be here before we know what it answers.
        with self._changed:
            if info.mid in self._answered_early:
                self._answered_early.discard(info.mid)
            else:
                self._certain.add(info.mid)

    def _hand_over(self, message: WireMessage) -> paho.MQTTMessageInfo:
        """Give `message` to paho, which sends it by its QoS."""
        about = self._said_outside(message, PacketTypes.PUBLISH)
        topic, payload = message.topic, message.payload
        return self._client.publish(topic, payload, message.qos, message.retain, about)

    def _said_outside(self, message: WireMessage, packet: int) -> Properties | None:
        return self._outside.of(message, packet) if self.url.version == 5 else None

    def _pump(self) -> None:
        """Hand telemetry to paho, a window at a time. Called with the lock held."""
        while self._connected and self._backlog and len(self._writing) < WINDOW:
            message = self._backlog.popleft()
            info = self._hand_over(message)
            if info.rc != MQTTErrorCode.MQTT_ERR_SUCCESS:
                self._backlog.appendleft(message)
                return
            self._writing.add(info.mid)

    def _waiting(self) -> int:
        return len(self._backlog) + len(self._writing) + len(self._certain)

    def _when_connected(self, client: paho.Client, _data: object, *args: Any) -> None:
        reason = args[1]
        if reason.is_failure:
            self._tell("refused", str(reason))
            with self._changed:
                self._refusal = str(reason)
                self._changed.notify_all()
            return
        if self._closing:
            client.disconnect()
            return
        if self._patterns:
            client.subscribe(self._patterns)
        self._tell("connected", "")
        with self._changed:
            self._epoch += 1
            back = self._epoch > 1
            self._connected = True
            self._pump()
            self._changed.notify_all()
        if back and self._on_change is not None:
            self._on_change(True)

    def _when_disconnected(self, _client: paho.Client, _data: object, *args: Any) -> None:
        with self._changed:
            was, self._connected = self._connected, False
            # Paho forgets the telemetry that it had not written.
            self.dropped += len(self._writing)
            self._writing.clear()
            if self._epoch == 0 and self._refusal is None:
                self._refusal = f"it closed the connection ({args[1]})"
            self._changed.notify_all()
        if was and not self._closing:
            self._tell("lost", str(args[1]))
            if self._on_change is not None:
                self._on_change(False)

    def _when_message(self, _client: paho.Client, _data: object, message: paho.MQTTMessage) -> None:
        if self._on_message is None:
            return
        try:
            topic = message.topic
        except UnicodeDecodeError:
            topic = "\ufffd"
        receipt = None
        if message.qos > 0:
            receipt = _Receipt(self, self._epoch, message.mid, message.qos)
        self._on_message(
            Inbound(
                topic,
                bytes(message.payload),
                receipt,
                droppable=message.qos == 0,
                retained=message.retain,
                qos=message.qos,
            )
        )

    def _when_published(self, _client: paho.Client, _data: object, mid: int, *_: object) -> None:
        with self._changed:
            if mid in self._writing:
                self._writing.discard(mid)
                self._pump()
            elif mid in self._certain:
                self._certain.discard(mid)
            else:
                self._answered_early.add(mid)
            self._changed.notify_all()

    def _when_subscribed(
        self, _client: paho.Client, _data: object, mid: int, reasons: Sequence[Any], *_: object
    ) -> None:
        granted = not any(reason.is_failure for reason in reasons)
        if not granted:
            self._tell("subscription_refused", "")
        with self._changed:
            self._granted[mid] = granted
            self._changed.notify_all()

    def _tell(self, state: str, reason: str) -> None:
        """Log a change of state, once."""
        told, self._told = self._told, state + reason
        if told != self._told:
            level = logging.INFO if state == "connected" else logging.WARNING
            log.log(
                level, "link_%s broker=%s client=%s %s", state, self.url, self.client_id, reason
            )

"""The bus of the live modes: messages over one or more MQTT connections.

Network threads only put what comes in into an inbox; its owner takes, dispatches and
acknowledges on a thread of its own, so that handlers never run beside each other. What is not
acknowledged when a process dies is sent again to its successor under the same identifier.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import Self

from sim.kernel.bus import M, Message
from sim.kernel.clock import monotonic_s
from sim.kernel.errors import PayloadError
from sim.messages import topics
from sim.messages.city import CallReceived, CityClock, MapPublished
from sim.messages.encode import Encoder
from sim.messages.envelope import WireMessage
from sim.messages.field import Ack, ActuatorStatus, Command, UnitStatus
from sim.messages.operator import OperatorOrder
from sim.messages.packing import TelemetryForm
from sim.messages.telemetry import DeviceBirth, DeviceDeath, TelemetryBatch
from sim.transport.broker_url import BrokerUrl
from sim.transport.client import LinkOptions, Session
from sim.transport.handlers import Handlers, OnPayloadError, Receiver, Translator
from sim.transport.inbox import Inbound, Inbox
from sim.transport.link import MqttLink
from sim.transport.properties import Outside
from sim.transport.recent import Recent

CHANNELS: dict[type[Message], str | None] = {
    TelemetryBatch: topics.TELEMETRY,
    DeviceBirth: topics.STATE,
    DeviceDeath: topics.STATE,
    UnitStatus: topics.STATE,
    ActuatorStatus: topics.STATE,
    CityClock: topics.STATE,
    MapPublished: topics.STATE,
    CallReceived: topics.EVENT,
    Command: topics.COMMAND,
    Ack: topics.ACK,
    # Orders come through the centre's own door; a broker's clients may give none.
    OperatorOrder: None,
}
"""The channel on which each type of message travels; None where no subscription brings it."""

MAX_MESSAGES = 2_000
"""Messages handled at a time; assumed: some 10 ms of work."""

LINGER_S = 0.005
"""Wait for neighbours after a first message; assumed: shorter than anyone's patience, and
long enough that a burst of telemetry becomes one batch."""

ASK_AGAIN_S = 1.0
"""Subscribe once more so long after the first time. NATS 2.15 can miss a retained message that
is published in the very milliseconds of a subscription (seen in some hundreds of restarts on a busy
machine); by then it is there. Assumed: a second is long for a broker and short for a person."""

_STATE = f"/{topics.STATE}"


class MqttBus:
    """Publish and subscribe by type over a broker.

    Parameters
    ----------
    url
        The broker.
    client_id
        Unique at the broker; the same again to resume a session.
    session
        What the broker keeps for us while we are away; ``"resume"`` for a centre.
    options
        Limits and delays of every connection.
    form
        How readings go over the wire; whatever comes in is read in any form.
    on_payload_error
        Told of each unreadable message in `drain`; they are counted in any case.
    on_back
        Called in `take` or `publish` after a lost connection is back and what it had
        published as retained was published again: with the gateway's identifier, or None for
        the main connection.
    translator
        Reads foreign feeds, which are then subscribed to as well; None for none.
    """

    def __init__(
        self,
        url: BrokerUrl,
        client_id: str,
        *,
        session: Session = "none",
        options: LinkOptions | None = None,
        form: TelemetryForm | None = None,
        on_payload_error: OnPayloadError | None = None,
        on_back: Callable[[str | None], None] | None = None,
        translator: Translator | None = None,
    ) -> None:
        self._options = options or LinkOptions()
        self._url = url
        self._client_id = client_id
        self._inbox = Inbox()
        self._encoder = Encoder(form)
        self._outside = Outside()
        self._handlers = Handlers()
        self._handlers.add(CityClock, self._keep_pace)
        self._receiver = Receiver(self._handlers, translator)
        self._foreign = [] if translator is None else list(translator.filters)
        self._channels: list[str] = []
        self._retained: dict[str, WireMessage] = {}
        self._seen: dict[str, int] = {}
        self._ask_again_s: float | None = None
        self._changes: deque[tuple[str | None, bool, float]] = deque()
        self._recent: dict[str | None, Recent] = {None: self._new_recent()}
        self._on_back = on_back
        self._on_payload_error = on_payload_error
        self._send: Callable[[WireMessage], None] = self._route
        self.unreadable = 0
        self._opened = False
        self._main = MqttLink(
            url,
            client_id,
            session=session,
            options=self._options,
            outside=self._outside,
            on_message=self._when_message,
            on_change=partial(self._when_changed, None),
        )
        self._gateways: dict[str, MqttLink] = {}

    @property
    def connected(self) -> bool:
        """Whether the main connection stands."""
        return self._main.connected

    @property
    def dropped(self) -> int:
        """Telemetry dropped so far for want of room, on the way out and in."""
        links = (self._main, *self._gateways.values())
        return self._inbox.dropped + sum(link.dropped for link in links)

    def open(self) -> None:
        """Connect, and subscribe to what handlers wait for.

        Raises
        ------
        TransportError
            When the broker cannot be reached, refuses us, or does not answer in time.
        """
        self._main.open()
        self._opened = True
        patterns = [topics.pattern(channel) for channel in self._channels] + self._foreign
        if patterns:
            self._main.subscribe(patterns)
            self._ask_again_s = monotonic_s() + ASK_AGAIN_S
        self._say_retained(None)

    def close(self) -> None:
        """Send what waits, say good-bye on every connection, and end."""
        for link in (*self._gateways.values(), self._main):
            link.close()
        self._gateways.clear()

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def add_gateway(self, gateway_id: str, will: WireMessage) -> None:
        """Open a gateway's own connection, whose loss makes the broker publish `will`.

        Messages that go ``via`` this gateway travel over it from now on.

        Raises
        ------
        TransportError
            When the broker refuses it.
        """
        assert gateway_id not in self._gateways, f"gateway {gateway_id!r} is connected already"
        link = MqttLink(
            self._url,
            f"{self._client_id}-{gateway_id}"[-64:],
            will=will,
            options=self._options,
            outside=self._outside,
            on_change=partial(self._when_changed, gateway_id),
        )
        link.open()
        self._gateways[gateway_id] = link
        self._recent[gateway_id] = self._new_recent()
        self._say_retained(gateway_id)

    def cut_gateway(self, gateway_id: str) -> None:
        """Drop a gateway's connection without a good-bye: the broker publishes its will."""
        self._gateways.pop(gateway_id).cut()
        del self._recent[gateway_id]

    def subscribe(self, kind: type[M], handler: Callable[[M], None]) -> None:
        """Call `handler`, in `dispatch`, with every later message of exactly the type `kind`.

        The broker sends retained messages to a new subscription first.

        Raises
        ------
        TransportError
            When the broker does not grant the subscription.
        """
        self._handlers.add(kind, handler)
        channel = CHANNELS[kind]
        if channel is None or channel in self._channels:
            return
        self._channels.append(channel)
        if self._opened:
            self._main.subscribe([topics.pattern(channel)])

    def publish(self, message: Message) -> None:
        """Send `message` to the broker, which hands it to whoever subscribes, us included.

        While the broker is away, telemetry keeps its newest, retained state its latest a
        topic, and everything else waits in order.

        Raises
        ------
        TransportError
            When the broker has acknowledged nothing for so long that no more can wait.
        """
        self._mend()
        if isinstance(message, CityClock):
            self._keep_pace(message)
        for wire in self._encoder.encode(message):
            if wire.retain:
                self._retained[wire.topic] = wire
                if not self._link(self._carrier(wire)).connected:
                    continue  # Only the latest word counts, and it is said on the return.
            elif wire.qos > 0:
                self._recent[self._carrier(wire)].note(wire, monotonic_s())
            self._send(wire)

    def disturb(
        self, faults: Callable[[Callable[[WireMessage], None]], Callable[[WireMessage], None]]
    ) -> None:
        """Let `faults`, given the function that sends, say what is sent in its stead, for tests."""
        self._send = faults(self._send)

    def inject(self, topic: str, payload: bytes) -> None:
        """Put a message into the inbox as if it had come in, from any thread."""
        self._inbox.put(Inbound(topic, payload))

    def wake(self) -> None:
        """Make `take` return now, from any thread."""
        self._inbox.wake()

    def take(self, max_messages: int = MAX_MESSAGES, timeout_s: float = 0.0) -> list[Inbound]:
        """Return what has come in, in order, waiting at most `timeout_s` for the first."""
        self._mend()
        return self._inbox.take(max_messages, timeout_s, LINGER_S)

    def dispatch(self, group: Sequence[Inbound], on_error: OnPayloadError) -> None:
        """Decode `group` and call its handlers; unreadable messages go to `on_error`."""
        self._receiver.dispatch(group, on_error)

    def acknowledge(self, group: Sequence[Inbound]) -> None:
        """Tell the broker that `group` was dealt with, and need not be sent again."""
        for item in group:
            if item.receipt is not None:
                item.receipt.acknowledge()

    def drain(self, max_messages: int = MAX_MESSAGES, timeout_s: float = 0.0) -> int:
        """Take, dispatch and acknowledge; return how many messages there were."""
        group = self.take(max_messages, timeout_s)
        self.dispatch(group, self._count_unreadable)
        self.acknowledge(group)
        return len(group)

    def flush(self, timeout_s: float = 5.0) -> bool:
        """Wait until all that was published is sent and acknowledged; return whether it is."""
        links = [self._main, *self._gateways.values()]
        done = [link.flush(timeout_s) for link in links]
        return all(done)

    def _keep_pace(self, clock: CityClock) -> None:
        """Note how fast the city's time passes, for a broker that counts the wall's."""
        self._outside.speed = clock.speed

    def _carrier(self, wire: WireMessage) -> str | None:
        """Return the gateway whose connection carries `wire`, or None for the main one."""
        return wire.via if wire.via in self._gateways else None

    def _link(self, gateway_id: str | None) -> MqttLink:
        return self._main if gateway_id is None else self._gateways[gateway_id]

    def _route(self, wire: WireMessage) -> None:
        self._link(self._carrier(wire)).publish(wire)

    def _say_retained(self, gateway_id: str | None) -> None:
        """Publish the latest retained words of a connection that is new to the broker."""
        link = self._link(gateway_id)
        for wire in list(self._retained.values()):
            if not link.connected:
                return  # Lost again; its next return starts anew.
            if self._carrier(wire) == gateway_id:
                link.publish(wire)

    def _new_recent(self) -> Recent:
        return Recent(settle_s=self._options.reconnect_max_s + 1.0)

    def _count_unreadable(self, topic: str, payload: bytes, error: PayloadError) -> None:
        self.unreadable += 1
        if self._on_payload_error is not None:
            self._on_payload_error(topic, payload, error)

    def _when_message(self, item: Inbound) -> None:
        """Put what came into the inbox, on the network thread.

        A broker sends all it retains at each subscription. What we have seen last on the same
        topic is no news, and is left out.
        """
        if not item.droppable:
            digest = hash(item.payload)
            if item.retained and self._seen.get(item.topic) == digest:
                if item.receipt is not None:
                    item.receipt.acknowledge()
                return
            if item.topic.endswith(_STATE):
                self._seen[item.topic] = digest
        self._inbox.put(item)

    def _when_changed(self, gateway_id: str | None, connected: bool) -> None:
        """Note, on a network thread, what the owner's thread is to mend."""
        self._changes.append((gateway_id, connected, monotonic_s()))
        self._inbox.wake()

    def _mend(self) -> None:
        """Say again what a broker that died may have forgotten, or a will replaced."""
        while self._changes:
            gateway_id, connected, at_s = self._changes.popleft()
            if gateway_id not in self._recent:
                continue
            if not connected:
                self._recent[gateway_id].lost(at_s)
                continue
            self._recent[gateway_id].back(at_s)
            if gateway_id is None:
                self._ask_again_s = at_s + ASK_AGAIN_S
            self._say_retained(gateway_id)
            if self._on_back is not None:
                self._on_back(gateway_id)
        now_s = monotonic_s()
        for recent in self._recent.values():
            for wire in recent.due(now_s):
                self._route(wire)
        if self._ask_again_s is not None and now_s >= self._ask_again_s:
            self._ask_again_s = None
            self._main.subscribe_again()

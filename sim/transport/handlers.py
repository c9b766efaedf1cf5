"""Who gets which type of message: the part that every bus has in common."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sim.kernel.bus import M, Message
from sim.kernel.errors import PayloadError
from sim.messages.decode import Decoder
from sim.transport.inbox import Inbound

OnPayloadError = Callable[[str, bytes, PayloadError], None]
"""Told topic, payload and fault of each message that cannot be read."""


class Handlers:
    """Subscribers by exact type, called in the order in which they subscribed."""

    def __init__(self) -> None:
        self._by_kind: dict[type[Message], list[Callable[[Any], None]]] = {}

    def add(self, kind: type[M], handler: Callable[[M], None]) -> None:
        """Call `handler` with every message of exactly the type `kind`."""
        self._by_kind.setdefault(kind, []).append(handler)

    def hand_out(self, message: Message) -> None:
        """Call every subscriber of the message's type."""
        for handler in self._by_kind.get(type(message), ()):
            handler(message)


class Receiver:
    """Read what came over the wire, a group at a time, and hand it out in order.

    The group matters: its neighbouring packs of one kind make one batch. The same groups give
    the same calls, which is what makes a replay decide alike.
    """

    def __init__(self, handlers: Handlers) -> None:
        self._handlers = handlers
        self._decoder = Decoder()

    def dispatch(self, group: Sequence[Inbound], on_error: OnPayloadError) -> None:
        """Decode `group` and call the subscribers; unreadable messages go to `on_error`."""
        for read in self._decoder.decode((item.topic, item.payload) for item in group):
            if isinstance(read, PayloadError):
                on_error(read.topic, read.payload, read)
            else:
                self._handlers.hand_out(read)

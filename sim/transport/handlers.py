"""Who gets which type of message: the part that every bus has in common."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

from sim.kernel.bus import M, Message
from sim.kernel.errors import PayloadError
from sim.messages.decode import Decoder
from sim.transport.inbox import Inbound

OnPayloadError = Callable[[str, bytes, PayloadError], None]
"""Told topic, payload and fault of each message that cannot be read."""


class Translator(Protocol):
    """Reads what is not in the project's own form, such as foreign feeds."""

    @property
    def filters(self) -> Sequence[str]:
        """The MQTT topic filters that bring it."""

    def claims(self, topic: str) -> bool:
        """Return whether a message is for the translator to read."""

    def decode(self, messages: Iterable[tuple[str, bytes]]) -> list[Message | PayloadError]:
        """Return what `messages` say, in order, and why any of them cannot be read."""

    def note(self, message: Message) -> list[Message]:
        """Take note of a message of the project's own; return what is to be said after it."""


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

    Parameters
    ----------
    translator
        Reads the messages that it claims, or None.
    """

    def __init__(self, handlers: Handlers, translator: Translator | None = None) -> None:
        self._handlers = handlers
        self._translator = translator
        self._decoder = Decoder()

    def dispatch(self, group: Sequence[Inbound], on_error: OnPayloadError) -> None:
        """Decode `group` and call the subscribers; unreadable messages go to `on_error`."""
        if self._translator is None:
            self._hand_out(self._decoder.decode(_wired(group)), on_error)
            return
        translator = self._translator
        for foreign, run in itertools.groupby(group, lambda item: translator.claims(item.topic)):
            if foreign:
                self._hand_out(translator.decode(_wired(run)), on_error)
            else:
                self._hand_out(self._decoder.decode(_wired(run)), on_error, translator)

    def _hand_out(
        self,
        messages: Iterable[Message | PayloadError],
        on_error: OnPayloadError,
        listener: Translator | None = None,
    ) -> None:
        """Hand out what was read, and after each what the listener has to say to it."""
        for read in messages:
            if isinstance(read, PayloadError):
                on_error(read.topic, read.payload, read)
                continue
            self._handlers.hand_out(read)
            for more in () if listener is None else listener.note(read):
                self._handlers.hand_out(more)


def _wired(items: Iterable[Inbound]) -> Iterable[tuple[str, bytes]]:
    return ((item.topic, item.payload) for item in items)

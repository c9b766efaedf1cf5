"""The bus of the fast mode: messages handed over in one process, without a wire.

It keeps nothing: who subscribes late has missed what was said, retained or not.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from sim.kernel.bus import M, Message
from sim.kernel.errors import PayloadError
from sim.messages.decode import Decoder
from sim.messages.encode import Encoder
from sim.messages.envelope import WireMessage
from sim.transport.handlers import Handlers


class MemoryBus:
    """Deliver at once, first in first out: what a handler publishes follows, never nests.

    Parameters
    ----------
    codec
        Force every message through its wire form and back, to show that the fast mode
        decides as a live one would.
    limit
        Most messages that may wait. More means that handlers answer each other without
        end, which is a mistake of ours and stops the program.
    tap
        Sees every message just before its subscribers do.
    on_wire
        Sees every message in its wire form (only with `codec`).
    """

    def __init__(
        self,
        *,
        codec: bool = False,
        limit: int = 100_000,
        tap: Callable[[Message], None] | None = None,
        on_wire: Callable[[WireMessage], None] | None = None,
    ) -> None:
        self._handlers = Handlers()
        self._waiting: deque[Message] = deque()
        self._draining = False
        self._limit = limit
        self._tap = tap
        self._on_wire = on_wire
        self._codec = (Encoder(), Decoder()) if codec else None

    def subscribe(self, kind: type[M], handler: Callable[[M], None]) -> None:
        """Call `handler` with every later message of exactly the type `kind`."""
        self._handlers.add(kind, handler)

    def publish(self, message: Message) -> None:
        """Hand `message` to its subscribers, after everything published before it.

        Raises
        ------
        PayloadError
            When the message does not survive its own wire form (only with `codec`).
        """
        if self._codec is None:
            self._waiting.append(message)
        else:
            self._waiting.extend(self._through_wire(message))
        assert len(self._waiting) <= self._limit, (
            f"{len(self._waiting)} messages wait on the memory bus, at most {self._limit} expected"
        )
        if not self._draining:
            self._drain()

    def _through_wire(self, message: Message) -> list[Message]:
        assert self._codec is not None
        encoder, decoder = self._codec
        wired = encoder.encode(message)
        if self._on_wire is not None:
            for wire in wired:
                self._on_wire(wire)
        read: list[Message] = []
        for item in decoder.decode((wire.topic, wire.payload) for wire in wired):
            if isinstance(item, PayloadError):
                raise item
            read.append(item)
        return read

    def _drain(self) -> None:
        self._draining = True
        try:
            while self._waiting:
                message = self._waiting.popleft()
                if self._tap is not None:
                    self._tap(message)
                self._handlers.hand_out(message)
        finally:
            # A handler that raised ends the run; nothing may be delivered behind its back.
            self._waiting.clear()
            self._draining = False

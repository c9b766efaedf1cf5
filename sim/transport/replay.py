"""The bus of a replay: what was recorded comes in, what is decided goes to a listener."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sim.kernel.bus import M, Message
from sim.transport.handlers import Handlers, OnPayloadError, Receiver, Translator
from sim.transport.inbox import Inbound


class ReplayBus:
    """Hand out recorded messages; nothing published comes back, for the recording has it.

    Parameters
    ----------
    listener
        Told of each message that is published, or None.
    translator
        Reads what is recorded of foreign feeds, or None.
    """

    def __init__(
        self,
        listener: Callable[[Message], None] | None = None,
        *,
        translator: Translator | None = None,
    ) -> None:
        self._handlers = Handlers()
        self._receiver = Receiver(self._handlers, translator)
        self._listener = listener

    def subscribe(self, kind: type[M], handler: Callable[[M], None]) -> None:
        """Call `handler`, in `dispatch`, with every later message of exactly the type `kind`."""
        self._handlers.add(kind, handler)

    def publish(self, message: Message) -> None:
        """Tell the listener."""
        if self._listener is not None:
            self._listener(message)

    def dispatch(self, group: Sequence[Inbound], on_error: OnPayloadError) -> None:
        """Decode `group` and call its handlers; unreadable messages go to `on_error`."""
        self._receiver.dispatch(group, on_error)

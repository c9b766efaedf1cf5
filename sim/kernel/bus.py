"""The bus every part talks over, by type of message.

Topics exist on the wire only; `sim.messages.topics` and `sim.messages.codec` know them. A
handler is called with whole messages, on the caller's thread, never nested in another
handler of the same bus.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from sim.kernel.clock import Ns


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Message:
    """What travels: immutable, and stamped.

    Attributes
    ----------
    ts_event
        When what it tells of happened, by its author's clock.
    cause
        Identifier of the decision or command that brought it about, if one did.
    """

    ts_event: Ns
    cause: str | None = None


M = TypeVar("M", bound=Message)


class Bus(Protocol):
    """Publish and subscribe, whatever carries it."""

    def publish(self, message: Message) -> None:
        """Hand `message` to every subscriber of its type."""

    def subscribe(self, kind: type[M], handler: Callable[[M], None]) -> None:
        """Call `handler` with every later message of exactly the type `kind`."""

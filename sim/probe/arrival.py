"""One message as a prober hears it, before anything is made of it."""

from __future__ import annotations

from dataclasses import dataclass

from sim.kernel.clock import Ns


@dataclass(frozen=True, slots=True)
class Arrival:
    """One message.

    Attributes
    ----------
    at
        When it was heard, in the feed's own time: the city's where there is one.
    retained
        Whether the broker had kept it from before; None where nobody knows, as of a recording.
    qos
        The quality of service it came with; None where nobody knows.
    """

    at: Ns
    topic: str
    payload: bytes
    retained: bool | None = None
    qos: int | None = None

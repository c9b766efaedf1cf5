"""What was said lately, to be said again when a broker died and may have taken it along.

A broker acknowledges a message before it is safe: Mosquitto writes its store seconds later or
never, and one that comes back without its store drops what arrives before the other clients
have subscribed anew. Receivers act once on what comes twice, so saying it again is harmless.
"""

from __future__ import annotations

from collections import deque

from sim.messages.envelope import WireMessage


class Recent:
    """Messages of one connection that are neither retained nor telemetry.

    Parameters
    ----------
    before_s
        How long before a loss what the broker acknowledged may have been lost with it.
    settle_s
        How long after the return every other client is back and has subscribed.
    limit
        Most messages kept, the newest.
    """

    def __init__(self, *, before_s: float = 5.0, settle_s: float = 6.0, limit: int = 2_000) -> None:
        self._said: deque[tuple[float, WireMessage]] = deque(maxlen=limit)
        self._before_s = before_s
        self._settle_s = settle_s
        self._lost_s: float | None = None
        self._repeats_s: list[float] = []

    def note(self, message: WireMessage, now_s: float) -> None:
        """Keep a message that is being sent."""
        self._said.append((now_s, message))
        if self._lost_s is None:
            self._forget(now_s - self._before_s)

    def lost(self, now_s: float) -> None:
        """Note that the connection is lost."""
        self._repeats_s = []
        if self._lost_s is None:
            self._lost_s = now_s
            self._forget(now_s - self._before_s)

    def back(self, now_s: float) -> None:
        """Note that the connection is back: repeat now, and when all others are back too."""
        self._repeats_s = [now_s, now_s + self._settle_s]

    def due(self, now_s: float) -> list[WireMessage]:
        """Return what is to be said again now, in its order."""
        if not self._repeats_s or now_s < self._repeats_s[0]:
            return []
        self._repeats_s.pop(0)
        again = [message for _, message in self._said]
        if not self._repeats_s:
            self._lost_s = None
            self._said.clear()
        return again

    def _forget(self, before_s: float) -> None:
        while self._said and self._said[0][0] < before_s:
            self._said.popleft()

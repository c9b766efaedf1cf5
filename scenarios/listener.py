"""What an observer on the broker has heard, and waiting for more of it without sleeping."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Condition
from typing import Any

import msgspec

from sim.kernel.clock import monotonic_s
from sim.kernel.errors import PayloadError
from sim.messages import topics
from sim.transport.broker_url import BrokerUrl
from sim.transport.client import is_match
from sim.transport.inbox import Inbound
from sim.transport.link import MqttLink

KEPT = 200_000
"""Messages kept, the oldest forgotten first; assumed: a long test at a high speed."""

POLL_S = 0.1
"""Longest wait between two looks at whether the city still runs [s]."""


class NotHeardError(AssertionError):
    """What was waited for did not come; says what came instead."""


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """One message.

    Attributes
    ----------
    number
        How many came before it.
    topic, payload
        As it came.
    retained
        Whether the broker had kept it.
    """

    number: int
    topic: str
    payload: bytes = field(repr=False)
    retained: bool = False

    @property
    def json(self) -> Any:
        """The payload as JSON values; raises `ValueError` when it is none."""
        try:
            return msgspec.json.decode(self.payload)
        except msgspec.DecodeError as error:
            raise ValueError(f"{self.topic}: not JSON: {error}") from error

    @property
    def device(self) -> str:
        """The device that the topic names; raises `PayloadError` for another sort of topic."""
        return topics.parse(self.topic).device

    @property
    def reading(self) -> dict[str, float]:
        """Telemetry as names and values, ``seq`` and ``sim_time`` among them.

        Raises
        ------
        PayloadError
            When it is no telemetry in SenML.
        """
        if topics.parse(self.topic).channel != topics.TELEMETRY:
            raise PayloadError("topic", f"{self.topic} is no telemetry")
        return {record["n"]: record["v"] for record in self.json if "v" in record}


class Listener:
    """Hears all that a broker says on some topics, from before the city speaks.

    Parameters
    ----------
    url
        The broker.
    patterns
        What to subscribe to.
    check
        Called while waiting; raises when waiting makes no sense any more.
    """

    def __init__(
        self,
        url: BrokerUrl,
        patterns: tuple[str, ...],
        *,
        check: Callable[[], None],
        client_id: str = "chengmai-testbed",
    ) -> None:
        self._link = MqttLink(url, client_id, on_message=self._when_message)
        self._patterns = patterns
        self._check = check
        self._heard: deque[Heard] = deque(maxlen=KEPT)
        self._latest: dict[str, Heard] = {}
        self._changed = Condition()
        self._count = 0

    def open(self) -> None:
        """Connect and subscribe; raises `TransportError` when that fails."""
        self._link.open()
        self._link.subscribe(list(self._patterns))

    def close(self) -> None:
        """Say good-bye."""
        self._link.close()

    @property
    def count(self) -> int:
        """How many messages came so far."""
        with self._changed:
            return self._count

    def heard(self, topic_filter: str = "#", *, since: int = 0) -> list[Heard]:
        """Return what came on topics that match, from the `since`-th message on, in order."""
        with self._changed:
            return [h for h in self._since(since) if is_match(topic_filter, h.topic)]

    def told(self) -> list[str]:
        """Return the topics on which anything came so far."""
        with self._changed:
            return list(self._latest)

    def latest(self, topic_filter: str) -> Heard | None:
        """Return the newest message on topics that match, or None."""
        with self._changed:
            matching = [h for t, h in self._latest.items() if is_match(topic_filter, t)]
        return max(matching, key=lambda heard: heard.number, default=None)

    def wait_for(
        self,
        topic_filter: str,
        predicate: Callable[[Heard], object] | None = None,
        *,
        within_s: float,
        since: int,
    ) -> Heard:
        """Return the first message from the `since`-th on that matches, waiting for it.

        Raises
        ------
        NotHeardError
            When none came in time.
        """
        deadline_s = monotonic_s() + within_s
        seen, last = since, None
        while True:
            with self._changed:
                new = self._since(seen)
                seen = self._count
            # The predicate is somebody else's, and may itself ask what was heard.
            for heard in new:
                if not is_match(topic_filter, heard.topic):
                    continue
                if predicate is None or predicate(heard):
                    return heard
                last = heard
            self.wait_for_change(seen, deadline_s)
            if monotonic_s() >= deadline_s and self.count == seen:
                raise NotHeardError(_tell(topic_filter, within_s, last, seen - since))

    def wait_for_change(self, seen: int, deadline_s: float) -> None:
        """Wait until more than `seen` messages came, or a little while, or the deadline."""
        self._check()
        with self._changed:
            left_s = min(deadline_s - monotonic_s(), POLL_S)
            if self._count == seen and left_s > 0:
                self._changed.wait(left_s)

    def _since(self, since: int) -> list[Heard]:
        """Return the messages from the `since`-th on. Called with the lock held."""
        missing = self._count - since
        if missing <= 0:
            return []
        if missing >= len(self._heard):
            return list(self._heard)
        new = [self._heard[-1 - i] for i in range(missing)]
        new.reverse()
        return new

    def _when_message(self, item: Inbound) -> None:
        """Keep a message, on the network thread."""
        with self._changed:
            heard = Heard(self._count, item.topic, item.payload, item.retained)
            self._count += 1
            self._heard.append(heard)
            self._latest[item.topic] = heard
            self._changed.notify_all()
        if item.receipt is not None:
            item.receipt.acknowledge()


def _tell(topic_filter: str, within_s: float, last: Heard | None, came: int) -> str:
    text = f"nothing that fits came on {topic_filter} within {within_s:g} s"
    if last is None:
        return f"{text}; {came} messages came, none on such a topic"
    return f"{text}; the last on such a topic was {last.topic} {last.payload[:300]!r}"

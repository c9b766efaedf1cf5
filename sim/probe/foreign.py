"""Other people's messages before the checks: said again in the feed's own form, by a mapping."""

from __future__ import annotations

from collections.abc import Iterable

from sim.kernel.bus import Message
from sim.kernel.errors import PayloadError
from sim.messages import topics
from sim.messages.decode import Decoder
from sim.messages.encode import Encoder
from sim.probe.arrival import Arrival
from sim.transport.foreign.feeds import ForeignFeeds, Now
from sim.transport.foreign.mapping import ForeignMapping

Said = Arrival | PayloadError


class Foreign:
    """Reads foreign feeds for an examination.

    What the broker kept of a foreign message says nothing about births of ours, so a translation
    bears no flags.

    Parameters
    ----------
    mapping
        What the messages mean.
    clock
        The feed's time.
    """

    def __init__(self, mapping: ForeignMapping, clock: Now) -> None:
        self._feeds = ForeignFeeds(mapping, clock)
        self._decoder = Decoder()
        self._encoder = Encoder()

    @property
    def filters(self) -> tuple[str, ...]:
        """The MQTT topic filters that bring it."""
        return self._feeds.filters

    def read(self, arrival: Arrival) -> list[Said]:
        """Return what one message is to the feed: itself, its translation, or why it has none.

        The city's own clock, map and births pass unchanged, and may settle devices that waited
        for them.
        """
        if self._feeds.claims(arrival.topic):
            return self._say(self._feeds.translate(arrival.topic, arrival.payload), arrival)
        said: list[Said] = [arrival]
        if arrival.topic.endswith(f"/{topics.STATE}"):
            for message in self._decoder.decode([(arrival.topic, arrival.payload)]):
                if not isinstance(message, PayloadError):
                    said += self._say(self._feeds.note(message), arrival)
        return said

    def _say(self, read: Iterable[Message | PayloadError], arrival: Arrival) -> list[Said]:
        said: list[Said] = []
        for message in read:
            if isinstance(message, PayloadError):
                said.append(message)
                continue
            said += [
                Arrival(arrival.at, wire.topic, wire.payload)
                for wire in self._encoder.encode(message)
            ]
        return said

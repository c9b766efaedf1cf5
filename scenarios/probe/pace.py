"""The time of a feed that is looked at: a city's, where one tells it, or the wall's."""

from __future__ import annotations

from ops_center.live.pace import CityPace, wait_for_clock
from sim.kernel.clock import SECOND, Ns, WallClock, monotonic_s
from sim.kernel.errors import PayloadError
from sim.messages import topics
from sim.messages.city import CityClock
from sim.messages.decode import read_one
from sim.probe.listen import CLIENT
from sim.probe.reader import Heard
from sim.transport.broker_url import BrokerUrl
from sim.transport.inbox import Inbox
from sim.transport.link import MqttLink

CLOCK_S = 2.0
"""How long a broker may take to tell a retained clock [s]."""


class FeedPace:
    """The feed's own time.

    Parameters
    ----------
    url
        The broker.
    speed
        Feed seconds a second, where no city tells; None for the wall's time.
    patience_s
        How long to wait for a first report, whose time a feed without a clock begins with [s].

    Raises
    ------
    TransportError
        When the broker cannot be reached or refuses us.
    """

    def __init__(self, url: BrokerUrl, speed: float | None, patience_s: float) -> None:
        clock = wait_for_clock(url, client_id=CLIENT, timeout_s=CLOCK_S)
        self._city = None if clock is None else CityPace(clock)
        self.speed = 1.0
        if clock is not None:
            self.speed = clock.speed
        elif speed is not None:
            self.speed = speed
        start = None
        if clock is None and speed is not None and speed != 1.0:
            start = _first_time(url, patience_s)
        self._wall = WallClock(start, self.speed)

    @property
    def is_told(self) -> bool:
        """Whether a city tells its clock on the feed."""
        return self._city is not None

    def now(self) -> Ns:
        """Return the feed's time now."""
        return self._wall.now() if self._city is None else self._city.now()

    def follow(self, heard: Heard) -> None:
        """Keep to what the city says of its clock, when it says it again."""
        if self._city is None or heard.arrival.topic != topics.topic(*topics.CLOCK, topics.STATE):
            return
        try:
            said = read_one(heard.arrival.topic, heard.arrival.payload)
        except PayloadError:
            return  # It is counted by a check, and the city will say it again.
        if isinstance(said, CityClock):
            self._city.sync(said)


def _first_time(url: BrokerUrl, patience_s: float) -> Ns | None:
    """Return the device time of the first report that comes, or None when none does."""
    inbox = Inbox()
    link = MqttLink(url, f"{CLIENT}-clock", on_message=inbox.put)
    link.open()
    try:
        link.subscribe([topics.pattern(topics.TELEMETRY)], qos=0)
        ends_s = monotonic_s() + patience_s
        while (left_s := ends_s - monotonic_s()) > 0:
            for item in inbox.take(1, left_s):
                try:
                    read = read_one(item.topic, item.payload)
                except PayloadError:
                    continue
                if isinstance(read, list) and read[0].time_ns > SECOND and not item.retained:
                    return Ns(read[0].time_ns)
        return None
    finally:
        link.close()

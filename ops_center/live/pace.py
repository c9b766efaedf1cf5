"""The city's own pace, which a centre in another process keeps by what the city says of it."""

from __future__ import annotations

from sim.kernel.clock import Ns, WallClock, monotonic_s
from sim.kernel.errors import PayloadError
from sim.messages import topics
from sim.messages.city import CityClock
from sim.messages.decode import read_one
from sim.transport.broker_url import BrokerUrl
from sim.transport.client import LinkOptions
from sim.transport.inbox import Inbox
from sim.transport.link import MqttLink


class CityPace:
    """City time as the city last told it, running on with the wall between two tellings.

    It may step back when the city turns out slower than its word; who needs time that never
    runs back (`ops_center.live.runner.Runner`) sees to that himself.

    Parameters
    ----------
    clock
        What the city said.
    """

    def __init__(self, clock: CityClock) -> None:
        self.sync(clock)

    def sync(self, clock: CityClock) -> None:
        """Follow what the city says now; a handler for every later `CityClock`.

        A retained word may be old: the wall time in it tells how much of the city's time has
        passed since. Both machines' wall clocks are taken to agree.
        """
        since_ns = max(WallClock().now() - clock.wall_ns, 0)
        start = clock.ts_event + int(since_ns * clock.speed)
        if clock.ends_at is not None:
            start = min(start, max(clock.ends_at, clock.ts_event))
        self.run_id = clock.run_id
        self._wall = WallClock(Ns(start), clock.speed)

    def now(self) -> Ns:
        """Return the city time now."""
        return self._wall.now()

    def wall_seconds_until(self, when: int) -> float:
        """Return how many wall seconds remain until city time `when`; negative when past."""
        return self._wall.wall_seconds_until(when)


def wait_for_clock(
    url: BrokerUrl,
    *,
    client_id: str,
    timeout_s: float,
    options: LinkOptions | None = None,
) -> CityClock | None:
    """Return the city's clock as the broker keeps it, or None when no city has said any.

    It has a connection of its own for the purpose, so that nothing meant for the centre's
    session is taken before the centre is there to hear it.

    Raises
    ------
    TransportError
        When the broker cannot be reached or refuses us.
    """
    inbox = Inbox()
    link = MqttLink(url, f"{client_id}-clock"[-64:], options=options, on_message=inbox.put)
    link.open()
    try:
        link.subscribe([topics.topic(*topics.CLOCK, topics.STATE)])
        deadline_s = monotonic_s() + timeout_s
        while (left_s := deadline_s - monotonic_s()) > 0:
            for item in inbox.take(1, left_s):
                if item.receipt is not None:
                    item.receipt.acknowledge()
                try:
                    said = read_one(item.topic, item.payload)
                except PayloadError:
                    continue  # Another client's rubbish; the city will say it again.
                if isinstance(said, CityClock):
                    return said
        return None
    finally:
        link.close()

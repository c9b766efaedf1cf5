"""People who call: the emergency and service lines of the city."""

from __future__ import annotations

from sim.kernel.basemap import BaseMap
from sim.kernel.bus import Bus
from sim.kernel.clock import Ns, seconds
from sim.kernel.ids import Counter
from sim.kernel.rng import Streams
from sim.messages.city import CallReceived
from sim.world.engine import CITY, SimEngine

CALL_DELAY_S = (60.0, 180.0)
"""Shortest and longest time until somebody who sees it calls; assumed: looking, deciding,
dialling, and being answered within 15 s."""


class Callers:
    """Publish calls, numbered through for the whole city.

    Parameters
    ----------
    basemap
        Where places are.
    engine, bus, streams
        Time, talk, chance: delays from ``world.calls.<topic>`` at the topic's count.
    """

    def __init__(self, basemap: BaseMap, engine: SimEngine, bus: Bus, streams: Streams) -> None:
        self._basemap = basemap
        self._engine = engine
        self._clock = engine.clock(CITY)
        self._bus = bus
        self._streams = streams
        self._ids = Counter("call")
        self._counts: dict[str, int] = {}

    def say(self, line: str, topic: str, place: int, people: int = 0) -> None:
        """Call now: `line` such as ``"119"``, about `topic`, naming a place of the map."""
        at = self._basemap.places[place]
        lon, lat = self._basemap.projection.point_to_lonlat(at.x_m, at.y_m)
        self._bus.publish(
            CallReceived(
                ts_event=self._engine.now(),
                call_id=self._ids.take(),
                line=line,
                topic=topic,
                district=at.district_id,
                lon=lon,
                lat=lat,
                place_id=at.place_id,
                people=people,
            )
        )

    def report(
        self,
        line: str,
        topic: str,
        place: int,
        people: int = 0,
        *,
        witnesses: int = 1,
        delay_s: tuple[float, float] = CALL_DELAY_S,
    ) -> None:
        """Let `witnesses` call, each after a delay drawn between the two ends of `delay_s`."""
        for _ in range(witnesses):
            count = self._counts[topic] = self._counts.get(topic, 0) + 1
            wait_s = self._streams.at(f"world.calls.{topic}", count).uniform(*delay_s)
            self._clock.call_at(
                Ns(self._engine.now() + seconds(float(wait_s))),
                lambda: self.say(line, topic, place, people),
                name="call",
            )

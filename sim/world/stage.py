"""What every part of the world stands on: the city, time, chance, and where it tells."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sim.kernel.bus import Bus
from sim.kernel.clock import Ns, seconds
from sim.kernel.rng import Streams
from sim.world.callers import Callers
from sim.world.city.model import City
from sim.world.engine import PHYSICS, SimEngine
from sim.world.events import Events
from sim.world.truth import Truth


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Stage:
    """The collaborators that domains and hazards share; none of them holds physics.

    Attributes
    ----------
    city
        What stands.
    engine, bus, streams
        Time, talk, chance.
    truth, events, callers
        What really happened, hazard events, people who call.
    start
        When the scenario began.
    """

    city: City
    engine: SimEngine
    bus: Bus
    streams: Streams
    truth: Truth
    events: Events
    callers: Callers
    start: Ns

    @staticmethod
    def of(city: City, engine: SimEngine, bus: Bus, streams: Streams, truth: Truth) -> Stage:
        """Return the stage of a run that begins now."""
        return Stage(
            city=city,
            engine=engine,
            bus=bus,
            streams=streams,
            truth=truth,
            events=Events(city.basemap, truth),
            callers=Callers(city.basemap, engine, bus, streams),
            start=engine.now(),
        )

    @property
    def now(self) -> Ns:
        """City time."""
        return self.engine.now()

    def after(self, span_s: float, act: Callable[[], None], name: str) -> None:
        """Run `act` `span_s` from now, before the city and the centre of that instant."""
        clock = self.engine.clock(PHYSICS)
        clock.call_at(Ns(self.engine.now() + seconds(span_s)), act, name=name)

    def at(self, at_s: float, act: Callable[[], None], name: str) -> None:
        """Run `act` `at_s` after the scenario's start; at once when that is now or past."""
        due = Ns(self.start + seconds(at_s))
        if due <= self.engine.now():
            act()
        else:
            self.engine.clock(PHYSICS).call_at(due, act, name=name)

    def places(self, kind: str) -> list[int]:
        """Return the indices of the map's places of a kind, in map order."""
        return [i for i, p in enumerate(self.city.basemap.places) if p.kind == kind]

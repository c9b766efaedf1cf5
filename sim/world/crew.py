"""What crews do on scene: pump, close the road by hand, bring people out."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, Protocol

from sim.kernel.basemap import BaseMap
from sim.kernel.clock import Ns, seconds
from sim.world.driving import Streets
from sim.world.engine import SimEngine
from sim.world.people import People
from sim.world.water import Underpasses

TICK_S = 5.0
"""How often a crew looks up from its work: for the water, the radio, the next task; assumed."""
OBSERVE_S = 60.0
"""How often it reports what it sees; assumed: a busy radio channel."""

RESCUE_S = 90.0
"""Time to bring one person out of a stalled vehicle; assumed: wading, a ladder at worst."""
DRY_M, DRY_FOR_S = 0.05, 300.0
"""A pump unit packs up when the water has been this low for so long; assumed: suction breaks."""
CLEAR_M, CLEAR_FOR_S = 0.10, 600.0
"""Police reopen the road when the water has been this low for so long; assumed."""

Stay = Generator[Any, None, None]


@dataclass(slots=True, kw_only=True, eq=False)
class Task:
    """What a crew is to do, and where.

    Attributes
    ----------
    name
        ``"pump"``, ``"close"`` or ``"rescue"``.
    place
        Index into the map's places.
    recalled
        Set when the crew is told to stand down; it obeys at its next look-up.
    helped
        People it has brought out.
    """

    name: str
    place: int
    recalled: bool = False
    helped: int = 0


class Crew(Protocol):
    """The unit at work, as its work knows it."""

    @property
    def unit_id(self) -> str:
        """Its identifier, under which it holds roads closed and bowls pumped."""

    @property
    def setup_s(self) -> float:
        """Time from arrival until the work begins [s]."""

    @property
    def pump_m3s(self) -> float:
        """Capacity it brings along [m3/s]."""


class Scene:
    """The places units work at.

    Parameters
    ----------
    basemap, water, people, streets
        What their work changes.
    engine
        Time.
    """

    def __init__(
        self,
        basemap: BaseMap,
        water: Underpasses,
        people: People,
        streets: Streets,
        engine: SimEngine,
    ) -> None:
        self._basemap = basemap
        self._water = water
        self._people = people
        self._streets = streets
        self._engine = engine

    def look(self, place: int) -> dict[str, float | int]:
        """Return what a crew sees: depth to the centimetre, and people trapped."""
        return {
            "depth_m": round(self._water.depth_at(place), 2),
            "trapped": self._people.trapped_at(place),
        }

    def work(self, crew: Crew, task: Task, look_up: Callable[[], None]) -> Stay:
        """Carry out `task` until it is over or recalled, calling `look_up` at every tick."""
        if task.name == "pump":
            yield from self._pump(crew, task, look_up)
        elif task.name == "close":
            yield from self._close(crew, task, look_up)
        else:
            assert task.name == "rescue", f"unknown task {task.name}"
            yield from self._rescue(crew, task, look_up)

    def _pump(self, crew: Crew, task: Task, look_up: Callable[[], None]) -> Stay:
        yield from self._stay(task, crew.setup_s, look_up)
        if task.recalled:
            return
        self._water.help(task.place, crew.unit_id, crew.pump_m3s)
        yield from self._until_calm(task, DRY_M, DRY_FOR_S, look_up)
        self._water.help(task.place, crew.unit_id, 0.0)

    def _close(self, crew: Crew, task: Task, look_up: Callable[[], None]) -> Stay:
        yield from self._stay(task, crew.setup_s, look_up)
        if task.recalled:
            return
        links = self._basemap.places[task.place].links
        for link in links:
            self._streets.close(link, by=crew.unit_id)
        yield from self._until_calm(task, CLEAR_M, CLEAR_FOR_S, look_up)
        for link in links:
            self._streets.reopen(link, by=crew.unit_id)

    def _rescue(self, crew: Crew, task: Task, look_up: Callable[[], None]) -> Stay:
        yield from self._stay(task, crew.setup_s, look_up)
        while self._people.trapped_at(task.place) > 0 and not task.recalled:
            yield from self._stay(task, RESCUE_S, look_up)
            if not task.recalled:
                task.helped += self._people.rescue(task.place, 1)

    def _stay(self, task: Task, span_s: float, look_up: Callable[[], None]) -> Stay:
        """Let `span_s` pass, less when the crew is recalled."""
        until = self._engine.now() + seconds(span_s)
        while not task.recalled and (left := until - self._engine.now()) > 0:
            look_up()
            yield self._engine.wait(Ns(min(left, seconds(TICK_S))))

    def _until_calm(
        self, task: Task, calm_m: float, calm_for_s: float, look_up: Callable[[], None]
    ) -> Stay:
        """Wait until the water has stood below `calm_m` for `calm_for_s`, or a recall."""
        calm_since: Ns | None = None
        while not task.recalled:
            look_up()
            now = self._engine.now()
            if self._water.depth_at(task.place) >= calm_m:
                calm_since = None
            elif calm_since is None:
                calm_since = now
            elif now - calm_since >= seconds(calm_for_s):
                return
            yield self._engine.wait(seconds(TICK_S))

"""What crews do at a flooded underpass: pump, close the road by hand, bring people out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from sim.kernel.basemap import BaseMap
from sim.world.actuators import Actuators
from sim.world.crew import Crew, Scene, Task
from sim.world.events import Events
from sim.world.people import People
from sim.world.water import Underpasses


class Streets(Protocol):
    """What police, barriers and signs do to traffic."""

    def close(self, link: int, by: str) -> None:
        """Let nobody enter `link` until `by` reopens it."""

    def reopen(self, link: int, by: str) -> None:
        """Give up the hold of `by`."""

    def warn(self, link: int) -> None:
        """Advise drivers to avoid `link`."""

    def unwarn(self, link: int) -> None:
        """Take the advice away."""


RESCUE_S = 90.0
"""Time to bring one person out of a stalled vehicle; assumed: wading, a ladder at worst."""
DRY_M, DRY_FOR_S = 0.05, 300.0
"""A pump unit packs up when the water has been this low for so long; assumed: suction breaks."""
CLEAR_M, CLEAR_FOR_S = 0.10, 600.0
"""Police reopen the road when the water has been this low, and nothing else been wrong, for
so long; assumed."""


class Calm:
    """How long a place has been calm, for each crew that waits for it."""

    def __init__(self, is_calm: Callable[[int], bool], for_s: float) -> None:
        self._is_calm = is_calm
        self._for_s = for_s
        self._calm_s: dict[str, float] = {}

    def forget(self, crew: Crew) -> None:
        """Begin anew, or never again."""
        self._calm_s.pop(crew.unit_id, None)

    def is_over(self, place: int, crew: Crew, dt_s: float) -> bool:
        """Return whether it has now been calm for long enough."""
        if not self._is_calm(place):
            self.forget(crew)
            return False
        before = self._calm_s.get(crew.unit_id)
        self._calm_s[crew.unit_id] = 0.0 if before is None else before + dt_s
        return self._calm_s[crew.unit_id] >= self._for_s


class PumpWork:
    """Draw water from the bowl until it has been dry for a while."""

    def __init__(self, water: Underpasses) -> None:
        self._water = water
        self._dry = Calm(lambda place: water.depth_at(place) < DRY_M, DRY_FOR_S)

    def begin(self, task: Task, crew: Crew) -> None:
        """Lower the suction hoses."""
        self._water.help(task.place, crew.unit_id, crew.capacity)

    def tick(self, task: Task, crew: Crew, dt_s: float) -> bool:
        """Return whether the bowl has been dry long enough."""
        return self._dry.is_over(task.place, crew, dt_s)

    def end(self, task: Task, crew: Crew) -> None:
        """Take the hoses out."""
        self._dry.forget(crew)
        self._water.help(task.place, crew.unit_id, 0.0)


class CloseWork:
    """Keep the roads through a place closed until it has been calm for a while.

    Parameters
    ----------
    basemap, streets
        The roads, and who lets traffic through.
    is_calm
        Whether a place of the map may be driven through again.
    """

    def __init__(self, basemap: BaseMap, streets: Streets, is_calm: Callable[[int], bool]) -> None:
        self._places = basemap.places
        self._streets = streets
        self._low = Calm(is_calm, CLEAR_FOR_S)

    def begin(self, task: Task, crew: Crew) -> None:
        """Set up cones and a car across the lane."""
        for link in self._places[task.place].links:
            self._streets.close(link, by=crew.unit_id)

    def tick(self, task: Task, crew: Crew, dt_s: float) -> bool:
        """Return whether the road may be opened again."""
        return self._low.is_over(task.place, crew, dt_s)

    def end(self, task: Task, crew: Crew) -> None:
        """Let traffic through."""
        self._low.forget(crew)
        for link in self._places[task.place].links:
            self._streets.reopen(link, by=crew.unit_id)


class RescueWork:
    """Bring people out of their vehicles, one at a time."""

    def __init__(self, people: People) -> None:
        self._people = people
        self._spent_s: dict[str, float] = {}

    def begin(self, task: Task, crew: Crew) -> None:
        """Wade to the first vehicle."""
        del task
        self._spent_s[crew.unit_id] = 0.0

    def tick(self, task: Task, crew: Crew, dt_s: float) -> bool:
        """Return whether nobody is left in the water."""
        spent_s = self._spent_s[crew.unit_id] + dt_s
        while spent_s >= RESCUE_S and self._people.trapped_at(task.place) > 0:
            spent_s -= RESCUE_S
            task.helped += self._people.rescue(task.place, 1)
        self._spent_s[crew.unit_id] = spent_s
        return self._people.trapped_at(task.place) == 0

    def end(self, task: Task, crew: Crew) -> None:
        """Leave."""
        del task
        del self._spent_s[crew.unit_id]


def serve_underpasses(
    scene: Scene,
    actuators: Actuators,
    *,
    basemap: BaseMap,
    water: Underpasses,
    people: People,
    streets: Streets,
    events: Events,
) -> None:
    """Let crews, pumps, barriers and signs do their part at the underpasses."""

    def is_calm(place: int) -> bool:
        return water.depth_at(place) < CLEAR_M and not any(events.at(place).values())

    scene.serve("pump", PumpWork(water))
    scene.serve("close", CloseWork(basemap, streets, is_calm))
    scene.serve("rescue", RescueWork(people))

    def start_pump(place: int, by: str, works: bool) -> None:
        row = water.row_of(place)
        assert row is not None, f"{by} stands where no water gathers"
        water.standby_on[row] = works

    def close(place: int, by: str, works: bool) -> None:
        turn = streets.close if works else streets.reopen
        for link in basemap.places[place].links:
            turn(link, by)

    def warn(place: int, by: str, works: bool) -> None:
        del by
        advise = streets.warn if works else streets.unwarn
        for link in basemap.places[place].links:
            advise(link)

    actuators.serve("standby_pump", start_pump)
    actuators.serve("barrier", close)
    actuators.serve("message_sign", warn)

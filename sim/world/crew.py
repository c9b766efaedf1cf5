"""What crews do on scene: set up, work until it is done or they are recalled, pack up.

It knows tasks by name only; what a task does to the world is told by the part of the world
that it changes.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from sim.kernel.clock import Ns, seconds
from sim.messages.field import Scalar
from sim.world.engine import SimEngine

TICK_S = 5.0
"""How often a crew looks up from its work: for the water, the radio, the next task; assumed."""
OBSERVE_S = 60.0
"""How often it reports what it sees; assumed: a busy radio channel."""

Stay = Generator[Any, None, None]


class Crew(Protocol):
    """The unit at work, as its work knows it."""

    @property
    def unit_id(self) -> str:
        """Its identifier, under which it holds roads closed and bowls pumped."""

    @property
    def setup_s(self) -> float:
        """Time from arrival until the work begins [s]."""

    @property
    def capacity(self) -> float:
        """What it brings along, in the unit of its kind: m3/s of pumps and hoses, W, people."""


@dataclass(slots=True, kw_only=True, eq=False)
class Task:
    """What a crew is to do, and where.

    Attributes
    ----------
    name
        One of its unit's skills, such as ``"pump"``.
    place
        Index into the map's places.
    recalled
        Set when the crew is told to stand down; it obeys at its next look-up.
    helped
        People it has brought out, who need a hospital.
    """

    name: str
    place: int
    recalled: bool = False
    helped: int = 0


class Work(Protocol):
    """What one task does at a place."""

    def begin(self, task: Task, crew: Crew) -> None:
        """Start, after the crew has set up."""

    def tick(self, task: Task, crew: Crew, dt_s: float) -> bool:
        """Work for `dt_s`; return True when nothing is left to do."""

    def end(self, task: Task, crew: Crew) -> None:
        """Stop: done, or recalled. What only held while the crew was there ends."""


class Scene:
    """The places units work at.

    Parameters
    ----------
    engine
        Time.
    look
        Returns what anybody at a place of the map sees, such as ``{"depth_m": 0.4}``.
    """

    def __init__(self, engine: SimEngine, look: Callable[[int], Mapping[str, Scalar]]) -> None:
        self._engine = engine
        self._works: dict[str, list[Work]] = {}
        self.look = look

    def serve(self, name: str, work: Work) -> None:
        """Let `work` have its part in tasks of a name; a task is over when all parts are."""
        self._works.setdefault(name, []).append(work)

    def work(self, crew: Crew, task: Task, look_up: Callable[[], None]) -> Stay:
        """Carry out `task` until it is over or recalled, calling `look_up` at every tick."""
        yield from self._stay(task, crew.setup_s, look_up)
        if task.recalled:
            return
        works = self._works.get(task.name, [])
        for work in works:
            work.begin(task, crew)
        done, dt_s = False, 0.0
        while not task.recalled and not done:
            # Every part gets its time, the last one too when the first is over.
            left = [work for work in works if not work.tick(task, crew, dt_s)]
            done = not left
            look_up()
            if not done:
                yield self._engine.wait(seconds(TICK_S))
                dt_s = TICK_S
        for work in works:
            work.end(task, crew)

    def _stay(self, task: Task, span_s: float, look_up: Callable[[], None]) -> Stay:
        """Let `span_s` pass, less when the crew is recalled."""
        until = self._engine.now() + seconds(span_s)
        while not task.recalled and (left := until - self._engine.now()) > 0:
            look_up()
            yield self._engine.wait(Ns(min(left, seconds(TICK_S))))

"""Who takes up the injured, and a crew at work, for tests of hazards."""

from __future__ import annotations

from dataclasses import dataclass

from sim.world.crew import Task, Work


class CountedCare:
    """Let people wait at their places until a test takes them away."""

    def __init__(self) -> None:
        self.at: dict[int, int] = {}
        self.causes: list[str | None] = []

    def add(self, place: int, people: int, *, cause: str | None = None) -> None:
        self.at[place] = self.at.get(place, 0) + people
        self.causes.append(cause)

    def waiting(self, place: int) -> int:
        return self.at.get(place, 0)

    @property
    def total(self) -> int:
        return sum(self.at.values())


@dataclass
class AtWork:
    """A crew that carries out one task, as `sim.world.crew.Scene` would let it."""

    work: Work
    task: Task
    unit_id: str = "unit-01"
    setup_s: float = 0.0
    capacity: float = 1.0

    def begin(self) -> AtWork:
        self.work.begin(self.task, self)
        return self

    def tick(self, dt_s: float) -> bool:
        return self.work.tick(self.task, self, dt_s)

    def end(self) -> None:
        self.work.end(self.task, self)

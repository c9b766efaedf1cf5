"""Shapes of what crews do: be there, or one thing after another; and who cares for the hurt."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Protocol

from sim.world.crew import Crew, Task


class Care(Protocol):
    """Takes up people who came to harm at a place and need an ambulance."""

    def add(self, place: int, people: int, *, cause: str | None = None) -> None:
        """Let `people` wait for treatment at a place of the map."""

    def waiting(self, place: int) -> int:
        """Return how many wait there."""


class Presence:
    """Work that lasts while a crew is there, until the place is calm.

    Parameters
    ----------
    is_over
        Whether nothing is left to stay for at a place of the map.
    """

    def __init__(self, is_over: Callable[[int], bool]) -> None:
        self._is_over = is_over
        self._at: dict[int, dict[str, float]] = {}

    def at(self, place: int) -> int:
        """Return how many crews are there."""
        return len(self._at.get(place, ()))

    def capacity(self, place: int) -> float:
        """Return what they have brought along together."""
        return sum(self._at.get(place, {}).values())

    def begin(self, task: Task, crew: Crew) -> None:
        """Be there."""
        self._at.setdefault(task.place, {})[crew.unit_id] = crew.capacity

    def tick(self, task: Task, crew: Crew, dt_s: float) -> bool:
        """Stay; return whether nothing is left to stay for."""
        del crew, dt_s
        return self._is_over(task.place)

    def end(self, task: Task, crew: Crew) -> None:
        """Leave."""
        self._at[task.place].pop(crew.unit_id)
        if not self._at[task.place]:
            del self._at[task.place]


class Labour:
    """Work on one thing after another, each of a known length; what is left waits for others.

    Parameters
    ----------
    each_s
        Time one takes at a place of the map; None when nothing is left there, infinite while
        there is only something to wait for [s].
    done
        Called with the task when one is done; it must lessen what is left.
    """

    def __init__(self, each_s: Callable[[int], float | None], done: Callable[[Task], None]) -> None:
        self._each_s = each_s
        self._done = done
        self._spent_s: dict[str, float] = {}

    def begin(self, task: Task, crew: Crew) -> None:
        """Turn to the first."""
        del task
        self._spent_s[crew.unit_id] = 0.0

    def tick(self, task: Task, crew: Crew, dt_s: float) -> bool:
        """Work for `dt_s`; return whether nothing is left."""
        spent_s = self._spent_s[crew.unit_id] + dt_s
        while (need_s := self._each_s(task.place)) is not None and spent_s >= need_s:
            spent_s -= need_s
            self._done(task)
        # Time spent waiting for something to do is not saved up.
        waits = need_s is None or need_s == math.inf
        self._spent_s[crew.unit_id] = 0.0 if waits else spent_s
        return need_s is None

    def end(self, task: Task, crew: Crew) -> None:
        """Stop."""
        del task
        del self._spent_s[crew.unit_id]

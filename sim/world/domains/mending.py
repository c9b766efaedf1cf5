"""Repair crews: they take the faults of a place one by one, each for as long as it needs."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from sim.kernel.rng import Streams
from sim.world.crew import Crew, Task


class Mending:
    """Work of one task name on numbered faults; two crews at a place take different ones.

    Time needed is lognormal, as repair times of lines and pipes are; a fault that a crew leaves
    behind keeps what was done.

    Parameters
    ----------
    streams, name
        Chance: ``world.mending.<name>`` at the fault's number.
    faults_at
        Numbers of the faults a crew at a place of the map can mend now, in order; a number is
        never used twice.
    median_s
        Median time that a fault needs [s].
    spread
        Standard deviation of the time's logarithm.
    mend
        Called with the fault's number when its time is over.
    """

    def __init__(
        self,
        streams: Streams,
        name: str,
        *,
        faults_at: Callable[[int], Sequence[int]],
        median_s: Callable[[int], float],
        spread: float,
        mend: Callable[[int], None],
    ) -> None:
        self._streams = streams
        self._name = name
        self._faults_at = faults_at
        self._median_s = median_s
        self._spread = spread
        self._mend = mend
        self._left_s: dict[int, float] = {}
        self._taken: dict[str, int] = {}

    def begin(self, task: Task, crew: Crew) -> None:
        """Look for the first fault."""
        self._take(task, crew)

    def tick(self, task: Task, crew: Crew, dt_s: float) -> bool:
        """Work; return True when no fault is left that nobody else has in hand."""
        fault = self._taken.get(crew.unit_id)
        if fault is not None and fault in self._faults_at(task.place):
            self._left_s[fault] -= dt_s
            if self._left_s[fault] > 0:
                return False
            self._mend(fault)
        self._drop(crew)
        return not self._take(task, crew)

    def end(self, task: Task, crew: Crew) -> None:
        """Leave what is not finished to the next crew."""
        del task
        self._taken.pop(crew.unit_id, None)

    def _drop(self, crew: Crew) -> None:
        done = self._taken.pop(crew.unit_id, None)
        if done is not None:
            self._left_s.pop(done, None)

    def _take(self, task: Task, crew: Crew) -> bool:
        others = {fault for unit, fault in self._taken.items() if unit != crew.unit_id}
        for fault in self._faults_at(task.place):
            if fault not in others:
                self._taken[crew.unit_id] = fault
                if fault not in self._left_s:
                    draw = self._streams.at(f"world.mending.{self._name}", fault)
                    self._left_s[fault] = self._median_s(fault) * math.exp(
                        self._spread * float(draw.standard_normal())
                    )
                return True
        return False

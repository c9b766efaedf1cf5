from __future__ import annotations

import numpy as np
import pytest

from sim.kernel.rng import SeededStreams
from sim.world.crew import Task
from sim.world.domains.mending import Mending


class Faults:
    """Numbered faults at place 3."""

    def __init__(self, *numbers: int) -> None:
        self.open = list(numbers)
        self.mended: list[int] = []

    def at(self, place: int) -> list[int]:
        return self.open if place == 3 else []

    def mend(self, number: int) -> None:
        self.open.remove(number)
        self.mended.append(number)

    def mending(self, seed: int = 1) -> Mending:
        return Mending(
            SeededStreams(seed),
            "test",
            faults_at=self.at,
            median_s=lambda _: 600.0,
            spread=0.5,
            mend=self.mend,
        )


def time_of(mending: Mending, task: Task, crew) -> float:
    mending.begin(task, crew)
    spent_s = 0.0
    while not mending.tick(task, crew, 1.0 if spent_s else 0.0):
        spent_s += 1.0
    mending.end(task, crew)
    return spent_s


def test_times_are_lognormal_about_the_median(crew_of) -> None:
    task, crew = Task(name="mend", place=3), crew_of()
    times = [time_of(Faults(n).mending(), task, crew) for n in range(400)]
    logs = np.log(times)
    assert np.exp(np.median(logs)) == pytest.approx(600, rel=0.1)
    assert logs.std() == pytest.approx(0.5, rel=0.15)


def test_crew_elsewhere_has_nothing_to_do(crew_of) -> None:
    mending = Faults(0).mending()
    assert time_of(mending, Task(name="mend", place=4), crew_of()) == 0


def test_one_crew_mends_all_in_order_and_what_was_done_is_kept(crew_of) -> None:
    faults = Faults(5, 2)
    alone = time_of(faults.mending(), Task(name="mend", place=3), crew_of())
    assert faults.mended == [5, 2]
    again = Faults(5, 2)
    mending, task = again.mending(), Task(name="mend", place=3)
    first = crew_of("unit-1")
    mending.begin(task, first)
    for _ in range(60):
        assert not mending.tick(task, first, 1.0)
    mending.end(task, first)
    rest = time_of(mending, task, crew_of("unit-2"))
    assert rest == pytest.approx(alone - 60, abs=2)


def test_fault_that_others_cleared_is_dropped(crew_of) -> None:
    faults = Faults(0, 1)
    mending, task, crew = faults.mending(), Task(name="mend", place=3), crew_of()
    mending.begin(task, crew)
    assert not mending.tick(task, crew, 0.0)
    faults.open.remove(0)
    while not mending.tick(task, crew, 5.0):
        pass
    assert faults.mended == [1]

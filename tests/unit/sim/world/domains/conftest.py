"""The town with lifelines: places of every kind that they serve, and a stage to act on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from sim.kernel.basemap import Place
from sim.kernel.clock import Ns, seconds
from sim.kernel.rng import SeededStreams
from sim.messages.city import CallReceived
from sim.transport.memory import MemoryBus
from sim.world.city.model import City
from sim.world.crew import Task, Work
from sim.world.engine import PHYSICS, SimEngine
from sim.world.hazards.order import Family
from sim.world.stage import Stage
from sim.world.truth import Truth

START = Ns(1_784_624_400_000_000_000)
KINDS = (
    "junction",
    "community",
    "community",
    "hospital",
    "substation",
    "substation",
    "waterworks",
    "gas_chamber",
    "gas_chamber",
    "heat_plant",
    "base_station",
    "base_station",
)


@dataclass
class OneCrew:
    """A unit at work."""

    unit_id: str = "unit-1"
    setup_s: float = 60.0
    capacity: float = 1.0


class Lifelines:
    """The town's stage, and families that step on it."""

    def __init__(self, town: City, seed: int = 7) -> None:
        xy_m = town.basemap.roads.node_xy_m
        places = tuple(
            Place(
                place_id=f"{kind.replace('_', '-')}-{KINDS[: i + 1].count(kind):02d}",
                kind=kind,
                name=kind,
                x_m=float(xy_m[i, 0]),
                y_m=float(xy_m[i, 1]),
                district_id="old-town",
                links=(),
                assumed=True,
            )
            for i, kind in enumerate(KINDS)
        )
        self.city = replace(town, basemap=replace(town.basemap, places=places))
        self.engine = SimEngine(START)
        self.bus = MemoryBus(codec=True)
        self.records: list[dict[str, Any]] = []
        self.calls: list[CallReceived] = []
        self.bus.subscribe(CallReceived, self.calls.append)
        self.stage = Stage.of(
            self.city,
            self.engine,
            self.bus,
            SeededStreams(seed),
            Truth(self.records.append, START),
        )

    def place(self, place_id: str) -> int:
        """Return the index of a place."""
        return self.city.basemap.place_index[place_id]

    def let(self, family: Family) -> None:
        """Let a family step from now on."""

        def step() -> None:
            family.step(self.engine.now(), family.step_s)

        self.engine.clock(PHYSICS).call_every(seconds(family.step_s), step, name="step")

    def run(self, span_s: float) -> None:
        """Let city time pass."""
        self.engine.run(Ns(self.engine.now() + seconds(span_s)))

    def work(
        self, work: Work, name: str, place: int, *, at_most_s: float, crew: OneCrew | None = None
    ) -> float:
        """Let a crew work until it is done, and return how long it took."""
        crew = crew or OneCrew()
        task = Task(name=name, place=place)
        work.begin(task, crew)
        spent_s = 0.0
        while not work.tick(task, crew, 5.0 if spent_s else 0.0):
            self.run(5.0)
            spent_s += 5.0
            assert spent_s <= at_most_s, f"{name} took more than {at_most_s} s"
        work.end(task, crew)
        return spent_s

    def told(self, kind: str) -> list[dict[str, Any]]:
        """Return the truth's records of a type."""
        return [r for r in self.records if r["type"] == kind]


@pytest.fixture
def lifelines(city: City) -> Lifelines:
    """Return the town at its start."""
    return Lifelines(city)


@pytest.fixture
def crew_of() -> type[OneCrew]:
    """Return what builds a crew."""
    return OneCrew


@pytest.fixture(scope="session")
def even() -> Callable[[int, int], Any]:
    """Return what shares out `n` things over `parts`, as int32 rows."""
    return lambda n, parts: (np.arange(n) * parts // n).astype(np.int32)

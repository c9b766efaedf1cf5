"""A flat town of blocks with one of most kinds of places, for tests of nature and industry."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np

from sim.kernel.basemap import BaseMap, District, Place
from sim.kernel.clock import Ns, seconds
from sim.kernel.rng import SeededStreams
from sim.messages.city import CallReceived
from sim.transport.memory import MemoryBus
from sim.world.city.model import Cells, Sites
from sim.world.crew import Task
from sim.world.engine import SimEngine
from sim.world.stage import Stage
from sim.world.truth import Truth
from support.town import START, town

PLACES = (
    # kind, x, y, capacity, area
    ("bridge", 1250.0, 0.0, 0.0, 0.0),
    ("community", 400.0, 0.0, 3000.0, 90_000.0),
    ("community", 1600.0, 0.0, 3000.0, 90_000.0),
    ("hospital", 2000.0, 500.0, 300.0, 30_000.0),
    ("clinic", 0.0, 500.0, 30.0, 300.0),
    ("clinic", 2500.0, 500.0, 30.0, 300.0),
    ("school", 500.0, -500.0, 800.0, 6_000.0),
    ("factory", 0.0, 0.0, 200.0, 20_000.0),
    ("factory", 3000.0, 0.0, 600.0, 40_000.0),
    ("greenhouse", 0.0, -900.0, 0.0, 5_000.0),
    ("greenhouse", 3000.0, -900.0, 0.0, 10_000.0),
    ("air_station", 1500.0, 0.0, 0.0, 0.0),
)


def _places() -> tuple[Place, ...]:
    counts: dict[str, int] = {}
    made = []
    for kind, x_m, y_m, _, _ in PLACES:
        counts[kind] = counts.get(kind, 0) + 1
        made.append(
            Place(
                place_id=f"{kind.replace('_', '-')}-{counts[kind]:02d}",
                kind=kind,
                name=kind,
                x_m=x_m,
                y_m=y_m,
                district_id="west" if x_m < 1500 else "east",
                links=(2, 6) if kind == "bridge" else (),
                assumed=True,
            )
        )
    return tuple(made)


def _districts() -> tuple[District, ...]:
    def box(low: float, high: float) -> Any:
        return np.array([[low, -1500], [high, -1500], [high, 1500], [low, 1500]], float)

    return (
        District(district_id="west", name="West", outline_m=box(-2000, 1500), population=30_000),
        District(district_id="east", name="East", outline_m=box(1500, 5000), population=50_000),
    )


@dataclass(eq=False)
class Nature:
    """The town's stage, with what it told the truth and who called.

    Cells are blocks of 100 m from -2 to 5 km east and -1 to 1 km north, 100 people each.
    """

    seed: int = 7
    records: list[dict[str, Any]] = field(default_factory=list)
    calls: list[CallReceived] = field(default_factory=list)

    def __post_init__(self) -> None:
        plain = town()
        basemap = BaseMap(
            name="blocks",
            source="test",
            attribution="",
            projection=plain.projection,
            roads=plain.roads,
            districts=_districts(),
            places=_places(),
            stations=(),
        )
        east, north = np.meshgrid(np.arange(-1950, 5000, 100.0), np.arange(-950, 1000, 100.0))
        xy_m = np.stack([east.ravel(), north.ravel()], axis=1)
        city: Any = SimpleNamespace(
            basemap=basemap,
            cells=Cells(
                size_m=100,
                xy_m=xy_m,
                people=np.full(len(xy_m), 100.0),
                district=(xy_m[:, 0] >= 1500).astype(np.int32),
            ),
            sites=Sites(
                capacity=np.array([row[3] for row in PLACES]),
                area_m2=np.array([row[4] for row in PLACES]),
                node=np.zeros(len(PLACES), dtype=np.int32),
            ),
        )
        self.engine = SimEngine(START)
        self.bus = MemoryBus()
        self.bus.subscribe(CallReceived, self.calls.append)
        self.streams = SeededStreams(self.seed)
        truth = Truth(self.records.append, START)
        self.stage = Stage.of(city, self.engine, self.bus, self.streams, truth)

    def place(self, place_id: str) -> int:
        return self.stage.city.basemap.place_index[place_id]

    def run(self, family: Any, span_s: float, each: Any = None) -> None:
        """Let time pass, stepping a family as the world would."""
        for _ in range(round(span_s / family.step_s)):
            self.engine.run(Ns(self.engine.now() + seconds(family.step_s)))
            family.step(self.engine.now(), family.step_s)
            if each is not None:
                each()

    def told(self, record_type: str, **match: Any) -> list[dict[str, Any]]:
        """Return the truth's records of a type whose fields are as given."""
        return [
            r
            for r in self.records
            if r["type"] == record_type and all(r.get(k) == v for k, v in match.items())
        ]

    def work(self, family: Any, name: str, place: int, at_most_s: float) -> Task:
        """Let a crew do its part of a task while time passes; return the task when it is done."""
        task = Task(name=name, place=place)
        crew = Hand()
        labour = family.works[name]
        labour.begin(task, crew)
        spent_s, done = 0.0, labour.tick(task, crew, 0.0)
        while not done:
            assert spent_s < at_most_s, f"{name} was not done within {at_most_s} s"
            self.run(family, family.step_s)
            spent_s += family.step_s
            done = labour.tick(task, crew, family.step_s)
        labour.end(task, crew)
        return task


@dataclass
class Hand:
    """A crew of one."""

    unit_id: str = "unit-1"
    setup_s: float = 0.0
    capacity: float = 1.0


@dataclass
class CareBook:
    """Counts the people who wait for an ambulance, by place."""

    people: dict[int, int] = field(default_factory=dict)

    def add(self, place: int, people: int, *, cause: str | None = None) -> None:
        assert people == 0 or cause is not None
        self.people[place] = self.people.get(place, 0) + people

    def waiting(self, place: int) -> int:
        return self.people.get(place, 0)

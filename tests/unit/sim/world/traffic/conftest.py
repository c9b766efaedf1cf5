"""Small road graphs, and chance that a test writes down itself."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from sim.kernel.basemap import ROAD_CLASSES, Roads
from sim.kernel.clock import Ns, seconds
from sim.kernel.rng import SeededStreams
from sim.world.city.model import Zones
from sim.world.traffic import Traffic, TrafficConfig, Trips

START = Ns(1_784_624_400_000_000_000)
Street = tuple[int, int, float, int]


def make_roads(
    streets: Sequence[Street],
    *,
    speed_mps: float = 10.0,
    cls: str = "primary",
    signals: Sequence[int] = (),
    xy: Sequence[tuple[float, float]] | None = None,
) -> Roads:
    """Return one-way links (start, end, length [m], lanes), on a line unless placed."""
    n, nodes = len(streets), 1 + max(max(s[:2]) for s in streets)
    line = np.stack((np.arange(nodes) * 100.0, np.zeros(nodes)), axis=1)
    xy = line if xy is None else np.array(xy, dtype=float)
    signal = np.zeros(nodes, dtype=bool)
    signal[list(signals)] = True
    start, end, length_m, lanes = zip(*streets, strict=True)
    return Roads(
        node_xy_m=xy,
        start=np.array(start, dtype=np.int32),
        end=np.array(end, dtype=np.int32),
        length_m=np.array(length_m, dtype=float),
        speed_mps=np.full(n, speed_mps),
        lanes=np.array(lanes, dtype=np.int32),
        road_class=np.full(n, ROAD_CLASSES.index(cls), dtype=np.int32),
        signal=signal,
        names=("",) * n,
        shapes=tuple(np.array([xy[a], xy[b]]) for a, b, *_ in streets),
        source_ids=("",) * n,
    )


def make_grid(side: int, *, length_m: float = 200.0, lanes: int = 1) -> Roads:
    """Return a square grid of two-way streets."""
    there = [
        (i * side + j, k)
        for i in range(side)
        for j in range(side)
        for k in ([i * side + j + 1] if j + 1 < side else [])
        + ([(i + 1) * side + j] if i + 1 < side else [])
    ]
    streets = [(a, b, length_m, lanes) for pair in there for a, b in (pair, pair[::-1])]
    return make_roads(streets, cls="tertiary", speed_mps=11.1)


def make_zones(nodes: Sequence[int], people: Sequence[float], jobs: Sequence[float]) -> Zones:
    return Zones(
        node=np.array(nodes, dtype=np.int32),
        people=np.array(people, dtype=float),
        jobs=np.array(jobs, dtype=float),
    )


class EvenChance:
    """Chance without chance: trips at even intervals, drivers' luck given by turns."""

    def __init__(self, luck: Sequence[float] = (0.5,)) -> None:
        self.luck = luck
        self.due = 0.0
        self.count = 0

    def at(self, name: str, tick: int) -> EvenChance:
        return self

    def poisson(self, mean: float) -> int:
        self.due += mean
        new = int(self.due + 1e-9)
        self.due -= new
        return new

    def random(self, shape: int | tuple[int, int]) -> np.ndarray:
        if isinstance(shape, int):
            return (np.arange(shape) + 0.5) / shape
        n = shape[1]
        draws = np.empty(shape)
        draws[0] = (self.count + np.arange(n)) * 0.618034 % 1
        draws[1] = (np.arange(n) + 0.5) / n
        draws[2] = [self.luck[(self.count + i) % len(self.luck)] for i in range(n)]
        self.count += n
        return draws


class City:
    """Traffic of a small graph with its clock."""

    def __init__(
        self,
        roads: Roads,
        zones: Zones,
        *,
        chance=None,
        trips_per_h=0.0,
        trips=None,
        plans=None,
        **config,
    ):
        config = {
            "profile": (1.0,) * 24,
            "peak_trips_per_h": trips_per_h,
            "platoon": 1,
            **config,
        }
        self.roads = roads
        self.chance = chance or SeededStreams(7)
        self.traffic = Traffic(
            roads, zones, self.chance, TrafficConfig(**config), trips=trips, plans=plans
        )
        self.steps = 0
        self.every = 1

    @property
    def t_s(self) -> float:
        return self.steps * self.traffic.step_s

    def run(self, span_s: float) -> Traffic:
        traffic = self.traffic
        until = self.steps + round(span_s / traffic.step_s)
        while self.steps < until:
            self.steps += 1
            traffic.step(Ns(START + seconds(self.t_s)))
            if self.steps % self.every == 0:
                self.check()
        return traffic

    def check(self) -> None:
        """Nobody is lost, nobody appears; every count agrees with the arrays."""
        traffic = self.traffic
        assert traffic.entered == traffic.left + traffic.removed + traffic.inside
        assert traffic.inside == traffic.on_link.sum()
        assert traffic.on_link.min() >= 0
        assert (traffic.stalled <= traffic.on_link).all()
        assert traffic.waiting >= 0
        fleet = traffic._queues.fleet
        alive = fleet.link[fleet.link >= 0]
        counted = np.bincount(alive, minlength=traffic._links.size) * traffic.platoon
        np.testing.assert_array_equal(counted[: len(self.roads)], traffic.on_link)
        assert counted[len(self.roads) :].sum() == traffic.waiting

    def stop_demand(self) -> None:
        self.traffic._demand._per_s = [0.0] * 24
        self.traffic._demand._due = self.traffic._demand._due.pick(slice(0, 0))
        self.traffic._demand._begun = 0


def make_trips(at_s, origin: int = 0, goal: int = 1) -> Trips:
    """Return trips of one origin and goal that begin at given times."""
    at_s = np.sort(np.asarray(at_s, dtype=float))
    n = len(at_s)
    return Trips(
        origin=np.full(n, origin),
        goal=np.full(n, goal),
        at_s=at_s,
        luck=(np.arange(n) + 0.5) / max(n, 1),
    )


class Kit:
    """What the tests build with."""

    roads = staticmethod(make_roads)
    grid = staticmethod(make_grid)
    zones = staticmethod(make_zones)
    trips = staticmethod(make_trips)
    even = EvenChance
    city = City

    @staticmethod
    def corridor(*streets: tuple[float, int], trips_per_h: float, **more) -> City:
        """Return a one-way street of links (length, lanes), driven from end to end."""
        roads = make_roads([(i, i + 1, *street) for i, street in enumerate(streets)])
        zones = make_zones([0, len(streets)], [1, 0], [0, 1])
        return City(roads, zones, chance=EvenChance(), trips_per_h=trips_per_h, **more)


@pytest.fixture(scope="session")
def kit() -> type[Kit]:
    return Kit

"""A small town of 15 crossings with two underpasses, one or more of every other facility, and
traffic that does as it is told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from sim.kernel.basemap import BaseMap, District, Place, Roads, Station
from sim.kernel.clock import Ns, seconds
from sim.kernel.geo import Projection
from sim.kernel.rng import SeededStreams
from sim.messages.city import CallReceived
from sim.messages.field import Ack, ActuatorStatus, Command, UnitStatus
from sim.transport.memory import MemoryBus
from sim.world.actuators import Actuators
from sim.world.city.cells import Settlement
from sim.world.city.draft import GROUND, Draft
from sim.world.city.furnish import furnish
from sim.world.city.model import Basins, Cells, City, Zones
from sim.world.commands import CommandDesk
from sim.world.crew import Scene
from sim.world.driving import Navigator
from sim.world.engine import SimEngine
from sim.world.people import People
from sim.world.stage import Stage
from sim.world.truth import Truth
from sim.world.underpass_work import serve_underpasses
from sim.world.units import Units
from sim.world.water import SunkenLinks, Underpasses

START = Ns(1_784_624_400_000_000_000)
BLOCK_M = 500.0
SPEED_MPS = 10.0
COLUMNS, ROWS = 5, 3


def make_roads() -> Roads:
    """Return a grid of 5 x 3 crossings, every street both ways."""
    xy = np.array([(BLOCK_M * c, BLOCK_M * r) for r in range(ROWS) for c in range(COLUMNS)])
    pairs = [
        (a, b)
        for a in range(len(xy))
        for b in range(len(xy))
        if np.isclose(np.linalg.norm(xy[a] - xy[b]), BLOCK_M)
    ]
    start, end = np.array(pairs, dtype=np.int32).T
    n = len(pairs)
    return Roads(
        node_xy_m=xy,
        start=start,
        end=end,
        length_m=np.full(n, BLOCK_M),
        speed_mps=np.full(n, SPEED_MPS),
        lanes=np.ones(n, dtype=np.int32),
        road_class=np.full(n, 3, dtype=np.int32),
        signal=np.zeros(len(xy), dtype=bool),
        names=("",) * n,
        shapes=tuple(xy[[a, b]] for a, b in pairs),
        source_ids=tuple(str(i) for i in range(n)),
    )


def link_between(roads: Roads, a: int, b: int) -> int:
    """Return the link from crossing `a` to crossing `b`."""
    (found,) = np.flatnonzero((roads.start == a) & (roads.end == b)).tolist()
    return int(found)


def make_town() -> City:
    """Return the town; underpass-01 lies between crossings 7 and 8, underpass-02 at 5 and 6."""
    roads = make_roads()
    xy = roads.node_xy_m

    def place(place_id: str, a: int, b: int) -> Place:
        x_m, y_m = (xy[a] + xy[b]) / 2
        links = (link_between(roads, a, b), link_between(roads, b, a))
        return Place(
            place_id=place_id,
            kind="underpass",
            name=place_id,
            x_m=x_m,
            y_m=y_m,
            district_id="old-town",
            links=links,
            assumed=True,
        )

    def station(kind: str, node: int, units: int) -> Station:
        x_m, y_m = xy[node]
        return Station(
            station_id=f"station-{kind.replace('_', '-')}",
            kind=kind,
            name=kind,
            x_m=x_m,
            y_m=y_m,
            district_id="old-town",
            node=node,
            units=units,
            assumed=True,
        )

    underpasses = (place("underpass-01", 7, 8), place("underpass-02", 5, 6))
    cells = Cells(
        size_m=100, xy_m=xy, people=np.full(15, 70.0), district=np.zeros(15, dtype=np.int32)
    )
    outline = np.array([(-500.0, -500), (2500, -500), (2500, 1500), (-500, 1500)])
    basemap = BaseMap(
        name="Town",
        source="test",
        attribution="",
        projection=Projection(116.4, 39.9),
        roads=roads,
        districts=(
            District(district_id="old-town", name="Old town", outline_m=outline, population=1000),
        ),
        places=underpasses,
        stations=(
            station("pump_unit", 0, 1),
            station("traffic_police", 4, 1),
            station("ambulance", 10, 2),
            station("choir", 2, 3),
        ),
    )
    furnished = furnish(
        Draft(
            name=basemap.name,
            source=basemap.source,
            attribution="",
            projection=basemap.projection,
            roads=roads,
            level=np.full(len(roads), GROUND, dtype=np.int8),
        ),
        Settlement(
            cells=cells,
            jobs=np.ones(15),
            districts=basemap.districts,
            population_given=True,
        ),
        underpasses,
        basemap.district_of,
        SeededStreams(7),
    )
    return City(
        basemap=replace(basemap, places=furnished.places),
        cells=cells,
        zones=Zones(
            node=np.array([7, 8, 5, 9], dtype=np.int32), people=np.ones(4), jobs=np.ones(4)
        ),
        basins=golden_basins(len(underpasses)),
        sites=furnished.sites,
        networks=furnished.networks,
        assumed=(),
    )


def golden_basins(n: int) -> Basins:
    """Return `n` underpasses of the golden case."""

    def column(value: float) -> np.ndarray[Any, Any]:
        return np.full(n, value)

    return Basins(
        place=np.arange(n, dtype=np.int32),
        catchment_m2=column(30_000),
        runoff=column(0.85),
        bottom_m2=column(500),
        top_m2=column(4000),
        height_m=column(3),
        duty_pump_m3s=column(0.6),
        standby_pump_m3s=column(0.6),
    )


class FakeTraffic:
    """Streets at free speed, with the holds and warnings put on them."""

    def __init__(self, roads: Roads) -> None:
        self._free_s = roads.free_time_s
        self.link_time_s = self._free_s.copy()
        self.on_link = np.zeros(len(roads), dtype=np.int32)
        self.stalled = np.zeros(len(roads), dtype=np.int32)
        self.holds: dict[int, set[str]] = {}
        self.warned: set[int] = set()

    def close(self, link: int, by: str) -> None:
        self.holds.setdefault(link, set()).add(by)
        self.link_time_s[link] = np.inf

    def reopen(self, link: int, by: str) -> None:
        held = self.holds.get(link, set())
        held.discard(by)
        if not held:
            self.link_time_s[link] = self._free_s[link]

    def warn(self, link: int) -> None:
        self.warned.add(link)

    def unwarn(self, link: int) -> None:
        self.warned.discard(link)

    def rescue(self, link: int) -> int:
        freed = int(self.stalled[link])
        self.on_link[link] -= freed
        self.stalled[link] = 0
        return freed

    def closed_by(self, link: int) -> list[str]:
        return sorted(self.holds.get(link, set()))


class Town:
    """The town's actors without physics: a test sets water and vehicles by hand."""

    def __init__(self, seed: int = 7) -> None:
        self.city = make_town()
        basemap = self.city.basemap
        self.roads = basemap.roads
        self.engine = SimEngine(START)
        self.bus = MemoryBus(codec=True)
        self.streams = SeededStreams(seed)
        self.records: list[dict[str, Any]] = []
        self.truth = Truth(self.records.append, START)
        self.traffic = FakeTraffic(self.roads)
        self.water = Underpasses(self.city.basins)
        self.sunken = SunkenLinks(basemap, self.water)
        shared: dict[str, Any] = {"engine": self.engine, "bus": self.bus, "truth": self.truth}
        self.stage = Stage.of(self.city, self.engine, self.bus, self.streams, self.truth)
        self.people = People(
            basemap,
            self.water,
            self.sunken,
            self.traffic,
            engine=self.engine,
            callers=self.stage.callers,
            streams=self.streams,
            truth=self.truth,
        )
        desk = CommandDesk(self.engine, self.bus, self.streams)
        self.actuators = Actuators(basemap, desk=desk, **shared)
        scene = Scene(self.engine, self.look)
        serve_underpasses(
            scene,
            self.actuators,
            basemap=basemap,
            water=self.water,
            people=self.people,
            streets=self.traffic,
            events=self.stage.events,
        )
        self.units = Units(
            basemap,
            Navigator(self.roads, self.traffic, self.sunken.depth_m),
            scene,
            desk=desk,
            streams=self.streams,
            **shared,
        )
        self.acks: list[Ack] = []
        self.unit_reports: list[UnitStatus] = []
        self.actuator_reports: list[ActuatorStatus] = []
        self.calls: list[CallReceived] = []
        self.bus.subscribe(Ack, self.acks.append)
        self.bus.subscribe(UnitStatus, self.unit_reports.append)
        self.bus.subscribe(ActuatorStatus, self.actuator_reports.append)
        self.bus.subscribe(CallReceived, self.calls.append)

    def look(self, place: int) -> dict[str, Any]:
        """Return what a crew at an underpass sees."""
        return {
            "depth_m": round(self.water.depth_at(place), 2),
            "trapped": self.people.trapped_at(place),
        }

    def order(
        self,
        target: str,
        kind: str,
        action: str,
        *,
        order_id: str,
        life_s: float = 600,
        **args: Any,
    ) -> Command:
        """Publish a command to `target` now."""
        domain = {"standby_pump": "municipal", "barrier": "traffic", "message_sign": "traffic"}
        command = Command(
            ts_event=self.engine.now(),
            command_id=order_id,
            target_id=target,
            target_kind=kind,
            target_domain=domain.get(kind, "emergency"),
            target_district="old-town",
            action=action,
            args=args,
            expires_at=Ns(self.engine.now() + seconds(life_s)),
        )
        self.bus.publish(command)
        return command

    def run(self, span_s: float) -> None:
        """Let city time pass."""
        self.engine.run(Ns(self.engine.now() + seconds(span_s)))

    def run_to(self, t_s: float) -> None:
        """Let city time pass until `t_s` after the start."""
        self.engine.run(Ns(START + seconds(t_s)))

    def run_until_state(self, unit_id: str, state: str, at_most_s: float = 3000) -> float:
        """Let city time pass until a unit has entered `state`, and return when."""
        deadline = self.engine.now() + seconds(at_most_s)
        while not (entered := [t for t, s in self.states(unit_id) if s == state]):
            assert self.engine.now() < deadline, f"{unit_id} never was {state}"
            self.run(1)
        return entered[0]

    def t_s(self, at: int) -> float:
        """Return seconds since the start."""
        return (at - START) / 1e9

    def answers(self, order_id: str) -> list[tuple[str, str]]:
        """Return status and reason of each answer to an order."""
        return [(a.status, a.reason) for a in self.acks if a.command_id == order_id]

    def flood(self, row: int, depth_m: float) -> None:
        """Let water stand at an underpass from now on."""
        self.water.depth_m = self.water.depth_m.copy()
        self.water.depth_m[row] = depth_m
        self.sunken.flood(self.water.depth_m)

    def states(self, unit_id: str) -> list[tuple[float, str]]:
        """Return when a unit entered each state, by truth."""
        return [
            (r["t_s"], r["state"])
            for r in self.records
            if r["type"] == "unit" and r["unit"] == unit_id
        ]


@pytest.fixture
def town() -> Town:
    """Return the town at its start."""
    return Town()


@pytest.fixture(scope="session")
def city() -> City:
    """Return what stands in the town."""
    return make_town()


@pytest.fixture(scope="session")
def town_class() -> type[Town]:
    """Return what builds a town, for properties that need many."""
    return Town

"""Roads that fall in: a hole that nobody drives through until it is fenced, filled and paved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from sim.kernel.clock import Ns
from sim.world.actuators import Effect
from sim.world.crew import Task, Work
from sim.world.events import Event, HazardKind
from sim.world.fields import Field
from sim.world.hazards.lanes import LinkPlaces, Roadway
from sim.world.hazards.order import Order, choose_place
from sim.world.hazards.works import Labour, Presence
from sim.world.stage import Stage

ROAD_COLLAPSE = HazardKind(
    kind="road_collapse",
    title="Road collapse · 路面塌陷",
    domain="municipal",
    quantity="hole",
    unit="m2",
    levels=(("IV", 1.0), ("III", 10.0), ("II", 50.0), ("I", 200.0)),
    source="assumed: a manhole's ring, a car's length, all lanes, a building's footing",
)
LEFT = 0.02
"""Share of a road's capacity left beside a hole. Assumed: one shoulder, by hand signals."""
FENCED_S = 900.0
"""Time of a road crew until the hole is fenced and bridged by plates. Assumed: what reopens a lane
at once; paving follows on another day."""
CARS_PER_M2 = 0.01
"""Vehicles that fall in for each square metre of the hole. Assumed: it opens under moving
traffic, but slowly."""
WITNESSES = 3
"""Drivers who call. Assumed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoadCollapse(Order):
    """Let the road fall in at a junction.

    Attributes
    ----------
    area_m2
        Size of the hole.
    """

    word: ClassVar[str] = "road_collapse"
    area_m2: float = 20.0


@dataclass(slots=True, kw_only=True, eq=False)
class _Hole:
    event: Event
    place: int
    link: int


class RoadCollapses:
    """All holes in the roads.

    Parameters
    ----------
    stage, traffic
        Time, truth, callers; and who loses capacity.
    """

    orders: tuple[type[Order], ...] = (RoadCollapse,)
    step_s = 60.0
    effects: Mapping[str, Effect] = {}
    fields: Mapping[str, Field] = {}

    def __init__(self, stage: Stage, traffic: Roadway) -> None:
        self._stage = stage
        self._traffic = traffic
        self._places = LinkPlaces(stage.city)
        self._open: list[_Hole] = []
        self._count = 0
        police = Presence(lambda place: not self._at(place))
        self.works: Mapping[str, Work] = {
            "close": police,
            "cordon": police,
            "inspect": Labour(self._each_s, self._fence),
            "repair_main": Labour(self._each_s, self._fence),
        }

    def plan(self, name: str, order: Any) -> None:
        """Put an order on the clock."""
        place = choose_place(self._stage, name, order, ("junction",))
        links = np.flatnonzero(self._places.place == place)
        link = int(links[0]) if len(links) else 0
        self._stage.at(order.at_s, lambda: self._order(link, order.area_m2, name), name)

    def fall_in(self, link: int, area_m2: float, *, cause: str | None = None) -> Event:
        """Let a hole open in a road now."""
        stage = self._stage
        place = int(self._places.place[link])
        self._count += 1
        draw = stage.streams.at("world.hazards.road_collapse", self._count)
        x_m, y_m = self._places.middle_m[link].tolist()
        event = stage.events.begin(
            ROAD_COLLAPSE, stage.now, place, area_m2, xy_m=(x_m, y_m), cause=cause, link=link
        )
        self._open.append(_Hole(event=event, place=place, link=link))
        stage.events.hurt(event, stage.now, "injured", int(draw.poisson(CARS_PER_M2 * area_m2)))
        self._traffic.limit_capacity(link, LEFT, event.event_id)
        stage.callers.report("122", ROAD_COLLAPSE.kind, place, witnesses=WITNESSES)
        return event

    def step(self, now: Ns, dt_s: float) -> None:
        """Keep the course of what is open."""
        for hole in self._open:
            self._stage.events.update(hole.event, now, hole.event.severity, dt_s=dt_s)

    def totals(self) -> Mapping[str, float | int]:
        """Return how many roads fell in."""
        return {"road_collapses": self._count}

    def _order(self, link: int, area_m2: float, name: str) -> None:
        self.fall_in(link, area_m2, cause=name)

    def _at(self, place: int) -> list[_Hole]:
        return [hole for hole in self._open if hole.place == place]

    def _each_s(self, place: int) -> float | None:
        return FENCED_S if self._at(place) else None

    def _fence(self, task: Task) -> None:
        hole = self._at(task.place)[0]
        self._open.remove(hole)
        self._traffic.limit_capacity(hole.link, 1.0, hole.event.event_id)
        self._stage.events.end(hole.event, self._stage.now, by=task.name)

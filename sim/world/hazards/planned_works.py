"""Road works that were announced: lanes closed with a permit, which nobody should respond to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from sim.kernel.clock import Ns
from sim.kernel.units import Seconds
from sim.world.actuators import Effect
from sim.world.crew import Work
from sim.world.events import HazardKind
from sim.world.fields import Field
from sim.world.hazards.lanes import LinkPlaces, Roadway, capacity_left
from sim.world.hazards.order import Order, choose_place
from sim.world.stage import Stage

PLANNED_WORKS = HazardKind(
    kind="planned_works",
    title="Announced road works · 占道施工",
    domain="traffic",
    quantity="capacity lost",
    unit="1",
    levels=(),
    source="none: it needs no response",
    decoy=True,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RoadWorks(Order):
    """Lanes at a junction are closed for works with a permit.

    Attributes
    ----------
    lanes
        How many of one approach.
    lasts_s
        How long.
    notice_s
        How long before they begin the permit's holder announces them, on the service line
        12345; at the scenario's start at the earliest.
    """

    word: ClassVar[str] = "planned_works"
    lanes: int = 1
    lasts_s: Seconds = 7200.0
    notice_s: Seconds = 3600.0


class PlannedWorks:
    """All announced works; idle but for their beginnings and ends.

    Parameters
    ----------
    stage
        Time, truth, callers.
    traffic
        Loses capacity.
    """

    orders: tuple[type[Order], ...] = (RoadWorks,)
    step_s = 3600.0

    def __init__(self, stage: Stage, traffic: Roadway) -> None:
        self._stage = stage
        self._traffic = traffic
        self._places = LinkPlaces(stage.city)
        self._count = 0
        self.works: Mapping[str, Work] = {}
        self.effects: Mapping[str, Effect] = {}
        self.fields: Mapping[str, Field] = {}

    def plan(self, name: str, order: Any) -> None:
        """Put an order on the clock."""
        stage = self._stage
        place = choose_place(stage, name, order, ("junction",))
        stage.at(
            order.at_s - order.notice_s,
            lambda: stage.callers.report("12345", PLANNED_WORKS.kind, place, delay_s=(1.0, 60.0)),
            name,
        )
        stage.at(order.at_s, lambda: self._begin(name, order, place), name)

    def step(self, now: Ns, dt_s: float) -> None:
        """Do nothing: works begin and end by the clock."""

    def totals(self) -> Mapping[str, float | int]:
        """Return how many there were."""
        return {"planned_works": self._count}

    def _begin(self, name: str, order: RoadWorks, place: int) -> None:
        stage = self._stage
        roads = stage.city.basemap.roads
        links = self._places.links_at(place)
        link = max(links, key=lambda one: int(roads.lanes[one]))
        lanes = min(order.lanes, int(roads.lanes[link]))
        left = capacity_left(int(roads.lanes[link]), lanes)
        self._count += 1
        event = stage.events.begin(
            PLANNED_WORKS, stage.now, place, 1 - left, cause=name, link=link, lanes_blocked=lanes
        )
        self._traffic.limit_capacity(link, left, event.event_id)

        def end() -> None:
            self._traffic.limit_capacity(link, 1.0, event.event_id)
            stage.events.end(event, stage.now)

        stage.after(order.lasts_s, end, name)

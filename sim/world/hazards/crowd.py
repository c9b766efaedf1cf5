"""Crowds that grow too dense: events, crushes, police lines; and large gatherings that are fine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from sim.kernel.clock import Ns
from sim.kernel.units import Seconds, Share
from sim.world.actuators import Effect
from sim.world.crew import Crew, Task, Work
from sim.world.events import Event, HazardKind
from sim.world.fields import Field
from sim.world.hazards.order import Order, choose_place
from sim.world.hazards.works import Care, Presence
from sim.world.stage import Stage

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
I32 = NDArray[np.int32]

CROWD = HazardKind(
    kind="crowd",
    title="Crowd crush risk · 人群聚集",
    domain="safety",
    quantity="density",
    unit="persons/m2",
    levels=(("IV", 1.0), ("III", 1.5), ("II", 3.5), ("I", 5.0)),
    source="domain facts, vital signs: Beijing's control begins at 1 to 1.5; Fruin: contact at "
    "3.57, danger at 5.55",
)
GATHERING = HazardKind(
    kind="gathering",
    title="Large gathering, in order · 大型活动",
    domain="safety",
    quantity="density",
    unit="persons/m2",
    levels=(),
    source="none: it needs no response",
    decoy=True,
)
BEGIN_PER_M2, FINE_PER_M2, END_PER_M2 = 1.5, 3.5, 1.0
"""Density at which a crowd becomes an event; at which one does that came to a gathering in
order; and below which it is over. The first two are the domain facts' control start and hold."""
CALL_PER_M2, CALL_S = 3.5, 300.0
"""Density from which somebody calls 110, and how often; assumed: people feel pressed."""
CRUSH_PER_M2, PACKED_PER_M2 = 5.0, 7.1
"""Density at which people begin to be hurt, domain facts; and at which a standing crowd moves
like a fluid: Fruin 1993, The causes and prevention of crowd disasters."""
HURT_PER_S = 0.002 / 60
"""Rate at which each is hurt for each person a square metre beyond the first; assumed: fifty in
ten minutes of 5,000 people at 5.5."""
DEAD_SHARE, DEAD_SHARE_PACKED = 0.1, 0.4
"""Share of those hurt who die, below and above `PACKED_PER_M2`. Assumed: 36 of 85 on the Bund in
2014 and 159 of 355 in Itaewon in 2022 in the worst of it."""
MISTAKEN_PER_M2, MISTAKEN = 2.0, 0.3
"""Density from which somebody takes a gathering in order for a danger, and how often that
happens; assumed: it looks full from the street."""
FITTING_SHARE = 0.9
"""How near to `FINE_PER_M2` a gathering in order comes at most; assumed: its organiser sells so
many tickets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CrowdEvent(Order):
    """People stream to a venue or a metro station.

    Attributes
    ----------
    attendance
        How many; None for as many as the place holds at its fullest.
    arrive_s, lasts_s
        How long they come, and how long they stay after the last.
    area_share
        Share of the ground that is left to them.
    harmless
        It is in order: the organiser lets in no more than the ground bears.
    """

    word: ClassVar[str] = "crowd_event"
    attendance: int | None = None
    arrive_s: Seconds = 3600.0
    lasts_s: Seconds = 7200.0
    area_share: Share = 1.0
    harmless: bool = False


class Grounds(Protocol):
    """Where people stand, and what can be done about them; rows are its own."""

    @property
    def place(self) -> I32:
        """``(n,)`` place of each row."""

    @property
    def inside(self) -> I64:
        """``(n,)`` people on each."""

    @property
    def density(self) -> F64:
        """``(n,)`` people on each square metre."""

    def area_m2(self, place: int) -> float:
        """Return the ground of a place that is in use [m2]."""

    def gather(
        self, place: int, people: int, *, arrive_s: float, stay_s: float, area_share: float = 1.0
    ) -> None:
        """Let people come from now on."""

    def is_gathering(self, place: int) -> bool:
        """Return whether people came to it for something that is not over."""

    def hold(self, place: int, by: str, holds: bool) -> None:
        """Let nobody in while `by` holds the gates."""

    def disperse(self, place: int, by: str, tells: bool) -> None:
        """Let people be told to go while `by` does so."""

    def carry_out(self, place: int, people: int) -> int:
        """Take up to `people` off and return how many there were."""


class CrowdWatch:
    """Crowds as truth tells them, and the harm they do.

    Parameters
    ----------
    stage
        Time, truth, chance, callers.
    grounds
        Where people stand.
    care
        Takes up the injured.
    """

    orders: tuple[type[Order], ...] = (CrowdEvent,)
    step_s = 30.0

    def __init__(self, stage: Stage, grounds: Grounds, care: Care) -> None:
        self._stage = stage
        self._grounds = grounds
        self._care = care
        self._open: dict[int, Event] = {}
        self._fine: dict[int, Event] = {}
        self._called_s: dict[int, float] = {}
        self._crushes = self._gatherings = 0
        self._worried: set[int] = set()
        self._causes: dict[int, str] = {}
        self.hurt = 0
        self.works: Mapping[str, Work] = {"cordon": _Cordon(grounds, self.is_calm)}
        self.effects: Mapping[str, Effect] = {}
        self.fields: Mapping[str, Field] = {}

    def plan(self, name: str, order: Any) -> None:
        """Put an order on the clock."""
        place = choose_place(self._stage, name, order, ("venue", "metro_station"))
        self._stage.at(order.at_s, lambda: self._begin(name, order, place), name)

    def is_calm(self, place: int) -> bool:
        """Return whether no crowd at a place needs anybody."""
        return all(int(self._grounds.place[row]) != place for row in self._open)

    def step(self, now: Ns, dt_s: float) -> None:
        """Open, follow and end events by the density now; let people be hurt."""
        density = self._grounds.density
        if not self._open and not self._fine and density.max(initial=0.0) < BEGIN_PER_M2:
            return
        for row in np.flatnonzero(density >= BEGIN_PER_M2).tolist():
            if row not in self._open and density[row] >= self._begins_at(row):
                place = int(self._grounds.place[row])
                self._open[row] = self._stage.events.begin(
                    CROWD, now, place, float(density[row]), cause=self._causes.get(row)
                )
                self._called_s[row] = CALL_S
        for row, event in list(self._open.items()):
            self._crush(row, event, now, dt_s)
            self._call(row, event, dt_s)
            self._tell(row, event, now, dt_s)
            if density[row] < END_PER_M2:
                del self._open[row]
                if row not in self._fine and not self._grounds.is_gathering(event.place):
                    self._causes.pop(row, None)
                self._stage.events.end(event, now)
        for row, event in list(self._fine.items()):
            self._tell(row, event, now, dt_s)
            if density[row] >= MISTAKEN_PER_M2 and row in self._worried:
                self._worried.remove(row)
                self._stage.callers.report("110", CROWD.kind, event.place)
            if not self._grounds.is_gathering(event.place) and density[row] < END_PER_M2:
                del self._fine[row]
                self._worried.discard(row)
                self._causes.pop(row, None)
                self._stage.events.end(event, now)

    def totals(self) -> Mapping[str, float | int]:
        """Return how many people were hurt in crushes."""
        return {"crowd_hurt": self.hurt}

    def _begins_at(self, row: int) -> float:
        return FINE_PER_M2 if row in self._fine else BEGIN_PER_M2

    def _begin(self, name: str, order: CrowdEvent, place: int) -> None:
        stage, grounds = self._stage, self._grounds
        row = int(np.flatnonzero(grounds.place == place)[0])
        people = order.attendance
        if people is None:
            people = int(stage.city.sites.capacity[place])
        if order.harmless:
            ground_m2 = grounds.area_m2(place) * order.area_share
            fits = FITTING_SHARE * FINE_PER_M2 * ground_m2 - int(grounds.inside[row])
            people = max(0, min(people, int(fits)))
        grounds.gather(
            place,
            people,
            arrive_s=order.arrive_s,
            stay_s=order.lasts_s,
            area_share=order.area_share,
        )
        self._causes[row] = name
        if order.harmless and row not in self._fine:
            self._fine[row] = stage.events.begin(
                GATHERING, stage.now, place, float(grounds.density[row]), cause=name
            )
            self._gatherings += 1
            draw = stage.streams.at("world.hazards.crowd.gathering", self._gatherings)
            if draw.random() < MISTAKEN:
                self._worried.add(row)

    def _tell(self, row: int, event: Event, now: Ns, dt_s: float) -> None:
        inside = int(self._grounds.inside[row])
        event.extra = {"people": inside}
        exposed = inside if event.kind is CROWD else 0
        self._stage.events.update(
            event, now, float(self._grounds.density[row]), exposed=exposed, dt_s=dt_s
        )

    def _call(self, row: int, event: Event, dt_s: float) -> None:
        if self._grounds.density[row] < CALL_PER_M2:
            return
        self._called_s[row] += dt_s
        if self._called_s[row] >= CALL_S:
            self._called_s[row] = 0.0
            people = int(self._grounds.inside[row])
            self._stage.callers.report("110", CROWD.kind, event.place, people)

    def _crush(self, row: int, event: Event, now: Ns, dt_s: float) -> None:
        density = float(self._grounds.density[row])
        if density <= CRUSH_PER_M2:
            return
        self._crushes += 1
        draw = self._stage.streams.at("world.hazards.crowd.crush", self._crushes)
        mean = int(self._grounds.inside[row]) * HURT_PER_S * (density - CRUSH_PER_M2) * dt_s
        hurt = self._grounds.carry_out(event.place, int(draw.poisson(mean)))
        share = DEAD_SHARE if density < PACKED_PER_M2 else DEAD_SHARE_PACKED
        dead = int(draw.binomial(hurt, share))
        self.hurt += hurt
        self._stage.events.hurt(event, now, "dead", dead)
        self._stage.events.hurt(event, now, "injured", hurt - dead)
        self._care.add(event.place, hurt - dead, cause=event.event_id)


class _Cordon(Presence):
    """Police lines: nobody goes in, and people are told to go."""

    def __init__(self, grounds: Grounds, is_over: Callable[[int], bool]) -> None:
        super().__init__(is_over)
        self._grounds = grounds

    def begin(self, task: Task, crew: Crew) -> None:
        super().begin(task, crew)
        if task.place in self._grounds.place:
            self._grounds.hold(task.place, crew.unit_id, True)
            self._grounds.disperse(task.place, crew.unit_id, True)

    def end(self, task: Task, crew: Crew) -> None:
        super().end(task, crew)
        if task.place in self._grounds.place:
            self._grounds.hold(task.place, crew.unit_id, False)
            self._grounds.disperse(task.place, crew.unit_id, False)

"""Outbreaks: an infection brought into a district or a school, found, traced and slowed."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import ClassVar, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from sim.kernel.clock import Ns
from sim.world.actuators import Effect
from sim.world.crew import Task, Work
from sim.world.events import Event, HazardKind
from sim.world.fields import Field
from sim.world.hazards.holders import Holders
from sim.world.hazards.order import Order, choose_place
from sim.world.hazards.toll import Toll
from sim.world.hazards.works import Labour
from sim.world.stage import Stage

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

AT = ("clinic", "hospital", "school")
TRACE_S = 4 * 3600.0
"""Crew time of one round of finding and isolating the contacts of what is known; assumed."""
TRACED, ROUNDS = 0.6, 3
"""What each round leaves of transmission, lastingly, and how many rounds find anybody; assumed."""
NOTICE_SCHOOL, NOTICE_DISTRICT = 0.3, 0.75
"""What is left of it in a school that suspends classes, and in a district all of whose schools
do; assumed: half of the contacts of children are at school."""
ADVICE = 0.9
"""What is left of it in a district all of whose homes have been told to wash and to stay at home
when ill; assumed."""
SCHOOL_CALLS = 10
"""Ill pupils of one day from which the school doctor reports; assumed, by the rule of ten
influenza-like cases in a school within a week."""

OUTBREAK = HazardKind(
    kind="outbreak",
    title="Outbreak · 传染病暴发",
    domain="health",
    quantity="new ill people a day for 100,000 of the district",
    unit="1/100000",
    levels=(("IV", 10.0), ("III", 50.0), ("II", 200.0), ("I", 1_000.0)),
    source="assumed: an influenza season's beginning, rise, crest, and twice any usual crest",
    sample_s=900.0,
)


class Carrier(Protocol):
    """What goes round in groups of people."""

    damping: F64
    new_ill: I64

    @property
    def is_over(self) -> bool:
        """Whether nobody carries it any more."""

    @property
    def reproduction(self) -> float:
        """People that one infects now."""


class Spread(Protocol):
    """Where infections go round."""

    districts: I64

    def start(self, name: str, pathogen: str, place: int, infected: int) -> Carrier:
        """Let one begin."""

    def district_of(self, place: int) -> int:
        """Return the row of the district that holds a place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutbreakOrder(Order):
    """Let an infection into the district of a clinic or hospital, or into a school.

    Attributes
    ----------
    pathogen
        Which.
    infected
        People who bring it.
    """

    word: ClassVar[str] = "outbreak"
    pathogen: Literal["influenza", "norovirus"] = "norovirus"
    infected: int = 10


DIES = {"influenza": 0.0003, "norovirus": 0.00003}
"""Share of the ill who die; assumed: seasonal influenza, and old people's norovirus."""
ADMITTED = {"influenza": 0.005, "norovirus": 0.003}
"""Share of the ill who need a hospital bed; assumed."""


@dataclass(slots=True, eq=False)
class _Outbreak:
    event: Event
    order: OutbreakOrder
    carrier: Carrier
    dead: Toll
    admitted: Toll
    recent: list[int] = field(default_factory=list)
    cases: int = 0
    rounds: int = 0
    called: bool = False


class Outbreaks:
    """All outbreaks.

    Parameters
    ----------
    stage
        What hazards share.
    spread
        Where infections go round; it must step before this family.

    Attributes
    ----------
    on_admit
        Called with a hospital's place and the people who need a bed there.
    """

    orders: tuple[type[Order], ...] = (OutbreakOrder,)
    step_s = 3_600.0
    fields: Mapping[str, Field] = {}

    def __init__(self, stage: Stage, spread: Spread) -> None:
        self._stage = stage
        self._spread = spread
        self._open: list[_Outbreak] = []
        self._count = 0
        self._cases = 0
        self._notices, self._advice = Holders(), Holders()
        self.on_admit: list[Callable[[int, int], None]] = []
        self.works: Mapping[str, Work] = {"trace": Labour(self._trace_s, self._trace)}
        self.effects: Mapping[str, Effect] = {
            "school_notice": self._notices.hold,
            "broadcast": self._advice.hold,
        }

    def plan(self, name: str, order: OutbreakOrder) -> None:
        """Put the first infections on the clock."""
        place = choose_place(self._stage, name, order, AT)
        self._stage.at(order.at_s, partial(self._begin, place, order, name), name)

    def step(self, now: Ns, dt_s: float) -> None:
        """Count who fell ill, and let measures hold contacts back."""
        for outbreak in list(self._open):
            outbreak.carrier.damping[:] = self._left(outbreak)
            self._follow(outbreak, now, dt_s)

    def totals(self) -> Mapping[str, float | int]:
        """Return how many fell ill."""
        return {"outbreak_cases": self._cases} if self._count else {}

    def _begin(self, place: int, order: OutbreakOrder, name: str) -> None:
        stage = self._stage
        self._count += 1
        draw = stage.streams.at("world.hazards.outbreak.toll", self._count).uniform(size=2)
        carrier = self._spread.start(name, order.pathogen, place, order.infected)
        event = stage.events.begin(
            OUTBREAK, stage.now, place, 0.0, cause=name, pathogen=order.pathogen
        )
        self._open.append(
            _Outbreak(event, order, carrier, Toll(float(draw[0])), Toll(float(draw[1])))
        )

    def _follow(self, outbreak: _Outbreak, now: Ns, dt_s: float) -> None:
        events, event, carrier = self._stage.events, outbreak.event, outbreak.carrier
        new = int(carrier.new_ill.sum())
        outbreak.cases += new
        self._cases += new
        if new:
            self._tell_districts(outbreak, now)
        outbreak.recent = [*outbreak.recent, new][-24:]
        today = sum(outbreak.recent)
        district = self._spread.district_of(event.place)
        per_100000 = today / max(int(self._spread.districts[district]), 1) * 1e5
        event.extra = {"cases": outbreak.cases, "rt": float(carrier.reproduction)}
        events.update(event, now, per_100000, exposed=float(today), dt_s=dt_s)
        pathogen = outbreak.order.pathogen
        events.hurt(event, now, "dead", outbreak.dead.rise_to(DIES[pathogen] * outbreak.cases))
        admitted = outbreak.admitted.rise_to(ADMITTED[pathogen] * outbreak.cases)
        if admitted:
            for hear in self.on_admit:
                hear(self._hospital_near(event.place), admitted)
        at_school = self._stage.city.basemap.places[event.place].kind == "school"
        if at_school and today >= SCHOOL_CALLS and not outbreak.called:
            outbreak.called = True
            self._stage.callers.report("12345", "outbreak", event.place, today)
        if carrier.is_over:
            self._open.remove(outbreak)
            events.update(event, now, 0.0)
            events.end(event, now, by="trace" if outbreak.rounds else "itself")

    def _tell_districts(self, outbreak: _Outbreak, now: Ns) -> None:
        """Write who fell ill in the last step, by district; a school's pupils live in its own."""
        new = outbreak.carrier.new_ill
        districts = self._stage.city.basemap.districts
        rows = range(len(new))
        if len(new) != len(districts):
            rows = range(home := self._spread.district_of(outbreak.event.place), home + 1)
        ill = {districts[row].district_id: int(n) for row, n in zip(rows, new, strict=True) if n}
        self._stage.truth.write("new_cases", now, event=outbreak.event.event_id, districts=ill)

    def _left(self, outbreak: _Outbreak) -> F64 | float:
        """Return what measures leave of contacts, ``(groups,)`` or one number."""
        traced = TRACED**outbreak.rounds
        place = outbreak.event.place
        if self._stage.city.basemap.places[place].kind == "school":
            return traced * (NOTICE_SCHOOL if self._notices.at(place) else 1.0)
        schools = self._told_share("school", self._notices)
        homes = self._told_share("community", self._advice)
        left: F64 = traced * (1 - (1 - NOTICE_DISTRICT) * schools) * (1 - (1 - ADVICE) * homes)
        return left

    def _told_share(self, kind: str, holders: Holders) -> F64:
        """Return ``(districts,)`` the share of those in places of a kind who have been told."""
        told, held = np.zeros((2, len(self._spread.districts)))
        for place in self._stage.places(kind):
            people = float(self._stage.city.sites.capacity[place])
            row = self._spread.district_of(place)
            held[row] += people
            told[row] += people if holders.at(place) else 0.0
        share: F64 = told / np.maximum(held, 1e-9)
        return share

    def _trace_s(self, place: int) -> float | None:
        return TRACE_S if next(self._untraced(place), None) else None

    def _trace(self, task: Task) -> None:
        next(self._untraced(task.place)).rounds += 1

    def _untraced(self, place: int) -> Iterator[_Outbreak]:
        for outbreak in self._open:
            if outbreak.event.place == place and outbreak.rounds < ROUNDS:
                yield outbreak

    def _hospital_near(self, place: int) -> int:
        places = self._stage.city.basemap.places
        here = places[place]
        hospitals = self._stage.places("hospital") or [place]
        away_m = [
            math.dist((places[i].x_m, places[i].y_m), (here.x_m, here.y_m)) for i in hospitals
        ]
        return hospitals[int(np.argmin(away_m))]

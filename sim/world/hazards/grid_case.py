"""Cases of the city grid: covers, litter, signs, trees, dumping, found by patrols and citizens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, Literal

import numpy as np

from sim.kernel.clock import Ns
from sim.kernel.units import Number
from sim.world.actuators import Effect
from sim.world.city.spread import owners
from sim.world.crew import Task, Work
from sim.world.events import Event, HazardKind
from sim.world.fields import Field
from sim.world.hazards.arrivals import ChanceEvents, draw_row
from sim.world.hazards.order import Order, choose_place
from sim.world.hazards.works import Care, Labour
from sim.world.stage import Stage

DAY_S = 86_400.0
GRID_CASE = HazardKind(
    kind="grid_case",
    title="City-grid case · 城市管理案件",
    domain="municipal",
    quantity="urgency",
    unit="1",
    levels=(("IV", 1.0),),
    source="assumed: 1 an eyesore, 2 an obstacle, 3 a danger to life; a case is always general",
    sample_s=900.0,
)
CaseWord = Literal[
    "cover_missing", "sign_damaged", "tree_fallen", "litter", "dumping", "stall_in_road"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseKind:
    """One kind of case.

    Attributes
    ----------
    part
        ``"component"``: a thing of the city is broken, 部件; ``"event"``: somebody did
        something, 事件.
    share
        Of all cases.
    urgency
        The event's severity.
    task
        What ends it.
    work_s
        How long that takes [s].
    lasts_s
        After how long the daily round would have dealt with it; None for never [s].
    harm_per_h
        Rate at which it hurts somebody.
    citizen_share
        Share that somebody reports before a patrol comes by.
    """

    part: Literal["component", "event"]
    share: float
    urgency: float
    task: str
    work_s: float
    lasts_s: float | None
    harm_per_h: float
    citizen_share: float


CASES: Mapping[CaseWord, CaseKind] = {
    # All assumed: shares by the rule of thumb that events outnumber components by far, work by
    # what one crew does in a shift.
    "cover_missing": CaseKind(
        part="component",
        share=0.04,
        urgency=3.0,
        task="inspect",
        work_s=900.0,
        lasts_s=None,
        harm_per_h=0.01,
        citizen_share=0.6,
    ),
    "sign_damaged": CaseKind(
        part="component",
        share=0.11,
        urgency=1.0,
        task="inspect",
        work_s=1200.0,
        lasts_s=None,
        harm_per_h=0.0,
        citizen_share=0.2,
    ),
    "tree_fallen": CaseKind(
        part="component",
        share=0.05,
        urgency=2.0,
        task="clean",
        work_s=2700.0,
        lasts_s=None,
        harm_per_h=0.001,
        citizen_share=0.7,
    ),
    "litter": CaseKind(
        part="event",
        share=0.45,
        urgency=1.0,
        task="clean",
        work_s=600.0,
        lasts_s=43_200.0,
        harm_per_h=0.0,
        citizen_share=0.2,
    ),
    "dumping": CaseKind(
        part="event",
        share=0.15,
        urgency=2.0,
        task="clean",
        work_s=2700.0,
        lasts_s=None,
        harm_per_h=0.0,
        citizen_share=0.4,
    ),
    "stall_in_road": CaseKind(
        part="event",
        share=0.20,
        urgency=1.0,
        task="inspect",
        work_s=900.0,
        lasts_s=14_400.0,
        harm_per_h=0.0,
        citizen_share=0.4,
    ),
}
"""Kinds of cases; their shares add up to 1."""
PATROL_S = (0.0, 14_400.0)
"""Time until a patrol passes: every four hours through each grid; assumed."""
CITIZEN_S = (300.0, 7_200.0)
"""Time until a citizen who reports has done so; assumed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GridCase(Order):
    """One case of the city grid.

    Attributes
    ----------
    case
        cover_missing, sign_damaged, tree_fallen, litter, dumping, stall_in_road.
    """

    word: ClassVar[str] = "grid_case"
    case: CaseWord = "cover_missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class GridCases(Order):
    """Everyday cases of the city grid from then on, wherever people live.

    Attributes
    ----------
    place
        Means nothing here.
    per_1000_people_day
        Their rate. Assumed: 0.5, which is 11,000 a day in a city of 22 million.
    """

    word: ClassVar[str] = "grid_cases"
    per_1000_people_day: Number = 0.5


@dataclass(slots=True, kw_only=True, eq=False)
class _Case:
    event: Event
    place: int
    word: CaseWord
    kind: CaseKind


class GridCaseBook:
    """All open cases; idle but for their beginnings, reports and ends.

    Parameters
    ----------
    stage
        Time, truth, chance, callers.
    care
        Takes up the injured.
    """

    orders: tuple[type[Order], ...] = (GridCase, GridCases)
    step_s = 3600.0

    def __init__(self, stage: Stage, care: Care) -> None:
        self._stage = stage
        self._care = care
        # Thousands are open in a large city; crews ask for those of one place.
        self._open: dict[int, list[_Case]] = {}
        self._count = 0
        self.works: Mapping[str, Work] = {
            task: Labour(partial(self._work_s, task), self._solve) for task in ("inspect", "clean")
        }
        self.effects: Mapping[str, Effect] = {}
        self.fields: Mapping[str, Field] = {}

    def plan(self, name: str, order: Any) -> None:
        """Put an order on the clock."""
        stage = self._stage
        if isinstance(order, GridCases):
            stage.at(order.at_s, lambda: self._expect(name, order), name)
            return
        place = choose_place(stage, name, order, ("community",))

        def happen() -> None:
            self.open_case(place, order.case, cause=name)

        stage.at(order.at_s, happen, name)

    def open_case(
        self,
        place: int,
        word: CaseWord,
        *,
        cause: str | None = None,
        xy_m: tuple[float, float] | None = None,
    ) -> Event:
        """Let a case come up near a community, at `xy_m` or at its middle."""
        stage, kind = self._stage, CASES[word]
        self._count += 1
        draw = stage.streams.at("world.hazards.grid_case", self._count)
        patrol_s, citizen_s = float(draw.uniform(*PATROL_S)), float(draw.uniform(*CITIZEN_S))
        is_citizen = draw.random() < kind.citizen_share
        harm_h = float(draw.exponential())
        event = stage.events.begin(
            GRID_CASE,
            stage.now,
            place,
            kind.urgency,
            xy_m=xy_m,
            cause=cause,
            case=word,
            part=kind.part,
        )
        case = _Case(event=event, place=place, word=word, kind=kind)
        self._open.setdefault(place, []).append(case)
        first_s = min(patrol_s, citizen_s) if is_citizen else patrol_s
        stage.after(first_s, lambda: self._report(case), "grid case is reported")
        if kind.lasts_s is not None:
            stage.after(kind.lasts_s, lambda: self._end(case, "itself"), "daily round")
        if kind.harm_per_h:
            stage.after(
                harm_h / kind.harm_per_h * 3600, lambda: self._harm(case), "grid case hurts"
            )
        return event

    def step(self, now: Ns, dt_s: float) -> None:
        """Do nothing: cases begin and end by the clock and by crews."""

    def totals(self) -> Mapping[str, float | int]:
        """Return cases since the start, and those that are open."""
        return {"grid_cases": self._count, "grid_cases_open": sum(map(len, self._open.values()))}

    def _work_s(self, task: str, place: int) -> float | None:
        case = self._next(place, task)
        return None if case is None else case.kind.work_s

    def _solve(self, task: Task) -> None:
        case = self._next(task.place, task.name)
        assert case is not None, f"{task.name} had no case at place {task.place}"
        self._end(case, task.name)

    def _next(self, place: int, task: str) -> _Case | None:
        return next((c for c in self._open.get(place, ()) if c.kind.task == task), None)

    def _is_open(self, case: _Case) -> bool:
        return case in self._open.get(case.place, ())

    def _report(self, case: _Case) -> None:
        if self._is_open(case):
            self._stage.callers.say("12345", GRID_CASE.kind, case.place)

    def _harm(self, case: _Case) -> None:
        if self._is_open(case):
            self._stage.events.hurt(case.event, self._stage.now, "injured", 1)
            self._care.add(case.place, 1, cause=case.event.event_id)

    def _end(self, case: _Case, by: str) -> None:
        if not self._is_open(case):
            return
        self._open[case.place].remove(case)
        if not self._open[case.place]:
            del self._open[case.place]
        self._stage.events.end(case.event, self._stage.now, by=by)

    def _expect(self, name: str, order: GridCases) -> None:
        city = self._stage.city
        homes = np.array(self._stage.places("community"), dtype=np.int64)
        if not len(homes):
            return
        places = city.basemap.places
        homes_m = np.array([(places[i].x_m, places[i].y_m) for i in homes.tolist()])
        nearest = homes[owners(city.cells.xy_m, homes_m)]
        words = tuple(CASES)
        shares = np.array([kind.share for kind in CASES.values()])

        def happen(draw: np.random.Generator) -> None:
            cell = draw_row(draw, city.cells.people)
            x_m, y_m = city.cells.xy_m[cell] + draw.uniform(-0.5, 0.5, 2) * city.cells.size_m
            self.open_case(
                int(nearest[cell]),
                words[draw_row(draw, shares)],
                cause=name,
                xy_m=(float(x_m), float(y_m)),
            )

        per_s = order.per_1000_people_day * float(city.cells.people.sum()) / 1000 / DAY_S
        ChanceEvents(self._stage, "world.hazards.grid_cases", per_s, happen)

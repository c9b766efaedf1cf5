"""Fog and gales: what they do to sight and wind, told as events while they last."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from sim.kernel.clock import Ns, seconds
from sim.kernel.units import Metres, Number, Seconds
from sim.world.actuators import Effect
from sim.world.crew import Work
from sim.world.events import Event, HazardKind
from sim.world.fields import Field
from sim.world.hazards.order import Order, choose_place
from sim.world.hazards.spell import Spell
from sim.world.stage import Stage

CLEAR_M = 30_000.0
"""Sight in clean air; the background's own."""
KOSCHMIEDER = 3.912
"""Extinction times sight at a contrast of 2 %: Koschmieder 1924."""

FOG = HazardKind(
    kind="fog",
    title="Fog · 大雾",
    domain="traffic",
    quantity="extinction, 3.912 by sight in km",
    unit="1/km",
    levels=tuple(
        (level, KOSCHMIEDER * 1000 / sight_m)
        for level, sight_m in (("IV", 1000.0), ("III", 500.0), ("II", 200.0), ("I", 50.0))
    ),
    source="CMA Order 16: sight below 500, 200, 50 m; blue at 1,000 m by the vital signs",
)
GALE = HazardKind(
    kind="gale",
    title="Gale · 大风",
    domain="ecology",
    quantity="gust",
    unit="m/s",
    levels=(("IV", 13.9), ("III", 20.8), ("II", 28.5), ("I", 37.0)),
    source="domain facts, vital signs: CMA Order 16",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FogOrder(Order):
    """Let fog lie over the city.

    Attributes
    ----------
    place
        The air station that stands for the city.
    visibility_m
        How far one sees in the thick of it.
    rise_s, duration_s
        How long it takes to thicken and to lift, and the whole.
    """

    word: ClassVar[str] = "fog"
    visibility_m: Metres = 150.0
    rise_s: Seconds = 7_200.0
    duration_s: Seconds = 28_800.0


@dataclass(frozen=True, slots=True, kw_only=True)
class GaleOrder(Order):
    """Let the wind blow stronger than it would.

    Attributes
    ----------
    place
        The air station that stands for the city.
    factor
        On wind and gusts at the height of it.
    rise_s, duration_s
        How long it takes to rise and to fall, and the whole.
    """

    word: ClassVar[str] = "gale"
    factor: Number = 4.0
    rise_s: Seconds = 7_200.0
    duration_s: Seconds = 28_800.0


@dataclass(slots=True, eq=False)
class _Case:
    name: str
    order: FogOrder | GaleOrder
    place: int
    course: Spell
    event: Event | None = None


class FogAndGales:
    """All fogs and gales of a run.

    Parameters
    ----------
    stage
        What hazards share.
    visibility_m, gust_mps
        Sight and strongest gust over the city now, these spells among them.
    """

    orders: tuple[type[Order], ...] = (FogOrder, GaleOrder)
    step_s = 300.0
    works: Mapping[str, Work] = {}
    effects: Mapping[str, Effect] = {}
    fields: Mapping[str, Field] = {}

    def __init__(
        self,
        stage: Stage,
        *,
        visibility_m: Callable[[], float],
        gust_mps: Callable[[], float],
    ) -> None:
        self._stage = stage
        self._visibility_m = visibility_m
        self._gust_mps = gust_mps
        self._cases: list[_Case] = []

    def plan(self, name: str, order: FogOrder | GaleOrder) -> None:
        """Put a spell into the weather."""
        place = choose_place(self._stage, name, order, ("air_station",))
        begins = Ns(self._stage.start + seconds(order.at_s))
        case = _Case(name, order, place, Spell(begins, order.rise_s, order.duration_s))
        self._stage.at(order.at_s, partial(self._cases.append, case), name)

    def sight_m(self, now: Ns) -> float:
        """Return how far one sees at most through the ordered fogs."""
        sight = CLEAR_M
        for case in self._cases:
            if isinstance(case.order, FogOrder):
                thick = min(1.0, case.order.visibility_m / CLEAR_M)
                # In equal ratios, as droplets multiply.
                sight = min(sight, CLEAR_M * thick ** case.course.share(now))
        return sight

    def wind_factor(self, now: Ns) -> float:
        """Return what the ordered gales make of the wind."""
        factor = 1.0
        for case in self._cases:
            if isinstance(case.order, GaleOrder):
                factor *= 1 + case.course.share(now) * (case.order.factor - 1)
        return factor

    def step(self, now: Ns, dt_s: float) -> None:
        """Open, follow and end the events of spells that are about."""
        for case in list(self._cases):
            if isinstance(case.order, FogOrder):
                severity = KOSCHMIEDER * 1000 / max(self._visibility_m(), 1.0)
                self._follow(case, FOG, severity, now, dt_s)
            else:
                self._follow(case, GALE, self._gust_mps(), now, dt_s)

    def totals(self) -> Mapping[str, float | int]:
        """Return nothing: the events tell their course."""
        return {}

    def _follow(self, case: _Case, kind: HazardKind, severity: float, now: Ns, dt_s: float) -> None:
        events, blue = self._stage.events, kind.levels[0][1]
        if case.event is None and severity >= blue:
            case.event = events.begin(kind, now, case.place, severity, cause=case.name)
        if case.event is not None:
            people = float(self._stage.city.cells.people.sum())
            exposed = people if severity >= blue else 0.0
            events.update(case.event, now, severity, exposed=exposed, dt_s=dt_s)
        if case.course.is_over(now):
            self._cases.remove(case)
            if case.event is not None:
                events.end(case.event, now)

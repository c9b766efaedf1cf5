"""People shut up in lifts: by faults now and then, by the dozen when the power goes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from sim.kernel.clock import Ns, to_seconds
from sim.kernel.units import Share
from sim.world.actuators import Effect
from sim.world.crew import Task, Work
from sim.world.events import Event, HazardKind
from sim.world.fields import Field, Reader
from sim.world.hazards.arrivals import ChanceEvents, draw_row
from sim.world.hazards.order import Order, choose_place
from sim.world.hazards.works import Labour
from sim.world.stage import Stage

F64 = NDArray[np.float64]
I32 = NDArray[np.int32]
Bools = NDArray[np.bool_]
MONTH_S = 30.44 * 86_400

LIFT_ENTRAPMENT = HazardKind(
    kind="lift_entrapment",
    title="Lift entrapment · 电梯困人",
    domain="municipal",
    quantity="people trapped",
    unit="people",
    levels=(("IV", 1.0), ("III", 10.0)),
    source="assumed: a lift or two, and a block whose power has gone",
)
PEOPLE_PER_LIFT = 75.0
"""Residents for each lift; assumed: about 0.3 million lifts in Beijing."""
MONTHLY_SHARE = 0.0055
"""Share of lifts that shut somebody up in a month: Jiangsu, domain facts."""
OCCUPANTS = 1.0
"""Mean number of people beside the first in a lift that stops; assumed."""
MOVING_SHARE = 0.02
"""Share of lifts that carry somebody at a moment; assumed: one trip in ten minutes, of 25 s,
half of them with passengers."""
LEVELLED_SHARE = 0.5
"""Share of lifts that reach the next floor on their battery when the power fails; assumed: those
with an emergency device."""
CALL_DELAY_S = (60.0, 300.0)
"""Time until those inside are put through to the service line; assumed: the alarm button first."""
RELEASE_S, FORCE_S = 480.0, 900.0
"""Time a technician takes to level a lift by hand, and a fire crew to open it; assumed."""
STAFF_S = 5_400.0
"""Mean time after which the house's own staff have found help; assumed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LiftEntrapment(Order):
    """A lift stops between floors with people in it.

    Attributes
    ----------
    people
        How many; None draws them.
    """

    word: ClassVar[str] = "lift_entrapment"
    people: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LiftEntrapments(Order):
    """Lifts shut people up now and then, from then on.

    Attributes
    ----------
    place
        Means nothing here.
    monthly
        Share of lifts that do so in a month.
    """

    word: ClassVar[str] = "lift_entrapments"
    monthly: Share = MONTHLY_SHARE


@dataclass(slots=True, kw_only=True, eq=False)
class _Stuck:
    place: int
    people: int
    since: Ns


class Lifts:
    """The lifts of all communities.

    An event at a community lasts while anybody there is shut up; its course tells how long
    the first of them have been.

    Parameters
    ----------
    stage
        Time, truth, chance, callers.

    Attributes
    ----------
    live_at_place
        ``(places,)`` bool, who has power now; set from outside, it may change in place.
    cause_of
        Returns the event that took the power of a place, where known; set from outside.
    trapped_total, released
        People shut up since the start, and those let out.
    """

    orders: tuple[type[Order], ...] = (LiftEntrapment, LiftEntrapments)
    step_s = 30.0

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        homes = np.array([p.kind == "community" for p in stage.city.basemap.places], dtype=bool)
        lifts = np.where(homes, stage.city.sites.capacity / PEOPLE_PER_LIFT, 0.0)
        # A block of fewer than 75 people has one lift all the same.
        self._lifts = np.where(homes, np.maximum(np.rint(lifts), 1), 0).astype(np.int64)
        self._was_live: Bools = np.ones(len(homes), dtype=bool)
        self.live_at_place: Bools = self._was_live.copy()
        self.cause_of: Callable[[int], str | None] | None = None
        self._stuck: list[_Stuck] = []
        self._open: dict[int, Event] = {}
        self._people_now = np.zeros(len(homes) + 1)
        self._count = self._cuts = 0
        self.trapped_total = self.released = 0
        self.works: Mapping[str, Work] = {
            "release_lift": Labour(lambda place: self._each_s(place, RELEASE_S), self._let_out),
            "rescue": Labour(lambda place: self._each_s(place, FORCE_S), self._let_out),
        }
        self.effects: Mapping[str, Effect] = {}
        self.fields: Mapping[str, Field] = {"lift_monitor": _Monitors(self)}

    @property
    def trapped(self) -> int:
        """People shut up now."""
        return sum(one.people for one in self._stuck)

    def trapped_at(self, place: int) -> int:
        """Return how many are shut up at a place of the map."""
        return int(self._people_now[place])

    def shown(self) -> F64:
        """Return ``(2, places + 1)`` lifts between floors, and people in them."""
        stopped = np.zeros(len(self._people_now))
        np.add.at(stopped, [one.place for one in self._stuck], 1)
        return np.stack([stopped, self._people_now])

    def plan(self, name: str, order: Any) -> None:
        """Put an order on the clock."""
        stage = self._stage
        if isinstance(order, LiftEntrapments):
            stage.at(order.at_s, lambda: self._expect(name, order), name)
            return
        place = choose_place(stage, name, order, ("community",))
        stage.at(order.at_s, lambda: self.stop(place, people=order.people, cause=name), name)

    def stop(self, place: int, *, people: int | None = None, cause: str | None = None) -> None:
        """Let a lift of a community stop with people in it."""
        stage = self._stage
        self._count += 1
        draw = stage.streams.at("world.hazards.lift", self._count)
        more, staff_s = int(draw.poisson(OCCUPANTS)), float(draw.exponential(STAFF_S))
        one = _Stuck(
            place=place, people=1 + more if people is None else max(1, people), since=stage.now
        )
        self._stuck.append(one)
        self.trapped_total += one.people
        event = self._open.get(place)
        if event is None:
            event = stage.events.begin(
                LIFT_ENTRAPMENT, stage.now, place, float(one.people), cause=cause
            )
            self._open[place] = event
        else:
            self._tell(event)
        stage.events.hurt(event, stage.now, "trapped", one.people)
        self._people_now[place] += one.people
        stage.callers.report("12345", LIFT_ENTRAPMENT.kind, place, one.people, delay_s=CALL_DELAY_S)
        stage.after(staff_s, lambda: self._free(one, "itself"), "lift staff")

    def step(self, now: Ns, dt_s: float) -> None:
        """Stop lifts whose power has gone; follow the events."""
        if not np.array_equal(self.live_at_place, self._was_live):
            self._follow_power(self.live_at_place)
        del now
        for event in self._open.values():
            self._tell(event, dt_s)

    def totals(self) -> Mapping[str, float | int]:
        """Return who was shut up, let out, and is still inside."""
        return {
            "lift_trapped_people": self.trapped_total,
            "lift_released_people": self.released,
            "lift_people_inside": self.trapped,
        }

    def _tell(self, event: Event, dt_s: float = 0.0) -> None:
        now = self._stage.now
        waiting = [one for one in self._stuck if one.place == event.place]
        longest = max(int(now) - int(one.since) for one in waiting)
        people = sum(one.people for one in waiting)
        event.extra = {"lifts": len(waiting), "longest_min": to_seconds(longest) / 60}
        self._stage.events.update(event, now, float(people), exposed=people, dt_s=dt_s)

    def _follow_power(self, live: Bools) -> None:
        lost = np.flatnonzero(self._was_live & ~live & (self._lifts > 0))
        self._was_live = live.copy()
        if not len(lost):
            return
        self._cuts += 1
        draw = self._stage.streams.at("world.hazards.lift.power", self._cuts)
        # Drawn for all places, so that who else is dark changes nobody's luck.
        between = draw.binomial(self._lifts, MOVING_SHARE * (1 - LEVELLED_SHARE))
        for place in lost.tolist():
            cause = None if self.cause_of is None else self.cause_of(place)
            for _ in range(int(between[place])):
                self.stop(place, cause=cause)

    def _expect(self, name: str, order: LiftEntrapments) -> None:
        weights = self._lifts.astype(float)
        if not weights.any():
            return
        ChanceEvents(
            self._stage,
            "world.hazards.lifts",
            float(weights.sum()) * order.monthly / MONTH_S,
            lambda draw: self.stop(draw_row(draw, weights), cause=name),
        )

    def _each_s(self, place: int, each_s: float) -> float | None:
        return each_s if place in self._open else None

    def _let_out(self, task: Task) -> None:
        longest = next(one for one in self._stuck if one.place == task.place)
        self._free(longest, task.name)

    def _free(self, one: _Stuck, by: str) -> None:
        if one not in self._stuck:
            return
        self._stuck.remove(one)
        self.released += one.people
        self._people_now[one.place] -= one.people
        if any(other.place == one.place for other in self._stuck):
            self._tell(self._open[one.place])
        else:
            self._stage.events.end(self._open.pop(one.place), self._stage.now, by=by)


class _Monitors:
    """Two channels: lifts of a place that stand between floors, and people in them."""

    def __init__(self, lifts: Lifts) -> None:
        self._lifts = lifts

    def bind(self, xy_m: F64, link: I32, place: I32) -> Reader:
        """Return a reader of ``(2, n)``."""
        del xy_m, link
        return lambda: self._lifts.shown()[:, place]

"""Crashes: lanes lost, people hurt and held in their vehicles, further crashes behind them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from sim.kernel.clock import Ns
from sim.kernel.units import Number
from sim.world.actuators import Effect
from sim.world.background.calendar import hour_of_day
from sim.world.crew import Task, Work
from sim.world.events import Event, HazardKind
from sim.world.fields import Field
from sim.world.hazards.arrivals import draw_row
from sim.world.hazards.lanes import LinkPlaces, Roadway, capacity_left
from sim.world.hazards.order import Order, choose_place
from sim.world.hazards.works import Care, Labour, Presence
from sim.world.stage import Stage

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

CRASH = HazardKind(
    kind="crash",
    title="Road crash · 交通事故",
    domain="traffic",
    quantity="people in need",
    unit="people",
    levels=(("IV", 1.0), ("III", 3.0), ("II", 10.0), ("I", 30.0)),
    source="injured, held or dead; 1 also for the wreck itself as long as it stands there. Steps "
    "assumed, in the order of the accident rule's 3/10/30",
)
WET_FACTOR, DARK_FACTOR = 1.5, 1.3
"""Crashes on wet roads and at night over those on dry roads by day: domain facts."""
DARK_H = (19, 6)
"""Hours between which it is dark in Beijing; assumed, the mean of the year."""
INJURY_SHARE, MORE_INJURED = 0.25, 0.5
"""Share of crashes with injured people, and how many more than one in the mean; assumed: most
reported crashes in cities bend metal only."""
ENTRAPPED_SHARE = 0.1
"""Share of crashes with injured where one of them cannot get out; assumed."""
DEAD_SHARE = 0.02
"""Share of the injured who are dead at once; assumed: the rest die for want of care."""
LANE_SHARES = (0.15, 0.65, 0.2)
"""Shares of crashes that block no lane, one, two; assumed."""
EXTRICATE_S = 1_200.0
"""Time to cut one person out of a vehicle; assumed: the rescue services' aim of 20 min."""
CLEAR_S, TOW_S = 600.0, 900.0
"""Time for police to push one vehicle aside, and for a tow truck to load one; assumed."""
DRIVERS_S, DRIVERS_LATER_S, NOBODY_S = 600.0, 2_100.0, 10_800.0
"""Least time until drivers have cleared a crash without injured by themselves, the mean of what
comes on top, and time after which any crash is over, whoever did not come; assumed."""
SECOND_PER_S, GUARDED = 0.002 / 60, 0.4
"""Rate of a further crash behind one that is not cleared, and what police with lights make of
it; assumed: one in twelve crashes that last 45 min, of the order that incident managers
reckon with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Crash(Order):
    """Vehicles collide at a junction.

    Attributes
    ----------
    lanes
        How many lanes they block, 0 for the shoulder only; None draws them.
    vehicles
        How many have to be taken away.
    injured, entrapped
        How many are hurt, and how many of these cannot get out; None draws them.
    """

    word: ClassVar[str] = "crash"
    lanes: int | None = None
    vehicles: int = 2
    injured: int | None = None
    entrapped: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CrashRate(Order):
    """Everyday crashes from then on, wherever vehicles drive.

    Attributes
    ----------
    place
        Means nothing here.
    per_million_vehicle_km
        On dry roads by day. Assumed: 1, those to which police are called in large cities.
    """

    word: ClassVar[str] = "crashes"
    per_million_vehicle_km: Number = 1.0


@dataclass(slots=True, kw_only=True, eq=False)
class _Crash:
    event: Event
    place: int
    link: int
    lost: float
    vehicles: int
    injured: int
    entrapped: int
    second_due: float
    begins_second: bool = True


class Crashes:
    """All crashes of the city.

    Parameters
    ----------
    stage
        Time, truth, chance, callers.
    traffic
        Counts vehicles, and loses capacity.
    care
        Takes up the injured.

    Attributes
    ----------
    is_wet
        Whether roads are wet now; set from outside.
    blocked_links
        Links on which a crash leaves no lane for anybody, responders neither.
    """

    orders: tuple[type[Order], ...] = (Crash, CrashRate)
    step_s = 60.0

    def __init__(self, stage: Stage, traffic: Roadway, care: Care) -> None:
        roads = stage.city.basemap.roads
        self._stage = stage
        self._traffic = traffic
        self._care = care
        self.is_wet = False
        self._lanes = roads.lanes
        self._length_km = roads.length_m / 1000
        self._places = LinkPlaces(stage.city)
        self._open: list[_Crash] = []
        self._count = 0
        self._entrapped = self._freed = self._entrapped_dead = 0
        self._per_km = 0.0
        self._due = 0.0
        self._passed: I64 = np.zeros(len(roads), dtype=np.int64)
        self._police = Presence(lambda place: not self._at(place))
        self.blocked_links: set[int] = set()
        self.works: Mapping[str, Work] = {
            "close": self._police,
            "clear": Labour(lambda place: self._remove_s(place, CLEAR_S), self._remove),
            "tow": Labour(lambda place: self._remove_s(place, TOW_S), self._remove),
            "rescue": Labour(self._rescue_s, self._free),
        }
        self.effects: Mapping[str, Effect] = {}
        self.fields: Mapping[str, Field] = {}

    def trapped_at(self, place: int) -> int:
        """Return how many are held in their vehicles at a place of the map."""
        return sum(crash.entrapped for crash in self._at(place))

    def plan(self, name: str, order: Any) -> None:
        """Put an order on the clock."""
        if isinstance(order, CrashRate):
            self._stage.at(order.at_s, lambda: self._expect(order), name)
            return
        place = choose_place(self._stage, name, order, ("junction",))
        self._stage.at(order.at_s, lambda: self._carry_out(name, order, place), name)

    def happen(
        self,
        link: int,
        *,
        cause: str | None = None,
        lanes: int | None = None,
        vehicles: int = 2,
        injured: int | None = None,
        entrapped: int | None = None,
    ) -> Event:
        """Let vehicles collide on a link; what is None is drawn."""
        stage = self._stage
        self._count += 1
        draw = stage.streams.at("world.hazards.crash", self._count)
        by_lot = _draw_harm(draw)
        lane_luck, dead_luck = draw.random(2).tolist()
        later_s = float(draw.exponential(DRIVERS_LATER_S))
        if injured is None:
            injured, lot_entrapped = by_lot
        else:
            lot_entrapped = 0
        entrapped = min(lot_entrapped if entrapped is None else entrapped, injured)
        most = int(self._lanes[link])
        if lanes is None:
            lanes = int(np.searchsorted(np.cumsum(LANE_SHARES), lane_luck, side="right"))
        lanes = min(lanes, most)
        left = capacity_left(most, lanes)
        place = int(self._places.place[link])
        event = stage.events.begin(
            CRASH,
            stage.now,
            place,
            float(max(injured, 1)),
            xy_m=(float(self._places.middle_m[link, 0]), float(self._places.middle_m[link, 1])),
            cause=cause,
            link=link,
            lanes_blocked=lanes,
            capacity_lost=1 - left,
            injured=injured,
            entrapped=entrapped,
        )
        crash = _Crash(
            event=event,
            place=place,
            link=link,
            lost=1 - left,
            vehicles=max(vehicles, 1),
            injured=injured,
            entrapped=entrapped,
            second_due=float(draw.exponential()),
        )
        self._open.append(crash)
        self._traffic.limit_capacity(link, left, event.event_id)
        if lanes == most:
            self.blocked_links.add(link)
        self._hurt(crash, dead=dead_luck < 1 - (1 - DEAD_SHARE) ** injured)
        self._call(crash)
        stage.after(
            NOBODY_S if injured else min(DRIVERS_S + later_s, NOBODY_S),
            lambda: self._end(crash, "itself"),
            "crash clears itself",
        )
        return event

    def step(self, now: Ns, dt_s: float) -> None:
        """Let everyday crashes happen by the distance driven, and further ones behind others."""
        if self._per_km > 0:
            self._drive()
        for crash in list(self._open):
            # Others may wait at the same junction, but no more than this one has hurt.
            waiting = min(self._care.waiting(crash.place), crash.injured - crash.entrapped)
            people = waiting + crash.entrapped
            crash.event.extra = {
                "vehicles": crash.vehicles,
                "entrapped": crash.entrapped,
                "capacity_lost": crash.lost,
            }
            self._stage.events.update(
                crash.event, now, float(max(people, 1)), exposed=people, dt_s=dt_s
            )
            if crash.begins_second:
                guarded = GUARDED if self._police.at(crash.place) else 1.0
                crash.second_due -= SECOND_PER_S * guarded * dt_s
                if crash.second_due <= 0:
                    crash.begins_second = False
                    self._follow(crash)

    def totals(self) -> Mapping[str, float | int]:
        """Return how many crashes there were, and are; who was held in a wreck, and came out."""
        return {
            "crashes": self._count,
            "crashes_open": len(self._open),
            "crash_entrapped": self._entrapped,
            "crash_freed": self._freed,
            "crash_entrapped_dead": self._entrapped_dead,
            "crash_entrapped_now": sum(crash.entrapped for crash in self._open),
        }

    def _at(self, place: int) -> list[_Crash]:
        return [crash for crash in self._open if crash.place == place]

    def _carry_out(self, name: str, order: Crash, place: int) -> None:
        links = self._places.links_at(place)
        busy = self._traffic.passed[links]
        self.happen(
            links[int(np.argmax(busy))],
            cause=name,
            lanes=order.lanes,
            vehicles=order.vehicles,
            injured=order.injured,
            entrapped=order.entrapped,
        )

    def _expect(self, order: CrashRate) -> None:
        self._per_km = order.per_million_vehicle_km / 1e6
        self._passed = self._traffic.passed.copy()
        self._due = self._draw_due()

    def _draw_due(self) -> float:
        return float(self._stage.streams.at("world.hazards.crashes", self._count).exponential())

    def _drive(self) -> None:
        """Reckon with the vehicle-kilometres since the last look."""
        passed = self._traffic.passed
        driven_km = (passed - self._passed) * self._length_km
        self._passed = passed.copy()
        hour = hour_of_day(self._stage.now)
        dark = hour >= DARK_H[0] or hour < DARK_H[1]
        rate = self._per_km * (WET_FACTOR if self.is_wet else 1.0)
        self._due -= float(driven_km.sum()) * rate * (DARK_FACTOR if dark else 1.0)
        while self._due <= 0:
            draw = self._stage.streams.at("world.hazards.crashes.link", self._count)
            self.happen(draw_row(draw, driven_km))
            self._due += self._draw_due()

    def _follow(self, crash: _Crash) -> None:
        """Let a further crash happen in the queue behind one."""
        roads = self._stage.city.basemap.roads
        before = np.flatnonzero(
            (roads.end == roads.start[crash.link]) & (roads.start != roads.end[crash.link])
        )
        if len(before):
            busiest = int(before[np.argmax(self._traffic.passed[before])])
            self.happen(busiest, cause=crash.event.event_id)

    def _hurt(self, crash: _Crash, *, dead: bool) -> None:
        stage, event = self._stage, crash.event
        free = crash.injured - crash.entrapped
        stage.events.hurt(event, stage.now, "injured", crash.injured - dead)
        stage.events.hurt(event, stage.now, "dead", int(dead))
        stage.events.hurt(event, stage.now, "trapped", crash.entrapped)
        self._entrapped += crash.entrapped
        if dead and free:
            free -= 1
        elif dead:
            crash.entrapped -= 1
            self._entrapped_dead += 1
        self._care.add(crash.place, free, cause=event.event_id)

    def _call(self, crash: _Crash) -> None:
        callers = self._stage.callers
        callers.report("122", CRASH.kind, crash.place, crash.injured, witnesses=2)
        if crash.injured:
            callers.report("120", CRASH.kind, crash.place, crash.injured)
        if crash.entrapped:
            callers.report("119", "trapped", crash.place, crash.entrapped)

    def _rescue_s(self, place: int) -> float | None:
        return EXTRICATE_S if any(crash.entrapped for crash in self._at(place)) else None

    def _free(self, task: Task) -> None:
        crash = next(crash for crash in self._at(task.place) if crash.entrapped)
        crash.entrapped -= 1
        self._freed += 1
        self._care.add(crash.place, 1, cause=crash.event.event_id)

    def _remove_s(self, place: int, each_s: float) -> float | None:
        crashes = self._at(place)
        if not crashes:
            return None
        # Nothing is moved while somebody lies there or is held in a vehicle.
        blocked = self._care.waiting(place) or all(crash.entrapped for crash in crashes)
        return math.inf if blocked else each_s

    def _remove(self, task: Task) -> None:
        crash = next(crash for crash in self._at(task.place) if not crash.entrapped)
        crash.vehicles -= 1
        if crash.vehicles == 0:
            self._end(crash, task.name)

    def _end(self, crash: _Crash, by: str) -> None:
        if crash not in self._open:
            return
        self._open.remove(crash)
        self._traffic.limit_capacity(crash.link, 1.0, crash.event.event_id)
        if not any(other.link == crash.link and other.lost == 1 for other in self._open):
            self.blocked_links.discard(crash.link)
        if crash.entrapped:
            self._care.add(crash.place, crash.entrapped, cause=crash.event.event_id)
            self._freed += crash.entrapped
            crash.entrapped = 0
        self._stage.events.end(crash.event, self._stage.now, by=by)


def _draw_harm(draw: np.random.Generator) -> tuple[int, int]:
    """Return injured and entrapped people of an everyday crash."""
    luck, held = draw.random(2)
    more = int(draw.poisson(MORE_INJURED))
    if luck >= INJURY_SHARE:
        return 0, 0
    return 1 + more, int(held < ENTRAPPED_SHARE)

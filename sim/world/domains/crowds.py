"""People in venues and metro stations: they come, pass gates, stand, and go."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.kernel.clock import Ns, seconds, to_seconds
from sim.world.actuators import Effect
from sim.world.crew import Work
from sim.world.domains.heat_map import HeatMapField
from sim.world.domains.walking import PACKED_PER_M2, egress_per_ms, room_per_ms
from sim.world.fields import Field, Reader
from sim.world.hazards.order import Order
from sim.world.stage import Stage

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
I32 = NDArray[np.int32]
Bools = NDArray[np.bool_]

KINDS = ("venue", "metro_station")
METRO_PER_S, METRO_HOLDS = 12_300 / 86_400, 2_000.0
"""Entries into a metro station of usual size: 6.17 million a weekday over about 500 stations,
domain facts; smaller and larger ones by their capacity."""
METRO_STAY_S, VENUE_STAY_S = 240.0, 3_600.0
"""Mean stay; assumed: from the gate to the train, and a visit."""
VENUE_SHARE = 0.2
"""Share of its capacity that a venue holds on an ordinary day; assumed."""
STOPPED_STAY_S = 1_800.0
"""Mean stay in a station where no train comes; assumed: people wait before they walk out."""
SKIPPED_SHARE = 0.4
"""Share of a station's people who come although trains do not stop there; assumed: those who
change lines or get off are missing, those who come by the street are not."""
GATE_M_PER_PERSON, GATE_M_MIN = 0.0043, 4.0
"""Width of gates for each person of the capacity: 0.43 m for 100, GB 50016-2014, 5.5.20; and at
least two double doors (assumed)."""
GIVE_UP_S = 1_800.0
"""Mean patience of those before closed gates; assumed."""
DISPERSE_S = 600.0
"""Mean time in which people leave who are told to go; assumed: police lines clear a square in a
quarter of an hour."""
LOUD_PACE = 1.3
"""How much faster gates pass people who are told where to go; assumed: all exits are used."""
AREA_MIN_M2 = 50.0


@dataclass(slots=True, kw_only=True, eq=False)
class _Gathering:
    row: int
    people: int
    begins: Ns
    arrive_s: float
    ends: Ns
    come: int = 0


class Crowds:
    """All venues and metro stations, one row each, in map order.

    Each step: people come to the gates; gates let in what the ground takes; people go. All
    counts are whole people, and ``arrived == outside + inside + left + carried`` in each row.

    Parameters
    ----------
    stage
        Time, chance.
    footfall
        People who come now over those of the mean hour.

    Attributes
    ----------
    place
        ``(n,)`` index into the map's places.
    inside, outside
        ``(n,)`` int64 people on the ground, and before its gates.
    arrived, left, carried
        ``(n,)`` int64 since the start: come to the gates, gone, carried away hurt.
    density
        ``(n,)`` people on each square metre of the ground that is in use.
    stopped
        ``(n,)`` bool: no train comes; set from outside, see `set_power`.
    on_egress
        Told, in the steps of a gathering's end, from which place how many have gone.
    """

    orders: tuple[type[Order], ...] = ()
    step_s = 30.0

    def __init__(self, stage: Stage, footfall: Callable[[], float] | None = None) -> None:
        city = stage.city
        kinds = [place.kind for place in city.basemap.places]
        rows = [i for i, kind in enumerate(kinds) if kind in KINDS]
        n = len(rows)
        self._stage = stage
        self._footfall = footfall
        self._row = {place: row for row, place in enumerate(rows)}
        self._is_metro = np.array([kinds[i] == "metro_station" for i in rows], dtype=bool)
        self.place: I32 = np.array(rows, dtype=np.int32)
        capacity = city.sites.capacity[self.place]
        self._area_m2 = np.maximum(city.sites.area_m2[self.place], AREA_MIN_M2)
        self._gate_m = np.maximum(GATE_M_PER_PERSON * capacity, GATE_M_MIN)
        self._per_s = np.where(
            self._is_metro,
            METRO_PER_S * capacity / METRO_HOLDS,
            VENUE_SHARE * capacity / VENUE_STAY_S,
        )
        self._area_share = np.ones(n)
        self._gatherings: list[_Gathering] = []
        self._rushing: I64 = np.zeros(n, dtype=np.int64)
        self._shut: dict[int, set[str]] = {}
        self._told: dict[int, set[str]] = {}
        self._loud = np.zeros(n, dtype=bool)
        self._skipped = np.zeros(n, dtype=bool)
        self._in_credit, self._out_credit = np.zeros(n), np.zeros(n)
        self._steps = 0
        self.inside: I64 = np.zeros(n, dtype=np.int64)
        self.outside: I64 = np.zeros(n, dtype=np.int64)
        self.arrived: I64 = np.zeros(n, dtype=np.int64)
        self.left: I64 = np.zeros(n, dtype=np.int64)
        self.carried: I64 = np.zeros(n, dtype=np.int64)
        self.stopped: Bools = np.zeros(n, dtype=bool)
        self.density = np.zeros(n)
        self.on_egress: list[Callable[[int, int], None]] = []
        self.works: Mapping[str, Work] = {}
        self.effects: Mapping[str, Effect] = {
            "gate": lambda place, by, works: self.hold(place, by, works),
            "skip_stop": lambda place, _, works: self._set(self._skipped, place, works),
            "broadcast": lambda place, _, works: self._set(self._loud, place, works),
        }
        self.fields: Mapping[str, Field] = {
            "crowd_camera": _CrowdField(self, len(kinds), lambda: self.density),
            "passenger_counter": _CrowdField(self, len(kinds), lambda: self.inside.astype(float)),
            "cell_heat_map": HeatMapField(stage, self),
        }

    def __len__(self) -> int:
        return len(self.place)

    def row_of(self, place: int) -> int | None:
        """Return the row of a place of the map, None when no crowd gathers there."""
        return self._row.get(place)

    def area_m2(self, place: int) -> float:
        """Return the ground of a place that is in use [m2]."""
        row = self._row[place]
        return float(self._area_m2[row] * self._area_share[row])

    def set_power(self, live_at_place: Bools) -> None:
        """Let no train come to stations of which ``(places,)`` says that they have no power."""
        self.stopped = self._is_metro & ~live_at_place[self.place]

    def gather(
        self, place: int, people: int, *, arrive_s: float, stay_s: float, area_share: float = 1.0
    ) -> None:
        """Let people come from now on, `arrive_s` long, and want to go `stay_s` after the last.

        They come in the shape of a bell. `area_share` of the ground is left to them.
        """
        row = self._row[place]
        now = self._stage.now
        self._area_share[row] = min(self._area_share[row], max(area_share, 0.01))
        self._gatherings.append(
            _Gathering(
                row=row,
                people=people,
                begins=now,
                arrive_s=arrive_s,
                ends=Ns(now + seconds(arrive_s + stay_s)),
            )
        )

    def is_gathering(self, place: int) -> bool:
        """Return whether people came to a place for something that is not over."""
        return any(one.row == self._row.get(place) for one in self._gatherings)

    def hold(self, place: int, by: str, holds: bool) -> None:
        """Let nobody in while `by` holds the gates."""
        _turn(self._shut, self._row[place], by, holds)

    def disperse(self, place: int, by: str, tells: bool) -> None:
        """Let people be told to go while `by` does so."""
        _turn(self._told, self._row[place], by, tells)

    def carry_out(self, place: int, people: int) -> int:
        """Take up to `people` off a ground and return how many there were."""
        row = self._row[place]
        taken = min(people, int(self.inside[row]))
        self.inside[row] -= taken
        self.carried[row] += taken
        self._rushing[row] = min(self._rushing[row], self.inside[row])
        return taken

    def plan(self, name: str, order: Any) -> None:
        """Refuse any order: gatherings are the hazard's."""
        raise AssertionError(f"crowds take no orders, got {name}: {order}")

    def step(self, now: Ns, dt_s: float) -> None:
        """Let people come, go in and go out for `dt_s`."""
        if not len(self.place):
            return
        self._steps += 1
        draw = self._stage.streams.at("world.domains.crowds", self._steps)
        self._come(draw, dt_s)
        self._gather(now)
        self._enter(draw, dt_s)
        self._leave(draw, dt_s)
        self.density = self.inside / (self._area_m2 * self._area_share)

    def totals(self) -> Mapping[str, float | int]:
        """Return where everybody is who came to any gate."""
        return {
            "crowd_arrived": int(self.arrived.sum()),
            "crowd_inside": int(self.inside.sum()),
            "crowd_outside": int(self.outside.sum()),
            "crowd_left": int(self.left.sum()),
            "crowd_carried": int(self.carried.sum()),
        }

    def _come(self, draw: np.random.Generator, dt_s: float) -> None:
        factor = 1.0 if self._footfall is None else self._footfall()
        per_s = self._per_s * factor
        if np.count_nonzero(self._skipped):
            per_s = per_s * np.where(self._skipped, SKIPPED_SHARE, 1.0)
        come = draw.poisson(per_s * dt_s)
        self.outside += come
        self.arrived += come

    def _gather(self, now: Ns) -> None:
        for one in list(self._gatherings):
            share = min(1.0, to_seconds(int(now) - int(one.begins)) / max(one.arrive_s, 1.0))
            due = round(one.people * share**2 * (3 - 2 * share))
            self.outside[one.row] += due - one.come
            self.arrived[one.row] += due - one.come
            one.come = due
            if now >= one.ends:
                self._gatherings.remove(one)
                going = min(one.people, int(self.inside[one.row] - self._rushing[one.row]))
                self._rushing[one.row] += going
                # Whoever has not come in by the end turns round.
                late = min(one.people, int(self.outside[one.row]))
                self.outside[one.row] -= late
                self.left[one.row] += late

    def _enter(self, draw: np.random.Generator, dt_s: float) -> None:
        patience = draw.random(len(self))
        if not np.count_nonzero(self.outside):
            return
        shut = np.zeros(len(self), dtype=bool)
        shut[list(self._shut)] = True
        area_m2 = self._area_m2 * self._area_share
        room = room_per_ms(self.inside / area_m2) * self._gate_m * dt_s
        self._in_credit = np.where(shut, 0.0, np.minimum(self._in_credit, 1.0) + room)
        fits = np.maximum(np.floor(PACKED_PER_M2 * area_m2) - self.inside, 0)
        entering = np.minimum(np.minimum(self.outside, np.floor(self._in_credit)), fits).astype(
            np.int64
        )
        self._in_credit -= entering
        self.inside += entering
        self.outside -= entering
        if not self._shut:
            return
        # Whole people out of a mean: rounding by one uniform number keeps it.
        gone = np.floor(self.outside * shut * (1 - np.exp(-dt_s / GIVE_UP_S)) + patience)
        gone = np.minimum(gone * shut, self.outside).astype(np.int64)
        self.outside -= gone
        self.left += gone

    def _leave(self, draw: np.random.Generator, dt_s: float) -> None:
        stay_s = np.where(self._is_metro, METRO_STAY_S, VENUE_STAY_S)
        stay_s = np.where(self.stopped & self._is_metro, STOPPED_STAY_S, stay_s)
        staying = np.zeros(len(self), dtype=np.int64)
        in_use = self._rushing > 0
        for one in self._gatherings:
            staying[one.row] += one.come
            in_use[one.row] = True
        visitors = np.maximum(self.inside - self._rushing - staying, 0)
        going = draw.binomial(visitors, 1 - np.exp(-dt_s / stay_s))
        if self._told:
            told = np.zeros(len(self), dtype=bool)
            told[list(self._told)] = True
            still = np.where(told, self.inside - self._rushing - going, 0)
            self._rushing += draw.binomial(still, 1 - np.exp(-dt_s / DISPERSE_S))
        pace = np.where(self._loud, LOUD_PACE, 1.0)
        flow = egress_per_ms(self.inside / (self._area_m2 * self._area_share)) * self._gate_m
        self._out_credit = np.minimum(self._out_credit, 1.0) + flow * pace * dt_s
        # Trains carry off whoever waits for them; gates pass the others.
        by_train = np.where(self._is_metro & ~self.stopped, going, 0)
        by_gate = np.minimum(going - by_train + self._rushing, np.floor(self._out_credit)).astype(
            np.int64
        )
        rushed = np.minimum(self._rushing, by_gate)
        self._out_credit -= by_gate
        self._rushing -= rushed
        self.inside -= by_train + by_gate
        self.left += by_train + by_gate
        self._area_share[~in_use] = 1.0
        if np.count_nonzero(rushed):
            for row in np.flatnonzero(rushed).tolist():
                for told_of in self.on_egress:
                    told_of(int(self.place[row]), int(rushed[row]))

    def _set(self, flags: Bools, place: int, works: bool) -> None:
        row = self._row.get(place)
        if row is not None:
            flags[row] = works


def _turn(holders: dict[int, set[str]], row: int, by: str, on: bool) -> None:
    """Put down or strike out `by` among those who hold a row."""
    held = holders.setdefault(row, set())
    if on:
        held.add(by)
    else:
        held.discard(by)
    if not held:
        del holders[row]


class _CrowdField:
    """One channel, a value a row; 0 where no crowd gathers."""

    def __init__(self, crowds: Crowds, n_places: int, values: Callable[[], F64]) -> None:
        self._values = values
        self._row_of_place = np.full(n_places + 1, len(crowds))
        self._row_of_place[crowds.place] = np.arange(len(crowds))

    def bind(self, xy_m: F64, link: I32, place: I32) -> Reader:
        """Return a reader of ``(1, n)``."""
        del xy_m, link
        row = self._row_of_place[place]
        nobody = np.zeros(1)
        return lambda: np.concatenate((self._values(), nobody))[row][None, :]

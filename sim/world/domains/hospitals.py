"""Hospitals: emergency rooms that fill by the day and by disasters, wards, overload."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.kernel.clock import HOUR, Ns
from sim.world.actuators import Effect
from sim.world.background.calendar import HOURS_AHEAD
from sim.world.crew import Task, Work
from sim.world.events import Event, HazardKind
from sim.world.fields import Field, Reader
from sim.world.hazards.order import Order
from sim.world.stage import Stage

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
I32 = NDArray[np.int32]
Bools = NDArray[np.bool_]

HOSPITAL_OVERLOAD = HazardKind(
    kind="hospital_overload",
    title="Hospital overload · 急诊拥堵",
    domain="health",
    quantity="emergency room occupancy",
    unit="1",
    levels=(("IV", 0.85), ("III", 0.90), ("II", 0.95), ("I", 1.00)),
    source="domain facts, vital signs of public health: 85/90/95/100 %",
)
ONSET_SHARE, END_SHARE = 1.0, 0.85
"""Occupancy from which a room is overloaded, for then somebody waits who should not; and below
which that is over, the first level of the vital sign. Assumed: fuller days than usual are none."""
BAYS_PER_BED = 0.1
"""Places in the emergency room for each bed of the hospital; assumed, observation beds among
them; at least `BAYS_MIN`."""
BAYS_MIN = 12.0
USUAL_SHARE, DAY_SWING, PEAK_H = 0.5, 0.2, 20.0
"""Occupancy of an ordinary day by those who come by themselves, its swing, and the hour of its
peak in Beijing; assumed: they come after work, and ambulances bring a tenth as many on top."""
WARD_SHARE = 0.85
"""Occupancy of the wards without a disaster; assumed: the usual planning figure."""
STAY_S, TO_WARD = 4 * 3600.0, 0.3
"""Mean stay in the emergency room, and the share that is then admitted; assumed: the British
four-hour standard; two in three of the injured go home the same day."""
WARD_STAY_S = 8 * 86_400.0
"""Mean stay on the wards; assumed: about 8 days in Chinese general hospitals."""
SURGE = 0.2
"""More places when surge beds are put up: the 20 % of immediate bed availability that United
States preparedness programmes plan with."""
GENERATOR_SHARE = 0.6
"""Share of places that keep working on the hospital's own generator; assumed: theatres and
intensive care are backed, lifts, imaging and cooling are not."""


class Hospitals:
    """Every hospital of the map, one row each, in map order.

    Attributes
    ----------
    place
        ``(n,)`` index into the map's places.
    in_emergency, in_ward
        ``(n,)`` int64 patients brought in by ambulances and disasters, beyond the usual.
    demand_factor
        ``(n,)`` usual patients now over those of an ordinary day; set from outside.
    power_factor
        ``(n,)`` share of places that work; see `set_power`.
    admitted, discharged
        Patients brought in since the start, and gone home.
    """

    orders: tuple[type[Order], ...] = ()
    step_s = 60.0

    def __init__(self, stage: Stage) -> None:
        places = stage.city.basemap.places
        self._stage = stage
        self.place: I32 = np.array(stage.places("hospital"), dtype=np.int32)
        self._xy_m = np.array([(places[i].x_m, places[i].y_m) for i in self.place.tolist()])
        self._row = {int(place): row for row, place in enumerate(self.place.tolist())}
        n = len(self.place)
        beds = stage.city.sites.capacity[self.place]
        self._bays = np.maximum(BAYS_PER_BED * beds, BAYS_MIN)
        self._free_beds = np.floor(beds * (1 - WARD_SHARE)).astype(np.int64)
        self._has_surge = np.zeros(n)
        self._open: dict[int, Event] = {}
        self._steps = 0
        self.in_emergency: I64 = np.zeros(n, dtype=np.int64)
        self.in_ward: I64 = np.zeros(n, dtype=np.int64)
        self.demand_factor = np.ones(n)
        self.power_factor = np.ones(n)
        self.admitted = self.discharged = 0
        self.works: Mapping[str, Work] = {}
        self.effects: Mapping[str, Effect] = {"surge_beds": self._surge}
        self.fields: Mapping[str, Field] = {"hospital_load": _Load(self, len(places))}

    def __len__(self) -> int:
        return len(self.place)

    @property
    def occupancy(self) -> F64:
        """``(n,)`` patients in the emergency room over the places that work."""
        hour = (int(self._stage.now) / HOUR + HOURS_AHEAD) % 24
        usual = USUAL_SHARE * (1 + DAY_SWING * np.cos((hour - PEAK_H) * np.pi / 12))
        patients = usual * self._bays * self.demand_factor + self.in_emergency
        share: F64 = patients / (self._bays * (1 + SURGE * self._has_surge) * self.power_factor)
        return share

    @property
    def ward_occupancy(self) -> F64:
        """``(n,)`` patients on the wards over beds, the usual ones included."""
        free = np.maximum(self._free_beds, 1)
        share: F64 = WARD_SHARE + (1 - WARD_SHARE) * self.in_ward / free
        return share

    def set_power(self, live_at_place: Bools) -> None:
        """Let places without grid power fall back on their generators."""
        live = live_at_place[self.place]
        self.power_factor = np.where(live, 1.0, GENERATOR_SHARE)

    def admit(self, place: int, people: int) -> int | None:
        """Let people find a hospital from a place by themselves; return the last one's place.

        One after another, so that a crowd of injured is spread over several. None where the
        city has none.
        """
        if not len(self.place):
            return None
        at = self._stage.city.basemap.places[place]
        row = 0
        for _ in range(people):
            row = self._best((at.x_m, at.y_m))
            self.in_emergency[row] += 1
        self.admitted += people
        return int(self.place[row])

    def hospital_for(self, task: Task, node: int) -> int | None:
        """Return where a unit that stands at a road node takes its patients, None for nowhere."""
        del task
        if not len(self.place):
            return None
        x_m, y_m = self._stage.city.basemap.roads.node_xy_m[node].tolist()
        return int(self.place[self._best((x_m, y_m))])

    def deliver(self, place: int, people: int) -> None:
        """Take in people whom an ambulance has brought to a hospital."""
        self.in_emergency[self._row[place]] += people
        self.admitted += people

    def plan(self, name: str, order: Any) -> None:
        """Refuse any order: overload comes of other things."""
        raise AssertionError(f"hospitals take no orders, got {name}: {order}")

    def step(self, now: Ns, dt_s: float) -> None:
        """Treat, admit, discharge; open and end overloads."""
        self._steps += 1
        if self.in_emergency.any() or self.in_ward.any():
            self._treat(dt_s)
        occupancy = self.occupancy
        for row in np.flatnonzero(occupancy >= ONSET_SHARE).tolist():
            if row not in self._open:
                place = int(self.place[row])
                self._open[row] = self._stage.events.begin(
                    HOSPITAL_OVERLOAD, now, place, float(occupancy[row])
                )
        for row, event in list(self._open.items()):
            waiting = max(0.0, float(self._bays[row] * (occupancy[row] - 1)))
            event.extra = {"in_ward": int(self.in_ward[row])}
            self._stage.events.update(event, now, float(occupancy[row]), exposed=waiting, dt_s=dt_s)
            if occupancy[row] < END_SHARE:
                del self._open[row]
                self._stage.events.end(event, now)

    def totals(self) -> Mapping[str, float | int]:
        """Return where the patients brought in are."""
        return {
            "hospital_admitted": self.admitted,
            "hospital_discharged": self.discharged,
            "hospital_in_emergency": int(self.in_emergency.sum()),
            "hospital_in_ward": int(self.in_ward.sum()),
        }

    def _best(self, xy_m: tuple[float, float]) -> int:
        """Return the nearest with room; without any, the one that is least overcrowded."""
        occupancy = self.occupancy
        far_m = np.where(occupancy < 1, np.hypot(*(self._xy_m - xy_m).T), np.inf)
        return int(np.argmin(far_m if np.isfinite(far_m).any() else occupancy))

    def _treat(self, dt_s: float) -> None:
        draw = self._stage.streams.at("world.domains.hospitals", self._steps)
        # An overcrowded room works no faster than a full one.
        pace = 1 / np.maximum(self.occupancy, 1.0)
        done = draw.binomial(self.in_emergency, 1 - np.exp(-pace * dt_s / STAY_S))
        admitted = draw.binomial(done, TO_WARD)
        home = draw.binomial(self.in_ward, 1 - np.exp(-dt_s / WARD_STAY_S))
        room = np.maximum(self._free_beds - self.in_ward + home, 0)
        # Those without a bed stay where they are, and block it for others.
        moved = np.minimum(admitted, room)
        leaving = done - admitted
        self.in_emergency -= moved + leaving
        self.in_ward += moved - home
        self.discharged += int(leaving.sum() + home.sum())

    def _surge(self, place: int, by: str, works: bool) -> None:
        assert place in self._row, f"{by} stands at no hospital"
        self._has_surge[self._row[place]] = float(works)


class _Load:
    """Two channels: occupancy of emergency room and wards; 0 where there is no hospital."""

    def __init__(self, hospitals: Hospitals, n_places: int) -> None:
        self._hospitals = hospitals
        self._row_of_place = np.full(n_places + 1, len(hospitals))
        self._row_of_place[hospitals.place] = np.arange(len(hospitals))

    def bind(self, xy_m: F64, link: I32, place: I32) -> Reader:
        """Return a reader of ``(2, n)``."""
        del xy_m, link
        row, hospitals = self._row_of_place[place], self._hospitals

        def read() -> F64:
            values = np.stack([hospitals.occupancy, hospitals.ward_occupancy])
            return np.concatenate((values, np.zeros((2, 1))), axis=1)[:, row]

        return read

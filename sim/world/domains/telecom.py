"""Mobile telephony: base stations, their batteries, and who is in reach of one that works."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.spatial import KDTree

from sim.kernel.clock import Ns
from sim.kernel.units import Seconds
from sim.world.actuators import Effect
from sim.world.city.networks import Telecom
from sim.world.city.spread import owners
from sim.world.crew import Work
from sim.world.domains.mending import Mending
from sim.world.events import Event, HazardKind
from sim.world.fields import Field
from sim.world.hazards.order import Order, choose_place
from sim.world.stage import Stage

F64 = NDArray[np.float64]
Bools = NDArray[np.bool_]

RECHARGE_S = 36_000.0
"""Time to charge an empty battery. Assumed: a tenth of its capacity an hour."""
REPAIR_S, REPAIR_SPREAD = 5_400.0, 0.4
"""Median time to change a unit of a station. Assumed."""

TELECOM_OUTAGE = HazardKind(
    kind="telecom_outage",
    title="Base station down · 基站退服",
    domain="municipal",
    quantity="people whose nearest station is down",
    unit="people",
    levels=(("IV", 1_000.0), ("III", 10_000.0), ("II", 50_000.0), ("I", 200_000.0)),
    source="assumed: a station, a town, a district, a large part of a city",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseStationFailure(Order):
    """A base station fails.

    Attributes
    ----------
    place
        The station.
    lasts_s
        When it comes back by itself; None for when a crew has mended it.
    """

    word: ClassVar[str] = "base_station_failure"
    lasts_s: Seconds | None = None


class BaseStations:
    """Stations up and down, one event each while it is down.

    Parameters
    ----------
    stage, net
        Time, truth, chance, and what stands.

    Attributes
    ----------
    powered
        ``(b,)`` bool, set from outside: the station has power other than its battery's.
    charge_s
        ``(b,)`` how long its battery would last [s].
    is_up
        ``(b,)`` bool.
    why
        Returns the event that took the power of a place, for the cause of an outage.
    """

    orders: tuple[type[Order], ...] = (BaseStationFailure,)
    step_s = 60.0

    def __init__(self, stage: Stage, net: Telecom) -> None:
        self._stage = stage
        self._net = net
        cells, places = stage.city.cells, stage.city.basemap.places
        self._at_m = np.array([(places[i].x_m, places[i].y_m) for i in net.station.tolist()])
        self._at_m = self._at_m.reshape(-1, 2)
        self._row = {int(place): row for row, place in enumerate(net.station)}
        self._people = cells.people
        self._home = owners(cells.xy_m, self._at_m)
        self._nearest_people = np.bincount(
            self._home, weights=cells.people, minlength=len(net.station)
        )
        self._reach = self._in_reach(cells.xy_m)
        self._faults: dict[int, int] = {}
        self._count = 0
        self._open: dict[int, Event] = {}
        self._unserved = np.zeros(len(net.station))
        self._cause: dict[int, str | None] = {}
        self._mended: dict[int, str] = {}
        self.powered: Bools = np.ones(len(net.station), dtype=bool)
        self.charge_s = net.battery_s.copy()
        self.is_up: Bools = np.ones(len(net.station), dtype=bool)
        self.why: Callable[[int], str | None] = lambda _: None
        self.person_h = 0.0
        mending = Mending(
            stage.streams,
            "telecom",
            faults_at=self._faults_at,
            median_s=lambda _: REPAIR_S,
            spread=REPAIR_SPREAD,
            mend=lambda fault: self._mend(fault, "crew"),
        )
        self.works: Mapping[str, Work] = {"repair_machine": mending, "isolate": mending}
        self.effects: Mapping[str, Effect] = {}
        self.fields: Mapping[str, Field] = {}

    def serving(self, xy_m: F64) -> Callable[[], Bools]:
        """Return what tells, now and later, which of ``(n, 2)`` points a station serves."""
        reach = self._in_reach(xy_m)
        return lambda: reach @ self.is_up > 0

    def mains(self, xy_m: F64) -> Callable[[], Bools]:
        """Return what tells, now and later, where ``(n, 2)`` points' nearest station has mains."""
        if not len(self._at_m):
            return lambda: np.ones(len(xy_m), dtype=bool)
        nearest = owners(xy_m, self._at_m)
        return lambda: self.powered[nearest]

    def plan(self, name: str, order: Any) -> None:
        """Put an order on the clock."""
        station = self._row[choose_place(self._stage, name, order, ("base_station",))]

        def begin() -> None:
            fault = self.fail(station, cause=name)
            if order.lasts_s is not None:
                self._stage.after(order.lasts_s, lambda: self._mend(fault, "itself"), name)

        self._stage.at(order.at_s, begin, name)

    def fail(self, station: int, *, cause: str | None = None) -> int:
        """Let a station fail, and return the fault's number."""
        number, self._count = self._count, self._count + 1
        self._faults[number] = station
        self._cause[station] = cause
        self._follow()
        return number

    def step(self, now: Ns, dt_s: float) -> None:
        """Drain and charge batteries."""
        if not self.powered.all() or (self.charge_s < self._net.battery_s).any():
            gained = dt_s * self._net.battery_s / RECHARGE_S
            self.charge_s = np.where(
                self.powered,
                np.minimum(self.charge_s + gained, self._net.battery_s),
                np.maximum(self.charge_s - dt_s, 0.0),
            )
            self._follow()
        for station, event in self._open.items():
            unserved = float(self._unserved[station])
            self.person_h += unserved * dt_s / 3600
            self._stage.events.update(event, now, event.severity, exposed=unserved, dt_s=dt_s)

    def totals(self) -> Mapping[str, float | int]:
        """Return person-hours out of reach of any station."""
        return {"no_phone_person_h": self.person_h}

    def _in_reach(self, xy_m: F64) -> csr_array:
        """Return which stations reach which of ``(n, 2)`` points, as ones of ``(n, b)``."""
        tree = KDTree(xy_m)
        found = [
            tree.query_ball_point(at, reach, return_sorted=True)
            for at, reach in zip(self._at_m, self._net.reach_m.tolist(), strict=True)
        ]
        station = np.repeat(np.arange(len(found)), [len(points) for points in found])
        point = np.concatenate([*found, np.empty(0)]).astype(np.int64)
        return csr_array(
            (np.ones(len(point), dtype=np.int32), (point, station)),
            shape=(len(xy_m), len(found)),
        )

    def _follow(self) -> None:
        """Work out who is up, and open and close events."""
        up = self.powered | (self.charge_s > 0)
        up[list(self._faults.values())] = False
        if (up == self.is_up).all():
            return
        now, fell, rose = self._stage.now, self.is_up & ~up, up & ~self.is_up
        self.is_up = up
        alone = ~(self._reach @ up > 0)
        self._unserved = np.bincount(
            self._home, weights=self._people * alone, minlength=len(up)
        ).astype(np.float64)
        for station in np.flatnonzero(fell).tolist():
            place = int(self._net.station[station])
            # Somebody is always near one: passers-by, where nobody lives.
            severity = max(1.0, float(self._nearest_people[station]))
            self._open[station] = self._stage.events.begin(
                TELECOM_OUTAGE,
                now,
                place,
                severity,
                cause=self._cause.pop(station, None) or self.why(place),
            )
            if self._unserved[station] > 0:
                self._stage.callers.report(
                    "12345", "telecom_outage", place, delay_s=(900.0, 3600.0)
                )
        for station in np.flatnonzero(rose).tolist():
            by = self._mended.pop(station, "itself")
            self._stage.events.end(self._open.pop(station), now, by=by)

    def _faults_at(self, place: int) -> list[int]:
        station = self._row.get(place)
        return [number for number, at in self._faults.items() if at == station]

    def _mend(self, number: int, by: str) -> None:
        station = self._faults.pop(number, None)
        if station is not None:
            self._mended[station] = by
            self._follow()

"""Electricity: feeders that trip, pass load to each other, are reclosed, repaired, replaced."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.kernel.clock import Ns
from sim.kernel.errors import InputError
from sim.world.actuators import Effect
from sim.world.city.networks import PowerGrid
from sim.world.crew import Work
from sim.world.domains.chance import YEAR_S, Arrivals
from sim.world.domains.feeders import Feeders
from sim.world.domains.mending import Mending
from sim.world.domains.power_service import Generate, TerminalField
from sim.world.events import Event
from sim.world.fields import Field
from sim.world.hazards.order import Order, choose_place
from sim.world.hazards.outage import FeederFaults, Outage, Outages
from sim.world.stage import Stage

F64 = NDArray[np.float64]
Bools = NDArray[np.bool_]

TRANSFER_S = 120.0
"""Time until ties are switched over. Assumed: feeder automation finds and isolates a fault
within a minute or two."""
TRANSFER_AGAIN_S = 600.0
"""Time until ties are tried again for those still dark. Assumed: loads may have fallen."""
REPAIR_S, REPAIR_SPREAD = 2_700.0, 0.5
"""Median time of a repair, and its spread: 45 min, State Grid's pledge for towns; half as long
to twice as long for nine in ten (assumed)."""
INSPECT_S = 600.0
"""Median time to look along a feeder without a fault and close it by hand. Assumed."""
STATION_S = 5_400.0
"""Median time to bring a substation back. Assumed: twice a feeder's repair."""
W_PER_PERSON = 1_300.0
"""Load of a person at the peak, as in `sim.world.city.power_grid`."""
SHED = 0.2
"""Share of a substation's load that gives way to an order. Assumed: factories and cooling under
contract; homes keep theirs."""


@dataclass(slots=True, kw_only=True)
class _Fault:
    """What a crew has to see to: a feeder, or the substation itself when `feeder` is -1."""

    station: int
    feeder: int
    permanent: bool


class Power:
    """The grid of the city, its events, and what is done about them.

    Every 10 s overloads heat feeders; all else happens when something is switched.

    Parameters
    ----------
    stage, grid
        Time, truth, chance, and what stands.

    Attributes
    ----------
    feeders
        State of each feeder; set `feeders.load_factor` and `feeders.extra_w` from outside.
    is_live, live_at_place, live_at_cell, live_at_node
        ``(f,)``, ``(places,)``, ``(cells,)``, ``(nodes,)`` bool: has power, at a place also by
        a generator; changed in place.
    fault_factor
        Weather's factor on chance faults.
    on_switch
        Called after anybody has lost or got power.
    """

    orders: tuple[type[Order], ...] = (Outage, FeederFaults)
    step_s = 10.0

    def __init__(self, stage: Stage, grid: PowerGrid) -> None:
        cells = stage.city.cells
        self._stage = stage
        self._grid = grid
        n = len(grid.feeder_peak_w)
        people = np.bincount(grid.cell_feeder, weights=cells.people, minlength=n)
        # Somebody is behind every feeder, where nobody lives too.
        self._people = np.maximum(people, 1.0)
        self._row = {int(place): row for row, place in enumerate(grid.substation)}
        self._faults: dict[int, _Fault] = {}
        self._count = 0
        self._generators: dict[str, tuple[int, float]] = {}
        self._cut: dict[str, int] = {}
        self._rate_per_s = 0.0
        self._permanent = 0.0
        self._chance = Arrivals(stage.streams, "world.domains.power.faults")
        self._trying = False
        self.feeders = Feeders(grid)
        self.outages = Outages(stage, grid.substation, float(cells.people.sum()))
        self.live_at_place: Bools = np.ones(len(grid.place_feeder), dtype=bool)
        self.live_at_cell: Bools = np.ones(len(grid.cell_feeder), dtype=bool)
        self.live_at_node: Bools = np.ones(len(grid.node_feeder), dtype=bool)
        self.fault_factor = 1.0
        self.on_switch: list[Callable[[], None]] = []
        self.works: Mapping[str, Work] = {
            "repair_power": Mending(
                stage.streams,
                "power",
                faults_at=self._faults_at,
                median_s=self._median_s,
                spread=REPAIR_SPREAD,
                mend=lambda fault: self._mend(fault, "repair_power"),
            ),
            "generate": Generate(self),
        }
        self.effects: Mapping[str, Effect] = {
            "recloser": self._reclose,
            "load_shed": self._shed,
            "power_cut": self._cut_off,
        }
        self.fields: Mapping[str, Field] = {"feeder_terminal": TerminalField(self.feeders, grid)}

    @property
    def is_live(self) -> Bools:
        """``(f,)`` bool: the feeder's section has power."""
        return self.feeders.is_live

    @property
    def people_without(self) -> float:
        """Residents without power now."""
        return float(self._people[~self.is_live].sum())

    @property
    def lost_share(self) -> float:
        """Share of the load that is not served, shed load too, 0 to 1."""
        demand_w = float(self.feeders.demand_w.sum())
        return 1 - float(self.feeders.load_w.sum()) / demand_w if demand_w > 0 else 0.0

    def plan(self, name: str, order: Any) -> None:
        """Put an order on the clock."""
        if isinstance(order, FeederFaults):
            self._stage.at(order.at_s, lambda: self._expect_faults(order), name)
            return
        place = choose_place(self._stage, name, order, ("substation",))
        station = self._row[place]
        served = np.flatnonzero(self._grid.feeder_substation == station)
        if not order.whole and not 1 <= order.feeders <= len(served):
            raise InputError(
                f"hazards.{name}.feeders",
                value=order.feeders,
                expected=f"a number from 1 to {len(served)}, the feeders of the substation",
            )
        self._stage.at(order.at_s, lambda: self._begin(name, order, station, served), name)

    def step(self, now: Ns, dt_s: float) -> None:
        """Let overloads heat feeders, chance trip them, and events run."""
        for feeder in self.feeders.warm(dt_s):
            self.trip(feeder, cause=self._cause_of_overload(feeder))
        if self._rate_per_s:
            for number in self._chance.pass_by(self._rate_per_s * self.fault_factor * dt_s):
                draw = self._stage.streams.at("world.domains.power.which", number)
                feeder = int(draw.integers(len(self.feeders)))
                self.trip(feeder, permanent=bool(draw.uniform() < self._permanent))
        if self.outages:
            self.outages.step(now, dt_s, self._dark(), self._helped(), self.lost_share)

    def trip(
        self, feeder: int, *, cause: str | None = None, permanent: bool = False
    ) -> Event | None:
        """Open a feeder's breaker, for a fault that stays or one that reclosing clears.

        Returns the outage's event; None when a breaker already open stays so.
        """
        feeders = self.feeders
        station = int(self._grid.feeder_substation[feeder])
        if not feeders.closed[feeder] and not (permanent and feeders.sound[feeder]):
            return None
        feeders.closed[feeder] = False
        feeders.sound[feeder] &= not permanent
        for number, fault in list(self._faults.items()):
            if fault.feeder == feeder:
                del self._faults[number]
        self._add(_Fault(station=station, feeder=feeder, permanent=permanent))
        self._switched(cause=cause)
        return self.outages.at(station)

    def trip_station(self, station: int, *, cause: str | None = None) -> Event | None:
        """Let the substation of a row fail, with all feeders that leave it."""
        if not self.feeders.source[station]:
            return None
        self.feeders.source[station] = False
        self._add(_Fault(station=station, feeder=-1, permanent=True))
        self._switched(cause=cause)
        return self.outages.at(station)

    def totals(self) -> Mapping[str, float | int]:
        """Return person-hours without power, and how often a breaker or station failed."""
        return {"power_person_h": self.outages.person_h, "power_faults": self._count}

    def generate(self, place: int, unit_id: str, capacity_w: float) -> None:
        """Let a unit's generator power a place, at a substation homes too; 0 takes it away."""
        self._generators.pop(unit_id, None)
        if capacity_w > 0:
            self._generators[unit_id] = (place, capacity_w)
        self._tell()

    def why(self, place: int) -> str | None:
        """Return the event that keeps a place, or last kept it, without the grid's power."""
        feeder = int(self._grid.place_feeder[place])
        return self.outages.last.get(int(self._grid.feeder_substation[feeder]))

    def is_supplied(self, place: int) -> bool:
        """Return whether the grid itself has power at a place, at a substation all of it."""
        station = self._row.get(place)
        if station is not None:
            return self.outages.at(station) is None
        return bool(self.is_live[self._grid.place_feeder[place]])

    def _begin(self, name: str, order: Outage, station: int, served: NDArray[np.int64]) -> None:
        first = self._count
        if order.whole:
            self.trip_station(station, cause=name)
        else:
            draw = self._stage.streams.at(f"world.hazards.{name}.feeders", 0)
            for feeder in draw.permutation(served)[: order.feeders].tolist():
                self.trip(feeder, cause=name, permanent=order.permanent)
        if order.lasts_s is not None:
            numbers = [number for number in self._faults if number >= first]

            def restore() -> None:
                for number in numbers:
                    self._mend(number, "itself")

            self._stage.after(order.lasts_s, restore, name)

    def _expect_faults(self, order: FeederFaults) -> None:
        self._rate_per_s = order.per_feeder_year * len(self.feeders) / YEAR_S
        self._permanent = order.permanent

    def _add(self, fault: _Fault) -> None:
        self._faults[self._count] = fault
        self._count += 1

    def _cause_of_overload(self, feeder: int) -> str | None:
        """Return the event whose load the feeder carried besides its own."""
        for section in np.flatnonzero(self.feeders.fed_by == feeder).tolist():
            if section != feeder:
                return self.outages.last.get(int(self._grid.feeder_substation[section]))
        return None

    def _faults_at(self, place: int) -> list[int]:
        """Return the faults of a substation, or of the feeder that serves the place."""
        station = self._row.get(place)
        feeder = int(self._grid.place_feeder[place])
        return [
            number
            for number, fault in self._faults.items()
            if fault.station == station or fault.feeder == feeder
        ]

    def _median_s(self, number: int) -> float:
        fault = self._faults[number]
        if fault.feeder < 0:
            return STATION_S
        return REPAIR_S if fault.permanent else INSPECT_S

    def _mend(self, number: int, by: str) -> None:
        fault = self._faults.pop(number, None)
        if fault is None:
            return
        if fault.feeder < 0:
            self.feeders.source[fault.station] = True
            for feeder in np.flatnonzero(self._grid.feeder_substation == fault.station).tolist():
                if self.feeders.closed[feeder]:
                    self.feeders.close(feeder)
        else:
            self.feeders.sound[fault.feeder] = True
            self.feeders.close(fault.feeder)
        self._switched(by=by)

    def _reclose(self, place: int, by: str, works: bool) -> None:
        """Close what opened at a substation; a breaker on a fault opens again at once."""
        del by
        if not works:
            return
        for number, fault in list(self._faults.items()):
            if fault.station == self._row.get(place) and not fault.permanent:
                self._mend(number, "recloser")

    def _shed(self, place: int, by: str, works: bool) -> None:
        del by
        self.feeders.shed[self._row[place]] = SHED if works else 0.0

    def _cut_off(self, place: int, by: str, works: bool) -> None:
        """Take power from one place, as firemen ask for."""
        if works:
            self._cut[by] = place
        else:
            self._cut.pop(by, None)
        self._tell()

    def _switched(self, *, cause: str | None = None, by: str = "itself") -> None:
        """Let everybody know who has power now, and try the ties for those who have not.

        Events that begin now have the `cause`; those that end now end `by` it.
        """
        self.feeders.switch()
        self._tell()
        dark = self._dark()
        self.outages.follow(dark, cause)
        self.outages.end(dark, by)
        self._try_ties(TRANSFER_S)

    def _try_ties(self, wait_s: float) -> None:
        if not self._trying and (~self.is_live & self.feeders.sound).any():
            self._trying = True
            self._stage.after(wait_s, self._transfer, "tie switches")

    def _transfer(self) -> None:
        self._trying = False
        if self.feeders.transfer():
            self._switched(by="ties")
        self._try_ties(TRANSFER_AGAIN_S)

    def _dark(self) -> F64:
        """Return ``(s,)`` people without power on the feeders of each substation."""
        return np.bincount(
            self._grid.feeder_substation,
            weights=self._people * ~self.is_live,
            minlength=len(self._grid.substation),
        ).astype(np.float64)

    def _helped(self) -> F64:
        """Return ``(s,)`` people whom generators at the substations serve."""
        helped = np.zeros(len(self._grid.substation))
        for place, capacity_w in self._generators.values():
            if place in self._row:
                helped[self._row[place]] += capacity_w / W_PER_PERSON
        return helped

    def _tell(self) -> None:
        live = self.is_live
        self.live_at_cell[:] = live[self._grid.cell_feeder]
        self.live_at_node[:] = live[self._grid.node_feeder]
        self.live_at_place[:] = live[self._grid.place_feeder]
        self.live_at_place[list(self._cut.values())] = False
        self.live_at_place[[place for place, _ in self._generators.values()]] = True
        for told in self.on_switch:
            told()

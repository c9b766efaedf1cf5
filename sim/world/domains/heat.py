"""District heat: plants that warm homes, and homes that cool when a plant fails."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from sim.kernel.clock import Ns
from sim.kernel.units import Seconds, Share
from sim.world.actuators import Effect
from sim.world.city.networks import HeatNet
from sim.world.city.spread import owners
from sim.world.crew import Work
from sim.world.domains.mending import Mending
from sim.world.events import Event, HazardKind
from sim.world.fields import Field, Reader
from sim.world.hazards.order import Order, choose_place
from sim.world.stage import Stage

F64 = NDArray[np.float64]
I32 = NDArray[np.int32]
Bools = NDArray[np.bool_]

INDOOR_C = 20.0
"""What homes are kept at. Assumed: a little above what the rules ask for."""
LEAST_C = 18.0
"""Least that the heating rules of Beijing ask for: domain facts, vital signs."""
DESIGN_C = -7.6
"""Outdoor temperature at which a plant gives its peak: GB 50736-2012, appendix A, Beijing."""
RESERVE = 1.15
"""Greatest heat of a plant over its design load, as in `sim.world.city.heat_net`."""
BOOST = 0.4
"""Heat of reserve boilers over the design load. Assumed: one boiler of three."""
TAU_S = (50 * 3600.0, 100 * 3600.0)
"""Time constant of buildings. Assumed: brick and concrete with outer insulation."""
REPAIR_S, REPAIR_SPREAD = 10_800.0, 0.5
"""Median time to mend a boiler or circulation pump. Assumed."""
NOTICED = 3
"""Households that call when it is cold. Assumed: the first ones of a building."""

HEAT_FAILURE = HazardKind(
    kind="heat_failure",
    title="Heating failure · 供热中断",
    domain="municipal",
    quantity="degrees below 18 °C in the coldest homes",
    unit="K",
    levels=(("IV", 0.0), ("III", 2.0), ("II", 4.0), ("I", 6.0)),
    source="heating rules of Beijing, 18 °C; 16, 14, 12 °C assumed: vital signs",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeatFailure(Order):
    """A heating plant fails, so that homes cool over hours.

    Attributes
    ----------
    place
        The plant.
    share
        Share of its heat that is lost.
    lasts_s
        When it comes back by itself; None for when a crew has mended it.
    """

    word: ClassVar[str] = "heat_failure"
    share: Share = 1.0
    lasts_s: Seconds | None = None


@dataclass(slots=True, kw_only=True)
class _Fault:
    plant: int
    share: float


class Heat:
    """Indoor temperature of every cell, dT/dt = (T_out + gain - T) / tau.

    The gain is what heating and people add to the outdoor temperature in the long run; a plant
    gives as much as keeps homes at `INDOOR_C`, or as it can. Houses that heat themselves always
    can. An event begins when the coldest homes of a plant fall below `LEAST_C`.

    Parameters
    ----------
    stage, net
        Time, truth, chance (``world.domains.heat.tau``), and what stands.
    outdoor_c
        Outdoor temperature now [°C].

    Attributes
    ----------
    indoor_c
        ``(cells,)`` [°C].
    powered
        ``(p,)`` bool, set from outside: the plant's pumps have power.
    why
        Returns the event that took the power of a place, for the cause of cold homes.
    output_w
        ``(p,)`` heat that each plant gives [W].

    References
    ----------
    One resistance and one capacity, EN ISO 13790:2008, 12.3 (simplified, one node).
    """

    orders: tuple[type[Order], ...] = (HeatFailure,)
    step_s = 300.0

    def __init__(self, stage: Stage, net: HeatNet, outdoor_c: Callable[[], float]) -> None:
        self._stage = stage
        self._net = net
        self._outdoor_c = outdoor_c
        self._people = stage.city.cells.people
        self._row = {int(place): row for row, place in enumerate(net.plant)}
        self._served = net.cell_plant >= 0
        draw = stage.streams.at("world.domains.heat.tau", 0)
        self._tau_s = draw.uniform(*TAU_S, len(net.cell_plant))
        self._faults: dict[int, _Fault] = {}
        self._count = 0
        self._boosted = np.zeros(len(net.plant), dtype=bool)
        self._open: dict[int, Event] = {}
        self._causes: dict[int, str | None] = {}
        self._mended: dict[int, str] = {}
        self.indoor_c = np.full(len(net.cell_plant), max(INDOOR_C, outdoor_c()))
        self.powered: Bools = np.ones(len(net.plant), dtype=bool)
        self.output_w = net.plant_peak_w * self._wanted() / RESERVE
        self.why: Callable[[int], str | None] = lambda _: None
        self.cold_person_h = 0.0
        self.works: Mapping[str, Work] = {
            "repair_machine": Mending(
                stage.streams,
                "heat",
                faults_at=self._faults_at,
                median_s=lambda _: REPAIR_S,
                spread=REPAIR_SPREAD,
                mend=lambda fault: self._mend(fault, "repair_machine"),
            )
        }
        self.effects: Mapping[str, Effect] = {"heat_boost": self._boost}
        self.fields: Mapping[str, Field] = {"indoor_temperature": _Indoors(self, stage)}

    def plan(self, name: str, order: Any) -> None:
        """Put an order on the clock."""
        plant = self._row[choose_place(self._stage, name, order, ("heat_plant",))]

        def begin() -> None:
            fault = self.fail(plant, order.share, cause=name)
            if order.lasts_s is not None:
                self._stage.after(order.lasts_s, lambda: self._mend(fault, "itself"), name)

        self._stage.at(order.at_s, begin, name)

    def fail(self, plant: int, share: float, *, cause: str | None = None) -> int:
        """Let a plant lose a share of its heat, and return the fault's number."""
        number, self._count = self._count, self._count + 1
        self._faults[number] = _Fault(plant=plant, share=share)
        self._causes[plant] = cause
        self._write(plant, "start")
        return number

    def step(self, now: Ns, dt_s: float) -> None:
        """Warm and cool all homes, and tell which plants leave theirs cold."""
        net, outdoor = self._net, self._outdoor_c()
        wanted = self._wanted()
        given = np.minimum(wanted, self._able())
        self.output_w = net.plant_peak_w * given / RESERVE
        gain = np.where(self._served, given[net.cell_plant], wanted) * (INDOOR_C - DESIGN_C)
        end = outdoor + gain
        self.indoor_c = end + (self.indoor_c - end) * np.exp(-dt_s / self._tau_s)
        cold = self._served & (self.indoor_c < LEAST_C)
        if cold.any() or self._open:
            self._tell(now, dt_s, cold)

    def totals(self) -> Mapping[str, float | int]:
        """Return person-hours below 18 °C."""
        return {"cold_person_h": self.cold_person_h}

    def _wanted(self) -> float:
        """Return the heat that keeps homes warm, over that of the design day."""
        return max(0.0, (INDOOR_C - self._outdoor_c()) / (INDOOR_C - DESIGN_C))

    def _able(self) -> F64:
        """Return ``(p,)`` the heat each plant can give, over that of the design day."""
        left = np.ones(len(self._net.plant))
        for fault in self._faults.values():
            left[fault.plant] *= 1 - fault.share
        able: F64 = (RESERVE * left + BOOST * self._boosted) * self.powered
        return able

    def _tell(self, now: Ns, dt_s: float, cold: Bools) -> None:
        net = self._net
        people = np.bincount(
            net.cell_plant[cold], weights=self._people[cold], minlength=len(net.plant)
        )
        coldest = np.full(len(net.plant), np.inf)
        np.minimum.at(coldest, net.cell_plant[self._served], self.indoor_c[self._served])
        self.cold_person_h += float(people.sum()) * dt_s / 3600
        for plant in np.flatnonzero(coldest < LEAST_C).tolist():
            severity = LEAST_C - float(coldest[plant])
            if plant not in self._open:
                place = int(net.plant[plant])
                cause = self._causes.pop(plant, None) or self.why(place)
                self._open[plant] = self._stage.events.begin(
                    HEAT_FAILURE, now, place, severity, cause=cause
                )
                self._stage.callers.report(
                    "12345", "heat_failure", place, witnesses=NOTICED, delay_s=(600.0, 3600.0)
                )
            self._stage.events.update(
                self._open[plant], now, severity, exposed=float(people[plant]), dt_s=dt_s
            )
        for plant in [p for p in self._open if coldest[p] >= LEAST_C]:
            by = self._mended.pop(plant, "heat_boost" if self._boosted[plant] else "itself")
            self._stage.events.end(self._open.pop(plant), now, by=by)

    def _faults_at(self, place: int) -> list[int]:
        return [n for n, fault in self._faults.items() if fault.plant == self._row.get(place)]

    def _mend(self, number: int, by: str) -> None:
        fault = self._faults.pop(number, None)
        if fault is not None:
            self._mended[fault.plant] = by
            self._write(fault.plant, "end")

    def _write(self, plant: int, phase: str) -> None:
        place = self._stage.city.basemap.places[int(self._net.plant[plant])]
        self._stage.truth.write(
            "fault", self._stage.now, target=place.place_id, fault="heat_failure", phase=phase
        )

    def _boost(self, place: int, by: str, works: bool) -> None:
        del by
        self._boosted[self._row[place]] = works


class _Indoors:
    """One channel: indoor temperature of the homes nearest to the place or point [°C]."""

    def __init__(self, heat: Heat, stage: Stage) -> None:
        self._heat = heat
        places = stage.city.basemap.places
        self._place_m = np.array([(p.x_m, p.y_m) for p in places]).reshape(-1, 2)
        self._cells_m = stage.city.cells.xy_m

    def bind(self, xy_m: F64, link: I32, place: I32) -> Reader:
        """Return a reader of ``(1, n)``."""
        del link
        at_m = np.where((place >= 0)[:, None], self._place_m[place], xy_m)
        cell, heat = owners(at_m, self._cells_m), self._heat
        return lambda: heat.indoor_c[cell][None, :]

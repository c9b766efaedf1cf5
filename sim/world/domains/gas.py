"""Gas: mains that leak, chambers in which gas gathers, sparks, and what is done about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.kernel.clock import Ns, to_seconds
from sim.kernel.errors import InputError
from sim.world.actuators import Effect
from sim.world.city.networks import GasNet
from sim.world.city.spread import owners
from sim.world.crew import Work
from sim.world.domains.chance import Arrivals
from sim.world.domains.gas_homes import HomeAir
from sim.world.domains.gas_service import DetectorField, RepairGas, Vent
from sim.world.events import Event
from sim.world.fields import Field
from sim.world.hazards.gas_leak import (
    ATMOSPHERE_PA,
    DEAD_PA,
    GAS_EXPLOSION,
    GAS_LEAK,
    IGNITION_PER_S,
    INJURED_PA,
    LEL,
    SEWER_GAS,
    UEL,
    GasLeak,
    SewerGas,
    blast_radius_m,
    leak_m3s,
    mix,
    tnt_kg,
)
from sim.world.hazards.order import Order, choose_place
from sim.world.hazards.works import Care
from sim.world.stage import Stage

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
Bools = NDArray[np.bool_]

AIR_PER_H = 0.5
"""Changes of air of a closed chamber in an hour: domain facts, gas leak."""
FAN_PER_H = 30.0
"""With a fan or an open cover and a blower. Assumed: 120 m3/h into 4 m3."""
BLOWN_PER_H = 5.0
"""Without its cover. Assumed: a tenth of a room with windows open, for the opening is small."""
LINE_M3 = 20.0
"""Volume of main between two valves. Assumed: 600 m of DN200."""
SAFE_LEL = 5.0
"""Methane below which a chamber is safe: entry of the vital sign [%LEL]."""
BY_HAND_S = 300.0
"""Time until a gas crew has closed the valve by hand. Assumed."""
SMELL_PER_S = 0.5 / 3600 / (5.0 / 3600)
"""Calls of people who smell gas, a cubic metre that escapes. Assumed: one in two hours at
5 m3/h."""
OUTDOORS = 0.05
"""Share of residents in the street. Assumed: a mean over the day."""
EXPLOSION_S = 600.0
"""Least time until an explosion's scene is quiet. Assumed."""


@dataclass(slots=True, kw_only=True, eq=False)
class _Source:
    """A leak or, with `hole_m` 0, sewage that gives off gas."""

    event: Event
    row: int
    hole_m: float
    into_chamber: float
    gauge_pa: float
    biogas_m3s: float
    sparks: Arrivals
    mended: str | None = None
    crew_s: float = 0.0


class Gas:
    """Chambers beside the mains, and whatever leaks into them.

    Parameters
    ----------
    stage, net
        Time, truth, chance, and what stands.
    care
        Who takes up the wounded; None where nobody does.

    Attributes
    ----------
    natural, biogas
        ``(c,)`` share of natural gas and of sewer gas in each chamber's air.
    closed
        ``(m,)`` bool: valves cut the main off.
    supplied
        ``(places,)`` bool: the place has gas; changed in place.
    leaked_m3, chambers_m3, vented_m3, soil_m3, burnt_m3
        Natural gas that escaped since the start, and where it is: in chambers, gone from
        them, gone through the soil, burnt.
    on_explosion
        Called with the event, its place, and the blast as TNT [kg].
    """

    orders: tuple[type[Order], ...] = (GasLeak, SewerGas)
    step_s = 10.0

    def __init__(self, stage: Stage, net: GasNet, *, care: Care | None = None) -> None:
        self._stage = stage
        self._net = net
        self._care = care
        basemap, roads = stage.city.basemap, stage.city.basemap.roads
        self._place_m = np.array([(p.x_m, p.y_m) for p in basemap.places]).reshape(-1, 2)
        ends = roads.node_xy_m[np.stack([roads.start, roads.end])]
        self._place_main = owners(self._place_m, ends.mean(axis=0)[net.main_link])
        self._row = {int(place): row for row, place in enumerate(net.chamber)}
        self._fans: dict[str, int] = {}
        self._shut: dict[str, int] = {}
        self._cut: dict[str, int] = {}
        self._blown: Bools = np.zeros(len(net.chamber), dtype=bool)
        self._sources: dict[int, _Source] = {}
        self._explosions: list[Event] = []
        self._count = 0
        self._bangs = 0
        self._alerts = 0
        self._airing = False
        self._homes = HomeAir(basemap)
        self.natural = np.zeros(len(net.chamber))
        self.biogas = np.zeros(len(net.chamber))
        self.closed: Bools = np.zeros(len(net.main_link), dtype=bool)
        self.supplied: Bools = np.ones(len(basemap.places), dtype=bool)
        self.leaked_m3 = self.vented_m3 = self.soil_m3 = self.burnt_m3 = 0.0
        self.on_explosion: list[Callable[[Event, int, float], None]] = []
        self.works: Mapping[str, Work] = {
            "repair_gas": RepairGas(self, stage.streams),
            "contain": Vent(self),
        }
        self.effects: Mapping[str, Effect] = {
            "gas_valve": self._turn_valve,
            "vent_fan": self._turn_fan,
            "gas_cutoff": self._cut_off,
        }
        self.fields: Mapping[str, Field] = {
            "gas_detector": DetectorField(self, net.chamber, len(basemap.places)),
            "home_gas_alarm": self._homes,
        }

    @property
    def methane_lel(self) -> F64:
        """``(c,)`` methane in each chamber [%LEL]."""
        methane: F64 = (self.natural + self.biogas) / LEL * 100
        return methane

    @property
    def chambers_m3(self) -> float:
        """Natural gas in all chambers now [m3]."""
        return float(self.natural @ self._net.chamber_m3)

    def plan(self, name: str, order: Any) -> None:
        """Put an order on the clock."""
        row = self._row[choose_place(self._stage, name, order, ("gas_chamber",))]

        def begin() -> None:
            if isinstance(order, SewerGas):
                self._ferment(row, order, name)
            else:
                self._open(row, order.hole_m, order.into_chamber, name)

        if isinstance(order, SewerGas) and not self._net.chamber_is_sewer[row]:
            if order.place is not None:
                raise InputError(
                    f"hazards.{name}.place", value=order.place, expected="a chamber with sewage"
                )
            sewers = np.flatnonzero(self._net.chamber_is_sewer)
            if not len(sewers):
                raise InputError(f"hazards.{name}", expected="a city with a chamber with sewage")
            row = int(sewers[row % len(sewers)])
        self._stage.at(order.at_s, begin, name)

    def leak(
        self, place: int, hole_m: float, *, into_chamber: float = 0.02, cause: str | None = None
    ) -> Event | None:
        """Let the main at the chamber nearest to a place leak; None without any chamber."""
        if not len(self._net.chamber):
            return None
        row = int(owners(self._place_m[place][None], self._place_m[self._net.chamber])[0])
        return self._open(row, hole_m, into_chamber, cause)

    def step(self, now: Ns, dt_s: float) -> None:
        """Let gas escape, mix, be blown out, and perhaps explode."""
        if not self._sources and not self._airing:
            return
        self._mix(dt_s)
        methane = self.methane_lel
        for number, source in list(self._sources.items()):
            level = float(methane[source.row])
            self._stage.events.update(source.event, now, level, dt_s=dt_s)
            share = level / 100 * LEL
            if LEL <= share <= UEL and source.sparks.pass_by(IGNITION_PER_S * dt_s):
                self._explode(source.row, source.event)
            if source.mended is not None and level < SAFE_LEL:
                del self._sources[number]
                self._stage.events.end(source.event, now, by=source.mended)
        for event in list(self._explosions):
            waiting = self._care.waiting(event.place) if self._care is not None else 0
            if not waiting and to_seconds(int(now) - int(event.onset)) >= EXPLOSION_S:
                self._explosions.remove(event)
                self._stage.events.end(event, now)
        has_gas = methane.max(initial=0.0) > 1e-3 or self._homes.has_gas
        self._airing = bool(self._explosions) or bool(has_gas)

    def totals(self) -> Mapping[str, float | int]:
        """Return where the escaped gas is, and how often it exploded."""
        return {
            "gas_leaked_m3": self.leaked_m3,
            "gas_chambers_m3": self.chambers_m3,
            "gas_vented_m3": self.vented_m3,
            "gas_soil_m3": self.soil_m3,
            "gas_burnt_m3": self.burnt_m3,
            "gas_explosions": self._bangs,
        }

    def sources_at(self, place: int) -> list[int]:
        """Return the numbers of what a crew at a place has to see to."""
        row = self._row.get(place)
        return [n for n, s in self._sources.items() if s.row == row and s.mended is None]

    def attend(self, number: int, dt_s: float) -> None:
        """Let a crew look for the valve of a leak; it has closed it after `BY_HAND_S`."""
        self._sources[number].crew_s += dt_s

    def shut_off(self, places: Sequence[int], for_s: float) -> None:
        """Let the valves of chambers close by themselves, and be opened again after `for_s`."""
        self._alerts += 1
        for place in places:
            by = f"automatic-{self._alerts}-{place}"
            self._turn_valve(place, by, True)
            self._stage.after(for_s, partial(self._turn_valve, place, by, False), by)

    def is_decoy(self, number: int) -> bool:
        """Return whether a source is sewage only."""
        return self._sources[number].hole_m == 0

    def mend(self, number: int) -> None:
        """Close a hole, or flush the sewage."""
        source = self._sources[number]
        source.mended = "repair_gas"
        source.hole_m = source.biogas_m3s = 0.0

    def is_safe(self, place: int) -> bool:
        """Return whether the air at a place has little methane."""
        row = self._row.get(place)
        return row is None or bool(self.methane_lel[row] < SAFE_LEL)

    def vent(self, place: int, by: str, *, running: bool) -> None:
        """Let `by` blow air through the chamber of a place, or cease."""
        self._fans.pop(by, None)
        if running and place in self._row:
            self._fans[by] = self._row[place]

    def _open(self, row: int, hole_m: float, into_chamber: float, cause: str | None) -> Event:
        main = int(self._net.chamber_main[row])
        flow = float(leak_m3s(np.array(hole_m), self._net.main_pressure_pa[main]))
        number = self._begin(
            GAS_LEAK, row, cause, hole_m=hole_m, into_chamber=into_chamber, leak_m3s=flow
        )
        draw = self._stage.streams.at("world.domains.gas.smell", number)
        wait_s = float(draw.exponential()) / max(SMELL_PER_S * flow, 1e-9)
        self._stage.after(wait_s, lambda: self._smell(number), "smell of gas")
        return self._sources[number].event

    def _ferment(self, row: int, order: SewerGas, cause: str) -> None:
        """Let sewage give off what in the end stands at the ordered share of the limit."""
        end, air_m3s = order.peak * LEL, AIR_PER_H / 3600 * float(self._net.chamber_m3[row])
        number = self._begin(SEWER_GAS, row, cause, biogas_m3s=air_m3s * end / (1 - end))

        def cease() -> None:
            source = self._sources.get(number)
            if source is not None and source.mended is None:
                source.mended, source.biogas_m3s = "itself", 0.0

        self._stage.after(order.lasts_s, cease, cause)

    def _begin(
        self,
        kind: Any,
        row: int,
        cause: str | None,
        *,
        hole_m: float = 0.0,
        into_chamber: float = 0.0,
        biogas_m3s: float = 0.0,
        **extra: Any,
    ) -> int:
        number, self._count = self._count, self._count + 1
        place, level = int(self._net.chamber[row]), float(self.methane_lel[row])
        event = self._stage.events.begin(kind, self._stage.now, place, level, cause=cause, **extra)
        self._sources[number] = _Source(
            event=event,
            row=row,
            hole_m=hole_m,
            into_chamber=into_chamber,
            gauge_pa=float(self._net.main_pressure_pa[self._net.chamber_main[row]]),
            biogas_m3s=biogas_m3s,
            sparks=Arrivals(self._stage.streams, f"world.domains.gas.sparks.{number}"),
        )
        return number

    def _smell(self, number: int) -> None:
        source = self._sources.get(number)
        if source is not None and source.hole_m > 0 and source.gauge_pa > 0:
            self._stage.callers.report("119", "gas_leak", source.event.place)

    def _escaped_m3(self, source: _Source, dt_s: float) -> float:
        """Return what leaks in a step; a main that is cut off empties by it."""
        main = int(self._net.chamber_main[source.row])
        if source.hole_m == 0:
            return 0.0
        if not (self.closed[main] or source.crew_s >= BY_HAND_S):
            source.gauge_pa = float(self._net.main_pressure_pa[main])
        flow = float(leak_m3s(np.array(source.hole_m), np.array(source.gauge_pa))) * dt_s
        if self.closed[main] or source.crew_s >= BY_HAND_S:
            flow = min(flow, source.gauge_pa / ATMOSPHERE_PA * LINE_M3)
            source.gauge_pa -= flow * ATMOSPHERE_PA / LINE_M3
        return flow

    def _mix(self, dt_s: float) -> None:
        net = self._net
        natural, biogas = np.zeros(len(net.chamber)), np.zeros(len(net.chamber))
        seeping: dict[int, float] = {}
        for source in self._sources.values():
            escaped = self._escaped_m3(source, dt_s)
            found = escaped * source.into_chamber
            self.leaked_m3 += escaped
            self.soil_m3 += escaped - found
            seeping[source.event.place] = (escaped - found) / dt_s
            natural[source.row] += found / dt_s
            biogas[source.row] += source.biogas_m3s
        self._homes.step(seeping, dt_s)
        per_h = np.where(self._blown, BLOWN_PER_H, AIR_PER_H)
        per_h[list(self._fans.values())] = FAN_PER_H
        through = natural + biogas + per_h / 3600 * net.chamber_m3
        self.natural, left = mix(self.natural, natural, through, net.chamber_m3, dt_s)
        self.biogas, _ = mix(self.biogas, biogas, through, net.chamber_m3, dt_s)
        self.vented_m3 += float(left.sum())

    def _explode(self, row: int, leak: Event) -> None:
        """Burn what is in a chamber at once, throw its cover, hurt who stands near."""
        now, place, number = self._stage.now, int(self._net.chamber[row]), self._bangs
        self._bangs += 1
        volume = float(self._net.chamber_m3[row])
        charge = tnt_kg(float(self.natural[row] + self.biogas[row]) * volume)
        self.burnt_m3 += float(self.natural[row]) * volume
        self.natural[row] = self.biogas[row] = 0.0
        self._blown[row] = True
        dead_m, injured_m = (blast_radius_m(charge, limit) for limit in (DEAD_PA, INJURED_PA))
        event = self._stage.events.begin(
            GAS_EXPLOSION,
            now,
            place,
            charge,
            cause=leak.event_id,
            dead_within_m=dead_m,
            injured_within_m=injured_m,
        )
        self._explosions.append(event)
        cells = self._stage.city.cells
        cell = int(owners(self._place_m[place][None], cells.xy_m)[0])
        per_m2 = OUTDOORS * float(cells.people[cell]) / cells.size_m**2
        draw = self._stage.streams.at("world.domains.gas.harm", number)
        dead = int(draw.poisson(per_m2 * np.pi * dead_m**2))
        injured = int(draw.poisson(per_m2 * np.pi * (injured_m**2 - dead_m**2)))
        self._stage.events.hurt(event, now, "dead", dead)
        self._stage.events.hurt(event, now, "injured", injured)
        if self._care is not None:
            self._care.add(place, injured, cause=event.event_id)
        self._stage.callers.report("119", "gas_explosion", place, injured + dead, witnesses=3)
        for told in self.on_explosion:
            told(event, place, charge)

    def _turn_valve(self, place: int, by: str, works: bool) -> None:
        self._shut.pop(by, None)
        if works:
            self._shut[by] = int(self._net.chamber_main[self._row[place]])
        self.closed[:] = False
        self.closed[list(self._shut.values())] = True
        self._supply()

    def _turn_fan(self, place: int, by: str, works: bool) -> None:
        self.vent(place, by, running=works)

    def _cut_off(self, place: int, by: str, works: bool) -> None:
        self._cut.pop(by, None)
        if works:
            self._cut[by] = place
        self._supply()

    def _supply(self) -> None:
        self.supplied[:] = ~self.closed[self._place_main]
        self.supplied[list(self._cut.values())] = False

"""Drinking water: pressure everywhere, mains that burst, valves, crews, tankers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.kernel.clock import Ns, to_seconds
from sim.world.actuators import Effect
from sim.world.city.networks import WaterNet
from sim.world.city.spread import owners
from sim.world.crew import Work
from sim.world.domains.chance import YEAR_S, Arrivals
from sim.world.domains.water_sensing import water_fields
from sim.world.domains.water_service import RepairMain, SupplyWater
from sim.world.domains.zones import (
    BOOST,
    ENOUGH_M,
    GRAVITY,
    PA_PER_M,
    SHUTOFF,
    Balance,
    Holes,
    balance,
    feed_resistance,
    pump_curve,
)
from sim.world.events import Event
from sim.world.fields import Field
from sim.world.hazards.main_burst import (
    LOW_PRESSURE,
    MAIN_BURST,
    SOIL_PER_WATER,
    WAVE_MPS,
    MainBurst,
    PipeBreaks,
    break_opening,
    cavity_bears_m3,
    frailty,
    section_m2,
)
from sim.world.hazards.order import Order, choose_place
from sim.world.stage import Stage

F64 = NDArray[np.float64]
I32 = NDArray[np.int32]
I64 = NDArray[np.int64]
Bools = NDArray[np.bool_]

REACH_M = 400.0
"""Distance over which a burst's own pressure drop falls to a third. Assumed: loops of a few
blocks feed the users around it."""
SHUT_PASSES = 0.02
"""Share of the open area through which water still comes when valves are shut. Assumed: gates
that were not turned for years do not seat."""
STREET_SHARE = 0.8
"""Share of escaping water that comes up on the street. Assumed: the rest finds ducts."""
BY_HAND_S = 1_200.0
"""Time until a crew has found and shut the gates next to a burst. Assumed."""
CHANGED = 0.01
"""Change of demand that is followed. Assumed: pressure answers with a few tenths of a per cent."""
WITNESSES = 2
"""Passers-by who call about water coming out of the road. Assumed."""
FAILING = 0.01
"""Share of a zone's people below 0.14 MPa from which the zone fails. Assumed."""


@dataclass(slots=True, kw_only=True, eq=False)
class _Burst:
    main: int
    at: Ns
    area_m2: float
    bears_m3: float
    head_drop_m: float = 0.0
    flow_m3s: float = 0.0
    lost_m3: float = 0.0
    crew_s: float = 0.0
    collapsed: bool = False
    event: Event = field(init=False)


class WaterSupply:
    """Zones, bursts, and the sectors that valves cut off.

    A sector is what lies nearest to a community: its homes, and the mains around it.

    Parameters
    ----------
    stage, net
        Time, truth, chance, and what stands.

    Attributes
    ----------
    demand_factor
        Demand now over the mean, set from outside.
    powered
        ``(z,)`` bool, set from outside: the pumping station has power.
    burst_factor
        Weather's factor on breaks by age: 2 in hard frost.
    street_flow_m3s
        ``(links,)`` water that comes up on each link; changed in place.
    why
        Returns the event that took the power of a place, for the cause of low pressure.
    on_burst
        Called with the event and the link of a new burst.
    on_collapse
        Called with the event and the link where the road fell in.
    """

    orders: tuple[type[Order], ...] = (MainBurst, PipeBreaks)
    step_s = 10.0

    def __init__(self, stage: Stage, net: WaterNet) -> None:
        self._stage = stage
        self._net = net
        self._cells = stage.city.cells
        basemap, roads = stage.city.basemap, stage.city.basemap.roads
        self._place_m = np.array([(p.x_m, p.y_m) for p in basemap.places]).reshape(-1, 2)
        ends = roads.node_xy_m[np.stack([roads.start, roads.end])]
        self._main_m = ends.mean(axis=0)[net.main_link]
        self._communities = np.array(stage.places("community") or range(len(basemap.places)))
        self._main_sector = self.sector_of(self._main_m)
        self._cell_sector = self.sector_of(self._cells.xy_m)
        self._row = {int(place): row for row, place in enumerate(net.works)}
        self._shutoff_m, self._loss = pump_curve(net.zone_head_m, net.zone_demand_m3s)
        self._zone_people = self._people_by_zone(np.ones(len(net.cell_zone), dtype=bool))
        self._bursts: dict[int, _Burst] = {}
        self._count = 0
        self._closed: dict[str, int] = {}
        self._boosted = np.zeros(len(net.works), dtype=bool)
        self._tankers: dict[str, tuple[int, float]] = {}
        self._failing: dict[int, Event] = {}
        self._breaks = Arrivals(stage.streams, "world.domains.water.breaks")
        self._per_s = 0.0
        self._frailty = np.cumsum(roads.length_m[net.main_link] / 1000 * frailty(net.main_age_y))
        self.demand_factor = 1.0
        self.powered: Bools = np.ones(len(net.works), dtype=bool)
        self.burst_factor = 1.0
        self.street_flow_m3s = np.zeros(len(roads))
        self.why: Callable[[int], str | None] = lambda _: None
        self.on_burst: list[Callable[[Event, int], None]] = []
        self.on_collapse: list[Callable[[Event, int], None]] = []
        self.in_m3 = self.served_m3 = self.leaked_m3 = self.person_h = 0.0
        self._solve()
        self.works: Mapping[str, Work] = {
            "repair_main": RepairMain(self, stage.streams),
            "supply_water": SupplyWater(self),
        }
        self.effects: Mapping[str, Effect] = {
            "sector_valve": self._shut,
            "pressure_boost": self._boost,
        }
        self.fields: Mapping[str, Field] = water_fields(self, net, stage)

    @property
    def pressure_pa(self) -> F64:
        """``(z,)`` pressure of each zone, away from bursts [Pa]."""
        return self.balance.head_m * PA_PER_M

    def flow_m3s(self) -> F64:
        """Return ``(z,)`` what each pumping station gives [m3/s]."""
        return self.balance.in_m3s

    def leaks(self) -> tuple[F64, F64]:
        """Return ``(k, 2)`` where mains leak [m], and ``(k,)`` how much [m3/s]."""
        bursts = self._bursts.values()
        return self._main_m[[b.main for b in bursts]], np.array([b.flow_m3s for b in bursts])

    def pressure_at(self, place: int) -> float:
        """Return the pressure at a place, for taps and hydrants [Pa]."""
        at_m, zone = self._place_m[place][None], self._net.place_zone[[place]]
        return float(self.heads(at_m, zone, self.sector_of(at_m))[0]) * PA_PER_M

    def sector_of(self, xy_m: F64) -> I64:
        """Return the sector of each of ``(n, 2)`` points."""
        return owners(xy_m, self._place_m[self._communities])

    def plan(self, name: str, order: Any) -> None:
        """Put an order on the clock."""
        if isinstance(order, PipeBreaks):
            self._stage.at(order.at_s, lambda: self._expect_breaks(order), name)
            return
        place = choose_place(self._stage, name, order, ("community",))
        sector = int(np.flatnonzero(self._communities == place)[0])
        near = np.flatnonzero(self._main_sector == sector)
        if not len(near):
            gap_m = np.hypot(*(self._main_m - self._place_m[place]).T)
            near = np.array([int(np.argmin(gap_m))])
        unlike_m = np.abs(self._net.main_diameter_m[near] - order.diameter_m)
        main = int(near[np.argmin(unlike_m)])

        def begin() -> None:
            self.burst(main, order.opening, cause=name)

        self._stage.at(order.at_s, begin, name)

    def burst(self, main: int, opening: float, *, cause: str | None = None) -> Event | None:
        """Open a hole of a share of a main's section; None where one is open already."""
        if any(burst.main == main for burst in self._bursts.values()):
            return None
        number, self._count = self._count, self._count + 1
        now, link = self._stage.now, int(self._net.main_link[main])
        place = int(self._communities[self._main_sector[main]])
        x_m, y_m = self._main_m[main].tolist()
        diameter_m = float(self._net.main_diameter_m[main])
        draw = self._stage.streams.at("world.domains.water.road", number)
        burst = self._bursts[number] = _Burst(
            main=main,
            at=now,
            area_m2=opening * section_m2(diameter_m),
            bears_m3=cavity_bears_m3(draw),
        )
        self._solve()
        event = burst.event = self._stage.events.begin(
            MAIN_BURST,
            now,
            place,
            burst.flow_m3s,
            xy_m=(x_m, y_m),
            cause=cause,
            diameter_m=diameter_m,
        )
        self._stage.callers.report("12345", "main_burst", place, witnesses=WITNESSES)
        for told in self.on_burst:
            told(event, link)
        return event

    def break_near(
        self, xy_m: tuple[float, float], opening: float, *, cause: str | None = None
    ) -> Event | None:
        """Open a hole in the main nearest to a point."""
        gap_m = np.hypot(*(self._main_m - xy_m).T)
        return self.burst(int(np.argmin(gap_m)), opening, cause=cause)

    def step(self, now: Ns, dt_s: float) -> None:
        """Follow demand, power and bursts."""
        if self._per_s:
            for number in self._breaks.pass_by(self._per_s * self.burst_factor * dt_s):
                self._break(number)
        if (
            abs(self.demand_factor - self._solved_for) > CHANGED * self._solved_for
            or (self.powered != self._solved_powered).any()
        ):
            self._solve()
        state = self.balance
        self.in_m3 += float(state.in_m3s.sum()) * dt_s
        self.served_m3 += float(state.served_m3s.sum()) * dt_s
        self.leaked_m3 += float(state.escaping_m3s.sum()) * dt_s
        self.person_h += float(self._low_people.sum()) * dt_s / 3600
        for burst in list(self._bursts.values()):
            self._follow(burst, now, dt_s)
        for zone, event in self._failing.items():
            low = float(self._low_people[zone])
            self._stage.events.update(event, now, low, exposed=low, dt_s=dt_s)

    def totals(self) -> Mapping[str, float | int]:
        """Return the mains' water balance, bursts, and person-hours below 0.14 MPa."""
        return {
            "mains_in_m3": self.in_m3,
            "mains_served_m3": self.served_m3,
            "mains_leaked_m3": self.leaked_m3,
            "mains_bursts": self._count,
            "low_pressure_person_h": self.person_h,
        }

    def bursts_at(self, place: int) -> list[int]:
        """Return the numbers of the bursts that crews at a place see to."""
        return [n for n, burst in self._bursts.items() if burst.event.place == place]

    def attend(self, number: int, dt_s: float) -> None:
        """Let a crew look for the gates of a burst; it has shut them after `BY_HAND_S`."""
        burst = self._bursts[number]
        burst.crew_s += dt_s
        if burst.crew_s - dt_s < BY_HAND_S <= burst.crew_s:
            self._solve()

    def mend(self, number: int) -> None:
        """Close a hole for good; the crew opens all gates of the sector again."""
        burst = self._bursts.pop(number)
        sector = int(self._main_sector[burst.main])
        self._closed = {by: at for by, at in self._closed.items() if at != sector}
        self._solve()
        self._stage.events.update(burst.event, self._stage.now, 0.0)
        self._stage.events.end(burst.event, self._stage.now, by="repair_main")

    def supply(self, place: int, unit_id: str, people: float) -> None:
        """Let a tanker serve so many people at a place; 0 takes it away."""
        self._tankers.pop(unit_id, None)
        if people > 0:
            self._tankers[unit_id] = (place, people)

    def heads(self, xy_m: F64, zone: I32, sector: I64, now: Ns | None = None) -> F64:
        """Return the head in the mains at ``(n, 2)`` points [m].

        A sector that is cut off has none. By `now` a burst's drop shows where its wave has come.

        Parameters
        ----------
        zone, sector
            ``(n,)`` of each point.
        """
        head: F64 = self.balance.head_m[zone]
        for burst in self._bursts.values():
            gap_m = np.hypot(*(xy_m - self._main_m[burst.main]).T)
            drop = burst.head_drop_m * np.exp(-gap_m / REACH_M)
            felt = zone == self._net.main_zone[burst.main]
            if now is not None:
                felt = felt & (to_seconds(int(now) - int(burst.at)) >= gap_m / WAVE_MPS)
            head = head - felt * drop
        shut = np.isin(sector, list(self._closed.values()))
        return np.where(shut, 0.0, np.maximum(head, 0.0))

    def _solve(self) -> None:
        """Put the zones in balance after any change."""
        net = self._net
        self._solved_for, self._solved_powered = self.demand_factor, self.powered.copy()
        shut = np.isin(self._cell_sector, list(self._closed.values()))
        cut = self._people_by_zone(shut) / np.maximum(self._zone_people, 1e-9)
        demand = net.zone_demand_m3s * self.demand_factor * (1 - cut)
        pumps = np.where(self.powered, np.where(self._boosted, BOOST, 1.0), GRAVITY / SHUTOFF)
        bursts = list(self._bursts.values())
        main = np.array([burst.main for burst in bursts], dtype=np.int64)
        area = [burst.area_m2 * (SHUT_PASSES if self._is_shut(burst) else 1) for burst in bursts]
        resistance = feed_resistance(net.main_diameter_m[main])
        holes = Holes(
            zone=net.main_zone[main].astype(np.int64),
            area_m2=np.array(area, dtype=np.float64),
            resistance=resistance,
        )
        self.balance: Balance = balance(self._shutoff_m * pumps, self._loss, demand, holes)
        self.street_flow_m3s[:] = 0.0
        for burst, flow, friction in zip(
            bursts, self.balance.escaping_m3s.tolist(), resistance.tolist(), strict=True
        ):
            burst.flow_m3s = flow
            burst.head_drop_m = friction * flow**2
            self.street_flow_m3s[net.main_link[burst.main]] += STREET_SHARE * flow
        low = self.heads(self._cells.xy_m, net.cell_zone, self._cell_sector) < ENOUGH_M
        self._low_people = self._people_by_zone(low)
        self._judge(self._people_by_zone(low & ~shut))

    def _judge(self, failing: F64) -> None:
        """Open and close events of zones whose pressure fails without a burst."""
        burst_in = {int(self._net.main_zone[burst.main]) for burst in self._bursts.values()}
        for zone, people in enumerate(failing.tolist()):
            works = int(self._net.works[zone])
            fails = people > FAILING * self._zone_people[zone] and zone not in burst_in
            if fails and zone not in self._failing:
                self._failing[zone] = self._stage.events.begin(
                    LOW_PRESSURE, self._stage.now, works, people, cause=self.why(works)
                )
            elif not fails and zone in self._failing:
                self._stage.events.end(self._failing.pop(zone), self._stage.now)

    def _is_shut(self, burst: _Burst) -> bool:
        cut_off = self._main_sector[burst.main] in self._closed.values()
        return burst.crew_s >= BY_HAND_S or cut_off

    def _people_by_zone(self, which: Bools) -> F64:
        net = self._net
        return np.bincount(
            net.cell_zone, weights=self._cells.people * which, minlength=len(net.works)
        ).astype(np.float64)

    def _follow(self, burst: _Burst, now: Ns, dt_s: float) -> None:
        zone = int(self._net.main_zone[burst.main])
        sharing = sum(int(self._net.main_zone[b.main]) == zone for b in self._bursts.values())
        helped = sum(n for place, n in self._tankers.values() if place == burst.event.place)
        exposed = max(0.0, float(self._low_people[zone]) / sharing - helped)
        burst.lost_m3 += burst.flow_m3s * dt_s
        cavity_m3 = SOIL_PER_WATER * burst.lost_m3
        burst.event.extra = {"lost_m3": burst.lost_m3, "cavity_m3": cavity_m3}
        self._stage.events.update(burst.event, now, burst.flow_m3s, exposed=exposed, dt_s=dt_s)
        if not burst.collapsed and cavity_m3 >= burst.bears_m3:
            burst.collapsed = True
            for told in self.on_collapse:
                told(burst.event, int(self._net.main_link[burst.main]))

    def _expect_breaks(self, order: PipeBreaks) -> None:
        self._per_s = order.per_km_year * float(self._frailty[-1:].sum()) / YEAR_S

    def _break(self, number: int) -> None:
        """Let a main break by age, drawn by length and age."""
        draw = self._stage.streams.at("world.domains.water.which", number)
        main = int(np.searchsorted(self._frailty, draw.uniform() * self._frailty[-1]))
        self.burst(min(main, len(self._frailty) - 1), break_opening(draw))

    def _shut(self, place: int, by: str, works: bool) -> None:
        self._closed.pop(by, None)
        if works:
            self._closed[by] = int(np.flatnonzero(self._communities == place)[0])
        self._solve()

    def _boost(self, place: int, by: str, works: bool) -> None:
        del by
        self._boosted[self._row[place]] = works
        self._solve()

"""Fires in buildings: they grow, trap people, spread, and go out by water or for want of fuel."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.kernel.clock import Ns
from sim.world.actuators import Effect
from sim.world.crew import Task, Work
from sim.world.events import Event
from sim.world.fields import Field
from sim.world.hazards.arrivals import ChanceEvents, draw_row
from sim.world.hazards.burning import (
    AIRING_PER_S,
    GROWTH_W_S2,
    PREMISES,
    SMOKE_PER_J,
    UNTENABLE_W,
    Blaze,
    Growth,
    Premises,
    ample_pressure_pa,
    ceiling_rise_k,
    draw_leave_s,
    hydrant_share,
    smoke_db_m,
)
from sim.world.hazards.fire_orders import FIRE, STEAM, Fire, FireRate, Steam
from sim.world.hazards.fire_wiring import ResidualField
from sim.world.hazards.order import Order, choose_place
from sim.world.hazards.place_field import PlaceField
from sim.world.hazards.works import Care, Labour, Presence
from sim.world.stage import Stage

F64 = NDArray[np.float64]

YEAR_S = 31_557_600.0
SEEN_W, BLAZING_W = 100e3, 1e6
"""Heat from which people in it are alarmed and somebody calls, and from which passers-by call
too; assumed: smoke in the stairs, flames out of the window."""
CREW_M3S = 0.02
"""Most water that one crew handles: three jets of 6.5 L/s (assumed; GB 50974 counts 5 L/s)."""
LIVE_SHARE = 0.8
"""Share of their water that crews bring to bear while the building is still live; assumed: they
keep a distance to wires."""
RESCUE_S, RECALLED_S = 120.0, 80.0
"""Time to bring one person out, by the stairs, and with the lifts held for the crew; assumed."""
DEATH_S = 900.0
"""Mean survival of those trapped behind fire and smoke; assumed: closed doors hold for minutes."""
CHOKED = 0.1
"""Share of those who leave a burning floor late, from `BLAZING_W` on, that need care; assumed."""
SPREAD_PER_H, BUILDINGS_MAX = 0.5, 4
"""Rate at which a building fully alight without enough water sets fire to the next, and most
that burn; assumed: gaps of 6 to 13 m by GB 50016 hold unless it burns long."""
SMALL_SHARE, SMALL_W = 0.7, (0.2e6, 1.0e6)
"""Share of everyday fires that stay with what caught fire first, and their heat; assumed: about
as many as statistics of dwelling fires give."""
STEAM_DB_M, STEAM_CALLED = 0.3, 0.3
"""Light lost to steam, amid the 0.1 to 0.5 dB/m at which smoke heads trip; and how often
somebody takes it for smoke and calls (assumed)."""


@dataclass(slots=True, kw_only=True, eq=False)
class _Fire:
    event: Event
    place: int
    premises: Premises
    blaze: Blaze
    draw: np.random.Generator
    leave_s: F64
    whole: bool
    alarmed_s: float = -1.0
    is_cut_off: bool = False
    is_told: bool = False
    trapped: int = 0
    death_due: float = 0.0
    spread_due: float = 0.0
    buildings: int = 1


class Fires:
    """All fires of the city.

    Each step: heat by water, people who leave or are cut off, deaths, spread, smoke.

    Parameters
    ----------
    stage
        Time, truth, chance, callers.
    care
        Takes up the injured.
    pressure_pa
        Pressure of the mains at a place of the map [Pa].

    Attributes
    ----------
    on_smoke
        Told at each step of every fire of at least `BLAZING_W`, with its heat [W].
    people_in, people_out, rescued, dead
        Who was in the rooms that burnt, and what became of them; the rest is trapped or on
        its way.
    """

    orders: tuple[type[Order], ...] = (Fire, FireRate, Steam)
    step_s = 10.0

    def __init__(
        self,
        stage: Stage,
        care: Care,
        *,
        pressure_pa: Callable[[int], float] = ample_pressure_pa,
    ) -> None:
        self._stage = stage
        self._care = care
        self._pressure_pa = pressure_pa
        self._fires: list[_Fire] = []
        self._count = self._steams = 0
        self._hoses = Presence(lambda place: not self._at(place))
        self._tankers = Presence(lambda place: not self._at(place))
        self._is_dead_wire: dict[int, bool] = {}
        self._has_lifts: dict[int, bool] = {}
        n = len(stage.city.basemap.places)
        # The last entry serves sensors that watch no place.
        self._smoke_m2 = np.zeros(n + 1)
        self._heat_w = np.zeros(n + 1)
        self._steam_db_m = np.zeros(n + 1)
        self._is_clear = True
        self.on_smoke: list[Callable[[Event, float], None]] = []
        self.people_in = self.people_out = self.rescued = self.dead = 0
        self.works: Mapping[str, Work] = {
            "suppress": self._hoses,
            "supply_water": self._tankers,
            "rescue": Labour(self._rescue_s, self._bring_out),
        }
        self.effects: Mapping[str, Effect] = {
            "power_cut": lambda place, _, works: self._is_dead_wire.update({place: works}),
            "lift_recall": lambda place, _, works: self._has_lifts.update({place: works}),
        }
        self.fields: Mapping[str, Field] = {
            "smoke": PlaceField(lambda: smoke_db_m(self._smoke_m2) + self._steam_db_m),
            "heat": PlaceField(lambda: ceiling_rise_k(self._heat_w)),
            "electrical_fire": ResidualField(stage, self._heat_w, self._is_dead_wire),
        }

    @property
    def trapped(self) -> int:
        """People behind fire and smoke now."""
        return sum(fire.trapped for fire in self._fires)

    @property
    def inside(self) -> int:
        """People who can still leave."""
        return sum(len(fire.leave_s) for fire in self._fires)

    def trapped_at(self, place: int) -> int:
        """Return how many are behind fire and smoke at a place of the map."""
        return sum(fire.trapped for fire in self._at(place))

    def plan(self, name: str, order: Any) -> None:
        """Put an order on the clock."""
        stage = self._stage
        if isinstance(order, FireRate):
            stage.at(order.at_s, lambda: self._expect(name, order), name)
            return
        place = choose_place(stage, name, order, tuple(PREMISES))
        if isinstance(order, Steam):
            stage.at(order.at_s, lambda: self._steam(name, place, order.lasts_s), name)
            return
        stage.at(order.at_s, lambda: self._carry_out(name, order, place), name)

    def _carry_out(self, name: str, order: Fire, place: int) -> None:
        self.ignite(place, growth=order.growth, cause=name, cap_w=order.cap_w, people=order.people)

    def ignite(
        self,
        place: int,
        *,
        growth: Growth | None = None,
        cause: str | None = None,
        cap_w: float | None = None,
        people: int | None = None,
    ) -> Event | None:
        """Set fire to a place; None when nothing there burns.

        Parameters
        ----------
        growth, cap_w, people
            How it grows, the heat it reaches [W], people in its rooms; None for what is
            usual.
        cause
            Event or order that brought it about.
        """
        stage = self._stage
        premises = PREMISES.get(stage.city.basemap.places[place].kind)
        if premises is None:
            return None
        self._count += 1
        draw = stage.streams.at("world.hazards.fire", self._count)
        event = stage.events.begin(FIRE, stage.now, place, 0.0, cause=cause, growth=growth)
        if people is None:
            people = int(draw.poisson(premises.people))
        self.people_in += people
        self._fires.append(
            _Fire(
                event=event,
                place=place,
                premises=premises,
                blaze=Blaze(GROWTH_W_S2[growth or premises.growth], cap_w or premises.cap_w),
                draw=draw,
                leave_s=draw_leave_s(people, premises, draw),
                whole=cap_w is None,
                death_due=float(draw.exponential(DEATH_S)),
                spread_due=float(draw.exponential()),
            )
        )
        return event

    def step(self, now: Ns, dt_s: float) -> None:
        """Let everything burn for `dt_s`."""
        if not self._fires and self._is_clear:
            return
        self._heat_w[:] = 0.0
        for fire in list(self._fires):
            fire.blaze.burn(dt_s, self._water_m3s(fire))
            self._let_leave(fire, now, dt_s)
            self._let_die(fire, now, dt_s)
            self._let_spread(fire, dt_s)
            self._tell(fire, now, dt_s)
            if fire.blaze.is_out:
                self._end(fire, now)
        self._smoke_m2 += self._heat_w * (SMOKE_PER_J * dt_s)
        self._smoke_m2 *= math.exp(-AIRING_PER_S * dt_s)
        self._is_clear = not self._fires and self._smoke_m2.max() < 1e-3
        if self._is_clear:
            self._smoke_m2[:] = 0.0

    def totals(self) -> Mapping[str, float | int]:
        """Return how many fires there were, and what became of the people in them."""
        return {
            "fires": self._count,
            "fire_people_in": self.people_in,
            "fire_people_out": self.people_out,
            "fire_people_rescued": self.rescued,
            "fire_people_dead": self.dead,
            "fire_people_left_inside": self.inside + self.trapped,
        }

    def _at(self, place: int) -> list[_Fire]:
        return [fire for fire in self._fires if fire.place == place]

    def _water_m3s(self, fire: _Fire) -> float:
        crews = self._hoses.at(fire.place)
        if not crews:
            return 0.0
        brought = min(self._hoses.capacity(fire.place), crews * CREW_M3S)
        mains = hydrant_share(self._pressure_pa(fire.place))
        supply = 1.0 if self._tankers.at(fire.place) else mains
        reach = 1.0 if self._is_dead_wire.get(fire.place) else LIVE_SHARE
        return brought * supply * reach / len(self._at(fire.place))

    def _let_leave(self, fire: _Fire, now: Ns, dt_s: float) -> None:
        heat_w = fire.blaze.heat_w
        if heat_w < SEEN_W and fire.alarmed_s < 0:
            return
        if fire.alarmed_s < 0:
            fire.alarmed_s = 0.0
            self._stage.callers.report("119", FIRE.kind, fire.place, len(fire.leave_s))
        else:
            fire.alarmed_s += dt_s
        gone = int(np.searchsorted(fire.leave_s, fire.alarmed_s, side="right"))
        fire.leave_s = fire.leave_s[gone:]
        self.people_out += gone
        if heat_w >= BLAZING_W:
            if gone:
                self._hurt(fire, now, int(fire.draw.binomial(gone, CHOKED)))
            if not fire.is_told:
                fire.is_told = True
                self._stage.callers.report(
                    "119", FIRE.kind, fire.place, len(fire.leave_s), witnesses=2
                )
        if heat_w >= UNTENABLE_W and len(fire.leave_s):
            caught = len(fire.leave_s)
            fire.leave_s = fire.leave_s[:0]
            self._cut_off(fire, caught)

    def _cut_off(self, fire: _Fire, people: int) -> None:
        fire.trapped += people
        self._stage.events.hurt(fire.event, self._stage.now, "trapped", people)
        self._stage.callers.report("119", "trapped", fire.place, people)

    def _let_die(self, fire: _Fire, now: Ns, dt_s: float) -> None:
        """Let those trapped die one by one, at `1 / DEATH_S` each while it burns on."""
        left_s = dt_s
        while fire.trapped and fire.blaze.heat_w >= UNTENABLE_W:
            if fire.death_due > left_s * fire.trapped:
                fire.death_due -= left_s * fire.trapped
                return
            left_s -= fire.death_due / fire.trapped
            fire.death_due = float(fire.draw.exponential(DEATH_S))
            fire.trapped -= 1
            self.dead += 1
            self._stage.events.hurt(fire.event, now, "dead", 1)

    def _let_spread(self, fire: _Fire, dt_s: float) -> None:
        blaze = fire.blaze
        if blaze.held or not fire.whole or blaze.heat_w < 0.9 * blaze.cap_w:
            return
        fire.spread_due -= SPREAD_PER_H * dt_s / 3600
        if fire.spread_due > 0 or fire.buildings >= BUILDINGS_MAX or blaze.fuel_j <= 0:
            return
        fire.buildings += 1
        fire.spread_due = float(fire.draw.exponential())
        blaze.feed(fire.premises.cap_w)
        # Smoke has been seen for long: those next door are warned, and most are out.
        people = int(fire.draw.poisson(fire.premises.people))
        out = int(fire.draw.binomial(people, 0.9))
        self.people_in += people
        self.people_out += out
        if people > out:
            self._cut_off(fire, people - out)

    def _tell(self, fire: _Fire, now: Ns, dt_s: float) -> None:
        heat_w = fire.blaze.heat_w
        self._heat_w[fire.place] += heat_w
        fire.event.extra = {"buildings": fire.buildings, "trapped": fire.trapped}
        self._stage.events.update(
            fire.event, now, heat_w, exposed=len(fire.leave_s) + fire.trapped, dt_s=dt_s
        )
        if heat_w >= BLAZING_W:
            for told in self.on_smoke:
                told(fire.event, heat_w)

    def _end(self, fire: _Fire, now: Ns) -> None:
        if fire.trapped:
            self._bring_out_of(fire, fire.trapped)
        self.people_out += len(fire.leave_s)
        self._fires.remove(fire)
        self._stage.events.end(fire.event, now, by="suppress" if fire.blaze.held else "itself")

    def _hurt(self, fire: _Fire, now: Ns, people: int) -> None:
        if people:
            self._stage.events.hurt(fire.event, now, "injured", people)
            self._care.add(fire.place, people, cause=fire.event.event_id)

    def _rescue_s(self, place: int) -> float | None:
        fires = self._at(place)
        if any(fire.trapped for fire in fires):
            return RECALLED_S if self._has_lifts.get(place) else RESCUE_S
        # As long as some may still be cut off, the crew stands by.
        return math.inf if any(len(fire.leave_s) for fire in fires) else None

    def _bring_out(self, task: Task) -> None:
        fire = next(fire for fire in self._at(task.place) if fire.trapped)
        self._bring_out_of(fire, 1)

    def _bring_out_of(self, fire: _Fire, people: int) -> None:
        fire.trapped -= people
        self.rescued += people
        self._hurt(fire, self._stage.now, people)

    def _expect(self, name: str, order: FireRate) -> None:
        city = self._stage.city
        burns = np.array([place.kind in PREMISES for place in city.basemap.places])
        weights = np.where(burns, city.sites.capacity, 0.0)
        rate_per_s = order.per_1000_people_year * city.cells.people.sum() / 1000 / YEAR_S
        if not weights.sum() > 0:
            return

        def happen(draw: np.random.Generator) -> None:
            small_w = float(draw.uniform(*SMALL_W))
            cap_w = small_w if draw.random() < SMALL_SHARE else None
            self.ignite(draw_row(draw, weights), cause=name, cap_w=cap_w)

        ChanceEvents(self._stage, "world.hazards.fires", float(rate_per_s), happen)

    def _steam(self, name: str, place: int, lasts_s: float) -> None:
        stage = self._stage
        event = stage.events.begin(STEAM, stage.now, place, STEAM_DB_M, cause=name)
        self._steam_db_m[place] += STEAM_DB_M
        self._steams += 1
        if stage.streams.at("world.hazards.steam", self._steams).random() < STEAM_CALLED:
            stage.callers.report("119", FIRE.kind, place)

        def clear() -> None:
            self._steam_db_m[place] -= STEAM_DB_M
            stage.events.end(event, stage.now)

        stage.after(lasts_s, clear, name)

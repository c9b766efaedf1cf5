"""Toxic gas inside a workshop: a mixed room, a fan, and workers who get out in time or not."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from sim.kernel.clock import Ns
from sim.kernel.units import Kilograms, KilogramsPerSecond
from sim.world.actuators import Effect
from sim.world.crew import Task, Work
from sim.world.events import Event, HazardKind
from sim.world.fields import Field
from sim.world.hazards.holders import Holders
from sim.world.hazards.order import Order, choose_place
from sim.world.hazards.toll import Toll
from sim.world.hazards.toxics import GASES, SUBSTANCES, Substance, ToxicGas
from sim.world.hazards.works import Care, Labour
from sim.world.stage import Stage

F64 = NDArray[np.float64]
I32 = NDArray[np.int32]

FLOOR_M2, HEIGHT_M = 500.0, 6.0
"""Of the workshop that gas fills; assumed: one bay of a hall."""
AIR_CHANGES_PER_H = (3.0, 6.0)
"""Without and with the emergency fan: domain facts, hazard 18, indoors at 3 to 6."""
PRESENT = 0.3
"""Share of a factory's workers on shift; assumed: three shifts and holidays."""
AREA_EACH_M2 = 50.0
"""Hall for each worker, as the city is built; the workshop holds its share of those present."""
LEAVE_S = 120.0
"""Time constant of leaving once warned by the siren or by their noses; assumed."""
PLUG_S = 600.0
"""Crew time to close the leak in a workshop; assumed: half of one in the open."""


def _kind(substance: Substance) -> HazardKind:
    return HazardKind(
        kind="toxic_release",
        title="Toxic gas in a workshop · 车间有毒气体泄漏",
        domain="industry",
        quantity=f"{substance.title.split(' · ')[0]} in the workshop",
        unit="mg/m3",
        levels=tuple(zip(("IV", "III", "II", "I"), substance.alarms_mgm3, strict=True)),
        source="domain facts, vital signs of emergency, limits of GBZ 2.1 and IDLH",
    )


TOXIC_RELEASE = {name: _kind(substance) for name, substance in SUBSTANCES.items()}
"""One kind a substance: the word is the same, the levels are its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToxicReleaseOrder(Order):
    """Let toxic gas out inside a factory's workshop.

    Attributes
    ----------
    substance
        Which gas.
    rate_kgs, held_kg
        How fast it leaves, and how much there is.
    """

    word: ClassVar[str] = "toxic_release"
    substance: Literal["chlorine", "ammonia", "hydrogen_sulphide", "carbon_monoxide"] = (
        "hydrogen_sulphide"
    )
    rate_kgs: KilogramsPerSecond = 2e-4
    held_kg: Kilograms = 5.0


def room_mgm3(before: float, source_mgs: float, volume_m3: float, ach: float, dt_s: float) -> float:
    """Return the concentration of a mixed room `dt_s` later, ``dC/dt = S/V - n C``, exactly."""
    steady = source_mgs / volume_m3 * 3600 / ach
    return steady + (before - steady) * math.exp(-ach * dt_s / 3600)


@dataclass(slots=True, eq=False)
class _Room:
    event: Event
    order: ToxicReleaseOrder
    substance: Substance
    inside: float
    dead: Toll
    injured: Toll
    mgm3: float = 0.0
    let_out_kg: float = 0.0
    load: float = 0.0
    expected_dead: float = 0.0
    expected_injured: float = 0.0
    ended_by: str = ""


class ToxicReleases:
    """All releases of gas indoors, at most one at a factory at a time.

    Parameters
    ----------
    stage
        What hazards share.
    gas
        The field of toxic gas detectors, shared with releases into the open.
    care
        Takes up the injured.
    """

    orders: tuple[type[Order], ...] = (ToxicReleaseOrder,)
    step_s = 10.0

    def __init__(self, stage: Stage, gas: ToxicGas, *, care: Care) -> None:
        self._stage = stage
        self._care = care
        self._rooms: dict[int, _Room] = {}
        self._count = 0
        self._stops, self._fans, self._sirens = Holders(), Holders(), Holders()
        gas.add(self.gas_at)
        self.fields: Mapping[str, Field] = {"toxic_gas": gas}
        self.works: Mapping[str, Work] = {"contain": Labour(self._leak_s, self._plug)}
        self.effects: Mapping[str, Effect] = {
            "site_stop": self._stops.hold,
            "vent_fan": self._fans.hold,
            "siren": self._sirens.hold,
        }

    def plan(self, name: str, order: ToxicReleaseOrder) -> None:
        """Put a release on the clock."""
        place = choose_place(self._stage, name, order, ("factory",))
        self._stage.at(order.at_s, partial(self._let_out, place, order, name), name)

    def release(self, place: int, *, cause: str | None = None, **fields: Any) -> Event | None:
        """Let gas out now, None when some is already; `fields` are those of the order."""
        return self._begin(place, ToxicReleaseOrder(**fields), cause)

    def step(self, now: Ns, dt_s: float) -> None:
        """Fill and air the workshops, and let workers breathe and leave."""
        for place, room in list(self._rooms.items()):
            self._fill(place, room, dt_s)
            self._breathe(place, room, now, dt_s)
            if self._is_closed(place, room) and room.mgm3 < room.substance.alarms_mgm3[0]:
                del self._rooms[place]
                self._stage.events.end(room.event, now, by=room.ended_by)

    def totals(self) -> Mapping[str, float | int]:
        """Return nothing beyond the harm that events count."""
        return {}

    def gas_at(self, xy_m: F64, place: I32) -> F64 | None:
        """Return what detectors in the workshops read."""
        del xy_m
        if not self._rooms:
            return None
        values = np.zeros((len(GASES), len(place)))
        for here, room in self._rooms.items():
            values[GASES.index(room.order.substance), place == here] += room.mgm3
        return values

    def _let_out(self, place: int, order: ToxicReleaseOrder, name: str) -> None:
        self._begin(place, order, name)

    def _begin(self, place: int, order: ToxicReleaseOrder, cause: str | None) -> Event | None:
        if place in self._rooms:
            return None
        stage = self._stage
        draw = stage.streams.at("world.hazards.toxic_release.toll", self._count).uniform(size=2)
        self._count += 1
        workers = float(stage.city.sites.capacity[place]) * PRESENT
        event = stage.events.begin(
            TOXIC_RELEASE[order.substance],
            stage.now,
            place,
            0.0,
            cause=cause,
            substance=order.substance,
            rate_kgs=order.rate_kgs,
        )
        self._rooms[place] = _Room(
            event=event,
            order=order,
            substance=SUBSTANCES[order.substance],
            inside=min(workers, FLOOR_M2 / AREA_EACH_M2),
            dead=Toll(float(draw[0])),
            injured=Toll(float(draw[1])),
        )
        return event

    def _is_closed(self, place: int, room: _Room) -> bool:
        if not room.ended_by:
            if room.let_out_kg >= room.order.held_kg - 1e-12:
                room.ended_by = "itself"
            elif self._stops.at(place):
                room.ended_by = "site_stop"
        return bool(room.ended_by)

    def _fill(self, place: int, room: _Room, dt_s: float) -> None:
        mass_kg = 0.0
        if not self._is_closed(place, room):
            left_kg = room.order.held_kg - room.let_out_kg
            mass_kg = min(left_kg, room.order.rate_kgs * dt_s)
        room.let_out_kg += mass_kg
        ach = AIR_CHANGES_PER_H[self._fans.at(place) > 0]
        volume_m3 = FLOOR_M2 * HEIGHT_M
        room.mgm3 = room_mgm3(room.mgm3, mass_kg * 1e6 / dt_s, volume_m3, ach, dt_s)

    def _breathe(self, place: int, room: _Room, now: Ns, dt_s: float) -> None:
        """Harm those inside by what their load has grown; those who have left are safe."""
        substance, events = room.substance, self._stage.events
        before = room.load
        room.load += float(substance.load(np.array(room.mgm3), dt_s))
        span = np.array([before, room.load])
        died = room.inside * float(np.diff(substance.dead_share(span))[0])
        hurt = room.inside * float(np.diff(substance.injured_share(span))[0])
        room.expected_dead += died
        room.expected_injured += max(0.0, hurt - died)
        dead = room.dead.rise_to(room.expected_dead)
        injured = room.injured.rise_to(room.expected_injured)
        # Whoever harms himself is carried out, and breathes no more of it.
        room.inside = max(0.0, room.inside - dead - injured)
        noticed = substance.smells and room.mgm3 >= substance.alarms_mgm3[2]
        if self._sirens.at(place) or noticed:
            room.inside *= math.exp(-dt_s / LEAVE_S)
        events.hurt(room.event, now, "dead", dead)
        events.hurt(room.event, now, "injured", injured)
        self._care.add(place, injured, cause=room.event.event_id)
        if injured and room.injured.people == injured:
            self._stage.callers.report("119", "toxic_release", place, injured)
        risky = room.inside if room.mgm3 >= substance.alarms_mgm3[1] else 0.0
        events.update(room.event, now, room.mgm3, exposed=risky, dt_s=dt_s)

    def _leak_s(self, place: int) -> float | None:
        room = self._rooms.get(place)
        return None if room is None or self._is_closed(place, room) else PLUG_S

    def _plug(self, task: Task) -> None:
        self._rooms[task.place].ended_by = "contain"

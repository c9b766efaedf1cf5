"""Hazardous gas let out at a factory: who breathes it, who is harmed, what stops it.

Also its decoy, a white cloud of steam, about which people call just the same.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from sim.kernel.clock import Ns, to_seconds
from sim.kernel.units import Kilograms, KilogramsPerSecond, Metres, Seconds
from sim.world.actuators import Effect
from sim.world.crew import Task, Work
from sim.world.events import Event, HazardKind
from sim.world.fields import Field
from sim.world.hazards.dispersion import Cloud, plume_ring_m, stability
from sim.world.hazards.holders import Holders
from sim.world.hazards.order import Order, choose_place
from sim.world.hazards.shelter import CORDON_M, Shelter, seep
from sim.world.hazards.toll import Toll
from sim.world.hazards.toxics import GASES, SUBSTANCES, Substance, ToxicGas
from sim.world.hazards.works import Care, Labour, Presence
from sim.world.stage import Stage

F64 = NDArray[np.float64]
I32 = NDArray[np.int32]

AT = ("factory",)
CONTAIN_S = 1_200.0
"""Crew time to approach in suits and close, wedge or plug the leak; assumed."""
FENCE_M = 50.0
"""Where workers and the plant's own detectors are, all round the source; assumed."""
PRESENT = 0.3
"""Share of a factory's workers on shift; assumed: three shifts and holidays."""
WAKE_M = 30.0
"""The plant's buildings spread the gas as this much travel would; assumed."""
RING_EVERY_S = 600.0
"""Time between two footprints of one event."""

Substances = Literal["chlorine", "ammonia", "hydrogen_sulphide", "carbon_monoxide"]


def _kind(substance: Substance) -> HazardKind:
    _, serious, life = substance.erpg_mgm3
    return HazardKind(
        kind="hazmat",
        title="Hazardous gas release · 危险化学品泄漏",
        domain="emergency",
        quantity=f"{substance.title.split(' · ')[0]} where people are",
        unit="mg/m3",
        levels=(
            ("IV", substance.limit_mgm3),
            ("III", serious),
            ("II", life),
            ("I", substance.deadly_mgm3(1800.0)),
        ),
        source="GBZ 2.1-2019 limit, ERPG-2, ERPG-3, and death of half in 30 min (CPR 18E)",
    )


HAZMAT = {name: _kind(substance) for name, substance in SUBSTANCES.items()}
"""One kind a substance: the word is the same, the levels are its own."""
STEAM = HazardKind(
    kind="steam_cloud",
    title="Harmless cloud of steam · 蒸汽误报",
    domain="emergency",
    quantity="steam",
    unit="kg/s",
    levels=(),
    source="assumed: a safety valve or a burst steam pipe looks like a release from afar",
    decoy=True,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class HazmatOrder(Order):
    """Let toxic gas out of a factory.

    Attributes
    ----------
    substance
        Which gas.
    rate_kgs, held_kg
        How fast it leaves, and how much there is; then the release ends by itself.
    source
        A line can be shut off by the plant's emergency stop; a tank must be plugged by a crew.
    height_m
        Of the opening above the ground.
    """

    word: ClassVar[str] = "hazmat"
    substance: Substances = "chlorine"
    rate_kgs: KilogramsPerSecond = 1.0
    held_kg: Kilograms = 3_000.0
    source: Literal["tank", "line"] = "tank"
    height_m: Metres = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SteamOrder(Order):
    """Let a factory blow off steam, which looks like a release and harms nobody.

    Attributes
    ----------
    duration_s
        How long it blows.
    """

    word: ClassVar[str] = "steam_cloud"
    duration_s: Seconds = 600.0


@dataclass(slots=True, eq=False)
class _Release:
    """One release and those it reaches: eight points of the fence, then all cells.

    Loads are ``(2, n)``, out of doors and in; shares harmed ``(2, 2, n)``, dead and injured; the
    expected numbers of both are of whole people in `dead` and `injured`.
    """

    event: Event
    order: HazmatOrder
    substance: Substance
    cloud: Cloud
    xy_m: F64
    people: F64
    indoor_mgm3: F64
    load: F64
    harmed: F64
    reached: NDArray[np.bool_]
    expected: F64
    dead: Toll
    injured: Toll
    ended_by: str = ""
    ring_at: int = field(default=-(10**18))


class Plumes:
    """All releases of gas into the open.

    Parameters
    ----------
    stage
        What hazards share.
    gas
        The field of toxic gas detectors, shared with releases indoors.
    care
        Takes up the injured.
    wind
        Where the air goes now, east and north [m/s], at 10 m.
    sky
        Sine of the sun's height and share of sky covered now.
    """

    orders: tuple[type[Order], ...] = (HazmatOrder, SteamOrder)
    step_s = 30.0

    def __init__(
        self,
        stage: Stage,
        gas: ToxicGas,
        *,
        care: Care,
        wind: Callable[[], tuple[float, float]],
        sky: Callable[[], tuple[float, float]],
    ) -> None:
        self._stage = stage
        self._wind = wind
        self._sky = sky
        self._open: list[_Release] = []
        self._count = 0
        self._stopped = Holders()
        self._shelter = shelter = Shelter(stage)
        self._cordons = Presence(self._is_clean)
        self._kg = {"released": 0.0, "gone": 0.0}
        self._care = care
        gas.add(self.gas_at)
        self.fields: Mapping[str, Field] = {"toxic_gas": gas}
        self.works: Mapping[str, Work] = {
            "contain": Labour(self._leak_s, self._plug),
            "cordon": self._cordons,
            "monitor": Presence(self._is_clean),
        }
        self.effects: Mapping[str, Effect] = {
            "site_stop": self._stopped.hold,
            "siren": shelter.sound_siren,
            "broadcast": shelter.broadcast,
        }

    def plan(self, name: str, order: HazmatOrder | SteamOrder) -> None:
        """Put a release or a cloud of steam on the clock."""
        place = choose_place(self._stage, name, order, AT)
        if isinstance(order, SteamOrder):
            self._stage.at(order.at_s, lambda: self._blow(place, order, name), name)
        else:
            self._stage.at(order.at_s, partial(self._let_out, place, order, name), name)

    def release(self, place: int, *, cause: str | None = None, **fields: Any) -> Event:
        """Let gas out at a place now; `fields` are those of `HazmatOrder`."""
        return self._begin(place, HazmatOrder(**fields), cause)

    def step(self, now: Ns, dt_s: float) -> None:
        """Carry the clouds on, and let people breathe."""
        if not self._open:
            return
        wind, kind = self._wind(), self._class_now()
        for release in list(self._open):
            mass_kg = self._leaving_kg(release, dt_s)
            release.cloud.step(mass_kg, wind, kind, dt_s)
            release.cloud.thin_out(release.substance.limit_mgm3 / 3 * 1e-6)
            self._breathe(release, now, dt_s)
            self._draw_ring(release, now, mass_kg / dt_s, kind)
            if self._is_closed(release) and not len(release.cloud):
                self._end(release, now)

    def totals(self) -> Mapping[str, float | int]:
        """Return the gas let out, what is still in the air, and what has thinned out."""
        if not self._count:
            return {}
        clouds = [release.cloud for release in self._open]
        return {
            "toxic_released_kg": self._kg["released"] + sum(c.released_kg for c in clouds),
            "toxic_airborne_kg": sum(c.airborne_kg for c in clouds),
            "toxic_gone_kg": self._kg["gone"] + sum(c.gone_kg for c in clouds),
        }

    def gas_at(self, xy_m: F64, place: I32) -> F64 | None:
        """Return what detectors meet; one at the plant reads the worst of its fence."""
        if not self._open:
            return None
        values = np.zeros((len(GASES), len(xy_m)))
        for release in self._open:
            here = release.cloud.at(xy_m) * 1e6
            fence = float(release.cloud.at(release.xy_m[:8]).max() * 1e6)
            row = GASES.index(release.order.substance)
            values[row] += np.where(place == release.event.place, np.maximum(here, fence), here)
        return values

    def _let_out(self, place: int, order: HazmatOrder, name: str) -> None:
        self._begin(place, order, name)

    def _is_clean(self, place: int) -> bool:
        return all(release.event.place != place for release in self._open)

    def _leak_s(self, place: int) -> float | None:
        return CONTAIN_S if next(self._leaks(place), None) else None

    def _plug(self, task: Task) -> None:
        next(self._leaks(task.place)).ended_by = "contain"

    def _leaks(self, place: int) -> Iterator[_Release]:
        for release in self._open:
            if release.event.place == place and not self._is_closed(release):
                yield release

    def _begin(self, place: int, order: HazmatOrder, cause: str | None) -> Event:
        stage, substance = self._stage, SUBSTANCES[order.substance]
        at, cells = stage.city.basemap.places[place], stage.city.cells
        turn = np.arange(8) * (math.pi / 4)
        fence = np.stack([np.cos(turn), np.sin(turn)], axis=1) * FENCE_M + (at.x_m, at.y_m)
        workers = float(stage.city.sites.capacity[place]) * PRESENT
        xy_m = np.concatenate([fence, cells.xy_m])
        draw = stage.streams.at("world.hazards.hazmat.toll", self._count).uniform(size=2)
        self._count += 1
        event = stage.events.begin(
            HAZMAT[order.substance],
            stage.now,
            place,
            0.0,
            cause=cause,
            substance=order.substance,
            rate_kgs=order.rate_kgs,
            source=order.source,
        )
        self._open.append(
            _Release(
                event=event,
                order=order,
                substance=substance,
                cloud=Cloud((at.x_m, at.y_m), order.height_m, WAKE_M),
                xy_m=xy_m,
                people=np.concatenate([np.full(8, workers / 8), cells.people]),
                indoor_mgm3=np.zeros(len(xy_m)),
                load=np.zeros((2, len(xy_m))),
                harmed=np.zeros((2, 2, len(xy_m))),
                reached=np.zeros(len(xy_m), dtype=bool),
                expected=np.zeros(2),
                dead=Toll(float(draw[0])),
                injured=Toll(float(draw[1])),
            )
        )
        if substance.smells:
            # assumed: a guard of the plant and a neighbour, by the smell.
            stage.callers.report("119", "hazmat", place, witnesses=2)
        return event

    def _blow(self, place: int, order: SteamOrder, name: str) -> None:
        stage = self._stage
        event = stage.events.begin(STEAM, stage.now, place, 1.0, cause=name)
        stage.callers.report("119", "hazmat", place)
        stage.after(order.duration_s, lambda: stage.events.end(event, stage.now), name)

    def _leaving_kg(self, release: _Release, dt_s: float) -> float:
        if self._is_closed(release):
            return 0.0
        left_kg = release.order.held_kg - release.cloud.released_kg
        return min(left_kg, release.order.rate_kgs * dt_s)

    def _is_closed(self, release: _Release) -> bool:
        if not release.ended_by:
            order = release.order
            if release.cloud.released_kg >= order.held_kg - 1e-9:
                release.ended_by = "itself"
            elif order.source == "line" and self._stopped.at(release.event.place):
                release.ended_by = "site_stop"
        return bool(release.ended_by)

    def _class_now(self) -> str:
        return stability(math.hypot(*self._wind()), *self._sky())

    def _breathe(self, release: _Release, now: Ns, dt_s: float) -> None:
        """Let those whom the cloud has reached breathe for `dt_s`, and count who is harmed."""
        substance, event, events = release.substance, release.event, self._stage.events
        release.reached[release.cloud.near(release.xy_m)] = True
        at = np.flatnonzero(release.reached)
        people, serious = release.people[at], substance.erpg_mgm3[1]
        outside = release.cloud.at(release.xy_m[at]) * 1e6
        told = self._told(release)[at]
        inside = release.indoor_mgm3[at] = seep(release.indoor_mgm3[at], outside, told, dt_s)
        out_share = self._shelter.outdoors(told)
        if self._cordons.at(release.event.place):
            away = np.hypot(*(release.xy_m[at] - release.xy_m[:8].mean(axis=0)).T)
            out_share[away <= CORDON_M] = 0.0
        shares = np.stack([out_share, 1 - out_share])
        breathed = np.stack([outside, inside])
        exposed = float(people @ (shares * (breathed >= serious)).sum(axis=0))
        event.extra = {"airborne_kg": float(release.cloud.airborne_kg)}
        worst = float(outside[people > 0].max(initial=0.0))
        events.update(event, now, worst, exposed=exposed, dt_s=dt_s)
        load = release.load[:, at] = release.load[:, at] + substance.load(breathed, dt_s)
        harmed = np.stack([substance.dead_share(load), substance.injured_share(load)])
        # What the load has grown by harms those who breathe it now, indoors or out.
        release.expected += ((harmed - release.harmed[:, :, at]) * shares).sum(axis=1) @ people
        release.harmed[:, :, at] = harmed
        dead = release.dead.rise_to(float(release.expected[0]))
        hurt = release.injured.rise_to(float(release.expected[1] - release.expected[0]))
        events.hurt(event, now, "dead", dead)
        events.hurt(event, now, "injured", hurt)
        self._care.add(event.place, hurt, cause=event.event_id)

    def _told(self, release: _Release) -> NDArray[np.bool_]:
        """Return ``(8 + cells,)`` who was told to go in; the fence hears what its cells hear."""
        told = self._shelter.told()
        beside = told[self._shelter.within(release.event.place, CORDON_M)]
        return np.concatenate([np.full(8, bool(beside.any())), told])

    def _draw_ring(self, release: _Release, now: Ns, rate_kgs: float, kind: str) -> None:
        if rate_kgs <= 0 or to_seconds(int(now) - release.ring_at) < RING_EVERY_S:
            return
        release.ring_at = int(now)
        east, north = self._wind()
        speed = math.hypot(east, north)
        along = np.array([east, north]) / speed if speed > 0 else np.array([1.0, 0.0])
        frame = np.stack([along, [-along[1], along[0]]])
        source = release.xy_m[:8].mean(axis=0)
        for bound in release.substance.erpg_mgm3[1:]:
            ring = plume_ring_m(rate_kgs, speed, kind, bound * 1e-6, release.order.height_m)
            if len(ring):
                lonlat = self._stage.city.basemap.projection.to_lonlat(ring @ frame + source)
                closed = [*lonlat.tolist(), lonlat[0].tolist()]
                self._stage.events.footprint(release.event, now, closed, bound)

    def _end(self, release: _Release, now: Ns) -> None:
        self._open.remove(release)
        self._kg["released"] += release.cloud.released_kg
        self._kg["gone"] += release.cloud.gone_kg
        self._stage.events.end(release.event, now, by=release.ended_by)

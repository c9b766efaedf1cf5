"""Bridges overloaded by convoys: strain, cracks, and in the worst case a fall."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from sim.kernel.clock import Ns
from sim.kernel.units import Kilograms, Seconds, Share
from sim.world.actuators import Effect
from sim.world.crew import Work
from sim.world.events import Event, HazardKind
from sim.world.fields import Field
from sim.world.hazards.order import Order, choose_place
from sim.world.hazards.toll import Toll
from sim.world.hazards.works import Care, Presence
from sim.world.stage import Stage

F64 = NDArray[np.float64]

ONSET, END, QUIET_S = 0.6, 0.5, 900.0
"""Strain by design strain from which a bridge is overloaded (blue entry of the vital signs), and
below which it is over when it stays so for as long [s] (assumed: a convoy that was turned back
and comes again when the sign is cleared is the same one)."""
FAILS_AT, STEEPNESS = 1.4, 0.08
"""Ratio at which a bridge falls at a rate of half an hour's certainty, and how steeply the rate
rises with it; assumed: partial factors of JTG D60 leave about 1.4 between design and strength."""
TRUCK_M, AXLES = 14.0, 6
"""Length between the outer axles of an overweight lorry, and their number: GB 1589-2016."""
PEOPLE_PER_VEHICLE = 1.5
"""assumed: usual occupancy, 1.3 to 1.6."""
DIE, HURT = 0.2, 0.6
"""Of those on a span that falls, the share that dies and the share that is hurt; assumed."""
SEEN = 1.0
"""Ratio from which drivers call; assumed: the deck sags and shakes."""

BRIDGE_OVERLOAD = HazardKind(
    kind="bridge_overload",
    title="Overloaded bridge · 桥梁超载",
    domain="municipal",
    quantity="strain by design strain",
    unit="1",
    levels=(("IV", 0.6), ("III", 0.8), ("II", 1.0), ("I", 1.2)),
    source="domain facts, vital signs of municipal services: 0.6/0.8/1.0/1.2",
)


class Spans(Protocol):
    """The bridges' physics, a row each."""

    place: NDArray[np.intp]
    ratio: F64
    crack_mm: F64
    on_span: F64

    def find_row(self, place: int) -> int | None:
        """Return the row of a place, None when it is no bridge."""

    def load(self, row: int, force_n: float) -> None:
        """Put overweight traffic on a bridge, or take it off."""

    def weaken(self, row: int, strength: float) -> None:
        """Leave a share of the design strength."""

    def limit(self, place: int, by: str, held: bool) -> None:
        """Let somebody turn overweight traffic back."""

    def held_by(self, place: int) -> str:
        """Return what keeps overweight traffic off; empty when nothing does."""

    def microstrain(self) -> F64:
        """Return ``(b,)`` strain at mid-span."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BridgeOrder(Order):
    """Let a convoy of overweight lorries cross a bridge for a while.

    Attributes
    ----------
    lorry_kg
        Weight of each; the law allows 49 t.
    duration_s
        How long one after another stands on the span.
    strength
        What is left of the bridge's design strength.
    """

    word: ClassVar[str] = "bridge_overload"
    lorry_kg: Kilograms = 75_000.0
    duration_s: Seconds = 7_200.0
    strength: Share = 1.0


def lorry_n(weight_kg: float, span_m: float = 30.0) -> float:
    """Return a lorry in the middle of a span as a force at mid-span: axles x influence line."""
    axles_m = np.linspace(-TRUCK_M / 2, TRUCK_M / 2, AXLES)
    line = np.clip(1 - np.abs(axles_m) / (span_m / 2), 0.0, None)
    return float(weight_kg * 9.80665 / AXLES * line.sum())


def failure_per_h(ratio: F64 | float) -> F64:
    """Return the rate at which a bridge falls, logistic in strain by design strain [1/h]."""
    rate: F64 = 0.5 / (1 + np.exp((FAILS_AT - np.asarray(ratio)) / STEEPNESS))
    return 2 * rate


@dataclass(slots=True, eq=False)
class _Overload:
    event: Event
    crack_mm: float
    survives: float
    danger: float = 0.0
    fallen: bool = False
    called: bool = False
    quiet_s: float = 0.0
    held: str | None = None


class BridgeOverloads:
    """All bridges that carry too much.

    Parameters
    ----------
    stage
        What hazards share.
    spans
        The bridges.
    care
        Takes up the injured.

    Attributes
    ----------
    on_fall
        Called when a bridge falls, with its event and the place: no road leads over it any more.
    """

    orders: tuple[type[Order], ...] = (BridgeOrder,)
    step_s = 60.0
    effects: Mapping[str, Effect] = {}
    fields: Mapping[str, Field] = {}

    def __init__(self, stage: Stage, spans: Spans, *, care: Care) -> None:
        self._stage = stage
        self._spans = spans
        self._care = care
        self._open: dict[int, _Overload] = {}
        self._causes: dict[int, str] = {}
        self._convoys: dict[int, list[float]] = {}
        self._inspectors = Presence(self._is_calm)
        self._count = 0
        self._fallen = 0
        self.on_fall: list[Callable[[Event, int], None]] = []
        self.works: Mapping[str, Work] = {"inspect": self._inspectors}

    def plan(self, name: str, order: BridgeOrder) -> None:
        """Put a convoy on the clock."""
        place = choose_place(self._stage, name, order, ("bridge",))
        self._stage.at(order.at_s, partial(self._cross, place, order, name), name)

    def step(self, now: Ns, dt_s: float) -> None:
        """Open, follow and end overloads; let those that must fall."""
        strained = self._spans.ratio >= ONSET
        if not self._open and not strained.any():
            return
        for row in np.flatnonzero(strained).tolist():
            if row not in self._open:
                self._begin(row, now)
        for row, overload in list(self._open.items()):
            self._follow(row, overload, now, dt_s)

    def totals(self) -> Mapping[str, float | int]:
        """Return how many bridges fell."""
        return {"bridges_fallen": self._fallen} if self._fallen else {}

    def _cross(self, place: int, order: BridgeOrder, name: str) -> None:
        row = self._spans.find_row(place)
        assert row is not None, f"place {place} is no bridge"
        force_n = lorry_n(order.lorry_kg)
        self._causes[row] = name
        if order.strength < 1:
            self._spans.weaken(row, order.strength)
        self._spans.load(row, force_n)
        self._convoys.setdefault(row, []).append(force_n)
        self._stage.after(order.duration_s, partial(self._pass, row, force_n), name)

    def _pass(self, row: int, force_n: float) -> None:
        if force_n in self._convoys[row]:
            self._convoys[row].remove(force_n)
            self._spans.load(row, -force_n)

    def _begin(self, row: int, now: Ns) -> None:
        spans, stage = self._spans, self._stage
        draw = stage.streams.at("world.hazards.bridge_overload.survives", self._count)
        self._count += 1
        event = stage.events.begin(
            BRIDGE_OVERLOAD,
            now,
            int(spans.place[row]),
            float(spans.ratio[row]),
            cause=self._causes.get(row),
        )
        # It falls when the rate, summed over time, has used up an exponential draw of mean 1.
        self._open[row] = _Overload(
            event, float(spans.crack_mm[row]), float(draw.standard_exponential())
        )

    def _follow(self, row: int, overload: _Overload, now: Ns, dt_s: float) -> None:
        spans, stage, event = self._spans, self._stage, overload.event
        if overload.fallen:
            return
        # An inspector at the bridge turns back what is too heavy.
        spans.limit(event.place, "inspect", self._inspectors.at(event.place) > 0)
        ratio = float(spans.ratio[row])
        people = float(spans.on_span[row]) * PEOPLE_PER_VEHICLE
        event.extra = {
            "microstrain": float(spans.microstrain()[row]),
            "crack_mm": float(spans.crack_mm[row]),
            "crack_growth_mm": float(spans.crack_mm[row]) - overload.crack_mm,
        }
        stage.events.update(event, now, ratio, exposed=people, dt_s=dt_s)
        if ratio >= SEEN and not overload.called:
            overload.called = True
            stage.callers.report("12345", "bridge_overload", event.place)
        overload.danger += float(failure_per_h(ratio)) * dt_s / 3600
        if overload.danger >= overload.survives:
            self._fall(overload, people, now)
        elif ratio < END:
            # Lorries held back come again as soon as they may: the same overload, not another.
            held = "inspect" if self._inspectors.at(event.place) else spans.held_by(event.place)
            overload.held = held or overload.held
            overload.quiet_s += dt_s
            if overload.quiet_s >= QUIET_S or not self._convoys.get(row):
                del self._open[row]
                if overload.held == "inspect":
                    # Whom an inspector has turned back goes another way for good.
                    for force_n in list(self._convoys.get(row, ())):
                        self._pass(row, force_n)
                spans.limit(event.place, "inspect", False)
                stage.events.end(event, now, by=overload.held or "itself")
        else:
            overload.quiet_s, overload.held = 0.0, None

    def _fall(self, overload: _Overload, people: float, now: Ns) -> None:
        stage, event = self._stage, overload.event
        overload.fallen = True
        self._fallen += 1
        draw = stage.streams.at("world.hazards.bridge_overload.toll", self._fallen)
        on_it = math.floor(people + float(draw.uniform()))
        dead = Toll(float(draw.uniform())).rise_to(DIE * on_it)
        hurt = min(on_it - dead, Toll(float(draw.uniform())).rise_to(HURT * on_it))
        stage.events.hurt(event, now, "dead", dead)
        stage.events.hurt(event, now, "injured", hurt)
        self._care.add(event.place, hurt, cause=event.event_id)
        event.extra = {**event.extra, "fallen": True}
        stage.callers.report("119", "bridge_overload", event.place, hurt, witnesses=3)
        for hear in self.on_fall:
            hear(event, event.place)

    def _is_calm(self, place: int) -> bool:
        row = self._spans.find_row(place)
        return row is None or row not in self._open or self._open[row].fallen

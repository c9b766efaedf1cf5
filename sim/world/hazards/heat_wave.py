"""Heat and cold waves: what they add to the weather, and what the weather does to the city."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from sim.kernel.clock import Ns, seconds
from sim.kernel.units import Celsius, Seconds
from sim.world.actuators import Effect
from sim.world.crew import Work
from sim.world.events import Event, HazardKind
from sim.world.fields import Field
from sim.world.hazards.order import Order, choose_place
from sim.world.hazards.spell import Spell
from sim.world.stage import Stage

F64 = NDArray[np.float64]

HOT_C, COLD_DROP_C = 35.0, 8.0
"""Air temperature from which it is a heat wave, and fall that makes a cold wave: blue entries."""
CALLS_FROM_C, CALLS_PER_C = 32.0, 0.03
LOAD_FROM_C, LOAD_PER_C = 26.0, 0.02
BURST_BELOW_C, BURSTS = -10.0, 2.0
"""Ambulance calls and electric load for a degree above, and pipe bursts below: domain facts,
hazard 10."""
RESTLESS_C, MEMORY_S = 1.0, 21_600.0
"""How unevenly a wave comes: standard deviation and correlation time of an AR(1) on top of its
course; assumed."""
HOUR_S, DAY_S = 3_600.0, 86_400.0

HEAT_WAVE = HazardKind(
    kind="heat_wave",
    title="Heat wave · 高温",
    domain="ecology",
    quantity="air temperature",
    unit="degC",
    levels=(("IV", 35.0), ("II", 37.0), ("I", 40.0)),
    source="domain facts, source S19: 35 for two days blue, for three yellow, 37 orange, 40 red; "
    "level III, which counts days, is left out",
    sample_s=900.0,
)
COLD_WAVE = HazardKind(
    kind="cold_wave",
    title="Cold wave · 寒潮",
    domain="ecology",
    quantity="fall of temperature in 24 hours",
    unit="degC",
    levels=(("IV", 8.0), ("III", 10.0), ("II", 12.0), ("I", 16.0)),
    source="CMA Order 16: 8 °C in 48 h blue; 10, 12, 16 °C in 24 h yellow, orange, red",
    sample_s=900.0,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeatWaveOrder(Order):
    """Let the city be hotter than the season for some days.

    Attributes
    ----------
    place
        The air station that stands for the city.
    anomaly_c
        How much warmer it becomes.
    rise_s, duration_s
        How long it comes and goes, and the whole.
    """

    word: ClassVar[str] = "heat_wave"
    anomaly_c: Celsius = 7.0
    rise_s: Seconds = 43_200.0
    duration_s: Seconds = 345_600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ColdWaveOrder(Order):
    """Let cold air come in and stay for some days.

    Attributes
    ----------
    place
        The air station that stands for the city.
    drop_c
        How much colder it becomes.
    rise_s, duration_s
        How long it comes and goes, and the whole.
    """

    word: ClassVar[str] = "cold_wave"
    drop_c: Celsius = 12.0
    rise_s: Seconds = 43_200.0
    duration_s: Seconds = 259_200.0


def calls_factor(temp_c: float) -> float:
    """Return the factor on everyday ambulance calls."""
    return 1 + CALLS_PER_C * max(0.0, temp_c - CALLS_FROM_C)


def load_factor(temp_c: float) -> float:
    """Return the factor on electric load."""
    return 1 + LOAD_PER_C * max(0.0, temp_c - LOAD_FROM_C)


def burst_factor(temp_c: float) -> float:
    """Return the factor on bursts of water mains."""
    return BURSTS if temp_c < BURST_BELOW_C else 1.0


@dataclass(slots=True, eq=False)
class _Wave:
    name: str
    place: int
    course: Spell
    peak_c: float
    unrest_c: F64
    event: Event | None = None

    def anomaly_c(self, now: Ns) -> float:
        """Return what it adds now: a trapezium, uneven by the hour while it lasts."""
        share = self.course.share(now)
        if share == 0:
            return 0.0
        hour = self.course.age_s(now) / HOUR_S
        unrest = float(np.interp(hour, np.arange(len(self.unrest_c)), self.unrest_c))
        return share * (self.peak_c + unrest)


class TemperatureWaves:
    """All heat and cold waves of a run.

    Parameters
    ----------
    stage
        What hazards share.
    temp_c
        Air temperature of the city's middle at a time, waves among it [°C].
    """

    orders: tuple[type[Order], ...] = (HeatWaveOrder, ColdWaveOrder)
    step_s = 600.0
    works: Mapping[str, Work] = {}
    effects: Mapping[str, Effect] = {}
    fields: Mapping[str, Field] = {}

    def __init__(self, stage: Stage, *, temp_c: Callable[[Ns], float]) -> None:
        self._stage = stage
        self._temp_c = temp_c
        self._waves: list[_Wave] = []

    def plan(self, name: str, order: HeatWaveOrder | ColdWaveOrder) -> None:
        """Put a wave into the weather."""
        place = choose_place(self._stage, name, order, ("air_station",))
        hours = math.ceil(order.duration_s / HOUR_S) + 1
        draw = self._stage.streams.at(f"world.hazards.{name}.unrest", 0).normal(size=hours)
        keep = math.exp(-HOUR_S / MEMORY_S)
        unrest = np.empty(hours)
        for hour in range(hours):
            before = unrest[hour - 1] if hour else draw[0]
            unrest[hour] = keep * before + math.sqrt(1 - keep**2) * draw[hour]
        wave = _Wave(
            name=name,
            place=place,
            course=Spell(
                Ns(self._stage.start + seconds(order.at_s)), order.rise_s, order.duration_s
            ),
            peak_c=order.anomaly_c if isinstance(order, HeatWaveOrder) else -order.drop_c,
            unrest_c=RESTLESS_C * unrest,
        )
        self._stage.at(order.at_s, partial(self._waves.append, wave), name)

    def anomaly_c(self, now: Ns) -> float:
        """Return what the waves add to the air's temperature [°C]."""
        return sum(wave.anomaly_c(now) for wave in self._waves)

    def step(self, now: Ns, dt_s: float) -> None:
        """Open, follow and end the events of waves that are about."""
        for wave in list(self._waves):
            if wave.peak_c > 0:
                self._follow(wave, HEAT_WAVE, self._temp_c(now), HOT_C, now, dt_s)
            else:
                self._follow(wave, COLD_WAVE, self._fall_c(now), COLD_DROP_C, now, dt_s)

    def totals(self) -> Mapping[str, float | int]:
        """Return nothing: the events tell their course."""
        return {}

    def _fall_c(self, now: Ns) -> float:
        """Return how far the temperature has fallen: in a day, or for blue in two days.

        The same hour of the day is compared, so that nightfall is no cold wave.
        """
        here = self._temp_c(now)
        day = self._temp_c(Ns(now - seconds(DAY_S))) - here
        two = self._temp_c(Ns(now - seconds(2 * DAY_S))) - here
        # Two days' fall makes blue, never more.
        return max(0.0, day, min(two, 9.9) if two >= COLD_DROP_C else 0.0)

    def _follow(
        self, wave: _Wave, kind: HazardKind, severity: float, from_c: float, now: Ns, dt_s: float
    ) -> None:
        events = self._stage.events
        if wave.event is None and severity >= from_c:
            wave.event = events.begin(kind, now, wave.place, severity, cause=wave.name)
        if wave.event is not None:
            people = float(self._stage.city.cells.people.sum())
            wave.event.extra = {"temp_c": self._temp_c(now), "anomaly_c": wave.anomaly_c(now)}
            exposed = people if severity >= from_c else 0.0
            events.update(wave.event, now, severity, exposed=exposed, dt_s=dt_s)
        if wave.course.is_over(now):
            self._waves.remove(wave)
            if wave.event is not None:
                events.end(wave.event, now)

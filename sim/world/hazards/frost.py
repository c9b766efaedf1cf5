"""Frost in greenhouses: a clear cold night, or a burner that fails; and the crop it costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from sim.kernel.clock import Ns, seconds
from sim.kernel.units import Celsius, Seconds
from sim.world.actuators import Effect
from sim.world.crew import Crew, Task, Work
from sim.world.events import Event, HazardKind
from sim.world.fields import Field
from sim.world.hazards.order import Order, choose_place
from sim.world.hazards.spell import Spell
from sim.world.stage import Stage

F64 = NDArray[np.float64]

COLD_C, OVER_C, CALL_C = 10.0, 11.0, 5.0
"""Below which it is frost for tomatoes, from which it is over, and below which the grower calls
for help; alarms at 10, 5, 2 °C: domain facts, hazard 17."""
PORTABLE_W = 200_000.0
"""Heat that a technician brings along; assumed: two oil-fired fan heaters of 100 kW."""
REPAIR_S = 3_600.0
"""Crew time to get a burner going again; assumed."""
RADIATIVE_S = 3_600.0
"""How long a clear night takes to reach its full depth, and to end; assumed."""
_FREEZE_C, _WIDTH_C, _MOST_PER_H = -1.0, 0.8, 1.0

FROST = HazardKind(
    kind="frost",
    title="Frost in a greenhouse · 温室冻害",
    domain="agriculture",
    quantity="degrees below 10 °C",
    unit="degC",
    levels=(("IV", 0.1), ("III", 5.0), ("II", 8.0), ("I", 11.0)),
    source="domain facts, hazard 17: alarms at 10, 5, 2 °C; level I where leaves freeze (-1 °C)",
)


class Houses(Protocol):
    """The greenhouses' physics, a row each."""

    place: NDArray[np.intp]
    temp_c: F64
    heater_ok: NDArray[np.bool_]
    portable_w: F64

    def find_row(self, place: int) -> int | None:
        """Return the row of a place, None when it is no greenhouse."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FrostOrder(Order):
    """Let a clear, still night draw the warmth out of the ground.

    Attributes
    ----------
    place
        Means nothing here: the night is cold everywhere.
    drop_c
        How much colder it becomes than it would have been.
    duration_s
        From the beginning to the end of the cold.
    """

    word: ClassVar[str] = "frost"
    drop_c: Celsius = 10.0
    duration_s: Seconds = 28_800.0


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaterFailureOrder(Order):
    """Let the burner of a greenhouse fail until somebody repairs it."""

    word: ClassVar[str] = "heater_failure"


def loss_per_h(temp_c: F64) -> F64:
    """Return the share of a tomato crop that an hour at a temperature costs.

    assumed: leaves freeze around -1 °C, where half of what can be lost in an hour is; 2 °C costs
    2 % an hour, 5 °C next to nothing.
    """
    share: F64 = _MOST_PER_H / (1 + np.exp((temp_c - _FREEZE_C) / _WIDTH_C))
    return share


@dataclass(slots=True, eq=False)
class _Cold:
    event: Event
    lost: float
    warmed: bool = False
    called: bool = False


class Frosts:
    """Frost at every greenhouse, whatever brings it about.

    Parameters
    ----------
    stage
        What hazards share.
    houses
        The greenhouses.

    Attributes
    ----------
    lost_share
        ``(g,)`` crop lost since the start, 0 to 1.
    """

    orders: tuple[type[Order], ...] = (FrostOrder, HeaterFailureOrder)
    step_s = 60.0
    effects: Mapping[str, Effect] = {}
    fields: Mapping[str, Field] = {}

    def __init__(self, stage: Stage, houses: Houses) -> None:
        self._stage = stage
        self._houses = houses
        self._nights: list[tuple[Spell, FrostOrder]] = []
        self._open: dict[int, _Cold] = {}
        self._causes: dict[int, str] = {}
        self._spent_s: dict[int, float] = {}
        self.lost_share = np.zeros(len(houses.place))
        self.works: Mapping[str, Work] = {"warm": _Warm(self)}

    def plan(self, name: str, order: FrostOrder | HeaterFailureOrder) -> None:
        """Put a cold night, or the failure of a burner, on the clock."""
        if isinstance(order, FrostOrder):
            begins = Ns(self._stage.start + seconds(order.at_s))
            self._nights.append((Spell(begins, RADIATIVE_S, order.duration_s), order))
            return
        place = choose_place(self._stage, name, order, ("greenhouse",))
        self._stage.at(order.at_s, partial(self.fail_heater, place, name), name)

    def anomaly_c(self, now: Ns) -> float:
        """Return how much the ordered nights change the air's temperature [°C]."""
        change = 0.0
        for course, order in self._nights:
            change -= order.drop_c * course.share(now)
        return change

    def fail_heater(self, place: int, cause: str) -> None:
        """Let the burner of a greenhouse stand still until it is repaired."""
        row = self._houses.find_row(place)
        if row is not None:
            self._houses.heater_ok[row] = False
            self._causes[place] = cause

    def step(self, now: Ns, dt_s: float) -> None:
        """Open, follow and end frosts by the temperatures inside."""
        houses = self._houses
        cold = houses.temp_c < COLD_C
        if not self._open and not cold.any():
            return
        harmed = loss_per_h(houses.temp_c) * dt_s / 3600
        self.lost_share += (1 - self.lost_share) * np.where(cold, harmed, 0.0)
        for row in np.flatnonzero(cold | self._is_open()).tolist():
            self._follow(row, now, dt_s)
        for row, frost in list(self._open.items()):
            if houses.temp_c[row] >= OVER_C:
                del self._open[row]
                self._stage.events.end(frost.event, now, by="warm" if frost.warmed else "itself")

    def totals(self) -> Mapping[str, float | int]:
        """Return the mean share of crop lost over the houses."""
        if not self.lost_share.any():
            return {}
        return {"crop_lost_share": float(self.lost_share.mean())}

    def warm(self, place: int, held: bool) -> None:
        """Let a technician's heaters blow, or take them away."""
        row = self._houses.find_row(place)
        if row is None:
            return
        change_w = PORTABLE_W if held else -PORTABLE_W
        self._houses.portable_w[row] = max(0.0, self._houses.portable_w[row] + change_w)
        if held and row in self._open:
            self._open[row].warmed = True

    def mend(self, place: int, spent_s: float) -> bool:
        """Work on the burner; return whether it burns and the house is warm."""
        row = self._houses.find_row(place)
        if row is None:
            return True
        if not self._houses.heater_ok[row]:
            self._spent_s[row] = self._spent_s.get(row, 0.0) + spent_s
            if self._spent_s[row] >= REPAIR_S:
                self._houses.heater_ok[row] = True
                del self._spent_s[row]
        return bool(self._houses.heater_ok[row]) and row not in self._open

    def _is_open(self) -> NDArray[np.bool_]:
        opened = np.zeros(len(self.lost_share), dtype=bool)
        opened[list(self._open)] = True
        return opened

    def _follow(self, row: int, now: Ns, dt_s: float) -> None:
        temp_c, place = float(self._houses.temp_c[row]), int(self._houses.place[row])
        frost = self._open.get(row)
        if frost is None:
            event = self._stage.events.begin(
                FROST, now, place, COLD_C - temp_c, cause=self._causes.get(place)
            )
            frost = self._open[row] = _Cold(event, float(self.lost_share[row]))
        else:
            self._stage.events.update(frost.event, now, max(0.0, COLD_C - temp_c), dt_s=dt_s)
        frost.event.extra = {
            "temp_c": temp_c,
            "crop_lost_share": float(self.lost_share[row]) - frost.lost,
        }
        if temp_c < CALL_C and not frost.called:
            frost.called = True
            self._stage.callers.report("12345", "frost", place)


class _Warm:
    """Blow warm air, and mend the burner meanwhile."""

    def __init__(self, frosts: Frosts) -> None:
        self._frosts = frosts

    def begin(self, task: Task, crew: Crew) -> None:
        """Set the heaters up."""
        del crew
        self._frosts.warm(task.place, held=True)

    def tick(self, task: Task, crew: Crew, dt_s: float) -> bool:
        """Return whether the house keeps warm by itself."""
        del crew
        return self._frosts.mend(task.place, dt_s)

    def end(self, task: Task, crew: Crew) -> None:
        """Take the heaters away."""
        del crew
        self._frosts.warm(task.place, held=False)

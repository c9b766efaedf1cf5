"""Machines that wear until they break, and what they may do as they break."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import ClassVar, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from sim.kernel.clock import Ns
from sim.kernel.units import Number, Seconds
from sim.world.actuators import Effect
from sim.world.crew import Task, Work
from sim.world.events import Event, HazardKind
from sim.world.fields import Field
from sim.world.hazards.order import Order, choose_place
from sim.world.hazards.works import Care, Labour
from sim.world.stage import Stage

F64 = NDArray[np.float64]

ONSET_MMS = 1.4
"""From which wear is a hazard: blue entry of the vital signs, ISO 20816-3 zone B."""
REPAIR_S, REBUILD_S = 7_200.0, 28_800.0
"""Crew time to change a worn bearing, and to rebuild what has broken; assumed."""
Outcome = Literal["stop", "fire", "toxic"]
OUTCOMES: tuple[tuple[Outcome, float], ...] = (("stop", 0.7), ("fire", 0.1), ("toxic", 0.2))
"""What comes of a machine that breaks, with its probability; assumed: mostly it only stands."""
HURT = 0.2
"""Probability that somebody beside a breaking machine is hurt; assumed."""

MACHINE = HazardKind(
    kind="machine_failure",
    title="Machine wearing out · 机械设备故障",
    domain="industry",
    quantity="vibration velocity",
    unit="mm/s",
    levels=(("IV", 1.4), ("III", 2.8), ("II", 4.5), ("I", 7.1)),
    source="ISO 20816-3, medium machines, rigid: 1.4/2.8/4.5/7.1 mm/s rms",
    sample_s=900.0,
)


class Plant(Protocol):
    """The factories' machines, a row each."""

    place: NDArray[np.intp]
    vibration_mms: F64
    broken: NDArray[np.bool_]

    def find_row(self, place: int) -> int | None:
        """Return the row of a place, None when it is no factory."""

    def wear(self, row: int, start_mms: float, tau_s: float) -> None:
        """Let a machine wear."""

    def mend(self, row: int) -> None:
        """Make it sound again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineOrder(Order):
    """Let a factory's machine wear until it breaks or is repaired.

    Attributes
    ----------
    vibration
        At the beginning [mm/s].
    tau_s
        Time in which it grows by e; 20 to 60 days in life, hours for a bearing without oil.
    outcome
        What comes of its breaking; ``drawn`` by `OUTCOMES`.
    """

    word: ClassVar[str] = "machine_failure"
    vibration: Number = 3.0
    tau_s: Seconds = 30 * 86_400.0
    outcome: Literal["drawn", "stop", "fire", "toxic"] = "drawn"


@dataclass(slots=True, eq=False)
class _Worn:
    event: Event | None
    order: MachineOrder
    name: str
    outcome: str = ""


class MachineFailures:
    """All machines that wear.

    Parameters
    ----------
    stage
        What hazards share.
    plant
        The machines.
    care
        Takes up the injured.

    Attributes
    ----------
    on_break
        Called when a machine breaks: its event, the place, what comes of it. Fire and toxic gas
        are for others to make.
    """

    orders: tuple[type[Order], ...] = (MachineOrder,)
    step_s = 60.0
    effects: Mapping[str, Effect] = {}
    fields: Mapping[str, Field] = {}

    def __init__(self, stage: Stage, plant: Plant, *, care: Care) -> None:
        self._stage = stage
        self._plant = plant
        self._care = care
        self._worn: dict[int, _Worn] = {}
        self._breaks = 0
        self.on_break: list[Callable[[Event, int, Outcome], None]] = []
        self.works: Mapping[str, Work] = {"repair_machine": Labour(self._repair_s, self._repair)}

    def plan(self, name: str, order: MachineOrder) -> None:
        """Put the beginning of wear on the clock."""
        place = choose_place(self._stage, name, order, ("factory",))
        self._stage.at(order.at_s, partial(self._begin, place, order, name), name)

    def step(self, now: Ns, dt_s: float) -> None:
        """Follow the vibration of what wears, and let it break."""
        for row, worn in self._worn.items():
            self._follow(row, worn, now, dt_s)

    def totals(self) -> Mapping[str, float | int]:
        """Return how many machines broke."""
        return {"machines_broken": self._breaks} if self._breaks else {}

    def _begin(self, place: int, order: MachineOrder, name: str) -> None:
        row = self._plant.find_row(place)
        assert row is not None, f"place {place} has no machine"
        self._plant.wear(row, order.vibration, order.tau_s)
        if row not in self._worn:
            self._worn[row] = _Worn(None, order, name)
            self._follow(row, self._worn[row], self._stage.now, 0.0)

    def _follow(self, row: int, worn: _Worn, now: Ns, dt_s: float) -> None:
        events, place = self._stage.events, int(self._plant.place[row])
        velocity = float(self._plant.vibration_mms[row])
        if worn.event is None:
            if velocity < ONSET_MMS:
                return
            worn.event = events.begin(MACHINE, now, place, velocity, cause=worn.name)
        events.update(worn.event, now, velocity, dt_s=dt_s)
        if self._plant.broken[row] and not worn.outcome:
            worn.outcome = self._break(worn, worn.event, place, now)

    def _break(self, worn: _Worn, event: Event, place: int, now: Ns) -> Outcome:
        draw = self._stage.streams.at("world.hazards.machine_failure.break", self._breaks)
        self._breaks += 1
        luck, so_far = float(draw.uniform()), 0.0
        outcome: Outcome = "stop"
        for word, share in OUTCOMES:
            if so_far <= luck:
                outcome = word
            so_far += share
        if worn.order.outcome != "drawn":
            outcome = worn.order.outcome
        hurt = int(draw.uniform() < HURT)
        event.extra = {"broken": True, "outcome": outcome}
        self._stage.events.hurt(event, now, "injured", hurt)
        self._care.add(place, hurt, cause=event.event_id)
        # assumed: the foreman reports a machine that flies apart, to the works' safety line.
        self._stage.callers.report("12345", "machine_failure", place)
        for hear in self.on_break:
            hear(event, place, outcome)
        return outcome

    def _repair_s(self, place: int) -> float | None:
        row = self._plant.find_row(place)
        if row is None or row not in self._worn:
            return None
        return REBUILD_S if self._worn[row].outcome else REPAIR_S

    def _repair(self, task: Task) -> None:
        row = self._plant.find_row(task.place)
        assert row is not None, f"place {task.place} has no machine"
        worn = self._worn.pop(row)
        self._plant.mend(row)
        if worn.event is not None:
            self._stage.events.end(worn.event, self._stage.now, by="repair_machine")

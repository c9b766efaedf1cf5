"""Sick and injured people: who waits for an ambulance, who is treated in time, who dies waiting.

Hazards hand it the people they hurt; everyday emergencies come by themselves. What happens in
hospital is no concern of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

import numpy as np

from sim.kernel.clock import Ns, to_seconds
from sim.kernel.units import Number
from sim.world.actuators import Effect
from sim.world.crew import Crew, Task, Work
from sim.world.events import Event, HazardKind
from sim.world.fields import Field
from sim.world.hazards.arrivals import ChanceEvents, draw_row
from sim.world.hazards.order import Order, choose_place
from sim.world.stage import Stage

DAY_S = 86_400.0
Condition = Literal["arrest", "high", "low", "wounded"]

MEDICAL = HazardKind(
    kind="medical",
    title="Medical emergency · 急救",
    domain="health",
    quantity="patients",
    unit="people",
    levels=(("IV", 1.0),),
    source="a single patient is always general (assumed)",
    sample_s=900.0,
)
GRAVITY: Mapping[Condition, int] = {"low": 1, "high": 2, "wounded": 2, "arrest": 3}
"""Whom a crew turns to first."""
HIGH_SHARE = 0.57
"""Share of calls of high priority: JEMSS, Auckland test set."""
ARREST_SHARE = 0.01
"""Share of calls that are cardiac arrests; assumed: about 1 in 100 in services that count."""
ARREST_SURVIVAL, ARREST_PER_MIN = 0.67, 0.055
"""Survival of an arrest treated at once, and its fall with every minute without any care:
Larsen et al. 1993, Annals of Emergency Medicine 22: 67 % less 2.3 % to resuscitation, 1.1 % to
defibrillation and 2.1 % to advanced care a minute, all of which come with the ambulance."""
DIES_S: Mapping[Condition, float] = {"high": 36_000.0, "wounded": 18_000.0}
"""Mean survival of the others without care; assumed: one in ten within the first hour of those
seriously ill, one in five of the seriously wounded."""
TREAT_S: Mapping[Condition, float] = {
    "arrest": 720.0,
    "high": 720.0,
    "low": 720.0,
    "wounded": 300.0,
}
"""Mean time on scene for one patient: exponential with 12 min in JEMSS's Auckland set; of the
wounded, who are sorted and bandaged in turn, 5 min (assumed)."""
TRANSPORT_SHARE = 0.8
"""Share of patients at home who are taken to hospital: JEMSS. Of the wounded, all are."""
ALONE_S = 3_600.0
"""After so long without an ambulance whoever can be moved is driven by others; assumed."""
CALL_DELAY_S = (30.0, 120.0)
"""Time until somebody calls; assumed: the number is known and the telephone at hand."""
MOST = 5.0
"""Greatest factor on everyday calls that the model follows; assumed: heat, cold and flu double
them at worst."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MedicalCalls(Order):
    """Everyday emergencies at people's homes from then on.

    Attributes
    ----------
    place
        Means nothing here.
    per_1000_people_day
        Their rate: 4,700 calls a day of 21.8 million people, domain facts.
    """

    word: ClassVar[str] = "medical_calls"
    per_1000_people_day: Number = 0.215


@dataclass(frozen=True, slots=True, kw_only=True)
class Medical(Order):
    """Somebody falls ill at home.

    Attributes
    ----------
    condition
        low, high, or arrest: the heart stands still.
    """

    word: ClassVar[str] = "medical"
    condition: Literal["low", "high", "arrest"] = "high"


def arrest_survival(wait_min: float) -> float:
    """Return the share of cardiac arrests that survive when care comes after `wait_min`."""
    return max(0.0, ARREST_SURVIVAL - ARREST_PER_MIN * wait_min)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Patient:
    place: int
    condition: Condition
    event: Event | None
    cause: str | None
    since: Ns
    treat_s: float
    goes: bool


class Injuries:
    """All people of the city who wait for an ambulance, or are in its care.

    It never steps: deaths and departures are on the clock from the beginning.

    Parameters
    ----------
    stage
        Time, truth, chance, callers.
    admit
        Takes in people who find a hospital by themselves from a place of the map. Those whom
        an ambulance takes along are its unit's to deliver.

    Attributes
    ----------
    call_factor
        Everyday calls now over those of an ordinary day, at most `MOST`; set from outside.
    total
        All who ever fell ill or were hurt.
    transported, treated, alone, dead
        Where they went: to hospital by ambulance, nowhere after treatment, to hospital by
        other means, or died waiting. The rest waits or is in care.
    """

    orders: tuple[type[Order], ...] = (MedicalCalls, Medical)
    step_s = 60.0

    def __init__(self, stage: Stage, admit: Callable[[int, int], object]) -> None:
        self._stage = stage
        self._admit = admit
        self.call_factor = 1.0
        self._waiting: dict[int, list[_Patient]] = {}
        self._care: dict[str, _Patient] = {}
        self._lost: dict[int, list[_Patient]] = {}
        self.total = self.transported = self.treated = self.alone = self.dead = 0
        self.works: Mapping[str, Work] = {"treat": _Treat(self)}
        self.effects: Mapping[str, Effect] = {}
        self.fields: Mapping[str, Field] = {}

    def plan(self, name: str, order: Any) -> None:
        """Put an order on the clock."""
        if isinstance(order, MedicalCalls):
            self._stage.at(order.at_s, lambda: self._expect(name, order), name)
            return
        place = choose_place(self._stage, name, order, ("community",))
        self._stage.at(order.at_s, lambda: self._fall_ill(place, order.condition, name), name)

    def step(self, now: Ns, dt_s: float) -> None:
        """Do nothing: everything here is on the clock."""

    def totals(self) -> Mapping[str, float | int]:
        """Return what became of all patients."""
        return {
            "patients": self.total,
            "patients_transported": self.transported,
            "patients_treated_on_scene": self.treated,
            "patients_alone": self.alone,
            "patients_dead_waiting": self.dead,
            "patients_waiting": self.waiting_now,
            "patients_in_care": len(self._care),
        }

    @property
    def waiting_now(self) -> int:
        """How many wait anywhere."""
        return sum(len(people) for people in self._waiting.values())

    @property
    def in_care(self) -> int:
        """How many an ambulance's crew has in hand."""
        return len(self._care)

    def add(self, place: int, people: int, *, cause: str | None = None) -> None:
        """Let wounded people wait at a place of the map, hurt by the event `cause`."""
        for _ in range(people):
            self._enter(place, "wounded", None, cause)

    def waiting(self, place: int) -> int:
        """Return how many wait at a place or are in care there."""
        in_care = sum(patient.place == place for patient in self._care.values())
        return len(self._waiting.get(place, ())) + in_care

    def _expect(self, name: str, order: MedicalCalls) -> None:
        city = self._stage.city
        is_home = [place.kind == "community" for place in city.basemap.places]
        weights = np.where(is_home, city.sites.capacity, 0.0)
        if not weights.sum() > 0:
            return
        per_s = order.per_1000_people_day * float(city.cells.people.sum()) / 1000 / DAY_S

        def happen(draw: np.random.Generator) -> None:
            place = draw_row(draw, weights)
            luck = draw.random()
            condition: Condition = (
                "arrest" if luck < ARREST_SHARE else "high" if luck < HIGH_SHARE else "low"
            )
            self._fall_ill(place, condition, name)

        ChanceEvents(
            self._stage,
            "world.domains.medical_calls",
            per_s * MOST,
            happen,
            share=lambda: self.call_factor / MOST,
        )

    def _fall_ill(self, place: int, condition: Condition, cause: str) -> None:
        stage = self._stage
        event = stage.events.begin(MEDICAL, stage.now, place, 1.0, cause=cause, condition=condition)
        stage.callers.report("120", MEDICAL.kind, place, 1, delay_s=CALL_DELAY_S)
        self._enter(place, condition, event, event.event_id)

    def _enter(
        self, place: int, condition: Condition, event: Event | None, cause: str | None
    ) -> None:
        stage = self._stage
        self.total += 1
        draw = stage.streams.at("world.domains.injuries", self.total)
        luck = float(draw.random())
        if condition == "arrest":
            # Who is lucky enough to survive a wait of t is dead when the curve falls below it.
            dies_s = max((ARREST_SURVIVAL - luck) / ARREST_PER_MIN * 60.0, 0.0)
        elif condition in DIES_S:
            dies_s = float(-np.log1p(-luck)) * DIES_S[condition]
        else:
            dies_s = np.inf
        patient = _Patient(
            place=place,
            condition=condition,
            event=event,
            cause=cause,
            since=stage.now,
            treat_s=float(draw.exponential(TREAT_S[condition])),
            goes=condition == "wounded" or bool(draw.random() < TRANSPORT_SHARE),
        )
        self._waiting.setdefault(place, []).append(patient)
        if dies_s < ALONE_S:
            stage.after(dies_s, lambda: self._die(patient), "patient dies")
        else:
            stage.after(ALONE_S, lambda: self._go_alone(patient), "patient goes alone")

    def _die(self, patient: _Patient) -> None:
        if self._leave_queue(patient):
            self.dead += 1
            self._tell_death(patient)
            if patient.event is not None:
                # Who called does not know: the event lasts until a crew has looked.
                self._lost.setdefault(patient.place, []).append(patient)
                self._stage.after(
                    ALONE_S, lambda: self._find_dead(patient.place, patient), "dead is fetched"
                )

    def _tell_death(self, patient: _Patient) -> None:
        # The event that hurt a wounded person may be over by now, so the book is not asked.
        stage = self._stage
        stage.events.harm["dead"] = stage.events.harm.get("dead", 0) + 1
        stage.truth.write(
            "harm",
            stage.now,
            event=patient.cause,
            place=stage.city.basemap.places[patient.place].place_id,
            what="dead",
            people=1,
        )

    def _find_dead(self, place: int, one: _Patient | None = None) -> None:
        """Close the events of those who died at a place, or of one of them."""
        left = self._lost.pop(place, [])
        found = [patient for patient in left if one is None or patient is one]
        if len(found) < len(left):
            self._lost[place] = [patient for patient in left if patient not in found]
        for patient in found:
            self._close(patient, "treat" if one is None else "itself")

    def _go_alone(self, patient: _Patient) -> None:
        if self._leave_queue(patient):
            self.alone += 1
            self._admit(patient.place, 1)
            self._close(patient, "itself")

    def _leave_queue(self, patient: _Patient) -> bool:
        queue = self._waiting.get(patient.place, [])
        if patient not in queue:
            return False
        queue.remove(patient)
        if not queue:
            del self._waiting[patient.place]
        return True

    def _close(self, patient: _Patient, by: str) -> None:
        if patient.event is None:
            return
        now = self._stage.now
        waited_s = to_seconds(int(now) - int(patient.since))
        self._stage.events.update(patient.event, now, 1.0, exposed=1, dt_s=waited_s)
        self._stage.events.end(patient.event, now, by=by)

    def take(self, place: int, unit_id: str) -> bool:
        """Let a crew turn to the gravest who waits at a place; False when nobody does."""
        self._find_dead(place)
        queue = self._waiting.get(place)
        if not queue:
            return False
        patient = max(queue, key=lambda one: GRAVITY[one.condition])
        self._leave_queue(patient)
        self._care[unit_id] = patient
        return True

    def care(self, task: Task, unit_id: str, dt_s: float) -> float:
        """Treat the crew's patient for `dt_s`; return the time left over once done, else -1."""
        patient = self._care[unit_id]
        left_s = patient.treat_s - dt_s
        if left_s > 0:
            self._care[unit_id] = replace(patient, treat_s=left_s)
            return -1.0
        del self._care[unit_id]
        if patient.goes:
            task.helped += 1
            self.transported += 1
        else:
            self.treated += 1
        self._close(patient, "treat")
        return -left_s

    def leave(self, unit_id: str) -> None:
        """Let a crew go; its patient, stable by now, waits for the next one."""
        patient = self._care.pop(unit_id, None)
        if patient is not None:
            self._waiting.setdefault(patient.place, []).append(patient)
            self._stage.after(ALONE_S, lambda: self._go_alone(patient), "patient goes alone")

    def is_caring(self, unit_id: str) -> bool:
        """Return whether a crew has a patient in hand."""
        return unit_id in self._care


class _Treat:
    """Treat patients one by one, until nobody waits or the ambulance is full."""

    def __init__(self, injuries: Injuries) -> None:
        self._injuries = injuries

    def begin(self, task: Task, crew: Crew) -> None:
        self._injuries.take(task.place, crew.unit_id)

    def tick(self, task: Task, crew: Crew, dt_s: float) -> bool:
        injuries, left_s = self._injuries, dt_s
        while left_s >= 0 and task.helped < crew.capacity:
            if not injuries.is_caring(crew.unit_id) and not injuries.take(task.place, crew.unit_id):
                return True
            left_s = injuries.care(task, crew.unit_id, left_s)
        return task.helped >= crew.capacity

    def end(self, task: Task, crew: Crew) -> None:
        del task
        self._injuries.leave(crew.unit_id)

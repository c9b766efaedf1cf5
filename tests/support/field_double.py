"""A town whose crews and gear do as they are told, for timetables of the centre's response.

It stands in for the world: units turn out, drive, report what they see and leave when it is
over; actuators move. What happens there is set by the test, in hazard words and severities.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ops_center.core.center import OpsCenter
from ops_center.core.config import CenterConfig
from ops_center.core.incidents.incident import Incident
from ops_center.core.response.plan import ResponsePlan
from ops_center.core.store import NoStore, Store
from sim.kernel.basemap import BaseMap, Place
from sim.kernel.clock import Ns, SteppedClock, seconds
from sim.messages.city import CallReceived, MapPublished
from sim.messages.field import Ack, ActuatorStatus, Command, Scalar, UnitState, UnitStatus
from sim.transport.memory import MemoryBus
from sim.world.actuator_kinds import ACTUATOR_KINDS
from sim.world.city.model import PLACE_KINDS
from sim.world.unit_kinds import UNIT_KINDS
from support.town import PROJECTION, START, at, town

TURNOUT_S, SPEED_MPS, REPORT_S = 60.0, 10.0, 60.0
UNITS_PER_KIND = 7


def furnished_town() -> BaseMap:
    """The street with a place of every kind beside it, one after another, and stations none."""
    places = tuple(
        Place(
            place_id=f"{kind.replace('_', '-')}-01",
            kind=kind,
            name=kind,
            x_m=100.0 * n,
            y_m=0.0,
            district_id="east",
            links=(2, 6) if kind in ("underpass", "bridge", "junction") else (),
            assumed=False,
        )
        for n, kind in enumerate(PLACE_KINDS, start=1)
    )
    return replace(town(), places=places, stations=())


@dataclass(kw_only=True)
class Car:
    """A unit of the town."""

    status: UnitStatus
    home: tuple[float, float]
    order: Command | None = None
    jobs: int = 0


class FieldDouble:
    """The town with a centre.

    Attributes
    ----------
    severity
        What is the matter: severity by hazard word and place; 0 for what is over.
    records
        The centre's journal.
    doubled
        Units and actuators that were ordered to do what they were doing already, and units
        that were at work.
    """

    def __init__(
        self,
        plans: Mapping[str, ResponsePlan],
        *,
        store: Store | None = None,
        start: Ns = START,
        deaf: bool = False,
    ) -> None:
        self.basemap = furnished_town()
        self.clock = SteppedClock(start)
        self.bus = MemoryBus()
        self.records: list[Mapping[str, Any]] = []
        self.centre = OpsCenter(
            self.clock,
            self.bus,
            store or NoStore(),
            CenterConfig(plans=plans, acknowledge_after_s=60.0),
            sink=self.records.append,
        )
        self.severity: dict[tuple[str, str], float] = {}
        self.trapped: dict[str, int] = {}
        self.doubled: list[str] = []
        self.seen: dict[str, None] = {}
        self.moving: dict[str, Command] = {}
        self._deaf = deaf
        self._calls = 0
        self._due: dict[tuple[int, int], Any] = {}
        self.cars = {car.status.unit_id: car for car in _cars()}
        self.gear = {gear.actuator_id: gear for gear in _gear(self.basemap)}
        self.bus.subscribe(Command, self._on_command)
        self.bus.publish(MapPublished(ts_event=self.clock.now(), basemap=self.basemap))
        for car in self.cars.values():
            self.bus.publish(car.status)
        for gear in self.gear.values():
            self.bus.publish(gear)

    # What the test does

    def run_to(self, second: float) -> None:
        """Let time pass until so long after the start."""
        self.clock.advance_to(at(second))

    def call(self, topic: str, place_id: str, people: int = 0, line: str = "110") -> None:
        """Somebody calls now."""
        self._calls += 1
        place = self.basemap.get_place(place_id)
        lon, lat = PROJECTION.point_to_lonlat(place.x_m, place.y_m)
        self.bus.publish(
            CallReceived(
                ts_event=self.clock.now(),
                call_id=f"call-{self._calls:06d}",
                line=line,
                topic=topic,
                district="east",
                lon=lon,
                lat=lat,
                place_id=place_id,
                people=people,
            )
        )

    def incident(self, incident_type: str) -> Incident:
        """Return the one incident of a type there has been."""
        assert self.centre.desk is not None
        found = [i for i in self.centre.desk.register.incidents.values() if i.type == incident_type]
        assert len(found) == 1, [i.type for i in self.centre.desk.register.incidents.values()]
        return found[0]

    def sent(self) -> dict[str, int]:
        """Return how many units of each kind were ordered out so far."""
        kinds = [
            str(record["target_kind"])
            for record in self.records
            if record["type"] == "command" and record["action"] == "respond"
        ]
        return {kind: kinds.count(kind) for kind in sorted(set(kinds))}

    def moved(self) -> dict[str, str]:
        """Return which actuators were ordered to do what so far, by kind."""
        return {
            str(record["target_kind"]): str(record["action"])
            for record in self.records
            if record["type"] == "command" and record["action"] not in ("respond", "stand_down")
        }

    def idle(self) -> bool:
        """Whether every unit is home and every actuator at rest."""
        rest = {kind.kind: kind.at_rest for kind in ACTUATOR_KINDS}
        return all(car.status.state == "idle" for car in self.cars.values()) and all(
            gear.position == rest[gear.kind] for gear in self.gear.values()
        )

    def take_over(self, other: FieldDouble) -> None:
        """Go on as the town that `other` was: whose centre has died, whose crews have not."""
        self.severity, self.trapped = other.severity, other.trapped
        self.seen, self._calls = other.seen, other._calls
        self.gear, self.cars, self.moving = other.gear, other.cars, other.moving
        other._deaf = True
        for timer in sorted(other._due):
            when, _ = timer
            if when >= self.clock.now():
                act = other._due[timer]
                self.clock.call_at(Ns(when), act, name="field")
        other.bus, other.clock = self.bus, self.clock
        for car in self.cars.values():
            self.bus.publish(car.status)
        for gear in self.gear.values():
            self.bus.publish(gear)

    # What the town does

    def _after(self, span_s: float, act: Any) -> None:
        when = Ns(self.clock.now() + seconds(span_s))
        self._due[when, len(self._due)] = act
        self.clock.call_at(when, act, name="field")

    def _on_command(self, command: Command) -> None:
        if self._deaf or command.command_id in self.seen:
            return
        self.seen[command.command_id] = None
        if command.target_id in self.gear:
            self._move(command)
        elif command.action == "respond":
            self._respond(command)
        else:
            self._stand_down(command)

    def _answer(self, command: Command, status: Any) -> None:
        self.bus.publish(
            Ack(
                ts_event=self.clock.now(),
                command_id=command.command_id,
                source_id=command.target_id,
                source_kind=command.target_kind,
                source_domain=command.target_domain,
                source_district=command.target_district,
                status=status,
            )
        )

    def _move(self, command: Command) -> None:
        (kind,) = (kind for kind in ACTUATOR_KINDS if kind.kind == command.target_kind)
        aim = kind.positions[command.action] or str(command.args["text"])

        before = self.moving.get(command.target_id)
        if before is not None:
            self._answer(before, "failed")
            if before.action == command.action:
                self.doubled.append(command.target_id)
        self.moving[command.target_id] = command

        def arrive() -> None:
            if self.moving.get(command.target_id) is not command:
                return
            del self.moving[command.target_id]
            gear = replace(self.gear[command.target_id], position=aim, ts_event=self.clock.now())
            self.gear[command.target_id] = gear
            self.bus.publish(gear)
            self._answer(command, "done")

        self._answer(command, "accepted")
        self._after(kind.travel_s, arrive)

    def _respond(self, command: Command) -> None:
        car = self.cars[command.target_id]
        if car.order is not None:
            self.doubled.append(command.target_id)
            self._answer(command, "refused")
            return
        assert command.args["task"] in UNIT_KINDS[car.status.kind].skills
        car.order, car.jobs = command, car.jobs + 1
        place = self.basemap.get_place(str(command.args["place"]))
        drive_s = float(np.hypot(place.x_m - car.home[0], place.y_m - car.home[1])) / SPEED_MPS
        self._answer(command, "accepted")
        self._say(car, "turnout")
        self._after(TURNOUT_S, lambda: self._if_still(car, command, "en_route"))
        self._after(TURNOUT_S + drive_s, lambda: self._arrive(car, command))

    def _if_still(self, car: Car, command: Command, state: UnitState) -> None:
        if car.order is command:
            self._say(car, state)

    def _arrive(self, car: Car, command: Command) -> None:
        if car.order is not command:
            return
        place_id = str(command.args["place"])
        seen = {kind: value for (kind, at_), value in self.severity.items() if at_ == place_id}
        observed: dict[str, Scalar] = {**seen, "trapped": self.trapped.get(place_id, 0)}
        self._say(car, "on_scene", observed)
        if any(seen.values()):
            self._after(REPORT_S, lambda: self._arrive(car, command))
        else:
            self._leave(car, command)

    def _leave(self, car: Car, command: Command) -> None:
        car.order = None
        self._say(car, "returning")
        self._answer(command, "done")
        self._after(TURNOUT_S, lambda: None if car.order else self._say(car, "idle"))

    def _stand_down(self, command: Command) -> None:
        car = self.cars[command.target_id]
        self._answer(command, "accepted")
        if car.order is not None:
            self._leave(car, car.order)
        self._answer(command, "done")

    def _say(
        self, car: Car, state: UnitState, observed: Mapping[str, Scalar] | None = None
    ) -> None:
        car.status = replace(
            car.status,
            ts_event=self.clock.now(),
            state=state,
            order_id=car.order.command_id if car.order else None,
            observed=observed or {},
        )
        self.bus.publish(car.status)


def _cars() -> list[Car]:
    cars = []
    for kind in UNIT_KINDS.values():
        for number in range(UNITS_PER_KIND):
            home = (500.0 * (number % 5), 0.0)
            lon, lat = PROJECTION.point_to_lonlat(*home)
            status = UnitStatus(
                ts_event=START,
                unit_id=f"{kind.kind.replace('_', '-')}-{number + 1:02d}",
                kind=kind.kind,
                district="east",
                skills=kind.skills,
                state="idle",
                lon=lon,
                lat=lat,
                station_id="depot",
            )
            cars.append(Car(status=status, home=home))
    return cars


def _gear(basemap: BaseMap) -> list[ActuatorStatus]:
    gear = []
    for place in basemap.places:
        for kind in ACTUATOR_KINDS:
            if place.kind in kind.at:
                lon, lat = PROJECTION.point_to_lonlat(place.x_m, place.y_m)
                gear.append(
                    ActuatorStatus(
                        ts_event=START,
                        actuator_id=f"{kind.prefix}-{place.place_id}",
                        kind=kind.kind,
                        domain=kind.domain,
                        district="east",
                        place_id=place.place_id,
                        lon=lon,
                        lat=lat,
                        position=kind.at_rest,
                        actions=tuple(sorted(kind.positions)),
                    )
                )
    return gear

"""Response units: they turn out, drive by true travel times, work, and go home.

A unit obeys the centre's `Command`s and sees only its own scene. An order reaches it at its
station or on its way home; on the road it hears a recall at the next junction, at work at the
crew's next look-up.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Mapping
from typing import Any

from scipy.spatial import cKDTree

from sim.kernel.basemap import BaseMap
from sim.kernel.bus import Bus
from sim.kernel.clock import MILLISECOND, Ns, seconds
from sim.kernel.rng import Streams
from sim.messages.field import AckStatus, Command, Scalar, UnitState, UnitStatus
from sim.world.commands import CommandDesk
from sim.world.crew import OBSERVE_S, TICK_S, Scene, Task
from sim.world.driving import Navigator
from sim.world.engine import Flow, SimEngine
from sim.world.fleet import Job, Unit, base_units
from sim.world.priority import Priority
from sim.world.truth import Truth
from sim.world.unit_kinds import UNIT_KINDS

REPORT_S = 15.0
"""Time between two positions of a moving unit; assumed: usual vehicle-location interval."""
REPLAN_S = 180.0
"""A driver asks for the way anew after so long; assumed."""
RETRY_S, TRIES = 60.0, 5
"""A unit that is cut off looks again after so long, so many times, then gives up; assumed."""
HANDOVER_S = 600.0
"""Time from leaving the scene until an ambulance with patients is free again, its hospital
being its station; where it drives to a hospital, the time of the handover there. Assumed: the
JEMSS instances have 12 minutes in the mean."""
HospitalOf = Callable[[Task, int], int | None]
"""Which place takes the patients of a task whose unit stands at a node; None for none."""
Deliver = Callable[[int, int], None]
"""Hands so many people over to a place."""
TURNOUT_SIGMA = 0.25
"""Spread of the logarithm of turnout times; assumed: 9 of 10 within 1.4 times the median."""


class Units:
    """All units of the city, based as the map's stations say.

    Parameters
    ----------
    basemap
        Roads, places and stations.
    navigator, scene
        How they drive and where they work.
    engine, bus, desk, streams, truth
        Time, where they report, where orders come from, chance, what is kept for scoring.
        Turnout: ``world.units.<unit>.turnout`` at the unit's count of jobs.
    """

    def __init__(
        self,
        basemap: BaseMap,
        navigator: Navigator,
        scene: Scene,
        *,
        engine: SimEngine,
        bus: Bus,
        desk: CommandDesk,
        streams: Streams,
        truth: Truth,
    ) -> None:
        self._hospital_of: HospitalOf | None = None
        self._deliver: Deliver | None = None
        self._priority: Priority | None = None
        self._nodes = cKDTree(basemap.roads.node_xy_m)
        self._approaches_of: dict[int, list[int]] = {}
        self._basemap = basemap
        self._navigator = navigator
        self._scene = scene
        self._engine = engine
        self._bus = bus
        self._desk = desk
        self._streams = streams
        self._truth = truth
        self._by_id = {unit.unit_id: unit for unit in base_units(basemap)}
        for kind in UNIT_KINDS:
            ids = [unit.unit_id for unit in self._by_id.values() if unit.kind.kind == kind]
            desk.serve(kind, ids, self._on_command)

    def __len__(self) -> int:
        return len(self._by_id)

    def arrange(
        self,
        hospital_of: HospitalOf | None = None,
        deliver: Deliver | None = None,
        priority: Priority | None = None,
    ) -> None:
        """Let others help them on the road.

        Parameters
        ----------
        hospital_of, deliver
            Where patients are driven to, and what becomes of them there; without, the drive
            and the handover are a matter of time only.
        priority
            Lets them through at junctions.
        """
        self._hospital_of, self._deliver = hospital_of, deliver
        self._priority = priority

    def publish_all(self) -> None:
        """Publish every unit's status: its birth, or once more after a broker's loss."""
        for unit in self._by_id.values():
            self._publish(unit)

    # Orders

    def _on_command(self, command: Command) -> None:
        unit = self._by_id[command.target_id]
        if command.action == "respond":
            self._respond(unit, command)
        elif command.action == "stand_down":
            self._stand_down(unit, command)
        else:
            self._desk.answer(
                command,
                "refused",
                f"unknown action {command.action}, expected respond, stand_down",
            )

    def _respond(self, unit: Unit, command: Command) -> None:
        refusal = self._refusal(unit, command)
        if refusal is not None:
            self._desk.answer(command, "refused", refusal)
            return
        task = Task(
            name=str(command.args["task"]),
            place=self._basemap.place_index[str(command.args["place"])],
        )
        unit.job = Job(command=command, task=task)
        unit.jobs += 1
        self._desk.answer(command, "accepted")
        if unit.state == "idle":
            self._enter(unit, "turnout")
            self._engine.process(self._shift(unit))
        else:
            self._publish(unit)

    def _refusal(self, unit: Unit, command: Command) -> str | None:
        """Return why the unit can't respond, or None."""
        place, task = command.args.get("place"), command.args.get("task")
        if place not in self._basemap.place_index:
            return f"unknown place {place}"
        if task not in unit.kind.skills:
            return f"not skilled for {task}, only for {', '.join(unit.kind.skills)}"
        if unit.state == "out_of_service":
            return "out of service"
        if unit.job is not None:
            return "busy"
        return None

    def _stand_down(self, unit: Unit, command: Command) -> None:
        job, incident = unit.job, command.args.get("incident")
        if job is None:
            self._desk.answer(command, "refused", "not on a job")
        elif incident is not None and incident != job.command.args.get("incident"):
            self._desk.answer(command, "refused", f"not on {incident}")
        else:
            job.task.recalled = True
            self._desk.answer(command, "accepted")
            self._desk.answer(command, "done")

    # A shift: from the order until home again without one

    def _shift(self, unit: Unit) -> Flow:
        while unit.job is not None:
            job = unit.job
            yield from self._carry_out(unit, job)
            if job.hospital is not None:
                yield from self._bring_in(unit, job.task, job.hospital)
            yield from self._go_home(unit)
        if unit.free_at > self._engine.now():
            yield self._engine.wait(Ns(unit.free_at - self._engine.now()))
        self._enter(unit, "idle")

    def _carry_out(self, unit: Unit, job: Job) -> Flow:
        task = job.task
        if unit.state == "turnout":
            draw = self._streams.at(f"world.units.{unit.unit_id}.turnout", unit.jobs)
            turnout_s = draw.lognormal(math.log(unit.kind.turnout_s), TURNOUT_SIGMA)
            yield from self._pause(turnout_s, lambda: task.recalled)
        if not task.recalled:
            self._enter(unit, "en_route")
            yield from self._drive(unit, self._approaches(task.place), lambda: task.recalled)
        if task.recalled:
            self._end(unit, job, "done", "stood down")
        elif unit.node not in self._approaches(task.place):
            self._end(unit, job, "failed", "cut off from the place")
        else:
            self._enter(unit, "on_scene")
            unit.looked_at = None
            yield from self._scene.work(unit, task, lambda: self._look_up(unit, task))
            self._look_back(unit, task)
            if task.helped:
                unit.free_at = self._engine.now() + seconds(HANDOVER_S)
                if self._hospital_of is not None:
                    job.hospital = self._hospital_of(task, unit.node)
            self._end(unit, job, "done", "stood down" if task.recalled else "")

    def _bring_in(self, unit: Unit, task: Task, hospital: int) -> Flow:
        """Drive patients to a hospital and hand them over; nothing else stops it on the way."""
        yield from self._drive(unit, self._approaches(hospital), lambda: False)
        yield from self._pause(HANDOVER_S, lambda: False)
        if self._deliver is not None:
            self._deliver(hospital, task.helped)
        unit.free_at = self._engine.now()
        self._enter(unit, "returning")

    def _go_home(self, unit: Unit) -> Flow:
        while unit.node != unit.station.node and unit.job is None:
            yield from self._drive(unit, [unit.station.node], lambda: unit.job is not None)

    def _approaches(self, place: int) -> list[int]:
        """Return the nodes where traffic enters the place's links, or the one nearest to it."""
        if place not in self._approaches_of:
            at = self._basemap.places[place]
            start = self._basemap.roads.start
            nodes = [int(start[i]) for i in at.links] or [
                int(self._nodes.query((at.x_m, at.y_m))[1])
            ]
            self._approaches_of[place] = list(dict.fromkeys(nodes))
        return self._approaches_of[place]

    # Driving

    def _drive(self, unit: Unit, goals: list[int], should_end: Callable[[], bool]) -> Flow:
        """Drive to any of `goals`; ends short of it when told to, or cut off for too long."""
        wade_m = unit.kind.wade_m
        path: list[int] = []
        planned_at, tries = self._engine.now(), 0
        while unit.node not in goals and not should_end():
            stale = self._engine.now() - planned_at >= seconds(REPLAN_S)
            if stale or not path or self._navigator.is_shut(path[0], wade_m):
                path = self._navigator.path(unit.node, goals, wade_m) or []
                planned_at = self._engine.now()
            if path:
                tries = 0
                yield from self._traverse(unit, path.pop(0))
                continue
            tries += 1
            if tries > TRIES:
                return
            yield from self._pause(RETRY_S, should_end)

    def _traverse(self, unit: Unit, link: int) -> Flow:
        begin = self._engine.now()
        span = max(int(seconds(self._navigator.time_s(link))), MILLISECOND)
        unit.link = link
        if self._priority is not None:
            self._priority.approach(link, unit.unit_id)
        while (done := self._engine.now() - begin) < span:
            unit.share = done / span
            since = self._engine.now() - unit.reported_at
            if since >= seconds(REPORT_S):
                self._publish(unit)
                since = 0
            yield self._engine.wait(Ns(min(span - done, seconds(REPORT_S) - since)))
        if self._priority is not None:
            self._priority.pass_by(link, unit.unit_id)
        unit.link = None
        unit.node = self._navigator.end_of(link)

    def _pause(self, span_s: float, should_end: Callable[[], bool]) -> Generator[Any, None, None]:
        """Let `span_s` pass, less when told to end."""
        until = self._engine.now() + seconds(span_s)
        while not should_end() and (left := until - self._engine.now()) > 0:
            yield self._engine.wait(Ns(min(left, seconds(TICK_S))))

    # Reports

    def _look_up(self, unit: Unit, task: Task) -> None:
        """Report what the crew sees, once a minute."""
        now = self._engine.now()
        if unit.looked_at is None or now - unit.looked_at >= seconds(OBSERVE_S):
            self._report_sight(unit, self._sight(task))

    def _look_back(self, unit: Unit, task: Task) -> None:
        """Report what is left when the crew leaves, where that is another sight than before."""
        seen = self._sight(task)
        if not task.recalled and dict(seen) != unit.observed:
            self._report_sight(unit, seen)

    def _sight(self, task: Task) -> Mapping[str, Scalar]:
        # Who sees nothing at all says so: that nobody is trapped.
        return self._scene.look(task.place) or {"trapped": 0}

    def _report_sight(self, unit: Unit, seen: Mapping[str, Scalar]) -> None:
        unit.looked_at = self._engine.now()
        unit.observed = {**seen}
        self._publish(unit)

    def _end(self, unit: Unit, job: Job, status: AckStatus, reason: str) -> None:
        unit.job = None
        unit.observed = {}
        # With patients on board it is not to be had until they are handed over.
        engaged = unit.free_at > self._engine.now()
        state: UnitState = "out_of_service" if engaged else "returning"
        self._enter(unit, state, cause=job.command.command_id)
        self._desk.answer(job.command, status, reason)

    def _enter(self, unit: Unit, state: UnitState, cause: str | None = None) -> None:
        unit.state = state
        task = unit.job.task if unit.job else None
        self._truth.write(
            "unit",
            self._engine.now(),
            unit=unit.unit_id,
            state=state,
            place=self._basemap.places[task.place].place_id if task else None,
            order=unit.job.command.command_id if unit.job else None,
        )
        self._publish(unit, cause)

    def _publish(self, unit: Unit, cause: str | None = None) -> None:
        unit.reported_at = self._engine.now()
        if unit.link is not None:
            x_m, y_m = self._navigator.point(unit.link, unit.share)
        elif unit.node == unit.station.node:
            x_m, y_m = unit.station.x_m, unit.station.y_m
        else:
            x_m, y_m = self._basemap.roads.node_xy_m[unit.node].tolist()
        lon, lat = self._basemap.projection.point_to_lonlat(x_m, y_m)
        order_id = unit.job.command.command_id if unit.job else None
        self._bus.publish(
            UnitStatus(
                ts_event=self._engine.now(),
                cause=cause or order_id,
                unit_id=unit.unit_id,
                kind=unit.kind.kind,
                district=unit.station.district_id,
                skills=unit.kind.skills,
                state=unit.state,
                lon=lon,
                lat=lat,
                station_id=unit.station.station_id,
                order_id=order_id,
                observed=unit.observed,
            )
        )

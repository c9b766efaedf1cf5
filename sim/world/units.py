"""Response units: they turn out, drive by true travel times, work, and go home.

A unit obeys the centre's `Command`s and sees only its own scene. An order reaches it at its
station or on its way home; on the road it hears a recall at the next junction, at work at the
crew's next look-up.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sim.kernel.basemap import BaseMap, Station
from sim.kernel.bus import Bus
from sim.kernel.clock import MILLISECOND, Ns, seconds
from sim.kernel.rng import Streams
from sim.messages.field import AckStatus, Command, Scalar, UnitState, UnitStatus
from sim.world.commands import CommandDesk
from sim.world.crew import OBSERVE_S, TICK_S, Scene, Task
from sim.world.driving import Navigator
from sim.world.engine import Flow, SimEngine
from sim.world.truth import Truth
from sim.world.unit_kinds import UNIT_KINDS, UnitKind

REPORT_S = 15.0
"""Time between two positions of a moving unit; assumed: usual vehicle-location interval."""
REPLAN_S = 180.0
"""A driver asks for the way anew after so long; assumed."""
RETRY_S, TRIES = 60.0, 5
"""A unit that is cut off looks again after so long, so many times, then gives up; assumed."""
HANDOVER_S = 600.0
"""Time from leaving the scene until an ambulance with patients is free again; assumed: 10
minutes of drive and handover, its hospital being its station."""
TURNOUT_SIGMA = 0.25
"""Spread of the logarithm of turnout times; assumed: 9 of 10 within 1.4 times the median."""


@dataclass(slots=True, kw_only=True, eq=False)
class _Job:
    command: Command
    task: Task


@dataclass(slots=True, kw_only=True, eq=False)
class _Unit:
    unit_id: str
    kind: UnitKind
    station: Station
    node: int
    state: UnitState = "idle"
    link: int | None = None
    share: float = 0.0
    job: _Job | None = None
    jobs: int = 0
    free_at: int = 0
    reported_at: int = 0
    observed: dict[str, Scalar] = field(default_factory=dict)

    @property
    def setup_s(self) -> float:
        return self.kind.setup_s

    @property
    def capacity(self) -> float:
        return self.kind.capacity


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
        self._basemap = basemap
        self._navigator = navigator
        self._scene = scene
        self._engine = engine
        self._bus = bus
        self._desk = desk
        self._streams = streams
        self._truth = truth
        self._by_id = {unit.unit_id: unit for unit in _base_units(basemap)}
        for kind in UNIT_KINDS:
            ids = [unit.unit_id for unit in self._by_id.values() if unit.kind.kind == kind]
            desk.serve(kind, ids, self._on_command)

    def __len__(self) -> int:
        return len(self._by_id)

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

    def _respond(self, unit: _Unit, command: Command) -> None:
        refusal = self._refusal(unit, command)
        if refusal is not None:
            self._desk.answer(command, "refused", refusal)
            return
        task = Task(
            name=str(command.args["task"]),
            place=self._basemap.place_index[str(command.args["place"])],
        )
        unit.job = _Job(command=command, task=task)
        unit.jobs += 1
        self._desk.answer(command, "accepted")
        if unit.state == "idle":
            self._enter(unit, "turnout")
            self._engine.process(self._shift(unit))
        else:
            self._publish(unit)

    def _refusal(self, unit: _Unit, command: Command) -> str | None:
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

    def _stand_down(self, unit: _Unit, command: Command) -> None:
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

    def _shift(self, unit: _Unit) -> Flow:
        while unit.job is not None:
            yield from self._carry_out(unit, unit.job)
            yield from self._go_home(unit)
        if unit.free_at > self._engine.now():
            yield self._engine.wait(Ns(unit.free_at - self._engine.now()))
        self._enter(unit, "idle")

    def _carry_out(self, unit: _Unit, job: _Job) -> Flow:
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
            yield from self._scene.work(unit, task, lambda: self._look_up(unit, task))
            if task.helped:
                unit.free_at = self._engine.now() + seconds(HANDOVER_S)
            self._end(unit, job, "done", "stood down" if task.recalled else "")

    def _go_home(self, unit: _Unit) -> Flow:
        while unit.node != unit.station.node and unit.job is None:
            yield from self._drive(unit, [unit.station.node], lambda: unit.job is not None)

    def _approaches(self, place: int) -> list[int]:
        """Return the nodes where traffic enters the place's links, or the one nearest to it."""
        at = self._basemap.places[place]
        if not at.links:
            return [int(self._basemap.nearest_node(np.array([[at.x_m, at.y_m]]))[0])]
        start = self._basemap.roads.start
        return list(dict.fromkeys(int(start[i]) for i in at.links))

    # Driving

    def _drive(self, unit: _Unit, goals: list[int], should_end: Callable[[], bool]) -> Flow:
        """Drive to any of `goals`; ends short of it when told to, or cut off for too long."""
        wade_m = unit.kind.wade_m
        path: list[int] = []
        planned_at, tries = self._engine.now(), 0
        while unit.node not in goals and not should_end():
            stale = self._engine.now() - planned_at >= seconds(REPLAN_S)
            if stale or not path or self._navigator.is_too_deep(path[0], wade_m):
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

    def _traverse(self, unit: _Unit, link: int) -> Flow:
        begin = self._engine.now()
        span = max(int(seconds(self._navigator.time_s(link))), MILLISECOND)
        unit.link = link
        while (done := self._engine.now() - begin) < span:
            unit.share = done / span
            since = self._engine.now() - unit.reported_at
            if since >= seconds(REPORT_S):
                self._publish(unit)
                since = 0
            yield self._engine.wait(Ns(min(span - done, seconds(REPORT_S) - since)))
        unit.link = None
        unit.node = self._navigator.end_of(link)

    def _pause(self, span_s: float, should_end: Callable[[], bool]) -> Generator[Any, None, None]:
        """Let `span_s` pass, less when told to end."""
        until = self._engine.now() + seconds(span_s)
        while not should_end() and (left := until - self._engine.now()) > 0:
            yield self._engine.wait(Ns(min(left, seconds(TICK_S))))

    # Reports

    def _look_up(self, unit: _Unit, task: Task) -> None:
        """Report what the crew sees, once a minute."""
        if not unit.observed or self._engine.now() - unit.reported_at >= seconds(OBSERVE_S):
            unit.observed = {**self._scene.look(task.place)}
            self._publish(unit)

    def _end(self, unit: _Unit, job: _Job, status: AckStatus, reason: str) -> None:
        unit.job = None
        unit.observed = {}
        # With patients on board it is not to be had until they are handed over.
        engaged = unit.free_at > self._engine.now()
        state: UnitState = "out_of_service" if engaged else "returning"
        self._enter(unit, state, cause=job.command.command_id)
        self._desk.answer(job.command, status, reason)

    def _enter(self, unit: _Unit, state: UnitState, cause: str | None = None) -> None:
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

    def _publish(self, unit: _Unit, cause: str | None = None) -> None:
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


def _base_units(basemap: BaseMap) -> list[_Unit]:
    """Return the units of every station, numbered within their kind in the map's order."""
    counts = dict.fromkeys(UNIT_KINDS, 0)
    units = []
    for station in basemap.stations:
        for _ in range(station.units if station.kind in UNIT_KINDS else 0):
            counts[station.kind] += 1
            units.append(
                _Unit(
                    unit_id=f"{station.kind.replace('_', '-')}-{counts[station.kind]:02d}",
                    kind=UNIT_KINDS[station.kind],
                    station=station,
                    node=station.node,
                )
            )
    return units
